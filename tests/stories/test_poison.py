"""Mails that break whoever reads them: tried five times, put aside, told of; the good ones behind them do not wait."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest

from mailflow import bootstrap
from mailflow.adapters import reading_process
from mailflow.adapters.reading_process import ReadingProcess
from mailflow.approval.lifecycle import Status
from mailflow.approval.wording import KEYWORDS
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.reading import read_mail
from mailflow.jobs.retry import INBOX_PAUSES
from mailflow.store.inbox import InboxMail, InboxState
from tests.stories.bad_reader import serve_badly
from tests.stories.conftest import Office, paper

COMPLETE = "Контрагент: ООО «Ромашка»\nСумма: 125 000,00 руб.\nДата оплаты: 15.12.2026"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def fragile(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office whose process that reads may be broken by mails, and has three seconds for each."""
    monkeypatch.setattr(reading_process, "_serve", serve_badly)
    monkeypatch.setattr(bootstrap, "ReadingProcess", partial(ReadingProcess, seconds=3))
    office.restart()
    return office


def pass_after(office: Office, pause: timedelta) -> None:
    """One pass, so long after the last one."""
    office.work(seconds=(pause - MINUTE).total_seconds())


def mail(office: Office, number: int) -> InboxMail:
    with office.mailflow.store.begin() as uow:
        found = uow.inbox.get(number)
    assert found
    return found


@pytest.mark.parametrize(
    ("poison", "why"),
    [
        ("dies", "reading it ended the process that did it"),
        ("hangs", "reading it took longer than 3 seconds"),
        ("swells", "reading it took more than 420 MB of memory"),
    ],
)
def test_a_mail_that_breaks_the_process_that_reads_is_tried_five_times_with_growing_pauses(
    fragile: Office, poison: str, why: str
) -> None:
    fragile.ivan.submit(poison, "", [paper()])
    fragile.ivan.submit("Бумага", COMPLETE, [paper()])
    fragile.work()
    assert fragile.invoice().status is Status.IN_APPROVAL
    for tried, pause in enumerate(INBOX_PAUSES, 1):
        pass_after(fragile, pause - SECOND)
        assert (mail(fragile, 1).state, mail(fragile, 1).attempts) == (InboxState.FAILED, tried)
        pass_after(fragile, SECOND)
    ended = mail(fragile, 1)
    assert (ended.state, ended.reason) == (InboxState.QUARANTINED, f"it could not be processed in 5 tries: {why}")
    pass_after(fragile, timedelta(hours=5))
    (notice,) = fragile.mails("admin")
    assert poison in notice.subject
    assert why in notice.text
    assert fragile.folder_count("Quarantine") == 1
    assert len(fragile.invoices()) == 1


def test_fifty_poisonous_mails_hold_up_no_good_one_and_the_administrator_hears_of_them_now_and_then(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises_for_poison(self: ReadingProcess, raw: bytes, today: date) -> ReadMail:
        if b"Subject: poison" in raw:
            raise RuntimeError("this reader is broken")
        return read_mail(raw, KEYWORDS, today)

    monkeypatch.setattr(ReadingProcess, "read", raises_for_poison)
    office.restart()
    for number in range(50):
        office.drop_in(f"From: ivan@example.com\r\nSubject: poison {number}\r\n\r\n".encode())
    for number in range(3):
        office.ivan.submit("Бумага", COMPLETE.replace("125", f"{125 + number}"), [paper()])
    office.work()
    assert [invoice.status for invoice in office.invoices()] == [Status.IN_APPROVAL] * 3
    for pause in INBOX_PAUSES:
        pass_after(office, pause)
    assert len(office.quarantine()) == 50
    assert office.folder_count("Quarantine") == 50
    assert len(office.mails("admin")) == 1
    for _ in range(10):
        pass_after(office, timedelta(hours=1))
    assert len(office.mails("admin")) == 2


def test_a_mail_that_comes_to_quarantine_soon_after_another_is_told_of_when_the_hour_is_over(office: Office) -> None:
    for number in (1, 2, 3):
        office.stranger.submit(f"Offer {number}", "Buy!", [])
        office.work()
    assert len(office.quarantine()) == 3
    assert len(office.mails("admin")) == 1
    pass_after(office, timedelta(hours=1))
    first, second = office.mails("admin")
    assert "Offer 1" in first.subject
    assert "Offer 2" in second.subject
    assert "quarantine list" in second.text
    pass_after(office, timedelta(hours=5))
    assert len(office.mails("admin")) == 2
