"""Who looks at the board, and what they see."""

from __future__ import annotations

from dataclasses import dataclass

from mailflow.approval.company import Company
from mailflow.approval.invoice import Invoice


@dataclass(frozen=True)
class Viewer:
    """Somebody who looks: the administrator and the accountant see everything, others what they are part of."""

    address: str
    sees_everything: bool

    @property
    def only(self) -> str:
        """The person whose invoices alone are shown, "" where all are."""
        return "" if self.sees_everything else self.address

    def may_see(self, invoice: Invoice) -> bool:
        """Whether this invoice is among what they see."""
        return self.sees_everything or self.address in invoice.people


def viewer_of(address: str, company: Company) -> Viewer | None:
    """The viewer behind an address on record; None for one that the company does not know (any more)."""
    if not address or not company.knows(address):
        return None
    return Viewer(address, address in (company.administrator, company.accountant))
