"""The demo's mail server behaves as a real one does, seen through imap-tools and smtplib."""

import smtplib
import threading
import time
from collections.abc import Iterator

import pytest
from imap_tools import AND, MailboxLoginError, MailBoxUnencrypted

from mailflow.office.mail_server import MailServer

RAW = "Subject: =?utf-8?b?0KHRh9GR0YI=?=\r\nFrom: ivan@example.com\r\nTo: someone@else.org\r\n\r\nСчёт №1\r\n".encode()
USERS = {"ivan@example.com": "i", "olga@example.com": "o"}


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer(USERS) as running:
        yield running


def sign_in(server: MailServer, user: str = "olga@example.com") -> MailBoxUnencrypted:
    box = MailBoxUnencrypted(server.host, server.imap_port, timeout=5)
    box.login(user, server.users[user])
    return box


def send(server: MailServer, *recipients: str, raw: bytes = RAW) -> None:
    with smtplib.SMTP(server.host, server.smtp_port, timeout=5) as smtp:
        smtp.sendmail("ivan@example.com", recipients, raw)


def test_a_mail_arrives_byte_for_byte_by_its_envelope_whatever_its_header_says(server: MailServer) -> None:
    send(server, "OLGA@example.com")
    with sign_in(server) as box:
        uid = box.uids()[0]
        answer = box.client.uid("FETCH", uid, "(BODY.PEEK[])")
    assert answer[1][0][1] == RAW
    assert [(d.sender, d.recipients, d.raw) for d in server.journal] == [
        ("ivan@example.com", ("olga@example.com",), RAW)
    ]


def test_one_mail_to_two_people_lies_in_both_mailboxes(server: MailServer) -> None:
    send(server, "olga@example.com", "ivan@example.com")
    for user in USERS:
        with sign_in(server, user) as box:
            assert len(box.uids()) == 1


def test_an_unknown_recipient_is_refused_with_550_and_gets_nothing(server: MailServer) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(server, "nobody@example.com")
    assert refused.value.recipients["nobody@example.com"][0] == 550
    assert server.journal == []


def test_a_mail_delivered_without_smtp_goes_to_the_people_of_its_header(server: MailServer) -> None:
    raw = b"From: x@example.com\r\nTo: Olga <Olga@example.com>\r\nSubject: direct\r\n\r\nhello\r\n"
    server.deliver(raw)
    server.deliver(raw, "ivan@example.com")
    assert [d.recipients for d in server.journal] == [("olga@example.com",), ("ivan@example.com",)]


def test_idle_wakes_at_once_when_a_mail_is_delivered(server: MailServer) -> None:
    box = sign_in(server)
    box.idle.start()
    threading.Timer(0.05, send, (server, "olga@example.com")).start()
    began = time.monotonic()
    heard = box.client.sock.recv(1000)
    woken_after = time.monotonic() - began
    while b"EXISTS" not in heard:
        heard += box.client.sock.recv(1000)
    box.client.shutdown()
    assert b"* 1 EXISTS" in heard
    assert 0.03 < woken_after < 1.0


def test_idle_tells_of_a_mail_that_came_just_before_it(server: MailServer) -> None:
    box = sign_in(server)
    send(server, "olga@example.com")
    began = time.monotonic()
    box.idle.start()
    heard = b""
    while b"* 1 EXISTS" not in heard:
        heard += box.client.sock.recv(1000)
    box.client.shutdown()
    assert time.monotonic() - began < 5


def test_mails_are_found_flagged_copied_moved_and_deleted_in_folders_that_can_be_created(server: MailServer) -> None:
    for _ in range(3):
        send(server, "olga@example.com")
    with sign_in(server) as box:
        box.folder.create("Processed")
        box.folder.create("Карантин")
        assert {f.name for f in box.folder.list()} >= {"INBOX", "Processed", "Карантин"}
        assert len(box.uids(AND(subject="Счёт"), charset="UTF-8")) == 3
        first, second, third = box.uids()
        box.flag(first, r"\Seen", True)
        assert box.uids(AND(seen=False)) == [second, third]
        box.copy(first, "Карантин")
        box.move(second, "Processed")
        box.delete(third)
        assert box.uids() == [first]
        box.folder.set("Processed")
        assert [m.subject for m in box.fetch(mark_seen=False)] == ["Счёт"]
        box.append(RAW, "Карантин")
        box.folder.set("Карантин")
        assert len(box.uids()) == 2


def test_a_wrong_password_is_refused_by_both_servers(server: MailServer) -> None:
    with pytest.raises(MailboxLoginError), MailBoxUnencrypted(server.host, server.imap_port, timeout=5) as box:
        box.login("olga@example.com", "wrong")
    with smtplib.SMTP(server.host, server.smtp_port, timeout=5) as smtp:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login("olga@example.com", "wrong")
        smtp.login("olga@example.com", "o")


def test_fifteen_megabytes_pass_whole(server: MailServer) -> None:
    raw = b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 200_000
    send(server, "olga@example.com", raw=raw)
    assert server.journal[0].raw == raw


def test_the_server_starts_and_stops_in_milliseconds_and_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    began = time.monotonic()
    for _ in range(10):
        with MailServer(USERS) as server:
            sign_in(server).logout()
    assert (time.monotonic() - began) / 10 < 0.2
    assert threading.active_count() == before


def test_stopping_while_a_client_still_idles_ends_both(server: MailServer) -> None:
    with MailServer(USERS) as other:
        box = sign_in(other)
        box.idle.start()
    with pytest.raises(ConnectionRefusedError):
        MailBoxUnencrypted(other.host, other.imap_port, timeout=1)
    assert box.client.sock.recv(100).startswith(b"* BYE")
    box.client.shutdown()
