"""Handing mails to the SMTP server (RFC 5321), one recipient a mail."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mailflow.errors import InDoubt, MailflowError, PermanentFailure, TransientFailure
from mailflow.ports import Envelope

AFTER_DATA_SECONDS = 600.0
"""RFC 5321 section 4.5.3.2.6: a shorter patience makes duplicates."""


@dataclass
class SmtpTransport:
    """One persistent connection, opened again where it has gone stale.

    `security` is tls, starttls or none; certificates are always verified, against `ca_file` where one is given.
    """

    host: str
    port: int
    security: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout: float = 60.0
    after_data_timeout: float = AFTER_DATA_SECONDS
    _client: smtplib.SMTP | None = field(default=None, repr=False)

    def send(self, envelope: Envelope) -> str:
        """Hands over one mail; gives the server's answer.

        Raises TransientFailure (again later), PermanentFailure (refused), InDoubt where the answer was lost.
        """
        client = self._ready()
        try:
            self._address(client, envelope)
            return self._data(client, envelope.message)
        except MailflowError:
            self._reset()
            raise
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise TransientFailure(f"{self._place}: {_words(error)}") from error

    def probe(self) -> list[str]:
        """Connects and signs in; a sentence. Raises TransientFailure saying what is wrong."""
        self._ready()
        self.close()
        who = f" as {self.username}" if self.username else ", without signing in"
        return [f"connected to {self.host}:{self.port}{who}"]

    def close(self) -> None:
        """Ends the connection; the next call opens a new one."""
        client, self._client = self._client, None
        if client:
            with suppress(smtplib.SMTPException, OSError):
                client.quit()

    @property
    def _place(self) -> str:
        return f"SMTP server {self.host}:{self.port}"

    def _ready(self) -> smtplib.SMTP:
        if self._client:
            with suppress(smtplib.SMTPException, OSError):
                if self._client.noop()[0] == 250:
                    return self._client
            self._drop()
        self._client = self._connect()
        return self._client

    def _connect(self) -> smtplib.SMTP:
        try:
            client = self._open()
        except ssl.SSLCertVerificationError as error:
            raise TransientFailure(
                f"{self._place}: its certificate cannot be trusted ({error.verify_message}). "
                "Check host and ca_file in mailbox.smtp."
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise TransientFailure(f"{self._place} cannot be reached: {_words(error)}") from error
        try:
            if self.username:
                client.login(self.username, self.password or "")
        except (smtplib.SMTPException, OSError) as error:
            with suppress(smtplib.SMTPException, OSError):
                client.close()
            raise TransientFailure(
                f"{self._place} refused the sign-in of {self.username}: {_words(error)}. "
                "Check username and password in mailbox.smtp."
            ) from error
        return client

    def _open(self) -> smtplib.SMTP:
        if self.security == "tls":
            context = ssl.create_default_context(cafile=self.ca_file)
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        client = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        if self.security == "starttls":
            try:
                client.starttls(context=ssl.create_default_context(cafile=self.ca_file))
                client.ehlo()
            except BaseException:
                client.close()
                raise
        else:
            client.ehlo_or_helo_if_needed()
        return client

    def _address(self, client: smtplib.SMTP, envelope: Envelope) -> None:
        options = []
        if client.has_extn("8bitmime"):
            options.append("BODY=8BITMIME")
        if not (envelope.sender + envelope.recipient).isascii():
            if not client.has_extn("smtputf8"):
                raise PermanentFailure(f"{self._place} cannot take the address {envelope.recipient}")
            options.append("SMTPUTF8")
        if client.has_extn("size"):
            options.append(f"SIZE={len(envelope.message)}")
        self._expect(client.mail(envelope.sender, options), (250,))
        self._expect(client.rcpt(envelope.recipient), (250, 251))

    def _data(self, client: smtplib.SMTP, message: bytes) -> str:
        client.putcmd("data")
        self._expect(client.getreply(), (354,))
        try:
            client.send(_dotted(message))
            if client.sock:
                client.sock.settimeout(self.after_data_timeout)
            code, words = client.getreply()
            if client.sock:
                client.sock.settimeout(self.timeout)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise InDoubt(f"{self._place} did not say whether it took the mail: {_words(error)}") from error
        self._expect((code, words), (250,))
        return f"{code} {_text(words)}"

    def _expect(self, reply: tuple[int, bytes], expected: tuple[int, ...]) -> None:
        code, words = reply
        if code in expected:
            return
        said = f"{self._place} said {code} {_text(words)}"
        if 500 <= code < 600 and code not in (530, 535):
            raise PermanentFailure(said)
        raise TransientFailure(said)

    def _reset(self) -> None:
        if self._client:
            try:
                self._client.rset()
            except (smtplib.SMTPException, OSError):
                self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client:
            with suppress(smtplib.SMTPException, OSError):
                client.close()


def _dotted(message: bytes) -> bytes:
    """Dot-stuffed and ended (RFC 5321 section 4.5.2); the message has CRLF already."""
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _text(words: bytes) -> str:
    return " ".join(words.decode("utf-8", "replace").split())[:300]


def _words(error: BaseException) -> str:
    """The server's or the system's own words, on one line; never what was sent to it."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "this host name is not known"
    if isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, error.smtp_error
        return f"{code} {_text(words) if isinstance(words, bytes) else words}"
    return " ".join(str(error).split())[:300] or type(error).__name__
