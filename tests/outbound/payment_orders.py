"""Payments as tests of this room want them: details whose check digits are right, and invoices with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from mailflow.approval.document import PaymentDetails
from mailflow.approval.money import Money
from mailflow.outbound.payment_order import PaymentOrder

RUSSIAN = PaymentDetails(
    account="40702810138250123017",
    bank_code="044525225",
    bank="ПАО Сбербанк, г. Москва",
    correspondent="30101810400000000225",
    tax_id="7707083893",
    kpp="773601001",
)
SEPA = PaymentDetails(account="DE89370400440532013000", bank_code="COBADEFFXXX", bank="Commerzbank")
RUSSIAN_PAYER = PaymentDetails(
    account="40702810455000024248",
    bank_code="044030653",
    bank="Северо-Западный банк ПАО Сбербанк",
    correspondent="30101810500000000653",
    tax_id="7802895380",
    kpp="780201001",
)
SEPA_PAYER = PaymentDetails(account="NL91ABNA0417164300", bank_code="ABNANL2A")

TO_RUSSIA = PaymentOrder(
    invoice="INV-2026-0001",
    identifier="INV-2026-0001-r1",
    payee="ООО «Ромашка»",
    amount=Money(Decimal("125000.00"), "RUB"),
    details=RUSSIAN,
    purpose="Оплата по счёту № 1042 от 01.12.2026, в т. ч. НДС 20 %",
    due=date(2026, 12, 15),
    asked_at=datetime(2026, 12, 1, 9, 0, tzinfo=UTC),
)
TO_SEPA = replace(
    TO_RUSSIA,
    payee="Müller & Söhne GmbH",
    amount=Money(Decimal("1234.50"), "EUR"),
    details=SEPA,
    purpose="Invoice RE-2026/77 of 2026-12-01",
)
