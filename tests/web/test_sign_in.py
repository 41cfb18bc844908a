"""Beyond this machine whoever looks signs in by a mailed link, and sees what is theirs."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import timedelta
from time import monotonic, sleep

import httpx
import jinja2
import pytest
from sqlalchemy import text

from mailflow.approval.effects import Mail, Message
from mailflow.jobs.dispatch import Dispatch
from mailflow.jobs.lines import Lines
from mailflow.office.staff import ADMINISTRATOR, ANNA, IVAN, MARIA, OLGA
from mailflow.outbound.templating import Templates
from mailflow.settings import packaged_templates
from mailflow.web.sign_in import LINK_COUNTS_FOR, MOST_LINKS_AN_HOUR, SESSION_LASTS, mail_link
from tests.web.conftest import HERE, IN_PUBLIC, Office
from tests.web.sessions import cookie_of, link_mailed_to, signed_in
from tests.web.test_views import invoices_on


def mailed(office: Office, at_least: int = 0) -> list[str]:
    """Whom a link was mailed to; waits for so many, for they are mailed when the answer has gone out."""
    end = monotonic() + 5
    while len(found := _mailed(office)) < at_least and monotonic() < end:
        sleep(0.01)
    return found


def _mailed(office: Office) -> list[str]:
    with office.store.begin() as uow:
        entries = uow.outbox.undelivered()
    return [e.recipient for e in entries if isinstance(e.effect, Mail) and e.effect.message is Message.SIGN_IN]


def ask(client: httpx.Client, office: Office) -> None:
    """Olga asks for a link, and it is mailed."""
    client.post("/sign-in", data={"address": OLGA.address})
    assert mailed(office, at_least=1) == [OLGA.address]


def test_on_this_machine_alone_nobody_signs_in(office: Office) -> None:
    assert office.client(HERE).get("/").status_code == 200
    assert office.client(HERE).get("/sign-in").status_code == 404


@pytest.mark.parametrize("path", ["/", "/invoices", "/invoices/INV-2026-0018", "/activity", "/news", "/invoices.csv"])
def test_whoever_has_not_signed_in_is_asked_to(office: Office, path: str) -> None:
    answer = office.client(IN_PUBLIC).get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("address", ["olga@example.com", " OLGA@Example.com ", "stranger@example.net", "", "x" * 3000])
def test_the_answer_never_tells_whether_an_address_is_known(office: Office, address: str) -> None:
    client = office.client(IN_PUBLIC)
    answer = client.post("/sign-in", data={"address": address})
    known = client.post("/sign-in", data={"address": IVAN.address})
    assert (answer.status_code, answer.text) == (200, known.text)
    wanted = [IVAN.address, *([OLGA.address] if "olga" in address.lower() else [])]
    assert sorted(mailed(office, at_least=len(wanted))) == wanted


def test_the_mail_goes_through_the_outbox_and_the_daemon_is_woken(office: Office) -> None:
    office.client(IN_PUBLIC).post("/sign-in", data={"address": OLGA.address})
    assert mailed(office, at_least=1) == [OLGA.address]
    sleep(0.05)
    assert office.woken == ["woken"]


def test_the_link_stands_in_the_mail_and_nowhere_in_the_database_before(office: Office) -> None:
    with office.store.begin() as uow:
        uow._connection.execute(text("DELETE FROM outbox"))
        uow.commit()
    ask(office.client(IN_PUBLIC), office)
    link = link_mailed_to(office, OLGA.address)
    assert link.rpartition("/")[2] not in office.dump()
    sent: list[bytes] = []

    class Transport:
        def send(self, envelope: object) -> str:
            sent.append(envelope.message)  # type: ignore[attr-defined]
            return "250 ok"

        def close(self) -> None:
            pass

    templates = Templates(jinja2.FileSystemLoader(packaged_templates()))
    invite_at = office.clock.now.time()
    dispatch = Dispatch(
        office.store,
        office.company,
        lambda: templates,
        Lines(Transport()),
        office.outgoing,
        invite_at,
        board=IN_PUBLIC.address,
    )
    while dispatch.run_once(office.clock.now):
        pass
    body = email.message_from_bytes(sent[0], policy=email.policy.default).get_body(["plain"])
    assert body
    assert f"https://invoices.example.com{link}" in body.get_content().splitlines()


def test_opening_the_link_uses_nothing_up_and_the_button_signs_in_once(office: Office) -> None:
    client = office.client(IN_PUBLIC)
    ask(client, office)
    link = link_mailed_to(office, OLGA.address)
    for _ in range(3):  # a mail scanner, twice, and the reader
        page = client.get(link)
        assert page.status_code == 200
        assert "Sign in as Ольга Соколова" in page.text
    answer = client.post(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    header = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=lax", "Secure", f"Max-Age={12 * 3600}", "Path=/"):
        assert part in header
    assert client.get("/", headers={"Cookie": cookie_of(answer)}).status_code == 200
    assert client.post(link).status_code == 410
    assert client.get(link).status_code == 410


def test_a_link_counts_for_a_quarter_of_an_hour(office: Office) -> None:
    client = office.client(IN_PUBLIC)
    ask(client, office)
    link = link_mailed_to(office, OLGA.address)
    office.clock.now += LINK_COUNTS_FOR + timedelta(seconds=1)
    assert client.get(link).status_code == 410
    assert client.post(link).status_code == 410


def test_a_link_that_was_never_mailed_signs_nobody_in(office: Office) -> None:
    client = office.client(IN_PUBLIC)
    for token in ("x", "A" * 43, "%00", "x" * 5000):
        assert client.post(f"/sign-in/{token}").status_code == 410


def test_a_session_that_was_made_up_or_changed_counts_for_nothing(office: Office) -> None:
    cookie = signed_in(office, IVAN.address)["Cookie"]
    client = office.client(IN_PUBLIC)
    for forged in (
        "session=x",
        "session=" + ADMINISTRATOR.address,
        cookie[:-9] + ("a" if cookie[-9] != "a" else "b") + cookie[-8:],
    ):
        assert client.get("/", headers={"Cookie": forged}).status_code == 303


def test_a_session_ends_after_twelve_hours(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    session = signed_in(office, IVAN.address)
    client = office.client(IN_PUBLIC)
    assert client.get("/", headers=session).status_code == 200
    monkeypatch.setattr("mailflow.web.sign_in.SESSION_LASTS", timedelta(seconds=-1))
    assert client.get("/", headers=session).status_code == 303
    assert timedelta(hours=12) == SESSION_LASTS


def test_signing_out_ends_the_session_in_the_browser(office: Office) -> None:
    answer = office.client(IN_PUBLIC).post("/sign-out", headers=signed_in(office, IVAN.address))
    assert answer.headers["location"] == "/sign-in"
    assert 'session=""' in answer.headers["set-cookie"]


def test_whoever_is_no_more_among_the_people_sees_nothing_any_more(office: Office) -> None:
    session = signed_in(office, IVAN.address)
    office.company = replace(office.company, submitters=(), people={})
    assert office.client(IN_PUBLIC).get("/", headers=session).status_code == 303


@pytest.mark.parametrize(
    ("who", "sees"),
    [(ADMINISTRATOR, 28), (ANNA, 28), (IVAN, 16), (MARIA, 12), (OLGA, 27)],
    ids=lambda value: getattr(value, "role", str(value)),
)
def test_administrator_and_accountant_see_everything_others_what_they_are_part_of(
    office: Office, who: object, sees: int
) -> None:
    session = signed_in(office, who.address)  # type: ignore[attr-defined]
    assert len(invoices_on(office.client(IN_PUBLIC).get("/invoices", headers=session).text)) == sees


def test_an_invoice_of_others_is_as_if_it_were_not_there(office: Office) -> None:
    session = signed_in(office, MARIA.address)
    client = office.client(IN_PUBLIC)
    assert client.get("/invoices/INV-2026-0014", headers=session).status_code == 200
    for path in ("/", "/activity", "/news", "/invoices?person=ivan@example.com"):
        assert "INV-2026-0018" not in client.get(path, headers=session).text
    assert client.get("/invoices/INV-2026-0018", headers=session).status_code == 404
    assert "ООО «Ёлка и дуб»" not in client.get("/invoices", headers=session).text


def test_nobodys_mailbox_is_flooded_with_links(office: Office) -> None:
    sent = []
    for _ in range(MOST_LINKS_AN_HOUR + 3):
        sent.append(mail_link(office.board(IN_PUBLIC), OLGA.address))
        office.clock.now += timedelta(seconds=1)
    assert sent == [True] * MOST_LINKS_AN_HOUR + [False] * 3
    assert len(mailed(office)) == MOST_LINKS_AN_HOUR


def test_a_form_that_is_far_too_large_is_not_read(office: Office) -> None:
    assert office.client(IN_PUBLIC).post("/sign-in", data={"address": "x" * 5000}).status_code == 413
