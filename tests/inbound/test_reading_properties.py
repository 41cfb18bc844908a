"""Whatever programs and networks do to a mail: its decision is read the same, or not at all, and never another."""

from __future__ import annotations

import random
import re
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailflow.approval.decision import Approve, Command, Reject, Unclear
from mailflow.approval.wording import KEYWORDS, Verb
from mailflow.inbound.answer import read_answer
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.reading import read_mail
from tests.inbound.corpus import CORPUS, rows
from tests.inbound.mail_set import MAILS, names
from tests.inbound.replies import FORWARDS, REQUEST, html_replies, message, prefixed, text_replies

TODAY = date(2026, 11, 24)
SEEDS = range(4)
MUTATED = 5_000
"""For each seed: 20,000 in all."""

STYLES = (*text_replies("x"), *html_replies("x"))
REFUSALS = [word for words in KEYWORDS[Verb.REJECT].values() for word in words]
WORDS = [*REFUSALS, *(word for words in KEYWORDS[Verb.APPROVE].values() for word in words)]
REASONS = ["нет договора", "no contract", "the total is wrong by 10", "счёт выставлен дважды"]


def lines(word: str, reason: str, separator: str, greeting: str) -> str:
    return f"{greeting}{word}{separator}{reason}" if word.upper() in REFUSALS else f"{greeting}{word}"


decision_lines = st.builds(
    lines,
    st.sampled_from(WORDS).flatmap(lambda word: st.sampled_from([word, word.lower(), word.capitalize()])),
    st.sampled_from(REASONS),
    st.sampled_from([": ", " - ", " — ", ":\n"]),
    st.sampled_from(["", "Добрый день!\n\n", "Hi,\n"]),
)


def decided(text: str = "", html: str | None = None) -> Command:
    return read_answer(message(text, html), KEYWORDS, TODAY).command


@settings(max_examples=400)
@given(decision_lines, st.sampled_from(STYLES))
def test_any_decision_line_in_any_quoting_style_is_read_the_same(line: str, style: str) -> None:
    alone = decided(line)
    texts, pages = text_replies(line), html_replies(line)
    assert (decided(texts[style]) if style in texts else decided("", pages[style])) == alone


@pytest.mark.parametrize("style", STYLES)
def test_any_quotation_alone_decides_nothing(style: str) -> None:
    texts, pages = text_replies(""), html_replies("")
    command = decided(texts[style]) if style in texts else decided("", pages[style])
    assert isinstance(command, Unclear)


@pytest.mark.parametrize("way", FORWARDS)
@pytest.mark.parametrize("inner", ["APPROVE", "СОГЛАСОВАНО", "REJECT: too much", REQUEST])
def test_what_somebody_else_wrote_and_was_forwarded_decides_nothing(way: str, inner: str) -> None:
    assert isinstance(decided(f"{FORWARDS[way]}\n{inner}\n"), Unclear)
    assert isinstance(decided(f"Please see below.\n\n{FORWARDS[way]}\n{inner}\n"), Unclear)


def samples() -> list[bytes]:
    """Every mail of our own set, the styles as mails, and the corpus where it is."""
    own = [(MAILS / f"{name}.eml").read_bytes() for name in names()]
    header = "From: olga@example.com\nSubject: Re: [INV-2026-0114 #pvte75y7]\nContent-Type: text/{}; charset=utf-8\n\n"
    styled = [header.format("plain") + text for text in text_replies("СОГЛАСОВАНО").values()]
    styled += [header.format("html") + page for page in html_replies("REJECT: no contract").values()]
    styled += [header.format("plain") + f"Thanks\n\n{prefixed(REQUEST)}"]
    real = [(CORPUS / "decisions" / row["file"]).read_bytes() for row in rows("decisions")]
    return [*own, *(text.encode() for text in styled), *real]


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The mail after one to four accidents: bytes changed, lost, doubled, cut off; quotation marks lost."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        if not data:
            break
        at = chance.randrange(len(data))
        match chance.randrange(7):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randint(1, 60)]
            case 2:
                data[at:at] = data[at : at + chance.randint(1, 200)]
            case 3:
                accident = [b"\r\n", b"\r", b"\n\n", b"\0", b";", b'"', b"=?", b"--", b"<", b"\xff", b"> "]
                data[at:at] = chance.choice(accident)
            case 4:
                data = bytearray(bytes(data).replace(b"\n> ", b"\n"))
            case 5:
                del data[at:]
            case 6:
                other = chance.choice([b"utf-8", b"koi8-r", b"utf-16", b"utf-7", b"x"])
                data = bytearray(re.sub(rb"charset=\"?[\w-]+", b"charset=" + other, bytes(data)))
    return bytes(data)


def decision(mail: ReadMail) -> type[Command] | None:
    """Approve or Reject, where a person whose address is certain has said so; without a reason nothing is rejected."""
    is_heard = mail.message.sender and not mail.automatic and not mail.report
    command = mail.answer.command
    is_decision = isinstance(command, Approve) or (isinstance(command, Reject) and command.reason)
    return type(command) if is_heard and is_decision else None


def first_word(line: str) -> str:
    found = re.search(r"\w+", line)
    return found[0].lower() if found else ""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mutated_mail_is_read_soon_and_decides_nothing_that_its_writer_did_not_type(seed: int) -> None:
    chance = random.Random(seed)
    originals = [(content, read_mail(content, KEYWORDS, TODAY)) for content in samples()]
    for _ in range(MUTATED):
        content, before = chance.choice(originals)
        damaged = mutated(content, chance)
        started = time.process_time()
        after = read_mail(damaged, KEYWORDS, TODAY)
        assert time.process_time() - started < 5
        if decision(after) not in (None, decision(before)):
            typed = before.answer.text.lower()
            assert first_word(after.answer.line) in typed, (damaged, after.answer)
