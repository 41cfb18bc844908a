"""What the portal should show follows from the invoice's history, and from nothing else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from mailflow.approval.answering import record_answer
from mailflow.approval.decision import Approve, Command, Delegate, Paid, Postpone, Question, Reject, Withdraw
from mailflow.approval.effects import Outcome, PortalChange, PortalKind, Showing
from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.paying import move_unpaid
from mailflow.approval.reference import Asks
from mailflow.outbound.portal import changes_after, from_the_beginning
from tests.approval.company import (
    ANNA,
    DMITRY,
    IVAN,
    NOON,
    OLGA,
    PAY_DAY,
    PETR,
    answer,
    attachment,
    company,
    opened,
    reference,
)

ALL = frozenset(PortalKind)


class Story:
    """An invoice that is saved after each step, as the jobs do it, and what the portal is told of each."""

    def __init__(self, **fields: object) -> None:
        self.told: list[PortalChange] = []
        self.invoice = self.keep(opened(**fields))  # type: ignore[arg-type]

    def keep(self, outcome: Outcome) -> Invoice:
        self.invoice = replace(outcome.invoice, version=outcome.invoice.version + 1)
        self.told = list(changes_after(replace(outcome, invoice=self.invoice), ALL, company(), NOON))
        return self.invoice

    def does(self, person: str, command: Command, asks: Asks = Asks.APPROVAL, **more: object) -> Story:
        step = self.invoice.asked_step if asks is Asks.APPROVAL else None
        said = answer(person, command, "line", **more)
        self.keep(record_answer(self.invoice, reference(self.invoice, person, asks, step), said, None, company(), NOON))
        return self

    def approved(self) -> Story:
        return self.does(OLGA, Approve("fine")).does(DMITRY, Approve())

    def shows(self, *kinds: Showing) -> list[PortalChange]:
        return [change for change in self.told if change.shows in kinds]

    def only(self, kind: Showing) -> PortalChange:
        (found,) = self.shows(kind)
        return found


def names(changes: Collection[PortalChange]) -> list[str]:
    return [change.shows.value for change in changes]


def test_a_new_invoice_shows_its_files_its_record_and_one_post_and_tells_whoever_is_asked() -> None:
    story = Story()
    assert names(story.told) == ["file", "record", "post", "readers", "notice"]
    assert story.only(Showing.POST).facts["readers"] == [IVAN, OLGA]
    assert story.only(Showing.NOTICE).facts["to"] == OLGA
    assert story.only(Showing.RECORD).facts == {"assignee": OLGA, "files": True}


def test_an_incomplete_invoice_has_a_record_already_but_no_post() -> None:
    story = Story(amount=None)
    assert names(story.told) == ["file", "record", "notice"]
    assert story.only(Showing.RECORD).facts["assignee"] == IVAN


def test_each_approval_is_told_under_the_post_and_in_the_timeline_and_the_next_one_is_asked() -> None:
    story = Story().does(OLGA, Approve("fine"))
    assert names(story.told) == ["record", "readers", "comment", "notice", "timeline"]
    assert story.only(Showing.COMMENT).facts["comment"] == "fine"
    assert story.only(Showing.READERS).facts["readers"] == [DMITRY]


def test_when_all_have_approved_the_accountant_gets_the_task_and_both_the_meeting() -> None:
    story = Story().approved()
    task, meeting = story.only(Showing.PAY_TASK), story.only(Showing.EVENT)
    assert (task.facts["responsible"], task.facts["auditors"]) == (ANNA, [IVAN])
    assert task.facts["deadline"] == "2026-12-15T19:00:00+03:00"
    assert meeting.facts == {"day": PAY_DAY.isoformat(), "attendees": [ANNA, IVAN]}
    assert {change.facts["to"] for change in story.shows(Showing.NOTICE)} == {ANNA, IVAN}


def test_what_people_are_pinged_about_is_there_before_they_are_pinged() -> None:
    order = names(Story().approved().told)
    assert order == sorted(order, key=[showing.value for showing in Showing].index)
    assert order[-1] == "timeline"


def test_an_unpaid_payment_moves_its_task_and_its_meeting_to_the_same_absolute_day() -> None:
    story = Story().approved()
    moved = move_unpaid(story.invoice, company(), NOON.replace(day=18))
    assert moved is not None
    story.keep(moved)
    assert story.only(Showing.EVENT_MOVED).facts["day"] == "2026-12-18"
    assert story.only(Showing.TASK_MOVED).facts["deadline"] == "2026-12-18T19:00:00+03:00"
    assert story.shows(Showing.EVENT, Showing.PAY_TASK) == []


def test_a_payment_that_the_accountant_postpones_moves_the_same_way() -> None:
    story = Story().approved().does(ANNA, Postpone(PAY_DAY.replace(day=20)), Asks.PAYMENT)
    assert story.only(Showing.EVENT_MOVED).facts["day"] == "2026-12-20"


def test_a_rejection_gives_the_submitter_a_task_with_the_reason_as_its_checklist_for_the_next_working_day() -> None:
    story = Story().does(OLGA, Reject("no contract; wrong sum"))
    task, checklist = story.only(Showing.REWORK_TASK), story.only(Showing.CHECKLIST)
    assert (task.facts["responsible"], task.facts["auditors"]) == (IVAN, [OLGA])
    assert task.facts["deadline"] == "2026-12-02T19:00:00+03:00"
    assert (checklist.about, checklist.facts["points"]) == (task.key, ["no contract", "wrong sum"])
    assert any(change.facts["to"] == IVAN for change in story.shows(Showing.NOTICE))


def test_the_accountants_rejection_ends_the_task_to_pay_and_the_meeting() -> None:
    story = Story().approved().does(ANNA, Reject("no money"), Asks.PAYMENT)
    assert story.only(Showing.TASK_ENDED).facts == {"why": "rejected", "void": True}
    assert story.only(Showing.EVENT_REMOVED).about == "INV-2026-0001:event:1"


def test_each_revision_has_tasks_and_a_meeting_of_its_own_but_the_invoice_has_one_post() -> None:
    story = Story().does(OLGA, Reject("wrong sum"))
    first = story.only(Showing.REWORK_TASK).key
    story.does(IVAN, Question(), Asks.CORRECTION, attachments=(attachment("corrected"),))
    assert story.invoice.revision == 2
    assert story.shows(Showing.POST) == []
    assert first in {change.about for change in story.shows(Showing.TASK_ENDED)}
    assert story.does(OLGA, Reject("again")).only(Showing.REWORK_TASK).key != first


def test_a_paid_invoice_ends_its_task_marks_its_meeting_and_tells_the_submitter() -> None:
    story = Story().approved().does(ANNA, Paid("PP 17"), Asks.PAYMENT)
    assert story.invoice.status is Status.PAID
    assert story.only(Showing.TASK_ENDED).facts == {"why": "paid", "void": False}
    assert story.only(Showing.EVENT_PAID).about == "INV-2026-0001:event:1"
    assert story.only(Showing.NOTICE).facts["to"] == IVAN
    assert story.only(Showing.COMMENT).facts["reference"] == "PP 17"


def test_a_withdrawn_invoice_leaves_no_task_and_no_meeting_open() -> None:
    story = Story().approved().does(IVAN, Withdraw("ordered twice"), Asks.NOTHING)
    assert {change.about for change in story.shows(Showing.TASK_ENDED, Showing.EVENT_REMOVED)} == {
        "INV-2026-0001:pay:1",
        "INV-2026-0001:rework:1",
        "INV-2026-0001:event:1",
    }


def test_a_step_that_is_handed_on_shows_who_decides_now() -> None:
    story = Story().does(OLGA, Delegate(PETR))
    assert story.only(Showing.RECORD).facts["assignee"] == PETR
    assert story.only(Showing.NOTICE).facts["to"] == PETR


def test_a_question_is_told_to_the_submitter() -> None:
    assert Story().does(OLGA, Question("why?")).only(Showing.NOTICE).facts["to"] == IVAN


@pytest.mark.parametrize("kind", PortalKind)
def test_every_kind_can_be_switched_off_by_itself(kind: PortalKind) -> None:
    outcome = opened()
    told = changes_after(outcome, ALL - {kind}, company(), NOON)
    assert kind not in {change.shows.kind for change in told}
    assert [c for c in changes_after(outcome, ALL, company(), NOON) if c.shows.kind is not kind] == list(told)


def test_no_two_changes_ever_have_the_same_key_but_those_that_show_the_same_thing() -> None:
    story, keys = Story(), list[str]()
    keys += [c.key for c in story.told]
    for person, command, asks in (
        (OLGA, Question("why?"), Asks.APPROVAL),
        (OLGA, Approve(), Asks.APPROVAL),
        (DMITRY, Approve(), Asks.APPROVAL),
        (ANNA, Postpone(PAY_DAY.replace(day=20)), Asks.PAYMENT),
        (ANNA, Paid(), Asks.PAYMENT),
    ):
        keys += [c.key for c in story.does(person, command, asks).told]
    assert len(keys) == len(set(keys))


def test_every_comment_of_an_invoice_carries_a_mark_of_its_own() -> None:
    story, marks = Story(), list[object]()
    for person, command in ((OLGA, Approve()), (DMITRY, Approve())):
        marks += [c.facts["mark"] for c in story.does(person, command).shows(Showing.COMMENT)]
    assert marks == ["INV-2026-0001/2", "INV-2026-0001/3", "INV-2026-0001/3.2"]


@pytest.mark.parametrize(
    ("until", "shown"),
    [
        (lambda s: s, ["file", "record", "post"]),
        (lambda s: s.approved(), ["file", "record", "post", "pay_task", "event"]),
        (lambda s: s.does(OLGA, Reject("no")), ["file", "record", "post", "rework_task", "checklist"]),
    ],
)
def test_an_invoice_that_was_under_way_before_the_portal_came_is_shown_as_it_stands(until, shown) -> None:  # type: ignore[no-untyped-def]
    story = until(Story())
    assert sorted(names(from_the_beginning(story.invoice, ALL, company(), NOON))) == sorted(shown)
