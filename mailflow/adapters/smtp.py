"""Handing mails to the SMTP server (RFC 5321, 6409), one recipient a mail."""

from __future__ import annotations

import base64
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mailflow.adapters.connection import said, sasl_plain, verified_tls, without_secret, words
from mailflow.adapters.sasl import GIVING_UP, Credentials, bearer_response, mechanism_of, without_token
from mailflow.errors import (
    BrokenOff,
    InDoubt,
    MailflowError,
    PermanentFailure,
    ServerAway,
    SignInRefused,
    TransientFailure,
)
from mailflow.observation import step
from mailflow.ports import Envelope

SILENT_FOR_LONG = 5.0
"""Seconds after which a connection is tried before it is used again."""

CHUNK = 64 * 1024
ADDRESS = re.compile(r"[^\s<>\x00-\x1f\x7f]+@[^\s<>\x00-\x1f\x7f]+")
GOING_AWAY = 421
"""The server ends the connection, whatever it was asked (RFC 5321 section 3.8)."""

TOO_MANY_AT_ONCE = 432
"""Exchange Online says so of a mailbox that sends over more than three connections, on each of them."""

SIGNED_IN = 235
MORE_IS_SAID = 334

NOT_SIGNED_IN = frozenset({530, 534, 535, 538})
"""Replies that the settings can mend (RFC 4954 section 6), so nothing permanent."""

Failures = (smtplib.SMTPException, OSError)


@dataclass
class SmtpTransport:
    """One persistent connection, opened again where it has gone stale or after any failure; for one thread.

    `security` is tls, starttls or none; certificates are always verified, against `ca_file` where one is given.
    `timeout` is in seconds; `timeout_after_data` is for the answer to a whole mail, where RFC 5321 section 4.5.3.2.6
    asks for ten minutes, since less makes duplicates. A mail that is not taken within `longest_hand_over` seconds is
    broken off before its end, so that it is not in doubt. `hello` is the name given in EHLO. With
    `credentials` an access token signs in, otherwise `password`.
    """

    host: str
    port: int
    security: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout: float = 60.0
    timeout_after_data: float = 600.0
    longest_hand_over: float = 900.0
    hello: str | None = None
    credentials: Credentials | None = None
    _client: smtplib.SMTP | None = field(default=None, init=False, repr=False)
    _last_spoken: float = field(default=0.0, init=False, repr=False)

    @step("send")
    def send(self, envelope: Envelope) -> str:
        """Hands over one mail; the server's answer.

        Raises PermanentFailure where the server refuses it for good (5xx), InDoubt where the answer to the whole mail
        was lost, ServerAway where there is no connection or no sign-in, or the mailbox has too many (432), BrokenOff
        where the connection was lost, or ended by a 421, before the server had the mail, TransientFailure for any
        other 4xx.
        """
        client = self._connection()
        try:
            self._offer(client, envelope)
            self._hand_over(client, envelope.message)
            answer = self._answer(client)
        except MailflowError:
            self._reset()
            raise
        except Failures as error:
            self._drop()
            raise BrokenOff(f"{self._place} broke off before it had the mail: {_reason(error)}") from error
        except BaseException:
            self._drop()
            raise
        self._last_spoken = time.monotonic()
        return answer

    def probe(self) -> list[str]:
        """Connects and signs in; what was found, as sentences. Or raises TransientFailure."""
        try:
            self._connection()
        finally:
            self.close()
        who = f"signed in as {self.username}" if self.username else "without signing in"
        return [f"connected to {self.host}:{self.port}, {who}"]

    def close(self) -> None:
        """Ends the connection; the next call opens a new one."""
        if self._client:
            with suppress(*Failures):
                _patience(self._client, min(self.timeout, 2))
                self._client.quit()
        self._drop()

    @property
    def _place(self) -> str:
        return f"SMTP server {self.host}:{self.port}"

    def _connection(self) -> smtplib.SMTP:
        if self._client and time.monotonic() - self._last_spoken > SILENT_FOR_LONG:
            with suppress(*Failures):
                if self._client.noop()[0] == 250:
                    return self._client
            self._drop()
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> smtplib.SMTP:
        client = None
        try:
            client = self._open()
            self._greet(client)
            self._sign_in(client)
        except ssl.SSLCertVerificationError as error:
            _shut(client)
            raise ServerAway(f"{self._place}: {words(error)}. Check host and ca_file in mailbox.smtp.") from error
        except Failures as error:
            _shut(client)
            raise ServerAway(
                f"{self._place} cannot be reached: {_reason(error)}. "
                "Check host, port and security in mailbox.smtp, and that the server runs."
            ) from error
        except BaseException:
            _shut(client)
            raise
        return client

    def _open(self) -> smtplib.SMTP:
        client: smtplib.SMTP
        if self.security == "tls":
            context = verified_tls(self.ca_file)
            client = smtplib.SMTP_SSL(self.host, self.port, self.hello, timeout=self.timeout, context=context)
        else:
            client = smtplib.SMTP(self.host, self.port, self.hello, timeout=self.timeout)
        if client.sock:  # else the end of a mail waits for the acknowledgement of what went before
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def _greet(self, client: smtplib.SMTP) -> None:
        client.ehlo_or_helo_if_needed()
        if self.security == "starttls":
            if not client.has_extn("starttls"):
                raise smtplib.SMTPException("it does not offer STARTTLS")
            client.starttls(context=verified_tls(self.ca_file))
            client.ehlo_or_helo_if_needed()

    def _sign_in(self, client: smtplib.SMTP) -> None:
        if not self.username:
            return
        if self.credentials:
            self._sign_in_by_token(client, self.username, self.credentials)
            return
        password = self.password or ""
        try:
            if "PLAIN" in client.esmtp_features.get("auth", "").upper().split():
                code, answer = client.docmd("AUTH", f"PLAIN {sasl_plain(self.username, password)}")
                if code != 235:
                    raise smtplib.SMTPAuthenticationError(code, answer)
            else:
                client.login(self.username, password)
        except UnicodeError:
            raise self._refused("it takes only ASCII user names and passwords") from None
        except Failures as error:
            why = without_secret(_reason(error), self.username, password)
            if isinstance(error, smtplib.SMTPServerDisconnected) or not isinstance(error, smtplib.SMTPException):
                raise ServerAway(f"{self._place} broke off during the sign-in: {why}") from None
            raise self._refused(why) from None

    def _sign_in_by_token(self, client: smtplib.SMTP, username: str, credentials: Credentials) -> None:
        mechanism = mechanism_of(client.esmtp_features.get("auth", "").upper().split())
        if mechanism is None:
            raise ServerAway(f"{self._place} lets nobody sign in by OAuth here. Give a password, or check the port.")
        token = credentials.current()
        if self._authenticate(client, mechanism, username, token) is None:
            return
        why = self._authenticate(client, mechanism, username, credentials.after(token))
        if why is not None:
            raise SignInRefused(
                f"{self._place} refused the sign-in of {username} by OAuth: {why}. Check username in mailbox.smtp, and "
                "that whoever signed in may send from this mailbox."
            )

    def _authenticate(self, client: smtplib.SMTP, mechanism: str, username: str, token: str) -> str | None:
        """None where the server takes the token, else its words."""
        response = bearer_response(mechanism, username, token, self.host, self.port)
        try:
            code, answer = client.docmd("AUTH", f"{mechanism} {base64.b64encode(response).decode('ascii')}")
            if code == MORE_IS_SAID:
                code, answer = client.docmd(base64.b64encode(GIVING_UP[mechanism]).decode("ascii"))
        except Failures as error:
            why = without_token(_reason(error), token, response)
            raise ServerAway(f"{self._place} broke off during the sign-in: {why}") from None
        return None if code == SIGNED_IN else without_token(f"{code} {said(answer)}", token, response)

    def _refused(self, why: str) -> SignInRefused:
        return SignInRefused(
            f"{self._place} refused the sign-in of {self.username}: {why}. Check username and password in mailbox.smtp."
        )

    def _offer(self, client: smtplib.SMTP, envelope: Envelope) -> None:
        """MAIL, RCPT and DATA, at once where the server allows it (RFC 2920); then it waits for the mail."""
        sender, recipient = envelope.sender, envelope.recipient
        for address in (sender, recipient):
            if not ADDRESS.fullmatch(address):
                raise PermanentFailure(f"{address!r} is no address that mail can be sent to")
        parameters = ""
        if client.has_extn("size"):
            parameters += f" SIZE={len(envelope.message)}"
        if not envelope.message.isascii() and client.has_extn("8bitmime"):
            parameters += " BODY=8BITMIME"
        if not (sender + recipient).isascii():
            if not client.has_extn("smtputf8"):
                raise PermanentFailure(f"{self._place} takes only addresses in ASCII (no SMTPUTF8), not {recipient}")
            parameters += " SMTPUTF8"
        commands: list[tuple[str, int | None]] = [
            (f"MAIL FROM:<{sender}>{parameters}\r\n", 2),
            (f"RCPT TO:<{recipient}>\r\n", 2),
            *([(f"RCPT TO:<{envelope.copy_to}>\r\n", None)] if envelope.copy_to else []),
            ("DATA\r\n", 3),
        ]
        at_once = client.has_extn("pipelining")
        if at_once:
            client.send("".join(command for command, _ in commands).encode())
        for command, kind in commands:
            if not at_once:
                client.send(command.encode())
            try:
                self._expect(_reply(client, (2, 3, 4, 5)), kind)
            except MailflowError:
                if at_once:
                    self._drop()  # with answers unread, it could not be told what the next one answers
                raise

    def _hand_over(self, client: smtplib.SMTP, message: bytes) -> None:
        """The mail, and the end that makes it the server's: where that cannot be written, the server lacks it."""
        deadline = time.monotonic() + self.longest_hand_over
        for piece in _dot_stuffed(message):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the mail takes longer than {self.longest_hand_over:.0f} seconds")
            client.send(piece)
        client.send(b".\r\n")

    def _answer(self, client: smtplib.SMTP) -> str:
        """The server's answer to a whole mail: it may have taken it."""
        try:
            _patience(client, self.timeout_after_data)
            code, answer = _reply(client, (2, 4, 5))
            _patience(client, self.timeout)
        except Failures as error:
            self._drop()
            raise InDoubt(
                f"{self._place} was given the whole mail and did not say whether it took it (in doubt): "
                f"{_reason(error)}"
            ) from error
        self._expect((code, answer), 2)
        return f"{code} {said(answer)}"

    def _expect(self, reply: tuple[int, bytes], kind: int | None) -> None:
        """The first digit of a reply says all (RFC 5321 section 4.2.1); without a kind any will do."""
        code, answer = reply
        if kind is None or code // 100 == kind:
            return
        refusal = f"{self._place} said {code} {said(answer)}"
        if code == GOING_AWAY:
            raise BrokenOff(refusal)
        if code == TOO_MANY_AT_ONCE:
            self._drop()
            raise ServerAway(refusal)
        if 500 <= code < 600 and code not in NOT_SIGNED_IN:
            raise PermanentFailure(refusal)
        raise TransientFailure(refusal)

    def _reset(self) -> None:
        """Makes the connection ready for the next mail, or drops it."""
        if self._client:
            try:
                if self._client.rset()[0] == 250:
                    return
            except Failures:
                pass
            self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        _shut(client)


def _reply(client: smtplib.SMTP, kinds: Collection[int]) -> tuple[int, bytes]:
    """The next reply. Raises SMTPException where it is of no kind that fits: nobody knows what the next ones answer."""
    code, answer = client.getreply()
    if code // 100 not in kinds:
        raise smtplib.SMTPException(f"its answer makes no sense here: {code} {said(answer)}")
    return code, answer


def _patience(client: smtplib.SMTP, seconds: float) -> None:
    if client.sock:
        client.sock.settimeout(seconds)


def _shut(client: smtplib.SMTP | None) -> None:
    if client:
        with suppress(*Failures):
            client.close()


def _dot_stuffed(message: bytes, length: int = CHUNK) -> Iterator[bytes]:
    """With the dots of RFC 5321 section 4.5.2 and an ended last line, otherwise as it is; in pieces, not as a copy."""
    start = 0
    while start < len(message):
        end = start + length
        end += message[end - 1 : end + 1] == b"\r\n"
        piece = message[start:end].replace(b"\r\n.", b"\r\n..")
        begins_line = start == 0 or message.endswith(b"\r\n", 0, start)
        yield b"." + piece if begins_line and piece.startswith(b".") else piece
        start = end
    if not message.endswith(b"\r\n"):
        yield b"\r\n"


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {said(error.smtp_error)}"
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, OSError):
        return words(error.__context__)
    return words(error)
