"""What is remembered of the portal outlives every crash, and one mailflow at a time speaks to it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailflow.approval.effects import PortalChange, Showing
from mailflow.approval.structure import Department, Member, Structure
from mailflow.store.engine import Store
from mailflow.store.outbox import PORTAL_CHANNEL, NewEntry, World
from mailflow.store.portal import InPortal
from mailflow.store.unit_of_work import UnitOfWork
from tests.approval.company import opened
from tests.store.rows import LEASE, NOW, SOON, at_once, enqueue

NUMBER = "INV-2026-0001"
KEY = f"{NUMBER}:record"


def wish(uow: UnitOfWork, name: str, number: str = NUMBER) -> int:
    """A change that the portal has not heard of."""
    change = PortalChange(f"{number}:{name}", Showing.RECORD, opened().invoice)
    address = f"bitrix24:{change.key}"
    return uow.outbox.add(NewEntry(PORTAL_CHANNEL, number, "", change, {}, address, NOW, World.PORTAL))


def test_one_at_a_time_speaks_to_the_portal(store: Store) -> None:
    with store.begin() as uow:
        assert uow.portal.take_turn("one", NOW, LEASE)
        assert not uow.portal.take_turn("two", SOON, LEASE)
        assert uow.portal.take_turn("one", SOON, LEASE)
        assert not uow.portal.take_turn("two", NOW + LEASE, LEASE)
        uow.portal.end_turn("two", NOW + LEASE)
        assert not uow.portal.take_turn("two", NOW + LEASE, LEASE)
        uow.portal.end_turn("one", NOW + LEASE)
        assert uow.portal.take_turn("two", NOW + LEASE, LEASE)


def test_whoever_fell_silent_loses_the_turn_when_the_lease_ends(store: Store) -> None:
    with store.begin() as uow:
        assert uow.portal.take_turn("one", NOW, LEASE)
        assert uow.portal.take_turn("two", NOW + LEASE, LEASE)
        assert not uow.portal.take_turn("one", NOW + LEASE, LEASE)


def test_of_many_that_ask_at_once_one_gets_the_turn(store: Store) -> None:
    got: list[int] = []

    def ask(index: int) -> None:
        with store.begin() as uow:
            if uow.portal.take_turn(f"mailflow {index}", NOW, LEASE):
                got.append(index)
            uow.commit()

    at_once(8, ask)
    assert len(got) == 1


def test_a_request_is_remembered_before_it_is_sent_and_stays_the_same_when_it_is_sent_again(store: Store) -> None:
    with store.begin() as uow:
        uow.portal.about_to_make(KEY, NUMBER, Showing.RECORD.value, {"title": "Счёт"}, NOW)
        uow.commit()
    with store.begin() as uow:
        uow.portal.about_to_make(KEY, NUMBER, Showing.RECORD.value, {"title": "another"}, SOON)
        uow.commit()
    with store.begin() as uow:
        kept = uow.portal.get(KEY)
        assert kept is not None
        assert (kept.request, kept.sent_at, kept.remote_id) == ({"title": "Счёт"}, SOON, None)
        uow.portal.made(KEY, 2**40)
        uow.portal.forget(KEY)
        kept = uow.portal.get(KEY)
        assert kept is not None
        assert kept.remote_id == 2**40


def test_a_request_that_was_refused_is_forgotten(store: Store) -> None:
    with store.begin() as uow:
        uow.portal.about_to_make(KEY, NUMBER, Showing.RECORD.value, {}, NOW)
        uow.portal.forget(KEY)
        assert uow.portal.get(KEY) is None


def test_how_far_the_portal_shows_an_invoice(store: Store) -> None:
    with store.begin() as uow:
        assert uow.portal.how_far([NUMBER]) == {NUMBER: InPortal(None, 0)}
        first, _ = wish(uow, "1:record"), wish(uow, "post")
        enqueue(uow, "a mail waits too")
        assert uow.portal.how_far([NUMBER]) == {NUMBER: InPortal(None, 2)}
        assert uow.outbox.claim_due(NOW, LEASE, World.PORTAL) is not None
        uow.outbox.delivered({first: ""}, NOW)
        uow.portal.about_to_make(KEY, NUMBER, Showing.RECORD.value, {}, NOW)
        uow.portal.made(KEY, 7)
        assert uow.portal.how_far([NUMBER, "INV-2026-0002"]) == {
            NUMBER: InPortal(7, 1),
            "INV-2026-0002": InPortal(None, 0),
        }
        uow.portal.gone(KEY)
        assert uow.portal.how_far([NUMBER]) == {NUMBER: InPortal(None, 1)}


@pytest.mark.parametrize("world", list(World))
def test_mail_and_portal_are_claimed_each_by_itself(store: Store, world: World) -> None:
    with store.begin() as uow:
        wish(uow, "post")
        enqueue(uow, "mail")
        entry = uow.outbox.claim_due(NOW, LEASE, world)
        assert entry is not None
        assert isinstance(entry.effect, PortalChange) == (world is World.PORTAL)
        assert uow.outbox.claim_due(NOW, LEASE, world) is None
        assert uow.outbox.waiting_in(world) == 1


def test_the_structure_comes_back_as_it_was_kept(store: Store) -> None:
    structure = Structure(
        NOW,
        {1: Department(1, "Отдел «Ω»", None, 5), 2: Department(2, "Group", 1, None)},
        {5: Member(5, "head@example.com", "Head Ω", True, (1, 2)), 6: Member(6, "", "", False, ())},
    )
    with store.begin() as uow:
        assert uow.portal.structure() is None
        assert uow.portal.structure_read_at() is None
        uow.portal.keep_structure(structure)
        uow.portal.keep_structure(Structure(SOON, structure.departments, structure.members))
        uow.commit()
    with store.begin() as uow:
        kept = uow.portal.structure()
        assert kept == Structure(SOON, structure.departments, structure.members)
        assert kept.read_at - NOW == timedelta(minutes=1)
        assert uow.portal.structure_read_at() == kept.read_at
