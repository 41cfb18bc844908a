"""What the writer typed: the visible text without quotation, signature, small print and our own words (section 3).

An answer may stand above the quotation, below it or within it. A quotation is known by its prefix, by how programs
introduce it, or by our own reply marker; what cannot be told from a quotation is left out, and the writer is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailflow.approval.wording import REPLY_MARKERS
from mailflow.inbound import quote_patterns as patterns
from mailflow.inbound.html_text import html_text
from mailflow.inbound.message import InboundMessage

MAX_LINES = 2000
MAX_LINE = 400
MAX_TEXT = 20_000

_PREFIX = re.compile(r"^\s{0,3}>")
_REFERENCE = re.compile(r"INV-\d{4}-\d{4,9}\W{1,5}#[0-9a-z]{6,32}", re.IGNORECASE)
_NUMBER = re.compile(r"INV-\d{4}-\d{4,9}", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\u00a0\u202f\u2009\u2002\u2003]+")
_INVISIBLE_EDGE = "\ufeff\u200b\u200e\u200f\u2060 \t\u00a0\u202f"


@dataclass(frozen=True)
class Visible:
    """The visible answer. `doubts`: parts_differ, damaged_text. `hidden` is what stood in the HTML unseen."""

    text: str
    doubts: tuple[str, ...] = ()
    hidden: str = ""


def visible_text(message: InboundMessage) -> Visible:
    """What the writer typed. Text and HTML must say the same where both say something."""
    plain = own_words(message.text)
    shown = html_text(message.html) if message.html else None
    rich = own_words(shown.text) if shown else ""
    doubts = []
    if plain and rich and _first_words(plain) != _first_words(rich):
        doubts.append("parts_differ")
    text = (plain or rich)[:MAX_TEXT]
    if "\ufffd" in next(iter(text.splitlines()), ""):
        doubts.append("damaged_text")
    return Visible(text, tuple(doubts), shown.hidden if shown else "")


def own_words(text: str) -> str:
    """A plain text without quotations, signature and small print."""
    lines = [line.rstrip()[:MAX_LINE] for line in text.replace("\r", "").split("\n")[:MAX_LINES]]
    lines = [_SPACES.sub(" ", line.strip(_INVISIBLE_EDGE)) if line.strip() else "" for line in lines]
    blocks = _unquoted_blocks(_before_our_text(lines))
    kept = [stripped for block in blocks if (stripped := _without_signature(block))]
    return "\n\n".join("\n".join(block) for block in kept).strip()


def _unquoted_blocks(lines: list[str]) -> list[list[str]]:
    """The runs of lines between quotations; everything after an unprefixed quotation is quotation."""
    blocks: list[list[str]] = [[]]
    at = 0
    while at < len(lines):
        line = lines[at]
        if _PREFIX.match(line):
            blocks.append([])
            at += 1
            continue
        if _is_marker(line) or patterns.SEPARATOR.match(line) or _is_header_block(lines, at):
            break
        length = _attribution_length(lines, at)
        if length:
            at += length
            if not _prefix_follows(lines, at):
                break
            blocks.append([])
            continue
        blocks[-1].append(line)
        at += 1
    return blocks


def _before_our_text(lines: list[str]) -> list[str]:
    """What stands before our own mail where that was pasted in without any mark: it names its whole reference."""
    if not any(_REFERENCE.search(line) for line in lines if not _PREFIX.match(line)):
        return lines
    start = next(i for i, line in enumerate(lines) if _NUMBER.search(line) and not _PREFIX.match(line))
    return lines[:start]


def _attribution_length(lines: list[str], at: int) -> int:
    """How many lines an attribution takes that begins here; 0 where none does."""
    if not lines[at]:
        return 0
    if len(lines[at]) <= MAX_LINE and patterns.ATTRIBUTION.match(lines[at]):
        return 1
    if not patterns.ATTRIBUTION_START.match(lines[at]):
        return 0
    joined = lines[at]
    for extra in range(1, 5):
        if at + extra >= len(lines):
            return 0
        following = lines[at + extra].removeprefix(">").strip()
        if not following:
            return 0
        joined = f"{joined} {following}"
        if patterns.ATTRIBUTION_END.search(following) and patterns.ATTRIBUTION.match(joined[:MAX_LINE]):
            return extra + 1
    return 0


def _prefix_follows(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at : at + 4] if line), "")
    return bool(_PREFIX.match(following))


def _is_header_block(lines: list[str], at: int) -> bool:
    """Outlook's From, Sent, To, Subject: the first of them here, at least two more among the next lines."""
    if not patterns.HEADER_FROM.match(lines[at]) and not patterns.HEADER_FIELD.match(lines[at]):
        return False
    block = [line for line in lines[at : at + 12] if line][:7]
    fields = [line for line in block if patterns.HEADER_FIELD.match(line)]
    return len(fields) >= 3 and any(patterns.HEADER_FROM.match(line) for line in block)


def _is_marker(line: str) -> bool:
    return any(marker.strip("- ") in line for marker in REPLY_MARKERS.values())


def _without_signature(block: list[str]) -> list[str]:
    kept: list[str] = []
    for line in block:
        if patterns.SIGNATURE.match(line) and any(kept):
            break
        if patterns.SIGNATURE.match(line) and not any(kept):
            return []
        if patterns.DISCLAIMER.match(line):
            break
        if not patterns.MOBILE_FOOTER.match(line):
            kept.append(line)
    while kept and not kept[0]:
        kept.pop(0)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _first_words(text: str) -> str:
    """The first line by its letters and digits alone, as far as a wrapped line would reach."""
    return re.sub(r"[\W_]+", "", text[:400])[:40].casefold()
