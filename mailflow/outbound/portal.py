"""What the portal should show: an invoice's status and what has just happened to it -> changes, in order.

One change is one effect (process section 5). Within a step the order is files, record, task, checklist, calendar, feed,
notifications, timeline: what people are pinged about must already be there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from mailflow.approval.company import Company
from mailflow.approval.effects import Entry, Outcome, PortalChange, PortalKind, Showing
from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.replying import points

END_OF_WORK = time(19)
"""When a task of a day is due, in the company's time zone."""

_ORDER = tuple(Showing)


def changes_after(
    outcome: Outcome, switched_on: Collection[PortalKind], company: Company, now: datetime
) -> tuple[PortalChange, ...]:
    """What the portal shows differently after an outcome; `outcome.invoice` is the invoice as it was saved."""
    step = _Step(outcome.invoice, company, now)
    found = [change for entry in outcome.history for change in step.after(entry)]
    once: dict[str, PortalChange] = {}
    for change in found:
        if change.shows.kind in switched_on:
            once.setdefault(change.key, change)
    return _marked(sorted(once.values(), key=lambda change: _ORDER.index(change.shows)))


def from_the_beginning(
    invoice: Invoice, switched_on: Collection[PortalKind], company: Company, now: datetime
) -> tuple[PortalChange, ...]:
    """All that is shown of an invoice which the portal has not heard of: how it stands, not how it came there."""
    step = _Step(invoice, company, now)
    found = [*step.files(), step.record(), *step.post(), *step.task(), *step.event()]
    return tuple(change for change in found if change.shows.kind in switched_on)


def record_key(number: str) -> str:
    """The invoice's record in the portal."""
    return f"{number}:record"


def post_key(number: str) -> str:
    """The invoice's post in the Live Feed."""
    return f"{number}:post"


def pay_task_key(number: str, revision: int) -> str:
    """The task 'Pay the invoice' of a revision."""
    return f"{number}:pay:{revision}"


def rework_task_key(number: str, revision: int) -> str:
    """The task 'Work on errors' of a revision."""
    return f"{number}:rework:{revision}"


def event_key(number: str, revision: int) -> str:
    """The meeting in the payment calendar of a revision."""
    return f"{number}:event:{revision}"


def file_key(number: str, sha256: str) -> str:
    """A file of the invoice on the Drive."""
    return f"{number}:file:{sha256[:16]}"


def _marked(changes: Iterable[PortalChange]) -> tuple[PortalChange, ...]:
    """Every comment of a step gets a mark of its own, by which it is found again: INV-2026-0001/7, then .../7.2."""
    counts: Counter[Showing] = Counter()
    marked = []
    for change in changes:
        if "mark" in change.facts:
            counts[change.shows] += 1
            place = f".{counts[change.shows]}" if counts[change.shows] > 1 else ""
            mark = f"{change.facts['mark']}{place}"
            marked.append(replace(change, facts={**change.facts, "mark": mark}))
        else:
            marked.append(change)
    return tuple(marked)


@dataclass(frozen=True)
class _Step:
    invoice: Invoice
    company: Company
    now: datetime

    def after(self, entry: Entry) -> Iterator[PortalChange]:
        """The changes that one line of the history leads to."""
        for rule in _RULES.get(entry.event, ()):
            yield from rule(self, entry)

    def change(self, shows: Showing, about: str = "", detail: str = "", **facts: object) -> PortalChange:
        key = f"{self.invoice.number}:{self.invoice.version}:{shows}{f':{detail}' if detail else ''}"
        return PortalChange(key, shows, self.invoice, facts, about)

    def files(self) -> Iterator[PortalChange]:
        for attachment in self.invoice.attachments:
            key = file_key(self.invoice.number, attachment.sha256)
            facts = {"sha256": attachment.sha256, "filename": attachment.filename}
            yield PortalChange(key, Showing.FILE, self.invoice, facts)

    def record(self, with_files: bool = True) -> PortalChange:
        return self.change(
            Showing.RECORD, record_key(self.invoice.number), assignee=_moves_next(self.invoice), files=with_files
        )

    def post(self) -> Iterator[PortalChange]:
        invoice = self.invoice
        if invoice.steps:
            readers = dict.fromkeys([invoice.submitter, *self._asked(), *self._paying()])
            yield PortalChange(post_key(invoice.number), Showing.POST, invoice, {"readers": list(readers)})

    def task(self) -> Iterator[PortalChange]:
        invoice = self.invoice
        if invoice.status is Status.TO_PAY and invoice.payment:
            facts: dict[str, object] = {
                "responsible": invoice.accountant,
                "auditors": [invoice.submitter],
                "deadline": self._end_of(invoice.payment.due),
            }
            yield PortalChange(pay_task_key(invoice.number, invoice.revision), Showing.PAY_TASK, invoice, facts)
        elif invoice.status is Status.REJECTED and invoice.rejection:
            key = rework_task_key(invoice.number, invoice.revision)
            facts = {
                "responsible": invoice.submitter,
                "auditors": [invoice.rejection.by],
                "deadline": self._end_of(self._next_working_day()),
            }
            yield PortalChange(key, Showing.REWORK_TASK, invoice, facts)
            checklist = {"points": points(invoice.rejection.reason)}
            yield PortalChange(f"{key}:checklist", Showing.CHECKLIST, invoice, checklist, about=key)

    def event(self) -> Iterator[PortalChange]:
        invoice = self.invoice
        if invoice.status is Status.TO_PAY and invoice.payment:
            attendees = list(dict.fromkeys([invoice.accountant, invoice.submitter]))
            facts = {"day": invoice.payment.due.isoformat(), "attendees": attendees}
            yield PortalChange(event_key(invoice.number, invoice.revision), Showing.EVENT, invoice, facts)

    def moved(self) -> Iterator[PortalChange]:
        invoice = self.invoice
        if invoice.payment:
            due, revision = invoice.payment.due, invoice.revision
            task, event = pay_task_key(invoice.number, revision), event_key(invoice.number, revision)
            yield self.change(Showing.TASK_MOVED, task, deadline=self._end_of(due))
            yield self.change(Showing.EVENT_MOVED, event, day=due.isoformat())

    def ended(self, revision: int, why: str) -> Iterator[PortalChange]:
        """Whatever task and meeting a revision had is over."""
        number = self.invoice.number
        yield self.change(Showing.TASK_ENDED, pay_task_key(number, revision), "pay", why=why, void=True)
        yield self.change(Showing.TASK_ENDED, rework_task_key(number, revision), "rework", why=why, void=False)
        yield self.change(Showing.EVENT_REMOVED, event_key(number, revision))

    def told(self, code: str, entry: Entry, **facts: object) -> Iterator[PortalChange]:
        """The same words under the post and in the record's timeline."""
        said = {"code": code, "by": entry.actor, "mark": f"{self.invoice.number}/{self.invoice.version}", **facts}
        yield self.change(Showing.COMMENT, post_key(self.invoice.number), code, **said)
        yield self.change(Showing.TIMELINE, record_key(self.invoice.number), code, **said)

    def notice(self, to: str, code: str, tag: str, **facts: object) -> PortalChange:
        """One notification; a later one with the same tag takes its place."""
        return self.change(Showing.NOTICE, "", f"{tag}:{to}", to=to, code=code, tag=tag, **facts)

    def asked(self) -> Iterator[PortalChange]:
        """Whoever is asked now may read the post and is told."""
        for approver in self._asked():
            yield self.change(Showing.READERS, post_key(self.invoice.number), readers=[approver])
            yield self.notice(approver, "asked", f"approve:{approver}")

    def _asked(self) -> list[str]:
        index = self.invoice.asked_step
        return [self.invoice.steps[index].approver] if index is not None else []

    def _paying(self) -> list[str]:
        return [self.invoice.accountant] if self.invoice.payment else []

    def _end_of(self, day: date) -> str:
        return datetime.combine(day, END_OF_WORK, self.company.timezone).isoformat()

    def _next_working_day(self) -> date:
        day = self.company.today(self.now) + timedelta(days=1)
        while not self.company.is_working_day(day):
            day += timedelta(days=1)
        return day


_Rule = Callable[[_Step, Entry], Iterable[PortalChange]]


def _files(step: _Step, entry: Entry) -> Iterable[PortalChange]:
    return step.files()


def _record(step: _Step, entry: Entry) -> Iterable[PortalChange]:
    return [step.record(with_files=False)]


def _record_with_files(step: _Step, entry: Entry) -> Iterable[PortalChange]:
    return [step.record()]


def _told(code: str, *names: str) -> _Rule:
    """Told with these details of the history's line."""
    return lambda step, entry: step.told(code, entry, **{name: entry.details.get(name, "") for name in names})


def _submitter_is_told(code: str) -> _Rule:
    return lambda step, entry: [step.notice(step.invoice.submitter, code, code)]


def _asked(step: _Step, entry: Entry) -> Iterable[PortalChange]:
    return step.asked()


def _started(step: _Step, entry: Entry) -> Iterable[PortalChange]:
    if step.invoice.revision == 1:
        return step.post()
    return step.told("revised", entry)


def _payment_asked(step: _Step, entry: Entry) -> Iterator[PortalChange]:
    invoice = step.invoice
    yield from step.task()
    yield from step.event()
    yield step.change(Showing.READERS, post_key(invoice.number), "accountant", readers=[invoice.accountant])
    yield step.notice(invoice.accountant, "pay", "due")
    yield step.notice(invoice.submitter, "all_approved", "approved")


def _moved(step: _Step, entry: Entry) -> Iterator[PortalChange]:
    yield from step.moved()
    yield step.notice(step.invoice.accountant, "due_moved", "due")
    yield step.notice(step.invoice.submitter, "due_moved", "due")


def _rejected(step: _Step, entry: Entry) -> Iterator[PortalChange]:
    number, revision = step.invoice.number, step.invoice.revision
    yield step.change(Showing.TASK_ENDED, pay_task_key(number, revision), "pay", why="rejected", void=True)
    yield step.change(Showing.EVENT_REMOVED, event_key(number, revision))
    yield from step.task()
    yield step.notice(step.invoice.submitter, "rejected", "rejected")


def _corrected(step: _Step, entry: Entry) -> Iterable[PortalChange]:
    return step.ended(step.invoice.revision - 1, "corrected")


def _withdrawn(step: _Step, entry: Entry) -> Iterable[PortalChange]:
    return step.ended(step.invoice.revision, "withdrawn")


def _paid(step: _Step, entry: Entry) -> Iterator[PortalChange]:
    number, revision = step.invoice.number, step.invoice.revision
    yield step.change(Showing.TASK_ENDED, pay_task_key(number, revision), "pay", why="paid", void=False)
    yield step.change(Showing.EVENT_PAID, event_key(number, revision))
    yield step.notice(step.invoice.submitter, "paid", "paid")


def _question(step: _Step, entry: Entry) -> Iterable[PortalChange]:
    text = entry.details.get("text", "")
    return [step.notice(step.invoice.submitter, "question", "question", by=entry.actor, text=text)]


def _answered(step: _Step, entry: Entry) -> Iterator[PortalChange]:
    text, asker = entry.details.get("text", ""), _moves_next(step.invoice)
    yield step.notice(asker, "answer", f"answer:{asker}", by=entry.actor, text=text)


def _reminded(step: _Step, entry: Entry) -> Iterable[PortalChange]:
    person = str(entry.details.get("person", ""))
    pays = step.invoice.status is Status.TO_PAY
    return [step.notice(person, "pay" if pays else "asked", "due" if pays else f"approve:{person}")]


def _not_in_portal(step: _Step, entry: Entry) -> Iterable[PortalChange]:
    who = str(entry.details.get("who", ""))
    mark = f"{step.invoice.number}/{step.invoice.version}"
    record = record_key(step.invoice.number)
    return [step.change(Showing.TIMELINE, record, f"not_in_portal:{who}", code="not_in_portal", who=who, mark=mark)]


_RULES: Mapping[str, tuple[_Rule, ...]] = {
    "submitted": (_files, _record_with_files),
    "completed": (_files, _record_with_files),
    "found_incomplete": (_record, _submitter_is_told("incomplete")),
    "found_repeated": (_record, _submitter_is_told("repeated")),
    "awaits_structure": (_record,),
    "no_approver": (_record, _submitter_is_told("no_approver")),
    "repeat_accepted": (_record, _told("repeat_accepted", "of", "reason")),
    "approval_started": (_record, _started),
    "asked": (_record, _asked),
    "approved": (_record, _told("approved", "comment")),
    "delegated": (_record, _asked, _told("delegated", "to")),
    "reassigned": (_record, _asked, _told("reassigned", "from", "to")),
    "substituted": (_record, _asked, _told("substituted", "from", "to")),
    "escalated": (_record, _asked, _told("escalated", "from", "to")),
    "question": (_question, _told("question", "text")),
    "answer": (_answered, _told("answer", "text")),
    "reminded": (_reminded,),
    "payment_asked": (_record, _payment_asked, _told("all_approved", "due")),
    "payment_moved": (_record, _moved, _told("payment_moved", "from", "to")),
    "postponed": (_record, _moved, _told("postponed", "from", "to")),
    "rejected": (_record, _rejected, _told("rejected", "reason")),
    "corrected": (_files, _record_with_files, _corrected, _told("corrected")),
    "withdrawn": (_record, _withdrawn, _told("withdrawn", "reason")),
    "paid": (_record, _paid, _told("paid", "reference", "source")),
    "not_delivered": (_told("not_delivered", "recipient", "reason"),),
    "portal_task_closed": (_told("task_closed"),),
    "not_in_portal": (_not_in_portal,),
}
"""What each line of the history (see approval) shows in the portal; a line that is not here shows nothing."""


def _moves_next(invoice: Invoice) -> str:
    """Whose move it is: the one who is asked, the accountant, else the submitter."""
    if invoice.status is Status.TO_PAY:
        return invoice.accountant
    index = invoice.asked_step
    return (
        invoice.steps[index].approver
        if index is not None and invoice.status is Status.IN_APPROVAL
        else (invoice.submitter)
    )
