"""The shared mailbox over IMAP (RFC 9051, 3501), by imap-tools."""

from __future__ import annotations

import imaplib
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError
from imap_tools.imap_utf7 import utf7_encode

from mailflow.adapters.idle import idle
from mailflow.errors import TransientFailure
from mailflow.ports import FetchedMail, Location

log = logging.getLogger(__name__)

LONGEST_IDLE = 9 * 60.0
"""Seconds: routers forget a silent connection after fifteen minutes, servers after thirty (RFC 2177)."""

BATCH_BYTES = 8_000_000
BATCH_MAILS = 50

Failures = (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError, KeyError, IndexError, TypeError)
"""What imap-tools and imaplib raise for a server that is away, breaks off, or talks nonsense."""


@dataclass
class ImapMailbox:
    """One persistent connection, opened again after any failure.

    `security` is tls, starttls or none; certificates are always verified, against `ca_file` where one is given. A mail
    larger than `max_bytes` is given with its header only. `timeout` is in seconds.
    """

    host: str
    port: int
    security: str
    username: str
    password: str = field(repr=False)
    inbox: str = "INBOX"
    folders: tuple[str, ...] = ()
    ca_file: Path | None = None
    max_bytes: int = 40_000_000
    timeout: float = 30.0
    _box: BaseMailBox | None = field(default=None, repr=False)
    _listed: frozenset[int] = field(default=frozenset(), repr=False)
    _wake: tuple[socket.socket, socket.socket] = field(default_factory=socket.socketpair, repr=False)

    def fetch_new(self, known: Callable[[Location], bool]) -> Iterator[FetchedMail]:
        """The mails of the inbox folder that are not known yet, oldest first; marks nothing as seen."""
        with self._speaking("reading new mail") as box:
            places = [p for p in self._places(box) if not known(p)]
            sizes = self._sizes(box, places)
        for batch in _batches([p for p in places if p.uid in sizes], sizes, self.max_bytes):
            with self._speaking("reading new mail") as box:
                fetched = self._bodies(box, batch, sizes)
            yield from fetched

    def file_away(self, location: Location, folder: str) -> bool:
        """Moves one mail (RFC 6851), or copies it and expunges that UID alone; False where it is no longer there."""
        with self._speaking(f"moving a mail to {folder}") as box:
            if self._select(box) != location.uidvalidity:
                return False
            client, uid = box.client, str(location.uid)
            if not self._uids(box, f"UID {uid}"):
                return False
            if "MOVE" in client.capabilities:
                _ok(client.uid("MOVE", uid, _quoted(folder)))
                return True
            _ok(client.uid("COPY", uid, _quoted(folder)))
            _ok(client.uid("STORE", uid, "+FLAGS", r"(\Deleted)"))
            if "UIDPLUS" in client.capabilities:
                _ok(client.uid("EXPUNGE", uid))
            return True

    def wait(self, seconds: float) -> bool:
        """Waits in IDLE; where the server has none, just waits. True where something may have come.

        What came between the last reading and now is not announced by IDLE, so it is looked for first.
        """
        if seconds <= 0:
            return False
        try:
            with self._speaking("waiting for new mail") as box:
                self._select(box)
                if not self._listed.issuperset(self._uids(box, "UNDELETED")):
                    return True
                if "IDLE" in box.client.capabilities:
                    return idle(box.client, min(seconds, LONGEST_IDLE), self._wake[0])
            self._wake[0].settimeout(seconds)
            with suppress(TimeoutError):
                self._wake[0].recv(1)
            return False
        finally:
            self._quieten()

    def wake(self) -> None:
        """Ends a wait at once; may be called from a signal handler."""
        self._wake[1].send(b"!")

    def probe(self) -> list[str]:
        """Signs in and looks at every folder; a sentence each. Raises TransientFailure saying what is wrong."""
        with self._speaking("looking at the folders") as box:
            self._select(box)
            count = len(self._uids(box, "ALL"))
            there = {f.name for f in box.folder.list()}
            lines = [f"signed in at {self.host}:{self.port} as {self.username}; {self.inbox} holds {count} mails"]
            lines += [f"folder {name} {'is there' if name in there else 'will be made'}" for name in self.folders]
            return lines

    def close(self) -> None:
        """Ends the connection; the next call opens a new one."""
        box, self._box = self._box, None
        if box:
            with suppress(*Failures):
                box.client.sock.settimeout(2)
                box.client.logout()

    @contextmanager
    def _speaking(self, doing: str) -> Iterator[BaseMailBox]:
        try:
            if self._box is None:
                self._box = self._connect()
            yield self._box
        except TransientFailure:
            self._drop()
            raise
        except Failures as error:
            self._drop()
            raise TransientFailure(f"IMAP server {self.host}:{self.port}, {doing}: {_words(error)}") from error

    def _drop(self) -> None:
        box, self._box = self._box, None
        if box:
            with suppress(*Failures):
                box.client.shutdown()

    def _connect(self) -> BaseMailBox:
        place = f"IMAP server {self.host}:{self.port}"
        try:
            box = self._open()
        except ssl.SSLCertVerificationError as error:
            raise TransientFailure(
                f"{place}: its certificate cannot be trusted ({error.verify_message}). "
                "Check host and ca_file in mailbox.imap."
            ) from error
        except Failures as error:
            raise TransientFailure(f"{place} cannot be reached: {_words(error)}") from error
        if box.client.state != "NONAUTH":
            with suppress(*Failures):
                box.client.shutdown()
            raise TransientFailure(f"{place} greets with PREAUTH, which nobody can verify; mailflow does not go on.")
        try:
            self._sign_in(box)
        except (ImapToolsError, imaplib.IMAP4.error) as error:
            with suppress(*Failures):
                box.client.shutdown()
            raise TransientFailure(
                f"{place} refused the sign-in of {self.username}: {_words(error)}. "
                "Check username and password in mailbox.imap."
            ) from error
        self._prepare(box)
        return box

    def _open(self) -> BaseMailBox:
        if self.security == "none":
            return MailBoxUnencrypted(self.host, self.port, timeout=self.timeout)
        context = ssl.create_default_context(cafile=self.ca_file)
        kind: Any = MailBox if self.security == "tls" else MailBoxStartTls
        box: BaseMailBox = kind(self.host, self.port, timeout=self.timeout, ssl_context=context)
        return box

    def _sign_in(self, box: BaseMailBox) -> None:
        if (self.username + self.password).isascii():
            box.login(self.username, self.password, initial_folder=None)
        else:
            box.login_utf8(self.username, self.password, initial_folder=None)

    def _prepare(self, box: BaseMailBox) -> None:
        """What the server can do is known only after the sign-in; imaplib keeps what it said before."""
        _, data = box.client.capability()
        box.client.capabilities = tuple(data[-1].decode().upper().split())
        there = {f.name for f in box.folder.list()}
        for name in self.folders:
            if name not in there:
                box.folder.create(name)
        self._select(box)

    def _select(self, box: BaseMailBox) -> int:
        """Selects the inbox folder, or hears what is new in it; gives its UIDVALIDITY."""
        if box.client.state == "SELECTED" and box.client.untagged_responses.get("UIDVALIDITY"):
            _ok(box.client.noop())
        else:
            box.folder.set(self.inbox)
        _, data = box.client.response("UIDVALIDITY")
        if data and data[0] is not None:
            validity = int(data[0])
            box.client.untagged_responses["UIDVALIDITY"] = [str(validity).encode()]
            return validity
        raise imaplib.IMAP4.abort("the server names no UIDVALIDITY")

    def _places(self, box: BaseMailBox) -> list[Location]:
        validity = self._select(box)
        uids = sorted(self._uids(box, "UNDELETED"))
        self._listed = frozenset(uids)
        return [Location(self.inbox, validity, uid) for uid in uids]

    def _uids(self, box: BaseMailBox, criteria: str) -> list[int]:
        _, data = _ok(box.client.uid("SEARCH", *criteria.split()))
        return [int(uid) for line in data if line for uid in line.split()]

    def _sizes(self, box: BaseMailBox, places: list[Location]) -> dict[int, int]:
        sizes: dict[int, int] = {}
        for start in range(0, len(places), 500):
            uids = ",".join(str(p.uid) for p in places[start : start + 500])
            _, data = _ok(box.client.uid("FETCH", uids, "(UID RFC822.SIZE)"))
            for line in data:
                numbers = _numbers(line)
                if "UID" in numbers and "RFC822.SIZE" in numbers:
                    sizes[numbers["UID"]] = numbers["RFC822.SIZE"]
        return sizes

    def _bodies(self, box: BaseMailBox, batch: list[Location], sizes: dict[int, int]) -> list[FetchedMail]:
        if self._select(box) != batch[0].uidvalidity:
            return []
        complete = sizes[batch[0].uid] <= self.max_bytes
        part = "BODY.PEEK[]" if complete else "BODY.PEEK[HEADER]"
        uids = ",".join(str(p.uid) for p in batch)
        _, data = _ok(box.client.uid("FETCH", uids, f"(UID {part})"))
        bodies = {}
        for i, item in enumerate(data):
            if isinstance(item, tuple):
                tail = data[i + 1] if i + 1 < len(data) and isinstance(data[i + 1], bytes) else b""
                numbers = _numbers(item[0]) | _numbers(tail)
                bodies[numbers["UID"]] = item[1]
        return [FetchedMail(p, bodies[p.uid], sizes[p.uid], complete) for p in batch if p.uid in bodies]

    def _quieten(self) -> None:
        self._wake[0].setblocking(False)
        with suppress(BlockingIOError):
            while self._wake[0].recv(64):
                pass


def _batches(places: list[Location], sizes: dict[int, int], max_bytes: int) -> Iterator[list[Location]]:
    batch: list[Location] = []
    weight = 0
    for place in places:
        size = sizes[place.uid]
        if batch and (weight + size > BATCH_BYTES or len(batch) == BATCH_MAILS or size > max_bytes):
            yield batch
            batch, weight = [], 0
        batch.append(place)
        weight += size
        if size > max_bytes:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


def _numbers(line: object) -> dict[str, int]:
    words = (
        line.decode("ascii", "replace").replace("(", " ").replace(")", " ").split() if isinstance(line, bytes) else []
    )
    return {name: int(value) for name, value in pairwise(words) if value.isdigit()}


def _ok(answer: tuple[Any, ...]) -> tuple[Any, ...]:
    if answer[0] != "OK":
        raise imaplib.IMAP4.error(b" ".join(d for d in answer[1] if isinstance(d, bytes)).decode("utf-8", "replace"))
    return answer


def _quoted(folder: str) -> str:
    return '"' + utf7_encode(folder).decode("ascii").replace("\\", "\\\\").replace('"', '\\"') + '"'


def _words(error: BaseException) -> str:
    """The server's or the system's own words, on one line."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "this host name is not known"
    words = " ".join(str(error).split())
    return words[:300] or type(error).__name__
