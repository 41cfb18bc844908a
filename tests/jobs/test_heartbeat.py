"""A daemon says of itself that it works, without being woken for it and without writing for every mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from mailflow.jobs.heartbeat import AT_MOST_EVERY, FORGOTTEN_AFTER, Heartbeat
from mailflow.log import DiscreetFormatter
from mailflow.store.daemons import DaemonState
from mailflow.store.engine import Store, open_store
from tests.store.rows import NOW, daemon

SOON = timedelta(seconds=1)
AWAY = "The mailbox cannot be reached with hunter22"


@dataclass
class Bench:
    store: Store
    now: list = field(default_factory=lambda: [NOW])  # type: ignore[type-arg]

    def __post_init__(self) -> None:
        self.heart = Heartbeat(
            self.store, "finance@example.com", lambda: self.now[0], DiscreetFormatter(["hunter22"]).discreet
        )

    def later(self, by: timedelta) -> None:
        self.now[0] += by

    def daemons(self) -> list[DaemonState]:
        with self.store.begin() as uow:
            return uow.daemons.all()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    store = open_store(f"sqlite:///{tmp_path}/mailflow.db")
    store.take_part(NOW)
    yield Bench(store)
    store.close()


def test_a_daemon_is_known_from_its_start_to_its_end(bench: Bench) -> None:
    bench.heart.start()
    (me,) = bench.daemons()
    assert (me.id, me.mailbox, me.watches, me.started_at) == (bench.store.holder, "finance@example.com", True, NOW)
    assert me.passed_at is None
    bench.heart.stop()
    assert bench.daemons() == []


def test_it_writes_at_most_every_half_minute_however_much_it_does(bench: Bench) -> None:
    bench.heart.start()
    bench.heart.after_a_pass([])
    for _ in range(100):
        bench.heart.within_a_pass()
        bench.heart.after_a_pass([])
    assert bench.daemons()[0].seen_at == NOW
    bench.later(AT_MOST_EVERY)
    bench.heart.within_a_pass()
    assert bench.daemons()[0].seen_at == NOW + AT_MOST_EVERY


def test_what_hinders_it_is_told_at_once_and_when_it_is_over_too_without_secrets(bench: Bench) -> None:
    bench.heart.start()
    bench.heart.after_a_pass([])
    bench.later(SOON)
    bench.heart.after_a_pass([AWAY])
    (me,) = bench.daemons()
    assert (me.trouble, me.troubled_at, me.is_hindered) == ("The mailbox cannot be reached with ***", NOW + SOON, True)
    bench.later(SOON)
    bench.heart.after_a_pass([])
    (me,) = bench.daemons()
    assert (me.trouble, me.is_hindered) == ("The mailbox cannot be reached with ***", False)


def test_those_that_were_killed_a_day_ago_are_forgotten(bench: Bench) -> None:
    with bench.store.begin() as uow:
        uow.daemons.note(daemon("killed", NOW - FORGOTTEN_AFTER - SOON))
        uow.daemons.note(daemon("killed yesterday", NOW - FORGOTTEN_AFTER))
        uow.commit()
    bench.heart.start()
    assert {each.id for each in bench.daemons()} == {"killed yesterday", bench.store.holder}


def test_a_database_that_is_away_stops_no_daemon(bench: Bench, tmp_path: Path) -> None:
    bench.store.close()
    for file in tmp_path.iterdir():
        file.unlink()
    tmp_path.joinpath("mailflow.db").mkdir()
    bench.heart.start()
    bench.heart.after_a_pass([AWAY])
    bench.heart.stop()
