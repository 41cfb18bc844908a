"""Invoices are found again by whatever the process asks for, and nobody writes over somebody else's change."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete

from mailflow.approval.deciding import decide
from mailflow.approval.decision import Approve, Paid
from mailflow.approval.effects import Outcome
from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.opening import withdraw
from mailflow.approval.paying import settle
from mailflow.approval.reference import Asks, Reference, fingerprint
from mailflow.errors import TransientFailure
from mailflow.store.engine import Store
from mailflow.store.tables import InvoiceMarkRow
from tests.approval.company import ANNA, DMITRY, IVAN, NOON, OLGA, PETR, answer, attachment, company, opened, reference
from tests.store.rows import keep

DAY = timedelta(days=1)


def numbered(last: int, invoice: Invoice | None = None, **changes: object) -> Invoice:
    number = f"INV-2026-{last:04d}"
    return replace(invoice or opened().invoice, number=number, **changes)  # type: ignore[arg-type]


def approved(invoice: Invoice) -> Outcome:
    outcome = Outcome(invoice)
    for step, approver in enumerate((OLGA, DMITRY)):
        asked = reference(outcome.invoice, approver, Asks.APPROVAL, step)
        outcome = decide(outcome.invoice, asked, answer(approver, Approve()), company(), NOON)
    return outcome


def test_an_invoice_comes_back_equal(store: Store) -> None:
    kept = keep(store, approved(opened().invoice).invoice)
    with store.begin() as uow:
        assert uow.invoices.get(kept.number) == kept
        assert uow.invoices.get("INV-2026-9999") is None


def test_numbers_count_up_within_their_year(store: Store) -> None:
    with store.begin() as uow:
        numbers = [uow.invoices.next_number(year) for year in (2026, 2026, 2027, 2026)]
        uow.commit()
    with store.begin() as uow:
        numbers.append(uow.invoices.next_number(2027))
    assert numbers == ["INV-2026-0001", "INV-2026-0002", "INV-2027-0001", "INV-2026-0003", "INV-2027-0002"]


def test_the_ten_thousandth_invoice_of_a_year_has_a_number_and_its_place(store: Store) -> None:
    keep(store, numbered(9999))
    keep(store, numbered(10000, created_at=NOON + DAY))
    with store.begin() as uow:
        assert [invoice.number for invoice in uow.invoices.all()] == ["INV-2026-9999", "INV-2026-10000"]


def test_each_save_is_a_new_version_and_two_changes_of_one_version_are_one(store: Store) -> None:
    invoice = keep(store, opened().invoice)
    with store.begin() as uow:
        saved = uow.invoices.save(replace(invoice, question="mine?"))
        assert saved.version == invoice.version + 1
        assert uow.invoices.get(invoice.number) == saved
        with pytest.raises(TransientFailure, match="INV-2026-0001"):
            uow.invoices.save(replace(invoice, question="yours?"))
        assert uow.invoices.get(invoice.number) == saved


def test_who_reads_an_invoice_holds_it_until_the_end(store: Store) -> None:
    invoice = keep(store, opened().invoice)
    order: list[str] = []
    read = threading.Event()

    def second() -> None:
        read.wait(10)
        with store.begin() as uow:
            found = uow.invoices.get(invoice.number)
            assert found is not None
            order.append(found.question)

    thread = threading.Thread(target=second)
    thread.start()
    with store.begin() as uow:
        held = uow.invoices.get(invoice.number)
        assert held is not None
        read.set()
        thread.join(0.3)
        assert order == [], "the second reader waits"
        uow.invoices.save(replace(held, question="first"))
        uow.commit()
    thread.join(10)
    assert order == ["first"]


def test_the_same_file_is_found_in_every_invoice_that_ever_had_it_the_earliest_first(store: Store) -> None:
    file, other = attachment(), attachment("corrected")
    first = keep(store, numbered(1))
    keep(store, numbered(2, created_at=NOON + DAY))
    with store.begin() as uow:
        uow.invoices.save(replace(first, attachments=(other,), revision=2))
        asked = [(f, but_not) for f in (file, other) for but_not in ("", "INV-2026-0001")]
        found = [[i.number[-1] for i in uow.invoices.of_file(f.sha256, but_not)] for f, but_not in asked]
        assert uow.invoices.of_file("0" * 64, "") == []
    assert found == [["1", "2"], ["2"], ["1"], []]


def test_invoices_of_one_moment_keep_the_order_of_their_numbers(store: Store) -> None:
    for last in (3, 1, 2):
        keep(store, numbered(last))
    with store.begin() as uow:
        assert [i.number[-1] for i in uow.invoices.all()] == ["1", "2", "3"]
        assert [i.number[-1] for i in uow.invoices.of_counterparty("ООО «Ромашка»", "INV-2026-0002")] == ["3", "1"]
        earliest, *_ = uow.invoices.of_file(attachment().sha256, "")
    assert earliest.number == "INV-2026-0001"


def test_the_list_can_be_of_one_status(store: Store) -> None:
    keep(store, numbered(1))
    keep(store, numbered(2, approved(opened().invoice).invoice))
    with store.begin() as uow:
        assert [i.number for i in uow.invoices.all(Status.TO_PAY)] == ["INV-2026-0002"]
        assert [i.number for i in uow.invoices.all(Status.PAID)] == []


def test_who_was_last_told_before_a_moment_is_due_for_a_reminder(store: Store) -> None:
    keep(store, numbered(1))
    keep(store, numbered(2, approved(opened().invoice).invoice))
    keep(store, numbered(3, opened(counterparty=None).invoice))
    with store.begin() as uow:
        assert uow.invoices.waiting_since(NOON - DAY) == []
        assert uow.invoices.waiting_since(NOON + DAY) == ["INV-2026-0001", "INV-2026-0002"]
        asked = uow.invoices.get("INV-2026-0001")
        assert asked is not None
        uow.invoices.save(asked.with_step(0, told_at=NOON + 2 * DAY))
        assert uow.invoices.waiting_since(NOON + DAY) == ["INV-2026-0002"]


def test_payments_whose_day_is_over_are_found_until_they_are_paid(store: Store) -> None:
    to_pay = keep(store, numbered(1, approved(opened().invoice).invoice))
    keep(store, numbered(2))
    with store.begin() as uow:
        assert uow.invoices.unpaid_before(date(2026, 12, 15)) == []
        assert uow.invoices.unpaid_before(date(2026, 12, 16)) == ["INV-2026-0001"]
        paid = settle(to_pay, reference(to_pay, ANNA, Asks.PAYMENT), answer(ANNA, Paid()), company(), NOON).invoice
        uow.invoices.save(paid)
        assert uow.invoices.unpaid_before(date(2026, 12, 16)) == []


def test_an_invoice_waits_for_the_approver_asked_then_the_next_then_the_accountant_then_nobody(store: Store) -> None:
    invoice = keep(store, opened().invoice)
    assert waits_for(store) == {OLGA}
    with store.begin() as uow:
        asked = reference(invoice, OLGA, Asks.APPROVAL, 0)
        uow.invoices.save(decide(invoice, asked, answer(OLGA, Approve()), company(), NOON).invoice)
        uow.commit()
    assert waits_for(store) == {DMITRY}
    with store.begin() as uow:
        uow.invoices.save(replace(approved(invoice).invoice, version=1))
        uow.commit()
    assert waits_for(store) == {ANNA}
    with store.begin() as uow:
        to_pay = uow.invoices.get(invoice.number)
        assert to_pay is not None
        uow.invoices.save(withdraw(to_pay, "", "WITHDRAW").invoice)
        uow.commit()
    assert waits_for(store) == set()


def test_a_withdrawn_invoice_waits_for_nobody(store: Store) -> None:
    keep(store, withdraw(opened().invoice, "wrong", "WITHDRAW").invoice)
    assert waits_for(store) == set()


def waits_for(store: Store) -> set[str]:
    with store.begin() as uow:
        return {person for person in (IVAN, OLGA, DMITRY, ANNA) if uow.invoices.asked_of(person)}


def test_a_submitter_sees_what_has_not_come_to_its_end(store: Store) -> None:
    keep(store, numbered(1))
    keep(store, numbered(2, withdraw(opened().invoice, "", "WITHDRAW").invoice))
    keep(store, numbered(3, opened(sender=PETR).invoice))
    with store.begin() as uow:
        assert [i.number for i in uow.invoices.of_submitter(IVAN)] == ["INV-2026-0001"]


def test_the_last_invoices_of_a_counterparty_are_shown_newest_first(store: Store) -> None:
    for last in range(1, 6):
        keep(store, numbered(last, created_at=NOON + last * DAY))
    keep(store, numbered(9, opened(counterparty="ИП Другой").invoice, created_at=NOON + 9 * DAY))
    with store.begin() as uow:
        recent = uow.invoices.of_counterparty("ООО «Ромашка»", "INV-2026-0004")
    assert [invoice.number[-1] for invoice in recent] == ["5", "3", "2"]


def test_strange_words_of_a_submitter_break_nothing(store: Store) -> None:
    noise = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(50_000))
    kept = keep(store, numbered(1, opened(counterparty=noise, comment="a\x00b\\u0000").invoice))
    with store.begin() as uow:
        assert uow.invoices.get(kept.number) == kept
        assert len(uow.invoices.of_counterparty(noise, "")) == 1
        assert uow.invoices.of_counterparty("\x00\udce9", "") == []
        assert uow.invoices.get("INV\x00\udce9") is None
        assert uow.invoices.asked_of("\x00\udce9") == []


def test_an_invite_leads_back_to_its_invoice_also_after_the_next_revision(store: Store) -> None:
    to_pay = approved(keep(store, opened().invoice)).invoice
    (uid,) = {invite.uid for invite in to_pay.invites}
    with store.begin() as uow:
        saved = uow.invoices.save(to_pay)
        uow.invoices.save(replace(saved, invites=()))
        assert uow.references.number_of_uid(uid) == "INV-2026-0001"
        assert uow.references.number_of_uid("\x00") is None


def test_a_reference_is_found_by_its_token_and_by_the_message_id_of_its_mail(store: Store) -> None:
    invoice = keep(store, opened().invoice)
    given = Reference(fingerprint("k7f3q9xw"), invoice.number, 1, Asks.APPROVAL, OLGA, invoice.digest, 0)
    to_nobody = Reference(fingerprint("aaaa"), invoice.number, 1, Asks.NOTHING, IVAN, invoice.digest)
    with store.begin() as uow:
        assert uow.references.add(given, "<a@example.com>")
        assert uow.references.add(to_nobody, "<b@example.com>")
        assert uow.references.by_token("k7f3q9xw") == given
        assert uow.references.by_message_id("<b@example.com>") == to_nobody
        assert uow.references.by_token("K7F3Q9XX") is None
        assert uow.references.message_id_of(fingerprint("k7f3q9xw")) == "<a@example.com>"
        assert uow.references.message_id_of("\x00") is None
        assert uow.references.by_message_id("<\x00\udce9>") is None


def test_a_reference_or_a_message_id_is_given_out_once(store: Store) -> None:
    invoice = keep(store, opened().invoice)
    given = Reference(fingerprint("k7f3q9xw"), invoice.number, 1, Asks.APPROVAL, OLGA, invoice.digest, 0)
    other = replace(given, fingerprint=fingerprint("aaaa"), person=IVAN)
    with store.begin() as uow:
        assert uow.references.add(given, "<a@example.com>")
        assert not uow.references.add(replace(given, person=IVAN), "<b@example.com>")
        assert not uow.references.add(other, "<a@example.com>")
        assert uow.references.by_token("k7f3q9xw") == given
        assert uow.references.by_token("aaaa") is None


def test_a_file_is_kept_once_for_each_content(store: Store) -> None:
    content = bytes(range(256)) * 1000
    with store.begin() as uow:
        assert uow.files.keep(content) == uow.files.keep(content)
        assert uow.files.read(uow.files.keep(content)) == content
        assert uow.files.read(uow.files.keep(b"")) == b""
        with pytest.raises(LookupError):
            uow.files.read("0" * 64)


def test_an_invoice_that_an_older_mailflow_wrote_gets_the_marks_of_this_one_when_it_is_saved(store: Store) -> None:
    invoice = numbered(1)
    with store.begin() as uow:
        uow.invoices.add(invoice)
        marks = uow.invoices.marks_of(invoice.number)
        uow._connection.execute(delete(InvoiceMarkRow))
        uow.commit()
    assert marks
    with store.begin() as uow:
        held = uow.invoices.get(invoice.number)
        assert held
        uow.invoices.save(held)
        uow.commit()
    with store.begin() as uow:
        assert uow.invoices.marks_of(invoice.number) == marks, "by them repetitions and changed accounts are found"
