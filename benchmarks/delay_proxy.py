"""A line that is long and not narrow: every byte comes later, and as many at once as were sent.

    with DelayProxy(0.02, dovecot.imap_port, sink.port) as line:
        line.ports

The connection itself is made at once. It counts bytes, the client's lines, and its round trips: how
often it spoke after the server had.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple, dataclass, field

from benchmarks.helper import HOST, Helper, serve


@dataclass
class Talk:
    """What went through the line to one server."""

    lines: int = 0
    round_trips: int = 0
    octets: int = 0


class DelayProxy(Helper):
    """The process, with a port for each server; `round_trip` in seconds."""

    def __init__(self, round_trip: float, *servers: int) -> None:
        super().__init__("benchmarks.delay_proxy", round_trip, *servers)

    def talks(self) -> list[Talk]:
        """What went through since it was last asked, in the order of the servers."""
        return [Talk(*map(int, talk.split(","))) for talk in self.ask("talks").split()]


@dataclass
class _Way:
    """The way to one server."""

    delay: float
    server: int
    talk: Talk = field(default_factory=Talk)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        from_server, to_server = await asyncio.open_connection(HOST, self.server)
        waits = asyncio.Event()

        def client_said(data: bytes) -> None:
            self.talk.lines += data.count(b"\r\n")
            self.talk.octets += len(data)
            self.talk.round_trips += waits.is_set()
            waits.clear()

        def server_said(data: bytes) -> None:
            self.talk.octets += len(data)
            waits.set()

        with suppress(asyncio.CancelledError):  # this process ends
            await asyncio.gather(
                self._late(reader, to_server, client_said), self._late(from_server, writer, server_said)
            )

    async def _late(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, said: Callable[[bytes], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            with suppress(ConnectionError):
                while True:
                    due, data = await under_way.get()
                    await asyncio.sleep(due - loop.time())
                    if not data:
                        break
                    target.write(data)
            target.close()

        arriving = asyncio.create_task(arrive())
        with suppress(ConnectionError):
            while data := await source.read(1 << 18):
                said(data)
                under_way.put_nowait((loop.time() + self.delay, data))
        under_way.put_nowait((loop.time() + self.delay, b""))
        await arriving


async def _serve(round_trip: float, servers: list[int]) -> None:
    ways = [_Way(round_trip / 2, server) for server in servers]

    def answer(question: str) -> str:
        talks = " ".join(",".join(map(str, astuple(way.talk))) for way in ways)
        for way in ways:
            way.talk = Talk()
        return talks

    await serve([await asyncio.start_server(way.carry, HOST, 0) for way in ways], answer)


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), [int(port) for port in sys.argv[2:]]))
