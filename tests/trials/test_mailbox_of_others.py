"""A mailbox that is not mailflow's alone: renumbered, restored, tidied by people and their clients while it works.

TRIALS=ci python -m pytest tests/trials/test_mailbox_of_others.py
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from imap_tools import MailBoxUnencrypted

from mailflow.bootstrap import Application, utc_now
from mailflow.jobs.retry import INBOX_PAUSES
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.trials.audit import audit
from tests.trials.company import ADMIN, DIRECTOR, IVAN, OLGA, answer, write_settings
from tests.trials.people import People
from tests.trials.size import by_size
from tests.trials.watcher import Watcher
from tests.trials.worker import wired

MAILS = by_size(quick=40, ci=400, full=4_000)
ARCHIVE = "Archive"


@dataclass
class Room:
    """mailflow in the test's own process, its mailbox and its people."""

    url: str
    dovecot: Dovecot
    user: str
    mailflow: Application
    people: People

    def work(self, later: timedelta = timedelta(0)) -> None:
        """One whole pass, which nothing may trouble."""
        assert self.mailflow.mail_pass(utc_now() + later).troubles == []

    def leave(self) -> None:
        """mailflow signs out; it signs in again by itself."""
        self.mailflow.mailbox.close()

    def arrive(self, raw: bytes) -> None:
        """A mail comes."""
        self.people.delivered.append(raw)
        self.dovecot.deliver(self.user, raw)

    def move(self, message_id: str, source: str, target: str) -> None:
        """Somebody moves a mail by hand, in a mail client."""
        with self.dovecot.client(self.user, source) as box:
            (uid,) = box.uids(f'HEADER Message-ID "{message_id}"')
            move(box, uid, target)

    def got(self, person: str) -> list[bytes]:
        """The mails that a person was sent."""
        return [sent.raw for sent in self.people.received() if sent.recipient == person]

    def lies(self) -> dict[str, int]:
        """How many mails lie in each folder."""
        return {folder: len(mails) for folder, mails in self.people.mailbox().items() if mails}

    def findings(self) -> list[str]:
        """What the auditor finds."""
        return audit(self.url, self.people.delivered, self.people.mailbox(), self.people.received())

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return Watcher(self.url).rows(query)


@pytest.fixture
def room(dovecot: Dovecot, user: str, tmp_path: Path) -> Iterator[Room]:
    url = f"sqlite:///{tmp_path}/mailflow.db"
    with SmtpSink() as sink:
        settings = write_settings(tmp_path, database=url, imap=dovecot.imap_port, smtp=sink.port, user=user)
        mailflow = wired(settings)
        yield Room(url, dovecot, user, mailflow, People(dovecot, user, sink))
        mailflow.close()


def move(box: MailBoxUnencrypted, uid: str, folder: str) -> None:
    """MOVE (RFC 6851), which imap-tools does not send."""
    assert box.client.uid("MOVE", uid, folder)[0] == "OK"


def test_a_renumbered_mailbox_shows_old_mail_and_new_and_only_the_new_is_done(room: Room) -> None:
    room.people.submit(2)
    room.mailflow.whole_pass.intake.run_once(utc_now())
    room.mailflow.whole_pass.processing.run_once(utc_now())
    room.leave()
    room.dovecot.renumber(room.user)
    room.people.submit(1)
    room.work()
    assert (len(room.got(IVAN)), len(room.got(OLGA))) == (3, 3)
    assert room.lies() == {"Processed": 3}
    assert room.findings() == []


def test_a_mailbox_restored_from_an_older_state_loses_no_mail_and_does_none_twice(room: Room, tmp_path: Path) -> None:
    """Its UIDs go on where they stood then, so that a mail which comes now has one that another mail had."""
    room.people.submit(2)
    room.dovecot.client(room.user).logout()
    room.dovecot.back_up(room.user, tmp_path / "back-up")
    room.people.submit(1)
    room.work()
    lost = room.people.delivered.pop()
    room.leave()
    room.dovecot.restore(room.user, tmp_path / "back-up")
    room.people.submit(1)
    room.work()
    assert lost not in room.people.mailbox()["Processed"]
    assert (len(room.got(IVAN)), len(room.got(OLGA))) == (4, 4)
    assert room.lies() == {"Processed": 3}
    assert room.findings() == []


def test_a_mail_moved_back_from_processed_by_hand_is_filed_again_and_not_done_again(room: Room) -> None:
    room.people.submit(1)
    room.work()
    room.move("<submission-1@example.com>", "Processed", "INBOX")
    assert room.lies() == {"INBOX": 1}
    room.work()
    assert (len(room.got(IVAN)), len(room.got(OLGA))) == (1, 1)
    assert room.lies() == {"Processed": 1}
    assert room.findings() == []


def test_a_mail_moved_back_from_quarantine_by_hand_is_read_again_and_done_once(room: Room) -> None:
    whole = room.mailflow.whole_pass

    def breaks(*_: object) -> None:
        raise RuntimeError("a mail that the reader was not made for")

    room.mailflow.whole_pass = replace(whole, processing=replace(whole.processing, read=breaks))
    room.people.submit(1)
    for tried in range(len(INBOX_PAUSES) + 1):
        room.work(sum(INBOX_PAUSES[:tried], timedelta(seconds=tried)))
    assert room.lies() == {"Quarantine": 1}
    assert (len(room.got(ADMIN)), len(room.got(IVAN))) == (1, 0)
    room.mailflow.whole_pass = whole
    room.move("<submission-1@example.com>", "Quarantine", "INBOX")
    room.work(sum(INBOX_PAUSES, timedelta(hours=1)))
    assert (len(room.got(ADMIN)), len(room.got(IVAN)), len(room.got(OLGA))) == (1, 1, 1)
    assert room.lies() == {"Processed": 1}
    assert room.findings() == []


def test_a_mail_that_somebody_marked_as_deleted_and_takes_back_is_done_then(room: Room) -> None:
    room.people.submit(1)
    with room.dovecot.client(room.user) as box:
        box.client.uid("STORE", "1", "+FLAGS", r"(\Deleted)")
        room.work()
        assert room.lies() == {"INBOX": 1}
        box.client.uid("STORE", "1", "-FLAGS", r"(\Deleted)")
    room.work()
    assert (len(room.got(IVAN)), len(room.got(OLGA))) == (1, 1)
    assert room.findings() == []


def test_the_same_reply_that_came_by_two_ways_decides_once_and_nobody_is_told_of_the_other(room: Room) -> None:
    room.people.submit(1)
    room.work()
    reply = answer(room.got(OLGA)[0], "СОГЛАСОВАНО")
    room.arrive(reply)
    again = b"Received: from scanner.example.com by mx.example.com; Tue, 01 Dec 2026 09:00:01 +0300\r\n" + reply
    room.dovecot.deliver(room.user, again)
    room.work()
    assert room.rows("SELECT event FROM history WHERE event IN ('approved', 'refused')") == [("approved",)]
    assert (len(room.got(OLGA)), len(room.got(DIRECTOR))) == (2, 1)
    assert room.lies() == {"Processed": 3}
    assert room.findings() == []


def test_of_two_mails_with_one_message_id_the_first_decides_and_the_second_is_told(room: Room) -> None:
    room.people.submit(1)
    room.work()
    request = room.got(OLGA)[0]
    approves, rejects = answer(request, "СОГЛАСОВАНО"), answer(request, "ОТКАЗ: слишком дорого")
    assert message_id_of(approves) == message_id_of(rejects)
    room.arrive(approves)
    room.arrive(rejects)
    room.work()
    assert room.rows("SELECT state, count(*) FROM inbox WHERE kind = 'answer' GROUP BY state ORDER BY state") == [
        ("processed", 1),
        ("refused", 1),
    ]
    assert room.rows("SELECT event FROM history WHERE event IN ('approved', 'rejected')") == [("approved",)]
    told = room.rows(f"SELECT kind FROM outbox WHERE recipient = '{OLGA}' ORDER BY id")
    assert told == [("approval_request",), ("decision_taken",), ("refused",)]
    assert len(room.got(DIRECTOR)) == 1
    assert room.findings() == []


@dataclass
class OtherClient:
    """Somebody's mail client in the same mailbox: it does whatever people do with mail, at random, until it is told to
    stop. `deleted` and `moved` are the Message-IDs of what it has tried to.
    """

    box: MailBoxUnencrypted
    chance: random.Random
    stopping: threading.Event = field(default_factory=threading.Event)
    deleted: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    deeds: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        deeds = (self.read, self.read, self.flag, self.flag, self.delete, self.file)
        while not self.stopping.is_set():
            self.box.client.noop()
            for mail in self.box.fetch(limit=20, mark_seen=False, headers_only=True, bulk=True):
                if self.chance.random() < 0.3 and mail.uid and "message-id" in mail.headers:  # else it is gone
                    deed = self.chance.choice(deeds)
                    deed(mail.uid, mail.headers["message-id"][0])
                    self.deeds[deed.__name__] += 1
            self.stopping.wait(self.chance.uniform(0, 0.05))

    def read(self, uid: str, message_id: str) -> None:
        self.box.client.uid("STORE", uid, "+FLAGS", r"(\Seen)")

    def flag(self, uid: str, message_id: str) -> None:
        self.box.client.uid("STORE", uid, "+FLAGS", r"(\Flagged \Answered)")

    def delete(self, uid: str, message_id: str) -> None:
        self.deleted.add(message_id)
        self.box.client.uid("STORE", uid, "+FLAGS", r"(\Deleted)")
        self.box.client.uid("EXPUNGE", uid)

    def file(self, uid: str, message_id: str) -> None:
        self.moved.add(message_id)
        self.box.client.uid("MOVE", uid, ARCHIVE)


def test_another_client_at_work_in_the_mailbox_loses_and_doubles_nothing(room: Room) -> None:
    seed = int(os.environ.get("SEED", random.randrange(2**32)))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    with room.dovecot.client(room.user) as box, ThreadPoolExecutor(1) as pool:
        box.folder.create(ARCHIVE)
        other = OtherClient(box, random.Random(seed))
        at_work = pool.submit(other.run)
        try:
            while room.people.submitted < MAILS and not at_work.done():
                room.people.submit(min(chance.randrange(1, 6), MAILS - room.people.submitted))
                time.sleep(chance.uniform(0, 0.2))
                room.work()
        finally:
            other.stopping.set()
        at_work.result()
    room.work()
    assert len(other.deeds) == 4, f"it did too little to tell: {other.deeds}"
    untouched = [raw for raw in room.people.delivered if message_id_of(raw) not in other.deleted | other.moved]
    recorded = dict(room.rows("SELECT message_id, state FROM inbox"))
    assert set(recorded.values()) == {"processed"}
    assert {message_id_of(raw) for raw in untouched} <= recorded.keys()
    assert len(room.got(IVAN)) == len(room.got(OLGA)) == len(recorded)
    assert room.rows("SELECT number, kind FROM outbox GROUP BY number, kind HAVING count(*) > 1") == []
    mailbox = room.people.mailbox() | {ARCHIVE: room.dovecot.mails(room.user, ARCHIVE)}
    assert audit(room.url, untouched, mailbox, room.people.received()) == []
    assert other.moved - other.deleted <= {message_id_of(raw) for raws in mailbox.values() for raw in raws}


def message_id_of(raw: bytes) -> str:
    return str(message_from_bytes(raw)["Message-ID"])
