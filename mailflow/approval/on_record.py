"""People of invoices under way whose address has become another one's alias since: they are the same people."""

from __future__ import annotations

from dataclasses import replace

from mailflow.approval.company import Company
from mailflow.approval.invoice import Invoice


def on_record(invoice: Invoice, company: Company) -> Invoice:
    """The invoice with everybody under the address that the settings have now. Invites keep theirs: a calendar knows
    no other.
    """
    return replace(
        invoice,
        submitter=company.on_record(invoice.submitter),
        accountant=company.on_record(invoice.accountant),
        steps=tuple(
            replace(
                step,
                approver=company.on_record(step.approver),
                delegated_to=company.on_record(step.delegated_to) if step.delegated_to else None,
            )
            for step in invoice.steps
        ),
    )
