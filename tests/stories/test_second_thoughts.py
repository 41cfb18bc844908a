"""A decision can be taken back by UNDO for the minutes of the settings; above a limit two people decide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from mailflow.approval.lifecycle import Status
from mailflow.approval.wording import KEYWORDS
from mailflow.errors import TransientFailure
from mailflow.jobs.intake import Intake
from mailflow.jobs.processing import Processing
from mailflow.jobs.verification import verify
from tests.stories.conftest import Office

OPEN = Callable[..., Office]


def hasty(open_office: OPEN) -> Office:
    return open_office(approval="hold_minutes: 30")


def with_undo_under_way(open_office: OPEN) -> Office:
    """Olga's approval is on hold, and her UNDO lies in the mailbox."""
    office = hasty(open_office)
    office.submit()
    office.olga.reply(office.gets("olga"), "СОГЛАСОВАНО")
    office.work()
    office.olga.reply(office.gets("olga"), "ОТМЕНИТЬ")
    return office


def problems(office: Office) -> tuple[str, ...]:
    with office.mailflow.store.begin() as uow:
        return verify(uow, "INV-2026-0001", KEYWORDS, office.mailflow.company.timezone).problems


def test_nobody_hears_of_a_decision_before_its_minutes_are_over(open_office: OPEN) -> None:
    office = hasty(open_office)
    office.submit()
    office.olga.reply(office.gets("olga"), "СОГЛАСОВАНО, всё верно")
    office.work(minutes=10)
    assert "ОТМЕНИТЬ" in office.gets("olga").text
    assert office.mails("director") == []
    assert problems(office) == ()
    office.work(minutes=31)
    assert "всё верно" in office.gets("director").text
    assert office.invoice().steps[0].comment == "всё верно"
    assert problems(office) == ()


def test_undo_by_the_button_brings_the_request_again_and_the_other_decision_counts(open_office: OPEN) -> None:
    office = hasty(open_office)
    office.submit()
    office.olga.reply(office.gets("olga"), "СОГЛАСОВАНО")
    office.work()
    office.olga.press(office.gets("olga"), "Отменить решение")
    office.work()
    again = [m for m in office.mails("olga") if m.files][-1]
    office.olga.reply(again, "ОТКАЗ: нет договора")
    office.work()
    assert office.invoice().status is Status.IN_APPROVAL
    office.work(minutes=31)
    assert office.invoice().status is Status.REJECTED
    assert "нет договора" in office.gets("ivan", "Работа над ошибками").text
    assert problems(office) == ()


def test_a_decision_does_not_take_effect_while_the_mailbox_is_away_for_an_undo_may_lie_there(
    open_office: OPEN, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = with_undo_under_way(open_office)

    def away(self: Intake, now: datetime, *more: object) -> int:
        raise TransientFailure("the mailbox is away")

    monkeypatch.setattr(Intake, "run_once", away)
    office.work(minutes=40)
    assert office.mails("director") == []
    monkeypatch.undo()
    office.work()
    office.work(hours=1)
    assert office.mails("director") == []
    assert office.invoice().on_hold is None


def test_a_decision_does_not_take_effect_before_a_mail_of_the_one_who_gave_it_is_understood(
    open_office: OPEN, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = with_undo_under_way(open_office)
    monkeypatch.setattr(Processing, "run_once", lambda self, now: False)
    office.work(minutes=40)
    assert office.mails("director") == []
    monkeypatch.undo()
    office.work()
    assert office.mails("director") == []
    assert office.invoice().on_hold is None


def test_an_undo_from_a_strangers_address_is_held_and_the_approver_is_asked_whether_it_was_theirs(
    open_office: OPEN,
) -> None:
    office = hasty(open_office)
    office.submit()
    office.olga.reply(office.gets("olga"), "СОГЛАСОВАНО")
    office.work()
    confirmed = office.gets("olga")
    office.drop_in(
        (
            f"From: <olga@elsewhere.example>\r\nSubject: Re: {confirmed.subject}\r\nMessage-ID: <undo@elsewhere>\r\n"
            f"In-Reply-To: {confirmed.message_id}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nUNDO\r\n"
        ).encode()
    )
    office.work()
    assert office.invoice().on_hold
    office.olga.reply(office.gets("olga", "Это вы"), "ОТМЕНИТЬ")
    office.work()
    assert office.invoice().on_hold is None


def test_a_decision_on_hold_survives_a_restart(open_office: OPEN) -> None:
    office = hasty(open_office)
    office.submit()
    office.olga.reply(office.gets("olga"), "СОГЛАСОВАНО")
    office.work()
    office.mailflow.close()
    office.restart()
    office.work(hours=3)
    assert office.gets("director")


def test_a_large_sum_is_approved_by_two_though_the_route_has_one(open_office: OPEN) -> None:
    office = open_office(
        sequence="olga@example.com", approval="second_approver: {address: petr@example.com, above: {RUB: 100000}}"
    )
    office.submit()
    office.olga.reply(office.gets("olga"), "СОГЛАСОВАНО")
    office.work()
    assert office.invoice().status is Status.IN_APPROVAL
    office.petr.reply(office.gets("petr"), "СОГЛАСОВАНО")
    office.work()
    assert office.invoice().status is Status.TO_PAY
