"""The ready answers of a mail: `mailto:` links (RFC 6068). No web link decides anything (process section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mailflow.approval.effects import Invitation, InviteMethod, Mail, Message
from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import FINAL, Status
from mailflow.approval.reference import Asks
from mailflow.approval.submission import Field, RouteKind
from mailflow.approval.wording import FORM_LABELS, KEYWORDS, Verb
from mailflow.outbound.cleaning import one_line, shortened

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@")
_ENCODED = [chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in range(256)]
_SUBJECT_LENGTH = 90
_VALUE_LENGTH = 120  # Outlook opens no link of more than about 2,000 characters
_NEEDS_TEXT = frozenset({Verb.REJECT, Verb.QUESTION, Verb.DELEGATE, Verb.POSTPONE, Verb.DUPLICATE_OK})

ROUTE_VALUES = {
    "en": {RouteKind.SEQUENTIAL: "sequential", RouteKind.HIERARCHY: "hierarchy"},
    "ru": {RouteKind.SEQUENTIAL: "последовательное", RouteKind.HIERARCHY: "по иерархии"},
}
"""How a form names the approval types."""

ONE_INVOICE = {"en": "one invoice", "ru": "один счёт"}
"""How a form says that all files belong to one."""


@dataclass(frozen=True)
class Answer:
    """One ready answer: what `kind` of (a Verb's value, form, one_invoice, answer), its keyword, the whole text."""

    kind: str
    word: str
    body: str


def mailto(address: str, subject: str, body: str) -> str:
    """A link that opens a mail to `address`; lines end with CRLF (RFC 6068 section 5)."""
    fields = {"subject": shortened(one_line(subject), _SUBJECT_LENGTH), "body": "\r\n".join(body.split("\n"))}
    return f"mailto:{_encoded(address)}?" + "&".join(f"{name}={_encoded(text)}" for name, text in fields.items())


def answers_to(mail: Mail, language: str) -> tuple[Answer, ...]:
    """What the reader of a mail can answer with, the most likely first."""
    match mail.asks:
        case Asks.APPROVAL:
            verbs = [Verb.APPROVE, Verb.REJECT, Verb.QUESTION, Verb.DELEGATE]
        case Asks.PAYMENT:
            verbs = [Verb.PAID, Verb.POSTPONE, Verb.REJECT, Verb.QUESTION]
        case Asks.ANSWER:
            return (Answer("answer", "", ""),)
        case Asks.COMPLETION | Asks.CORRECTION:
            return _submitters_answers(mail, language)
        case Asks.DIGEST:
            return ()
        case Asks.NOTHING:
            verbs = _verbs_besides(mail)
    proposed = mail.extra.get("proposed")
    known = {Verb.POSTPONE: _typed_day(date.fromisoformat(str(proposed)), language)} if proposed else {}
    return tuple(_answer(verb, language, known.get(verb, "")) for verb in verbs)


def answers_to_invitation(invitation: Invitation, language: str) -> tuple[Answer, ...]:
    """The accountant can answer an invitation as the request itself, while there is something to pay."""
    payable = invitation.method is InviteMethod.REQUEST and invitation.invoice.status is Status.TO_PAY
    if not payable or invitation.to != invitation.invoice.accountant:
        return ()
    return tuple(_answer(verb, language) for verb in (Verb.PAID, Verb.POSTPONE, Verb.REJECT))


def lacking_lines(mail: Mail, language: str) -> tuple[str, ...]:
    """The lines of the form that the submitter fills in, 'Label: ' each; after a rejection with what stands there."""
    invoice = mail.invoice
    if invoice is None:
        return ()
    labels = FORM_LABELS[language]
    if mail.asks is Asks.CORRECTION:
        return tuple(f"{labels[field]}: {value}" for field, value in _standing(invoice, language))
    if mail.message is Message.NO_APPROVER:
        other = next(kind for kind in RouteKind if kind is not invoice.route)
        return (f"{labels[Field.ROUTE]}: {ROUTE_VALUES[language][other]}",)
    lacking = dict.fromkeys(problem.field for problem in invoice.problems)
    return tuple(f"{labels[field]}: " for field in lacking if field is not Field.FILES)


def new_invoice_form(language: str) -> str:
    """The body of a new submission, every line to be filled in."""
    fields = (Field.TITLE, Field.COUNTERPARTY, Field.AMOUNT, Field.PAY_DATE, Field.COMMENT)
    return "\n".join(f"{FORM_LABELS[language][field]}: " for field in fields)


def _submitters_answers(mail: Mail, language: str) -> tuple[Answer, ...]:
    withdraw = _answer(Verb.WITHDRAW, language)
    invoice = mail.invoice
    repeats = invoice is not None and invoice.repeat is not None and not invoice.repeat.reason
    if repeats and invoice is not None and not invoice.problems and mail.asks is Asks.COMPLETION:
        return (_answer(Verb.DUPLICATE_OK, language), withdraw)
    lines = lacking_lines(mail, language)
    if invoice is not None and any(problem.code == "several" for problem in invoice.problems):
        lines = (f"{FORM_LABELS[language][Field.FILES]}: {ONE_INVOICE[language]}", *lines)
        return Answer("one_invoice", "", "\n".join(lines)), withdraw
    return (Answer("form", "", "\n".join(lines)), withdraw) if lines else (withdraw,)


def _verbs_besides(mail: Mail) -> list[Verb]:
    """What is always possible besides a decision: the submitter may withdraw, people concerned may ask."""
    invoice = mail.invoice
    if mail.message is Message.REFUSED and (invoice is None or mail.to not in invoice.people):
        return [Verb.STATUS, Verb.HELP]
    if invoice is None:
        return []
    withdraw = [Verb.WITHDRAW] if mail.to == invoice.submitter and invoice.status not in FINAL else []
    if str(mail.extra.get("what", "")).endswith("_on_hold"):
        return [Verb.UNDO]
    match mail.message:
        case Message.ACKNOWLEDGEMENT | Message.AWAITS_STRUCTURE | Message.APPROVED | Message.UNCLEAR | Message.REFUSED:
            return [Verb.STATUS, *withdraw]
        case Message.STATUS:
            return withdraw
        case _:
            return []


def _answer(verb: Verb, language: str, text: str = "") -> Answer:
    word = KEYWORDS[verb][language][0]
    return Answer(verb.value, word, f"{word}: {text}" if verb in _NEEDS_TEXT else word)


def _standing(invoice: Invoice, language: str) -> list[tuple[Field, str]]:
    values = [
        (Field.COUNTERPARTY, invoice.counterparty),
        (Field.AMOUNT, str(invoice.amount or "")),
        (Field.PAY_DATE, _typed_day(invoice.pay_date, language) if invoice.pay_date else ""),
        (Field.COMMENT, invoice.comment),
    ]
    return [(field, value) for field, value in values if len(value) <= _VALUE_LENGTH and "\n" not in value]


def _encoded(text: str) -> str:
    return "".join([_ENCODED[byte] for byte in text.encode("utf-8", "replace")])


def _typed_day(value: date, language: str) -> str:
    """A date as one types it into a form: '2026-12-15' or '15.12.2026'."""
    return value.strftime("%d.%m.%Y" if language == "ru" else "%Y-%m-%d")
