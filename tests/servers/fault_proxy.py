"""A TCP proxy on loopback that breaks things on order, between mailflow and any server.

    with FaultProxy(dovecot.imap_port) as proxy:
        proxy.strike(Cut(Point(answer=2, offset=7)))
        ...
        proxy.heal()

A fault strikes the connections that are open and those that are opened until it heals.
"""

from __future__ import annotations

import re
import select
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

HOST = "127.0.0.1"
_TICK = 0.02
"""Seconds after which a silent connection hears of a new fault."""

_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Point:
    """A place in the server's n-th answer: before its first byte, after `offset` bytes, at its end (None).

    Answers are counted from 1 since the fault was ordered, on each connection by itself. An answer is all that the
    server sends before the client speaks again; its end is where the client speaks again, and is not heard.
    """

    answer: int = 1
    offset: int | None = 0


@dataclass(frozen=True)
class Refuse:
    """Nobody listens (ECONNREFUSED); what is open is reset."""


@dataclass(frozen=True)
class Cut:
    """The connection is closed in an orderly way (FIN)."""

    at: Point = Point()


@dataclass(frozen=True)
class Reset:
    """The connection is torn down (RST). `and_is_gone`: from then on everything is as with Refuse."""

    at: Point = Point()
    and_is_gone: bool = False


@dataclass(frozen=True)
class Silence:
    """The connection stays open and nothing passes any more, for ever: what a router does that forgets it."""

    at: Point = Point()


@dataclass(frozen=True)
class Garbage:
    """Bytes that the server never said, once on each connection."""

    text: bytes
    at: Point = Point()


@dataclass(frozen=True)
class Slices:
    """Whatever is said, by either side, comes in pieces of `size` bytes with `pause` seconds between them."""

    size: int
    pause: float


@dataclass(frozen=True)
class Answers:
    """What the client says and `to` matches never reaches the server; the `reply` does the client, as by re.sub.

    Only where it comes in one piece, as a command does that waits for its answer. `and_ends`: then a FIN follows.
    """

    to: re.Pattern[bytes]
    reply: bytes
    and_ends: bool = False


Fault = Refuse | Cut | Reset | Silence | Garbage | Slices | Answers


class FaultProxy:
    """Listens on a port of its own and passes everything on to `target`, until a fault is ordered."""

    def __init__(self, target: int) -> None:
        self._target = self._leads_to = target
        self._listener = _bound(0)
        self._listener.listen(64)
        self.port: int = self._listener.getsockname()[1]
        self._fault: Fault | None = None
        self._order = 0
        self._links: list[_Link] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._acceptor.join(5)
        for link in self._links:
            link.thread.join(5)
        self._listener.close()

    @property
    def longest_talk(self) -> int:
        """How many answers the most talkative connection has heard since the last order."""
        with self._lock:
            return max((link.answers for link in self._links if link.order == self._order), default=0)

    def strike(self, fault: Fault) -> None:
        """From now on this goes wrong, in place of what went wrong before."""
        with self._lock:
            self._order += 1
            self._fault = fault
            if isinstance(fault, Refuse):
                self._listener.close()
                self._listener = _bound_again(self.port)
        if isinstance(fault, Refuse):
            self._end_links()

    def heal(self) -> None:
        """Nothing goes wrong any more; a connection that was struck stays as it is."""
        with self._lock:
            self._order += 1
            self._fault, self._leads_to = None, self._target
            self._listener.listen(64)

    def lead_to(self, port: int) -> None:
        """Somebody else answers in the server's place, until it heals; what is open is reset."""
        self.strike(Refuse())
        with self._lock:
            self._leads_to, self._fault = port, None
            self._listener.listen(64)

    def fault(self) -> tuple[int, Fault | None]:
        """Which order holds, and what it is."""
        with self._lock:
            return self._order, self._fault

    @property
    def stopping(self) -> bool:
        """Whether it is all over."""
        return self._stopping.is_set()

    def _end_links(self) -> None:
        for link in list(self._links):
            link.ended.set()
            if link.thread is not threading.current_thread():
                link.thread.join(5)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            with self._lock:
                listener = self._listener
            try:
                if not select.select([listener], [], [], _TICK)[0]:
                    continue
                client, _ = listener.accept()
            except (OSError, ValueError):  # it was closed, or does not listen at the moment
                self._stopping.wait(_TICK)
                continue
            self._link(client)

    def _link(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection((HOST, self._leads_to), 5)
        except OSError:
            _reset(client)
            return
        link = _Link(self, client, server)
        with self._lock:
            self._links = [known for known in self._links if known.thread.is_alive()]
            link.thread.start()
            self._links.append(link)


class _Link:
    """One connection, both of its ways."""

    def __init__(self, proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        for side in (client, server):
            side.setblocking(True)
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.order, self._fault = proxy.fault()
        self.answers = 0
        self._heard = 0
        self._client_spoke = True
        self._silent = self._done = False
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            while not (self._proxy.stopping or self.ended.is_set()):
                ready = select.select([self._client, self._server], [], [], _TICK)[0]
                self._obey()
                for side in ready:
                    data = side.recv(65536)
                    if not data:
                        return
                    if self._silent:
                        continue
                    if side is self._client:
                        self._client_says(data)
                    else:
                        self._server_says(data)
            if self.ended.is_set():
                _reset(self._client)
        except (_Over, OSError, ValueError):
            pass
        finally:
            for side in (self._client, self._server):
                _close(side)

    def _obey(self) -> None:
        order, fault = self._proxy.fault()
        if order != self.order:
            self.order, self._fault = order, fault
            self.answers = self._heard = 0
            self._client_spoke, self._done = True, False

    def _client_says(self, data: bytes) -> None:
        at = getattr(self._fault, "at", None)
        if at and not self._done and self.answers and self.answers >= at.answer and not self._client_spoke:
            self._strike()
        self._client_spoke = True
        fault = self._fault
        if isinstance(fault, Answers) and fault.to.search(data):
            self._client.sendall(fault.to.sub(fault.reply, data))
            if fault.and_ends:
                raise _Over
        elif not self._silent:
            self._pass(self._server, data)

    def _server_says(self, data: bytes) -> None:
        if self._client_spoke:
            self.answers, self._heard, self._client_spoke = self.answers + 1, 0, False
        at = getattr(self._fault, "at", None)
        if at and not self._done and at.offset is not None and self.answers == at.answer:
            before, data = data[: max(0, at.offset - self._heard)], data[max(0, at.offset - self._heard) :]
            self._heard += len(before)
            self._pass(self._client, before)
            if self._heard == at.offset and data:
                self._strike()
            if self._silent:
                return
        self._heard += len(data)
        self._pass(self._client, data)

    def _strike(self) -> None:
        self._done = True
        match self._fault:
            case Cut():
                raise _Over
            case Reset(_, and_is_gone):
                if and_is_gone:
                    self._proxy.strike(Refuse())
                _reset(self._client)
                raise _Over
            case Silence():
                self._silent = True
            case Garbage(text):
                self._client.sendall(text)

    def _pass(self, side: socket.socket, data: bytes) -> None:
        if isinstance(self._fault, Slices):
            for start in range(0, len(data), self._fault.size):
                side.sendall(data[start : start + self._fault.size])
                time.sleep(self._fault.pause)
        elif data:
            side.sendall(data)


class _Over(Exception):
    """This connection has ended."""


def _bound(port: int) -> socket.socket:
    """A port that is ours and refuses every connection until it is listened on."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def _bound_again(port: int) -> socket.socket:
    """The same once nobody waits on the socket that was closed, which is within a tick."""
    end = time.monotonic() + 50 * _TICK
    while True:
        try:
            return _bound(port)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(_TICK / 10)


def _reset(side: socket.socket) -> None:
    with suppress(OSError):
        side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    side.close()


def _close(side: socket.socket) -> None:
    with suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)
    side.close()
