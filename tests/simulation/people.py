"""The people of the company and the mails that they write: as bytes, and as what they mean by them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

MAILBOX, ADMIN = "finance@example.com", "admin@example.com"
IVAN, OLGA, DIRECTOR, VERA, PETR, BUH = (
    f"{name}@example.com" for name in ("ivan", "olga", "director", "vera", "petr", "buh")
)
STRANGER = "stranger@elsewhere.example"
COMPANY = frozenset({IVAN, OLGA, DIRECTOR, VERA, PETR, BUH, ADMIN})
DEPUTIES = {VERA: PETR}

SETTINGS = """\
language: en
timezone: Europe/Moscow
database: sqlite:///simulation.db
mailbox:
  address: finance@example.com
  imap: {host: 127.0.0.1, port: 1, security: none, username: finance@example.com, password: secret}
  smtp: {host: 127.0.0.1, port: 1, security: none}
  sender_check: reference
administrator: admin@example.com
submitters: [ivan@example.com, olga@example.com]
digest: false
people:
  - {email: ivan@example.com, name: "Иван Петров", language: ru}
  - {email: olga@example.com, name: "Ольга Смирнова", language: ru}
  - {email: director@example.com, name: "Dmitry Orlov", language: en}
  - {email: petr@example.com, name: "Пётр Власов", language: ru}
  - {email: vera@example.com, name: "Vera Lind", language: en, deputy: petr@example.com}
  - {email: buh@example.com, name: "Анна Белова", language: ru}
approval: {sequence: [olga@example.com]}
payment: {accountant: buh@example.com, unpaid_moves_to: next_day}
"""

WORDS = {
    "approve": ("APPROVE", "СОГЛАСОВАНО", "Approved, thank you"),
    "reject": ("REJECT: too dear", "ОТКАЗ: нет договора"),
    "question": ("QUESTION: what is it for?", "ВОПРОС: зачем?"),
    "delegate": ("DELEGATE: {value}", "ПЕРЕДАТЬ: {value}"),
    "withdraw": ("WITHDRAW", "ОТОЗВАТЬ"),
    "status": ("STATUS", "СТАТУС"),
    "paid": ("PAID", "ОПЛАЧЕНО"),
    "postpone": ("POSTPONE: {value}", "ПЕРЕНЕСТИ: {value}"),
    "duplicate_ok": ("DUPLICATE OK: the second half", "ДУБЛИКАТ ОК: вторая половина"),
    "words": ("It was agreed in spring.", "Так договорились весной."),
    "lines": ("Amount: {amount}\r\nPay date: {value}", "Сумма: {amount}\r\nДата оплаты: {value}"),
    "away": ("I am out of office until Monday.", "Я в отпуске до понедельника."),
}
"""How people say what they mean; `words` decide nothing, `lines` give fields, `away` is written by a machine."""

_HEADER = re.compile(rb"^(Message-ID|Subject): ((?:[^\r]|\r\n[ \t])*)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """What a mail says, as its writer means it: `answers` is the Message-ID of the mail of ours that it answers.

    `value` is an address or a day (ISO), `amount` None where it is missing or nobody can read it, `file` the content of
    the file that comes with a submission. `key` makes it this very mail, however often it comes.
    """

    key: str
    person: str
    word: str
    answers: str | None = None
    value: str = ""
    amount: int | None = None
    file: str = ""


def headers(raw: bytes) -> dict[str, str]:
    """Message-ID and subject of a mail of ours."""
    return {name.decode().lower(): value.decode() for name, value in _HEADER.findall(raw[: raw.find(b"\r\n\r\n")])}


def written(said: Said, ours: bytes | None, random: Random) -> bytes:
    """The mail that says this; `ours` is the one that it answers."""
    language = random.randrange(len(WORDS.get(said.word, "12")))
    if said.word == "submit":
        return _submission(said, language)
    assert ours is not None
    amount = f"{said.amount} EUR" if said.amount else "plenty"
    text = WORDS[said.word][language].format(value=said.value, amount=amount)
    facts = headers(ours)
    subject, threads = facts["subject"], f"In-Reply-To: {facts['message-id']}\r\n"
    if subject.startswith("[INV-") and "]" in subject and "\r" not in subject and random.random() < 0.3:
        threads = ""  # a client that keeps no thread: the reference in the subject, or in the quotation, must do
        if random.random() < 0.5:
            text += f"\r\n\r\n> {subject}\r\n> You were asked."
            subject = "invoice"
    more = "Auto-Submitted: auto-replied\r\n" if said.word == "away" else ""
    subject = f"Out of office: {subject}" if said.word == "away" else f"Re: {subject}"
    return _mail(said, subject, threads + more, "text/plain; charset=utf-8", f"{text}\r\n")


def _submission(said: Said, language: int) -> bytes:
    lines = [f"Counterparty: Supplier of {said.key} Ltd", f"Pay date: {said.value}"]
    if said.amount:
        lines.append(f"Сумма: {said.amount} EUR" if language else f"Amount: {said.amount} EUR")
    text = "\r\n".join(lines)
    body = (
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        "--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=invoice.pdf\r\n\r\n"
        f"%PDF-1.4 {said.file}\r\n--b--\r\n"
    )
    return _mail(said, f"Paper {said.key}", "", "multipart/mixed; boundary=b", body)


def _mail(said: Said, subject: str, more: str, content_type: str, body: str) -> bytes:
    domain = said.person.partition("@")[2]
    return (
        f"From: <{said.person}>\r\nTo: {MAILBOX}\r\nSubject: {subject}\r\nMessage-ID: <{said.key}@{domain}>\r\n"
        f"Date: Tue, 01 Dec 2026 09:00:00 +0300\r\n{more}MIME-Version: 1.0\r\n"
        f"Content-Type: {content_type}\r\n\r\n{body}"
    ).encode()
