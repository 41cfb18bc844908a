"""The board on its address: alone, or in a thread beside the daemon."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from mailflow.errors import PermanentFailure
from mailflow.web.application import application
from mailflow.web.board import Board
from mailflow.web.place import Place

_SECONDS_TO_END = 5
_REQUESTS_AT_ONCE = 200


class _Server(uvicorn.Server):
    """One that leaves signals to whoever started it; uvicorn's own dies by the signal in the end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing."""
        yield


class BoardServer:
    """Serves the board. Raises PermanentFailure where its address cannot be listened on."""

    def __init__(self, board: Board) -> None:
        self._application: ASGIApp = application(board)
        self._socket = _listening(board.place)
        self.port: int = self._socket.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                self._answer,
                interface="asgi3",
                log_config=None,
                log_level="warning",
                access_log=False,  # an address may hold a feed's secret
                proxy_headers=False,
                server_header=False,
                lifespan="off",
                limit_concurrency=_REQUESTS_AT_ONCE,
                timeout_graceful_shutdown=_SECONDS_TO_END,
            )
        )
        self._thread = threading.Thread(target=self.run, name="board", daemon=True)

    def show(self, board: Board) -> None:
        """Another board from the next request on, at the same address."""
        self._application = application(board)

    def run(self) -> None:
        """Until `end` or `stop`."""
        self._server.run(sockets=[self._socket])

    def start(self) -> None:
        """Serves in a thread of its own."""
        self._thread.start()

    def end(self) -> None:
        """Takes no further request; may be called from a signal handler."""
        self._server.should_exit = True

    def stop(self) -> None:
        """The same, and waits until those under way are answered."""
        self.end()
        if self._thread.is_alive():
            self._thread.join(_SECONDS_TO_END + 1)
        self._socket.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application(scope, receive, send)


def _listening(place: Place) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        return socket.create_server((place.host, place.port), family=family, backlog=128)
    except OSError as error:
        where = f"[{place.host}]" if ":" in place.host else place.host
        raise PermanentFailure(
            f"The board cannot listen on {where}:{place.port}: {error.strerror or error}. Give another "
            "`board.listen` in the settings, or end what listens there."
        ) from None
