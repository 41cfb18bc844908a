"""How an invoice comes to its approvers: submitted, completed, corrected, started (process sections 1 and 2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from mailflow.approval import route
from mailflow.approval.company import Company
from mailflow.approval.effects import Effect, Entry, Invitation, InviteMethod, Mail, Message, Outcome
from mailflow.approval.filling import filled
from mailflow.approval.invoice import Change, HandedOn, Invoice, Sameness, Shown, Step, StepStatus
from mailflow.approval.lifecycle import Event, Status
from mailflow.approval.past import Past, with_known_details
from mailflow.approval.reference import Asks
from mailflow.approval.route_entry import Verdict
from mailflow.approval.standing_in import stand_in
from mailflow.approval.submission import Attachment, Field, Form, Problem, Source


def open_invoice(
    number: str,
    sender: str,
    subject: str,
    form: Form,
    attachments: tuple[Attachment, ...],
    past: Past | None,
    company: Company,
    now: datetime,
) -> Outcome:
    """A submission becomes an invoice: started where everything is known, else asked about."""
    titled = replace(form, title=form.title or subject or number)
    invoice = Invoice(
        number=number,
        submitter=sender,
        accountant=company.accountant,
        created_at=now,
        form=titled,
        attachments=_usable(attachments),
        sources=_sources(form, subject),
        route=form.route or company.default_route,
    )
    invoice = _understood(_with_empty_files_named(invoice, attachments), past, company, now)
    return _start_or_ask(invoice, (), (Entry("submitted", sender, {"title": invoice.title}),), company, now)


def complete(
    invoice: Invoice,
    form: Form,
    attachments: tuple[Attachment, ...],
    past: Past | None,
    company: Company,
    now: datetime,
) -> Outcome:
    """The submitter's reply to an incomplete invoice: it needs to hold only what is missing.

    New files come to those that are there; one that was asked about, since it came before, is exchanged for them.
    """
    files, asked = _usable(attachments), invoice.repeat if not invoice.problems else None
    exchanged = asked.file if asked and asked.by is Sameness.FILE and not asked.reason and files else None
    completed = replace(
        invoice,
        form=_answered(invoice.form, form, files),
        attachments=_merged(tuple(a for a in invoice.attachments if a.sha256 != exchanged), files),
        sources={**invoice.sources, **_sources(form, "")},
        route=form.route or invoice.route,
    )
    completed = _understood(_with_empty_files_named(completed, attachments), past, company, now)
    entry = Entry("completed", invoice.submitter, {"fields": _named(form, attachments)})
    return _start_or_ask(completed, (), (entry,), company, now)


def accept_repeat(invoice: Invoice, reason: str, company: Company, now: datetime) -> Outcome:
    """DUPLICATE OK: reason, for an invoice whose file came before."""
    if invoice.repeat is None:
        raise ValueError(f"{invoice.number} repeats nothing")
    accepted = replace(invoice, repeat=replace(invoice.repeat, reason=reason))
    entry = Entry("repeat_accepted", invoice.submitter, {"of": invoice.repeat.number, "reason": reason})
    return _start_or_ask(accepted, (), (entry,), company, now)


def correct(
    invoice: Invoice,
    form: Form,
    attachments: tuple[Attachment, ...],
    past: Past | None,
    company: Company,
    now: datetime,
) -> Outcome | None:
    """The next revision of a started or rejected invoice; None where the reply changes nothing.

    Every approval so far is void, and whoever gave one or was about to is told (process section 3).
    """
    before, files = _shown(invoice), _usable(attachments)
    said = Shown(_answered(invoice.form, form, files), files or invoice.attachments, form.route or invoice.route)
    if not _changes(before, said) and not said.form.problems:
        return None
    as_said = invoice.after(
        Event.CORRECTED,
        revision=invoice.revision + 1,
        form=said.form,
        attachments=said.attachments,
        sources={**invoice.sources, **_sources(form, "")},
        route=said.route,
        steps=(),
        before=before,
        rejection=None,
        earlier_rejections=(*invoice.earlier_rejections, *([invoice.rejection] if invoice.rejection else [])),
        payment=None,
        invites=(),
    )
    corrected = _understood(_with_empty_files_named(as_said, attachments), past, company, now)
    changes = _changes(before, _shown(corrected))
    entry = Entry("corrected", invoice.submitter, {"changes": [c.field.value for c in changes]})
    _, cancellations = cancel_invites(invoice)
    outcome = _start_or_ask(corrected, cancellations, (entry,), company, now)
    asked_again = {effect.to for effect in outcome.effects if isinstance(effect, Mail)}
    voided = [
        Mail(person, Message.REPLACED, outcome.invoice, extra={"why": "changed"})
        for person in engaged(invoice)
        if person not in asked_again
    ]
    return replace(outcome, effects=(*outcome.effects, *voided))


def withdraw(invoice: Invoice, reason: str, line: str) -> Outcome:
    """WITHDRAW by the submitter, at any time before the payment."""
    withdrawn, cancellations = cancel_invites(invoice.after(Event.WITHDRAWN))
    effects: list[Effect] = [
        Mail(
            invoice.submitter,
            Message.DECISION_TAKEN,
            withdrawn,
            extra={"what": "withdraw", "line": line, "text": reason, "next": None, "due": None},
        )
    ]
    effects += [Mail(person, Message.WITHDRAWN, withdrawn, extra={"text": reason}) for person in engaged(invoice)]
    effects += cancellations
    return Outcome(withdrawn, tuple(effects), (Entry("withdrawn", invoice.submitter, {"reason": reason}),))


def engaged(invoice: Invoice) -> tuple[str, ...]:
    """Whom a sudden end or a change concerns: who has approved, who is asked now, the accountant who is to pay."""
    people = [s.approver for s in invoice.steps if s.status in (StepStatus.APPROVED, StepStatus.ASKED)]
    if invoice.status is Status.TO_PAY:
        people.append(invoice.accountant)
    return tuple(dict.fromkeys(people))


def cancel_invites(invoice: Invoice) -> tuple[Invoice, tuple[Invitation, ...]]:
    """METHOD:CANCEL for every invite that stands, each with the next SEQUENCE (RFC 5546 section 3.2.5)."""
    standing = [i.attendee for i in invoice.invites if not i.cancelled]
    gone = replace(
        invoice,
        invites=tuple(
            i if i.cancelled else replace(i, sequence=i.sequence + 1, cancelled=True) for i in invoice.invites
        ),
    )
    return gone, tuple(Invitation(attendee, gone, InviteMethod.CANCEL) for attendee in standing)


def ask(invoice: Invoice, index: int, company: Company, now: datetime) -> tuple[Invoice, Mail, tuple[Entry, ...]]:
    """Opens a step: its approver is asked, with the files; the deputy instead where the approver is away.

    Where nobody may stand in the approver is asked all the same. The lines of the history tell of the absence alone.
    """
    person, day = invoice.steps[index].approver, company.today(now)
    away, history = company.person(person).absence(day), tuple[Entry, ...]()
    if away and (deputy := stand_in(invoice, person, company, day)):
        invoice, index = hand_on(invoice, index, deputy, HandedOn.AWAY, now), index + 1
        history = (substituted(person, deputy, away.last),)
    elif away:
        history = (Entry("no_deputy", "mailflow", {"person": person, "until": away.last.isoformat()}),)
    asked = invoice.with_step(index, status=StepStatus.ASKED, asked_at=now, told_at=now)
    return asked, request(asked, index, Message.APPROVAL_REQUEST), history


def was_asked(request: Mail) -> Entry:
    """The line of the history for a request."""
    return Entry("asked", "mailflow", {"approver": request.to, "step": request.step})


def substituted(person: str, deputy: str, until: date | None = None) -> Entry:
    """The line of the history for somebody who is away, `until` the last day of that where it is known."""
    known = {"until": until.isoformat()} if until else {}
    return Entry("substituted", "mailflow", {"from": person, "to": deputy, **known})


def hand_on(invoice: Invoice, index: int, address: str, why: HandedOn, now: datetime) -> Invoice:
    """The step is a new one's now, behind it, and no answer to the old one counts; so it is for the same approver too.

    A decision on hold goes with the step that is asked, and stays where that is another one.
    """
    on_hold = None if index == invoice.asked_step else invoice.on_hold
    handed = replace(invoice, on_hold=None).with_step(
        index, status=StepStatus.DELEGATED, decided_at=now, delegated_to=address, handed_on=why
    )
    steps = (*handed.steps[: index + 1], Step(address), *handed.steps[index + 1 :])
    return replace(handed.after(Event.STEP_HANDED_ON), steps=steps, on_hold=on_hold)


def request(invoice: Invoice, index: int, message: Message) -> Mail:
    """The mail that asks, or reminds, the approver of an open step."""
    before = invoice.steps[index - 1] if index else None
    instead = before if before and before.status is StepStatus.DELEGATED and not before.was_undone else None
    return Mail(
        invoice.steps[index].approver,
        message,
        invoice,
        asks=Asks.APPROVAL,
        step=index,
        extra={
            "recent": [],
            "delegated_by": instead.approver if instead else None,
            "handed_on": instead.handed_on.value if instead else None,
        },
        attachments=invoice.attachments,
    )


def _start_or_ask(
    invoice: Invoice, first: tuple[Effect, ...], history: tuple[Entry, ...], company: Company, now: datetime
) -> Outcome:
    invoice = _with_changes(_without_past_date(invoice, company, now))
    stopped = replace(invoice, awaits_structure=False)
    if stopped.problems:
        mail = Mail(stopped.submitter, Message.INCOMPLETE, stopped, asks=Asks.COMPLETION)
        lacking = Entry(
            "found_incomplete", "mailflow", {"problems": [f"{p.field}: {p.code}" for p in stopped.problems]}
        )
        return Outcome(stopped, (*first, mail), (*history, lacking))
    if stopped.repeat and not stopped.repeat.reason:
        mail = Mail(stopped.submitter, Message.REPEATED, stopped, asks=Asks.COMPLETION)
        held = Entry("found_repeated", "mailflow", {"of": stopped.repeat.number})
        return Outcome(stopped, (*first, mail), (*history, held))
    return _start(invoice, first, history, company, now)


def _start(
    invoice: Invoice, first: tuple[Effect, ...], history: tuple[Entry, ...], company: Company, now: datetime
) -> Outcome:
    if route.awaits_structure(invoice.route, company, now):
        return _await_structure(invoice, first, history)
    invoice = replace(invoice, awaits_structure=False)
    if invoice.amount is None:
        raise ValueError(f"{invoice.number} has no amount")
    found = route.chain(invoice.route, invoice.submitter, invoice.amount, _payees(invoice), company)
    found = route.with_second(found, invoice.submitter, invoice.amount, company)
    steps = tuple(
        Step(person, StepStatus.SKIPPED if company.is_same_person(person, invoice.submitter) else StepStatus.WAITING)
        for person in found.approvers
    )
    index = next((i for i, step in enumerate(steps) if step.status is StepStatus.WAITING), None)
    if index is None:
        by_portal = route.asks_portal(invoice.route, company)
        trouble = {"problem": found.problem, "who": found.who, "notes": list(found.notes), "by_portal": by_portal}
        trouble |= _conditions(found.verdicts)
        mails = (
            Mail(invoice.submitter, Message.NO_APPROVER, invoice, asks=Asks.COMPLETION, extra=trouble),
            Mail(company.administrator, Message.NO_APPROVER, invoice, extra=trouble),
        )
        empty = Entry("no_approver", "mailflow", {"route": invoice.route.value, **trouble})
        return Outcome(invoice, (*first, *mails), (*history, empty))
    started = invoice.after(Event.COMPLETED, steps=steps)
    asked, approval_request, told = ask(started, index, company, now)
    heads = _heads(invoice, company, found.notes)
    old = heads.get("read_at") if route.is_old(company, now) else None
    conditions = _conditions(found.verdicts)
    acknowledgement = Mail(asked.submitter, Message.ACKNOWLEDGEMENT, asked, extra={"heads_as_of": old, **conditions})
    chain = {"chain": [s.approver for s in steps], "digest": asked.digest, **heads, **conditions}
    entry = Entry("approval_started", "mailflow", chain)
    return Outcome(
        asked, (*first, acknowledgement, approval_request), (*history, entry, *told, was_asked(approval_request))
    )


def _payees(invoice: Invoice) -> tuple[str, ...]:
    """Whom the submitter names, and whom the file does: whoever is asked about either is asked."""
    by_file = invoice.document.supplier if invoice.document else ""
    return tuple(filter(None, dict.fromkeys((invoice.counterparty, by_file))))


def _conditions(verdicts: tuple[Verdict, ...]) -> dict[str, object]:
    """What the conditions of the route came to, for history and mails; nothing where there are none."""
    told = [{"approver": v.approver, "is_asked": v.is_asked, "why": v.why.value, "limit": v.limit} for v in verdicts]
    return {"conditions": told} if told else {}


def start_waiting(invoice: Invoice, company: Company, now: datetime) -> Outcome | None:
    """An invoice that waited for the portal's structure goes on once that can be used; None where it still waits."""
    waits = invoice.status is Status.INCOMPLETE and invoice.awaits_structure
    if not waits or route.awaits_structure(invoice.route, company, now):
        return None
    return _start_or_ask(replace(invoice, awaits_structure=False), (), (), company, now)


def _await_structure(invoice: Invoice, first: tuple[Effect, ...], history: tuple[Entry, ...]) -> Outcome:
    """Nothing can be asked of anybody: the submitter is told once, and the clock starts the invoice."""
    waiting = replace(invoice, awaits_structure=True)
    told = () if invoice.awaits_structure else (Mail(waiting.submitter, Message.AWAITS_STRUCTURE, waiting),)
    return Outcome(waiting, (*first, *told), (*history, Entry("awaits_structure", "mailflow")))


def _heads(invoice: Invoice, company: Company, notes: tuple[str, ...]) -> dict[str, object]:
    """Where the heads were taken from, for the history; nothing where they are those of the settings."""
    if not route.asks_portal(invoice.route, company) or company.structure is None:
        return {}
    return {"heads": "bitrix24", "read_at": company.structure.read_at.isoformat(), "notes": list(notes)}


def _without_past_date(invoice: Invoice, company: Company, now: datetime) -> Invoice:
    day = invoice.pay_date
    if day is None or day >= company.today(now):
        return invoice
    past = Problem(Field.PAY_DATE, "past", day.isoformat())
    return replace(invoice, form=replace(invoice.form, pay_date=None, problems=(*invoice.form.problems, past)))


def _sources(form: Form, subject: str) -> dict[Field, Source]:
    said = {
        Field.TITLE: form.title,
        Field.COUNTERPARTY: form.counterparty,
        Field.AMOUNT: form.amount,
        Field.PAY_DATE: form.pay_date,
        Field.COMMENT: form.comment,
        Field.ROUTE: form.route,
    }
    sources = {name: Source.LINE for name, value in said.items() if value is not None}
    if subject and form.title is None:
        sources[Field.TITLE] = Source.SUBJECT
    return sources


def _named(form: Form, attachments: tuple[Attachment, ...]) -> list[str]:
    return [f.value for f in _sources(form, "")] + ([Field.FILES.value] if attachments else [])


def _answered(earlier: Form, form: Form, files: tuple[Attachment, ...]) -> Form:
    """The earlier form with what the reply says put over it; a problem stays until its field is spoken of again.

    That all files are one invoice was said of those that there were.
    """
    earlier = replace(earlier, one_invoice=None) if files else earlier
    spoken = {p.field for p in form.problems} | set(_sources(form, ""))
    open_problems = tuple(p for p in earlier.problems if p.field not in spoken)
    return replace(form.over(earlier), problems=open_problems + form.problems, unknown_labels=form.unknown_labels)


def _usable(attachments: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    return tuple({a.sha256: a for a in attachments if a.size}.values())


def _merged(earlier: tuple[Attachment, ...], added: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    return tuple({a.sha256: a for a in (*earlier, *added)}.values())


def _with_empty_files_named(invoice: Invoice, attachments: tuple[Attachment, ...]) -> Invoice:
    others = tuple(p for p in invoice.form.problems if p.field is not Field.FILES)
    empty = tuple(Problem(Field.FILES, "empty_file", a.filename) for a in attachments if not a.size)
    blocking = () if invoice.attachments else empty
    return replace(invoice, form=replace(invoice.form, problems=others + blocking))


def _understood(invoice: Invoice, past: Past | None, company: Company, now: datetime) -> Invoice:
    """The invoice with what its files say, and with what earlier ones have to say about it.

    A repeat that the submitter has explained stays explained; a newly found one is asked about.
    """
    known = with_known_details(filled(invoice, company.today(now)), past)
    found, earlier = past.repeats_of(known) if past else (), known.repeat
    numbers = tuple(dict.fromkeys(repeat.number for repeat in found))
    if numbers and earlier and earlier.reason and {earlier.number, *earlier.also}.issuperset(numbers):
        return known
    return replace(known, repeat=replace(found[0], also=numbers[1:]) if found else None)


def _with_changes(invoice: Invoice) -> Invoice:
    if invoice.before is None:
        return invoice
    return replace(invoice, changes=_changes(invoice.before, _shown(invoice)))


def _shown(invoice: Invoice) -> Shown:
    return Shown(invoice.form, invoice.attachments, invoice.route)


def _changes(before: Shown, after: Shown) -> tuple[Change, ...]:
    was, is_now = _as_text(before), _as_text(after)
    other_bytes = {a.sha256 for a in after.attachments} != {a.sha256 for a in before.attachments}
    return tuple(
        Change(f, was[f], is_now[f]) for f in Field if was[f] != is_now[f] or (f is Field.FILES and other_bytes)
    )


def _as_text(shown: Shown) -> dict[Field, str]:
    form = shown.form
    return {
        Field.TITLE: form.title or "",
        Field.COUNTERPARTY: form.counterparty or "",
        Field.AMOUNT: str(form.amount or ""),
        Field.PAY_DATE: form.pay_date.isoformat() if form.pay_date else "",
        Field.COMMENT: form.comment or "",
        Field.ROUTE: shown.route.value,
        Field.FILES: ", ".join(a.filename for a in shown.attachments),
    }
