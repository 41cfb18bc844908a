"""Conditions on the route, people who are away, people who do not answer: from the mail to the next decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from mailflow.errors import TransientFailure
from mailflow.jobs.intake import Intake
from mailflow.jobs.processing import Processing
from tests.stories.conftest import Office

CONDITION = "{address: director@example.com, from: {RUB: 200000}}"
PETR_IS_AWAY = (
    '{email: petr@example.com, name: "Пётр Власов", language: ru, deputy: vera@example.com,'
    " away: [{from: 2026-12-02, until: 2026-12-14}]}"
)


def steps(office: Office) -> list[tuple[str, str]]:
    return [(step.approver.partition("@")[0], step.status.value) for step in office.invoice().steps]


def test_a_small_sum_needs_no_director_and_the_acknowledgement_says_so(open_office: Callable[..., Office]) -> None:
    office = open_office(sequence=f"olga@example.com, {CONDITION}")
    office.submit()
    assert "Dmitry Orlov: не согласует, сумма меньше 200 000,00 ₽" in office.gets("ivan").text.replace("\xa0", " ")
    office.olga.reply(office.gets("olga"), "СОГЛАСОВАНО")
    office.work()
    assert office.invoice().status == "to_pay"


def test_a_corrected_sum_brings_the_director_in(open_office: Callable[..., Office]) -> None:
    office = open_office(sequence=f"olga@example.com, {CONDITION}")
    office.submit()
    office.ivan.reply(office.gets("ivan"), "Сумма: 250 000 руб.")
    office.work()
    assert steps(office) == [("olga", "asked"), ("director", "waiting")]
    assert "Dmitry Orlov: согласует, сумма не меньше 200 000,00 ₽" in office.mails("ivan")[-1].text.replace("\xa0", " ")


def test_on_the_first_day_away_the_deputy_is_asked_and_only_the_deputy_decides(
    open_office: Callable[..., Office],
) -> None:
    office = open_office(sequence="petr@example.com")
    office.submit()
    first = office.gets("petr")
    settings = office.folder / "settings.yaml"
    known = '{email: petr@example.com, name: "Пётр Власов", language: ru}'
    office.restart_with(lambda text: text.replace(known, PETR_IS_AWAY))
    assert PETR_IS_AWAY in settings.read_text(encoding="utf-8")
    office.work()
    assert steps(office) == [("petr", "asked")]
    office.work(hours=18)
    assert steps(office) == [("petr", "delegated"), ("vera", "asked")]
    assert "По настройкам вы сейчас отсутствуете" in office.mails("petr")[-1].text
    request = office.gets("vera")
    assert "Пётр Власов is away, so the decision is yours as the deputy." in request.text
    assert "Пётр Власов: is away, Vera Lind decides" in request.text

    office.petr.reply(first, "СОГЛАСОВАНО")
    office.work()
    assert office.invoice().approvers_so_far == ()
    office.vera.reply(request, "APPROVE")
    office.work()
    assert office.invoice().approvers_so_far == ("vera@example.com",)


def test_a_silent_approver_is_reminded_then_replaced_and_everybody_knows(open_office: Callable[..., Office]) -> None:
    office = open_office(sequence="vera@example.com", approval="escalate_after_hours: 48")
    office.submit()
    request = office.gets("vera")
    office.work(hours=24)
    assert "still waits" in office.gets("vera").text
    office.work(hours=24)
    assert steps(office) == [("vera", "delegated"), ("petr", "asked")]
    assert "You have not answered in time" in office.gets("vera").text
    assert "Vera Lind не отвечает в срок" in office.gets("petr").text
    assert "escalated" in [line.event for line in office.history()]

    office.vera.reply(request, "APPROVE")
    office.work()
    assert "Пётр Власов" in office.mails("vera")[-1].text
    assert office.invoice().approvers_so_far == ()
    office.petr.reply(office.mails("petr")[-1], "СОГЛАСОВАНО")
    office.work()
    assert office.invoice().status == "to_pay"


def is_away(self: Intake, now: datetime, *_: object) -> int:
    raise TransientFailure("the mailbox is away")


def understands_nothing(self: Processing, now: datetime) -> int:
    return 0


@pytest.mark.parametrize(("job", "does"), [(Intake, is_away), (Processing, understands_nothing)])
def test_whose_answer_lies_unread_is_not_silent(
    open_office: Callable[..., Office], monkeypatch: pytest.MonkeyPatch, job: type, does: Callable[..., int]
) -> None:
    office = open_office(sequence="vera@example.com", approval="escalate_after_hours: 24")
    office.submit()
    office.vera.reply(office.gets("vera"), "APPROVE")
    with monkeypatch.context() as hindered:
        hindered.setattr(job, "run_once", does)
        office.work(hours=25)
    assert steps(office) == [("vera", "asked")]
    office.work()
    assert office.invoice().approvers_so_far == ("vera@example.com",)


def test_where_nobody_else_may_decide_the_administrator_gets_the_command_that_helps(
    open_office: Callable[..., Office],
) -> None:
    office = open_office(sequence="olga@example.com", approval="escalate_after_hours: 24")
    office.submit()
    office.work(hours=25)
    told = office.gets("admin", "Nobody else")
    assert "python run.py reassign INV-2026-0001 olga@example.com ADDRESS" in told.text
    office.work(hours=25)
    assert len(office.mails("admin")) == 1
