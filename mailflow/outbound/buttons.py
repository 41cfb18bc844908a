"""Buttons that open a ready answer: mailto links (RFC 6068), and nothing that acts when a scanner opens it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from mailflow.approval.invoice import Invoice
from mailflow.approval.reference import Asks
from mailflow.approval.submission import Field
from mailflow.approval.wording import FORM_LABELS, KEYWORDS, Verb

_TAKES_TEXT = (Verb.REJECT, Verb.QUESTION, Verb.DELEGATE, Verb.POSTPONE, Verb.DUPLICATE_OK)
_OF = {
    Asks.APPROVAL: (Verb.APPROVE, Verb.REJECT, Verb.QUESTION, Verb.DELEGATE),
    Asks.PAYMENT: (Verb.PAID, Verb.POSTPONE, Verb.REJECT, Verb.QUESTION),
}


@dataclass(frozen=True)
class Button:
    """One ready answer: what it does, the word, and the link that opens it."""

    verb: str
    word: str
    link: str


def buttons(verbs: Iterable[Verb], mailbox: str, subject: str, language: str) -> list[Button]:
    """A button for each verb, in the reader's language."""
    return [_button(verb, mailbox, subject, language) for verb in verbs]


def verbs_for(asks: Asks) -> tuple[Verb, ...]:
    """What may be answered to a mail."""
    return _OF.get(asks, ())


def form_button(invoice: Invoice, mailbox: str, subject: str, language: str) -> Button:
    """The form of the lacking fields, ready to be filled in."""
    body = "".join(f"{label}: \n" for label in form_lines(invoice, language))
    return Button("form", "", mailto(mailbox, subject, body))


def form_lines(invoice: Invoice, language: str) -> list[str]:
    """The labels of what an incomplete invoice lacks; files cannot be typed."""
    labels = FORM_LABELS.get(language, FORM_LABELS["en"])
    lacking = dict.fromkeys(p.field for p in invoice.problems if p.field is not Field.FILES)
    return [labels[field] for field in lacking]


def mailto(address: str, subject: str, body: str) -> str:
    """A mailto link with everything filled in."""
    text = body.replace("\n", "\r\n")
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}&body={quote(text, safe='')}"


def _button(verb: Verb, mailbox: str, subject: str, language: str) -> Button:
    words = KEYWORDS[verb]
    word = words.get(language, words["en"])[0]
    return Button(verb.value, word, mailto(mailbox, subject, f"{word}: " if verb in _TAKES_TEXT else word))
