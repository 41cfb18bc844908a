"""Handing mails over to a real SMTP server, and every way in which that goes wrong."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailflow.adapters import smtp
from mailflow.adapters.smtp import SmtpTransport
from mailflow.errors import BrokenOff, InDoubt, PermanentFailure, ServerAway, TransientFailure
from mailflow.ports import Envelope
from tests.servers.certificates import Certificates
from tests.servers.scripted import scripted
from tests.servers.smtp_sink import DROP, EXTENSIONS, HANG, HOST, Fault, SmtpSink, Stage

MESSAGE = b"From: finance@example.com\r\nSubject: [INV-2026-0001 #k7f3q9xw]\r\n\r\nPlease decide.\r\n"
ENVELOPE = Envelope("finance@example.com", "olga@example.com", MESSAGE)
PASSWORD = 'cor"rect\\horse%battery'
USERS = {"finance": PASSWORD, "финансы": "пароль"}
Open = Callable[..., SmtpTransport]


@pytest.fixture(params=[EXTENSIONS, tuple(e for e in EXTENSIONS if e != "PIPELINING")], ids=["at once", "in steps"])
def sink(request: pytest.FixtureRequest) -> Iterator[SmtpSink]:
    with SmtpSink(extensions=request.param) as running:
        yield running


@pytest.fixture
def open_transport(certificates: Certificates) -> Iterator[Open]:
    opened: list[SmtpTransport] = []

    def open_transport(port: int, **changes: Any) -> SmtpTransport:
        values: dict[str, Any] = {
            "security": "none",
            "ca_file": certificates.ca_file,
            "timeout": 2,
            "timeout_after_data": 2,
            "hello": "mailflow.example",
        }
        opened.append(SmtpTransport(HOST, port, **values | changes))
        return opened[-1]

    yield open_transport
    for transport in opened:
        transport.close()


@pytest.fixture
def transport(sink: SmtpSink, open_transport: Open) -> SmtpTransport:
    return open_transport(sink.port)


def everything_told(failure: BaseException) -> str:
    """All that a log could show of a failure."""
    return "".join(traceback.format_exception(failure)) + repr(failure)


class TestHandingOver:
    def test_a_mail_arrives_byte_for_byte_and_the_answer_is_given(
        self, sink: SmtpSink, transport: SmtpTransport
    ) -> None:
        assert transport.send(ENVELOPE) == "250 2.0.0 queued as 1"
        (mail,) = sink.mails
        assert (mail.sender, mail.recipients, mail.raw) == ("finance@example.com", ("olga@example.com",), MESSAGE)

    @pytest.mark.parametrize(
        "message",
        [
            b".\r\n..\r\n...x\r\n\r\n.\r\nQUIT\r\n",
            b"Subject: x\r\n\r\n" + b".leading dot, long line " * 10_000 + b"\r\n",
            "Subject: x\r\n\r\nСчёт \xa0 на оплату\r\n".encode(),
            b"Subject: x\r\n\r\n" + bytes(range(128, 256)) * 5000 + b"\r\n",
        ],
    )
    def test_dots_and_8_bit_bytes_stay_as_they_are(
        self, sink: SmtpSink, transport: SmtpTransport, message: bytes
    ) -> None:
        transport.send(Envelope("finance@example.com", "olga@example.com", message))
        assert sink.mails[0].raw == message

    def test_a_mail_without_a_last_line_end_gets_one(self, sink: SmtpSink, transport: SmtpTransport) -> None:
        transport.send(Envelope("finance@example.com", "olga@example.com", b"Subject: x\r\n\r\nend"))
        assert sink.mails[0].raw == b"Subject: x\r\n\r\nend\r\n"

    def test_mails_go_over_one_connection_without_a_pause(self, sink: SmtpSink, transport: SmtpTransport) -> None:
        began = time.monotonic()
        for _ in range(50):
            transport.send(ENVELOPE)
        assert time.monotonic() - began < 1.5, "a delayed acknowledgement costs 40 ms a mail"
        assert (len(sink.mails), sink.connections) == (50, 1)
        assert [c for c in sink.commands if c.startswith("ehlo")] == ["ehlo mailflow.example"]

    def test_8_bit_is_announced_only_where_there_is_some(self, sink: SmtpSink, transport: SmtpTransport) -> None:
        transport.send(ENVELOPE)
        eight_bit = MESSAGE + "Счёт\r\n".encode()
        transport.send(Envelope("finance@example.com", "olga@example.com", eight_bit))
        assert [mail.parameters for mail in sink.mails] == [
            (f"SIZE={len(MESSAGE)}",),
            (f"SIZE={len(eight_bit)}", "BODY=8BITMIME"),
        ]

    def test_an_address_in_cyrillic_goes_by_smtputf8(self, sink: SmtpSink, transport: SmtpTransport) -> None:
        transport.send(Envelope("finance@example.com", "ольга@пример.рф", MESSAGE))
        transport.send(ENVELOPE)
        assert sink.mails[0].recipients == ("ольга@пример.рф",)
        assert ["SMTPUTF8" in mail.parameters for mail in sink.mails] == [True, False]

    def test_a_server_without_extensions_takes_mail_too(self, open_transport: Open) -> None:
        with SmtpSink(extensions=()) as sink:
            transport = open_transport(sink.port)
            transport.send(ENVELOPE)
            with pytest.raises(PermanentFailure, match=r"ольга@пример\.рф"):
                transport.send(Envelope("finance@example.com", "ольга@пример.рф", MESSAGE))
            transport.send(ENVELOPE)
            assert [mail.parameters for mail in sink.mails] == [(), ()]

    def test_a_server_that_knows_only_helo_takes_mail_too(self, sink: SmtpSink, transport: SmtpTransport) -> None:
        sink.plan(Fault("ehlo", "502 5.5.1 what?"))
        transport.send(ENVELOPE)
        assert len(sink.mails) == 1

    @pytest.mark.parametrize(
        "recipient",
        [
            "olga@example.com\r\nRCPT TO:<eve@example.com>",
            "olga\n@example.com",
            "olga@example.com <eve@example.com>",
            "olga",
        ],
    )
    def test_what_is_not_exactly_one_address_is_refused(
        self, sink: SmtpSink, transport: SmtpTransport, recipient: str
    ) -> None:
        with pytest.raises(PermanentFailure, match="no address that mail can be sent to"):
            transport.send(Envelope("finance@example.com", recipient, MESSAGE))
        transport.send(ENVELOPE)
        assert [mail.recipients for mail in sink.mails] == [("olga@example.com",)]


STAGES: tuple[Stage, ...] = ("mail", "rcpt", "data", "end")


class TestRefusals:
    @pytest.mark.parametrize("stage", STAGES)
    def test_4xx_is_tried_again_later(self, sink: SmtpSink, transport: SmtpTransport, stage: Stage) -> None:
        sink.plan(Fault(stage, "451 4.7.1 greylisted, come back"))
        with pytest.raises(TransientFailure, match=r"said 451 4\.7\.1 greylisted, come back") as failure:
            transport.send(ENVELOPE)
        assert not isinstance(failure.value, InDoubt)
        transport.send(ENVELOPE)
        assert len(sink.mails) == 1

    @pytest.mark.parametrize("stage", STAGES)
    def test_5xx_is_final_and_says_the_server_s_words(
        self, sink: SmtpSink, transport: SmtpTransport, stage: Stage
    ) -> None:
        sink.plan(Fault(stage, "550 5.1.1 no such user here"))
        with pytest.raises(PermanentFailure, match=rf"{HOST}:{sink.port} said 550 5\.1\.1 no such user here"):
            transport.send(ENVELOPE)
        transport.send(ENVELOPE)
        assert len(sink.mails) == 1

    @pytest.mark.parametrize("stage", STAGES)
    def test_a_refusal_does_not_end_the_connection_of_a_server_that_is_asked_in_steps(
        self, open_transport: Open, stage: Stage
    ) -> None:
        with SmtpSink(extensions=()) as sink:
            transport = open_transport(sink.port)
            sink.plan(Fault(stage, "550 5.1.1 no"))
            with pytest.raises(PermanentFailure):
                transport.send(ENVELOPE)
            transport.send(ENVELOPE)
            assert (len(sink.mails), sink.connections) == (1, 1)

    def test_a_recipient_refused_among_commands_sent_at_once_gets_nothing(self, open_transport: Open) -> None:
        """A server may say 'go on' to DATA although it refused the only recipient."""

        def talk(received: BinaryIO, send: Callable[[bytes], object]) -> None:
            send(b"220 hello\r\n")
            for command in received:
                if command.startswith(b"ehlo"):
                    send(b"250-me\r\n250 PIPELINING\r\n")
                elif command.startswith(b"RCPT"):
                    send(b"550 no such user\r\n")
                elif command.startswith(b"DATA"):
                    send(b"354 go on\r\n")
                    heard.append(received.read())
                else:
                    send(b"250 ok\r\n")

        heard: list[bytes] = []
        with scripted(talk) as port:
            with pytest.raises(PermanentFailure, match="no such user"):
                open_transport(port).send(ENVELOPE)
            time.sleep(0.1)
        assert heard in ([], [b""])

    def test_a_mail_takes_two_round_trips(self, open_transport: Open) -> None:
        with SmtpSink() as sink:
            transport = open_transport(sink.port)
            transport.send(ENVELOPE)
            before = len(sink.commands)
            transport.send(ENVELOPE)
            assert [command.split()[0] for command in sink.commands[before:]] == ["MAIL", "RCPT", "DATA"]

    @pytest.mark.parametrize("stage", ["connect", *STAGES])
    def test_421_closes_the_connection_and_a_new_one_is_opened(
        self, sink: SmtpSink, transport: SmtpTransport, stage: Stage
    ) -> None:
        sink.plan(Fault(stage, "421 4.3.2 shutting down"))
        with pytest.raises(TransientFailure, match="421"):
            transport.send(ENVELOPE)
        sink.cut()
        transport.send(ENVELOPE)
        assert len(sink.mails) == 1

    @pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "end"])
    def test_that_the_mailbox_has_too_many_connections_is_no_fault_of_a_mail(
        self, sink: SmtpSink, transport: SmtpTransport, stage: Stage
    ) -> None:
        sink.plan(Fault(stage, "432 4.3.2 Concurrent connections limit exceeded"))
        with pytest.raises(ServerAway, match="432"):
            transport.send(ENVELOPE)
        transport.send(ENVELOPE)
        assert (len(sink.mails), sink.connections) == (1, 2), "the one that was too many is given up"

    def test_a_server_that_wants_a_sign_in_first_can_be_mended_by_the_settings(self, open_transport: Open) -> None:
        with SmtpSink(users=USERS) as sink, pytest.raises(TransientFailure, match="530"):
            open_transport(sink.port).send(ENVELOPE)


class TestLostConnections:
    @pytest.mark.parametrize("fault", [DROP, HANG])
    @pytest.mark.parametrize("stage", ["connect", "ehlo", "mail", "rcpt", "data"])
    def test_before_the_mail_is_given_nothing_is_in_doubt(
        self, sink: SmtpSink, open_transport: Open, stage: Stage, fault: str
    ) -> None:
        transport = open_transport(sink.port, timeout=0.3)
        sink.plan(Fault(stage, fault))
        began = time.monotonic()
        with pytest.raises(TransientFailure, match=f"{HOST}:{sink.port}") as failure:
            transport.send(ENVELOPE)
        assert not isinstance(failure.value, InDoubt)
        assert ("no answer in time" in str(failure.value)) is (fault == HANG)
        assert time.monotonic() - began < 1.5
        transport.send(ENVELOPE)
        assert len(sink.mails) == 1

    def test_a_connection_cut_in_the_middle_of_the_mail_is_not_in_doubt(
        self, sink: SmtpSink, transport: SmtpTransport
    ) -> None:
        sink.plan(Fault("body", DROP))
        huge = MESSAGE + b"x" * 20_000_000 + b"\r\n"
        with pytest.raises(TransientFailure, match="before it had the mail") as failure:
            transport.send(Envelope("finance@example.com", "olga@example.com", huge))
        assert not isinstance(failure.value, InDoubt)
        assert sink.mails == []
        transport.send(ENVELOPE)
        assert len(sink.mails) == 1

    @pytest.mark.parametrize("nonsense", ["<html>", "0", "354 go on again", "-"])
    def test_a_whole_mail_that_is_answered_by_nonsense_is_in_doubt(
        self, sink: SmtpSink, transport: SmtpTransport, nonsense: str
    ) -> None:
        sink.plan(Fault("end", nonsense))
        with pytest.raises(InDoubt, match="makes no sense here"):
            transport.send(ENVELOPE)
        transport.send(ENVELOPE)
        assert sink.connections == 2

    @pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
    def test_after_nonsense_nothing_more_is_read_from_that_connection(
        self, sink: SmtpSink, transport: SmtpTransport, stage: Stage
    ) -> None:
        transport.send(ENVELOPE)
        sink.plan(Fault(stage, "<html>\r\n250 2.0.0 of before"))
        with pytest.raises(BrokenOff, match="makes no sense here"):
            transport.send(ENVELOPE)
        transport.send(ENVELOPE)
        assert (sink.connections, len(sink.mails)) == (2, 2)

    @pytest.mark.parametrize("fault", [DROP, HANG])
    @pytest.mark.parametrize("stage", ["end", "answer"])
    def test_a_whole_mail_without_an_answer_is_in_doubt(
        self, sink: SmtpSink, open_transport: Open, stage: Stage, fault: str
    ) -> None:
        transport = open_transport(sink.port, timeout_after_data=0.3)
        sink.plan(Fault(stage, fault))
        with pytest.raises(InDoubt, match="in doubt"):
            transport.send(ENVELOPE)
        assert len(sink.mails) == (1 if stage == "answer" else 0)
        transport.send(ENVELOPE)
        assert {mail.raw for mail in sink.mails} == {MESSAGE}

    def test_the_answer_to_a_whole_mail_is_waited_for_longer(self, sink: SmtpSink, open_transport: Open) -> None:
        transport = open_transport(sink.port, timeout=0.2, timeout_after_data=30)

        def slow(_: object) -> str:
            time.sleep(0.6)
            return "250 2.0.0 at last"

        sink.fault = lambda stage: slow(stage) if stage == "end" else None  # type: ignore[method-assign]
        assert transport.send(ENVELOPE) == "250 2.0.0 at last"
        assert SmtpTransport(HOST, 1, "none").timeout_after_data >= 600

    def test_a_connection_that_went_stale_is_replaced_unnoticed(
        self, sink: SmtpSink, transport: SmtpTransport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(smtp, "SILENT_FOR_LONG", 0)
        transport.send(ENVELOPE)
        sink.cut()
        transport.send(ENVELOPE)
        assert (len(sink.mails), sink.connections) == (2, 2)

    def test_a_server_that_is_away_is_named(self, open_transport: Open) -> None:
        with SmtpSink() as sink:
            port = sink.port
        with pytest.raises(TransientFailure, match=rf"{HOST}:{port} cannot be reached: connection refused.*Check host"):
            open_transport(port).send(ENVELOPE)
        unknown = SmtpTransport("smtp.invalid", 465, "tls")
        with pytest.raises(TransientFailure, match=r"smtp\.invalid:465 cannot be reached: this host name is not known"):
            unknown.probe()

    @pytest.mark.parametrize("nonsense", [b"\x00\xff\r\n", b"HTTP/1.1 400 Bad\r\n\r\n", b"", b"220", b"9" * 9000])
    def test_nonsense_is_a_transient_failure(self, open_transport: Open, nonsense: bytes) -> None:
        with scripted(lambda _, send: send(nonsense)) as port, pytest.raises(TransientFailure, match=f"{HOST}:{port}"):
            open_transport(port, timeout=0.5).send(ENVELOPE)


@pytest.mark.parametrize("security", ["tls", "starttls"])
class TestTls:
    def test_mail_goes_encrypted(self, certificates: Certificates, open_transport: Open, security: str) -> None:
        with SmtpSink(certificates.good, implicit=security == "tls") as sink:
            transport = open_transport(sink.port, security=security)
            transport.send(ENVELOPE)
            transport.send(Envelope("finance@example.com", "olga@example.com", MESSAGE * 20_000))
            assert [len(mail.raw) for mail in sink.mails] == [len(MESSAGE), len(MESSAGE) * 20_000]

    @pytest.mark.parametrize(
        ("which", "reason"),
        [("wrong_name", "IP address mismatch"), ("expired", "certificate has expired")],
    )
    def test_a_wrong_certificate_ends_it(
        self, certificates: Certificates, open_transport: Open, security: str, which: str, reason: str
    ) -> None:
        with SmtpSink(getattr(certificates, which), implicit=security == "tls", users=USERS) as sink:
            transport = open_transport(sink.port, security=security, username="finance", password=PASSWORD)
            with pytest.raises(TransientFailure, match=rf"cannot be trusted.*{reason}.*Check host and ca_file"):
                transport.send(ENVELOPE)
            assert not any(command.startswith("AUTH") for command in sink.commands)

    @pytest.mark.parametrize("ca_file", ["other_ca_file", None])
    def test_an_unknown_ca_is_not_trusted(
        self, certificates: Certificates, open_transport: Open, security: str, ca_file: str | None
    ) -> None:
        trusted = getattr(certificates, ca_file) if ca_file else None
        server = SmtpSink(certificates.good, implicit=security == "tls")
        with server as sink, pytest.raises(TransientFailure, match="certificate cannot be trusted"):
            open_transport(sink.port, security=security, ca_file=trusted).send(ENVELOPE)

    def test_a_ca_file_that_is_none_is_named(
        self, certificates: Certificates, open_transport: Open, security: str, tmp_path: Path
    ) -> None:
        with SmtpSink(certificates.good, implicit=security == "tls") as sink:
            transport = open_transport(sink.port, security=security, ca_file=tmp_path / "absent.pem")
            with pytest.raises(TransientFailure, match=r"ca_file .*absent\.pem cannot be used"):
                transport.probe()


class TestSigningIn:
    @pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "LOGIN", "PLAIN"])
    def test_the_user_signs_in_and_probe_says_so(self, open_transport: Open, mechanisms: str) -> None:
        with SmtpSink(users=USERS, mechanisms=mechanisms) as sink:
            transport = open_transport(sink.port, username="finance", password=PASSWORD)
            assert transport.probe() == [f"connected to {HOST}:{sink.port}, signed in as finance"]
            transport.send(ENVELOPE)
            assert sink.mails[0].user == "finance"

    def test_names_and_passwords_need_not_be_ascii(self, open_transport: Open) -> None:
        with SmtpSink(users=USERS) as sink:
            open_transport(sink.port, username="финансы", password="пароль").send(ENVELOPE)
            assert sink.mails[0].user == "финансы"

    def test_where_the_server_takes_only_ascii_it_is_said(self, open_transport: Open) -> None:
        server = SmtpSink(users=USERS, mechanisms="LOGIN")
        with server as sink, pytest.raises(TransientFailure, match="only ASCII") as failure:
            open_transport(sink.port, username="финансы", password=USERS["финансы"]).send(ENVELOPE)
        assert USERS["финансы"] not in everything_told(failure.value)

    @pytest.mark.parametrize("mechanisms", ["PLAIN", "LOGIN"])
    def test_a_refused_sign_in_can_be_mended_by_the_settings_and_shows_no_password(
        self, open_transport: Open, mechanisms: str
    ) -> None:
        with SmtpSink(users={"finance": "another"}, mechanisms=mechanisms) as sink:
            transport = open_transport(sink.port, username="finance", password=PASSWORD)
            with pytest.raises(TransientFailure, match=r"refused the sign-in of finance: .*Check username") as failure:
                transport.send(ENVELOPE)
            assert len([command for command in sink.commands if command.startswith("AUTH")]) == 1
        shown = everything_told(failure.value)
        secret_lines = [line for line in sink.commands if not line.startswith(("ehlo", "AUTH LOGIN"))]
        assert PASSWORD not in shown
        assert not any(line.removeprefix("AUTH PLAIN ") in shown for line in secret_lines)

    def test_a_server_without_sign_in_is_explained(self, sink: SmtpSink, open_transport: Open) -> None:
        with pytest.raises(TransientFailure, match=r"refused the sign-in of finance: .*not supported"):
            open_transport(sink.port, username="finance", password=PASSWORD).probe()

    @pytest.mark.parametrize("fault", [DROP, HANG])
    def test_a_connection_lost_during_the_sign_in_is_no_wrong_password(self, open_transport: Open, fault: str) -> None:
        with SmtpSink(users=USERS) as sink:
            sink.plan(Fault("auth", fault))
            transport = open_transport(sink.port, username="finance", password=PASSWORD, timeout=0.3)
            with pytest.raises(TransientFailure, match="broke off during the sign-in"):
                transport.send(ENVELOPE)

    def test_where_starttls_was_stripped_nothing_is_sent(self, open_transport: Open) -> None:
        with SmtpSink(users=USERS) as sink:
            transport = open_transport(sink.port, security="starttls", username="finance", password=PASSWORD)
            with pytest.raises(TransientFailure, match=r"does not offer STARTTLS.*Check host, port and security"):
                transport.send(ENVELOPE)
            assert {command.split()[0] for command in sink.commands} == {"ehlo"}

    def test_what_was_said_before_starttls_is_forgotten(self, certificates: Certificates, open_transport: Open) -> None:
        """Injected before encryption: an answer that would be taken for one that came encrypted."""

        def talk(received: BinaryIO, send: Callable[[bytes], object]) -> None:
            send(b"220 hello\r\n")
            received.readline()
            send(b"250-me\r\n250 STARTTLS\r\n")
            received.readline()
            send(b"220 go on\r\n250 injected\r\n235 injected\r\n")

        with scripted(talk) as port, pytest.raises(TransientFailure, match="cannot be reached"):
            open_transport(port, security="starttls", username="finance", password=PASSWORD).probe()

    def test_without_a_user_name_nobody_signs_in(self, sink: SmtpSink, transport: SmtpTransport) -> None:
        assert transport.probe() == [f"connected to {HOST}:{sink.port}, without signing in"]

    def test_the_password_is_in_no_representation(self, open_transport: Open) -> None:
        assert PASSWORD not in repr(open_transport(9, username="finance", password=PASSWORD))


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a"])), st.integers(1, 5))
def test_a_mail_that_goes_out_in_pieces_has_the_same_dots(parts: list[bytes], length: int) -> None:
    message = b"".join(parts)
    stuffed = (b"\r\n" + message).replace(b"\r\n.", b"\r\n..").removeprefix(b"\r\n")
    ended = stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
    assert b"".join(smtp._dot_stuffed(message, length)) == ended
