"""Who wrote must be beyond doubt, and nothing about money is guessed: a second reader confirms every decision.

Whatever a mail was mutated to, if the product takes it for a decision, a reader that was written separately agrees on
the sender, on the verification of the sender, and on the word.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest

from mailflow.approval.decision import AskHelp, AskStatus, Unclear
from mailflow.approval.wording import KEYWORDS
from mailflow.inbound.authenticity import sender_is_authentic
from mailflow.inbound.reading import read_mail
from tests.conftest import TRIAL
from tests.inbound.replies import html_replies, text_replies
from tests.security import second_reader
from tests.security.attempt import EVIL, OLGA, PASS, mail
from tests.security.mutation import mutated
from tests.trials.size import by_size

SEEDS = range(4)
MUTANTS = by_size(quick=500, ci=5_000, full=5_000)
"""For each seed."""

TODAY = date(2026, 12, 1)
PLAIN = "Content-Type: text/plain; charset=utf-8"
HTML = "Content-Type: text/html; charset=utf-8"
ANSWERS = ("APPROVE", "СОГЛАСОВАНО", "REJECT: no contract", "Hi,\n\nApproved, thanks", "Отказ: нет договора")


def _both(answer: str) -> str:
    page = html_replies(answer)["Gmail"]
    return f"--b\r\n{PLAIN}\r\n\r\n{answer}\r\n--b\r\n{HTML}\r\n\r\n{page}\r\n--b--\r\n"


def genuine() -> list[bytes]:
    styles = ("Gmail, above", "Thunderbird, below", "Apple Mail, above", "Outlook, above", "no quotation", "signed")
    found = []
    for answer in ANSWERS:
        found += [mail(PLAIN, body=text_replies(answer)[style].replace("\n", "\r\n")) for style in styles]
        found += [mail(HTML, body=html_replies(answer)[style]) for style in ("Gmail", "Outlook", "Apple Mail")]
        found.append(mail("Content-Type: multipart/alternative; boundary=b", body=_both(answer)))
    found.append(mail(PLAIN, sender=f"From: {OLGA}"))
    found.append(mail(PLAIN, results=("mx.firm.example; dkim=pass header.d=firm.example header.s=s1",)))
    found.append(mail(PLAIN, "Content-Transfer-Encoding: base64", body="QVBQUk9WRQ0KDQpUaGFua3MhDQo=\r\n"))
    return found


def forged() -> list[bytes]:
    fail = "mx.firm.example; dmarc=fail header.from=firm.example"
    other = "mx.firm.example; dmarc=pass header.from=evil.example"
    senders = (
        f"From: {OLGA} <{EVIL}>",
        f"From: {OLGA}\r\nFrom: {EVIL}",
        f'From: "{OLGA}" <{EVIL}>',
        f"From: {OLGA}, {EVIL}",
    )
    found = [mail(PLAIN, sender=sender, results=(results,)) for sender in senders for results in (PASS, other)]
    found += [mail(PLAIN, results=results) for results in ((), (fail,), (fail, PASS), (PASS, fail), (other,))]
    found.append(mail(PLAIN, results=(f'mx.firm.example; dmarc=fail reason="{PASS}" header.from=firm.example',)))
    return found


MAILS = (*genuine(), *forged())


def decided(raw: bytes) -> tuple[str, str] | None:
    """The sender and the decision that the product takes from a mail of the company, None where it takes none."""
    read = read_mail(raw, KEYWORDS, TODAY)
    nobodys = read.report or read.calendar_reply or read.automatic or "unreadable" in read.message.defects
    undecided = isinstance(read.answer.command, Unclear | AskHelp | AskStatus)
    if nobodys or undecided or not (read.message.sender or "").endswith("@firm.example"):
        return None
    if sender_is_authentic(read.message, "dmarc", ("mx.firm.example",)):
        return None
    return read.message.sender or "", type(read.answer.command).__name__


def disagreement(raw: bytes) -> str:
    """What the second reader does not confirm, empty where it confirms all."""
    found = decided(raw)
    if found is None:
        return ""
    address, decision = found
    if (other := second_reader.sender(raw)) != address:
        return f"the sender is {address} for the product, {other} for the second reader"
    if not second_reader.is_verified(raw, address.rpartition("@")[2], "mx.firm.example"):
        return f"{address} is verified for the product alone"
    if decision not in (others := second_reader.decisions(raw)):
        return f"the decision is {decision} for the product, {others or 'none'} for the second reader"
    return ""


@pytest.mark.parametrize("raw", genuine())
def test_both_readers_read_a_genuine_answer_alike(raw: bytes) -> None:
    assert decided(raw)
    assert disagreement(raw) == ""


@pytest.mark.parametrize("raw", forged())
def test_neither_reader_believes_a_forged_one(raw: bytes) -> None:
    assert decided(raw) is None
    address = second_reader.sender(raw)
    assert address is None or not second_reader.is_verified(raw, "firm.example", "mx.firm.example")


@pytest.mark.parametrize("seed", SEEDS)
def test_no_mutant_decides_for_the_product_alone(seed: int, record_property: Callable[[str, object], None]) -> None:
    chance = random.Random(seed)
    came: Counter[str] = Counter()
    for _ in range(MUTANTS):
        raw = mutated(chance.choice(MAILS), chance, MAILS)
        assert disagreement(raw) == "", raw
        came[str(decided(raw) is not None)] += 1
    assert came["True"] > MUTANTS // 20
    record_property(TRIAL, f"two readers, seed {seed}: {MUTANTS} mutants, {came['True']} decide, all confirmed")
