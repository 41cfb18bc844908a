"""An invoice fills in its own form: own words win, files fill gaps, what differs is shown, what is unsure is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from mailflow.approval.document import Facts, Origin, PaymentDetails, Read, merged, normal_number
from mailflow.approval.effects import Message, Outcome
from mailflow.approval.invoice import Caution, Invoice, Sameness
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money
from mailflow.approval.opening import correct, open_invoice
from mailflow.approval.past import CHANGED, PaidBefore, Past, is_another, marks
from mailflow.approval.submission import Attachment, Field, Form, Problem, Source
from tests.approval.company import IVAN, NOON, attachment, company, mail

ACCOUNT, OTHER_ACCOUNT = "40702810938000000001", "40702810700000000002"
DUE = date(2026, 12, 15)


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def facts(origin: Origin = Origin.XML, **changes: object) -> Facts:
    said: dict[str, object] = {
        "number": "RE-17",
        "issued": date(2026, 11, 20),
        "due": DUE,
        "supplier": "Muster GmbH",
        "amount": euros("125.50"),
        "details": PaymentDetails(account=ACCOUNT, tax_id="DE123456789"),
        **changes,
    }
    return Facts(origin, **said)  # type: ignore[arg-type]


def file(*said: Facts, name: str = "invoice", trouble: str = "") -> Attachment:
    return replace(attachment(name), facts=said, trouble=trouble)


def opened(*files: Attachment, form: Form | None = None, past: Past | None = None) -> Outcome:
    return open_invoice("INV-2026-0001", IVAN, "Fwd: Invoice", form or Form(), files, past, company(), NOON)


def asked(outcome: Outcome) -> dict[Field, str]:
    return {problem.field: problem.code for problem in outcome.invoice.problems}


def test_a_file_that_says_everything_leaves_nothing_to_ask() -> None:
    invoice = opened(file(facts())).invoice
    assert invoice.status is Status.IN_APPROVAL
    assert (invoice.counterparty, invoice.amount, invoice.pay_date) == ("Muster GmbH", euros("125.50"), DUE)
    assert {f: s for f, s in invoice.sources.items() if f is not Field.TITLE} == {
        Field.COUNTERPARTY: Source.XML,
        Field.AMOUNT: Source.XML,
        Field.PAY_DATE: Source.XML,
    }
    assert invoice.warnings == ()


def test_the_submitters_own_words_win_and_what_the_file_says_stands_beside_them() -> None:
    said = Form(counterparty="Lily Ltd", amount=euros("100"), pay_date=date(2026, 12, 20))
    invoice = opened(file(facts()), form=said).invoice
    assert (invoice.counterparty, invoice.amount, invoice.pay_date) == ("Lily Ltd", euros("100"), date(2026, 12, 20))
    assert set(invoice.sources.values()) == {Source.LINE, Source.SUBJECT}
    assert invoice.warnings == (
        Caution("amount_differs", "100.00 EUR ≠ 125.50 EUR"),
        Caution("counterparty_differs", "Lily Ltd ≠ Muster GmbH"),
    )


@pytest.mark.parametrize("name", ["MUSTER GmbH", "Muster", "Muster gmbh, Berlin", "gmbh «Muster»"])
def test_a_name_written_another_way_is_no_contradiction(name: str) -> None:
    assert opened(file(facts()), form=Form(counterparty=name)).invoice.warnings == ()


def test_what_is_doubtful_in_the_file_is_asked_with_what_it_may_say() -> None:
    outcome = opened(file(facts(doubtful=frozenset({"amount"}))))
    assert asked(outcome) == {Field.AMOUNT: "doubtful"}
    assert outcome.invoice.problems[0].text == "125.50 EUR"
    assert mail(outcome, Message.INCOMPLETE)


def test_sums_that_differ_within_the_files_are_asked_and_shown_to_everybody_even_when_answered() -> None:
    both = file(facts(), facts(Origin.TEXT, amount=euros("1255.00")))
    assert asked(opened(both)) == {Field.AMOUNT: "doubtful"}
    answered = opened(both, form=Form(amount=euros("125.50"))).invoice
    assert answered.status is Status.IN_APPROVAL
    assert answered.warnings == (Caution("files_differ", "125.50 EUR ≠ 1255.00 EUR"),)


def test_a_payment_code_in_roubles_counts_where_the_text_says_the_same() -> None:
    roubles = facts(Origin.QR, amount=euros("125.50"), doubtful=frozenset({"amount"}))
    assert opened(file(roubles, facts(Origin.TEXT))).invoice.amount == euros("125.50")


def test_a_due_day_that_is_over_is_not_taken_but_asked() -> None:
    outcome = opened(file(facts(due=date(2026, 11, 30))))
    assert asked(outcome) == {Field.PAY_DATE: "overdue"}


def test_what_the_submitter_wrote_unreadably_is_asked_though_the_file_says_it() -> None:
    said = Form(problems=(Problem(Field.AMOUNT, "ambiguous", "1.255"),))
    assert asked(opened(file(facts()), form=said)) == {Field.AMOUNT: "ambiguous"}


def test_pdf_and_xml_of_one_invoice_are_one_invoice() -> None:
    invoice = opened(file(facts(Origin.TEXT, number="RE 0017"), name="a"), file(facts(), name="b")).invoice
    assert invoice.status is Status.IN_APPROVAL


def test_several_invoices_in_one_mail_are_asked_about_and_none_is_dropped() -> None:
    files = (file(facts(), name="a"), file(facts(number="RE-18"), name="b"))
    outcome = opened(*files)
    assert asked(outcome)[Field.FILES] == "several"
    assert outcome.invoice.problems[0].text == "RE-17 (a.pdf), RE-18 (b.pdf)"
    assert len(outcome.invoice.attachments) == 2
    one = opened(*files, form=Form(one_invoice=True))
    assert one.invoice.status is Status.IN_APPROVAL


def test_a_file_that_cannot_be_read_is_attached_and_named_where_something_is_asked() -> None:
    broken = file(trouble="damaged", name="scan")
    invoice = opened(broken).invoice
    assert invoice.warnings == (Caution("file_unread", "scan.pdf"),)
    assert [a.filename for a in invoice.attachments] == ["scan.pdf"]
    said = Form(counterparty="x", amount=euros("1"), pay_date=DUE)
    assert opened(broken, form=said).invoice.warnings == ()


def test_a_corrected_file_takes_its_own_words_along_and_the_old_ones_away() -> None:
    first = opened(file(facts())).invoice
    outcome = correct(first, Form(), (file(facts(amount=euros("99")), name="new"),), None, company(), NOON)
    assert outcome is not None
    assert outcome.invoice.amount == euros("99")
    assert [change.field for change in outcome.invoice.changes] == [Field.AMOUNT, Field.FILES]
    silent = correct(first, Form(), (file(name="new"),), None, company(), NOON)
    assert silent is not None
    assert asked(silent) == dict.fromkeys((Field.COUNTERPARTY, Field.AMOUNT, Field.PAY_DATE), "missing")


def test_words_of_the_submitter_stay_when_the_file_is_exchanged() -> None:
    first = opened(file(facts()), form=Form(amount=euros("100"))).invoice
    outcome = correct(first, Form(), (file(facts(amount=euros("99")), name="new"),), None, company(), NOON)
    assert outcome is not None
    assert outcome.invoice.amount == euros("100")
    assert outcome.invoice.warnings == (Caution("amount_differs", "100.00 EUR ≠ 99.00 EUR"),)


def paid_to(account: str) -> Past:
    before = PaidBefore("INV-2026-0007", PaymentDetails(account=account))
    return Past(lambda invoice: None, lambda invoice: before)


def test_another_account_than_the_suppliers_last_one_is_warned_of() -> None:
    assert opened(file(facts()), past=paid_to(ACCOUNT)).invoice.warnings == ()
    (warning,) = opened(file(facts()), past=paid_to(OTHER_ACCOUNT)).invoice.warnings
    assert warning == Caution(CHANGED, f"{ACCOUNT} ≠ {OTHER_ACCOUNT} (INV-2026-0007)")


def test_accounts_that_differ_within_the_files_are_warned_of() -> None:
    both = file(facts(), facts(Origin.QR, details=PaymentDetails(account=OTHER_ACCOUNT)))
    assert Caution("accounts_differ", f"{ACCOUNT} ≠ {OTHER_ACCOUNT}") in opened(both).invoice.warnings


def test_the_decision_is_bound_to_the_account_too() -> None:
    one, other = (
        opened(file(facts())).invoice,
        opened(file(facts(details=PaymentDetails(account=OTHER_ACCOUNT)))).invoice,
    )
    assert one.digest != other.digest


@pytest.mark.parametrize(
    ("one", "other"),
    [("RE-17", "re 17"), ("№ 0017", "17"), ("А-12", "A-12"), ("INV/2026/001", "inv-2026-1"), ("17", "17 ")],
)
def test_a_number_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert normal_number(one) == normal_number(other)


@pytest.mark.parametrize(("one", "other"), [("17", "18"), ("1-23", "12-3"), ("A-17", "B-17"), ("17", "170")])
def test_other_numbers_are_others(one: str, other: str) -> None:
    assert normal_number(one) != normal_number(other)


def invoice(**said: object) -> Invoice:
    return opened(file(facts(**said))).invoice


def kinds(one: Invoice, other: Invoice) -> set[str]:
    """By what two invoices are the same."""
    return {mark.partition("|")[0] for mark in set(marks(one)) & set(marks(other))}


def test_one_suppliers_invoices_of_one_number_are_the_same_whatever_their_sum() -> None:
    assert kinds(invoice(), invoice(amount=euros("99"), number="re 017")) == {Sameness.NUMBER}


def test_a_supplier_is_known_by_its_tax_number_under_another_name() -> None:
    assert Sameness.NUMBER in kinds(invoice(), invoice(supplier="Muster Handel"))
    assert kinds(invoice(), invoice(supplier="Lily", details=PaymentDetails())) == set()


def test_invoices_of_one_sum_and_day_are_the_same_unless_their_numbers_differ() -> None:
    assert Sameness.SUM in kinds(invoice(number=""), invoice())
    assert not is_another(invoice(number=""), invoice())
    assert is_another(invoice(), invoice(number="RE-18"))
    assert kinds(invoice(number=""), invoice(number="", issued=date(2026, 10, 20))) == set()


def test_the_surest_source_says_what_a_fact_is() -> None:
    document = merged([Read("a.pdf", (facts(Origin.TEXT, number="17a"), facts(Origin.QR, number="")))])
    assert document is not None
    assert (document.facts.number, document.origins["number"], document.origins["amount"]) == (
        "17a",
        Origin.TEXT,
        Origin.QR,
    )
    assert merged([Read("a.pdf", ())]) is None
