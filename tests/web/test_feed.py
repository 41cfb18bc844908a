"""A calendar program subscribes to a person's payments by a secret address, and is told where nothing is new."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import icalendar
import pytest

from mailflow.approval.effects import Outcome
from mailflow.approval.paying import move_unpaid
from mailflow.office.staff import ANNA, IVAN, MARIA
from mailflow.web.feed import feed_address, give_feed
from tests.web.conftest import HERE, IN_PUBLIC, Office
from tests.web.sessions import signed_in


def given(office: Office, person: str) -> str:
    """Gives somebody a feed; its path."""
    with office.store.begin() as uow:
        give_feed(office.outgoing.mint, uow, person)
        address = feed_address(IN_PUBLIC, office.outgoing.mint, uow, person)
        uow.commit()
    assert address.startswith("https://invoices.example.com/feed/")
    return address.removeprefix(IN_PUBLIC.address)


def events(text: str) -> dict[str, icalendar.Event]:
    """By the last part of the invoice's number."""
    found = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return {str(event["UID"]).removeprefix("calendar-inv-2026-")[:4]: event for event in found}


def test_a_feed_works_without_a_session_for_get_and_head(office: Office) -> None:
    path, client = given(office, ANNA.address), office.client(IN_PUBLIC)
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    head = client.head(path)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])
    assert client.post(path).status_code == 405


def test_a_feed_holds_moved_paid_and_called_off_payments(office: Office) -> None:
    found = events(office.client(IN_PUBLIC).get(given(office, ANNA.address)).text)
    assert found["0011"]["DTSTART"].dt == date(2026, 12, 16)
    assert found["0011"]["SEQUENCE"] == 2
    assert "Перенесено" in found["0011"]["DESCRIPTION"]
    assert found["0001"]["SUMMARY"].startswith("✓ Оплачено: 412 000,00 ₽")
    assert found["0011"]["URL"] == "https://invoices.example.com/invoices/INV-2026-0011"
    assert len({event["UID"] for event in found.values()}) == len(found) == 20


def test_each_feed_shows_what_its_owner_sees(office: Office) -> None:
    client = office.client(IN_PUBLIC)
    mine = events(client.get(given(office, MARIA.address)).text)
    assert set(mine) == {"0002", "0004", "0006", "0009", "0011", "0014", "0019", "0020"}
    assert mine["0011"]["SUMMARY"] == "Pay EUR 12,480.00 to Northwind Software Ltd (INV-2026-0011)"


def test_whoever_asks_again_is_told_that_nothing_is_new_until_something_is(office: Office) -> None:
    path, client = given(office, ANNA.address), office.client(IN_PUBLIC)
    first = client.get(path)
    for known in (first.headers["etag"], f"W/{first.headers['etag']}", f'"x", {first.headers["etag"]}'):
        again = client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    with office.store.begin() as uow:
        invoice = uow.invoices.get("INV-2026-0013")
        assert invoice
        office.clock.now = office.clock.now.replace(day=18)
        moved = move_unpaid(invoice, office.company, office.clock())
        assert isinstance(moved, Outcome)
        office.outgoing.record(uow, moved, None, office.clock())
        uow.commit()
    changed = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    before, after = events(first.text)["0013"], events(changed.text)["0013"]
    assert (after["UID"], after["SEQUENCE"]) == (before["UID"], before["SEQUENCE"] + 1)


def test_a_new_feed_ends_the_one_before(office: Office) -> None:
    old, client = given(office, IVAN.address), office.client(IN_PUBLIC)
    new = given(office, IVAN.address)
    assert new != old
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "..%2f..", "x" * 5000])
def test_an_address_that_was_never_given_out_shows_nothing(office: Office, token: str) -> None:
    assert office.client(HERE).get(f"/feed/{token}.ics").status_code == 404


def test_the_feed_of_somebody_who_is_no_more_among_the_people_shows_nothing(office: Office) -> None:
    path = given(office, MARIA.address)
    office.company = replace(office.company, submitters=(), people={})
    assert office.client(IN_PUBLIC).get(path).status_code == 404


def test_the_token_is_kept_nowhere(office: Office) -> None:
    token = given(office, IVAN.address).removeprefix("/feed/").removesuffix(".ics")
    assert len(token) == 43
    assert token not in office.dump()


def test_the_board_shows_everybody_their_own_feed(office: Office) -> None:
    path = given(office, IVAN.address)
    client = office.client(IN_PUBLIC)
    assert path in client.get("/", headers=signed_in(office, IVAN.address)).text
    other = client.get("/", headers=signed_in(office, MARIA.address)).text
    assert "/feed/" not in other
    assert "feed maria@example.com" in other
