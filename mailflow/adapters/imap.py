"""The shared mailbox over IMAP (RFC 9051, 3501), by imap-tools."""

from __future__ import annotations

import imaplib
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from imap_tools import AND, BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, UnexpectedCommandStatusError
from imap_tools.utils import encode_folder

from mailflow.adapters import fetch_response
from mailflow.adapters.connection import said, verified_tls, without_secret, words
from mailflow.adapters.idle import idle as wait_in_idle
from mailflow.adapters.sasl import GIVING_UP, Credentials, bearer_response, mechanism_of, without_token
from mailflow.errors import SignInRefused, TransientFailure
from mailflow.observation import step
from mailflow.ports import FetchedMail, Location

LONGEST_IDLE = 9 * 60.0
"""Seconds: routers forget a silent connection after fifteen minutes, servers after thirty (RFC 2177)."""

SILENT_FOR_LONG = 10.0
"""Seconds after which a connection is tried before it is used again."""

BATCH_BYTES = 8_000_000
BATCH_MAILS = 50
SIZES_AT_ONCE = 500
HEADER_BYTES = 1_000_000
"""How much of the header of a mail that is too large is read."""

Failures = (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError)
"""What imap-tools and imaplib raise for a server that is away, breaks off, or talks nonsense."""


@dataclass
class ImapMailbox:
    """One persistent connection, opened again after any failure; for one thread.

    `security` is tls, starttls or none; certificates are always verified, against `ca_file` where one is given. With
    `credentials` an access token signs in, otherwise `password`. `folders` are created where they are absent. A mail
    larger than `max_bytes` is given with its header only. With `since` only what came on that day or later is seen.
    `timeout` is in seconds.
    """

    host: str
    port: int
    security: str
    username: str
    password: str = field(default="", repr=False)
    inbox: str = "INBOX"
    folders: tuple[str, ...] = ()
    ca_file: Path | None = None
    max_bytes: int = 40_000_000
    since: date | None = None
    timeout: float = 30.0
    credentials: Credentials | None = None
    _box: BaseMailBox | None = field(default=None, init=False, repr=False)
    _uidvalidity: int = field(default=0, init=False, repr=False)
    _last_spoken: float = field(default=0.0, init=False, repr=False)
    _listed: frozenset[Location] = field(default=frozenset(), init=False, repr=False)
    _known: frozenset[Location] = field(default=frozenset(), init=False, repr=False)
    _wake: tuple[socket.socket, socket.socket] = field(default_factory=socket.socketpair, init=False, repr=False)

    def __post_init__(self) -> None:
        for end in self._wake:
            end.setblocking(False)

    def fetch_new(self, known: Callable[[Location], bool]) -> Iterator[FetchedMail]:
        """The mails of the inbox folder that are not known yet, in the order in which they came; marks none as seen.

        One that was moved back has a later UID than what came after it. A mail that somebody marked as deleted is not
        there. What vanishes meanwhile is left out.
        """
        with self._session("looking for new mail") as box:
            listed = self._list(box)
        self._listed = frozenset(listed)
        self._known = frozenset(place for place in listed if place in self._known or known(place))
        new = [place for place in listed if place not in self._known]
        if not new:
            return
        with self._session("asking for the sizes of new mails") as box:
            sizes, arrivals = self._sizes(box, new)
        there = sorted((place for place in new if place.uid in sizes), key=lambda place: _came(place, arrivals))
        for batch in _batches(there, sizes, self.max_bytes):
            with self._session("reading new mails") as box:
                mails = self._read(box, batch, sizes, arrivals)
            yield from mails

    @step("move")
    def file_away(self, locations: Sequence[Location], folder: str) -> int:
        """Moves mails by one command and touches no others; how many were still there.

        Without MOVE (RFC 6851) they are copied, marked as deleted and expunged by their UIDs. Without UIDPLUS (RFC
        4315) either they stay behind, marked as deleted: a plain EXPUNGE would destroy what others have marked.
        """
        with self._session(f"moving mail to {folder}") as box:
            selected = self.inbox, self._uidvalidity
            uids = [place.uid for place in locations if (place.folder, place.uidvalidity) == selected]
            return self._move(box, uids, str(encode_folder(folder), "ascii")) if uids else 0

    def _move(self, box: BaseMailBox, uids: Sequence[int], target: str) -> int:
        client = box.client
        if "MOVE" in client.capabilities:
            answer = client.uid("MOVE", _set_of(uids), target)
            if answer[0] != "OK":
                uids = self._search(box, f"UID {_set_of(uids)}")
                if not uids:
                    return 0
                answer = client.uid("MOVE", _set_of(uids), target)
            _ok(answer)
            _, moved = client.response("COPYUID")
            return fetch_response.copied(moved) if "UIDPLUS" in client.capabilities else len(uids)
        uids = self._search(box, f"UID {_set_of(uids)} UNDELETED")
        if uids:
            _ok(client.uid("COPY", _set_of(uids), target))
            _ok(client.uid("STORE", _set_of(uids), "+FLAGS.SILENT", r"(\Deleted)"))
            if "UIDPLUS" in client.capabilities:
                _ok(client.uid("EXPUNGE", _set_of(uids)))
        return len(uids)

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection; that it still holds is known when it is used."""
        return self._box is not None

    def wait(self, seconds: float) -> bool:
        """Waits in IDLE, at most nine minutes; where the server has none, just waits. True where mail may have come.

        What came since the last reading is not announced by IDLE, so it is looked for first.
        """
        if seconds <= 0:
            return False
        try:
            with self._session("waiting for new mail") as box:
                if self._lists_more(box):
                    return True
                if "IDLE" in box.client.capabilities:
                    return wait_in_idle(box.client, min(seconds, LONGEST_IDLE), self._wake[0])
            return bool(select.select([self._wake[0]], [], [], seconds)[0])
        finally:
            self._forget_wake()

    def wake(self) -> None:
        """Ends a wait at once, or the next one; may be called from a signal handler and from another thread."""
        with suppress(BlockingIOError):
            self._wake[1].send(b"!")

    def probe(self) -> list[str]:
        """Signs in, creates the folders that are absent; what was found, as sentences. Or raises TransientFailure."""
        try:
            with self._session("looking at the folders") as box:
                count = len(self._search(box, "ALL"))
                can = box.client.capabilities
            return [
                f"signed in at {self.host}:{self.port} as {self.username}; {self.inbox} holds {count} mails",
                *(f"folder {name} is there" for name in self.folders),
                "new mail is announced at once (IDLE)" if "IDLE" in can else "without IDLE: new mail is polled for",
            ]
        finally:
            self.close()

    def close(self) -> None:
        """Ends the connection; the next call opens a new one."""
        if self._box:
            with suppress(*Failures):
                self._box.client.sock.settimeout(min(self.timeout, 2))
                self._box.client.logout()
        self._drop()

    @contextmanager
    def _session(self, doing: str) -> Iterator[BaseMailBox]:
        """The connection, signed in and with the inbox folder selected; gone after any failure."""
        try:
            yield self._connection()
            self._last_spoken = time.monotonic()
        except Failures as error:
            self._drop()
            raise TransientFailure(f"{self._place} failed while {doing}: {_reason(error)}") from error
        except BaseException:
            self._drop()
            raise

    def _connection(self) -> BaseMailBox:
        if self._box and time.monotonic() - self._last_spoken > SILENT_FOR_LONG:
            try:
                _noop(self._box)
            except Failures:
                self._drop()
        if self._box is None:
            self._box = self._connect()
            self._sign_in(self._box)
            self._prepare(self._box)
        return self._box

    @property
    def _place(self) -> str:
        return f"IMAP server {self.host}:{self.port}"

    def _connect(self) -> BaseMailBox:
        try:
            box = self._open()
        except ssl.SSLCertVerificationError as error:
            raise TransientFailure(f"{self._place}: {words(error)}. Check host and ca_file in mailbox.imap.") from error
        except Failures as error:
            raise TransientFailure(
                f"{self._place} cannot be reached: {_reason(error)}. "
                "Check host, port and security in mailbox.imap, and that the server runs."
            ) from error
        return box

    def _open(self) -> BaseMailBox:
        if self.security == "none":
            return _PlainBox(self.host, self.port, self.timeout)
        context = verified_tls(self.ca_file)
        if self.security == "starttls":
            return _StartTlsBox(self.host, self.port, self.timeout, context)
        return _TlsBox(self.host, self.port, self.timeout, ssl_context=context)

    def _sign_in(self, box: BaseMailBox) -> None:
        offers = box.client.capabilities
        if self.credentials:
            self._sign_in_by_token(box, self.credentials)
            return
        if "LOGINDISABLED" in offers and "AUTH=PLAIN" not in offers:
            raise TransientFailure(f"{self._place} lets nobody sign in here (LOGINDISABLED). Check security and port.")
        plain_words = (self.username + self.password).isascii() and "LOGINDISABLED" not in offers
        sign_in = box.login if plain_words else box.login_utf8
        try:
            sign_in(self.username, self.password, initial_folder=None)
        except (imaplib.IMAP4.abort, OSError) as error:
            why = without_secret(_reason(error), self.username, self.password)
            raise TransientFailure(f"{self._place} broke off during the sign-in: {why}") from None
        except Failures as error:
            why = without_secret(_reason(error), self.username, self.password)
            raise SignInRefused(
                f"{self._place} refused the sign-in of {self.username}: {why}. "
                "Check username and password in mailbox.imap."
            ) from None

    def _sign_in_by_token(self, box: BaseMailBox, credentials: Credentials) -> None:
        mechanism = mechanism_of([offer.removeprefix("AUTH=") for offer in box.client.capabilities])
        if mechanism is None:
            raise TransientFailure(
                f"{self._place} lets nobody sign in by OAuth here. Give a password, or check security and port."
            )
        token = credentials.current()
        try:
            self._authenticate(box, mechanism, token)
        except _TokenRefused:
            try:
                self._authenticate(box, mechanism, credentials.after(token))
            except _TokenRefused as refusal:
                raise SignInRefused(
                    f"{self._place} refused the sign-in of {self.username} by OAuth: {refusal}. Check username in "
                    "mailbox.imap, and that whoever signed in may use this mailbox."
                ) from None

    def _authenticate(self, box: BaseMailBox, mechanism: str, token: str) -> None:
        response = bearer_response(mechanism, self.username, token, self.host, self.port)
        answers = iter((response, GIVING_UP[mechanism]))
        try:
            box.client.authenticate(mechanism, lambda challenge: next(answers, None))
        except (imaplib.IMAP4.abort, OSError) as error:
            why = without_token(_reason(error), token, response)
            raise TransientFailure(f"{self._place} broke off during the sign-in: {why}") from None
        except Failures as error:
            raise _TokenRefused(without_token(_reason(error), token, response)) from None

    def _prepare(self, box: BaseMailBox) -> None:
        """What the server can do is known only after the sign-in; imaplib keeps what it said before."""
        _, data = _ok(box.client.capability())
        box.client.capabilities = tuple(str(data[-1], "ascii", "replace").upper().split())
        there = {folder.name for folder in box.folder.list()}
        for name in self.folders:
            if name not in there:
                self._create(box, name)
        box.folder.set(self.inbox)
        _, validity = box.client.response("UIDVALIDITY")
        if validity == [None]:
            raise imaplib.IMAP4.error("it names no UIDVALIDITY, without which no mail can be told from another")
        self._uidvalidity = int(validity[0])
        self._known = frozenset()

    def _create(self, box: BaseMailBox, name: str) -> None:
        try:
            box.folder.create(name)
            box.folder.subscribe(name, True)
        except ImapToolsError as error:
            if not box.folder.exists(name):
                raise TransientFailure(
                    f"{self._place} does not let folder {name} be created: {_reason(error)}. "
                    "Create it by hand, or name another in mailbox.folders."
                ) from error

    def _drop(self) -> None:
        box, self._box = self._box, None
        if box:
            with suppress(*Failures):
                box.client.shutdown()

    def _list(self, box: BaseMailBox) -> list[Location]:
        """Every mail of the inbox folder, by UID, except what is marked as deleted."""
        criteria = str(AND(deleted=False, date_gte=self.since)) if self.since else "UNDELETED"
        return [Location(self.inbox, self._uidvalidity, uid) for uid in self._search(box, criteria)]

    def _lists_more(self, box: BaseMailBox) -> bool:
        """Than was read last. What the server tells of while it answers a SEARCH is in its answer to the next one."""
        for _ in range(2):
            if not self._listed.issuperset(self._list(box)):
                return True
            if "EXISTS" not in box.client.untagged_responses:
                break
        return False

    def _search(self, box: BaseMailBox, criteria: str) -> list[int]:
        """UIDs in order. SEARCH knows only what the server has told by then, so NOOP makes it tell."""
        _noop(box)
        _, data = _ok(box.client.uid("SEARCH", criteria))
        return sorted(int(uid) for line in data if line for uid in line.split())

    def _sizes(self, box: BaseMailBox, places: Sequence[Location]) -> tuple[dict[int, int], dict[int, datetime]]:
        """How large each mail is, in bytes, and when it came."""
        sizes: dict[int, int] = {}
        arrivals: dict[int, datetime] = {}
        for start in range(0, len(places), SIZES_AT_ONCE):
            answer = self._fetch(box, places[start : start + SIZES_AT_ONCE], "RFC822.SIZE INTERNALDATE")
            sizes |= fetch_response.sizes(answer)
            arrivals |= fetch_response.arrivals(answer)
        return sizes, arrivals

    def _read(
        self,
        box: BaseMailBox,
        batch: Sequence[Location],
        sizes: Mapping[int, int],
        arrivals: Mapping[int, datetime],
    ) -> list[FetchedMail]:
        """The mails of a batch: their bytes, or the header of the one that is too large."""
        if batch[0].uidvalidity != self._uidvalidity:
            return []
        complete = sizes[batch[0].uid] <= self.max_bytes
        part = "BODY.PEEK[]" if complete else f"BODY.PEEK[HEADER]<0.{HEADER_BYTES}>"
        bodies = fetch_response.bodies(self._fetch(box, batch, part))
        return [
            FetchedMail(place, bodies[place.uid], sizes[place.uid], complete, arrivals.get(place.uid))
            for place in batch
            if place.uid in bodies
        ]

    @step("fetch")
    def _fetch(self, box: BaseMailBox, places: Sequence[Location], what: str) -> Sequence[object]:
        """Where some were expunged meanwhile, a server may say NO (RFC 5530, EXPUNGEISSUED), but not after a NOOP."""
        command = "FETCH", _set_of([place.uid for place in places]), f"(UID {what})"
        answer = box.client.uid(*command)
        if answer[0] != "OK":
            _noop(box)
            answer = box.client.uid(*command)
        fetched: Sequence[object] = _ok(answer)[1]
        return fetched

    def _forget_wake(self) -> None:
        with suppress(BlockingIOError):
            while self._wake[0].recv(64):
                pass


class _TokenRefused(Exception):
    """The server does not take this access token; its words."""


class _PlainBox(MailBoxUnencrypted):
    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return _greeted(super()._get_mailbox_client())


class _TlsBox(MailBox):
    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return _greeted(super()._get_mailbox_client())


class _StartTlsBox(_PlainBox):
    """Unlike imap-tools' own, it leaves no connection open where TLS fails."""

    def __init__(self, host: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(host, port, timeout)

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        client = super()._get_mailbox_client()
        try:
            if "STARTTLS" not in client.capabilities:
                raise imaplib.IMAP4.error("it does not offer STARTTLS")
            client.starttls(self._context)
        except BaseException:
            with suppress(*Failures):
                client.shutdown()
            raise
        return client


def _greeted(client: imaplib.IMAP4) -> imaplib.IMAP4:
    """The client, unless it was greeted as signed in: whoever answers so may be anybody, and hinders STARTTLS."""
    if client.state == "NONAUTH":
        return client
    with suppress(*Failures):
        client.shutdown()
    raise imaplib.IMAP4.error("it greets with PREAUTH, as if somebody had signed in, which mailflow does not accept")


def _came(place: Location, arrivals: Mapping[int, datetime]) -> tuple[datetime, int]:
    """What the server gives no date for has only just come."""
    return arrivals.get(place.uid, datetime.max.replace(tzinfo=UTC)), place.uid


def _batches(places: Sequence[Location], sizes: Mapping[int, int], max_bytes: int) -> Iterator[list[Location]]:
    """Groups to read at once, bounded in bytes and number; what is too large stands alone."""
    batch: list[Location] = []
    weight = 0
    for place in places:
        size = sizes[place.uid]
        too_large = size > max_bytes
        if batch and (too_large or weight + size > BATCH_BYTES or len(batch) == BATCH_MAILS):
            yield batch
            batch, weight = [], 0
        if too_large:
            yield [place]
        else:
            batch.append(place)
            weight += size
    if batch:
        yield batch


def _set_of(uids: Sequence[int]) -> str:
    """UIDs as a sequence set (RFC 9051 section 9)."""
    return ",".join(map(str, uids))


def _noop(box: BaseMailBox) -> None:
    """Lets the server tell what changed; imaplib would keep for ever what it told so far."""
    box.client.untagged_responses.clear()
    _ok(box.client.noop())


def _ok(answer: tuple[str, Any]) -> tuple[str, Any]:
    if answer[0] != "OK":
        raise imaplib.IMAP4.error(_joined(answer[1]))
    return answer


def _reason(error: Exception) -> str:
    if isinstance(error, UnexpectedCommandStatusError):
        return said(_joined(error.command_result[1]))
    return words(error)


def _joined(data: Sequence[object]) -> bytes:
    return b" ".join(part for part in data if isinstance(part, bytes))
