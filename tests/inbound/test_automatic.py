"""An out-of-office answer is never a decision (process section 2); a person's answer is never taken for one."""

from __future__ import annotations

import pytest

from mailflow.inbound.automatic import automatic_reason
from mailflow.inbound.message import parse
from tests.inbound.corpus import needs_corpus, raw, rows


def reason(*lines: str, subject: str = "Re: [INV-2026-0001 #k7f3q9xw] Approve invoice") -> str | None:
    header = ["From: olga@firm.example", f"Subject: {subject}", *lines, "", "APPROVE"]
    return automatic_reason(parse("\r\n".join(header).encode()))


@pytest.mark.parametrize(
    "line",
    [
        "X-Nothing: special",
        "Auto-Submitted: no",
        "Auto-Submitted: No (a person)",
        "Precedence: bulk",
        "Precedence: list",
        "Precedence: junk",
        "List-Id: <finance.firm.example>",
        "List-Unsubscribe: <mailto:x@firm.example>",
        "X-Auto-Response-Suppress: All",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "X-MS-Exchange-Inbox-Rules-Loop: finance@firm.example",
        "Return-Path: <olga@firm.example>",
        "X-Autoreply: no",
    ],
)
def test_what_persons_mail_carries_too_makes_no_mail_automatic(line: str) -> None:
    assert reason(line, "In-Reply-To: <a@b>") is None


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=x",
        "Auto-Submitted: Auto-Replied(vacation)",
        "Auto-Submitted: auto-notified",
        "X-Autoreply: yes",
        "X-Autorespond: [INV-2026-0001]",
        "X-Apple-Action: VACATION",
        "Precedence: auto_reply",
        "Precedence: auto-reply",
        "Return-Path: <>",
    ],
)
def test_a_sign_made_for_the_purpose_is_enough(line: str) -> None:
    assert reason(line)


SUBJECTS = [
    "Automatic reply: Approve",
    "Автоответ: счёт",
    "Автоматический ответ: счёт",
    "Out of Office: Approve",
    "Automatische Antwort: Rechnung",
    "Réponse automatique : facture",
    "Respuesta automática: factura",
    "Risposta automatica: fattura",
    "[Automatyczna odpowiedź] test",
    "Automatisch antwoord: factuur",
]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_subject_of_an_absence_counts_beside_another_sign(subject: str) -> None:
    assert reason(subject=subject) is None
    assert reason("Precedence: junk", subject=subject)
    assert reason("X-Auto-Response-Suppress: OOF", subject=subject)
    assert reason("In-Reply-To: <a@b>", subject=subject)
    assert reason("In-Reply-To: <a@b>", subject=f"Re: {subject}") is None


@needs_corpus
@pytest.mark.parametrize("row", rows("autoreplies"), ids=lambda row: row["file"])
def test_robots_are_told_from_persons(row: dict[str, str]) -> None:
    assert bool(automatic_reason(parse(raw("autoreplies", row)))) == (row["expected"] == "ignored")


@needs_corpus
@pytest.mark.parametrize("row", rows("autoreplies/derived"), ids=lambda row: row["file"])
def test_a_robots_answer_to_our_request_decides_nothing(row: dict[str, str]) -> None:
    assert automatic_reason(parse(raw("autoreplies/derived", row)))


@needs_corpus
@pytest.mark.parametrize("row", rows("decisions"), ids=lambda row: row["file"])
def test_no_persons_decision_is_taken_for_automatic(row: dict[str, str]) -> None:
    message = parse(raw("decisions", row))
    assert automatic_reason(message) is None
    assert message.sender == row["from_addr"]
