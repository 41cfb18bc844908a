"""Histories that never were: what the portal's templates are tried on before a real invoice needs them."""

from __future__ import annotations

from collections.abc import Iterator

from mailflow.approval.effects import Entry, Outcome
from mailflow.approval.lifecycle import Status
from mailflow.outbound.samples import ACCOUNTANT, FIRST, SECOND, SUBMITTER, sample_invoice

_LINES: tuple[tuple[Status, str, str, dict[str, object]], ...] = (
    (Status.INCOMPLETE, "found_incomplete", "mailflow", {}),
    (Status.INCOMPLETE, "found_repeated", "mailflow", {}),
    (Status.INCOMPLETE, "no_approver", "mailflow", {}),
    (Status.IN_APPROVAL, "submitted", SUBMITTER, {}),
    (Status.IN_APPROVAL, "repeat_accepted", SUBMITTER, {"of": "INV-2026-0007", "reason": "[b]two[/b] deliveries"}),
    (Status.IN_APPROVAL, "approval_started", "mailflow", {}),
    (Status.IN_APPROVAL, "asked", "mailflow", {}),
    (Status.IN_APPROVAL, "approved", FIRST, {"comment": "ok"}),
    (Status.IN_APPROVAL, "approved", FIRST, {"comment": ""}),
    (Status.IN_APPROVAL, "delegated", FIRST, {"to": SECOND}),
    (Status.IN_APPROVAL, "reassigned", FIRST, {"from": FIRST, "to": SECOND}),
    (Status.IN_APPROVAL, "substituted", "mailflow", {"from": FIRST, "to": SECOND}),
    (Status.IN_APPROVAL, "escalated", "mailflow", {"from": FIRST, "to": SECOND}),
    (Status.IN_APPROVAL, "question", FIRST, {"text": "Why?\nAnd when?"}),
    (Status.IN_APPROVAL, "answer", SUBMITTER, {"text": "Because."}),
    (Status.IN_APPROVAL, "corrected", SUBMITTER, {}),
    (Status.IN_APPROVAL, "not_delivered", FIRST, {"recipient": FIRST, "reason": "550 5.1.1"}),
    (Status.IN_APPROVAL, "reminded", "mailflow", {"person": FIRST}),
    (Status.TO_PAY, "payment_asked", "mailflow", {"due": "2026-12-15"}),
    (Status.TO_PAY, "payment_moved", "mailflow", {"from": "2026-12-15", "to": "2026-12-16"}),
    (Status.TO_PAY, "postponed", ACCOUNTANT, {"from": "2026-12-15", "to": "2026-12-18"}),
    (Status.TO_PAY, "portal_task_closed", "bitrix24", {}),
    (Status.TO_PAY, "not_in_portal", "mailflow", {"who": ACCOUNTANT}),
    (Status.TO_PAY, "reminded", "mailflow", {"person": ACCOUNTANT}),
    (Status.REJECTED, "rejected", SECOND, {"reason": "no contract\nwrong sum"}),
    (Status.WITHDRAWN, "withdrawn", SUBMITTER, {"reason": ""}),
    (Status.WITHDRAWN, "withdrawn", SUBMITTER, {"reason": "ordered twice"}),
    (Status.PAID, "paid", ACCOUNTANT, {"reference": "PP 17", "source": ""}),
    (Status.PAID, "paid", ACCOUNTANT, {"reference": "", "source": "bitrix24"}),
)


def sample_outcomes(language: str) -> Iterator[Outcome]:
    """Every line of a history that the portal hears of: of an invoice with all that may be there, and without."""
    for full in (True, False):
        for status, event, actor, details in _LINES:
            yield Outcome(sample_invoice(language, full, status), (), (Entry(event, actor, details),))
