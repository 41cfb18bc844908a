"""The history only grows, and whoever changes anything behind mailflow's back is found out (process section 6)."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, text

from mailflow.approval.wording import KEYWORDS
from mailflow.evidence import gather
from mailflow.jobs.verification import verify
from mailflow.office.received import ReceivedMail
from mailflow.store.unit_of_work import UnitOfWork
from tests.stories.conftest import Office, paper
from tests.trials.size import by_size

NUMBER = "INV-2026-0001"
ZONE = ZoneInfo("Europe/Moscow")


def last(office: Office, name: str, words: str) -> ReceivedMail:
    return [mail for mail in office.mails(name) if words in mail.subject][-1]


def problems(uow: UnitOfWork, number: str = NUMBER) -> tuple[str, ...]:
    return verify(uow, number, KEYWORDS, ZONE).problems


@pytest.fixture
def eventful(office: Office) -> Office:
    """Rejected, corrected, asked about, delegated, approved, postponed, paid; with what was refused and unclear."""
    office.submit()
    request = office.gets("olga", NUMBER)
    office.olga.reply(request, "ОТКАЗ: нет договора")
    office.work()
    office.ivan.reply(office.gets("ivan", "Работа над ошибками"), "Сумма: 130 000 руб.", [paper()])
    office.work()
    office.olga.reply(request, "СОГЛАСОВАНО")
    office.olga.reply(last(office, "olga", "Согласуйте"), "может быть")
    office.work()
    office.olga.reply(last(office, "olga", "Согласуйте"), "ВОПРОС: что это?")
    office.work()
    office.ivan.reply(last(office, "ivan", "Вопрос"), "бумага")
    office.work()
    office.olga.reply(last(office, "olga", "Ответ на ваш вопрос"), "ДЕЛЕГИРОВАТЬ: petr@example.com")
    office.work()
    office.petr.reply(last(office, "petr", "Согласуйте"), "СОГЛАСОВАНО, всё верно")
    office.work()
    office.director.reply(last(office, "director", "Please decide"), "APPROVE")
    office.work()
    office.buh.reply(last(office, "buh", "Оплатить"), "ПЕРЕНЕСТИ: 20.12.2026")
    office.work()
    office.buh.reply(last(office, "buh", "Оплатить"), "ОПЛАЧЕНО 17")
    office.work()
    return office


def test_an_eventful_life_is_whole(eventful: Office) -> None:
    with eventful.mailflow.store.begin() as uow:
        found = verify(uow, NUMBER, KEYWORDS, ZONE)
    events = {line.event for line in eventful.history()}
    assert {"rejected", "corrected", "unclear", "question", "answer", "delegated", "approved", "paid"} <= events
    assert found.problems == ()
    assert (found.mails, found.files) == (12, 2)


TAMPERED = {
    "a line's text": "UPDATE history SET details = replace(details, '17', '18') WHERE event = 'paid'",
    "a line's time": "UPDATE history SET at = '2026-12-01 00:00:00.000000' WHERE position = 2",
    "a line's person": "UPDATE history SET actor = 'petr@example.com' WHERE event = 'paid'",
    "a line is gone": "DELETE FROM history WHERE position = 3",
    "the last line of a mail is gone": (
        "DELETE FROM history WHERE position > (SELECT position FROM history WHERE event = 'postponed') + 3"
    ),
    "the amount": "UPDATE invoice SET document = replace(document, '130000.00', '930000.00')",
    "the counterparty": "UPDATE invoice SET document = replace(document, 'Ромашка', 'Лютик')",
    "the status": "UPDATE invoice SET document = replace(document, '\"paid\"', '\"to_pay\"'), status = 'to_pay'",
    "who approved": "UPDATE invoice SET document = replace(document, 'petr@example.com', 'vera@example.com')",
    "the invoice is gone": "DELETE FROM invoice",
    "the document is none": "UPDATE invoice SET document = '{'",
    "a file": "UPDATE file SET content = CAST(content || 'x' AS BLOB)",
    "a file is gone": "DELETE FROM file",
    "a mail": "UPDATE raw_mail SET raw = CAST(raw || 'x' AS BLOB) WHERE inbox_id = 3",
    "a mail is gone": "UPDATE raw_mail SET raw = x''",
    "who sent a mail": "UPDATE inbox SET sender = 'petr@example.com' WHERE id = 3",
}


@pytest.mark.slow
def test_whatever_is_changed_is_named(eventful: Office) -> None:
    for what, statement in TAMPERED.items():
        with eventful.mailflow.store.begin() as uow:  # never committed
            connection: Connection = uow._connection
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            assert connection.execute(text(statement)).rowcount, what
            assert problems(uow), what


@pytest.mark.slow
def test_one_byte_that_is_changed_anywhere_in_the_evidence_is_found(
    eventful: Office, record_property: Callable[[str, object], None]
) -> None:
    draw = random.Random(4)
    tries = by_size(quick=60, ci=300, full=10_000)
    places = [
        ("history", "details"), ("history", "event"), ("history", "actor"), ("history", "hash"),
        ("history", "evidence"), ("history", "message_id"), ("raw_mail", "raw"), ("file", "content"),
    ]  # fmt: skip
    for _ in range(tries):
        table, column = draw.choice(places)
        with eventful.mailflow.store.begin() as uow:  # never committed
            connection: Connection = uow._connection
            rows = connection.execute(text(f"SELECT rowid, {column} FROM {table} WHERE length({column}) > 0")).all()
            rowid, value = draw.choice(rows)
            raw = bytearray(value.encode() if isinstance(value, str) else value)
            at = draw.randrange(len(raw))
            raw[at] = (raw[at] + draw.randint(1, 94) - 32) % 95 + 32 if 32 <= raw[at] < 127 else raw[at] ^ 1
            changed = raw.decode(errors="replace") if isinstance(value, str) else bytes(raw)
            if changed == value:
                continue
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            connection.execute(
                text(f"UPDATE {table} SET {column} = :changed WHERE rowid = :rowid"),
                {"changed": changed, "rowid": rowid},
            )
            assert problems(uow), f"{table}.{column} {rowid}, byte {at}"
    record_property("trial", f"one changed byte of history, mails and files: found {tries} of {tries} times")


def test_the_evidence_is_read_and_checked_without_mailflow(eventful: Office, tmp_path: Path) -> None:
    now = datetime(2026, 12, 24, tzinfo=ZONE)
    with eventful.mailflow.store.begin() as uow:
        gathered = gather(uow, NUMBER, KEYWORDS, ZONE, now)
    with (tmp_path / "evidence.zip").open("wb") as archive:
        gathered.write(archive, now)
    shutil.unpack_archive(tmp_path / "evidence.zip", tmp_path / "evidence")
    folder = tmp_path / "evidence"
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    guide = (folder / "READ ME.txt").read_text(encoding="utf-8")
    program = textwrap.dedent(guide[guide.index("    import hashlib") : guide.index('The "evidence"')])
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)
    changed = (folder / "history.jsonl").read_text(encoding="utf-8").replace("ОПЛАЧЕНО 17", "ОПЛАЧЕНО 18")
    (folder / "history.jsonl").write_text(changed, encoding="utf-8")
    assert subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True).returncode
    decisions = (folder / "decisions.txt").read_text(encoding="utf-8")
    for words in ("petr@example.com: approved", "line: СОГЛАСОВАНО, всё верно", "sender_check: reference", "found_by"):
        assert words in decisions
    mails = {mail.read_bytes() for mail in (folder / "mails").iterdir()}
    assert len(mails) == 12
    assert mails <= {delivery.raw for delivery in eventful.server.journal}
    assert len(list((folder / "files").iterdir())) == 2
