"""A server on loopback whose every word a test writes: for servers that talk nonsense, or attack."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

Talk = Callable[[BinaryIO, Callable[[bytes], object]], object]
"""Given what the client sends (a binary file) and a function that sends bytes to it; the connection ends with it."""


@contextmanager
def scripted(talk: Talk) -> Iterator[int]:
    """The port of a server that has this talk with every client, one after the other."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as received:
                connection.settimeout(10)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    talk(received, connection.sendall)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
