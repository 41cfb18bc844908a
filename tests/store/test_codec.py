"""An invoice or effect that was written down is read back equal (house: the outbox keeps facts)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mailflow.approval.effects import Effect, Invitation, InviteMethod, Mail, Message
from mailflow.approval.invoice import (
    Caution,
    Change,
    Invite,
    Invoice,
    Payment,
    Rejection,
    Repeat,
    Step,
    StepStatus,
)
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money, currency_digits
from mailflow.approval.reference import Asks
from mailflow.approval.submission import Attachment, Field, Form, Problem, RouteKind, Source
from mailflow.store.codec import effect_document, invoice_document, read_effect, read_invoice
from tests.approval.company import opened

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
moments = st.datetimes(
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=3))]),
)
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
amounts = st.builds(
    lambda minor, currency: Money(Decimal(minor).scaleb(-currency_digits(currency)), currency),
    st.integers(1, 10**15),
    st.sampled_from(["RUB", "JPY", "KWD", "EUR"]),
)
attachments = st.builds(Attachment, texts, texts, st.integers(0, 10**9), hashes)
problems = st.builds(Problem, st.sampled_from(Field), texts, texts)


def tuples(values: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(values, max_size=3).map(tuple)


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


forms = st.builds(
    Form,
    title=maybe(texts),
    counterparty=maybe(texts),
    amount=maybe(amounts),
    pay_date=maybe(st.dates()),
    comment=maybe(texts),
    route=maybe(st.sampled_from(RouteKind)),
    problems=tuples(problems),
    unknown_labels=tuples(texts),
)
steps = st.builds(
    Step,
    approver=texts,
    status=st.sampled_from([s for s in StepStatus if s is not StepStatus.ASKED]),
    asked_at=maybe(moments),
    told_at=maybe(moments),
    decided_at=maybe(moments),
    comment=texts,
    delegated_to=maybe(texts),
)
invoices = st.builds(
    Invoice,
    number=texts,
    submitter=texts,
    accountant=texts,
    created_at=moments,
    form=forms,
    attachments=tuples(attachments),
    status=st.sampled_from([Status.INCOMPLETE, Status.REJECTED, Status.WITHDRAWN]),
    revision=st.integers(1, 99),
    sources=st.dictionaries(st.sampled_from(Field), st.sampled_from(Source)),
    route=st.sampled_from(RouteKind),
    steps=tuples(steps),
    changes=tuples(st.builds(Change, st.sampled_from(Field), texts, texts)),
    repeat=maybe(st.builds(Repeat, texts, st.sampled_from(Status), maybe(texts))),
    rejection=maybe(st.builds(Rejection, texts, texts, moments)),
    payment=maybe(st.builds(Payment, st.dates(), moments, moments, st.integers(0, 99), maybe(moments), maybe(texts))),
    invites=tuples(st.builds(Invite, texts, texts, st.integers(0, 99), texts, st.booleans())),
    warnings=tuples(st.builds(Caution, texts, texts)),
    question=texts,
    version=st.integers(0, 10**6),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
mails = st.builds(
    Mail,
    to=texts,
    message=st.sampled_from(Message),
    invoice=maybe(invoices),
    asks=st.sampled_from(Asks),
    step=maybe(st.integers(0, 9)),
    extra=st.dictionaries(texts, json_values, max_size=3),
    attachments=tuples(attachments),
)
invitations = st.builds(Invitation, texts, invoices, st.sampled_from(InviteMethod))


@given(invoices)
def test_an_invoice_is_read_back_equal_with_every_field_of_its_own_type(invoice: Invoice) -> None:
    assert read_invoice(invoice_document(invoice)) == invoice


@given(invoices)
def test_what_decisions_are_bound_to_survives_the_database(invoice: Invoice) -> None:
    assert read_invoice(invoice_document(invoice)).digest == invoice.digest


@given(mails | invitations)
def test_an_effect_is_read_back_equal_and_of_its_own_kind(effect: Effect) -> None:
    read = read_effect(effect_document(effect))
    assert read == effect
    assert type(read) is type(effect)


@given(invoices)
def test_a_document_holds_no_nul_which_postgresql_refuses(invoice: Invoice) -> None:
    marked = replace(invoice, question="\x00" + invoice.question)
    assert "\x00" not in invoice_document(marked)
    assert read_invoice(invoice_document(marked)) == marked


def test_a_backslash_u0000_that_somebody_wrote_is_only_text() -> None:
    invoice = opened(comment=r"C:\u0000\file").invoice
    assert read_invoice(invoice_document(invoice)) == invoice


def test_an_amount_keeps_its_digits() -> None:
    invoice = opened(amount=Money(Decimal("125000.10"), "RUB")).invoice
    amount = read_invoice(invoice_document(invoice)).amount
    assert amount is not None
    assert str(amount.amount) == "125000.10"


def test_a_document_from_before_a_field_came_has_its_default() -> None:
    invoice = opened().invoice
    older = invoice_document(invoice).replace('"question":"",', "")
    assert "question" not in older
    assert read_invoice(older) == invoice
