"""Values between two processes: large bytes go beside the pickled value, not within, where they would be copied."""

from __future__ import annotations

import pickle
from io import BytesIO
from multiprocessing.connection import Connection

LARGE = 100_000
"""Bytes."""


def send(channel: Connection, value: object) -> None:
    """Raises OSError where the other end is gone."""
    pickled = BytesIO()
    pickler = _Pickler(pickled)
    pickler.dump(value)
    channel.send_bytes(pickled.getvalue())
    for content in pickler.beside.values():
        channel.send_bytes(content)


def receive(channel: Connection) -> object:
    """The next value that was sent. Raises EOFError or OSError where the other end is gone."""
    return _Unpickler(channel).load()


class _Pickler(pickle.Pickler):
    def __init__(self, file: BytesIO) -> None:
        super().__init__(file)
        self.beside: dict[int, bytes] = {}

    def persistent_id(self, value: object) -> int | None:
        if not isinstance(value, bytes) or len(value) < LARGE:
            return None
        self.beside[id(value)] = value
        return id(value)


class _Unpickler(pickle.Unpickler):
    """The large bytes come in the order in which the value first names them."""

    def __init__(self, channel: Connection) -> None:
        super().__init__(BytesIO(channel.recv_bytes()))
        self._channel = channel
        self._beside: dict[int, bytes] = {}

    def persistent_load(self, name: int) -> bytes:
        if name not in self._beside:
            self._beside[name] = self._channel.recv_bytes()
        return self._beside[name]
