"""Real replies of every mail program: what they decide, and what of them their writers typed.

The table at the end of a run: right is what is known of the file, asked is a question back where that is allowed too,
wrong is anything else.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date
from functools import cache

from mailflow.approval.decision import Approve, Command, Delegate, Question, Reject, Unclear
from mailflow.approval.wording import KEYWORDS
from mailflow.inbound.answer import read_answer
from mailflow.inbound.message import InboundMessage, parse
from mailflow.inbound.quoting import visible_text

from .corpus import CORPUS, Tell, needs_corpus, rows, tally
from .replies import message

TODAY = date(2026, 11, 24)
Row = dict[str, str]

pytestmark = needs_corpus


def cell(text: str) -> str:
    """A cell of the manifest as it was before its line ends were escaped."""
    return re.sub(r"\\([nt\\])", lambda found: {"n": "\n", "t": "\t", "\\": "\\"}[found[1]], text)


def outcome(command: Command) -> str:
    match command:
        case Approve():
            return "approve"
        case Reject(reason):
            return "reject" if reason else "reject-no-reason"
        case Question():
            return "question"
        case Delegate():
            return "delegate"
        case _:
            return "unclear"


def said(command: Command) -> str:
    match command:
        case Reject(text) | Question(text):
            return text
        case Delegate(address):
            return address or ""
        case _:
            return ""


@cache
def decisions() -> list[tuple[Row, Command]]:
    return [
        (row, read_answer(parse((CORPUS / "decisions" / row["file"]).read_bytes()), KEYWORDS, TODAY).command)
        for row in rows("decisions")
    ]


def verdict(row: Row, command: Command) -> str:
    got = outcome(command)
    if got not in row["accept"].split("|") or got in row["never"].split("|"):
        return "wrong"
    return "right" if got == row["expected"] or row["expected"] == "unclear" else "asked"


def test_decisions_of_the_corpus_are_read_as_the_rules_say(record_property: Tell) -> None:
    found = decisions()
    for level in ("core", "natural"):
        verdicts = Counter(verdict(row, command) for row, command in found if row["level"] == level)
        tally(record_property, f"decisions, {level}", verdicts)
    wrong = {row["file"]: (row["level"], command) for row, command in found if verdict(row, command) == "wrong"}
    assert not [file for file, (level, _) in wrong.items() if level == "core"]
    natural = [row for row, _ in found if row["level"] == "natural"]
    assert len(wrong) <= len(natural) * 0.05, wrong


def test_no_answer_of_the_corpus_is_taken_for_what_it_never_may_be() -> None:
    assert [row["file"] for row, c in decisions() if outcome(c) in row["never"].split("|")] == []


def test_no_unclear_answer_of_the_corpus_decides_anything() -> None:
    decided = {
        row["file"]: command
        for row, command in decisions()
        if row["expected"] == "unclear" and not isinstance(command, Unclear) and command != Reject("")
    }
    assert decided == {}


def test_reasons_questions_and_addresses_of_the_corpus_are_kept_as_written() -> None:
    for row, command in decisions():
        if outcome(command) == row["expected"] and row["reason"]:
            expected = cell(row["reason"])
            assert said(command) == expected or (row["reason_mode"] == "prefix" and said(command).startswith(expected))


def reply(row: Row) -> InboundMessage:
    content = (CORPUS / "replies" / row["file"]).read_bytes()
    match row["kind"]:
        case "eml":
            return parse(content)
        case "html":
            return message("", content.decode("utf-8"))
        case _:
            return message(content.decode("utf-8"))


def words(text: str) -> list[str]:
    """The lines of a text, their spaces and the blank lines between them left out of account."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_of_the_replies_in_the_corpus_exactly_what_was_typed_is_visible(record_property: Tell) -> None:
    table: dict[str, Counter[str]] = defaultdict(Counter)
    wrong = []
    for row in rows("replies"):
        seen = visible_text(reply(row)).text
        if row["truth"] == "known":
            right = words(seen) == words(cell(row["visible_text"]))
            table[row["kind"]]["right" if right else "wrong"] += 1
            wrong += [] if right else [row["file"]]
    for kind, verdicts in table.items():
        tally(record_property, f"replies, {kind}", verdicts)
    assert len(wrong) <= 0.05 * sum(map(Counter.total, table.values())), wrong
