"""Which mail of ours is answered: the clues that a mail carries, strongest first (process section 3)."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from mailflow.inbound.message import InboundMessage

_NUMBER = r"INV-[0-9]{4}-[0-9]{4,9}"
_NUMBERS = re.compile(rf"(?<![\w-]){_NUMBER}(?![\w-])", re.IGNORECASE)
_BESIDE_NUMBER = re.compile(rf"{_NUMBER}[\s>|\[\](){{}},:;-]{{0,12}}#\s?([0-9a-z]{{6,32}})(?![0-9a-z])", re.IGNORECASE)
_BRACKETED = re.compile(r"(?:\[\s?#\s?([0-9a-z]{6,32})(?![0-9a-z])|#([0-9a-z]{6,32})\s?\])", re.IGNORECASE)
_TAG = re.compile(r"<[a-z/!][^<>]{0,2000}>", re.IGNORECASE)
_LONGEST = 400_000
_MOST = 20


@dataclass(frozen=True)
class Clues:
    """Message-IDs that are answered (nearest first), tokens in the subject, tokens in the quotation, numbers named."""

    message_ids: tuple[str, ...]
    subject: tuple[str, ...]
    quoted: tuple[str, ...]
    numbers: tuple[str, ...]


def clues(message: InboundMessage) -> Clues:
    """Every clue of a mail, each once. A token counts beside an invoice number or in square brackets."""
    shown = html.unescape(_TAG.sub("", (message.html or "")[:_LONGEST]))
    quoted = (*_tokens(message.text[:_LONGEST]), *_tokens(shown))
    return Clues(
        message_ids=_each_once((*message.in_reply_to, *reversed(message.references))),
        subject=_tokens(message.subject),
        quoted=_each_once(quoted),
        numbers=_each_once(tuple(number.upper() for number in _NUMBERS.findall(message.subject))),
    )


def _tokens(text: str) -> tuple[str, ...]:
    bracketed = (first or second for first, second in _BRACKETED.findall(text))
    return _each_once(tuple(token.lower() for token in (*_BESIDE_NUMBER.findall(text), *bracketed)))


def _each_once(found: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:_MOST]
