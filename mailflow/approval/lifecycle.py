"""The life of an invoice, as one table.

An invoice is `incomplete` until everything required is known, then `in_approval` until the last approver has
approved or one has refused, then `to_pay` until the accountant has paid, refused or the submitter has withdrawn it.
A rejected invoice lives again as its next revision; a paid or withdrawn one is at its end.
Whatever is not in the table cannot happen, and is refused with an explanation.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where an invoice stands (contract: JSON)."""

    INCOMPLETE = "incomplete"
    IN_APPROVAL = "in_approval"
    TO_PAY = "to_pay"
    PAID = "paid"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Event(StrEnum):
    """What can happen to an invoice."""

    COMPLETED = "completed"
    LEFT_INCOMPLETE = "left_incomplete"
    STEP_APPROVED = "step_approved"
    ALL_APPROVED = "all_approved"
    STEP_HANDED_ON = "step_handed_on"
    REJECTED = "rejected"
    CORRECTED = "corrected"
    MOVED = "moved"
    PAID = "paid"
    WITHDRAWN = "withdrawn"


TRANSITIONS: dict[tuple[Status, Event], Status] = {
    (Status.INCOMPLETE, Event.LEFT_INCOMPLETE): Status.INCOMPLETE,
    (Status.INCOMPLETE, Event.COMPLETED): Status.IN_APPROVAL,
    (Status.INCOMPLETE, Event.WITHDRAWN): Status.WITHDRAWN,
    (Status.IN_APPROVAL, Event.STEP_APPROVED): Status.IN_APPROVAL,
    (Status.IN_APPROVAL, Event.STEP_HANDED_ON): Status.IN_APPROVAL,
    (Status.IN_APPROVAL, Event.ALL_APPROVED): Status.TO_PAY,
    (Status.IN_APPROVAL, Event.REJECTED): Status.REJECTED,
    (Status.IN_APPROVAL, Event.CORRECTED): Status.INCOMPLETE,
    (Status.IN_APPROVAL, Event.WITHDRAWN): Status.WITHDRAWN,
    (Status.TO_PAY, Event.MOVED): Status.TO_PAY,
    (Status.TO_PAY, Event.PAID): Status.PAID,
    (Status.TO_PAY, Event.REJECTED): Status.REJECTED,
    (Status.TO_PAY, Event.CORRECTED): Status.INCOMPLETE,
    (Status.TO_PAY, Event.WITHDRAWN): Status.WITHDRAWN,
    (Status.REJECTED, Event.CORRECTED): Status.INCOMPLETE,
    (Status.REJECTED, Event.WITHDRAWN): Status.WITHDRAWN,
}

FINAL = frozenset({Status.PAID, Status.WITHDRAWN})


def after(status: Status, event: Event) -> Status | None:
    """The status that follows, or None where the event cannot happen in this status."""
    return TRANSITIONS.get((status, event))
