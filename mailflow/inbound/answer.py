"""The decision in an answer: the keyword that stands first, and nothing that would be a guess (process section 3).

The first line of the visible text decides; a salutation before it is passed over. Where money depends on the answer,
the lines below are looked at too: a second keyword, a condition, a question or second thoughts decide nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

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
    Reading,
    Reject,
    Unclear,
    Undo,
    Withdraw,
)
from mailflow.approval.wording import KEYWORDS, Keywords, Verb
from mailflow.inbound import answer_words as words
from mailflow.inbound.date_text import read_date
from mailflow.inbound.keyword import KeywordList, folded, keyword_list
from mailflow.inbound.message import InboundMessage
from mailflow.inbound.quoting import visible_text
from mailflow.inbound.salutation import body, from_decision_line

MAX_LINE = 300
MAX_COMMENT = 4000

_DECISIONS = frozenset({Verb.APPROVE, Verb.REJECT})
_COMMANDS = frozenset(Verb) - {Verb.STATUS, Verb.HELP}

_SEPARATOR = re.compile(r"\s{0,400}([:.,;!/\-–—…]{0,5})\s{0,400}")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_WORD = re.compile(r"\w[\w-]*")
_NUMBER = re.compile(r"INV-\d{4}-\d{4,9}", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[,.:;!?()…]|\s[-–—]|[-–—]\s")
_LINK = re.compile(r"<[^<>\s]{1,400}>|https?://\S{1,400}", re.IGNORECASE)
_BEFORE_A_DATE = re.compile(r"^(?:to|until|till|for|на|до)\s{1,4}", re.IGNORECASE)


def _table(entries: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(entries)})(?!\w)".replace(" ", r"\s"))


_CONDITION = _table(words.CONDITIONS)
_CONDITION_ON_THE_LINE = _table((*words.CONDITIONS, *words.CONDITIONS_ON_THE_LINE))
_NEGATION = _table(words.NEGATIONS)
_TAKEN_BACK = _table(words.TAKEN_BACK)
_MONEY = _table(words.DEALS_WITH_MONEY)
_HARMLESS = _table(words.HARMLESS)
_BESIDE = _table(words.BESIDE)
_ANOTHER = _table(words.ANOTHER)
_SMALL_PRINT = _table(words.SMALL_PRINT)
_OPENS_SMALL_PRINT = re.compile(rf"\W{{0,9}}{_table(words.SMALL_PRINT_OPENINGS).pattern}")
_DEPENDS_ON = _table(words.DEPENDS_ON)
_GIVES_A_REASON = _table(words.GIVES_A_REASON)
_REMARK = re.compile(rf"\s[-–—]\s|[(;]|\s{_GIVES_A_REASON.pattern}\s")


def read_answer(message: InboundMessage, keywords: Keywords = KEYWORDS, today: date = date.min) -> Reading:
    """What the mail decides, and the very line that was read. `today` is for the date of a POSTPONE."""
    visible = visible_text(message, keywords)
    reader = _Reader(keyword_list(keywords), message.sender_name, message.subject, today)
    command = reader.read(visible.text)
    if not isinstance(command, AskStatus | AskHelp):
        if visible.doubts:
            command = Unclear(visible.doubts[0])
        elif visible.other and type(reader.read(visible.other)) is not type(command):
            command = Unclear("parts_differ")
    line = next(iter(from_decision_line(visible.text, reader.keywords)), "")
    return Reading(command, line[:MAX_LINE], visible.text)


def command_in(text: str, message: InboundMessage, keywords: Keywords, today: date) -> Command:
    """What a text says as the visible answer of a mail, without the doubts that its parts may raise."""
    return _Reader(keyword_list(keywords), message.sender_name, message.subject, today).read(text)


class _Reader:
    def __init__(self, keywords: KeywordList, sender_name: str, subject: str, today: date) -> None:
        self.keywords = keywords
        self._sender_name = sender_name
        self._known = frozenset(_WORD.findall(folded(f"{sender_name} {' '.join(_NUMBER.findall(subject))}")))
        self._today = today

    def read(self, text: str) -> Command:
        lines = from_decision_line(text, self.keywords)
        if not lines:
            return Unclear("empty")
        found = self.keywords.leading(lines[0])
        if not found:
            return Unclear(self._why_no_keyword(lines[0]))
        verb, rest = found
        said = _Said(rest, body(lines[1:], self._sender_name))
        if doubt := self._doubt(verb, said, lines[1:]):
            return Unclear(doubt)
        return self._command(verb, said)

    def _command(self, verb: Verb, said: _Said) -> Command:
        match verb:
            case Verb.APPROVE:
                return Approve(said.text)
            case Verb.REJECT:
                return Reject(said.text if said.is_separated or said.below else "")
            case Verb.QUESTION:
                return Question(said.text)
            case Verb.DELEGATE:
                return Delegate(_one_address(said.first or said.second))
            case Verb.WITHDRAW:
                return Withdraw(said.text)
            case Verb.STATUS:
                return _status(said)
            case Verb.HELP:
                return Unclear("no_keyword") if said.first.strip("?!. ") else AskHelp()
            case Verb.PAID:
                return Paid(said.text)
            case Verb.POSTPONE:
                return _postpone(said.first or said.second, self._today)
            case Verb.DUPLICATE_OK:
                return DuplicateOk(said.text)
            case Verb.UNDO:
                return Unclear("no_keyword") if said.first.strip("?!. ") else Undo()

    def _doubt(self, verb: Verb, said: _Said, below: list[str]) -> str | None:
        """Why the keyword decides nothing after all."""
        if verb in (Verb.STATUS, Verb.HELP):
            return None
        if any(self._commands(line, verb) for line in below):
            return "both_keywords"
        if verb in (Verb.APPROVE, Verb.PAID, Verb.WITHDRAW):
            doubts = [self._doubt_on_the_line(verb, said), *(self._doubt_below(verb, line) for line in said.own_lines)]
            if verb is Verb.APPROVE and (self._is_narrowed(said) or _is_of_another(said)):
                doubts.append("condition")
            return next(filter(None, doubts), None)
        if verb is Verb.REJECT and _DEPENDS_ON.match(folded(said.text)):
            return "condition"
        if verb is Verb.REJECT and said.is_separated:
            return "both_keywords" if self.keywords.stressed(said.first) & (_DECISIONS - {verb}) else None
        if verb is Verb.DELEGATE or (verb in (Verb.REJECT, Verb.DUPLICATE_OK) and not said.is_separated):
            return self._doubt_on_the_line(verb, said)
        return None

    def _doubt_on_the_line(self, verb: Verb, said: _Said) -> str | None:
        if self.keywords.anywhere(said.rest) & (_DECISIONS - {verb}):
            return "both_keywords"
        if "?" in _LINK.sub(" ", said.rest):
            return "question"
        plain = _plain(said.rest)
        if (_CONDITION if verb in (Verb.PAID, Verb.DELEGATE) else _CONDITION_ON_THE_LINE).search(plain):
            return "condition"
        return "negation" if _NEGATION.search(plain) or _TAKEN_BACK.search(plain) else None

    def _is_narrowed(self, said: _Said) -> bool:
        """Whether words stand beside the keyword, with nothing between, that may limit what is approved."""
        beside = _plain(_CLAUSE_END.split(said.rest, maxsplit=1)[0])
        return any(word not in self._known for word in _WORD.findall(_BESIDE.sub(" ", beside)))

    def _doubt_below(self, verb: Verb, line: str) -> str | None:
        plain = _plain(line)
        if self.keywords.anywhere(line) & (_DECISIONS - {verb}):
            return "both_keywords"
        if "?" in _LINK.sub(" ", line):
            return "question"
        if _CONDITION.search(plain):
            return "condition"
        negated = _NEGATION.search(plain) and (_MONEY.search(plain) or len(plain.split()) < 3)
        return "negation" if negated or _TAKEN_BACK.search(plain) else None

    def _commands(self, line: str, verb: Verb) -> bool:
        """Whether a line further down is a command of its own that says something else."""
        found = self.keywords.leading(line)
        if not found or found[0] is verb or found[0] not in _COMMANDS:
            return False
        return found[0] in _DECISIONS or _Said(found[1], []).is_separated

    def _why_no_keyword(self, line: str) -> str:
        if self.keywords.is_imitated(line):
            return "mixed_script"
        if self.keywords.begins(line):
            return "glued"
        decisions = self.keywords.anywhere(line) & _DECISIONS
        plain = _plain(line)
        if len(decisions) > 1:
            return "both_keywords"
        if _NEGATION.search(plain) and (decisions or _MONEY.search(plain)):
            return "negation"
        if not decisions:
            return "no_keyword"
        if "?" in line:
            return "question"
        return "condition" if _CONDITION_ON_THE_LINE.search(plain) else "no_keyword"


class _Said:
    """What stands behind the keyword: on its line and below; nothing where our own 'reason' still stands there."""

    def __init__(self, rest: str, below: list[str]) -> None:
        self.rest = rest[:MAX_COMMENT]
        self.lines_below = [line for line in below if line.strip()]
        self.own_lines = _without_small_print(below)
        separator = _SEPARATOR.match(self.rest)
        end = separator.end() if separator else 0
        self.first = self.rest[end:].rstrip()
        marked = bool(separator and separator[1]) or bool(_GIVES_A_REASON.match(folded(self.first)))
        marked = marked or self.first.startswith("(")
        self.is_separated = bool(self.first) and marked
        self.below = "\n".join(line.strip() for line in below).strip()[:MAX_COMMENT]
        self.second = next((line.strip() for line in self.lines_below), "")
        is_ours = folded(self.first).strip(" .:<>[]()…") in words.PLACEHOLDERS
        self.text = "" if is_ours else f"{self.first}\n{self.below}".strip()[:MAX_COMMENT]


def _is_of_another(said: _Said) -> bool:
    """Whether the writer says that the answer was meant for something else."""
    return any(_ANOTHER.search(folded(line)) for line in (said.rest, *said.own_lines))


def _without_small_print(lines: list[str]) -> list[str]:
    """The lines that are not empty, without a company's small print."""
    own: list[str] = []
    small = False
    for line in lines:
        plain = _plain(line)
        in_small_print = bool(_SMALL_PRINT.search(plain))
        small = bool(line.strip()) and (small or (in_small_print and bool(_OPENS_SMALL_PRINT.match(plain))))
        if line.strip() and not small and not in_small_print:
            own.append(line)
    return own


def _plain(text: str) -> str:
    """The text in small letters without links and without the courtesies that mean nothing."""
    return _HARMLESS.sub(" ", folded(_ADDRESS.sub(" ", _LINK.sub(" ", text[:MAX_COMMENT]))))


def _one_address(text: str) -> str | None:
    addresses = {address.lower() for address in _ADDRESS.findall(text[:MAX_COMMENT])}
    return addresses.pop() if len(addresses) == 1 else None


def _status(said: _Said) -> Command:
    if number := _NUMBER.search(said.first):
        return AskStatus(number[0].upper())
    return Unclear("no_keyword") if said.first.strip("?!. ") else AskStatus()


def _postpone(text: str, today: date) -> Command:
    """A date, alone or before a remark that sets no condition; a past one is kept as past."""
    written, remark = _BEFORE_A_DATE.sub("", text, count=1), ""
    if isinstance(read_date(written, today), str) and (found := _REMARK.search(folded(written))):
        written, remark = written[: found.start()], written[found.start() :]
    day = read_date(written, today)
    if "?" in remark or _CONDITION.search(_plain(remark)):
        day = "unreadable"
    if isinstance(day, date):
        return Postpone(day, text)
    return Postpone(date.min if day == "past" else None, text)
