"""Where in a text the quotations are: the writer's own lines are what is left.

A quotation is known by its prefix, by the line or header block that introduces it, or by our own reply marker. Below a
prefixed quotation the writer's words go on; what follows an introduction without a prefix is quotation to the end. What
cannot be told from a quotation counts as one: then the writer is asked again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from mailflow.approval.wording import REPLY_MARKERS, Verb
from mailflow.inbound import quote_patterns as words
from mailflow.inbound.keyword import KeywordList

MAX_LINES = 2000
MAX_TEXT = 200_000
MAX_PATTERN = 400
"""Characters of a line that a pattern sees."""

_WRAP = 70
_ATTRIBUTION_LINES = 5
_HEADER_LINES = 10
_WARNING_LINES = 4


@dataclass(frozen=True)
class Unquoted:
    """The writer's own lines. `glued`: the only one begins with a keyword and goes on into the quotation."""

    text: str
    glued: bool = False


def unquoted(text: str, keywords: KeywordList) -> Unquoted:
    """The text without quotations, forwarded parts, signatures and our own words; at most MAX_LINES are looked at."""
    lines = [_readable(line) for line in _LINE_BREAK.split(text[:MAX_TEXT])[:MAX_LINES]]
    kept: list[str] = []
    signature = False
    at = _after_warning(lines, keywords)
    while at < len(lines):
        if _is_prefixed(lines[at]) and not _BANNER.match(lines[at][:MAX_PATTERN]):
            if _only_introduces(lines, at):
                break
            at = _after_quotation(lines, at)
            kept.append("")
            signature = False
            continue
        if length := _introduction(lines, at):
            if not _text(kept) and keywords.begins(lines[at]):
                return Unquoted(" ".join(lines[at : at + length]), glued=True)
            _drop_rule(kept)
            at = _next_line(lines, at + length)
            if at < len(lines) and _is_prefixed(lines[at]):
                continue
            break
        signature = signature or bool(_SIGNATURE.match(lines[at][:MAX_PATTERN]))
        if not signature:
            kept.append(lines[at])
        at += 1
    return Unquoted(_text(kept))


def _readable(line: str) -> str:
    """One kind of space, none at the end; a line of nothing but invisible characters is empty."""
    line = _SPACE.sub(" ", line.strip("\ufeff\u1427")).rstrip()
    return "" if all(unicodedata.category(c) in ("Zs", "Cf", "Cc") for c in line[:MAX_PATTERN]) else line


def _text(kept: list[str]) -> str:
    return _BLANK_LINES.sub("\n\n", "\n".join(kept)).strip("\n ")


def _is_prefixed(line: str) -> bool:
    return bool(_PREFIX.match(line))


def _after_quotation(lines: list[str], at: int) -> int:
    """The first line behind a prefixed quotation; the rest of a quoted line that a program wrapped belongs to it."""
    while at < len(lines) and _is_prefixed(lines[at]):
        at += 1
        if at < len(lines) and _is_wrapped_rest(lines[at - 1], lines[at]):
            at += 1
    return at


def _is_wrapped_rest(quoted: str, line: str) -> bool:
    first_word = line.split(" ", 1)[0]
    return bool(first_word) and not _is_prefixed(line) and len(quoted) + 1 + len(first_word) >= _WRAP


def _after_warning(lines: list[str], keywords: KeywordList) -> int:
    """Where the words begin below a warning that a mail server puts above them; it ends with its paragraph."""
    start = _next_line(lines, 0)
    at = start
    while at < len(lines) and lines[at] and at - start < _WARNING_LINES and not keywords.begins(lines[at]):
        at += 1
    paragraph = " ".join(line[:MAX_PATTERN] for line in lines[start:at])
    decides = keywords.anywhere(paragraph) & {Verb.APPROVE, Verb.REJECT}
    return at if _WARNING.match(paragraph) and not decides else 0


def _only_introduces(lines: list[str], at: int) -> bool:
    """Whether a prefixed run is nothing but an introduction: then what it introduces has no prefix."""
    end = at
    while end < len(lines) and _is_prefixed(lines[end]) and end - at <= _HEADER_LINES:
        end += 1
    run = [line for line in (_PREFIX.sub("", line, count=1).strip(" ") for line in lines[at:end]) if line]
    if len(run) > 1 and all(_HEADER.match(line[:MAX_PATTERN]) for line in run):
        return True
    read = 0
    while read < len(run) and (length := _introduction(run, read)):
        read += length
    return bool(run) and read == len(run)


def _next_line(lines: list[str], at: int) -> int:
    while at < len(lines) and not lines[at]:
        at += 1
    return at


def _drop_rule(kept: list[str]) -> None:
    """Takes off the line that a program draws above what it quotes."""
    while kept and (not kept[-1] or _RULE.match(kept[-1][:MAX_PATTERN])):
        kept.pop()


def _introduction(lines: list[str], at: int) -> int:
    """How many lines of a quotation's introduction begin here; 0 where none does."""
    line = lines[at][:MAX_PATTERN]
    if not line:
        return 0
    if any(p.match(line) for p in _INTRODUCING_LINES) or any(p.search(line) for p in _INTRODUCING_ENDS):
        return 1
    return _header_block(lines, at) or _attribution(lines, at)


def _header_block(lines: list[str], at: int) -> int:
    """Outlook's From, Sent, To, Subject: three kinds with the sender among them, two above an attribution, or a date
    beside an address."""
    if not _HEADER.match(lines[at][:MAX_PATTERN]):
        return 0
    kinds: set[str] = set()
    read = other = end = 0
    for offset, line in enumerate(lines[at : at + 2 * _HEADER_LINES]):
        if not line:
            continue
        read += 1
        if label := _HEADER.match(line[:MAX_PATTERN]):
            kinds.add(_KINDS[label[1].lower()])
            end, other = offset + 1, 0
        else:
            other += 1
        if other > 2 or read == _HEADER_LINES:
            break
    if len(kinds) >= 3 and "from" in kinds:
        return end
    if len(kinds) == 2 and "date" in kinds and _tells_who_and_when(lines[at : at + 2]):
        return end
    below = _next_line(lines, at + end)
    if len(kinds) >= 2 and below < len(lines) and (length := _attribution(lines, below)):
        return below + length - at
    return 0


def _tells_who_and_when(pair: list[str]) -> bool:
    """Whether one of two adjacent lines holds an address and the other a day and an hour."""
    starts = [line[:MAX_PATTERN] for line in pair]
    return any(map(_ADDRESS.search, starts)) and any(_HEADER.match(s) and _has_day_and_time(s) for s in starts)


def _attribution(lines: list[str], at: int) -> int:
    return _known_attribution(lines, at) or _wrapped_attribution(lines, at)


def _wrapped_attribution(lines: list[str], at: int) -> int:
    """An attribution in any language on two or three lines: a year, an hour and an address before a colon."""
    for end in range(at + 2, min(at + 3, len(lines)) + 1):
        if not lines[end - 1] or _is_prefixed(lines[end - 1]):
            return 0
        if _tells_all(lines[at:end]):
            is_whole = _DIGIT_OR_ADDRESS.search(lines[at][:MAX_PATTERN]) and not _tells_all(lines[at + 1 : end])
            return end - at if is_whole and not _known_attribution(lines, at + 1) else 0
    return 0


def _tells_all(lines: list[str]) -> bool:
    joined = " ".join(line[:MAX_PATTERN] for line in lines)
    return joined.endswith((":", "：")) and _has_day_and_time(joined) and bool(_ADDRESS.search(joined))


def _known_attribution(lines: list[str], at: int) -> int:
    """'On <date>, <name> wrote:' and its kin in many languages, wrapped or not."""
    start = _TURNS.sub("", lines[at][:MAX_PATTERN])
    opens = bool(_OPENING.match(start)) or _has_day_and_time(start)
    joined = ""
    for offset, line in enumerate(lines[at : at + _ATTRIBUTION_LINES]):
        if not line and opens and _address_follows(lines, at + offset):
            continue
        if not line or len(joined) > MAX_PATTERN or (_is_prefixed(line) and not _CLOSING.match(line[:MAX_PATTERN])):
            return 0
        joined = f"{joined} {_TURNS.sub('', line[:MAX_PATTERN])}".strip()[: 2 * MAX_PATTERN]
        if _attributes(joined, opens, lines, at + offset + 1):
            return offset + 1 + _wrapped_end(joined, lines[at + offset + 1 : at + offset + 2])
        if not opens and not _goes_on(joined[:MAX_PATTERN]):
            return 0
    return 0


def _wrapped_end(joined: str, below: list[str]) -> int:
    """1 where the colon that ends the attribution stands on the line below, alone or behind a name and an address."""
    return int(not joined.endswith((":", "：")) and any(_LATE_END.match(line[:MAX_PATTERN]) for line in below))


def _address_follows(lines: list[str], at: int) -> bool:
    """Whether the next line that is not empty begins with the address that an attribution lacks."""
    below = _next_line(lines, at)
    return below < len(lines) and lines[below].startswith("<")


def _goes_on(joined: str) -> bool:
    """Whether a line that begins with no date may be the first half of an attribution that a program wrapped."""
    return bool(_HALF_ATTRIBUTION.match(joined) or (_ADDRESS.search(joined) and _WROTE.search(joined)))


def _attributes(joined: str, opens: bool, lines: list[str], below: int) -> bool:
    if _DATE_AND_NAME.fullmatch(joined[:MAX_PATTERN]):
        return True
    if opens and _DAY.search(joined) and _RUN_INTO.search(joined):
        return True
    ends = _ENDING.search(joined[-MAX_PATTERN:])
    if not ends:
        return False
    wrote, address = _WROTE.search(joined), _ADDRESS.search(joined)
    follows = _next_line(lines, below)
    quoted = follows < len(lines) and _begins_quotation(lines[follows])
    if opens and _DAY.search(joined):
        return bool(wrote or (address and (ends["colon"] or (quoted and _DATE.search(joined)))))
    if wrote and address and ends["colon"]:
        return True
    return bool(wrote and ends["colon"] and (opens or quoted or _NUMBERED_WROTE.search(joined)))


def _begins_quotation(line: str) -> bool:
    return line.startswith("| ") or (_is_prefixed(line) and not _CLOSING.match(line[:MAX_PATTERN]))


def _has_day_and_time(line: str) -> bool:
    return bool(_DATE.search(line) and _TIME.search(line))


def _any_of(alternatives: Iterable[str]) -> str:
    ordered = sorted(alternatives, key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\ ", r"\s").replace("'", "['’]") for word in ordered)


_LINE_BREAK = re.compile(r"\r\n|[\r\n\v\f\x85\u2028\u2029]")
_SPACE = re.compile(r"[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_BLANK_LINES = re.compile(r"\n{3,}")

_PREFIX = re.compile(r"\s{0,4}(?:[^\W\d_]{1,3})?>")
_RULE = re.compile(r"(?:[\s*_=—–-]{3,400}|\s{0,3}-{4,40}\s?[^\n-]{1,60}\s?-{4,40}\s{0,3})$")
_MARKER = re.compile(_any_of(marker.strip("- ") for marker in REPLY_MARKERS.values()), re.IGNORECASE)
_EXCUSE = rf"(?:{_any_of(words.EXCUSES)})(?!\w)[^\n.;!?]{{0,80}}"
_PHRASE = r"(?:[^\n.,;!?:]|\.\w){0,60}"
_DEVICE = rf"{_PHRASE}(?:{_any_of(words.DEVICES)}){_PHRASE}"
_SENT_WITH = rf"(?:{_any_of(words.SENT_WITH)})(?!\w)[^.,;!?\n]{{0,60}}(?:\.\w[^\n]{{0,200}})?"
_GET_APP = (
    rf"(?:{_any_of(words.GET)})\s[^\n]{{2,40}}\s(?:{_any_of(words.FOR)})\s[^\n]{{0,20}}"
    r"(?:android|ios|iphone|ipad|windows|mac)(?:\s?[<(\[]{1,2}https?://[^\s]{1,200})?"
)
_SIGNED = (
    rf"(?:{_SENT_WITH}|(?:{_any_of(words.WRITTEN_ON)})\s{_DEVICE})(?:[.!]?\s{{0,2}}{_EXCUSE})?",
    rf"{_DEVICE}(?:{_any_of(words.SENT_LAST)})",
    _GET_APP,
    _EXCUSE,
)
_SIGNATURE_RULE = r"(?:--|—{1,20}|–{1,20}|__|_{10,200}|-{5}BEGIN PGP SIGNATURE-{5})"
_SIGNATURE = re.compile(
    rf"\s{{0,3}}{_SIGNATURE_RULE}\s{{0,3}}$|\W{{0,5}}(?:{'|'.join(_SIGNED)})[.!\s>)]{{0,3}}$", re.IGNORECASE
)
_WARNING = re.compile(
    rf"(?:\W{{0,9}}(?:{_any_of(words.WARNING_WORDS)})(?!\w)){{0,8}}\W{{0,9}}(?:{_any_of(words.WARNINGS)})(?!\w)",
    re.IGNORECASE,
)
_TITLE = _any_of((*words.ORIGINAL_MESSAGE, *words.FORWARDED_MESSAGE))
_SEPARATOR = re.compile(
    rf"[-_=*\u2010-\u2015]{{2,40}}\s{{0,3}}(?:{_TITLE})(?!\w)(?:\s{{0,3}}[-_=*\u2010-\u2015]{{3}}|[^\n]{{0,60}}$)",
    re.IGNORECASE,
)
_FORWARD_LINE = re.compile(rf"\W{{0,10}}(?:{_any_of(words.FORWARDED_MESSAGE)}):\W{{0,5}}$", re.IGNORECASE)
_NOTES = re.compile(
    r"[^\n]{1,100}-{3}\d{1,4}[./-]\d{1,2}[./-]\d{2,4}[\s,]{1,3}\d{1,2}[:.]\d\d[^\n]{0,20}-{3}|"
    rf"\W{{0,10}}(?:{_any_of(words.INTRODUCING)})(?:\s\d[^\n]{{0,60}}|[^\w\n]{{1,10}})$",
    re.IGNORECASE,
)
_DASHED_WROTE = re.compile(
    rf"-{{3,20}}\s?[^\n-]{{1,100}}\s(?:{_any_of(words.WROTE)})\s?[:：]?\s?-{{3,20}}\s{{0,3}}$", re.IGNORECASE
)
_QUOTING = re.compile(
    rf"\W{{0,5}}(?:{_any_of(words.QUOTING)})\s[^\n@]{{0,100}}[^\s@]@[^\s@]{{1,100}}[:：]\s{{0,3}}$", re.IGNORECASE
)
_KINDS = {label: kind for kind, labels in words.HEADER_LABELS.items() for label in labels}
_HEADER = re.compile(rf"\W{{0,10}}({_any_of(_KINDS)})\W{{0,3}}[:：]", re.IGNORECASE)

_WROTE = re.compile(rf"(?<![^\W\d_])(?:{_any_of(words.WROTE)})(?![^\W\d_])", re.IGNORECASE)
_CLOSING = re.compile(rf">\s?(?:{_any_of(words.WROTE)})?\s?[:：]$", re.IGNORECASE)
_RUN_INTO = re.compile(rf"(?:{_any_of(words.WROTE)})[:：](?=>|[^\W\d])", re.IGNORECASE)
_BANNER = re.compile(r">>> [^\n]{1,300} >>>$")
_INTRODUCING_LINES = (_BANNER, _FORWARD_LINE, _NOTES, _DASHED_WROTE, _QUOTING)
_INTRODUCING_ENDS = (_MARKER, _SEPARATOR)
_TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DATE_AND_NAME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d GMT[+-]\d\d:\d\d [^\n]{1,200}")
_ADDRESS = re.compile(r"[^\s<>\"@]{1,100}@[^\s<>\"@]{1,200}")
_DATE = re.compile(r"(?:19|20|١٩|٢٠)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
_TIME = re.compile(r"\d{1,2}[:.]\d\d")
_DAY = re.compile(rf"{_DATE.pattern}|{_TIME.pattern}|\d")
_ENDING = re.compile(
    rf"(?:(?P<colon>[:：])|(?<![^\W\d_])(?:{_any_of(words.WROTE)}))[\s*_=-]{{0,20}}$|[^\s<>\"@]@[^\s<>\"@]{{1,200}}>$",
    re.IGNORECASE,
)
_OPENING = re.compile(
    rf"\W{{0,10}}(?:(?:{_any_of((*words.OPENINGS, *words.CALENDAR_WORDS))})(?![^\W\d_])[.,]?\s{{1,3}}){{0,4}}\d",
    re.IGNORECASE,
)
_LATE_END = re.compile(r"(?:[^<>\n:]{0,100}<[^\s<>]{1,200}>)?\s?[:：]$")
_DIGIT_OR_ADDRESS = re.compile(r"[\d@]")
_HALF_ATTRIBUTION = re.compile(r"[^<>\n]{0,200}<\s?[^\s<>@]{0,100}(?:@[^\s<>]{0,200}>?)?$")
_NUMBERED_WROTE = re.compile(rf"\d{{1,2}}[:./-]\d.{{0,200}}(?:{_any_of(words.WROTE)})\s{{0,3}}[:：]", re.IGNORECASE)
