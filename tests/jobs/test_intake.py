"""A mail is recorded whatever it is, and what cannot be recorded holds up no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailflow.errors import PermanentFailure, TransientFailure
from mailflow.inbound.routing import Router
from mailflow.jobs import intake
from mailflow.jobs.intake import Intake
from mailflow.ports import FetchedMail, Location
from mailflow.store.engine import Store, open_store
from mailflow.store.inbox import Inbox, InboxState
from tests.approval.company import company
from tests.store.rows import NOW


@dataclass
class Folder:
    """A mailbox with these mails in it."""

    raws: list[bytes]
    moved: list[tuple[int, str]] = field(default_factory=list)

    def fetch_new(self, known: Callable[[Location], bool]) -> Iterator[FetchedMail]:
        for uid, raw in enumerate(self.raws, 1):
            place = Location("INBOX", 1, uid)
            if not known(place):
                yield FetchedMail(place, raw, len(raw))

    def file_away(self, locations: Sequence[Location], folder: str) -> int:
        self.moved += [(location.uid, folder) for location in locations]
        return len(locations)


MAILS = [f"Message-ID: <{n}@example.com>\r\nSubject: {n}\r\n\r\n".encode() for n in range(3)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path}/mailflow.db")
    yield store
    store.close()


def intake_of(store: Store) -> Intake:
    return Intake(store, Folder(list(MAILS)), Router(company(), "reference"), "Processed", "Quarantine")  # type: ignore[arg-type]


def subjects(store: Store) -> list[str]:
    with store.begin() as uow:
        return [mail.subject for mail in map(uow.inbox.get, range(1, 10)) if mail]


def test_a_mail_that_breaks_the_reader_is_recorded_and_so_is_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = intake.parse_header

    def breaks(raw: bytes) -> object:
        if b"Subject: 1" in raw:
            raise RecursionError
        return parse(raw)

    monkeypatch.setattr(intake, "parse_header", breaks)
    assert intake_of(store).run_once(NOW) == 3
    assert subjects(store) == ["0", "", "2"]
    with store.begin() as uow:
        assert uow.inbox.raw(2) == MAILS[1]


def test_a_mail_that_the_database_does_not_take_is_told_of_and_the_next_is_recorded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Inbox.record

    def refuses(self: Inbox, mail: FetchedMail, *values: object) -> object:
        if mail.location.uid == 2:
            raise PermanentFailure("The database refuses this: out of range")
        return record(self, mail, *values)  # type: ignore[arg-type]

    monkeypatch.setattr(Inbox, "record", refuses)
    with pytest.raises(TransientFailure, match="mail 2 of INBOX cannot be recorded"):
        intake_of(store).run_once(NOW)
    assert subjects(store) == ["0", "2"]


def test_whoever_does_not_watch_the_mailbox_moves_no_mail(store: Store, tmp_path: Path) -> None:
    one = intake_of(store)
    one.run_once(NOW)
    with store.begin() as uow:
        uow.inbox.settle(1, InboxState.PROCESSED, NOW, "submission")
        uow.commit()
    watching = open_store(f"sqlite:///{tmp_path}/mailflow.db")
    assert watching.watches()
    assert one.file_away() == 0
    watching.close()
    assert one.file_away() == 1


def test_whoever_loses_the_watch_while_it_moves_mail_moves_no_more_of_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = intake_of(store)
    one.run_once(NOW)
    with store.begin() as uow:
        for mail in (1, 2, 3):
            uow.inbox.settle(mail, InboxState.PROCESSED, NOW, "submission")
        uow.commit()
    held = iter([True, True, False])
    monkeypatch.setattr(intake, "FILED_AT_ONCE", 1)
    monkeypatch.setattr(store, "watches", lambda: next(held))
    assert one.file_away() == 2
    assert one.mailbox.moved == [(1, "Processed"), (2, "Processed")]  # type: ignore[attr-defined]


def test_a_long_intake_says_on_its_way_how_far_it_has_come(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "RECORDED_AT_ONCE", 2)
    so_far: list[int] = []
    assert intake_of(store).run_once(NOW, so_far.append) == 3
    assert so_far == [2, 3]
