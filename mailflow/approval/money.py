"""An amount of money: a Decimal with the currency's own number of digits (ISO 4217)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

_DIGITS = {
    "BHD": 3, "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KMF": 0, "KRW": 0,
    "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0,
    "XPF": 0,
}  # fmt: skip
_DEFAULT_DIGITS = 2


def currency_digits(currency: str) -> int:
    """How many digits the minor unit of an ISO 4217 currency has."""
    return _DIGITS.get(currency, _DEFAULT_DIGITS)


@dataclass(frozen=True)
class Money:
    """A positive amount, exact to the minor unit. Raises ValueError for anything else."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not (self.currency.isascii() and self.currency.isupper()):
            raise ValueError(f"not a currency code: {self.currency!r}")
        if not self.amount.is_finite() or self.amount <= 0:
            raise ValueError(f"not a positive amount: {self.amount}")
        exact = self.amount.quantize(Decimal(1).scaleb(-currency_digits(self.currency)))
        if exact != self.amount:
            raise ValueError(f"more digits than {self.currency} has: {self.amount}")
        object.__setattr__(self, "amount", exact)

    @property
    def minor(self) -> int:
        """The amount in minor units (kopecks, cents)."""
        return int(self.amount.scaleb(currency_digits(self.currency)))

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def totals(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """What amounts come to, one for each currency, by its code: different currencies are never added up."""
    found: dict[str, Decimal] = {}
    for money in amounts:
        found[money.currency] = found.get(money.currency, Decimal()) + money.amount
    return tuple(Money(found[currency], currency) for currency in sorted(found))
