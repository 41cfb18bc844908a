"""A database with the invoices of years: real ones, taken through all of it by mailflow itself, multiplied by SQL.

The process would take hours for a million. The rows of two invoices, one paid and one that waits for an approver, are
copied under another number, other identities and times spread over three years, the first ROWS of each table. Mails,
files and what was sent are cut to CUT characters. Nothing looks those up, and a million of them whole would take 40 GB;
keys and indexes are all real.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.company import FIRST, SECOND, approval, submission

WAITING = 20
"""So many invoices wait for an approver, whatever their number; the others are paid."""

MINUTES = 3 * 365 * 24 * 60
TIMES = ("received_at", "settled_at", "created_at", "delivered_at", "next_attempt_at", "at")

ROWS = 3
CUT = 200
APART = 100
"""Between the ids of two copies: more rows than an invoice has in any table."""

COLUMNS = {
    "invoice": {
        "number": "{number}",
        "document": "replace(document, number, {number})",
        "counterparty": "counterparty || i % 1000",
        "skeleton": "skeleton || i % 1000",
        "spelling": "spelling || i % 1000",
    },
    "file": {"sha256": "{hex}", "content": "zeroblob({cut})"},
    "invoice_file": {"number": "{number}", "sha256": "{hex}"},
    "invoice_mark": {"number": "{number}", "mark": "mark || i"},
    "invite_uid": {"uid": "{number} || uid", "number": "{number}"},
    "reference": {
        "fingerprint": "substr(fingerprint, 1, 52) || printf('%012x', i)",
        "message_id": "{message_id}",
        "number": "{number}",
    },
    "outbox": {
        "id": "id + i * {apart}",
        "number": "{number}",
        "effect": "substr(effect, 1, {cut})",
        "identity": "substr(identity, 1, {cut})",
        "message_id": "{message_id}",
    },
    "history": {"number": "{number}"},
    "inbox": {
        "id": "id + i * {apart}",
        "message_id": "{message_id}",
        "digest": "substr(digest, 1, 52) || printf('%012x', i)",
        "number": "{number}",
    },
    "raw_mail": {"inbox_id": "inbox_id + i * {apart}", "raw": "substr(raw, 1, {cut})"},
    "inbox_location": {
        "id": "id + i * {apart}",
        "inbox_id": "inbox_id + i * {apart}",
        "uid": "uid + i * {apart}",
    },
}
"""What differs from one copy to the next; every other column is the same."""

WHOSE = {
    "file": "sha256 IN (SELECT sha256 FROM invoice_file WHERE number = '{template}')",
    "raw_mail": "inbox_id IN (SELECT id FROM inbox WHERE number = '{template}')",
    "inbox_location": "inbox_id IN (SELECT id FROM inbox WHERE number = '{template}')",
}
"""The rows of an invoice, where they do not bear its number."""


def template(bench: Bench) -> Path:
    """The database of a company with one paid invoice and one that waits."""
    one = bench.company()
    bench.dovecot.deliver(one.user, submission("template-paid", b"PK paid"))
    for person in (FIRST, SECOND, "anna@example.com"):
        bench.once(one)
        asked = [mail for mail in bench.sink.take() if mail.recipient == person]
        bench.dovecot.deliver(one.user, approval(asked[0], "PAID" if person.startswith("anna") else "APPROVE"))
    bench.once(one)
    bench.dovecot.deliver(one.user, submission("template-waiting", b"PK waiting"))
    bench.once(one)
    bench.sink.take()
    return Path(one.database.removeprefix("sqlite:///"))


def filled(source: Path, target: Path, count: int) -> None:
    """A copy of the template's database, with so many invoices more."""
    shutil.copyfile(source, target)
    with sqlite3.connect(target, isolation_level=None) as db:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000", "foreign_keys = OFF"):
            db.execute(f"PRAGMA {pragma}")
        indexes = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        for name, _ in indexes:
            db.execute(f"DROP INDEX {name}")
        numbers = dict(db.execute("SELECT status, number FROM invoice"))
        for table, changed in COLUMNS.items():
            for status, number in numbers.items():
                which = f"i <= {WAITING}" if status == "in_approval" else f"i > {WAITING}"
                _copy(db, table, changed, number, which, count)
        for _, statement in indexes:
            db.execute(statement)
        db.execute("PRAGMA journal_mode = WAL")
    db.close()


def _copy(db: sqlite3.Connection, table: str, changed: dict[str, str], number: str, which: str, count: int) -> None:
    columns = [name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")]
    words = {
        "number": "printf('INV-2020-%07d', i)",
        "hex": "printf('%064x', i)",
        "message_id": "printf('<%012d.', i) || substr(message_id, 2)",
        "apart": APART,
        "cut": CUT,
    }
    earlier = f"'-' || ((({count} - i) * {MINUTES}) / {count}) || ' minutes'"
    times = {name: f"strftime('%Y-%m-%d %H:%M:%f000', {name}, {earlier})" for name in TIMES}
    values = [{**times, **changed}.get(name, name).format(**words) for name in columns]
    rows = WHOSE.get(table, "number = '{template}'").format(template=number)
    db.execute(f"CREATE TEMP TABLE original AS SELECT * FROM {table} WHERE {rows} LIMIT {ROWS}")
    db.execute(
        f"""WITH RECURSIVE copies (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM copies WHERE i < {count})
        INSERT INTO {table} ({", ".join(columns)})
        SELECT {", ".join(values)} FROM copies CROSS JOIN original WHERE {which}"""
    )
    db.execute("DROP TABLE original")
