"""An approver of the sequential route, and for which invoices (process section 2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from mailflow.approval.lookalike import may_be_one, skeleton
from mailflow.approval.money import Money


class Why(StrEnum):
    """By which of the conditions an approver is asked, or is not."""

    REACHED = "reached"  # the sum is as large as the condition wants
    BELOW = "below"  # the sum is smaller
    NO_LIMIT = "no_limit"  # the conditions name no sum for this currency
    CURRENCY = "currency"  # the currency is one of those listed
    OTHER_CURRENCY = "other_currency"
    COUNTERPARTY = "counterparty"  # the counterparty is one of those listed
    OTHER_COUNTERPARTY = "other_counterparty"


ASKING = frozenset({Why.REACHED, Why.NO_LIMIT, Why.CURRENCY, Why.COUNTERPARTY})
COMPARING = frozenset({Why.REACHED, Why.BELOW})


@dataclass(frozen=True)
class Verdict:
    """What the conditions of an entry came to; `limit` is the sum that was compared with, '100000 RUB'."""

    approver: str
    why: Why
    limit: str = ""

    @property
    def is_asked(self) -> bool:
        """Whether the approver is in the chain."""
        return self.why in ASKING


@dataclass(frozen=True)
class RouteEntry:
    """Without conditions asked about every invoice; with several only where all of them hold.

    `limits` are the sums from which the approver is asked. A currency without one asks at any sum, for nobody has said
    that less does not matter; `currencies`, where there are any, leave out all others but those that have a limit.
    `counterparties` are names; one that only looks like a listed one, or may be written otherwise, asks too.
    """

    address: str
    limits: Mapping[str, Decimal] = field(default_factory=dict)
    currencies: tuple[str, ...] = ()
    counterparties: tuple[str, ...] = ()

    def verdict(self, money: Money, payees: Collection[str]) -> Verdict | None:
        """Whether the approver is asked about such an invoice, and why; None where there are no conditions.

        `payees` are the counterparty's names: the submitter's, and another that the file may have.
        """
        if self.counterparties and not any(_may_be(payee, name) for payee in payees for name in self.counterparties):
            return Verdict(self.address, Why.OTHER_COUNTERPARTY)
        limit = self.limits.get(money.currency)
        if limit is not None:
            why = Why.REACHED if money.amount >= limit else Why.BELOW
            return Verdict(self.address, why, f"{limit} {money.currency}")
        if self.currencies:
            is_listed = money.currency in self.currencies
            return Verdict(self.address, Why.CURRENCY if is_listed else Why.OTHER_CURRENCY)
        if self.limits:
            return Verdict(self.address, Why.NO_LIMIT)
        return Verdict(self.address, Why.COUNTERPARTY) if self.counterparties else None


def _may_be(counterparty: str, listed: str) -> bool:
    return may_be_one(counterparty, listed) or skeleton(counterparty) == skeleton(listed)
