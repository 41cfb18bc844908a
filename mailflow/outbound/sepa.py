"""Which accounts a SEPA credit transfer reaches."""

from __future__ import annotations

from decimal import Decimal

from mailflow.approval.money import Money
from mailflow.outbound.payment_order import PaymentOrder

_EEA = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI",
        "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
_BEYOND = frozenset({"AD", "AL", "CH", "GB", "GI", "MC", "MD", "ME", "MK", "RS", "SM", "VA"})
_MOST = Decimal("999999999.99")

NAME, TEXT = 70, 140
"""How many characters a name and a remittance text may have (EPC125-05)."""


def is_sepa(order: PaymentOrder) -> bool:
    """Whether the payment is one: in euros, to a country of EPC409-09; beyond the EEA the bank must be named too."""
    details = order.details
    countries = _EEA | _BEYOND if details.bank_code else _EEA
    return details.is_iban and details.account[:2] in countries and _is_payable(order.amount)


def _is_payable(amount: Money) -> bool:
    return amount.currency == "EUR" and amount.amount <= _MOST
