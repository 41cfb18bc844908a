"""The daemons of a database, as they last said of themselves."""

from __future__ import annotations

from dataclasses import replace

from mailflow.store.engine import Store
from tests.store.rows import LATER, NOW, SOON, daemon


def test_what_a_daemon_says_takes_the_place_of_what_it_said_before(store: Store) -> None:
    with store.begin() as uow:
        for said in (daemon("first"), daemon("second"), replace(daemon("first", SOON), trouble="The mailbox is away")):
            uow.daemons.note(said)
        uow.commit()
    with store.begin() as uow:
        assert uow.daemons.all() == [replace(daemon("first", SOON), trouble="The mailbox is away"), daemon("second")]


def test_one_that_stops_is_gone_at_once_and_one_that_was_killed_when_it_is_forgotten(store: Store) -> None:
    with store.begin() as uow:
        for said in (daemon("stopped", LATER), daemon("killed", NOW), daemon("working", LATER)):
            uow.daemons.note(said)
        uow.daemons.remove("stopped")
        uow.daemons.forget(SOON)
        assert [each.id for each in uow.daemons.all()] == ["working"]


def test_a_trouble_is_over_with_the_next_pass_that_did_everything() -> None:
    hindered = replace(daemon(), passed_at=NOW, trouble="The mailbox is away", troubled_at=SOON)
    assert not daemon().is_hindered
    assert hindered.is_hindered
    assert replace(hindered, passed_at=None).is_hindered
    assert not replace(hindered, passed_at=LATER).is_hindered
