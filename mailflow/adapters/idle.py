"""Waiting for the mailbox: IMAP IDLE (RFC 2177) that misses nothing and can be woken.

imaplib may already hold the server's notice in its buffer when IDLE begins, where no poll sees it, and a notice may
come in two TCP segments: so the buffer is looked into first, and a line is waited for to its end.
"""

from __future__ import annotations

import imaplib
import select
import socket
import ssl
import time
from typing import Any

SECONDS_TO_END = 10.0
"""How long the server may take to end the waiting once it is told to."""


def idle(client: imaplib.IMAP4, seconds: float, wake: socket.socket) -> bool:
    """Waits in IDLE; True where the server said that mail came, or `wake` became readable.

    Raises imaplib.IMAP4.abort or OSError where the connection is lost or the server refuses to wait.
    """
    tag = client._new_tag()
    client.send(tag + b" IDLE\r\n")
    lines = _Lines(client)
    news = _news(lines, tag, seconds, wake)
    client.send(b"DONE\r\n")
    _until_tagged(lines, tag)
    del client.tagged_commands[tag]
    return news


def _news(lines: _Lines, tag: bytes, seconds: float, wake: socket.socket) -> bool:
    end = time.monotonic() + seconds
    while lines.wait(max(0.0, end - time.monotonic()), wake):
        line = lines.next()
        if line.startswith(tag):
            raise imaplib.IMAP4.abort("the server refused IDLE")
        if line.startswith(b"* BYE"):
            raise imaplib.IMAP4.abort("the server ended the connection")
        if line.endswith((b" EXISTS", b" RECENT")):
            return True
    return bool(select.select([wake], [], [], 0)[0])


def _until_tagged(lines: _Lines, tag: bytes) -> None:
    end = time.monotonic() + SECONDS_TO_END
    while lines.wait(max(0.0, end - time.monotonic())):
        if lines.next().startswith(tag):
            return
    raise TimeoutError


class _Lines:
    """Whole lines from a connection, with those that imaplib has read ahead."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._connection: socket.socket = client.sock
        self._file: Any = vars(client).get("_file") or vars(client)["file"]

    def wait(self, seconds: float, wake: socket.socket | None = None) -> bool:
        """True when a line begins; False after so many seconds, or once `wake` is readable."""
        if self._buffered():
            return True
        ready = select.select([self._connection, wake] if wake else [self._connection], [], [], seconds)[0]
        return self._connection in ready and wake not in ready

    def next(self) -> bytes:
        """The next line without its end."""
        line: bytes = self._file.readline()
        if not line.endswith(b"\n"):
            raise imaplib.IMAP4.abort("the server closed the connection")
        return line.rstrip(b"\r\n")

    def _buffered(self) -> bool:
        patience = self._connection.gettimeout()
        self._connection.settimeout(0)
        try:
            return bool(self._file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self._connection.settimeout(patience)
