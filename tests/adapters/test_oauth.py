"""Signing in by access tokens, at a real Dovecot and an SMTP server that demands them, and all that goes wrong."""

from __future__ import annotations

import io
import json
import re
import stat
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailflow.adapters.imap import ImapMailbox
from mailflow.adapters.oauth.access_tokens import AccessTokens
from mailflow.adapters.oauth.client import OAuthClient, google, microsoft
from mailflow.adapters.oauth.sign_in import DeviceCode, by_browser, by_device
from mailflow.adapters.oauth.token_endpoint import TokenEndpoint
from mailflow.adapters.oauth.token_file import TokenFile
from mailflow.adapters.smtp import SmtpTransport
from mailflow.errors import PermanentFailure, ServerAway, TransientFailure
from mailflow.ports import Envelope
from tests.servers.authorization import CLIENT_ID, CLIENT_SECRET, SCOPES, AuthorizationServer
from tests.servers.certificates import Certificates
from tests.servers.dovecot import HOST, Dovecot
from tests.servers.smtp_sink import SmtpSink

FINANCE = "finance@example.com"
ENVELOPE = Envelope(FINANCE, "olga@example.com", b"Subject: x\r\n\r\nPlease decide.\r\n")


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer(interval=0.05) as running:
        yield running


@pytest.fixture(scope="module")
def lasting() -> Iterator[AuthorizationServer]:
    """The one that Dovecot asks."""
    with AuthorizationServer(interval=0.05) as running:
        yield running


@pytest.fixture(scope="module", params=["plain xoauth2 oauthbearer", "plain oauthbearer"])
def dovecot(
    request: pytest.FixtureRequest, certificates: Certificates, lasting: AuthorizationServer
) -> Iterator[Dovecot]:
    url = lasting.url("introspect")
    with Dovecot(certificates.good, introspection_url=url, mechanisms=request.param) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "token.json"


def client_of(server: AuthorizationServer, secret: str = CLIENT_SECRET) -> OAuthClient:
    addresses = server.url("token"), secret, server.url("device"), server.url("authorize")
    return OAuthClient(CLIENT_ID, *addresses, SCOPES)


def tokens_of(server: AuthorizationServer, file: Path, **changes: object) -> AccessTokens:
    return AccessTokens(TokenEndpoint(client_of(server)), TokenFile(file, CLIENT_ID), **changes)  # type: ignore[arg-type]


def signed_in(server: AuthorizationServer, file: Path, user: str = FINANCE) -> AccessTokens:
    tokens = tokens_of(server, file)
    tokens.keep(by_device(tokens.endpoint, lambda code: server.enter_code(user)))
    return tokens


def mailbox_of(dovecot: Dovecot, certificates: Certificates, tokens: AccessTokens, user: str = FINANCE) -> ImapMailbox:
    ca_file = certificates.ca_file
    return ImapMailbox(HOST, dovecot.imaps_port, "tls", user, ca_file=ca_file, credentials=tokens, timeout=5)


def everything_told(failure: BaseException) -> str:
    return "".join(traceback.format_exception(failure)) + repr(failure)


class TestAtTheMailServers:
    def test_an_access_token_opens_the_mailbox(
        self, dovecot: Dovecot, lasting: AuthorizationServer, certificates: Certificates, file: Path
    ) -> None:
        mailbox = mailbox_of(dovecot, certificates, signed_in(lasting, file))
        assert f"as {FINANCE}" in mailbox.probe()[0]

    def test_a_token_that_the_server_takes_no_longer_is_renewed_at_once(
        self, dovecot: Dovecot, lasting: AuthorizationServer, certificates: Certificates, file: Path
    ) -> None:
        mailbox = mailbox_of(dovecot, certificates, signed_in(lasting, file))
        mailbox.probe()
        lasting.expire()
        mailbox.probe()
        asked = [form.get("grant_type") for path, form in lasting.requests if path == "/token"]
        assert asked[-1] == "refresh_token"

    def test_a_sign_in_that_was_taken_back_says_what_to_run(
        self, dovecot: Dovecot, lasting: AuthorizationServer, certificates: Certificates, file: Path
    ) -> None:
        mailbox = mailbox_of(dovecot, certificates, signed_in(lasting, file))
        lasting.revoke()
        with pytest.raises(ServerAway, match=r"invalid_grant.*Run: python run\.py sign-in") as failure:
            mailbox.probe()
        kept = json.loads(file.read_text())["tokens"]
        told = everything_told(failure.value)
        assert kept["access_token"] not in told
        assert kept["refresh_token"] not in told

    def test_a_token_for_another_mailbox_is_refused_in_words_without_the_token(
        self, dovecot: Dovecot, lasting: AuthorizationServer, certificates: Certificates, file: Path
    ) -> None:
        tokens = signed_in(lasting, file, "somebody.else@example.com")
        with pytest.raises(TransientFailure, match=f"refused the sign-in of {FINANCE} by OAuth") as failure:
            mailbox_of(dovecot, certificates, tokens).probe()
        assert tokens.current() not in everything_told(failure.value)

    def test_an_imap_server_that_takes_no_tokens_is_named(
        self, certificates: Certificates, lasting: AuthorizationServer, file: Path, shared_dovecot: Dovecot
    ) -> None:
        mailbox = mailbox_of(shared_dovecot, certificates, signed_in(lasting, file))
        with pytest.raises(TransientFailure, match="nobody sign in by OAuth"):
            mailbox.probe()

    @pytest.mark.parametrize("mechanisms", ["LOGIN XOAUTH2", "OAUTHBEARER"])
    def test_a_token_that_ends_between_two_mails_is_renewed(
        self, server: AuthorizationServer, file: Path, mechanisms: str
    ) -> None:
        tokens = signed_in(server, file)
        with SmtpSink(mechanisms=mechanisms, user_of=server.user_of) as sink:
            transport = SmtpTransport(HOST, sink.port, "none", FINANCE, credentials=tokens)
            transport.send(ENVELOPE)
            sink.cut()
            server.expire()
            with pytest.raises(TransientFailure):
                transport.send(ENVELOPE)
            transport.send(ENVELOPE)
            transport.close()
        assert [mail.user for mail in sink.mails] == [FINANCE, FINANCE]

    def test_smtp_says_what_to_run_and_shows_no_token(self, server: AuthorizationServer, file: Path) -> None:
        tokens = signed_in(server, file)
        server.revoke()
        with SmtpSink(mechanisms="XOAUTH2", user_of=server.user_of) as sink:
            transport = SmtpTransport(HOST, sink.port, "none", FINANCE, credentials=tokens)
            with pytest.raises(ServerAway, match=r"Run: python run\.py sign-in"):
                transport.send(ENVELOPE)

    def test_an_smtp_server_that_repeats_the_token_is_not_quoted(self, server: AuthorizationServer, file: Path) -> None:
        tokens = signed_in(server, file, "somebody.else@example.com")
        with SmtpSink(mechanisms="XOAUTH2", user_of=server.user_of) as sink:
            transport = SmtpTransport(HOST, sink.port, "none", FINANCE, credentials=tokens)
            with pytest.raises(ServerAway, match="they repeat the token") as failure:
                transport.send(ENVELOPE)
        assert tokens.current() not in everything_told(failure.value)

    def test_an_smtp_server_that_takes_no_tokens_is_named(self, server: AuthorizationServer, file: Path) -> None:
        with SmtpSink(users={"a": "b"}) as sink:
            transport = SmtpTransport(HOST, sink.port, "none", FINANCE, credentials=signed_in(server, file))
            with pytest.raises(ServerAway, match="nobody sign in by OAuth"):
                transport.send(ENVELOPE)


class TestRenewing:
    def test_a_token_is_renewed_before_it_ends(self, server: AuthorizationServer, file: Path) -> None:
        tokens = signed_in(server, file)
        first = tokens.current()
        assert tokens.current() == first
        tokens.clock = lambda: time.time() + 3600 - 299
        assert tokens.current() != first

    def test_each_refresh_token_is_used_once_where_the_server_rotates_them(
        self, server: AuthorizationServer, file: Path
    ) -> None:
        tokens = signed_in(server, file)
        given = [tokens.after(tokens.current()) for _ in range(3)]
        assert len(set(given)) == 3
        assert len(server.spent) == 3

    def test_the_refresh_token_stays_where_the_server_gives_no_new_one(
        self, server: AuthorizationServer, file: Path
    ) -> None:
        server.rotate = False
        tokens = signed_in(server, file)
        given = [tokens.after(tokens.current()) for _ in range(3)]
        assert len(set(given)) == 3

    def test_several_daemons_renew_once(self, server: AuthorizationServer, file: Path) -> None:
        """A refresh token that is used twice would end the sign-in (RFC 9700 section 4.14.2)."""
        refused = signed_in(server, file).current()
        before, given, ready = len(server.requests), [], threading.Barrier(4)

        def daemon() -> None:
            tokens = tokens_of(server, file)
            ready.wait()
            given.append(tokens.after(refused))

        threads = [threading.Thread(target=daemon) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert len(given) == 4
        assert len(set(given)) == 1
        assert len(server.requests) - before == 1

    def test_while_the_server_is_away_the_old_token_serves_to_its_end(
        self, server: AuthorizationServer, file: Path
    ) -> None:
        tokens = signed_in(server, file)
        first = tokens.current()
        tokens.clock = lambda: time.time() + 3600 - 200
        server.faults = [503]
        assert tokens.current() == first
        tokens.clock = lambda: time.time() + 3601
        server.faults = [503]
        with pytest.raises(ServerAway, match="503"):
            tokens.current()
        assert tokens.current() != first

    def test_a_token_that_was_refused_is_not_given_again(self, server: AuthorizationServer, file: Path) -> None:
        tokens = signed_in(server, file)
        refused = tokens.current()
        tokens.clock = lambda: time.time() + 3600 - 200
        server.faults = [503]
        with pytest.raises(ServerAway, match="503"):
            tokens.after(refused)

    def test_nobody_has_signed_in(self, server: AuthorizationServer, file: Path) -> None:
        with pytest.raises(ServerAway, match=r"Nobody has signed in yet.*run\.py sign-in"):
            tokens_of(server, file).current()

    def test_a_wrong_secret_is_told_from_an_ended_sign_in(self, server: AuthorizationServer, file: Path) -> None:
        tokens = signed_in(server, file)
        tokens.endpoint = TokenEndpoint(client_of(server, "wrong-s3cret"))
        with pytest.raises(ServerAway, match=r"invalid_client.*Check client_id") as failure:
            tokens.after(tokens.current())
        assert "wrong-s3cret" not in everything_told(failure.value)

    def test_an_application_of_its_own_needs_nobody(self, server: AuthorizationServer, file: Path) -> None:
        tokens = tokens_of(server, file, in_own_name=True)
        first = tokens.current()
        assert server.user_of(first) == FINANCE
        assert tokens_of(server, file, in_own_name=True).current() == first
        assert tokens.after(first) != first

    def test_a_server_that_is_not_there_is_named(self, file: Path) -> None:
        client = OAuthClient(CLIENT_ID, "http://127.0.0.1:1/token", scopes=SCOPES)
        tokens = AccessTokens(TokenEndpoint(client), TokenFile(file, CLIENT_ID), in_own_name=True)
        with pytest.raises(ServerAway, match=r"127\.0\.0\.1:1 gives no token, it cannot be reached"):
            tokens.current()


class TestTheFile:
    def test_nobody_else_can_read_it(self, server: AuthorizationServer, file: Path) -> None:
        signed_in(server, file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_one_that_others_can_read_is_not_used(self, server: AuthorizationServer, file: Path) -> None:
        tokens = signed_in(server, file)
        file.parent.chmod(0o755)
        file.chmod(0o644)
        with pytest.raises(ServerAway, match=f"other users of this machine can read.*chmod 600 {file}"):
            tokens.current()

    def test_it_is_replaced_whole_and_nothing_is_left_beside_it(self, server: AuthorizationServer, file: Path) -> None:
        tokens = signed_in(server, file)
        tokens.after(tokens.current())
        assert {path.name for path in file.parent.iterdir()} == {"token.json", "token.json.lock"}

    def test_the_tokens_of_another_application_are_not_used(self, server: AuthorizationServer, file: Path) -> None:
        signed_in(server, file)
        tokens = tokens_of(server, file)
        tokens.file = TokenFile(file, "another-application")
        with pytest.raises(ServerAway, match="Nobody has signed in yet"):
            tokens.current()

    @pytest.mark.parametrize("text", ["", "{}", "[1]", '{"issued_to": "mailflow-at-example", "tokens": {}}'])
    def test_what_is_no_token_file_is_as_good_as_none_or_named(
        self, server: AuthorizationServer, file: Path, text: str
    ) -> None:
        file.touch(0o600)
        file.write_text(text)
        with pytest.raises(ServerAway, match=r"Nobody has signed in yet|empty"):
            tokens_of(server, file).current()

    def test_a_folder_that_nobody_lets_us_into_is_named(
        self, server: AuthorizationServer, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def closed(path: Path) -> bool:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "exists", closed)
        with pytest.raises(ServerAway, match="Permission denied"):
            tokens_of(server, file).current()

    def test_a_folder_that_is_not_there_is_named(self, server: AuthorizationServer, tmp_path: Path) -> None:
        with pytest.raises(ServerAway, match=r"cannot be kept in .*mailbox\.oauth\.token_file"):
            tokens_of(server, tmp_path / "no" / "token.json").current()


class TestByDevice:
    def test_somebody_enters_the_code_while_mailflow_asks(self, server: AuthorizationServer) -> None:
        shown: list[DeviceCode] = []
        questions = 0

        def pause(seconds: float) -> None:
            nonlocal questions
            questions += 1
            if questions == 3:
                server.enter_code(FINANCE)
            time.sleep(seconds)

        tokens = by_device(TokenEndpoint(client_of(server)), shown.append, pause)
        assert server.user_of(tokens.access_token) == FINANCE
        assert shown == [DeviceCode(server.url("enter"), shown[0].code)]
        assert questions == 3

    def test_one_that_asks_too_soon_slows_down(self, server: AuthorizationServer) -> None:
        server.interval = 1.0
        pauses: list[float] = []

        def hasty(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 3:
                server.interval = 0.0
                server.enter_code(FINANCE)

        by_device(TokenEndpoint(client_of(server)), lambda code: None, hasty)
        assert pauses == [1.0, 1.0, 6.0]

    def test_a_code_that_is_declined(self, server: AuthorizationServer) -> None:
        with pytest.raises(PermanentFailure, match="declined"):
            by_device(TokenEndpoint(client_of(server)), lambda code: server.enter_code(None))

    def test_a_code_that_nobody_enters(self, server: AuthorizationServer) -> None:
        now = 0.0

        def pause(seconds: float) -> None:
            nonlocal now
            now += 300
            time.sleep(seconds)

        with pytest.raises(PermanentFailure, match="Nobody has entered the code in time"):
            by_device(TokenEndpoint(client_of(server)), lambda code: None, pause, lambda: now)

    def test_a_server_that_fails_once_is_asked_again(self, server: AuthorizationServer) -> None:
        def show(code: DeviceCode) -> None:
            server.enter_code(FINANCE)
            server.faults = [502]

        assert by_device(TokenEndpoint(client_of(server)), show).access_token

    def test_an_unknown_client_is_told_what_to_check(self, server: AuthorizationServer) -> None:
        endpoint = TokenEndpoint(OAuthClient("other", server.url("token"), "", server.url("device"), scopes=SCOPES))
        with pytest.raises(PermanentFailure, match=r"invalid_client.*Check client_id.*mailbox\.oauth"):
            by_device(endpoint, lambda code: None)


class TestByBrowser:
    def test_the_browser_comes_back_to_this_machine(self, server: AuthorizationServer) -> None:
        tokens = self.signed_in(server, lambda address: self.visit(server, address))
        assert server.user_of(tokens.access_token) == FINANCE  # type: ignore[attr-defined]

    def test_on_a_server_without_a_browser_the_address_is_typed(self, server: AuthorizationServer) -> None:
        """The browser runs elsewhere, so nobody comes to this machine."""
        read, write = self.pipe()
        with read, write:

            def show(address: str) -> None:
                write.write(f"what?\n{server.sign_in_with_browser(address, FINANCE)}\n")
                write.flush()

            tokens = by_browser(TokenEndpoint(client_of(server)), show, read, 10)
        assert server.user_of(tokens.access_token) == FINANCE

    def test_an_answer_to_another_question_is_passed_over(self, server: AuthorizationServer) -> None:
        """Somebody else's code would connect mailflow to their mailbox (RFC 6749 section 10.12)."""
        read, write = self.pipe()
        with read, write:

            def show(address: str) -> None:
                forged = re.sub("state=[^&]+", "state=forged", server.sign_in_with_browser(address, "evil@example.net"))
                write.write(f"{forged}\n{server.sign_in_with_browser(address, FINANCE)}\n")
                write.flush()

            tokens = by_browser(TokenEndpoint(client_of(server)), show, read, 10)
        assert server.user_of(tokens.access_token) == FINANCE

    def test_nobody_signs_in(self, server: AuthorizationServer) -> None:
        with pytest.raises(PermanentFailure, match="Nobody has signed in in time"):
            by_browser(TokenEndpoint(client_of(server)), lambda address: None, io.StringIO(), 0.1)

    @staticmethod
    def visit(server: AuthorizationServer, address: str) -> None:
        threading.Thread(target=server.browse, args=(address, FINANCE), daemon=True).start()

    @staticmethod
    def signed_in(server: AuthorizationServer, show: Callable[[str], None]) -> object:
        return by_browser(TokenEndpoint(client_of(server)), show, io.StringIO(), 10)

    @staticmethod
    def pipe() -> tuple[io.TextIOWrapper, io.TextIOWrapper]:
        import os

        read, write = os.pipe()
        return os.fdopen(read, "r"), os.fdopen(write, "w")


def test_microsoft_and_google_are_known_by_name() -> None:
    delegated, own = microsoft("id", "", "contoso.com", False), microsoft("id", "s", "contoso.com", True)
    assert delegated.device_url == "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/devicecode"
    assert "https://outlook.office.com/SMTP.Send" in delegated.scopes
    assert own.scopes == ("https://outlook.office365.com/.default",)
    assert google("id", "s").scopes == ("https://mail.google.com/",)
    assert not google("id", "s").device_url
