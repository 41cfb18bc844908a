"""The same I/O with no logic: what any program must spend that does as mailflow does, on this machine.

It fetches each mail from the same IMAP server in batches, keeps it with its file and as many records in SQLite (WAL,
every commit synced), hands as many mails of the same sizes with the same files to the same SMTP server (the envelope at
once, RFC 2920), and moves it. Nothing is parsed but the boundary of the file, nothing rendered, nothing decided.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

HOST = "127.0.0.1"
BATCH_MAILS, BATCH_BYTES = 50, 8_000_000
ROW = "x" * 600
LINE = b"x" * 70 + b"\r\n"
TEXT = LINE * 1000
SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS mail (id INTEGER PRIMARY KEY, state TEXT, raw BLOB);
CREATE TABLE IF NOT EXISTS file (id INTEGER PRIMARY KEY, content BLOB);
CREATE TABLE IF NOT EXISTS record (id INTEGER PRIMARY KEY, mail INTEGER, state TEXT, document TEXT);
CREATE INDEX IF NOT EXISTS by_mail ON record (mail, state);
"""


class Imap:
    """As much of RFC 9051 as the loop needs."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._socket = socket.create_connection((HOST, port))
        self._file: BinaryIO = self._socket.makefile("rb", 1 << 16)
        self._file.readline()
        quoted = password.replace("\\", r"\\").replace('"', r"\"")
        self.command(f'LOGIN {user} "{quoted}"')
        self.command("CREATE Processed", refused=True)
        self.command("SELECT INBOX")

    def command(self, words: str, *, refused: bool = False) -> list[tuple[bytes, bytes]]:
        """Its untagged answers, each with the literal in it. Raises RuntimeError where the server refuses."""
        self._socket.sendall(f"a {words}\r\n".encode())
        answers = []
        while True:
            line, literal = self._file.readline(), b""
            if line.endswith(b"}\r\n"):
                literal = self._file.read(int(line[line.rindex(b"{") + 1 : -3]))
                line += self._file.readline()
            if line.startswith(b"a "):
                if not refused and not line.startswith(b"a OK"):
                    raise RuntimeError(f"{words}: {line!r}")
                return answers
            answers.append((line, literal))

    def sizes(self) -> list[tuple[int, int]]:
        """UID and size of every mail."""
        lines = [line for line, _ in self.command("UID FETCH 1:* (RFC822.SIZE INTERNALDATE)")]
        found = [(re.search(rb"UID (\d+)", line), re.search(rb"SIZE (\d+)", line)) for line in lines]
        return [(int(uid[1]), int(size[1])) for uid, size in found if uid and size]


class Smtp:
    """One connection, the envelope at once."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        self._answers(1)
        self._socket.sendall(b"EHLO raw.example\r\n")
        self._answers(1)

    def send(self, person: int, *parts: bytes) -> None:
        """Hands over one mail."""
        envelope = f"MAIL FROM:<finance@example.com>\r\nRCPT TO:<person{person}@example.com>\r\nDATA\r\n"
        self._socket.sendall(envelope.encode())
        self._answers(3)
        for part in (*parts, b".\r\n"):
            self._socket.sendall(part)
        self._answers(1)

    def _answers(self, count: int) -> None:
        for _ in range(count):
            while (line := self._file.readline())[3:4] == b"-":
                pass
            if line[:1] not in b"23":
                raise RuntimeError(repr(line))


def batches(sizes: list[tuple[int, int]]) -> Iterator[list[int]]:
    """UIDs to be fetched at once, bounded in number and bytes."""
    batch, weight = [], 0
    for uid, size in sizes:
        if batch and (len(batch) == BATCH_MAILS or weight + size > BATCH_BYTES):
            yield batch
            batch, weight = [], 0
        batch.append(uid)
        weight += size
    if batch:
        yield batch


def encoded_file(raw: bytes) -> bytes:
    """The file of a mail as it came, in base64; empty where there is none."""
    boundary = re.search(rb'boundary="([^"]+)"', raw[:4000])
    return raw.split(b"--" + boundary[1])[2].partition(b"\r\n\r\n")[2] if boundary else b""


@contextmanager
def transaction(db: sqlite3.Connection, wanted: bool = True) -> Iterator[None]:
    """One commit around what is done within, unless there is one around it."""
    if wanted:
        db.execute("BEGIN IMMEDIATE")
    yield
    if wanted:
        db.execute("COMMIT")


def take(db: sqlite3.Connection, imap: Imap, smtp: Smtp, batch: list[int], plan: argparse.Namespace) -> None:
    """Takes a batch of mails through all of it; each leads to the mails of the plan."""
    fetched = imap.command(f"UID FETCH {','.join(map(str, batch))} (BODY.PEEK[])")
    mails = [(uid, raw, encoded_file(raw)) for uid, (_, raw) in zip(batch, fetched, strict=True)]
    with transaction(db):
        rows = [(uid, raw) for uid, raw, _ in mails]
        db.executemany("INSERT INTO mail (id, state, raw) VALUES (?, 'received', ?)", rows)
    with transaction(db, not plan.each):
        for uid, _, file in mails:
            with transaction(db, plan.each):
                if file:
                    db.execute("INSERT INTO file (content) VALUES (?)", (file,))
                db.executemany("INSERT INTO record (mail, document) VALUES (?, ?)", [(uid, ROW)] * plan.rows)
                db.execute("UPDATE mail SET state = 'processed' WHERE id = ?", (uid,))
    for uid, _, file in mails:
        for number, (size, with_file) in enumerate(plan.mails):
            if plan.each:
                mark(db, uid, "sending")
            smtp.send(number, TEXT[: size // len(LINE) * len(LINE)], (file or file_of(db, uid)) if with_file else b"")
            if plan.each:
                mark(db, uid, "delivered")
    if not plan.each:
        with transaction(db):
            db.executemany("UPDATE record SET state = 'delivered' WHERE mail = ?", [(uid,) for uid, _, _ in mails])
    imap.command(f"UID MOVE {','.join(map(str, batch))} Processed")


def mark(db: sqlite3.Connection, uid: int, state: str) -> None:
    """A commit that says how far a mail out is."""
    with transaction(db):
        db.execute("UPDATE record SET state = ? WHERE id = (SELECT max(id) FROM record WHERE mail = ?)", (state, uid))


def file_of(db: sqlite3.Connection, uid: int) -> bytes:
    """A file of an earlier mail, for one that has none; another for each."""
    found: bytes = db.execute(
        "SELECT content FROM file WHERE id = 1 + ? % (SELECT max(id) FROM file)", (uid,)
    ).fetchone()[0]
    return found


def main() -> None:
    """One pass over the whole inbox; prints the seconds by the clock and of CPU that it took, without the start."""
    parser = argparse.ArgumentParser()
    for name in ("imap", "smtp"):
        parser.add_argument(name, type=int, help="port")
    parser.add_argument("user")
    parser.add_argument("database")
    parser.add_argument("--rows", type=int, required=True, help="records of each mail")
    parser.add_argument("--mails", type=json.loads, required=True, help="mails out for each in: [[bytes, with file]]")
    parser.add_argument("--each", action="store_true", help="a transaction for each mail and hand-over, not each batch")
    plan = parser.parse_args()
    imap, smtp = Imap(plan.imap, plan.user, os.environ["PASSWORD"]), Smtp(plan.smtp)
    db = sqlite3.connect(plan.database, isolation_level=None)
    db.executescript(SCHEMA)
    wall, cpu = time.perf_counter(), time.process_time()
    for batch in batches(imap.sizes()):
        take(db, imap, smtp, batch, plan)
    sys.stdout.write(f"{time.perf_counter() - wall} {time.process_time() - cpu}")


if __name__ == "__main__":
    main()
