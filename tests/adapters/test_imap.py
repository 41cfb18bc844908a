"""The shared mailbox, read from a real Dovecot."""

from __future__ import annotations

import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from mailflow.adapters import imap
from mailflow.adapters.idle import idle
from mailflow.adapters.imap import ImapMailbox
from mailflow.errors import TransientFailure
from mailflow.ports import FetchedMail, Location
from tests.servers.certificates import Certificates
from tests.servers.dovecot import HOST, OTHER_PASSWORD, PASSWORD, Dovecot
from tests.servers.scripted import scripted

PROCESSED = "Processed"
Open = Callable[..., ImapMailbox]


def mail(subject: object = "an invoice", body: bytes = b"hello\r\n") -> bytes:
    return f"From: ivan@example.com\r\nSubject: {subject}\r\n\r\n".encode() + body


def nothing_known(_: Location) -> bool:
    return False


def read(mailbox: ImapMailbox, known: Callable[[Location], bool] = nothing_known) -> list[FetchedMail]:
    return list(mailbox.fetch_new(known))


def spied_on(mailbox: ImapMailbox) -> list[tuple[str, ...]]:
    """The UID commands that the open connection sends from now on."""
    assert mailbox._box is not None
    client, commands = mailbox._box.client, list[tuple[str, ...]]()
    send = client.uid

    def uid(*words: str) -> Any:
        commands.append(words)
        return send(*words)

    client.uid = uid  # type: ignore[method-assign, assignment]
    return commands


@pytest.fixture
def open_mailbox(certificates: Certificates) -> Iterator[Open]:
    opened: list[ImapMailbox] = []

    def open_mailbox(port: int, **changes: Any) -> ImapMailbox:
        values: dict[str, Any] = {
            "security": "none",
            "username": "finance",
            "password": PASSWORD,
            "folders": (PROCESSED, "Quarantine"),
            "ca_file": certificates.ca_file,
            "timeout": 5,
        }
        opened.append(ImapMailbox(HOST, port, **values | changes))
        return opened[-1]

    yield open_mailbox
    for mailbox in opened:
        mailbox.close()


@pytest.fixture
def mailbox(shared_dovecot: Dovecot, user: str, open_mailbox: Open) -> ImapMailbox:
    return open_mailbox(shared_dovecot.imaps_port, security="tls", username=user)


class TestReading:
    def test_new_mail_comes_oldest_first_byte_for_byte(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        raws = [mail(n, b"\xff 8-bit, a dot:\r\n.\r\n(UID 99 BODY[] {5}\r\n") for n in range(3)]
        for raw in raws:
            shared_dovecot.deliver(user, raw)
        mails = read(mailbox)
        assert [m.raw for m in mails] == raws
        assert [m.size for m in mails] == [len(raw) for raw in raws]
        assert all(m.complete for m in mails)

    def test_a_mail_says_when_it_came_wherever_it_was_moved_meanwhile(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        came = datetime(2026, 3, 1, 21, 30, tzinfo=UTC)
        with shared_dovecot.client(user) as client:
            client.append(mail(), dt=came)
            client.folder.create("elsewhere")
            client.move(client.uids(), "elsewhere")
            client.folder.set("elsewhere")
            client.move(client.uids(), "INBOX")
        (fetched,) = read(mailbox)
        assert fetched.arrived_at == came

    def test_what_was_moved_back_is_read_before_what_came_after_it(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        with shared_dovecot.client(user) as client:
            for month in (3, 1, 2):
                client.append(mail(month), dt=datetime(2026, month, 10, 12, 0, tzinfo=UTC))
        assert [fetched.raw for fetched in read(mailbox)] == [mail(1), mail(2), mail(3)]

    def test_what_came_before_a_day_can_be_left_out(
        self, shared_dovecot: Dovecot, user: str, open_mailbox: Open
    ) -> None:
        with shared_dovecot.client(user) as client:
            for month in (1, 2, 3):
                client.append(mail(month), dt=datetime(2026, month, 10, 12, 0, tzinfo=UTC))
        mailbox = open_mailbox(shared_dovecot.imap_port, username=user, since=date(2026, 2, 10))
        assert [fetched.arrived_at.month for fetched in read(mailbox) if fetched.arrived_at] == [2, 3]

    def test_reading_marks_nothing_as_seen(self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox) -> None:
        shared_dovecot.deliver(user, mail())
        read(mailbox)
        with shared_dovecot.client(user) as other:
            assert other.uids("UNSEEN") == ["1"]

    def test_what_another_client_has_read_or_flagged_is_new_all_the_same(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        shared_dovecot.deliver(user, mail())
        with shared_dovecot.client(user) as other:
            other.flag("1", (r"\Seen", r"\Flagged", r"\Answered"), True)
        assert len(read(mailbox)) == 1

    def test_the_body_of_a_known_mail_is_not_asked_for_again(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        shared_dovecot.deliver(user, mail("old"))
        seen = {m.location for m in read(mailbox)}
        shared_dovecot.deliver(user, mail("new"))
        assert [m.raw for m in read(mailbox, seen.__contains__)] == [mail("new")]

    def test_a_mail_that_could_not_be_recorded_is_given_again(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        shared_dovecot.deliver(user, mail())
        assert len(read(mailbox)) == len(read(mailbox)) == 1

    def test_whether_a_mail_is_known_is_asked_once_a_connection(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        shared_dovecot.deliver(user, mail())
        asked: list[Location] = []

        def known(place: Location) -> bool:
            asked.append(place)
            return True

        for _ in range(3):
            read(mailbox, known)
        assert len(asked) == 1
        mailbox.close()
        read(mailbox, known)
        assert len(asked) == 2, "what lies there may have been restored meanwhile"

    def test_300_mails_are_read_in_order_with_few_commands(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        mailbox.wait(0.01)
        commands = spied_on(mailbox)
        for n in range(300):
            shared_dovecot.deliver(user, mail(n))
        assert [m.raw for m in read(mailbox)] == [mail(n) for n in range(300)]
        assert len(commands) <= 30

    def test_batches_are_bounded_in_bytes_and_number(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imap, "BATCH_BYTES", 3000)
        monkeypatch.setattr(imap, "BATCH_MAILS", 3)
        sizes = (1200, 1200, 1200, 5000, 1, 1, 1, 1)
        for size in sizes:
            shared_dovecot.deliver(user, mail(size, b"x" * size + b"\r\n"))
        mailbox.wait(0.01)
        commands = spied_on(mailbox)
        assert len(read(mailbox)) == len(sizes)
        assert [uids for name, uids, *_ in commands if name == "FETCH"] == [
            "1,2,3,4,5,6,7,8",
            "1,2",
            "3",
            "4",
            "5,6,7",
            "8",
        ]

    def test_of_a_mail_that_is_too_large_only_the_header_is_read(
        self, shared_dovecot: Dovecot, user: str, open_mailbox: Open
    ) -> None:
        mailbox = open_mailbox(shared_dovecot.imap_port, username=user, max_bytes=1000)
        huge = mail("huge", b"x" * 5000 + b"\r\n")
        for raw in (mail("first"), huge, mail("last")):
            shared_dovecot.deliver(user, raw)
        first, large, last = read(mailbox)
        assert (large.complete, large.size, large.raw) == (False, len(huge), mail("huge", b""))
        assert (first.complete, first.raw) == (last.complete, last.raw[:0] + mail("first")) == (True, mail("first"))

    def test_a_header_without_end_is_cut(
        self, shared_dovecot: Dovecot, user: str, open_mailbox: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imap, "HEADER_BYTES", 500)
        mailbox = open_mailbox(shared_dovecot.imap_port, username=user, max_bytes=1000)
        raw = b"Subject: x\r\n" + b"X-Filler: y\r\n" * 200 + b"\r\nhello\r\n"
        shared_dovecot.deliver(user, raw)
        assert [m.raw for m in read(mailbox)] == [raw[:500]]

    def test_an_empty_mail_is_a_mail(self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox) -> None:
        shared_dovecot.deliver(user, b"")
        shared_dovecot.deliver(user, mail())
        assert [m.raw for m in read(mailbox)] == [b"", mail()]

    def test_what_another_client_expunges_meanwhile_is_left_out(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        for n in range(3):
            shared_dovecot.deliver(user, mail(n))

        def known(place: Location) -> bool:
            if place.uid == 1:
                with shared_dovecot.client(user) as other:
                    other.delete("2")
            return False

        assert [m.raw for m in read(mailbox, known)] == [mail(0), mail(2)]

    def test_what_another_client_expunges_between_sizes_and_bodies_is_left_out(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imap, "BATCH_MAILS", 2)
        for n in range(4):
            shared_dovecot.deliver(user, mail(n))
        mails = mailbox.fetch_new(nothing_known)
        given = [next(mails).raw]
        with shared_dovecot.client(user) as other:
            other.delete("3")
        given += [m.raw for m in mails]
        assert given == [mail(0), mail(1), mail(3)]

    def test_a_mail_that_somebody_marked_as_deleted_is_not_read(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        shared_dovecot.deliver(user, mail())
        with shared_dovecot.client(user) as other:
            other.client.uid("STORE", "1", "+FLAGS", r"(\Deleted)")
        assert read(mailbox) == []

    def test_a_renumbered_mailbox_is_another_place(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        shared_dovecot.deliver(user, mail())
        (before,) = read(mailbox)
        mailbox.close()
        shared_dovecot.renumber(user)
        (after,) = read(mailbox, {before.location}.__contains__)
        assert after.raw == before.raw
        assert after.location.uidvalidity != before.location.uidvalidity
        assert not mailbox.file_away([before.location], PROCESSED)
        assert mailbox.file_away([after.location], PROCESSED)


class TestFilingAway:
    @pytest.fixture(params=[None, "IMAP4rev1 UIDPLUS IDLE"], ids=["MOVE", "no MOVE"])
    def server(self, request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[Dovecot]:
        with Dovecot(certificates.good, request.param) as running:
            yield running

    def test_a_mail_moves_and_nothing_else_does(self, server: Dovecot, user: str, open_mailbox: Open) -> None:
        mailbox = open_mailbox(server.imap_port, username=user)
        for n in range(3):
            server.deliver(user, mail(n))
        mails = read(mailbox)
        with server.client(user) as other:
            other.client.uid("STORE", "1", "+FLAGS", r"(\Deleted)")
        assert mailbox.file_away([mails[1].location], PROCESSED)
        with server.client(user) as other:
            assert other.uids() == ["1", "3"], "what another client marked as deleted is still there"
            assert len(other.uids("UNDELETED")) == 1
            other.folder.set(PROCESSED)
            assert other.uids("UNDELETED UNSEEN") == ["1"]

    def test_a_mail_of_another_folder_is_not_mistaken_for_one_of_the_inbox(
        self, server: Dovecot, user: str, open_mailbox: Open
    ) -> None:
        mailbox = open_mailbox(server.imap_port, username=user)
        server.deliver(user, mail())
        (fetched,) = read(mailbox)
        assert not mailbox.file_away([replace(fetched.location, folder="Archive")], PROCESSED)
        assert mailbox.file_away([fetched.location], PROCESSED)

    def test_a_mail_that_is_gone_is_no_error(self, server: Dovecot, user: str, open_mailbox: Open) -> None:
        mailbox = open_mailbox(server.imap_port, username=user)
        server.deliver(user, mail())
        (fetched,) = read(mailbox)
        with server.client(user) as other:
            other.delete("1")
        assert not mailbox.file_away([fetched.location], PROCESSED)
        assert not mailbox.file_away([fetched.location], PROCESSED)

    def test_without_move_and_uidplus_it_stays_marked_as_deleted_and_is_not_read_again(
        self, certificates: Certificates, user: str, open_mailbox: Open
    ) -> None:
        with Dovecot(certificates.good, "IMAP4rev1") as server:
            mailbox = open_mailbox(server.imap_port, username=user)
            server.deliver(user, mail("decided"))
            server.deliver(user, mail("somebody's"))
            decided, _ = read(mailbox)
            with server.client(user) as other:
                other.client.uid("STORE", "2", "+FLAGS", r"(\Deleted)")
            assert mailbox.file_away([decided.location], PROCESSED)
            assert not mailbox.file_away([decided.location], PROCESSED)
            assert read(mailbox) == []
            with server.client(user) as other:
                assert other.uids() == ["1", "2"]
                other.folder.set(PROCESSED)
                assert other.uids() == ["1"]

    def test_the_real_move_is_used_where_the_server_names_it_after_the_sign_in(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        shared_dovecot.deliver(user, mail())
        (fetched,) = read(mailbox)
        commands = spied_on(mailbox)
        mailbox.file_away([fetched.location], PROCESSED)
        assert [name for name, *_ in commands] == ["MOVE"]

    def test_folders_with_cyrillic_names_are_created_once_and_seen_by_mail_clients(
        self, shared_dovecot: Dovecot, user: str, open_mailbox: Open
    ) -> None:
        folders = ("Обработано", 'Карантин & "Спам"')
        shared_dovecot.deliver(user, mail())
        for _ in range(2):
            mailbox = open_mailbox(shared_dovecot.imap_port, username=user, folders=folders)
            for fetched in read(mailbox):
                assert mailbox.file_away([fetched.location], folders[0])
        with shared_dovecot.client(user, "Обработано") as other:
            assert len(other.uids()) == 1
            assert {f.name for f in other.folder.list(subscribed_only=True)} >= set(folders)

    def test_the_inbox_folder_may_have_a_cyrillic_name(
        self, shared_dovecot: Dovecot, user: str, open_mailbox: Open
    ) -> None:
        with shared_dovecot.client(user) as other:
            other.folder.create("Счета")
            other.append(mail(), "Счета")
        mailbox = open_mailbox(shared_dovecot.imap_port, username=user, inbox="Счета")
        (fetched,) = read(mailbox)
        assert fetched.location.folder == "Счета"
        assert mailbox.file_away([fetched.location], PROCESSED)

    def test_a_folder_that_was_deleted_meanwhile_is_created_again(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        shared_dovecot.deliver(user, mail())
        (fetched,) = read(mailbox)
        with shared_dovecot.client(user) as other:
            other.folder.delete(PROCESSED)
        with pytest.raises(TransientFailure, match=f"moving mail to {PROCESSED}"):
            mailbox.file_away([fetched.location], PROCESSED)
        assert mailbox.file_away([fetched.location], PROCESSED)

    def test_a_folder_that_cannot_be_created_is_named(
        self, shared_dovecot: Dovecot, user: str, open_mailbox: Open
    ) -> None:
        mailbox = open_mailbox(shared_dovecot.imap_port, username=user, folders=("a//b",))
        with pytest.raises(TransientFailure, match=r"a//b.*Create it by hand"):
            read(mailbox)


class Waiting:
    """A wait in a thread of its own, and how it ended."""

    def __init__(self, mailbox: ImapMailbox, seconds: float = 20) -> None:
        self.result: bool | TransientFailure | None = None
        self._mailbox, self._seconds = mailbox, seconds
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self._mailbox.wait(self._seconds)
        except TransientFailure as failure:
            self.result = failure

    def ends_within(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
class TestWaiting:
    @pytest.fixture
    def mailbox(self, shared_dovecot: Dovecot, user: str, open_mailbox: Open, security: str) -> ImapMailbox:
        port = shared_dovecot.imaps_port if security == "tls" else shared_dovecot.imap_port
        return open_mailbox(port, security=security, username=user)

    def test_mail_that_arrives_during_idle_wakes_within_a_second(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        read(mailbox)
        waiting = Waiting(mailbox)
        time.sleep(0.3)
        shared_dovecot.deliver(user, mail())
        assert waiting.ends_within(1)
        assert waiting.result is True
        assert len(read(mailbox)) == 1

    def test_mail_between_reading_and_waiting_is_not_missed(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        for n in range(3):
            read(mailbox)
            shared_dovecot.deliver(user, mail(n))
            began = time.monotonic()
            assert mailbox.wait(10)
            assert time.monotonic() - began < 1

    def test_mail_between_search_and_idle_is_not_missed(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read(mailbox)

        def deliver_then_idle(*arguments: Any) -> bool:
            shared_dovecot.deliver(user, mail())
            return idle(*arguments)

        monkeypatch.setattr(imap, "wait_in_idle", deliver_then_idle)
        began = time.monotonic()
        assert mailbox.wait(10)
        assert time.monotonic() - began < 1

    def test_a_quiet_mailbox_ends_the_wait_in_time(self, mailbox: ImapMailbox) -> None:
        read(mailbox)
        began = time.monotonic()
        assert mailbox.wait(0.5) is False
        assert 0.4 < time.monotonic() - began < 1.5
        assert read(mailbox) == []

    def test_wake_ends_a_wait_at_once(self, mailbox: ImapMailbox) -> None:
        read(mailbox)
        waiting = Waiting(mailbox)
        time.sleep(0.2)
        mailbox.wake()
        assert waiting.ends_within(0.5)
        assert waiting.result is True
        assert mailbox.wait(0.2) is False, "one wake ends one wait"

    def test_a_signal_handler_may_wake(self, mailbox: ImapMailbox) -> None:
        read(mailbox)
        before = signal.signal(signal.SIGALRM, lambda *_: mailbox.wake())
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            began = time.monotonic()
            assert mailbox.wait(10)
            assert time.monotonic() - began < 1
        finally:
            signal.signal(signal.SIGALRM, before)

    def test_a_wake_before_the_wait_is_not_lost(self, mailbox: ImapMailbox) -> None:
        read(mailbox)
        for _ in range(20_000):
            mailbox.wake()
        began = time.monotonic()
        assert mailbox.wait(10)
        assert time.monotonic() - began < 1
        assert mailbox.wait(0.2) is False


class TestWaitingOtherwise:
    def test_without_idle_a_wait_sleeps_and_can_be_woken(
        self, certificates: Certificates, user: str, open_mailbox: Open
    ) -> None:
        with Dovecot(certificates.good, "IMAP4rev1 UIDPLUS MOVE") as server:
            mailbox = open_mailbox(server.imap_port, username=user)
            read(mailbox)
            assert mailbox.wait(0.2) is False
            waiting = Waiting(mailbox)
            time.sleep(0.2)
            mailbox.wake()
            assert waiting.ends_within(0.5)
            server.deliver(user, mail())
            assert mailbox.wait(10), "what came meanwhile is found before the sleep"

    def test_idle_is_renewed_after_nine_minutes_at_the_latest(
        self, mailbox: ImapMailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert imap.LONGEST_IDLE <= 9 * 60
        monkeypatch.setattr(imap, "LONGEST_IDLE", 0.2)
        read(mailbox)
        began = time.monotonic()
        assert mailbox.wait(3600) is False
        assert time.monotonic() - began < 2

    def test_no_time_is_no_wait(self, open_mailbox: Open) -> None:
        assert open_mailbox(9).wait(0) is False

    def test_a_server_that_dies_during_idle_is_noticed_at_once(self, dovecot: Dovecot, open_mailbox: Open) -> None:
        mailbox = open_mailbox(dovecot.imap_port)
        read(mailbox)
        waiting = Waiting(mailbox)
        time.sleep(0.2)
        dovecot.kill()
        assert waiting.ends_within(1)
        assert isinstance(waiting.result, TransientFailure)
        dovecot.start()
        assert mailbox.wait(0.1) is False

    def test_a_line_that_went_dead_is_noticed_when_the_wait_is_over(
        self, dovecot: Dovecot, open_mailbox: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mailflow.adapters.idle.SECONDS_TO_END", 0.5)
        mailbox = open_mailbox(dovecot.imap_port, timeout=1)
        read(mailbox)
        waiting = Waiting(mailbox, 0.5)
        time.sleep(0.2)
        dovecot.freeze()
        assert waiting.ends_within(2)
        assert isinstance(waiting.result, TransientFailure)
        dovecot.thaw()
        assert read(mailbox) == []


class TestTrouble:
    def test_a_server_killed_and_restarted_loses_nothing(self, dovecot: Dovecot, open_mailbox: Open) -> None:
        mailbox = open_mailbox(dovecot.imap_port)
        dovecot.deliver("finance", mail(1))
        assert len(read(mailbox)) == 1
        dovecot.kill()
        with pytest.raises(TransientFailure, match=f"{HOST}:{dovecot.imap_port}"):
            read(mailbox)
        with pytest.raises(TransientFailure, match=r"cannot be reached: connection refused.*Check host, port"):
            read(mailbox)
        dovecot.start()
        dovecot.deliver("finance", mail(2))
        assert [m.raw for m in read(mailbox)] == [mail(1), mail(2)]

    def test_a_connection_that_went_stale_while_nobody_spoke_is_replaced_unnoticed(
        self, dovecot: Dovecot, open_mailbox: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imap, "SILENT_FOR_LONG", 0)
        mailbox = open_mailbox(dovecot.imap_port)
        read(mailbox)
        dovecot.kill()
        dovecot.start()
        dovecot.deliver("finance", mail())
        assert len(read(mailbox)) == 1

    def test_a_server_that_dies_between_two_batches_is_a_transient_failure(
        self, dovecot: Dovecot, open_mailbox: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imap, "BATCH_MAILS", 1)
        mailbox = open_mailbox(dovecot.imap_port)
        for n in range(2):
            dovecot.deliver("finance", mail(n))
        mails = mailbox.fetch_new(nothing_known)
        first = next(mails)
        dovecot.kill()
        with pytest.raises(TransientFailure):
            next(mails)
        dovecot.start()
        assert [m.raw for m in read(mailbox, {first.location}.__contains__)] == [mail(1)]

    def test_a_black_holed_connection_times_out(self, dovecot: Dovecot, open_mailbox: Open) -> None:
        mailbox = open_mailbox(dovecot.imap_port, timeout=0.5)
        read(mailbox)
        dovecot.freeze()
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(TransientFailure, match="no answer in time"):
                read(mailbox)
            assert time.monotonic() - began < 1.5
        dovecot.thaw()
        assert read(mailbox) == []

    def test_a_failure_of_the_one_who_asks_is_passed_on_as_it_is(
        self, shared_dovecot: Dovecot, user: str, mailbox: ImapMailbox
    ) -> None:
        shared_dovecot.deliver(user, mail())

        def known(_: Location) -> bool:
            raise KeyError("a mistake in mailflow")

        with pytest.raises(KeyError):
            read(mailbox, known)
        assert len(read(mailbox)) == 1

    def test_an_unknown_host_is_said(self, certificates: Certificates) -> None:
        mailbox = ImapMailbox("imap.invalid", 993, "tls", "finance", PASSWORD, ca_file=certificates.ca_file)
        with pytest.raises(TransientFailure, match=r"imap\.invalid:993 cannot be reached: this host name is not known"):
            mailbox.probe()

    def test_a_ca_file_that_is_none_is_named(self, shared_dovecot: Dovecot, open_mailbox: Open, tmp_path: Path) -> None:
        (tmp_path / "empty.pem").write_text("no certificate")
        for name in ("absent.pem", "empty.pem"):
            mailbox = open_mailbox(shared_dovecot.imaps_port, security="tls", ca_file=tmp_path / name)
            with pytest.raises(TransientFailure, match=rf"ca_file .*{name} cannot be used"):
                mailbox.probe()

    def test_tls_with_a_server_that_speaks_none_is_explained(self, shared_dovecot: Dovecot, open_mailbox: Open) -> None:
        mailbox = open_mailbox(shared_dovecot.imap_port, security="tls")
        with pytest.raises(TransientFailure, match=r"no TLS with it.*Check host, port and security"):
            mailbox.probe()


class TestCertificates:
    @pytest.mark.parametrize("security", ["tls", "starttls"])
    @pytest.mark.parametrize(
        ("which", "reason"),
        [("wrong_name", "IP address mismatch"), ("expired", "certificate has expired")],
    )
    def test_a_wrong_certificate_ends_it_before_the_password_is_sent(
        self, certificates: Certificates, open_mailbox: Open, security: str, which: str, reason: str
    ) -> None:
        with Dovecot(getattr(certificates, which)) as server:
            port = server.imaps_port if security == "tls" else server.imap_port
            with pytest.raises(TransientFailure, match=rf"cannot be trusted.*{reason}.*Check host and ca_file"):
                open_mailbox(port, security=security).probe()

    @pytest.mark.parametrize("security", ["tls", "starttls"])
    @pytest.mark.parametrize("ca_file", ["other_ca_file", None])
    def test_an_unknown_ca_is_not_trusted(
        self,
        shared_dovecot: Dovecot,
        certificates: Certificates,
        open_mailbox: Open,
        security: str,
        ca_file: str | None,
    ) -> None:
        port = shared_dovecot.imaps_port if security == "tls" else shared_dovecot.imap_port
        trusted = getattr(certificates, ca_file) if ca_file else None
        with pytest.raises(TransientFailure, match="certificate cannot be trusted"):
            open_mailbox(port, security=security, ca_file=trusted).probe()


class TestSigningIn:
    @pytest.mark.parametrize("security", ["tls", "starttls", "none"])
    def test_probe_signs_in_and_says_what_it_found(
        self, shared_dovecot: Dovecot, user: str, open_mailbox: Open, security: str
    ) -> None:
        port = shared_dovecot.imaps_port if security == "tls" else shared_dovecot.imap_port
        shared_dovecot.deliver(user, mail())
        lines = open_mailbox(port, security=security, username=user).probe()
        assert lines == [
            f"signed in at {HOST}:{port} as {user}; INBOX holds 1 mails",
            "folder Processed is there",
            "folder Quarantine is there",
            "new mail is announced at once (IDLE)",
        ]

    def test_names_and_passwords_need_not_be_ascii(
        self, shared_dovecot: Dovecot, user: str, open_mailbox: Open
    ) -> None:
        for name, password in ((f"финансы-{user}", PASSWORD), (user, OTHER_PASSWORD)):
            assert open_mailbox(shared_dovecot.imap_port, username=name, password=password).probe()

    @pytest.mark.parametrize("password", ["s3cret-but-wrong", "неверный-пароль"])
    def test_a_refused_sign_in_is_said_without_the_password(
        self, shared_dovecot: Dovecot, open_mailbox: Open, password: str
    ) -> None:
        with pytest.raises(TransientFailure, match=r"refused the sign-in of finance: .*Check username") as e:
            open_mailbox(shared_dovecot.imap_port, password=password).probe()
        assert password not in everything_told(e.value)

    def test_the_password_is_in_no_representation(self, open_mailbox: Open) -> None:
        assert PASSWORD not in repr(open_mailbox(9))


def everything_told(failure: BaseException) -> str:
    """All that a log could show of a failure."""
    return "".join(traceback.format_exception(failure)) + repr(failure)


def greeting(line: bytes = b"* OK hello", capabilities: bytes = b"IMAP4rev1") -> Callable[..., None]:
    """A server that answers CAPABILITY and refuses everything else by repeating it."""

    def talk(received: BinaryIO, send: Callable[[bytes], object]) -> None:
        send(line + b"\r\n")
        for command in received:
            tag, _, rest = command.rstrip().partition(b" ")
            if rest == b"CAPABILITY":
                send(b"* CAPABILITY " + capabilities + b"\r\n" + tag + b" OK done\r\n")
            else:
                send(tag + b" NO I do not know " + rest + b"\r\n")

    return talk


class TestHostileServers:
    def test_a_greeting_that_says_signed_in_already_is_refused(self, open_mailbox: Open) -> None:
        for security in ("none", "starttls"):
            server = scripted(greeting(b"* PREAUTH welcome back"))
            with server as port, pytest.raises(TransientFailure, match="PREAUTH"):
                open_mailbox(port, security=security).probe()

    def test_where_starttls_was_stripped_the_password_is_not_sent(self, open_mailbox: Open) -> None:
        heard: list[bytes] = []

        def talk(received: BinaryIO, send: Callable[[bytes], object]) -> None:
            greeting()(Recorded(received, heard), send)

        failure = pytest.raises(TransientFailure, match=r"does not offer STARTTLS.*Check host, port and security")
        with scripted(talk) as port, failure:
            open_mailbox(port, security="starttls").probe()
        assert not any(b"LOGIN" in line or b"AUTHENTICATE" in line for line in heard)

    def test_where_the_server_takes_no_sign_in_the_password_is_not_sent(self, open_mailbox: Open) -> None:
        heard: list[bytes] = []

        def talk(received: BinaryIO, send: Callable[[bytes], object]) -> None:
            greeting(capabilities=b"IMAP4rev1 LOGINDISABLED")(Recorded(received, heard), send)

        with scripted(talk) as port, pytest.raises(TransientFailure, match=r"LOGINDISABLED.*security"):
            open_mailbox(port).probe()
        assert not any(b"LOGIN" in line or b"AUTHENTICATE" in line for line in heard)

    def test_a_server_that_repeats_the_password_is_not_quoted(self, open_mailbox: Open) -> None:
        with scripted(greeting()) as port, pytest.raises(TransientFailure, match="refused the sign-in") as failure:
            open_mailbox(port).probe()
        told = everything_told(failure.value)
        assert "battery" not in told

    @pytest.mark.parametrize(
        "nonsense",
        [
            b"\x00\xff\r\n",
            b"* BYE too many connections\r\n",
            b"* OK no end of line",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"",
            b"* OK hello\r\n* CAPABILITY\r\n",
            b"* OK hello\r\n+ go on\r\n",
        ],
    )
    def test_nonsense_is_a_transient_failure(self, open_mailbox: Open, nonsense: bytes) -> None:
        with scripted(lambda _, send: send(nonsense)) as port, pytest.raises(TransientFailure, match=f"{HOST}:{port}"):
            open_mailbox(port, timeout=0.5).probe()

    def test_a_notice_in_two_segments_is_one_notice(self, open_mailbox: Open) -> None:
        with scripted(slow_announcer) as port:
            mailbox = open_mailbox(port, folders=())
            read(mailbox)
            assert mailbox.wait(10) is True
            assert mailbox.wait(10) is True, "and the session goes on"

    def test_mail_that_comes_while_a_search_is_answered_is_not_missed(self, open_mailbox: Open) -> None:
        """The server tells of it then, and not again in IDLE."""
        with scripted(announcer_within_a_search) as port:
            mailbox = open_mailbox(port, folders=())
            read(mailbox)
            began = time.monotonic()
            assert mailbox.wait(10) is True
            assert time.monotonic() - began < 5


class Recorded:
    """A file that keeps what was read from it."""

    def __init__(self, received: BinaryIO, heard: list[bytes]) -> None:
        self._received, self._heard = received, heard

    def __iter__(self) -> Iterator[bytes]:
        for line in self._received:
            self._heard.append(line)
            yield line


def announcer(
    found: Iterable[bytes], idle: Callable[[Callable[[bytes], object]], object]
) -> Callable[[BinaryIO, Callable[[bytes], object]], None]:
    """A mailbox that answers one SEARCH after the other by `found`, and says in IDLE what `idle` sends."""

    def talk(received: BinaryIO, send: Callable[[bytes], object]) -> None:
        answers = iter(found)
        send(b"* OK hello\r\n")
        for command in received:
            tag, _, rest = command.rstrip().partition(b" ")
            if rest.startswith(b"CAPABILITY"):
                send(b"* CAPABILITY IMAP4rev1 IDLE\r\n")
            elif rest.startswith(b"SELECT"):
                send(b"* OK [UIDVALIDITY 7] yes\r\n")
            elif rest.startswith(b"UID SEARCH"):
                send(next(answers))
            elif rest == b"IDLE":
                idle(send)
                received.readline()
            send(tag + b" OK done\r\n")

    return talk


def announce_slowly(send: Callable[[bytes], object]) -> None:
    """A mail, in two pieces."""
    send(b"+ idling\r\n* OK Still here\r\n* 1 FETCH (FLAGS ())\r\n* 1 EXI")
    time.sleep(0.3)
    send(b"STS\r\n* 1 REC")
    time.sleep(0.3)
    send(b"ENT\r\n")


slow_announcer = announcer(repeat(b"* SEARCH\r\n"), announce_slowly)
"""An empty mailbox that announces a mail in IDLE, in two pieces."""

announcer_within_a_search = announcer(
    chain((b"* SEARCH\r\n", b"* SEARCH\r\n* 1 EXISTS\r\n"), repeat(b"* SEARCH 1\r\n")),
    lambda send: send(b"+ idling\r\n"),
)
"""A mailbox that tells of its first mail at the end of the second SEARCH, and is silent in IDLE."""
