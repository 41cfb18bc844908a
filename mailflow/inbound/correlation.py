"""Which mail of ours is answered: the clues that a mail carries, strongest first (process section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailflow.inbound.message import InboundMessage

_SUBJECT = re.compile(r"(?:INV-\d{4}-\d{4,9}\s{0,3})?#\s{0,2}([0-9a-z]{6,32})(?![0-9a-z])", re.IGNORECASE)
_QUOTED = re.compile(r"INV-\d{4}-\d{4,9}\W{1,5}#([0-9a-z]{6,32})(?![0-9a-z])", re.IGNORECASE)
_NUMBER = re.compile(r"INV-\d{4}-\d{4,9}", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
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
    """Every clue of a mail, each once."""
    body = message.text[:_LONGEST] + "\n" + _TAG.sub("", (message.html or "")[:_LONGEST])
    ids = (*message.in_reply_to, *reversed(message.references))
    return Clues(
        message_ids=tuple(dict.fromkeys(ids))[:_MOST],
        subject=_tokens(_SUBJECT, message.subject),
        quoted=_tokens(_QUOTED, body),
        numbers=tuple(dict.fromkeys(n.upper() for n in _NUMBER.findall(message.subject)))[:_MOST],
    )


def _tokens(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(token.lower() for token in pattern.findall(text)))[:_MOST]
