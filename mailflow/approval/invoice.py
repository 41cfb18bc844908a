"""An invoice on its way: a value that checks itself; whatever happens to it makes a new one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from mailflow.approval import lifecycle
from mailflow.approval.document import Facts
from mailflow.approval.lifecycle import Event, Status
from mailflow.approval.money import Money
from mailflow.approval.submission import REQUIRED, Attachment, Field, Form, Problem, RouteKind, Source


class StepStatus(StrEnum):
    """Where one approver's step stands (contract: JSON)."""

    WAITING = "waiting"
    ASKED = "asked"
    APPROVED = "approved"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    DELEGATED = "delegated"


class HandedOn(StrEnum):
    """Why a step has gone from one approver to another."""

    DELEGATED = "delegated"  # its approver wanted so
    REASSIGNED = "reassigned"  # the administrator wanted so
    ABSENT = "absent"  # an automatic answer says that its approver is away
    AWAY = "away"  # the settings say so
    SILENT = "silent"  # its approver has not answered in time


@dataclass(frozen=True)
class Step:
    """One approver in the chain.

    `asked_at`: since when the decision is awaited, anew from the answer to a question of the approver's. `told_at`:
    when the approver was last asked or reminded. `handed_on`: why it is another one's now. `nobody_else`: nobody may
    decide in a silent approver's place, and the administrator knows. `awaits_answer`: of the submitter to a question.
    """

    approver: str
    status: StepStatus = StepStatus.WAITING
    asked_at: datetime | None = None
    told_at: datetime | None = None
    decided_at: datetime | None = None
    comment: str = ""
    delegated_to: str | None = None
    handed_on: HandedOn = HandedOn.DELEGATED
    nobody_else: bool = False
    awaits_answer: bool = False

    @property
    def was_undone(self) -> bool:
        """Whether its approver took the decision back, and was asked anew."""
        return self.delegated_to == self.approver


@dataclass(frozen=True)
class Rejection:
    """Who refused, why, when."""

    by: str
    reason: str
    at: datetime


def is_late(due: date, shifts: int, today: date) -> bool:
    """Whether a payment's day is over, or it came to today because its day was over, so many days in all."""
    return due <= today if shifts else due < today


@dataclass(frozen=True)
class Payment:
    """The payment that the accountant was asked for; `shifts` counts the days it moved because it was not paid."""

    due: date
    asked_at: datetime
    told_at: datetime
    shifts: int = 0
    paid_at: datetime | None = None
    reference: str | None = None

    def is_late(self, today: date) -> bool:
        """Whether its day is over, or it came to today because its day was over."""
        return is_late(self.due, self.shifts, today)


@dataclass(frozen=True)
class Invite:
    """The calendar invite of one attendee (RFC 5546): UID, SEQUENCE; the PARTSTAT last answered, and its DTSTAMP."""

    uid: str
    attendee: str
    sequence: int = 0
    partstat: str = "NEEDS-ACTION"
    cancelled: bool = False
    answered_at: datetime | None = None


@dataclass(frozen=True)
class Change:
    """What a revision changed: a field with its value before and after, as text without a language."""

    field: Field
    before: str
    after: str


@dataclass(frozen=True)
class Caution:
    """Something about the invoice that everybody who decides must see; `code` names it, `detail` is its fact."""

    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.code.replace('_', ' ')}: {self.detail}"


@dataclass(frozen=True)
class OnHold:
    """A decision of the open step that its approver may still take back: APPROVE, or REJECT with a reason.

    `text` is the comment or the reason, `line` the one that was read, `until` when it takes effect.
    """

    approves: bool
    text: str
    line: str
    until: datetime


@dataclass(frozen=True)
class Shown:
    """What the approvers of the revision before were shown."""

    form: Form
    attachments: tuple[Attachment, ...]
    route: RouteKind


class Sameness(StrEnum):
    """What two invoices have in common where one repeats the other: the file, or the supplier and number or sum."""

    FILE = "file"
    NUMBER = "number"
    SUM = "sum"


@dataclass(frozen=True)
class Repeat:
    """The other invoice that this one repeats, and by what; `reason` is the submitter's DUPLICATE OK.

    `file` is the SHA-256 (hex) of the file that both have, where it is one; `also`: more invoices that it repeats.
    """

    number: str
    status: Status
    reason: str | None = None
    by: Sameness = Sameness.FILE
    file: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Invoice:
    """The aggregate. Addresses are lower case, times are aware, `digest` binds decisions to what was seen.

    `question` is the one that the submitter has not answered yet, "" where there is none; `before` is what a
    correction corrects; `awaits_structure`: all is known but the heads, which the portal has;
    `on_hold`: what the open step's approver has decided, while it can be taken back; `document`: what its files say.
    """

    number: str
    submitter: str
    accountant: str
    created_at: datetime
    form: Form
    attachments: tuple[Attachment, ...] = ()
    status: Status = Status.INCOMPLETE
    revision: int = 1
    sources: dict[Field, Source] = field(default_factory=dict)
    route: RouteKind = RouteKind.SEQUENTIAL
    steps: tuple[Step, ...] = ()
    changes: tuple[Change, ...] = ()
    repeat: Repeat | None = None
    rejection: Rejection | None = None
    earlier_rejections: tuple[Rejection, ...] = ()
    payment: Payment | None = None
    invites: tuple[Invite, ...] = ()
    warnings: tuple[Caution, ...] = ()
    question: str = ""
    before: Shown | None = None
    awaits_structure: bool = False
    on_hold: OnHold | None = None
    document: Facts | None = None
    version: int = 0

    def __post_init__(self) -> None:
        if self.status in (Status.IN_APPROVAL, Status.TO_PAY, Status.PAID) and self.missing:
            raise ValueError(f"{self.number} is {self.status} without {', '.join(self.missing)}")
        if sum(step.status is StepStatus.ASKED for step in self.steps) > 1:
            raise ValueError(f"{self.number} asks more than one approver at once")
        if self.on_hold and self.asked_step is None:
            raise ValueError(f"{self.number} has a decision on hold, and asks nobody")
        if self.status in (Status.TO_PAY, Status.PAID) and self.payment is None:
            raise ValueError(f"{self.number} is {self.status} without a payment")

    @property
    def title(self) -> str:
        """The title, never empty: every invoice has one from a line or the subject."""
        return self.form.title or ""

    @property
    def counterparty(self) -> str:
        """Whom to pay; empty only while the invoice is incomplete."""
        return self.form.counterparty or ""

    @property
    def amount(self) -> Money | None:
        """How much; None only while the invoice is incomplete."""
        return self.form.amount

    @property
    def pay_date(self) -> date | None:
        """The planned pay date; the payment's `due` moves, this does not."""
        return self.form.pay_date

    @property
    def comment(self) -> str:
        """The justification of the payment."""
        return self.form.comment or ""

    @property
    def missing(self) -> tuple[Field, ...]:
        """Required fields that are not known yet."""
        have = {
            Field.COUNTERPARTY: self.form.counterparty,
            Field.AMOUNT: self.form.amount,
            Field.PAY_DATE: self.form.pay_date,
            Field.FILES: self.attachments,
        }
        return tuple(f for f in REQUIRED if not have[f])

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What stands in the way of starting: unreadable lines, and fields that nothing was said about."""
        unreadable = self.form.problems
        named = {p.field for p in unreadable}
        return unreadable + tuple(Problem(f, "missing") for f in self.missing if f not in named)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of what an approver decides about (process section 3)."""
        seen = {
            "files": sorted(a.sha256 for a in self.attachments),
            "amount": str(self.amount),
            "pay_date": str(self.pay_date),
            "counterparty": self.counterparty,
        }
        if self.document and self.document.details.account:
            seen["account"] = self.document.details.account
        return hashlib.sha256(json.dumps(seen, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    @property
    def asked_step(self) -> int | None:
        """The index of the step that is open now; a withdrawn invoice keeps its steps, but asks nobody."""
        if self.status is not Status.IN_APPROVAL:
            return None
        return next((i for i, step in enumerate(self.steps) if step.status is StepStatus.ASKED), None)

    @property
    def waits_for(self) -> str:
        """Who is to move next; "" where the invoice has come to its end."""
        if self.status is Status.IN_APPROVAL:
            return "" if self.asked_step is None else self.steps[self.asked_step].approver
        if self.status is Status.TO_PAY:
            return self.accountant
        return self.submitter if self.status in (Status.INCOMPLETE, Status.REJECTED) else ""

    @property
    def approvers_so_far(self) -> tuple[str, ...]:
        """Who has approved this revision, in order."""
        return tuple(step.approver for step in self.steps if step.status is StepStatus.APPROVED)

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who may ask how the invoice stands."""
        return tuple(dict.fromkeys([self.submitter, *(s.approver for s in self.steps), self.accountant]))

    def after(self, event: Event, **changes: object) -> Invoice:
        """The invoice after an event of the lifecycle; raises ValueError for one that cannot happen now.

        Whatever happens, a decision on hold is about what was before.
        """
        status = lifecycle.after(self.status, event)
        if status is None:
            raise ValueError(f"{self.number} is {self.status}: {event} cannot happen")
        return replace(self, status=status, on_hold=None, **changes)  # type: ignore[arg-type]

    def with_step(self, index: int, **changes: object) -> Invoice:
        """The same invoice with one step changed."""
        steps = list(self.steps)
        steps[index] = replace(steps[index], **changes)  # type: ignore[arg-type]
        return replace(self, steps=tuple(steps))
