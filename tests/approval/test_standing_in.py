"""Who is away is stood in for from the first; who is silent is reminded, then replaced (process section 2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailflow.approval.answering import record_answer
from mailflow.approval.company import Absence, Company, EscalateTo, Person
from mailflow.approval.deciding import reassign
from mailflow.approval.decision import Approve, Delegate, Question, Unclear
from mailflow.approval.effects import Message, Outcome
from mailflow.approval.invoice import HandedOn, Invoice, StepStatus
from mailflow.approval.noticing import escalate, remind_approver, replace_absent
from mailflow.approval.paying import remind_accountant
from mailflow.approval.reference import Asks
from mailflow.errors import Refusal
from tests.approval.company import (
    ADMIN,
    ANNA,
    DMITRY,
    IVAN,
    NOON,
    OLGA,
    PETR,
    answer,
    company,
    mail,
    messages,
    opened,
    reference_of,
)
from tests.approval.company import reference as reference_to

VERA = "vera@example.com"
DAYS = (date(2026, 12, 1), date(2026, 12, 14))
MOSCOW = ZoneInfo("Europe/Moscow")
FRIDAY = datetime(2026, 12, 4, 15, 0, tzinfo=MOSCOW)


def with_people(*changed: Person, **rules: object) -> Company:
    known = company().people
    return company(people={**known, **{person.email: person for person in changed}}, **rules)


def away(email: str, deputy: str | None, first: date = DAYS[0]) -> Person:
    return Person(email, absences=(Absence(first, DAYS[1], deputy),))


def steps(invoice: Invoice) -> list[tuple[str, str]]:
    return [(step.approver.partition("@")[0], step.status.value) for step in invoice.steps]


def approved(invoice: Invoice, person: str, rules: Company, now: datetime = NOON) -> Outcome:
    given = reference_to(invoice, person, Asks.APPROVAL, invoice.asked_step)
    return record_answer(invoice, given, answer(person, Approve()), None, rules, now)


def test_the_deputy_of_somebody_who_is_away_is_asked_from_the_first() -> None:
    outcome = opened(with_people(away(OLGA, PETR)))
    assert steps(outcome.invoice) == [("olga", "delegated"), ("petr", "asked"), ("dmitry", "waiting")]
    assert outcome.invoice.steps[0].handed_on is HandedOn.AWAY
    assert messages(outcome) == [("acknowledgement", IVAN), ("approval_request", PETR)]
    assert mail(outcome, Message.APPROVAL_REQUEST).extra["handed_on"] == "away"
    assert [(e.event, dict(e.details)) for e in outcome.history[-2:]] == [
        ("substituted", {"from": OLGA, "to": PETR, "until": "2026-12-14"}),
        ("asked", {"approver": PETR, "step": 1}),
    ]


def test_the_absence_counts_when_the_turn_comes_not_when_the_invoice_starts() -> None:
    rules = with_people(away(DMITRY, PETR, date(2026, 12, 3)))
    started = opened(rules).invoice
    assert steps(approved(started, OLGA, rules).invoice)[1:] == [("dmitry", "asked")]
    later = approved(started, OLGA, rules, NOON + timedelta(days=2))
    assert steps(later.invoice)[1:] == [("dmitry", "delegated"), ("petr", "asked")]
    assert mail(later, Message.DECISION_TAKEN, OLGA).extra["next"] == PETR


@pytest.mark.parametrize(("day", "is_away"), [(-1, False), (0, True), (13, True), (14, False)])
def test_the_first_and_the_last_day_belong_to_the_absence(day: int, is_away: bool) -> None:
    assert bool(away(OLGA, PETR).absence(DAYS[0] + timedelta(days=day))) is is_away


def test_the_deputy_beside_the_person_stands_in_where_the_absence_names_none() -> None:
    assert steps(opened(with_people(replace(away(OLGA, None), deputy=PETR))).invoice)[1] == ("petr", "asked")


def test_the_deputys_deputy_stands_in_where_the_deputy_is_away_too() -> None:
    rules = with_people(away(OLGA, PETR), away(PETR, VERA))
    assert steps(opened(rules).invoice)[:2] == [("olga", "delegated"), ("vera", "asked")]


def test_deputies_in_a_circle_end_with_the_one_who_is_away() -> None:
    outcome = opened(with_people(away(OLGA, PETR), away(PETR, OLGA)))
    assert steps(outcome.invoice)[0] == ("olga", "asked")
    assert ("no_deputy", {"person": OLGA, "until": "2026-12-14"}) in [
        (e.event, dict(e.details)) for e in outcome.history
    ]


@pytest.mark.parametrize("deputy", [IVAN, DMITRY, "dmitry+2@example.com"])
def test_the_submitter_and_whoever_is_in_the_chain_do_not_stand_in_but_their_deputies_may(deputy: str) -> None:
    """Nobody approves their own invoice, and two approvals of the route are never one person's."""
    assert steps(opened(with_people(away(OLGA, deputy))).invoice)[0] == ("olga", "asked")
    rules = with_people(away(OLGA, deputy), Person(deputy, deputy=PETR))
    assert steps(opened(rules).invoice)[:2] == [("olga", "delegated"), ("petr", "asked")]


def test_a_step_that_is_delegated_to_somebody_who_is_away_goes_on_to_the_deputy() -> None:
    rules = with_people(away(PETR, VERA))
    invoice = opened(rules).invoice
    given = reference_to(invoice, OLGA, Asks.APPROVAL, 0)
    outcome = record_answer(invoice, given, answer(OLGA, Delegate(PETR)), None, rules, NOON)
    assert steps(outcome.invoice)[:3] == [("olga", "delegated"), ("petr", "delegated"), ("vera", "asked")]
    assert mail(outcome, Message.DECISION_TAKEN, OLGA).extra["next"] == VERA


def test_the_open_step_of_somebody_whose_absence_begins_goes_to_the_deputy_and_both_are_told() -> None:
    rules = with_people(away(OLGA, PETR, date(2026, 12, 3)))
    invoice = opened(rules).invoice
    assert replace_absent(invoice, rules, NOON + timedelta(days=1)) is None
    outcome = replace_absent(invoice, rules, NOON + timedelta(days=2))
    assert outcome is not None
    assert messages(outcome) == [("replaced", OLGA), ("approval_request", PETR)]
    assert mail(outcome, Message.REPLACED).extra == {"why": "away"}
    assert [e.event for e in outcome.history] == ["substituted"]
    assert replace_absent(outcome.invoice, rules, NOON + timedelta(days=2)) is None


def test_the_one_who_was_replaced_can_decide_nothing_any_more() -> None:
    rules = with_people(away(OLGA, PETR, date(2026, 12, 3)))
    invoice = opened(rules).invoice
    given = reference_to(invoice, OLGA, Asks.APPROVAL, 0)
    outcome = replace_absent(invoice, rules, NOON + timedelta(days=2))
    assert outcome is not None
    with pytest.raises(Refusal) as refused:
        record_answer(outcome.invoice, given, answer(OLGA, Approve()), None, rules, NOON)
    assert (refused.value.code, refused.value.facts["by"]) == ("replaced", PETR)


def test_the_administrator_may_name_either_by_an_alias() -> None:
    rules = with_people(Person(OLGA, aliases=("olga@home.example",)), Person(PETR, aliases=("petr@home.example",)))
    outcome = reassign(opened(rules).invoice, "olga@home.example", "petr@home.example", rules, NOON)
    assert steps(outcome.invoice)[:2] == [("olga", "delegated"), ("petr", "asked")]
    assert messages(outcome) == [("replaced", OLGA), ("approval_request", PETR)]


def test_whoever_the_administrator_names_is_stood_in_for_while_away() -> None:
    rules = with_people(away(PETR, VERA))
    outcome = reassign(opened(rules).invoice, OLGA, PETR, rules, NOON)
    assert steps(outcome.invoice)[:3] == [("olga", "delegated"), ("petr", "delegated"), ("vera", "asked")]
    assert [entry.event for entry in outcome.history] == ["reassigned", "substituted"]


PATIENT = timedelta(hours=72)
DEPUTY = Person(OLGA, deputy=PETR, manager=DMITRY)


def silent(rules: Company, hours: float = 72) -> Outcome | None:
    return escalate(opened(rules).invoice, rules, NOON + timedelta(hours=hours))


def test_a_silent_approver_is_replaced_by_the_deputy_after_the_hours_of_the_settings() -> None:
    rules = with_people(DEPUTY, escalate_after=PATIENT)
    assert silent(rules, 71.9) is None
    outcome = silent(rules)
    assert outcome is not None
    assert steps(outcome.invoice)[:2] == [("olga", "delegated"), ("petr", "asked")]
    assert messages(outcome) == [("replaced", OLGA), ("approval_request", PETR)]
    assert mail(outcome, Message.REPLACED).extra == {"why": "silent"}
    assert mail(outcome, Message.APPROVAL_REQUEST).extra["handed_on"] == "silent"
    assert [(e.event, dict(e.details)) for e in outcome.history] == [("escalated", {"from": OLGA, "to": PETR})]


def test_without_the_setting_nobody_is_replaced_for_being_silent() -> None:
    assert silent(with_people(DEPUTY), 10_000) is None


@pytest.mark.parametrize(
    ("to", "sequence", "who"),
    [
        (EscalateTo.MANAGER, (OLGA,), DMITRY),
        (EscalateTo.MANAGER, (OLGA, DMITRY), VERA),
        (ANNA, (OLGA,), ANNA),
        (IVAN, (OLGA,), PETR),
    ],
)
def test_a_silent_approver_is_replaced_by_the_next_head_or_by_whom_the_settings_name(
    to: str, sequence: tuple[str, ...], who: str
) -> None:
    """A head who is in the chain already is passed over; so is an address that may not decide, for its deputy."""
    people = (DEPUTY, Person(DMITRY, manager=VERA), Person(IVAN, deputy=PETR))
    outcome = silent(with_people(*people, escalate_after=PATIENT, escalate_to=to, sequence=sequence))
    assert outcome is not None
    assert mail(outcome, Message.APPROVAL_REQUEST).to == who


def test_where_nobody_may_decide_instead_the_administrator_is_told_once_and_the_reminders_go_on() -> None:
    rules = company(escalate_after=PATIENT)
    outcome = silent(rules)
    assert outcome is not None
    assert messages(outcome) == [("nobody_else", ADMIN)]
    assert outcome.invoice.steps[0].status is StepStatus.ASKED
    assert escalate(outcome.invoice, rules, NOON + timedelta(hours=100)) is None
    assert remind_approver(outcome.invoice, rules, NOON + timedelta(hours=100 + 48)) is not None


def test_who_waits_for_an_answer_to_a_question_is_not_silent_the_submitter_is() -> None:
    """Both are reminded; the approver's time begins anew with the answer, and with no further one."""
    rules = with_people(DEPUTY, escalate_after=PATIENT)
    invoice = opened(rules).invoice
    request = reference_to(invoice, OLGA, Asks.APPROVAL, invoice.asked_step)
    asked = record_answer(invoice, request, answer(OLGA, Question("Which contract?")), None, rules, NOON).invoice
    monday = NOON + timedelta(days=6)
    assert escalate(asked, rules, monday) is None
    reminded = remind_approver(asked, rules, monday)
    assert reminded is not None
    again = mail(reminded, Message.QUESTION)
    assert (again.to, again.asks, again.step) == (IVAN, Asks.ANSWER, 0)
    assert again.extra == {"from": OLGA, "question": "Which contract?"}
    assert messages(reminded) == [("approval_reminder", OLGA), ("question", IVAN)]
    assert [dict(e.details) for e in reminded.history] == [{"person": OLGA}, {"person": IVAN}]

    said = answer(IVAN, Unclear("no_keyword"), line="No. 12")
    answered = record_answer(reminded.invoice, reference_of(again), said, None, rules, monday).invoice
    assert escalate(answered, rules, monday + timedelta(hours=71)) is None
    more = answer(IVAN, Unclear("no_keyword"), line="Any news?")
    chased = record_answer(answered, reference_of(again), more, None, rules, monday + timedelta(hours=70)).invoice
    late = escalate(chased, rules, monday + timedelta(hours=73))
    assert late is not None
    assert messages(late) == [("replaced", OLGA), ("approval_request", PETR)]


def test_the_one_who_came_in_has_the_same_time() -> None:
    rules = with_people(DEPUTY, Person(PETR, deputy=VERA), escalate_after=PATIENT)
    outcome = silent(rules)
    assert outcome is not None
    monday = NOON + timedelta(days=6)
    assert escalate(outcome.invoice, rules, monday) is None
    again = escalate(outcome.invoice, rules, monday + timedelta(days=2))
    assert again is not None
    assert mail(again, Message.APPROVAL_REQUEST).to == VERA


def asked_on_friday() -> Invoice:
    return opened().invoice.with_step(0, asked_at=FRIDAY, told_at=FRIDAY)


@pytest.mark.parametrize(
    ("later", "is_time"),
    [
        (timedelta(hours=24), False),
        (timedelta(days=2, hours=8), False),
        (timedelta(days=2, hours=23), False),
        (timedelta(days=3), True),
    ],
    ids=["Saturday", "Sunday", "Monday, too early", "Monday"],
)
def test_days_off_count_for_no_reminder_and_bring_none(later: timedelta, is_time: bool) -> None:
    assert bool(remind_approver(asked_on_friday(), company(), FRIDAY + later)) is is_time


def test_nobody_is_replaced_on_a_day_off_and_days_off_do_not_count() -> None:
    rules = with_people(DEPUTY, escalate_after=timedelta(hours=24))
    assert escalate(asked_on_friday(), rules, FRIDAY + timedelta(hours=40)) is None
    assert escalate(asked_on_friday(), rules, FRIDAY + timedelta(days=2, hours=23)) is None
    assert escalate(asked_on_friday(), rules, FRIDAY + timedelta(days=3)) is not None


def test_the_accountant_is_reminded_on_working_days() -> None:
    rules = company(sequence=(OLGA,))
    payable = approved(opened(rules, pay_date=date(2026, 12, 5)).invoice, OLGA, rules).invoice
    assert payable.payment is not None
    told = replace(payable, payment=replace(payable.payment, told_at=FRIDAY))
    assert remind_accountant(told, rules, FRIDAY + timedelta(days=1, hours=1)) is None
    assert remind_accountant(told, rules, FRIDAY + timedelta(days=3)) is not None


def test_an_hour_that_the_clock_skips_or_repeats_is_counted_as_it_passes() -> None:
    """In Berlin the night of 25 October 2026 has an hour more, that of 29 March one less."""
    berlin = ZoneInfo("Europe/Berlin")
    rules = company(timezone=berlin, is_working_day=lambda day: True)
    for day, hours in ((date(2026, 10, 25), 25), (date(2026, 3, 29), 23)):
        start, end = (datetime(d.year, d.month, d.day, tzinfo=berlin) for d in (day, day + timedelta(days=1)))
        assert rules.working_time(start, end) == timedelta(hours=hours)
