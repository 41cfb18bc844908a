"""A mailflow that was killed leaves nothing locked; one that is alive loses nothing to another that starts."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from time import monotonic, sleep

from mailflow.store.engine import Store, open_store
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


def test_nothing_that_has_ended_comes_back_to_life(store: Store, url: str) -> None:
    give_work(store)
    with store.begin() as uow:
        mail, entry = uow.inbox.claim(NOW, LEASE), uow.outbox.claim_due(NOW, LEASE)
        assert mail is not None
        assert entry is not None
        uow.inbox.drop(mail.id, NOW)
        uow.outbox.delivered(entry.id, NOW, "250 ok")
        uow.commit()
    assert taken_by_one_that_starts(url) == [None, None]


def test_of_two_only_one_moves_mail_until_it_has_done(store: Store, url: str) -> None:
    other = open_store(url)
    with store.alone_in_filing() as alone:
        assert alone
        assert not may_file(other)
    assert may_file(other)
    other.close()


def test_one_that_was_killed_while_it_moved_mail_is_followed_by_the_next(store: Store, url: str) -> None:
    with another_mailflow(url, _file):
        assert not may_file(store)
    until = monotonic() + 10
    while not may_file(store):
        assert monotonic() < until
        sleep(0.05)


def may_file(store: Store) -> bool:
    with store.alone_in_filing() as alone:
        return alone


def give_work(store: Store) -> None:
    with store.begin() as uow:
        record(uow)
        enqueue(uow, "mail")
        uow.commit()


def taken_by_one_that_starts(url: str) -> list[str | None]:
    store = open_store(url)
    store.take_part(SOON)
    with store.begin() as uow:
        mail, entry = uow.inbox.claim(SOON, LEASE), uow.outbox.claim_due(SOON, LEASE)
    store.close()
    doubt = ", in doubt" if entry and entry.again else ""
    return [mail and mail.subject, f"{entry.identity['name']}{doubt}" if entry else None]


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
        uow.commit()
    ready.send("busy")
    sleep(600)


def _file(url: str, ready: Connection) -> None:
    with open_store(url).alone_in_filing() as alone:
        assert alone
        ready.send("busy")
        sleep(600)


def wait_until_it_is_gone(url: str) -> None:
    """PostgreSQL notices a moment later that a client has been killed."""
    until = monotonic() + 10
    while taken_by_one_that_starts(url) == [None, None] and monotonic() < until:
        sleep(0.05)
