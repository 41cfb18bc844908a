"""Which mail of ours is answered: the clues that a mail carries, strongest first (process section 3)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mailflow.approval.reference import Reference
from mailflow.inbound.message import InboundMessage

_NUMBER = r"INV-[0-9]{4}-[0-9]{4,9}"
_NUMBERS = re.compile(rf"(?<![\w-]){_NUMBER}(?![\w-])", re.IGNORECASE)
_BESIDE_NUMBER = re.compile(rf"{_NUMBER}[\s>|\[\](){{}},:;-]{{0,12}}#\s?([0-9a-z]{{6,32}})(?![0-9a-z])", re.IGNORECASE)
_BRACKETED = re.compile(r"(?:\[\s?#\s?([0-9a-z]{6,32})(?![0-9a-z])|#([0-9a-z]{6,32})\s?\])", re.IGNORECASE)
_TAG = re.compile(r"<[a-z/!][^<>]{0,2000}>", re.IGNORECASE)
_LONGEST = 400_000
_MOST = 20


class By(StrEnum):
    """What of a mail leads to the one it answers, the strongest first."""

    IN_REPLY_TO = "In-Reply-To"
    REFERENCES = "References"
    SUBJECT = "the subject"
    QUOTATION = "the quotation"


@dataclass(frozen=True)
class Clues:
    """Message-IDs that are answered (nearest first), tokens in the subject, tokens in the quotation, numbers named."""

    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    subject: tuple[str, ...]
    quoted: tuple[str, ...]
    numbers: tuple[str, ...]

    @property
    def message_ids(self) -> tuple[str, ...]:
        """Every Message-ID that may be answered, the nearest first."""
        return _each_once((*self.in_reply_to, *self.references))


@dataclass(frozen=True)
class Match:
    """The mail of ours that is answered, and the evidence: which clue it was, and where it stood."""

    reference: Reference
    by: By
    clue: str

    def __str__(self) -> str:
        """The evidence, as the history keeps it: a token may still be good, and stands there cut short."""
        is_token = self.by in (By.SUBJECT, By.QUOTATION)
        return f"{self.by} ({f'#{self.clue[:3]}…' if is_token else self.clue})"


def clues(message: InboundMessage) -> Clues:
    """Every clue of a mail, each once. A token counts beside an invoice number or in square brackets."""
    shown = html.unescape(_TAG.sub("", (message.html or "")[:_LONGEST]))
    quoted = (*_tokens(message.text[:_LONGEST]), *_tokens(shown))
    return Clues(
        in_reply_to=_each_once(message.in_reply_to),
        references=_each_once(tuple(reversed(message.references))),
        subject=_tokens(message.subject),
        quoted=_each_once(quoted),
        numbers=_each_once(tuple(number.upper() for number in _NUMBERS.findall(message.subject))),
    )


def find_match(
    found: Clues,
    by_message_id: Callable[[str], Reference | None],
    by_token: Callable[[str], Reference | None],
    believe_tokens: bool = True,
) -> Match | None:
    """The mail that is answered: by Message-ID, else by the subject, else by the quotation (process section 3).

    Without `believe_tokens` by Message-ID alone.
    None too where the subject bears the reference of another invoice or digest. Signatures of mail (RFC 6376) cover the
    subject, but seldom In-Reply-To, so a signed approval could be sent again to answer something else.
    """
    match = _strongest(found, by_message_id, by_token if believe_tokens else _nothing)
    if match is None:
        return None
    about = {_about(reference) for token in found.subject if (reference := by_token(token))}
    return match if about <= {_about(match.reference)} else None


def _about(reference: Reference) -> str:
    """The invoice; each digest is about something of its own."""
    return reference.number or reference.fingerprint


def _nothing(_: str) -> None:
    return None


def _strongest(
    found: Clues,
    by_message_id: Callable[[str], Reference | None],
    by_token: Callable[[str], Reference | None],
) -> Match | None:
    for by, look_up, keys in (
        (By.IN_REPLY_TO, by_message_id, found.in_reply_to),
        (By.REFERENCES, by_message_id, found.references),
        (By.SUBJECT, by_token, found.subject),
        (By.QUOTATION, by_token, found.quoted),
    ):
        for key in keys:
            if reference := look_up(key):
                return Match(reference, by, key)
    return None


def _tokens(text: str) -> tuple[str, ...]:
    bracketed = (first or second for first, second in _BRACKETED.findall(text))
    return _each_once(tuple(token.lower() for token in (*_BESIDE_NUMBER.findall(text), *bracketed)))


def _each_once(found: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:_MOST]
