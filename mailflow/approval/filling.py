"""What an invoice's files say, put where its submitter is silent; own words win (process section 1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from mailflow.approval.document import Document, Origin, Read, merged
from mailflow.approval.invoice import Caution, Invoice
from mailflow.approval.lookalike import may_be_one
from mailflow.approval.submission import Field, Form, Problem, Source

_FACT_OF = {Field.COUNTERPARTY: "supplier", Field.AMOUNT: "amount", Field.PAY_DATE: "due"}
_SOURCE_OF = {Origin.XML: Source.XML, Origin.QR: Source.QR, Origin.TEXT: Source.TEXT, Origin.OCR: Source.OCR}
_FROM_FILES = frozenset(_SOURCE_OF.values())
_PROBLEMS = frozenset({"doubtful", "overdue", "several"})
_CAUTIONS = frozenset({"amount_differs", "counterparty_differs", "files_differ", "accounts_differ", "file_unread"})


def filled(invoice: Invoice, today: date) -> Invoice:
    """The invoice with what its files say now, in place of what they said before.

    What they do not say for sure, and a day that is over, is asked about. `today` is the company's.
    """
    document = merged(Read(a.filename, a.facts) for a in invoice.attachments)
    own = _own(invoice)
    if document is None:
        return replace(own, document=None, warnings=(*own.warnings, *_unread(own)))
    form, sources, problems = own.form, dict(own.sources), list(own.form.problems)
    if several := document.invoices if not form.one_invoice else ():
        problems.append(Problem(Field.FILES, "several", ", ".join(several)))
    for field, name in _FACT_OF.items():
        value = getattr(document.facts, name)
        spoken = getattr(form, field.value) is not None or any(p.field is field for p in problems)
        if value is None or value == "" or spoken or (several and field is not Field.COUNTERPARTY):
            continue
        if problem := _doubt(document, field, name, today):
            problems.append(problem)
        else:
            form = replace(form, **{field.value: value})
            sources[field] = _SOURCE_OF[document.origins[name]]
    found = replace(own, form=replace(form, problems=tuple(problems)), sources=sources, document=document.facts)
    return replace(found, warnings=(*own.warnings, *_differences(own.form, document), *_unread(found)))


def _own(invoice: Invoice) -> Invoice:
    """The invoice as it is without its files' words."""
    taken = {field.value for field in _FACT_OF if invoice.sources.get(field) in _FROM_FILES}
    problems = tuple(p for p in invoice.form.problems if p.code not in _PROBLEMS)
    return replace(
        invoice,
        form=replace(invoice.form, problems=problems, **dict.fromkeys(taken)),  # type: ignore[arg-type]
        sources={field: source for field, source in invoice.sources.items() if field not in taken},
        warnings=tuple(caution for caution in invoice.warnings if caution.code not in _CAUTIONS),
    )


def _doubt(document: Document, field: Field, name: str, today: date) -> Problem | None:
    value = getattr(document.facts, name)
    if name in document.facts.doubtful:
        return Problem(field, "doubtful", " / ".join(document.differing.get(name, (str(value),))))
    if field is Field.PAY_DATE and value < today:
        return Problem(field, "overdue", str(value))
    return None


def _differences(said: Form, document: Document) -> Iterable[Caution]:
    """What the submitter's words and the files, or the files among themselves, say differently: both, side by side."""
    facts, differing = document.facts, document.differing
    if "amount" in differing:
        yield Caution("files_differ", " ≠ ".join(differing["amount"]))
    elif said.amount and facts.amount and "amount" not in facts.doubtful and said.amount != facts.amount:
        yield Caution("amount_differs", f"{said.amount} ≠ {facts.amount}")
    named = said.counterparty and facts.supplier and "supplier" not in facts.doubtful
    if named and not may_be_one(said.counterparty or "", facts.supplier):
        yield Caution("counterparty_differs", f"{said.counterparty} ≠ {facts.supplier}")
    if "account" in differing:
        yield Caution("accounts_differ", " ≠ ".join(differing["account"]))


def _unread(invoice: Invoice) -> tuple[Caution, ...]:
    """The files that nobody could read, where something is asked that they might have said."""
    if not invoice.missing:
        return ()
    return tuple(Caution("file_unread", a.filename) for a in invoice.attachments if a.trouble)
