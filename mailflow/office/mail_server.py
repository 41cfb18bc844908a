"""A small company's mail server in one thread: IMAP (pymap) and SMTP (aiosmtpd) on loopback, everything in memory.

For the demo and for tests. Both run in one event loop, so a delivery wakes an IMAP client that waits by IDLE.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from argparse import Namespace
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import getaddresses
from types import TracebackType
from typing import Any, Self, TypeVar

from mailflow.errors import PermanentFailure

try:
    from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
    from proxyprotocol.reader import ProxyProtocolReader
    from pymap.backend.dict import Config, DictBackend, Login
    from pymap.backend.dict.filter import FilterSet
    from pymap.backend.dict.mailbox import MailboxSet
    from pymap.concurrent import Subsystem
    from pymap.imap import IMAPServer
    from pymap.parsing.message import AppendMessage
    from pymap.user import Passwords, UserMetadata
    from pysasl.hashing import Cleartext
except ModuleNotFoundError as missing:
    raise PermanentFailure(
        f"The demo's mail server needs the package {missing.name}, which is not installed. "
        "Run 'make install' in a checkout; beside a wheel it comes with 'pip install mailflow-….whl[demo]'."
    ) from missing

HOST = "127.0.0.1"
LARGEST_MAIL = 64_000_000
_SECONDS_TO_START_OR_STOP = 10
_TOLD_AGAIN_AFTER = 0.5

logging.getLogger("mail.log").setLevel(logging.ERROR)  # at every login aiosmtpd warns of its own old attribute

_T = TypeVar("_T")


@dataclass(frozen=True)
class Delivery:
    """One mail that the server took: SMTP envelope and the bytes as they came."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


class MailServer:
    """A mail server for some users (address -> password), who sign in to IMAP and SMTP with their address.

    Mail is filed by its envelope into the INBOX of each known user, bytes untouched; an unknown recipient is refused
    with 550. SMTP takes mail with or without a login. A port of 0 is replaced by a free one. `journal` holds everything
    delivered, in order; `clock` says when it arrives.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        imap_port: int = 0,
        smtp_port: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.users = {address.lower(): password for address, password in users.items()}
        self.host = HOST
        self.imap_port = imap_port
        self.smtp_port = smtp_port
        self.clock = clock
        self.journal: list[Delivery] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail server", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._config: Any = None

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._run(self._listen())
        except BaseException:
            self._shut()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shut()

    def deliver(self, raw: bytes, *recipients: str) -> None:
        """Files a mail without SMTP, for the given users or for those of its To and Cc; KeyError for an unknown one."""
        if not recipients:
            header = message_from_bytes(raw)
            named = getaddresses([*header.get_all("To", []), *header.get_all("Cc", [])])
            recipients = tuple(address for _, address in named)
        self._run(self._file(Delivery("", tuple(r.lower() for r in recipients), raw)))

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd calls
        self, server: object, session: object, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Takes mail for users only (RFC 5321 section 4.2.3)."""
        if address.lower() not in self.users:
            return f"550 5.1.1 {address}: no such user here"
        envelope.rcpt_tos.append(address.lower())
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        """Files a whole mail."""
        await self._file(Delivery(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.content))
        return "250 2.0.0 Delivered"

    def _authenticate(self, server: object, session: object, envelope: object, mechanism: str, data: Any) -> AuthResult:
        known = (
            isinstance(data, LoginPassword)
            and data.password == self.users.get(data.login.decode(errors="replace").lower(), "").encode()
        )
        return AuthResult(success=known, handled=False)

    async def _file(self, delivery: Delivery) -> None:
        for recipient in dict.fromkeys(delivery.recipients):
            inbox = await self._config.set_cache[recipient][0].get_mailbox("INBOX")
            await inbox.append(AppendMessage(delivery.raw, self.clock(), frozenset()), recent=True)
            self._loop.call_later(_TOLD_AGAIN_AFTER, inbox._updated.set)  # pymap misses what came just before IDLE
        self.journal.append(delivery)

    async def _listen(self) -> None:
        one_thread = Subsystem.for_asyncio()
        self._config = Config.from_args(
            _PYMAP_ARGUMENTS, hash_context=Cleartext(), cpu_subsystem=one_thread, invalid_user_sleep=0
        )
        self._config.apply_context()
        login = Login(self._config)
        for address, password in self.users.items():
            hashed = await Passwords(self._config).hash_password(password)
            login.users_dict[address] = UserMetadata(self._config, address, password=hashed)
            self._config.set_cache[address] = (MailboxSet(), FilterSet())
        imap = IMAPServer(DictBackend(login, self._config).login, self._config)
        on_connect = ProxyProtocolReader(self._config.proxy_protocol).get_callback(imap)
        self._servers.append(await asyncio.start_server(on_connect, self.host, self.imap_port))
        self._servers.append(await self._loop.create_server(self._smtp, self.host, self.smtp_port))
        self.imap_port, self.smtp_port = (server.sockets[0].getsockname()[1] for server in self._servers)

    def _smtp(self) -> SMTP:
        return SMTP(
            self,
            hostname="localhost",
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            authenticator=self._authenticate,
            auth_require_tls=False,
            loop=self._loop,
        )

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _shut(self) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS_TO_START_OR_STOP)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_SECONDS_TO_START_OR_STOP)


_PYMAP_ARGUMENTS = Namespace(
    host=HOST,
    port=0,
    debug=False,
    cert=None,
    key=None,
    tls=False,
    passlib_cfg=None,
    proxy_protocol=None,
    inherited_sockets=None,
    demo_data=False,
    demo_user="-",
    demo_password="",
)
