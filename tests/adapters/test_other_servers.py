"""The same adapters with the demo's server (pymap, aiosmtpd): two more implementations of both protocols."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from mailflow.adapters.imap import ImapMailbox
from mailflow.adapters.smtp import SmtpTransport
from mailflow.office.mail_server import MailServer
from mailflow.ports import Envelope

RAW = "From: ivan@example.com\r\nSubject: x\r\n\r\nСчёт №1\r\n.\r\n".encode()
ENVELOPE = Envelope("ivan@example.com", "finance@example.com", RAW)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer({"finance@example.com": "secret"}) as running:
        yield running


@pytest.fixture
def mailbox(server: MailServer) -> Iterator[ImapMailbox]:
    mailbox = ImapMailbox(
        server.host,
        server.imap_port,
        "none",
        "finance@example.com",
        "secret",
        folders=("Обработано",),
        max_bytes=10_000,
        timeout=5,
    )
    yield mailbox
    mailbox.close()


@pytest.fixture
def transport(server: MailServer) -> Iterator[SmtpTransport]:
    transport = SmtpTransport(server.host, server.smtp_port, "none", timeout=5)
    yield transport
    transport.close()


def test_a_mail_goes_out_comes_in_and_is_filed_away(
    server: MailServer, mailbox: ImapMailbox, transport: SmtpTransport
) -> None:
    assert transport.send(ENVELOPE).startswith("250")
    (fetched,) = mailbox.fetch_new(lambda _: False)
    assert (fetched.raw, fetched.complete) == (RAW, True)
    assert mailbox.file_away([fetched.location], "Обработано")
    assert not mailbox.file_away([fetched.location], "Обработано")
    assert list(mailbox.fetch_new(lambda _: False)) == []


def test_mail_during_idle_wakes(mailbox: ImapMailbox, transport: SmtpTransport) -> None:
    list(mailbox.fetch_new(lambda _: False))
    threading.Timer(0.3, lambda: transport.send(ENVELOPE)).start()
    began = time.monotonic()
    assert mailbox.wait(10)
    assert time.monotonic() - began < 1.3


def test_an_oversize_mail_is_given_with_its_header(mailbox: ImapMailbox, transport: SmtpTransport) -> None:
    transport.send(Envelope("ivan@example.com", "finance@example.com", RAW + b"xxxxxx\r\n" * 2500))
    (fetched,) = mailbox.fetch_new(lambda _: False)
    assert not fetched.complete
    assert fetched.raw == b"From: ivan@example.com\r\nSubject: x\r\n\r\n"
