"""The process, rule by rule, on the centre alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from mailflow.approval import noticing
from mailflow.approval.answering import record_answer
from mailflow.approval.company import UnpaidMovesTo
from mailflow.approval.deciding import reassign
from mailflow.approval.decision import (
    Approve,
    Command,
    Delegate,
    DuplicateOk,
    Paid,
    Postpone,
    Question,
    Reject,
    Unclear,
    Withdraw,
)
from mailflow.approval.effects import Invitation, InviteMethod, Message, Outcome
from mailflow.approval.invoice import Invoice, StepStatus
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money
from mailflow.approval.opening import open_invoice
from mailflow.approval.paying import move_unpaid, remind_accountant
from mailflow.approval.reference import Asks, Reference
from mailflow.approval.replying import points
from mailflow.approval.submission import Field, Form, Problem, RouteKind
from mailflow.errors import Refusal
from tests.approval.company import (
    ADMIN,
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
    form,
    mail,
    messages,
    opened,
    reference,
    reference_of,
    repeats,
)


def approve(invoice: Invoice, person: str, command: Command | None = None) -> Outcome:
    index = invoice.asked_step
    given = reference(invoice, person, Asks.APPROVAL, index)
    return record_answer(invoice, given, answer(person, command or Approve()), None, company(), NOON)


def to_pay() -> Invoice:
    return approve(approve(opened().invoice, OLGA).invoice, DMITRY).invoice


def pay(invoice: Invoice, command: Command, sender: str = ANNA) -> Outcome:
    return record_answer(
        invoice, reference(invoice, ANNA, Asks.PAYMENT), answer(sender, command), None, company(), NOON
    )


def test_a_complete_submission_is_acknowledged_and_the_first_approver_is_asked() -> None:
    outcome = opened()
    assert outcome.invoice.status is Status.IN_APPROVAL
    assert messages(outcome) == [("acknowledgement", IVAN), ("approval_request", OLGA)]
    assert mail(outcome, Message.APPROVAL_REQUEST).attachments == (attachment(),)
    assert [s.status for s in outcome.invoice.steps] == [StepStatus.ASKED, StepStatus.WAITING]


def test_the_subject_is_the_title_when_no_line_gives_one() -> None:
    assert opened().invoice.title == "Paper for December"
    assert opened(title="Toner").invoice.title == "Toner"


@pytest.mark.parametrize("field", [Field.COUNTERPARTY, Field.AMOUNT, Field.PAY_DATE])
def test_a_missing_field_is_asked_for_in_one_mail_and_the_invoice_waits(field: Field) -> None:
    outcome = opened(**{field.value: None})
    assert outcome.invoice.status is Status.INCOMPLETE
    assert messages(outcome) == [("incomplete", IVAN)]
    assert outcome.invoice.problems == (Problem(field, "missing"),)


def test_a_submission_without_a_file_waits_for_one() -> None:
    outcome = open_invoice("INV-2026-0001", IVAN, "Paper", form(), (), None, company(), NOON)
    assert outcome.invoice.problems == (Problem(Field.FILES, "missing"),)


def test_an_empty_file_is_no_file_and_is_named() -> None:
    empty = replace(attachment(), size=0)
    outcome = open_invoice("INV-2026-0001", IVAN, "Paper", form(), (empty,), None, company(), NOON)
    assert outcome.invoice.problems == (Problem(Field.FILES, "empty_file", "invoice.pdf"),)


def test_a_pay_date_that_is_past_when_the_approval_would_start_is_asked_for_again() -> None:
    outcome = opened(pay_date=date(2026, 11, 30))
    assert outcome.invoice.problems == (Problem(Field.PAY_DATE, "past", "2026-11-30"),)


def test_the_reply_needs_to_hold_only_the_missing_lines() -> None:
    waiting = opened(amount=None, problems=(Problem(Field.AMOUNT, "ambiguous", "1.234"),))
    reply = answer(IVAN, Unclear("no_keyword"), form=Form(amount=form().amount))
    given = reference_of(mail(waiting, Message.INCOMPLETE))
    outcome = record_answer(waiting.invoice, given, reply, None, company(), NOON)
    assert outcome.invoice.status is Status.IN_APPROVAL
    assert outcome.invoice.revision == 1
    assert outcome.invoice.counterparty == "ООО «Ромашка»"


def test_a_repeated_file_waits_until_the_submitter_gives_a_reason() -> None:
    held = open_invoice(
        "INV-2026-0002", IVAN, "Again", form(), (attachment(),), repeats("INV-2026-0001"), company(), NOON
    )
    assert held.invoice.status is Status.INCOMPLETE
    assert messages(held) == [("repeated", IVAN)]
    given = reference_of(mail(held, Message.REPEATED))
    silent = record_answer(held.invoice, given, answer(IVAN, DuplicateOk()), repeats("INV-2026-0001"), company(), NOON)
    assert mail(silent, Message.UNCLEAR).extra["why"] == "reason_missing"
    going_on = record_answer(held.invoice, given, answer(IVAN, DuplicateOk("two parts")), None, company(), NOON)
    assert going_on.invoice.status is Status.IN_APPROVAL
    request = mail(going_on, Message.APPROVAL_REQUEST)
    assert request.invoice
    assert request.invoice.repeat
    assert request.invoice.repeat.reason == "two parts"


def test_nobody_approves_their_own_invoice() -> None:
    outcome = opened(sender=OLGA)
    assert [s.status for s in outcome.invoice.steps] == [StepStatus.SKIPPED, StepStatus.ASKED]
    assert mail(outcome, Message.APPROVAL_REQUEST).to == DMITRY


def test_one_person_is_asked_once() -> None:
    outcome = opened(company(sequence=(OLGA, DMITRY, OLGA)))
    assert [s.approver for s in outcome.invoice.steps] == [OLGA, DMITRY]


def test_by_hierarchy_the_heads_are_asked_upwards() -> None:
    outcome = opened(route=RouteKind.HIERARCHY)
    assert [s.approver for s in outcome.invoice.steps] == [OLGA, DMITRY]


def test_heads_that_lead_in_a_circle_are_asked_once_each() -> None:
    rules = company()
    people = {**rules.people, DMITRY: replace(rules.people[DMITRY], manager=OLGA)}
    assert [s.approver for s in opened(company(people=people), route=RouteKind.HIERARCHY).invoice.steps] == [
        OLGA,
        DMITRY,
    ]


@pytest.mark.parametrize("rules", [company(sequence=(IVAN,)), company(default_route=RouteKind.HIERARCHY, people={})])
def test_an_empty_chain_is_an_error_that_submitter_and_administrator_are_told(rules: object) -> None:
    outcome = opened(rules)  # type: ignore[arg-type]
    assert outcome.invoice.status is Status.INCOMPLETE
    assert messages(outcome) == [("no_approver", IVAN), ("no_approver", ADMIN)]


def test_each_approval_is_confirmed_and_the_next_approver_is_asked() -> None:
    outcome = approve(opened().invoice, OLGA, Approve("fine with me"))
    assert messages(outcome) == [("decision_taken", OLGA), ("approval_request", DMITRY)]
    assert outcome.invoice.steps[0].comment == "fine with me"


def test_when_all_have_approved_the_accountant_is_asked_and_both_calendars_get_the_date() -> None:
    first = approve(opened().invoice, OLGA).invoice
    outcome = approve(first, DMITRY)
    assert outcome.invoice.status is Status.TO_PAY
    assert messages(outcome) == [
        ("decision_taken", DMITRY),
        ("approved", IVAN),
        ("pay_request", ANNA),
        ("invite REQUEST", ANNA),
        ("invite REQUEST", IVAN),
    ]
    assert len({i.uid for i in outcome.invoice.invites}) == 1
    assert outcome.invoice.payment
    assert outcome.invoice.payment.due == PAY_DAY


def test_a_rejection_needs_a_reason_and_the_step_stays_open_until_it_has_one() -> None:
    invoice = opened().invoice
    outcome = approve(invoice, OLGA, Reject())
    assert outcome.invoice == invoice
    unclear = mail(outcome, Message.UNCLEAR)
    assert (unclear.extra["why"], unclear.asks, unclear.step) == ("reason_missing", Asks.APPROVAL, 0)


def test_a_rejection_ends_the_process_with_work_on_errors_and_tells_earlier_approvers() -> None:
    outcome = approve(approve(opened().invoice, OLGA).invoice, DMITRY, Reject("no contract; wrong sum"))
    assert outcome.invoice.status is Status.REJECTED
    assert messages(outcome) == [("decision_taken", DMITRY), ("work_on_errors", IVAN), ("rejected", OLGA)]
    assert mail(outcome, Message.WORK_ON_ERRORS).extra["points"] == ["no contract", "wrong sum"]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("no contract", ["no contract"]),
        ("1. no contract\n2) wrong sum", ["no contract", "wrong sum"]),
        ("- no contract\n- wrong sum\n", ["no contract", "wrong sum"]),
        ("15 % too much", ["15 % too much"]),
        (";", [";"]),
    ],
)
def test_each_point_of_the_reason_is_one_item_of_the_checklist(reason: str, expected: list[str]) -> None:
    assert points(reason) == expected


def test_replying_to_work_on_errors_with_corrected_lines_starts_the_next_revision_that_shows_the_change() -> None:
    rejected = approve(opened().invoice, OLGA, Reject("wrong sum"))
    given = reference_of(mail(rejected, Message.WORK_ON_ERRORS))
    cheaper = answer(IVAN, Unclear("no_keyword"), form=Form(pay_date=date(2026, 12, 20)))
    outcome = record_answer(rejected.invoice, given, cheaper, None, company(), NOON)
    assert (outcome.invoice.revision, outcome.invoice.status) == (2, Status.IN_APPROVAL)
    assert [(c.field, c.before, c.after) for c in outcome.invoice.changes] == [
        (Field.PAY_DATE, "2026-12-15", "2026-12-20")
    ]
    assert messages(outcome) == [("acknowledgement", IVAN), ("approval_request", OLGA)]


def test_a_reply_that_changes_nothing_is_no_correction() -> None:
    rejected = approve(opened().invoice, OLGA, Reject("wrong sum"))
    given = reference_of(mail(rejected, Message.WORK_ON_ERRORS))
    for same in (Form(), form()):
        outcome = record_answer(
            rejected.invoice, given, answer(IVAN, Unclear("no_keyword"), form=same), None, company(), NOON
        )
        assert mail(outcome, Message.UNCLEAR).extra["why"] == "nothing_new"
        assert mail(outcome, Message.UNCLEAR).asks is Asks.CORRECTION


def test_any_change_voids_the_approvals_so_far_and_every_reference_given_out() -> None:
    running = approve(opened().invoice, OLGA).invoice
    old = reference(running, DMITRY, Asks.APPROVAL, 1)
    acknowledged = reference(running, IVAN, Asks.NOTHING)
    other_file = answer(IVAN, Unclear("no_keyword"), attachments=(attachment("corrected"),))
    outcome = record_answer(running, acknowledged, other_file, None, company(), NOON)
    assert (outcome.invoice.revision, outcome.invoice.approvers_so_far) == (2, ())
    assert messages(outcome) == [("acknowledgement", IVAN), ("approval_request", OLGA), ("replaced", DMITRY)]
    with pytest.raises(Refusal, match="changed_since"):
        record_answer(outcome.invoice, old, answer(DMITRY, Approve()), None, company(), NOON)


def test_a_change_after_approval_takes_the_payment_out_of_the_calendars() -> None:
    payable = to_pay()
    later = answer(IVAN, Unclear("no_keyword"), form=Form(pay_date=date(2026, 12, 20)))
    outcome = record_answer(payable, reference(payable, IVAN, Asks.NOTHING), later, None, company(), NOON)
    cancelled = [e for e in outcome.effects if isinstance(e, Invitation)]
    assert {(e.to, e.method) for e in cancelled} == {(ANNA, InviteMethod.CANCEL), (IVAN, InviteMethod.CANCEL)}
    assert all(i.sequence == 1 for e in cancelled for i in e.invoice.invites)
    assert mail(outcome, Message.REPLACED, ANNA)


def test_an_answer_counts_only_from_the_person_who_was_asked() -> None:
    invoice = opened().invoice
    given = reference(invoice, OLGA, Asks.APPROVAL, 0)
    with pytest.raises(Refusal, match="wrong_person") as refusal:
        record_answer(invoice, given, answer(PETR, Approve()), None, company(), NOON)
    assert refusal.value.facts["by"] == OLGA


def test_the_submitter_cannot_decide_under_an_approvers_reference() -> None:
    invoice = opened().invoice
    with pytest.raises(Refusal, match="wrong_person"):
        record_answer(
            invoice, reference(invoice, OLGA, Asks.APPROVAL, 0), answer(IVAN, Approve()), None, company(), NOON
        )


def test_a_second_answer_is_told_by_whom_and_when_it_was_decided() -> None:
    decided = approve(opened().invoice, OLGA).invoice
    with pytest.raises(Refusal, match="already_decided") as refusal:
        record_answer(
            decided, reference(decided, OLGA, Asks.APPROVAL, 0), answer(OLGA, Reject("no")), None, company(), NOON
        )
    assert refusal.value.facts == {"by": OLGA, "at": NOON.isoformat()}


def test_a_question_goes_to_the_submitter_and_the_answer_comes_back_with_the_request() -> None:
    asked = approve(opened().invoice, OLGA, Question("Which contract?"))
    assert asked.invoice.status is Status.IN_APPROVAL
    question = mail(asked, Message.QUESTION)
    assert (question.to, question.extra["from"], question.asks) == (IVAN, OLGA, Asks.ANSWER)
    said = answer(IVAN, Unclear("no_keyword"), line="Contract 12", attachments=(attachment("contract"),))
    answered = record_answer(asked.invoice, reference_of(question), said, None, company(), NOON)
    back = mail(answered, Message.ANSWER)
    assert (back.to, back.asks, back.step) == (OLGA, Asks.APPROVAL, 0)
    assert back.extra["question"] == "Which contract?"
    assert back.extra["answer"] == "Contract 12"
    assert back.attachments == (attachment(), attachment("contract"))
    assert answered.invoice.digest == asked.invoice.digest


def test_delegate_hands_the_step_on_and_the_replaced_approver_can_decide_nothing() -> None:
    invoice = opened().invoice
    outcome = approve(invoice, OLGA, Delegate(PETR))
    assert [(s.approver, s.status) for s in outcome.invoice.steps] == [
        (OLGA, StepStatus.DELEGATED),
        (PETR, StepStatus.ASKED),
        (DMITRY, StepStatus.WAITING),
    ]
    assert mail(outcome, Message.APPROVAL_REQUEST, PETR).extra["delegated_by"] == OLGA
    with pytest.raises(Refusal, match="replaced"):
        record_answer(
            outcome.invoice, reference(invoice, OLGA, Asks.APPROVAL, 0), answer(OLGA, Approve()), None, company(), NOON
        )


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (None, "address_missing"),
        (IVAN, "address_submitter"),
        (DMITRY, "address_decided"),
        ("stranger@elsewhere.example", "address_unknown"),
    ],
)
def test_delegation_stays_within_the_people_known(address: str | None, why: str) -> None:
    invoice = opened().invoice
    outcome = approve(invoice, OLGA, Delegate(address))
    assert outcome.invoice == invoice
    assert mail(outcome, Message.UNCLEAR).extra["why"] == why


def test_an_unclear_answer_decides_nothing_and_shows_the_line_that_was_read() -> None:
    invoice = opened().invoice
    given = reference(invoice, OLGA, Asks.APPROVAL, 0)
    outcome = record_answer(
        invoice, given, answer(OLGA, Unclear("condition"), "approve if cheaper"), None, company(), NOON
    )
    assert outcome.invoice == invoice
    assert mail(outcome, Message.UNCLEAR).extra == {"line": "approve if cheaper", "why": "condition"}


def test_withdraw_ends_it_and_tells_everybody_engaged() -> None:
    payable = to_pay()
    outcome = record_answer(
        payable, reference(payable, IVAN, Asks.NOTHING), answer(IVAN, Withdraw("mistake")), None, company(), NOON
    )
    assert outcome.invoice.status is Status.WITHDRAWN
    assert messages(outcome) == [
        ("decision_taken", IVAN),
        ("withdrawn", OLGA),
        ("withdrawn", DMITRY),
        ("withdrawn", ANNA),
        ("invite CANCEL", ANNA),
        ("invite CANCEL", IVAN),
    ]


def withdrawn_with_a_question() -> tuple[Invoice, Reference]:
    """Olga had asked the submitter something, who then withdrew the invoice; the question's reference."""
    asked = approve(opened().invoice, OLGA, Question("Which contract?"))
    question = reference_of(mail(asked, Message.QUESTION))
    withdrawal = answer(IVAN, Withdraw())
    gone = record_answer(asked.invoice, reference(asked.invoice, IVAN, Asks.NOTHING), withdrawal, None, company(), NOON)
    return gone.invoice, question


def test_nobody_is_asked_about_a_withdrawn_invoice_though_its_question_is_answered() -> None:
    gone, question = withdrawn_with_a_question()
    with pytest.raises(Refusal, match="withdrawn"):
        record_answer(gone, question, answer(IVAN, Unclear("no_keyword"), line="No. 12"), None, company(), NOON)


def test_a_withdrawn_invoice_says_that_it_waits_for_nobody() -> None:
    gone, _ = withdrawn_with_a_question()
    assert gone.asked_step is None


def test_who_was_asked_last_is_told_that_the_invoice_is_withdrawn_and_not_asked_again() -> None:
    gone, _ = withdrawn_with_a_question()
    with pytest.raises(Refusal, match="withdrawn"):
        record_answer(gone, reference(gone, OLGA, Asks.NOTHING), answer(OLGA, Approve()), None, company(), NOON)


def test_nobody_but_the_submitter_withdraws() -> None:
    invoice = opened().invoice
    outcome = approve(invoice, OLGA, Withdraw())
    assert outcome.invoice == invoice


def test_paid_ends_the_process_and_everybody_is_told() -> None:
    proof = attachment("proof")
    payable = to_pay()
    outcome = record_answer(
        payable,
        reference(payable, ANNA, Asks.PAYMENT),
        answer(ANNA, Paid("order 77"), attachments=(proof,)),
        None,
        company(),
        NOON,
    )
    assert outcome.invoice.status is Status.PAID
    assert outcome.invoice.payment
    assert outcome.invoice.payment.reference == "order 77"
    assert mail(outcome, Message.PAID, IVAN).attachments == (proof,)
    assert mail(outcome, Message.PAID, OLGA)
    assert [e.invoice.invites[0].sequence for e in outcome.effects if isinstance(e, Invitation)] == [1, 1]


def test_paid_counts_only_from_the_accountant_and_once() -> None:
    payable = to_pay()
    with pytest.raises(Refusal, match="wrong_person"):
        pay(payable, Paid(), sender=OLGA)
    with pytest.raises(Refusal, match="paid"):
        pay(pay(payable, Paid()).invoice, Paid())


def test_paid_before_all_have_approved_changes_nothing() -> None:
    with pytest.raises(Refusal, match="not_yet"):
        pay(opened().invoice, Paid())


def test_the_accountant_postpones_by_hand_with_the_same_uid_and_the_next_sequence() -> None:
    payable = to_pay()
    outcome = pay(payable, Postpone(date(2026, 12, 22)))
    assert outcome.invoice.payment
    assert outcome.invoice.payment.due == date(2026, 12, 22)
    assert outcome.invoice.payment.shifts == 0
    assert {(i.uid, i.sequence) for i in outcome.invoice.invites} == {(payable.invites[0].uid, 1)}


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (Postpone(None, ""), "date_missing"),
        (Postpone(None, "soon"), "date_unreadable"),
        (Postpone(date(2026, 11, 30)), "date_past"),
        (Reject(), "reason_missing"),
        (Approve(), "no_keyword"),
    ],
)
def test_an_accountants_answer_that_lacks_something_is_asked_for_again(command: Command, why: str) -> None:
    payable = to_pay()
    outcome = pay(payable, command)
    assert outcome.invoice == payable
    assert mail(outcome, Message.UNCLEAR).extra["why"] == why


def test_the_accountant_refuses_with_a_reason_as_an_approver_does() -> None:
    outcome = pay(to_pay(), Reject("account closed"))
    assert outcome.invoice.status is Status.REJECTED
    assert mail(outcome, Message.WORK_ON_ERRORS)
    assert {e.method for e in outcome.effects if isinstance(e, Invitation)} == {InviteMethod.CANCEL}


@pytest.mark.parametrize(
    ("rule", "days_later", "due"),
    [
        (UnpaidMovesTo.NEXT_DAY, 1, date(2026, 12, 16)),
        (UnpaidMovesTo.NEXT_DAY, 3, date(2026, 12, 18)),
        (UnpaidMovesTo.NEXT_DAY, 4, date(2026, 12, 19)),
        (UnpaidMovesTo.NEXT_WORKING_DAY, 4, date(2026, 12, 21)),
    ],
)
def test_an_unpaid_payment_moves_in_one_step_however_long_the_daemon_was_down(
    rule: UnpaidMovesTo, days_later: int, due: date
) -> None:
    rules = company(unpaid_moves_to=rule)
    then = NOON + timedelta(days=14 + days_later)
    outcome = move_unpaid(to_pay(), rules, then)
    assert outcome is not None
    assert outcome.invoice.payment
    assert outcome.invoice.payment.due == due
    assert messages(outcome) == [("invite REQUEST", ANNA), ("invite REQUEST", IVAN)]
    assert {i.sequence for i in outcome.invoice.invites} == {1}
    assert move_unpaid(outcome.invoice, rules, then) is None


def test_the_day_ends_in_the_companys_time_zone() -> None:
    payable = to_pay()
    end_of_day_in_moscow = NOON.replace(day=15, hour=21)
    assert move_unpaid(payable, company(), end_of_day_in_moscow - timedelta(minutes=1)) is None
    assert move_unpaid(payable, company(), end_of_day_in_moscow) is not None


def test_an_approver_who_is_silent_is_reminded_once_in_the_hours_of_the_settings() -> None:
    invoice = opened().invoice
    assert noticing.remind_approver(invoice, company(), NOON + timedelta(hours=23)) is None
    reminded = noticing.remind_approver(invoice, company(), NOON + timedelta(hours=25))
    assert reminded is not None
    assert messages(reminded) == [("approval_reminder", OLGA)]
    assert noticing.remind_approver(reminded.invoice, company(), NOON + timedelta(hours=26)) is None


def test_the_accountant_is_reminded_when_the_pay_date_has_come() -> None:
    payable = to_pay()
    assert remind_accountant(payable, company(), NOON + timedelta(days=13)) is None
    reminded = remind_accountant(payable, company(), NOON + timedelta(days=14))
    assert reminded is not None
    assert messages(reminded) == [("pay_reminder", ANNA)]
    assert remind_accountant(reminded.invoice, company(), NOON + timedelta(days=14, hours=1)) is None


def test_a_bounce_marks_the_invoice_and_tells_administrator_and_submitter_once() -> None:
    invoice = opened().invoice
    outcome = noticing.record_bounce(invoice, OLGA, "approval_request", True, "5.1.1 no such user", company())
    assert messages(outcome) == [("not_delivered", IVAN), ("not_delivered", ADMIN)]
    assert [str(w) for w in outcome.invoice.warnings] == [f"not delivered: {OLGA} (5.1.1 no such user)"]
    again = noticing.record_bounce(outcome.invoice, OLGA, "approval_request", True, "5.1.1 no such user", company())
    assert again.effects == ()


def test_a_temporary_delay_is_only_noted() -> None:
    outcome = noticing.record_bounce(opened().invoice, OLGA, "approval_request", False, "4.4.1 later", company())
    assert outcome.effects == ()


def test_a_decision_under_a_mail_that_asked_for_none_is_asked_for_again() -> None:
    """It may not have shown what would be decided on: a refusal, a status, a confirmation."""
    running = opened().invoice
    under_notice = reference(running, OLGA, Asks.NOTHING)
    outcome = record_answer(running, under_notice, answer(OLGA, Approve()), None, company(), NOON)
    assert outcome.invoice == running
    again = mail(outcome, Message.UNCLEAR)
    assert (again.asks, again.step, again.extra["why"]) == (Asks.APPROVAL, 0, "not_the_request")
    with pytest.raises(Refusal, match="not_asked"):
        record_answer(
            running, reference(running, DMITRY, Asks.NOTHING), answer(DMITRY, Approve()), None, company(), NOON
        )
    payable = to_pay()
    outcome = record_answer(
        payable, reference(payable, ANNA, Asks.NOTHING), answer(ANNA, Paid()), None, company(), NOON
    )
    assert outcome.invoice.status is Status.TO_PAY


def test_the_differences_are_those_to_what_was_shown_however_many_mails_the_correction_took() -> None:
    rejected = approve(opened().invoice, OLGA, Reject("wrong sum"))
    given = reference_of(mail(rejected, Message.WORK_ON_ERRORS))
    unreadable = answer(IVAN, Unclear("no_keyword"), form=Form(problems=(Problem(Field.AMOUNT, "unreadable", "6oo"),)))
    waiting = record_answer(rejected.invoice, given, unreadable, None, company(), NOON)
    assert waiting.invoice.status is Status.INCOMPLETE
    cheaper = answer(IVAN, Unclear("no_keyword"), form=Form(amount=Money(Decimal(600), "RUB")))
    given = reference_of(mail(waiting, Message.INCOMPLETE))
    outcome = record_answer(waiting.invoice, given, cheaper, None, company(), NOON)
    assert [(c.field, c.before, c.after) for c in outcome.invoice.changes] == [
        (Field.AMOUNT, "125000.00 RUB", "600.00 RUB")
    ]


def test_a_file_that_came_before_is_exchanged_for_the_right_one() -> None:
    held = open_invoice(
        "INV-2026-0002", IVAN, "Again", form(), (attachment(),), repeats("INV-2026-0001"), company(), NOON
    )
    given = reference_of(mail(held, Message.REPEATED))
    right = answer(IVAN, Unclear("empty"), attachments=(attachment("right"),))
    outcome = record_answer(held.invoice, given, right, None, company(), NOON)
    assert outcome.invoice.status is Status.IN_APPROVAL
    assert outcome.invoice.attachments == (attachment("right"),)
    assert outcome.invoice.repeat is None


def test_when_there_are_approvers_at_last_any_reply_starts_the_invoice() -> None:
    waiting = opened(company(sequence=(IVAN,)))
    given = reference_of(mail(waiting, Message.NO_APPROVER, IVAN))
    outcome = record_answer(waiting.invoice, given, answer(IVAN, Unclear("no_keyword")), None, company(), NOON)
    assert outcome.invoice.status is Status.IN_APPROVAL


def test_a_head_who_is_named_only_as_a_manager_is_known() -> None:
    rules = company()
    people = {IVAN: replace(rules.people[IVAN], manager="boss@elsewhere.example")}
    assert company(people=people, submitters=()).knows("boss@elsewhere.example")


def test_the_administrator_gives_a_running_invoice_another_approver() -> None:
    invoice = opened().invoice
    outcome = reassign(invoice, OLGA, PETR, company(), NOON)
    assert messages(outcome) == [("replaced", OLGA), ("approval_request", PETR)]
    assert [(s.approver, s.status) for s in outcome.invoice.steps] == [
        (OLGA, StepStatus.DELEGATED),
        (PETR, StepStatus.ASKED),
        (DMITRY, StepStatus.WAITING),
    ]
    assert outcome.history[0].details == {"from": OLGA, "to": PETR}
    with pytest.raises(Refusal, match="replaced"):
        record_answer(
            outcome.invoice, reference(invoice, OLGA, Asks.APPROVAL, 0), answer(OLGA, Approve()), None, company(), NOON
        )


def test_an_approver_who_is_not_asked_yet_is_replaced_without_a_mail() -> None:
    outcome = reassign(opened().invoice, DMITRY, PETR, company(), NOON)
    assert outcome.effects == ()
    assert mail(approve(outcome.invoice, OLGA), Message.APPROVAL_REQUEST).to == PETR


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (PETR, ANNA, "not_asked"),
        (OLGA, IVAN, "address_submitter"),
        (OLGA, DMITRY, "address_decided"),
        (OLGA, "who@elsewhere.example", "address_unknown"),
    ],
)
def test_a_replacement_that_cannot_be_is_refused(old: str, new: str, why: str) -> None:
    with pytest.raises(Refusal, match=why):
        reassign(opened().invoice, old, new, company(), NOON)
