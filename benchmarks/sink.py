"""An SMTP server (RFC 5321) that takes everything and is no bottleneck: asyncio, in a process of its own.

    with Sink() as sink:
        ...
        sink.take()

It keeps the beginning of each mail, its size and when it had all of it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from benchmarks.helper import HOST, Helper, serve

KEPT = 20_000
"""So many bytes of a mail are kept: its header and its text."""


@dataclass(frozen=True)
class Arrived:
    """A mail that the sink took; `at` is in seconds of time.monotonic()."""

    recipient: str
    at: float
    size: int
    beginning: bytes

    def message(self) -> EmailMessage:
        """Its header and text; what was attached may be missing."""
        return message_from_bytes(self.beginning, policy=SMTP)  # type: ignore[return-value]


class Sink(Helper):
    """The process, and what it took."""

    def __init__(self) -> None:
        super().__init__("benchmarks.sink")

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.ports[0]

    def count(self) -> int:
        """How many mails it holds."""
        return int(self.ask("count"))

    def take(self) -> list[Arrived]:
        """The mails that it holds, in their order; it forgets them."""
        return [
            Arrived(recipient, at, size, base64.b64decode(beginning))
            for recipient, at, size, beginning in json.loads(self.ask("take"))
        ]

    def wait_for(self, count: int, seconds: float = 60) -> None:
        """Returns when it holds so many. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while (there := self.count()) < count:
            if time.monotonic() > end:
                raise TimeoutError(f"{there} of {count} mails came within {seconds:g} seconds")
            time.sleep(0.02)


class _Session(asyncio.Protocol):
    """One client. Commands may come many at once (RFC 2920)."""

    def __init__(self, mails: list[tuple[str, float, int, bytes]]) -> None:
        self._mails = mails
        self._buffer = bytearray()
        self._in_data = False
        self._recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answers every whole line, keeps every whole mail."""
        searched = max(0, len(self._buffer) - 4)
        self._buffer += data
        while True:
            end = b"\r\n.\r\n" if self._in_data else b"\r\n"
            at = self._buffer.find(end, searched)
            if at < 0:
                return
            received = bytes(self._buffer[:at])
            del self._buffer[: at + len(end)]
            searched = 0
            if self._in_data:
                self._mails.append((self._recipient, time.monotonic(), len(received), received[:KEPT]))
                self._in_data = False
                self._transport.write(b"250 2.0.0 queued\r\n")
            else:
                self._transport.write(self._answer(received))

    def _answer(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 104857600\r\n"
        if verb == b"RCPT":
            self._recipient = line.partition(b"<")[2].partition(b">")[0].decode()
        if verb == b"DATA":
            self._in_data = True
            return b"354 go on\r\n"
        if verb == b"QUIT":
            self._transport.write(b"221 2.0.0 bye\r\n")
            self._transport.close()
            return b""
        return b"250 2.0.0 ok\r\n"


async def _serve() -> None:
    mails: list[tuple[str, float, int, bytes]] = []

    def answer(question: str) -> str:
        if question == "count":
            return str(len(mails))
        taken = [(*mail[:3], base64.b64encode(mail[3]).decode()) for mail in mails]
        mails.clear()
        return json.dumps(taken)

    loop = asyncio.get_running_loop()
    await serve([await loop.create_server(lambda: _Session(mails), HOST, 0)], answer)


if __name__ == "__main__":
    asyncio.run(_serve())
