"""Every answer says what a browser may do with it; requests under another name or from another site are refused."""

from __future__ import annotations

import pytest

from mailflow.errors import PermanentFailure
from mailflow.web.place import Place
from mailflow.web.server import BoardServer
from tests.web.conftest import HERE, IN_PUBLIC, Office
from tests.web.sessions import signed_in


@pytest.mark.parametrize("path", ["/", "/invoices", "/nothing", "/static/board.css", "/feed/x.ics", "/invoices.csv"])
def test_every_answer_has_the_headers_that_keep_it_safe(office: Office, path: str) -> None:
    headers = office.client().get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers
    assert "strict-transport-security" not in headers
    assert ("no-store" in headers["cache-control"]) != path.startswith("/static")


def test_behind_https_browsers_are_told_to_stay_there(office: Office) -> None:
    assert "max-age" in office.client(IN_PUBLIC).get("/sign-in").headers["strict-transport-security"]


@pytest.mark.parametrize("host", ["evil.example.net", "127.0.0.1.evil.net", "", "[", "evil.net:8025"])
def test_a_request_under_another_name_is_refused(office: Office, host: str) -> None:
    """DNS rebinding: a page of a stranger's must not read the board by a name that points here."""
    answer = office.client(HERE).get("/", headers={"Host": host})
    assert answer.status_code in (400, 421)
    assert "INV-" not in answer.text
    assert office.client(IN_PUBLIC).get("/sign-in", headers={"Host": host}).status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost:8025", "127.0.0.1", "LOCALHOST", "[::1]:8025"])
def test_this_machine_may_call_itself_by_any_of_its_names(office: Office, host: str) -> None:
    assert office.client(HERE).get("/", headers={"Host": host}).status_code == 200


def test_a_proxy_that_nobody_told_of_gets_nothing(office: Office) -> None:
    """Else a proxy set before the board of this machine would show everything to everybody."""
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        answer = office.client(HERE).get("/", headers={header: "for=192.0.2.1"})
        assert answer.status_code == 403
        assert "board: {address:" in answer.text
    assert office.client(IN_PUBLIC).get("/sign-in", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 200


@pytest.mark.parametrize(
    "header", [{"Origin": "https://evil.example.net"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_form_of_another_site_signs_nobody_out(office: Office, header: dict[str, str]) -> None:
    session = signed_in(office, "ivan@example.com")
    client = office.client(IN_PUBLIC)
    assert client.post("/sign-out", headers={**session, **header}).status_code == 403
    own = {"Origin": IN_PUBLIC.address, "Sec-Fetch-Site": "same-origin"}
    assert client.post("/sign-out", headers={**session, **own}).status_code == 303


def test_a_port_that_is_taken_is_told_with_the_setting(office: Office) -> None:
    taken = office.serve(HERE).port
    with pytest.raises(PermanentFailure, match=rf"127\.0\.0\.1:{taken}.*board\.listen"):
        BoardServer(office.board(Place("127.0.0.1", taken, "http://127.0.0.1")))


@pytest.mark.parametrize(
    ("host", "address", "needed"),
    [
        ("127.0.0.1", "http://127.0.0.1:8025", False),
        ("::1", "http://[::1]:8025", False),
        ("127.0.0.1", "https://invoices.example.com", True),
        ("0.0.0.0", "https://invoices.example.com", True),
        ("192.0.2.7", "http://127.0.0.1:8025", True),
    ],
)
def test_sign_in_is_needed_wherever_others_could_look(host: str, address: str, needed: bool) -> None:
    assert Place(host, 8025, address).needs_sign_in is needed
