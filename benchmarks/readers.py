"""How replies are read by mailflow and by the libraries for it, on the same real and hostile mails: `make compare`.

A library gets the text part; of a mail in HTML alone it gets the HTML where it has a way for that, else the page's
words. What it leaves goes through mailflow's keyword reader, without the doubts that only mailflow notices.
"""

from __future__ import annotations

import math
import multiprocessing
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from multiprocessing.connection import Connection

import quotequail  # type: ignore[import-not-found]
from email_reply_parser import EmailReplyParser  # type: ignore[import-not-found]
from inscriptis import get_text
from mailparser_reply import EmailReplyParser as MailParserReply  # type: ignore[import-not-found]
from mailparser_reply.constants import MAIL_LANGUAGES  # type: ignore[import-not-found]
from rich import box
from rich.console import Console
from rich.table import Table
from talon import quotations  # type: ignore[import-not-found]

from mailflow.approval.decision import Command
from mailflow.approval.wording import KEYWORDS
from mailflow.inbound.answer import command_in
from mailflow.inbound.message import InboundMessage, parse
from mailflow.inbound.quoting import visible_text
from tests.inbound.corpus import CORPUS, raw, rows
from tests.inbound.replies import message
from tests.inbound.test_decisions_corpus import TODAY, Row, cell, outcome, reply, said, words

Read = Callable[[InboundMessage], str]
Extract = Callable[[str], str]

LIMIT = 5.0
"""Seconds that a hostile mail may take."""

HOSTILE = {
    "On x": "On x\n" * 20_000,
    "From: a": "From: a\n" * 5000,
    "blanks": f"a{' ' * 100_000}a",
    ">": ">\n" * 500_000,
}
KINDS = ("text", "eml", "html")
VERDICTS = ("right", "asked", "wrong", "never")
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Reader:
    """One way to what the writer typed."""

    name: str
    read: Read
    reads_html: bool = True


@dataclass
class Score:
    """What came of one reader."""

    exact: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    hostile: dict[str, float] = field(default_factory=dict)


def library(package: str, text: Extract, html: Extract | None = None) -> Reader:
    """A library that reads texts, and pages where it has a way for them."""
    page = html or (lambda source: text(shown(source)))

    def read(mail: InboundMessage) -> str:
        return text(mail.text) if mail.text.strip() or not mail.html else page(mail.html)

    return Reader(f"{package} {version(package)}", read, reads_html=html is not None)


def shown(page: str) -> str:
    """The words of a page, its quotations among them."""
    return str(get_text(page))


def by_quotequail(text: str) -> str:
    """What stands above the quotation, else below; all of it where none is found."""
    found = quotequail.unwrap(text)
    return text if found is None else found.get("text_top") or found.get("text_bottom") or ""


def by_quotequail_html(page: str) -> str:
    """The same of a page."""
    found = quotequail.unwrap_html(page)
    return shown(page if found is None else found.get("html_top") or found.get("html_bottom") or "")


def by_mail_parser_reply(text: str) -> str:
    """The newest reply without its signature, by the rules of every language that the library has."""
    replies = MailParserReply(languages=list(MAIL_LANGUAGES)).read(text).replies
    return str(replies[0].body) if replies else ""


def by_talon_html(page: str) -> str:
    """The words of the page that talon leaves."""
    return shown(quotations.extract_from_html(page))


def readers() -> tuple[Reader, ...]:
    """Ours and the others."""
    quotations.register_xpath_extensions()
    return (
        Reader("mailflow", lambda mail: visible_text(mail).text),
        library("superops-talon", quotations.extract_from_plain, by_talon_html),
        library("quotequail", by_quotequail, by_quotequail_html),
        library("mail-parser-reply", by_mail_parser_reply),
        library("email-reply-parser", EmailReplyParser.parse_reply),
    )


def judged(row: Row, command: Command) -> str:
    """Right with the reason as written; asked where nothing was decided; never where the manifest forbids it."""
    got, reason = outcome(command), cell(row["reason"])
    if got in row["never"].split("|"):
        return "never"
    as_written = said(command).startswith(reason) if row["reason_mode"] == "prefix" else said(command) == reason
    if got == row["expected"] and (as_written or not reason):
        return "right"
    if got in ("unclear", "reject-no-reason"):
        return "right" if row["expected"] == "unclear" and got in row["accept"].split("|") else "asked"
    return "wrong"


def score(reader: Reader) -> Score:
    """Everything that is measured of one reader."""
    found = Score()

    def read(mail: InboundMessage) -> str:
        started = time.perf_counter()
        text = reader.read(mail)
        found.times.append(time.perf_counter() - started)
        return text

    for row in known():
        found.exact[row["kind"]] += words(read(reply(row))) == words(cell(row["visible_text"]))
    for row in rows("decisions"):
        mail = parse(raw("decisions", row))
        command = command_in(read(mail), mail, KEYWORDS, TODAY)
        found.verdicts[judged(row, command)] += 1
    found.hostile = {name: seconds(reader.read, message(text)) for name, text in HOSTILE.items()}
    return found


def known() -> list[Row]:
    """The replies of which is known what their writers typed."""
    return [row for row in rows("replies") if row["truth"] == "known"]


def seconds(read: Read, mail: InboundMessage) -> float:
    """How long the mail takes in a process of its own, which is killed after LIMIT."""
    ours, theirs = FORK.Pipe(duplex=False)
    child = FORK.Process(target=_timed, args=(read, mail, theirs))
    child.start()
    theirs.close()
    try:
        return float(ours.recv()) if ours.poll(LIMIT) else math.inf
    finally:
        child.kill()
        child.join()


def _timed(read: Read, mail: InboundMessage, answer: Connection) -> None:
    started = time.perf_counter()
    read(mail)
    answer.send(time.perf_counter() - started)


def slowest(times: dict[str, float]) -> str:
    """The longest time with its input; all of them that had no end."""
    endless = [name for name, taken in times.items() if taken == math.inf]
    if endless:
        return f"> {LIMIT:.0f} s ({', '.join(endless)})"
    name = max(times, key=times.__getitem__)
    return f"{times[name]:.2f} s ({name})"


def main() -> None:
    """Prints a line a reader."""
    if not CORPUS.is_dir():
        sys.exit("There is no corpus of real mail beside the checkout (../shared/corpus), so nothing to compare on.")
    totals = Counter(row["kind"] for row in known())
    heads = [f"{kind} of {totals[kind]}" for kind in KINDS]
    heads += [f"right of {len(rows('decisions'))}", *VERDICTS[1:], "ms a mail", "longest hostile text"]
    table = Table("", *heads, box=box.MARKDOWN)
    for reader in readers():
        found = score(reader)
        table.add_row(
            reader.name,
            *(str(found.exact[kind]) if kind != "html" or reader.reads_html else "-" for kind in KINDS),
            *(str(found.verdicts[verdict]) for verdict in VERDICTS),
            f"{statistics.median(found.times) * 1000:.2f}",
            slowest(found.hostile),
        )
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
