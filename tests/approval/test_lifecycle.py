"""The lifecycle is one table; whatever order answers come in, it is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from mailflow.approval import noticing
from mailflow.approval.answering import record_answer
from mailflow.approval.decision import (
    Approve,
    AskHelp,
    AskStatus,
    Delegate,
    DuplicateOk,
    Paid,
    Postpone,
    Question,
    Reject,
    Unclear,
    Withdraw,
)
from mailflow.approval.effects import Invitation, InviteMethod, Mail, Outcome
from mailflow.approval.invoice import Invoice, StepStatus
from mailflow.approval.lifecycle import FINAL, TRANSITIONS, Event, Status, after
from mailflow.approval.money import Money
from mailflow.approval.opening import open_invoice
from mailflow.approval.paying import move_unpaid, remind_accountant
from mailflow.approval.reference import Asks, Reference
from mailflow.approval.rsvp import CalendarReply, record_rsvp
from mailflow.approval.submission import Form
from mailflow.errors import Refusal
from tests.approval.company import (
    ANNA,
    DMITRY,
    IVAN,
    NOON,
    OLGA,
    PETR,
    answer,
    attachment,
    company,
    form,
    opened,
    reference_of,
    repeats,
)


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("event", list(Event))
def test_every_status_meets_every_event_as_the_table_says(status: Status, event: Event) -> None:
    expected = TRANSITIONS.get((status, event))
    assert after(status, event) is expected
    if status in FINAL:
        assert expected is None


def test_an_event_that_cannot_happen_is_an_error_and_never_a_silent_change() -> None:
    with pytest.raises(ValueError, match="cannot happen"):
        opened().invoice.after(Event.PAID)


def test_an_invoice_cannot_start_without_what_is_required() -> None:
    with pytest.raises(ValueError, match="without amount"):
        replace(opened().invoice, form=form(amount=None))


def test_only_one_approver_is_asked_at_a_time() -> None:
    invoice = opened().invoice
    with pytest.raises(ValueError, match="more than one"):
        invoice.with_step(1, status=StepStatus.ASKED)


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_money_is_positive_and_exact_or_nothing(amount: Decimal) -> None:
    try:
        money = Money(amount, "RUB")
    except (ValueError, ArithmeticError):
        return
    assert money.amount > 0
    assert Decimal(money.minor) == money.amount * 100


PEOPLE = (IVAN, OLGA, DMITRY, PETR, ANNA)
COMMANDS = st.one_of(
    st.builds(Approve, st.sampled_from(["", "fine"])),
    st.builds(Reject, st.sampled_from(["", "no contract"])),
    st.builds(Question, st.sampled_from(["", "why?"])),
    st.builds(Delegate, st.sampled_from([None, *PEOPLE, "who@elsewhere.example"])),
    st.builds(Withdraw),
    st.builds(AskStatus),
    st.builds(AskHelp),
    st.builds(Paid),
    st.builds(Postpone, st.sampled_from([None, date(2026, 11, 1), date(2026, 12, 24)])),
    st.builds(DuplicateOk, st.sampled_from(["", "two parts"])),
    st.builds(Unclear, st.sampled_from(["no_keyword", "condition"])),
)
FORMS = st.sampled_from(
    [Form(), Form(pay_date=date(2026, 12, 30)), Form(counterparty="Other"), form(amount=None), form()]
)
FILES = st.sampled_from([(), (), (attachment(),), (attachment("other"),)])


class Conversation(RuleBasedStateMachine):
    """Any order of late, repeated, lost and foreign answers, of bounces, calendar answers and passing days."""

    references: Bundle[Reference] = Bundle("references")

    @initialize(target=references, sender=st.sampled_from([IVAN, OLGA]), complete=st.booleans(), repeated=st.booleans())
    def submit(self, sender: str, complete: bool, repeated: bool) -> Reference:
        rules = company()
        self.rules = company(people={**rules.people, OLGA: replace(rules.person(OLGA), deputy=PETR)})
        self.now = NOON
        self.sequences: dict[tuple[str, str], int] = {}
        self.approved_digests: dict[tuple[int, str], str] = {}
        self.past = repeats("INV-2026-0000") if repeated else None
        fields = form() if complete else form(amount=None)
        outcome = open_invoice(
            "INV-2026-0001", sender, "Paper", fields, (attachment(),), self.past, self.rules, self.now
        )
        self.invoice: Invoice = outcome.invoice
        self._take(outcome)
        return reference_of(outcome.effects[0])

    @rule(target=references, given_out=references, own=st.booleans(), sender=st.sampled_from(PEOPLE), command=COMMANDS,
          fields=FORMS, files=FILES)  # fmt: skip
    def reply(
        self, given_out: Reference, own: bool, sender: str, command: object, fields: Form, files: tuple[object, ...]
    ) -> Reference:
        writer = given_out.person if own else sender
        before = self.invoice
        said = answer(writer, command, form=fields, attachments=files)  # type: ignore[arg-type]
        try:
            outcome = record_answer(before, given_out, said, self.past, self.rules, self.now)
        except Refusal:
            assert self.invoice == before
            return given_out
        if writer != given_out.person:
            assert outcome.invoice == before
        if not isinstance(command, Paid):
            assert before.status is Status.PAID or outcome.invoice.status is not Status.PAID
        if outcome.invoice.approvers_so_far != before.approvers_so_far and outcome.invoice.revision == before.revision:
            assert isinstance(command, Approve)
            assert given_out.digest == before.digest
        self._take(outcome)
        followers = [reference_of(e) for e in outcome.effects if e.invoice]
        return followers[-1] if followers else given_out

    @rule(days=st.integers(0, 40))
    def days_pass(self, days: int) -> None:
        self.now += timedelta(days=days)
        for clock_rule in (move_unpaid, noticing.remind_approver, remind_accountant):
            outcome = clock_rule(self.invoice, self.rules, self.now)
            if outcome:
                self._take(outcome)
                assert clock_rule(self.invoice, self.rules, self.now) is None

    @rule(
        attendee=st.sampled_from(PEOPLE), partstat=st.sampled_from(["ACCEPTED", "DECLINED"]), sequence=st.integers(0, 3)
    )
    def rsvp(self, attendee: str, partstat: str, sequence: int) -> None:
        before = self.invoice
        uid = before.invites[0].uid if before.invites else "none"
        outcome = record_rsvp(before, CalendarReply(uid, attendee, attendee, partstat, sequence))
        assert outcome.invoice.status is before.status
        assert outcome.invoice.steps == before.steps
        self._take(outcome)

    @rule(answered=references, is_absence=st.booleans(), who=st.sampled_from(PEOPLE))
    def automatic(self, answered: Reference, is_absence: bool, who: str) -> None:
        before = self.invoice
        outcome = noticing.record_automatic(before, answered, who, "a sign", is_absence, self.rules, self.now)
        assert outcome.invoice.status is before.status
        assert outcome.invoice.approvers_so_far == before.approvers_so_far
        self._take(outcome)

    @rule(recipient=st.sampled_from(PEOPLE))
    def bounce(self, recipient: str) -> None:
        before = self.invoice.status
        outcome = noticing.record_bounce(self.invoice, recipient, "approval_request", True, "5.1.1", self.rules)
        assert outcome.invoice.status is before
        self._take(outcome)

    def _take(self, outcome: Outcome) -> None:
        for effect in outcome.effects:
            assert isinstance(effect, Mail | Invitation)
            if isinstance(effect, Invitation):
                invite = next(i for i in effect.invoice.invites if i.attendee == effect.to)
                last = self.sequences.get((invite.uid, effect.to), -1)
                assert invite.sequence > last, "every calendar mail has a higher SEQUENCE than the one before"
                assert (effect.method is InviteMethod.CANCEL) == invite.cancelled
                self.sequences[invite.uid, effect.to] = invite.sequence
            elif effect.asks is Asks.APPROVAL:
                assert effect.to != self.invoice.submitter, "nobody approves their own invoice"
        self.invoice = outcome.invoice

    @invariant()
    def the_money_is_safe(self) -> None:
        invoice = self.invoice
        if invoice.status in (Status.TO_PAY, Status.PAID):
            deciding = [s for s in invoice.steps if s.status not in (StepStatus.SKIPPED, StepStatus.DELEGATED)]
            assert deciding
            assert all(s.status is StepStatus.APPROVED for s in deciding)
            assert invoice.submitter not in [s.approver for s in deciding]
        if invoice.status is Status.IN_APPROVAL:
            assert invoice.asked_step is not None
        if invoice.status is Status.REJECTED:
            assert invoice.rejection
            assert invoice.rejection.reason
        if invoice.status is not Status.TO_PAY and invoice.status is not Status.PAID:
            assert all(i.cancelled for i in invoice.invites)
        people = [s.approver for s in invoice.steps]
        assert len(people) == len(set(people)), "one person is asked once"


Conversation.TestCase.settings = settings(
    max_examples=300, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestConversation = Conversation.TestCase


def test_times_of_decisions_are_those_of_the_answer() -> None:
    decided: datetime | None = opened().invoice.steps[0].asked_at
    assert decided == NOON
