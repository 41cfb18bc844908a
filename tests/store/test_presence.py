"""A mailflow that was killed leaves nothing locked; one that is alive loses nothing to another that starts."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from multiprocessing.connection import Connection
from time import monotonic, sleep
from typing import Self

import pytest
from sqlalchemy import text

from mailflow.jobs.portal.sync import who_speaks
from mailflow.store import engine, presence_postgresql
from mailflow.store.engine import GONE_AFTER, Store, open_store
from mailflow.store.presence_postgresql import PresenceByConnection
from tests.store.rows import LEASE, NOW, SOON, enqueue, record


def test_what_a_killed_mailflow_had_in_hand_is_free_as_soon_as_it_is_gone(store: Store, url: str) -> None:
    give_work(store)
    with another_mailflow(url):
        assert taken_by_one_that_starts(url) == [None, None]
    wait_until_it_is_gone(url)
    mail, entry = taken_by_one_that_starts(url)
    assert mail == "mail"
    assert entry == "mail, in doubt"


def test_the_second_of_two_still_counts_when_the_first_has_ended(store: Store, url: str) -> None:
    first, second = open_store(url), open_store(url)
    first.take_part(NOW)
    second.take_part(NOW)
    first.close()
    give_work(store)
    with second.begin() as uow:
        assert uow.inbox.claim(NOW, LEASE)
        assert uow.outbox.claim_due(NOW, LEASE)
        uow.commit()
    assert taken_by_one_that_starts(url) == [None, None]
    second.close()


def test_whoever_only_looks_takes_nothing_from_whoever_works(store: Store, url: str) -> None:
    give_work(store)
    with another_mailflow(url):
        looking = open_store(url)
        with looking.begin() as uow:
            assert uow.inbox.claim(SOON, LEASE) is None
        looking.close()


def test_one_that_ends_cleanly_leaves_the_next_one_alone(store: Store, url: str) -> None:
    store.take_part(NOW)
    give_work(store)
    with store.begin() as uow:
        assert uow.inbox.claim(NOW, LEASE)
        assert uow.outbox.claim_due(NOW, LEASE)
        uow.commit()
    store.close()
    assert taken_by_one_that_starts(url) == ["mail", "mail, in doubt"]


def test_what_is_in_doubt_waits_no_longer_because_mailflow_is_started_again_and_again(store: Store, url: str) -> None:
    """As by cron, each minute."""
    give_work(store)
    with store.begin() as uow:
        assert uow.outbox.claim_due(NOW, timedelta(minutes=30))
        uow.commit()
    for minutes in range(3):
        started = open_store(url)
        now = NOW + timedelta(minutes=minutes)
        started.take_part(now, now + timedelta(minutes=2))
        with started.begin() as uow:
            again = uow.outbox.claim_due(now, LEASE)
        started.close()
    assert again is not None
    assert again.again


def test_nothing_that_has_ended_comes_back_to_life(store: Store, url: str) -> None:
    give_work(store)
    with store.begin() as uow:
        mail, entry = uow.inbox.claim(NOW, LEASE), uow.outbox.claim_due(NOW, LEASE)
        assert mail is not None
        assert entry is not None
        uow.inbox.drop(mail.id, NOW)
        uow.outbox.delivered({entry.id: "250 ok"}, NOW)
        uow.commit()
    assert taken_by_one_that_starts(url) == [None, None]


def test_of_two_only_one_watches_the_mailbox_until_it_ends(store: Store, url: str) -> None:
    other = open_store(url)
    assert store.watches()
    assert not other.watches()
    assert store.watches(), "as long as it works"
    store.close()
    soon(other.watches)
    assert not store.watches(), "the one that comes back stands by"
    store.close()
    other.close()


def test_when_the_one_that_watches_is_killed_the_next_one_does(store: Store, url: str) -> None:
    with another_mailflow(url, _watch):
        assert not store.watches()
    soon(store.watches)


def test_what_a_killed_one_had_in_hand_is_taken_over_while_another_one_works(store: Store, url: str) -> None:
    """Not at once: one whose connection has broken may be back in a moment."""
    store.take_part(NOW)
    give_work(store)
    with another_mailflow(url):
        store.take_over(SOON, SOON)
        assert taken(store) == [None, None]
    began = monotonic()
    soon(lambda: taken_after_a_look(store) == ["mail", "mail, in doubt"])
    assert monotonic() - began >= GONE_AFTER


@pytest.fixture
def given_up_on_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is gone is missed at the first look; there is work, and `store` takes part in it."""
    monkeypatch.setattr(engine, "GONE_AFTER", 0)
    store.take_part(NOW)
    give_work(store)


@pytest.mark.usefixtures("given_up_on_at_once")
def test_one_that_lives_keeps_what_it_has_however_often_others_look(store: Store, url: str) -> None:
    with another_mailflow(url):
        for _ in range(3):
            store.take_over(SOON, SOON)
            assert taken(store) == [None, None]


@pytest.mark.usefixtures("given_up_on_at_once")
def test_what_another_one_was_sending_is_repeated_no_sooner_than_its_copy_could_come(store: Store, url: str) -> None:
    with another_mailflow(url):
        pass
    wait = timedelta(minutes=2)
    soon(lambda: taken_after_a_look(store, NOW, NOW + wait) == ["mail", None])
    store.take_over(SOON, SOON + wait)
    assert taken(store, NOW + wait) == ["mail", "mail, in doubt"], "that others look again puts it off no further"


@pytest.mark.usefixtures("given_up_on_at_once")
def test_the_turn_at_the_portal_ends_with_the_one_that_had_it(store: Store, url: str) -> None:
    with another_mailflow(url):
        assert not may_speak(store)
    soon(lambda: taken_after_a_look(store) != [None, None])
    assert may_speak(store)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_one_whose_connection_is_cut_watches_no_more_until_it_has_the_lock_again(store: Store, url: str) -> None:
    other = open_store(url)
    for one in (store, other):
        one.take_part(NOW)
    assert store.watches()
    cut_off(store)
    soon(other.watches)
    assert not store.watches()
    other.close()
    soon(store.watches)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_one_whose_connection_is_cut_takes_part_again_before_it_is_missed(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "GONE_AFTER", 0.5)
    other = open_store(url)
    for one in (store, other):
        one.take_part(NOW)
    give_work(store)
    with store.begin() as uow:
        assert uow.inbox.claim(NOW, LEASE)
        uow.commit()
    cut_off(store)
    other.take_over(SOON, SOON)
    store.take_over(SOON, SOON)
    sleep(0.6)
    other.take_over(SOON, SOON)
    with other.begin() as uow:
        assert uow.inbox.claim(SOON, LEASE) is None
    other.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_machine_whose_clock_is_wrong_goes_by_the_databases(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Slow(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) - timedelta(minutes=7)

    assert store.ahead == timedelta(0)
    monkeypatch.setattr(presence_postgresql, "datetime", Slow)
    store.take_part(NOW)
    assert abs(store.ahead - timedelta(minutes=7)) < timedelta(seconds=5)
    assert "clock" in caplog.text


def cut_off(store: Store) -> None:
    """The server ends the connection that holds the locks, as a broken network does."""
    part = store._presence
    assert isinstance(part, PresenceByConnection)
    assert part._connection
    pid = part._connection.execute(text("SELECT pg_backend_pid()")).scalar()
    with store._engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


def soon(comes_true: Callable[[], bool]) -> None:
    until = monotonic() + 15
    while not comes_true():
        assert monotonic() < until, "it never came true"
        sleep(0.05)


def may_speak(store: Store) -> bool:
    with store.begin() as uow:
        return uow.portal.take_turn("somebody else", SOON, LEASE)


def taken(store: Store, now: datetime = SOON) -> list[str | None]:
    """What could be taken in hand; nothing is."""
    with store.begin() as uow:
        mail, entry = uow.inbox.claim(now, LEASE), uow.outbox.claim_due(now, LEASE)
    doubt = ", in doubt" if entry and entry.again else ""
    return [mail and mail.subject, f"{entry.identity['name']}{doubt}" if entry else None]


def give_work(store: Store) -> None:
    with store.begin() as uow:
        record(uow)
        enqueue(uow, "mail")
        uow.commit()


def taken_by_one_that_starts(url: str) -> list[str | None]:
    store = open_store(url)
    store.take_part(SOON)
    found = taken(store)
    store.close()
    return found


def taken_after_a_look(store: Store, now: datetime = SOON, in_doubt_until: datetime = SOON) -> list[str | None]:
    store.take_over(now, in_doubt_until)
    return taken(store, now)


@contextmanager
def another_mailflow(url: str, work: Callable[[str, Connection], None] | None = None) -> Iterator[None]:
    """A process that has taken all there is in hand when this begins, or is at some work, and is killed in the end."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=work or _take_all, args=(url, there))
    process.start()
    try:
        assert here.poll(60)
        assert here.recv() == "busy"
        yield
    finally:
        process.kill()
        process.join()


def _take_all(url: str, ready: Connection) -> None:
    store = open_store(url)
    store.take_part(NOW)
    with store.begin() as uow:
        assert uow.inbox.claim(NOW, LEASE)
        assert uow.outbox.claim_due(NOW, LEASE)
        assert uow.portal.take_turn(who_speaks(store), NOW, LEASE)
        uow.commit()
    ready.send("busy")
    sleep(600)


def _watch(url: str, ready: Connection) -> None:
    store = open_store(url)
    assert store.watches()
    ready.send("busy")
    sleep(600)


def wait_until_it_is_gone(url: str) -> None:
    """PostgreSQL notices a moment later that a client has been killed."""
    until = monotonic() + 10
    while taken_by_one_that_starts(url) == [None, None] and monotonic() < until:
        sleep(0.05)
