"""A portal on loopback whose answers, byte for byte, a test writes beforehand; one request, one of them."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from tests.servers.certificates import Certificate

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.line.split()[1]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


DROP = "ends the connection when the request has arrived"
SLAM = "ends the connection before the request is read"
SILENT = "says nothing until the client goes away"
Answer = bytes | str | Callable[[Request], bytes]


def http(status: int, body: bytes | str, **headers: str) -> bytes:
    """An answer with this body; `_` in a header's name stands for `-`."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def says(told: object, status: int = 200, **headers: str) -> bytes:
    """An answer in JSON."""
    return http(status, json.dumps(told), Content_Type="application/json; charset=utf-8", **headers)


class PortalScript:
    """Gives the answers in turn, the last one for ever; remembers what was asked. With a certificate it speaks TLS."""

    def __init__(self, *answers: Answer, certificate: Certificate | None = None, name: str = HOST) -> None:
        self.asked: list[Request] = []
        self.tls_failures: list[str] = []
        self._answers = deque(answers)
        self._last: Answer = DROP
        self._tls = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate.chain, certificate.key)
        self._listener = socket.create_server((HOST, 0))
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.origin = f"{'https' if certificate else 'http'}://{name}:{self._listener.getsockname()[1]}"
        self._threads[0].start()

    def __enter__(self) -> PortalScript:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def plan(self, *answers: Answer) -> None:
        """More answers."""
        self._answers.extend(answers)

    def close(self) -> None:
        self._closing.set()
        with self._lock:
            ends = [self._listener, *self._open]
        for end in ends:
            _shut(end)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._lock:
                self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(10)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with self._lock:
                self._open.add(connection)
            with connection, connection.makefile("rb") as received:
                while self._one(connection, received):
                    pass
        except OSError as error:
            self.tls_failures += [str(error)] if isinstance(error, ssl.SSLError) else []
            connection.close()

    def _one(self, connection: socket.socket, received: BinaryIO) -> bool:
        if self._peek() == SLAM:
            self._next()
            return False
        request = _request(received)
        if request is None:
            return False
        self.asked.append(request)
        answer = self._next()
        if answer == SILENT:
            received.read(1)
        if isinstance(answer, str):
            return False
        sent = answer if isinstance(answer, bytes) else answer(request)
        connection.sendall(sent)
        head, _, body = sent.partition(b"\r\n\r\n")
        return head.startswith(b"HTTP/1.1") and f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")

    def _peek(self) -> Answer:
        return self._answers[0] if self._answers else self._last

    def _next(self) -> Answer:
        if self._answers:
            self._last = self._answers.popleft()
        return self._last


def _request(received: BinaryIO) -> Request | None:
    line = received.readline().decode("latin-1").rstrip()
    if not line:
        return None
    headers: dict[str, str] = {}
    while header := received.readline().decode("latin-1").rstrip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    return Request(line, headers, received.read(int(headers.get("content-length", 0))))


def _shut(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        end.close()
