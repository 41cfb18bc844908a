"""An SMTP server (RFC 5321) on loopback that keeps what it is given and fails on order.

with SmtpSink() as sink:
    sink.plan(Fault("rcpt", "450 4.2.0 greylisted"))
    ...
    sink.mails
"""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Self, cast

from .certificates import Certificate

HOST = "127.0.0.1"
DROP = "drop"
HANG = "hang"

Stage = Literal["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "end", "answer"]
EXTENSIONS = ("8BITMIME", "SMTPUTF8", "SIZE 52428800", "PIPELINING")


@dataclass(frozen=True)
class Fault:
    """What goes wrong once at a stage: an SMTP reply instead of success, or DROP (the connection), or HANG.

    body: before the message is complete. end: after the final dot, and the mail is not kept. answer: the mail is kept,
    but the answer never comes. Before that the stage is passed `after` times as if nothing were wrong.
    """

    stage: Stage
    reply: str
    after: int = 0


@dataclass(frozen=True)
class ReceivedMail:
    """A mail that the sink keeps: the envelope, the parameters of MAIL FROM, the bytes, who had signed in."""

    sender: str
    recipients: tuple[str, ...]
    parameters: tuple[str, ...]
    raw: bytes
    user: str | None


class SmtpSink:
    """A server in a thread. With a certificate it speaks TLS: from the start (`implicit`) or by STARTTLS.

    `users` (name -> password) may sign in, and then must; by an access token where `user_of` knows whose it is.
    `commands` is every line that clients sent. Recipients that are `unknown` are refused.
    """

    def __init__(
        self,
        certificate: Certificate | None = None,
        *,
        implicit: bool = False,
        users: dict[str, str] | None = None,
        mechanisms: str = "PLAIN LOGIN",
        user_of: Callable[[str], str | None] | None = None,
        extensions: tuple[str, ...] = EXTENSIONS,
        port: int = 0,
    ) -> None:
        self.mails: list[ReceivedMail] = []
        self.commands: list[str] = []
        self.connections = 0
        self.unknown: set[str] = set()
        self.users, self.mechanisms, self.extensions, self.implicit = users or {}, mechanisms, extensions, implicit
        self.user_of = user_of
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate.chain, certificate.key)
        self.ending = threading.Event()
        self._faults: list[Fault] = []
        self._open: set[socket.socket] = set()
        self._server = _Server((HOST, port), self)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()
        self.cut()

    def plan(self, *faults: Fault) -> None:
        """What will go wrong next, each once."""
        self._faults.extend(faults)

    def heal(self) -> None:
        """Nothing of what was planned goes wrong any more."""
        self._faults.clear()

    def cut(self) -> None:
        """Closes every open connection, as a server that restarts does."""
        for connection in list(self._open):
            _shut(connection)

    def wait_for(self, count: int, seconds: float = 10) -> list[ReceivedMail]:
        """The mails, once there are so many."""
        end = time.monotonic() + seconds
        while len(self.mails) < count:
            assert time.monotonic() < end, f"{len(self.mails)} mails came, not {count}"
            time.sleep(0.01)
        return self.mails

    def opened(self, connection: socket.socket) -> None:
        """Told by a session that it begins."""
        self.connections += 1
        self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Told by a session that it is over."""
        self._open.discard(connection)

    def fault(self, stage: str) -> str | None:
        """The reply to give instead of success; ends the session where the plan says so."""
        planned = next((fault for fault in self._faults if fault.stage == stage), None)
        if planned is None:
            return None
        if planned.after:
            self._faults[self._faults.index(planned)] = replace(planned, after=planned.after - 1)
            return None
        self._faults.remove(planned)
        if planned.reply == HANG:
            self.ending.wait(30)
        if planned.reply in (DROP, HANG):
            raise ConnectionAbortedError
        return planned.reply


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], sink: SmtpSink) -> None:
        super().__init__(address, _Session)
        self.sink = sink

    def handle_error(self, request: object, client_address: object) -> None:
        """A session that breaks off is what tests order; it is no news."""


class _Session(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.sink = cast(_Server, self.server).sink
        self.user: str | None = None
        self.raw_connection: socket.socket = self.request
        self.raw_connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sink.opened(self.raw_connection)
        try:
            if self.sink.fault("connect") is not None:
                self.request.sendall(b"421 4.3.2 too busy\r\n")
                return
            self.secure = False
            if self.sink.implicit:
                self.encrypt()
            self.file = self.request.makefile("rb")
            self.say("220 sink.example ESMTP")
            while (line := self.line()) is not None and self.answer(line):
                pass
        finally:
            self.sink.closed(self.raw_connection)
            _shut(self.request)

    def encrypt(self) -> None:
        assert self.sink.tls is not None
        self.request = self.sink.tls.wrap_socket(self.request, server_side=True)
        self.secure = True

    def line(self) -> str | None:
        raw = self.file.readline(10_000)
        if not raw:
            return None
        text = str(raw, "utf-8", "replace").rstrip("\r\n")
        self.sink.commands.append(text)
        return text

    def say(self, *lines: str) -> None:
        text = "".join(f"{line[:3]}-{line[4:]}\r\n" for line in lines[:-1]) + lines[-1] + "\r\n"
        self.request.sendall(text.encode())

    def answer(self, line: str) -> bool:
        verb = line.partition(" ")[0].lower()
        command = getattr(self, f"do_{verb}", None)
        if command is None:
            self.say(f"500 5.5.1 unknown command: {line}")
            return True
        if reply := self.sink.fault("ehlo" if verb == "helo" else verb):
            self.say(reply)
            return True
        command(line)
        return verb != "quit"

    def do_ehlo(self, line: str) -> None:
        offers = list(self.sink.extensions)
        if self.sink.tls and not self.secure:
            offers.append("STARTTLS")
        if self.sink.users or self.sink.user_of:
            offers.append(f"AUTH {self.sink.mechanisms}")
        self.say(*(f"250 {offer}" for offer in ["sink.example", *offers]))

    def do_helo(self, line: str) -> None:
        self.say("250 sink.example")

    def do_starttls(self, line: str) -> None:
        self.say("220 2.0.0 go on")
        self.encrypt()
        self.file = self.request.makefile("rb")

    def do_auth(self, line: str) -> None:
        _, mechanism, *initial = line.split()
        if mechanism not in self.sink.mechanisms.split():
            self.say("504 5.5.4 no such mechanism")
            return
        if mechanism in ("XOAUTH2", "OAUTHBEARER"):
            self.by_token(mechanism, self.decoded(initial[0]))
            return
        if mechanism.upper() == "PLAIN":
            _, user, password = self.decoded(initial[0] if initial else self.asked("")).split("\0")
        else:
            user = self.decoded(initial[0] if initial else self.asked("Username:"))
            password = self.decoded(self.asked("Password:"))
        if self.sink.users.get(user) == password:
            self.user = user
            self.say("235 2.7.0 welcome")
        else:
            self.say(f"535 5.7.8 not with {line}")

    def by_token(self, mechanism: str, response: str) -> None:
        """RFC 7628; in XOAUTH2 the first part is the user, and nothing ends a refused exchange."""
        head, *pairs, token, last, end = response.split("\x01")
        user = head.removeprefix("n,a=").removesuffix(",") if mechanism == "OAUTHBEARER" else head.removeprefix("user=")
        assert (last, end) == ("", ""), response
        assert [pair.partition("=")[0] for pair in pairs] == (["host", "port"] if mechanism == "OAUTHBEARER" else [])
        assert self.sink.user_of
        if self.sink.user_of(token.removeprefix("auth=Bearer ")) == user:
            self.user = user
            self.say("235 2.7.0 welcome")
            return
        ended = self.decoded(self.asked('{"status": "invalid_token"}'))
        assert ended == ("\x01" if mechanism == "OAUTHBEARER" else ""), ended
        self.say(f"535 5.7.8 not with {response}".replace("\x01", " "))

    def asked(self, question: str) -> str:
        self.say("334 " + base64.b64encode(question.encode()).decode())
        return self.line() or ""

    def decoded(self, text: str) -> str:
        return base64.b64decode(text).decode()

    def do_mail(self, line: str) -> None:
        if (self.sink.users or self.sink.user_of) and not self.user:
            self.say("530 5.7.0 sign in first")
            return
        match = re.match(r"MAIL FROM:<(.*)>(.*)", line, re.IGNORECASE)
        assert match
        self.sender, self.parameters, self.recipients = match[1], tuple(match[2].upper().split()), list[str]()
        self.say("250 2.1.0 ok")

    def do_rcpt(self, line: str) -> None:
        match = re.match(r"RCPT TO:<(.*)>", line, re.IGNORECASE)
        assert match
        if match[1] in self.sink.unknown:
            self.say("550 5.1.1 no such user")
            return
        self.recipients.append(match[1])
        self.say("250 2.1.5 ok")

    def do_data(self, line: str) -> None:
        if not getattr(self, "recipients", None):
            self.say("554 5.5.1 no valid recipients")
            return
        self.say("354 go on")
        self.sink.fault("body")
        lines: list[bytes] = []
        while (received := self.file.readline()) != b".\r\n":
            if not received.endswith(b"\n"):
                raise ConnectionAbortedError
            lines.append(received[1:] if received.startswith(b".") else received)
        if reply := self.sink.fault("end"):
            self.say(reply)
            return
        mail = ReceivedMail(self.sender, tuple(self.recipients), self.parameters, b"".join(lines), self.user)
        self.sink.mails.append(mail)
        self.sink.fault("answer")
        self.recipients = []
        self.say(f"250 2.0.0 queued as {len(self.sink.mails)}")

    def do_rset(self, line: str) -> None:
        self.recipients = []
        self.say("250 2.0.0 ok")

    def do_noop(self, line: str) -> None:
        self.say("250 2.0.0 ok")

    def do_quit(self, line: str) -> None:
        self.say("221 2.0.0 bye")


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
