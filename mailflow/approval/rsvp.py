"""Answers from calendars: recorded and shown, deciding nothing (process section 4; RFC 5546)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from mailflow.approval.effects import Entry, Mail, Message, Outcome
from mailflow.approval.invoice import Invite, Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.reference import Asks


@dataclass(frozen=True)
class CalendarReply:
    """One attendee's answer to one event, sent by `sender`; both are lower-case addresses.

    `sequence` is that of the event that was answered, `dtstamp` the moment of the answer (aware). `is_counter`: another
    time is proposed (METHOD COUNTER), `proposed` is its day where that can be read. `delegated_to`: who is to come
    instead (PARTSTAT DELEGATED).
    """

    uid: str
    attendee: str
    sender: str
    partstat: str
    sequence: int
    dtstamp: datetime | None = None
    is_counter: bool = False
    proposed: date | None = None
    delegated_to: str | None = None


def record_rsvp(invoice: Invoice, reply: CalendarReply) -> Outcome:
    """An answer is recorded and decides nothing; what the accountant does not accept is asked about.

    The newest answer to the newest SEQUENCE stands (RFC 5546 section 2.1.5); any other is only noted.
    """
    known = next((i for i in invoice.invites if (i.uid, i.attendee) == (reply.uid, reply.attendee)), None)
    details = _details(reply)
    if why := _counts_not(known, reply):
        return Outcome(invoice, (), (Entry("rsvp", reply.attendee, {**details, "not_counted": why}),))
    answered = replace(invoice, invites=tuple(_with_answer(i, reply) if i is known else i for i in invoice.invites))
    return Outcome(answered, _asked_about(answered, reply), (Entry("rsvp", reply.attendee, details),))


def _counts_not(known: Invite | None, reply: CalendarReply) -> str:
    """Why an answer changes nothing, "" where it does."""
    if known is None or known.cancelled:
        return "not_invited" if known is None else "cancelled"
    if reply.sequence < known.sequence:
        return "outdated"
    if known.answered_at and reply.dtstamp and reply.dtstamp <= known.answered_at:
        return "repeated" if reply.dtstamp == known.answered_at else "outdated"
    if known.partstat == reply.partstat and not reply.is_counter:
        return "repeated"
    return ""


def _with_answer(invite: Invite, reply: CalendarReply) -> Invite:
    partstat = invite.partstat if reply.is_counter else reply.partstat
    return replace(invite, partstat=partstat, answered_at=reply.dtstamp or invite.answered_at)


def _asked_about(invoice: Invoice, reply: CalendarReply) -> tuple[Mail, ...]:
    """The accountant who declines, proposes another day or delegates is asked: POSTPONE or REJECT?"""
    why = "counter" if reply.is_counter else {"DECLINED": "declined", "DELEGATED": "delegated"}.get(reply.partstat)
    if why is None or reply.attendee != invoice.accountant or invoice.status is not Status.TO_PAY:
        return ()
    extra = {"why": why, "proposed": reply.proposed.isoformat() if reply.proposed else None}
    return (Mail(reply.attendee, Message.INVITE_DECLINED, invoice, asks=Asks.PAYMENT, extra=extra),)


def _details(reply: CalendarReply) -> dict[str, object]:
    details: dict[str, object] = {"partstat": reply.partstat, "sequence": reply.sequence}
    if reply.is_counter:
        details["proposed"] = reply.proposed.isoformat() if reply.proposed else ""
    if reply.delegated_to:
        details["delegated_to"] = reply.delegated_to
    return details
