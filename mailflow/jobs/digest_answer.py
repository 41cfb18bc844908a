"""The answer to a digest: each line a decision by the rules of a single answer, one mail about all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from mailflow.approval.answering import record_answer
from mailflow.approval.company import Company
from mailflow.approval.conditions import REFUSED_FOR
from mailflow.approval.decision import Answer, NumberedAnswer
from mailflow.approval.digest import line_of
from mailflow.approval.effects import Entry, Mail, Message, Outcome
from mailflow.approval.invoice import Invoice
from mailflow.approval.on_record import on_record
from mailflow.approval.reference import Asks, Reference
from mailflow.errors import Refusal
from mailflow.jobs.earlier import past
from mailflow.jobs.outgoing import Outgoing, Trigger
from mailflow.store.outbox import OutboxEntry
from mailflow.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class DigestAnswer:
    """The answer of one person to one digest, in the transaction of its mail."""

    uow: UnitOfWork
    outgoing: Outgoing
    company: Company
    trigger: Trigger
    now: datetime

    def record(self, digest: Reference, lines: tuple[NumberedAnswer, ...]) -> bool:
        """Does what each line says and writes the mail about all; whether any line changed anything."""
        items = self.uow.references.items_of(digest.fingerprint)
        told: list[dict[str, object]] = []
        on_hold: dict[int, Reference] = {}
        for line in lines:
            if not line.numbers:
                told.append({**_read(line), "why": "no_number"})
            unknown = [number for number in line.numbers if number not in items]
            for number in (n for n in line.numbers if n not in unknown[1:]):  # one is enough to be told of
                item = items.get(number)
                told.append(self._line(number, line, item, digest.person))
                if item and "until" in told[-1]:
                    on_hold[number] = replace(item, asks=Asks.NOTHING)
        given = self.outgoing.enqueue(
            self.uow, Mail(digest.person, Message.DIGEST_TAKEN, extra={"lines": told}), self.trigger, self.now
        )
        if given and on_hold:  # UNDO may answer this mail as well
            undoable = {n: replace(item, fingerprint=given.fingerprint) for n, item in on_hold.items()}
            self.uow.references.add_items(undoable, given.message_id)
        return any("what" in line for line in told)

    def _line(self, number: int, line: NumberedAnswer, item: Reference | None, person: str) -> dict[str, object]:
        facts: dict[str, object] = {"position": number, **_read(line)}
        invoice = self.uow.invoices.get(item.number) if item else None
        if item is None or invoice is None:
            return {**facts, "why": "number_unknown"}
        invoice = on_record(invoice, self.company)
        facts |= {"number": invoice.number, "counterparty": invoice.counterparty, "amount": str(invoice.amount or "")}
        answer = Answer(person, line.reading)
        try:
            asked = replace(item, person=self.company.on_record(item.person))
            outcome = record_answer(invoice, asked, answer, past(self.uow), self.company, self.now)
        except Refusal as refusal:
            self._note_refusal(invoice, person, refusal, line)
            return {**facts, **refusal.facts, "code": refusal.code}
        said, effects = line_of(outcome, person)
        self.outgoing.record(self.uow, replace(outcome, effects=effects), self.trigger, self.now)
        return {**facts, **said, "line": facts["line"]}

    def _note_refusal(self, invoice: Invoice, person: str, refusal: Refusal, line: NumberedAnswer) -> None:
        condition = REFUSED_FOR.get(refusal.code)
        details = {"code": refusal.code, "line": line.reading.line, "condition": condition}
        self.outgoing.record(
            self.uow, Outcome(invoice, (), (Entry("refused", person, details),)), self.trigger, self.now
        )


def questions(uow: UnitOfWork, reference: Reference) -> Iterator[Reference]:
    """What a mail of ours asked: itself, or each line of a digest."""
    if reference.asks is Asks.DIGEST:
        items = uow.references.items_of(reference.fingerprint).values()
        yield from (replace(item, person=reference.person) for item in items)
    else:
        yield reference


def numbers_of(uow: UnitOfWork, sent: OutboxEntry) -> tuple[str, ...]:
    """The invoices that a mail of ours is about: its own, or those of a digest."""
    if sent.number:
        return (sent.number,)
    digest = uow.references.by_message_id(sent.message_id)
    return tuple(dict.fromkeys(question.number for question in questions(uow, digest))) if digest else ()


def _read(line: NumberedAnswer) -> dict[str, object]:
    return {"line": line.reading.line}
