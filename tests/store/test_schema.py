"""Companies that share a PostgreSQL have a schema each: nobody sees or holds up another's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailflow.store.engine import Store, open_store
from tests.store.rows import LEASE, NOW, enqueue, record
from tests.store.test_presence import soon


@pytest.fixture
def two(postgres_url: str) -> Iterator[tuple[Store, Store]]:
    north, south = open_store(f"{postgres_url}?schema=north"), open_store(f"{postgres_url}?schema=south-1")
    yield north, south
    north.close()
    south.close()


def test_each_schema_has_its_own_mail_numbers_and_secret(two: tuple[Store, Store]) -> None:
    north, south = two
    for store in two:
        with store.begin() as uow:
            record(uow)
            enqueue(uow, "mail")
            assert uow.invoices.next_number(2026) == "INV-2026-0001"
            uow.commit()
    with north.begin() as uow:
        assert uow.inbox.claim(NOW, LEASE)
        assert uow.outbox.claim_due(NOW, LEASE)
        uow.commit()
    with south.begin() as uow:
        assert uow.inbox.waiting(NOW) == 1
        assert uow.inbox.claim(NOW, LEASE)
    assert north.identity_key() != south.identity_key()


def test_each_schema_has_its_own_watch_and_is_begun_alone(two: tuple[Store, Store], postgres_url: str) -> None:
    north, south = two
    assert north.watches()
    assert south.watches()
    freed = []
    for store in two:
        store._presence.join(lambda: freed.append(1))
    assert len(freed) == 2
    again = open_store(f"{postgres_url}?schema=north")
    assert not again.watches()
    north.close()
    soon(again.watches)
    again.close()


def test_a_schema_is_made_once_and_opened_again(postgres_url: str) -> None:
    url = f"{postgres_url}?schema=north&options=-cwork_mem=8MB"
    first = open_store(url)
    with first.begin() as uow:
        record(uow)
        uow.commit()
    first.close()
    second = open_store(url)
    with second.begin() as uow:
        assert uow.inbox.waiting(NOW) == 1
    second.close()
    plain = open_store(postgres_url)
    with plain.begin() as uow:
        assert uow.inbox.waiting(NOW) == 0
    plain.close()
