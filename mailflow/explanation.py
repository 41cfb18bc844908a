"""What mailflow reads in a mail, and why, in sentences for the administrator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import tzinfo
from typing import Any

from mailflow.approval.decision import (
    Approve,
    AskHelp,
    AskStatus,
    Command,
    Delegate,
    DuplicateOk,
    Paid,
    Postpone,
    Question,
    Reject,
    Unclear,
    Undo,
    Withdraw,
)
from mailflow.approval.document import NAMES, Facts, Origin, PaymentDetails
from mailflow.approval.effects import Mail
from mailflow.approval.reference import Asks, Reference
from mailflow.approval.submission import Field
from mailflow.inbound.message import InboundMessage
from mailflow.inbound.routing import (
    Answered,
    Automatic,
    Bounced,
    Enquired,
    Held,
    Ignored,
    Intent,
    Quarantined,
    Rsvp,
    Submitted,
    Unmatched,
)
from mailflow.jobs.processing import Rehearsal
from mailflow.store.outbox import kind_of

_ASKS = {
    Asks.NOTHING: "a mail that asks for nothing",
    Asks.COMPLETION: "the mail that asks what is missing",
    Asks.APPROVAL: "the request for approval",
    Asks.ANSWER: "a question that was passed on",
    Asks.CORRECTION: "the task to work on errors",
    Asks.PAYMENT: "the request for payment",
    Asks.DIGEST: "the digest of open requests",
}
_DEFECTS = {
    "header": "its header is broken",
    "boundary": "its parts are not separated as they should be",
    "too_deep": "it has parts within parts without end; the innermost were left out",
    "too_many_parts": "it has too many parts; the last were left out",
    "unreadable": "it is too damaged to be read",
    "charset": "its letters are in no encoding that is known",
    "encoding": "its text is encoded wrongly",
    "too_long": "its text is too long; the end was left out",
    "file_encoding": "a file in it is encoded wrongly",
}


_ORIGINS = {
    Origin.XML: "its e-invoice",
    Origin.QR: "its payment code",
    Origin.TEXT: "its text",
    Origin.OCR: "its scan",
}
_TROUBLES = {
    "damaged": "it is damaged",
    "password": "it needs a password",
    "too_large": "it is too large",
    "too_slow": "that takes too long",
    "too_many": "there are too many in this mail",
}


@dataclass(frozen=True)
class Explanation:
    """One mail explained. `reasons` are sentences; `would` is what would follow if it came now.

    `decision` is what its words say, whether or not they count; `left_out` counts lines that are not its writer's.
    """

    message: InboundMessage
    sha256: str
    kind: str
    reasons: tuple[str, ...]
    answers: Reference | None
    found_by: str | None
    visible: str
    left_out: int
    line: str
    decision: str | None
    why_not: str | None
    fields: Mapping[str, str]
    files: tuple[str, ...]
    would: tuple[str, ...]
    earlier: str | None


def explain(rehearsal: Rehearsal, whys: Mapping[str, str], refusals: Mapping[str, str], zone: tzinfo) -> Explanation:
    """`whys` and `refusals` are the sentences of the templates, by the codes of what is unclear or refused."""
    read, intent, match = rehearsal.read, rehearsal.intent, rehearsal.match
    is_persons = read.automatic is None and isinstance(
        intent, Answered | Enquired | Submitted | Unmatched | Quarantined
    )
    command = read.answer.command
    is_decision = not isinstance(command, Unclear)
    text_lines = [line for line in read.message.text.splitlines() if line.strip()]
    shown_lines = [line for line in read.answer.text.splitlines() if line.strip()]
    earlier = rehearsal.earlier
    return Explanation(
        message=read.message,
        sha256=read.sha256,
        kind=_kind(intent),
        reasons=(*_reasons(intent, refusals), *(f"Note: {_DEFECTS.get(d, d)}." for d in read.message.defects)),
        answers=match.reference if match else None,
        found_by=str(match) if match else None,
        visible=read.answer.text,
        left_out=max(0, len(text_lines) - len(shown_lines)),
        line=read.answer.line,
        decision=_said(command) if is_persons and is_decision else None,
        why_not=(
            whys.get(command.why, command.why)
            if is_persons and isinstance(command, Unclear) and not isinstance(intent, Submitted)
            else None
        ),
        fields=dict(_fields(rehearsal)),
        files=tuple(_files(rehearsal)),
        would=tuple(_would(rehearsal, whys, refusals)),
        earlier=(
            f"{earlier.received_at.astimezone(zone):%Y-%m-%d %H:%M}: {earlier.state.value}"
            f"{f' as {earlier.kind}' if earlier.kind else ''}{f', {earlier.number}' if earlier.number else ''}"
            f"{f' ({earlier.reason})' if earlier.reason else ''}"
            if earlier
            else None
        ),
    )


def to_json(explanation: Explanation) -> dict[str, Any]:
    """As JSON values."""
    message, reference = explanation.message, explanation.answers
    return {
        "message_id": message.message_id,
        "from": message.sender,
        "subject": message.subject,
        "sha256": explanation.sha256,
        "kind": explanation.kind,
        "reasons": list(explanation.reasons),
        "answers": {
            "number": reference.number,
            "revision": reference.revision,
            "asks": reference.asks.value,
            "person": reference.person,
            "step": reference.step,
            "found_by": explanation.found_by,
        }
        if reference
        else None,
        "visible_text": explanation.visible,
        "left_out_lines": explanation.left_out,
        "line": explanation.line,
        "decision": explanation.decision,
        "why_not": explanation.why_not,
        "fields": dict(explanation.fields),
        "files": list(explanation.files),
        "would": list(explanation.would),
        "earlier": explanation.earlier,
    }


def about(reference: Reference) -> str:
    """Which mail of ours that is, in words."""
    if reference.asks is Asks.DIGEST:
        return f"{_ASKS[reference.asks]} to {reference.person}"
    step = f", step {reference.step + 1}" if reference.step is not None else ""
    return f"{reference.number}, revision {reference.revision}: {_ASKS[reference.asks]} to {reference.person}{step}"


def _kind(intent: Intent) -> str:
    match intent:
        case Submitted():
            return "submission"
        case Answered():
            return "answer"
        case Held():
            return "answer that does not count"
        case Enquired():
            return "enquiry"
        case Unmatched():
            return "answer to nothing that is known"
        case Rsvp():
            return "calendar answer"
        case Bounced():
            return "delivery report"
        case Automatic():
            return "automatic answer"
        case Quarantined():
            return "quarantine"
        case Ignored():
            return "ignored"


def _reasons(intent: Intent, refusals: Mapping[str, str]) -> Iterator[str]:
    match intent:
        case Held(_, reference, _, reason):
            yield f"It answers {about(reference)}, but {reason}."
        case Quarantined(reason) | Ignored(reason):
            yield f"Nobody is answered: {reason}."
        case Automatic(sign, _, is_absence):
            yield f"A machine wrote it: {sign}. A machine decides nothing."
            if is_absence:
                yield "It tells of an absence."
        case Bounced(report):
            for failure in report.failures:
                became = "was not reached" if failure.given_up else "is not reached yet"
                detail = f"{failure.status} {failure.diagnostic}".strip()
                yield f"{failure.recipient or 'Somebody'} {became}{f': {detail}' if detail else ''}."
        case Rsvp(reply):
            verb = "proposes another time" if reply.is_counter else reply.partstat
            yield f"{reply.attendee} to the event {reply.uid}, SEQUENCE {reply.sequence}: {verb}. It decides nothing."
        case Unmatched(_, code, _):
            yield refusals.get(code, code).replace("%(who)s", "")
        case Submitted():
            yield "It answers no mail of ours, and its sender may submit invoices."
        case Enquired():
            yield "It asks, and answers no mail of ours."


def _said(command: Command) -> str:
    match command:
        case Approve(comment):
            return f"APPROVE{f', with the comment: {comment}' if comment else ''}"
        case Reject(reason):
            return f"REJECT, {f'for the reason: {reason}' if reason else 'without a reason, which is asked for'}"
        case Question(text):
            return f"QUESTION: {text}"
        case Delegate(address):
            return f"DELEGATE to {address or 'nobody, which is asked for'}"
        case Withdraw(reason):
            return f"WITHDRAW{f': {reason}' if reason else ''}"
        case Paid(reference):
            return f"PAID{f': {reference}' if reference else ''}"
        case Postpone(day, text):
            return f"POSTPONE to {day or f'a date that cannot be read ({text})'}"
        case DuplicateOk(reason):
            return f"DUPLICATE OK: {reason}"
        case Undo():
            return "UNDO"
        case AskStatus(number):
            return f"STATUS{f' of {number}' if number else ''}"
        case AskHelp():
            return "HELP"
        case Unclear():
            return ""


def _fields(rehearsal: Rehearsal) -> Iterator[tuple[str, str]]:
    form = rehearsal.read.form
    for field in Field:
        value = getattr(form, field.value, None)
        if value:
            yield field.value, str(value)
    for problem in form.problems:
        yield problem.field.value, f"cannot be read ({problem.code}): {problem.text}"


def _files(rehearsal: Rehearsal) -> Iterator[str]:
    for file in rehearsal.read.files:
        yield f"{file.filename or 'without a name'} ({file.media_type})"
        if file.said.trouble:
            yield f"  it could not be read: {_TROUBLES[file.said.trouble]}"
        for facts in file.said.facts:
            yield f"  by {_ORIGINS[facts.origin]}: {', '.join(_facts(facts))}"


def _facts(facts: Facts) -> Iterator[str]:
    for name in NAMES:
        if value := getattr(facts, name):
            yield f"{name} {value}{' (not certain)' if name in facts.doubtful else ''}"
    for part in fields(PaymentDetails):
        if value := getattr(facts.details, part.name):
            yield f"{part.name.replace('_', ' ')} {value}"


def _would(rehearsal: Rehearsal, whys: Mapping[str, str], refusals: Mapping[str, str]) -> Iterator[str]:
    settled = rehearsal.settled
    yield ", ".join(filter(None, [settled.state.value, settled.number, settled.reason]))
    for line in rehearsal.history:
        yield f"history: {line.event} by {line.actor}"
    for entry in rehearsal.mails:
        yield f"mail to {entry.recipient}: {kind_of(entry.effect)}{_because(entry.effect, whys, refusals)}"


def _because(effect: object, whys: Mapping[str, str], refusals: Mapping[str, str]) -> str:
    if not isinstance(effect, Mail):
        return ""
    if code := effect.extra.get("code"):
        return f" ({refusals.get(str(code), str(code)).replace('%(who)s', '')})"
    if why := effect.extra.get("why"):
        return f" ({whys.get(str(why), str(why))})"
    return ""
