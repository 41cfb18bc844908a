"""Whether an invoice is as its history says, and its history as it was written: asked of the database alone.

Every line is chained by hash to the one before and carries the SHA-256 of the mail that led to it. So a changed,
missing or added line is found, and so are a changed mail, a changed file, a decision that its mail does not bear out
and an invoice that is not where its history leads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.wording import Keywords
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.reading import read_mail
from mailflow.store.history import HistoryLine
from mailflow.store.inbox import InboxMail
from mailflow.store.unit_of_work import UnitOfWork

LEADS_TO = {
    "submitted": Status.INCOMPLETE,
    "approval_started": Status.IN_APPROVAL,
    "payment_asked": Status.TO_PAY,
    "paid": Status.PAID,
    "rejected": Status.REJECTED,
    "corrected": Status.INCOMPLETE,
    "withdrawn": Status.WITHDRAWN,
}
"""The status that a line of the history leads to."""

SAID_BY_MAIL = frozenset(
    {"submitted", "completed", "corrected", "repeat_accepted", "approved", "rejected", "question", "answer",
     "delegated", "paid", "postponed", "withdrawn", "refused", "unclear", "put_on_hold", "undone"}
)  # fmt: skip
"""Lines that somebody's mail must bear out."""

BINDS_TO_WHAT_WAS_SEEN = (Status.IN_APPROVAL, Status.TO_PAY, Status.PAID)


@dataclass(frozen=True)
class Verification:
    """What was looked at, and what does not hold, as sentences."""

    number: str
    lines: int
    mails: int
    files: int
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Witness:
    """A mail of an invoice: its row, its bytes, what is read in them; None where they cannot be read."""

    mail: InboxMail
    raw: bytes
    read: ReadMail | None

    @property
    def sha256(self) -> str:
        """Of the bytes as they are now (hex)."""
        return hashlib.sha256(self.raw).hexdigest()


def verify(uow: UnitOfWork, number: str, keywords: Keywords, zone: tzinfo) -> Verification:
    """Looks at everything that is kept of one invoice. Raises LookupError for a number that is not there."""
    witnesses = [_witness(uow, mail, keywords, zone) for mail in uow.inbox.of_invoice(number)]
    files = uow.invoices.files_of(number)
    problems = [*_chain(uow, number), *_files(uow, files)]
    history: Sequence[HistoryLine] = ()
    try:
        history = uow.history.of(number)
        problems += [*_mails(history, witnesses), *_decisions(history, witnesses)]
        invoice = uow.invoices.get(number)
    except Exception as damage:  # noqa: BLE001 - whatever was done to the rows, it is said and the next is looked at
        return Verification(
            number, len(history), len(witnesses), len(files), (*problems, f"it cannot be read: {damage}")
        )
    if invoice:
        problems += _standing(invoice, history)
    elif history:
        problems.append("its history is there, and it is not")
    else:
        raise LookupError(number)
    return Verification(number, len(history), len(witnesses), len(files), tuple(problems))


def _witness(uow: UnitOfWork, mail: InboxMail, keywords: Keywords, zone: tzinfo) -> Witness:
    raw = uow.inbox.raw(mail.id)
    try:
        return Witness(mail, raw, read_mail(raw, keywords, mail.received_at.astimezone(zone).date()))
    except Exception:  # noqa: BLE001 - a mail that was changed may break any reader
        return Witness(mail, raw, None)


def _chain(uow: UnitOfWork, number: str) -> Iterator[str]:
    broken = uow.history.broken_link(number)
    if broken is not None:
        yield f"line {broken + 1} of the history is not as it was written, or one before it is missing"


def _mails(history: Sequence[HistoryLine], witnesses: Sequence[Witness]) -> Iterator[str]:
    """Each mail is as it came, and has left its line."""
    told = {line.evidence for line in history}
    for witness in witnesses:
        name = f"mail {witness.mail.id} of {witness.mail.sender}"
        if witness.sha256 not in told:
            yield f"{name} is not as it came, or the line that it led to is missing"
        elif witness.read and witness.mail.message_id != witness.read.message.message_id:
            yield f"{name} is recorded under another Message-ID than its own"
        elif witness.read and witness.mail.sender != witness.read.message.sender:
            yield f"{name} is recorded under another sender than its own"


def _decisions(history: Sequence[HistoryLine], witnesses: Sequence[Witness]) -> Iterator[str]:
    """Each line that somebody's mail led to is what that mail says."""
    by_digest = {witness.sha256: witness for witness in witnesses}
    for position, line in enumerate(history, 1):
        if line.event not in SAID_BY_MAIL or line.details.get("source") == "bitrix24":
            continue
        name = f"line {position} of the history ({line.event} by {line.actor})"
        if line.details.get("was_on_hold"):
            if not _was_put_on_hold(line, history[: position - 1]):
                yield f"{name}: nothing was put on hold that says so"
            continue
        witness = by_digest.get(line.evidence or "")
        if witness is None:
            yield f"{name}: the mail that says so is not there"
        elif witness.read is None or witness.read.message.sender != line.details.get("address", line.actor):
            yield f"{name}: its mail {witness.mail.id} is by somebody else"
        elif "line" in line.details and line.details["line"] not in _lines_of(witness.read):
            yield f"{name}: its mail {witness.mail.id} says {witness.read.answer.line!r}"


def _lines_of(read: ReadMail) -> set[str]:
    """The line that a mail decides by; of an answer to a digest each of its lines."""
    return {read.answer.line, *(numbered.reading.line for numbered in read.numbered)}


def _was_put_on_hold(decided: HistoryLine, before: Sequence[HistoryLine]) -> bool:
    """Whether a decision that took effect by the clock is the last that its approver had given, and not taken back."""
    of_it = [line for line in before if line.event in ("put_on_hold", "undone", "approved", "rejected")]
    if not of_it or of_it[-1].event != "put_on_hold" or of_it[-1].actor != decided.actor:
        return False
    is_approved = of_it[-1].details.get("decision") == "approve"
    same_line = of_it[-1].details.get("line") == decided.details.get("line")
    return same_line and is_approved is (decided.event == "approved")


def _standing(invoice: Invoice, history: Sequence[HistoryLine]) -> Iterator[str]:
    """The invoice stands where its history leads, and is what was approved."""
    led_to = [LEADS_TO[line.event] for line in history if line.event in LEADS_TO]
    if not led_to or led_to[-1] is not invoice.status:
        yield f"it is {invoice.status.value}, and its history leads to {led_to[-1].value if led_to else 'nothing'}"
    approved = [line.actor for line in _since_approval_started(history) if line.event == "approved"]
    if invoice.status in BINDS_TO_WHAT_WAS_SEEN and tuple(approved) != invoice.approvers_so_far:
        yield f"it says that {', '.join(invoice.approvers_so_far) or 'nobody'} approved, its history says otherwise"
    shown = [line.details.get("digest") for line in history if line.event == "approval_started"]
    if invoice.status in BINDS_TO_WHAT_WAS_SEEN and (not shown or shown[-1] != invoice.digest):
        yield "amount, counterparty, pay date or files are not those that the approvers were shown"


def _since_approval_started(history: Sequence[HistoryLine]) -> Sequence[HistoryLine]:
    starts = [position for position, line in enumerate(history) if line.event == "approval_started"]
    return history[starts[-1] :] if starts else ()


def _files(uow: UnitOfWork, digests: Iterable[str]) -> Iterator[str]:
    """Each file of each revision is as it came."""
    for sha256 in digests:
        try:
            content = uow.files.read(sha256)
        except LookupError:
            yield f"the file {sha256} is not there"
            continue
        if hashlib.sha256(content).hexdigest() != sha256:
            yield f"the file {sha256} is not as it came"
