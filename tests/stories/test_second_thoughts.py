"""A decision can be taken back by UNDO for the minutes of the settings; above a limit two people decide."""

from __future__ import annotations

from collections.abc import Callable

from mailflow.approval.lifecycle import Status
from mailflow.approval.wording import KEYWORDS
from mailflow.jobs.verification import verify
from tests.stories.conftest import Office

OPEN = Callable[..., Office]


def hasty(open_office: OPEN) -> Office:
    return open_office(approval="hold_minutes: 30")


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
