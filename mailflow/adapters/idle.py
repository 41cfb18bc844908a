"""Waiting for the mailbox: IMAP IDLE (RFC 2177) that misses nothing and can be woken.

imaplib may already hold the server's notice in its buffer when IDLE begins, where no poll sees it, and a notice may
come in two TCP segments: so the buffer is looked into first, and a line is waited for to its end.
"""

from __future__ import annotations

import imaplib
import select
import socket
import time
from typing import Any

LINE_PATIENCE = 10.0
"""Seconds that a begun line may take to end."""


def idle(client: imaplib.IMAP4, seconds: float, wake: socket.socket) -> bool:
    """Waits in IDLE; True where the server said something about messages, or `wake` became readable."""
    tag = client._new_tag()
    client.send(tag + b" IDLE\r\n")
    reader = _Lines(client)
    try:
        end = time.monotonic() + seconds
        while True:
            line = reader.next(max(0.0, end - time.monotonic()), wake)
            if line is None:
                return bool(select.select([wake], [], [], 0)[0])
            if line.startswith((b"* BYE", tag)):
                raise client.abort("the server ended the waiting")
            if line.endswith((b" EXISTS", b" RECENT")):
                return True
    finally:
        _done(client, tag, reader)


def _done(client: imaplib.IMAP4, tag: bytes, reader: _Lines) -> None:
    client.send(b"DONE\r\n")
    while True:
        line = reader.next(LINE_PATIENCE, None)
        if line is None:
            raise client.abort("no answer to DONE")
        if line.startswith(tag):
            return


class _Lines:
    """Whole lines from a connection, with those that imaplib has read ahead."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._client = client
        self._file: Any = client.__dict__.get("_file") or client.__dict__["file"]

    def next(self, seconds: float, wake: socket.socket | None) -> bytes | None:
        """The next line without its end; None where none began in time, or `wake` was readable first."""
        if not self._readable(seconds, wake):
            return None
        line: bytes = self._file.readline()
        if not line.endswith(b"\n"):
            raise self._client.abort("the connection was closed while waiting")
        return line.rstrip(b"\r\n")

    def _readable(self, seconds: float, wake: socket.socket | None) -> bool:
        connection = self._client.sock
        patience = connection.gettimeout()
        connection.settimeout(0)
        try:
            buffered = self._file.peek(1)
        except (BlockingIOError, ValueError, OSError):
            buffered = b""
        finally:
            connection.settimeout(patience)
        if buffered:
            return True
        watched = [connection, wake] if wake else [connection]
        ready = select.select(watched, [], [], seconds)[0]
        return connection in ready and wake not in ready
