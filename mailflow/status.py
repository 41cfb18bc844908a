"""How mailflow is: who works, how long things wait, what hinders it; told by the database alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from mailflow.jobs.heartbeat import FORGOTTEN_AFTER
from mailflow.store.daemons import DaemonState
from mailflow.store.engine import Store
from mailflow.store.outbox import World
from mailflow.store.queue import Queue

SILENT_AFTER = timedelta(minutes=5)
"""A daemon that lives but was not heard of for so long, and for three polls, hangs; one mail takes less."""

STUCK_AFTER = timedelta(minutes=15)
"""What could have been done for so long, and was not, is stuck; a backlog of thousands takes less."""


class Life(StrEnum):
    """How a daemon is."""

    WORKS = "works"
    SILENT = "silent"
    GONE = "gone"


@dataclass(frozen=True)
class SeenDaemon:
    """A daemon, and how it is: by its lock, and by when it was last heard of."""

    state: DaemonState
    life: Life


@dataclass(frozen=True)
class Status:
    """How all is at a moment."""

    at: datetime
    daemons: tuple[SeenDaemon, ...]
    inbox: Queue
    outbox: Queue
    portal: Queue

    @property
    def last_pass(self) -> datetime | None:
        """When any daemon that lives last did all there was to do."""
        passes = [seen.state.passed_at for seen in self.daemons if seen.life is not Life.GONE]
        return max(filter(None, passes), default=None)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, as sentences with what to do; nothing where all is well."""
        return (*self._of_daemons(), *self._of_queues())

    def _of_daemons(self) -> Iterator[str]:
        if not any(seen.life is Life.WORKS for seen in self.daemons):
            yield "No daemon works. Start one with `run`, or look at its service."
        for seen in self.daemons:
            daemon = seen.state
            name = f"The daemon {daemon.pid} on {daemon.host}"
            if seen.life is Life.SILENT:
                silence = in_words(self.at - daemon.seen_at)
                yield f"{name} lives, but was not heard of for {silence}. Look at its log; restart it."
            elif seen.life is Life.WORKS and daemon.is_hindered:
                yield f"{name} is hindered: {daemon.trouble}"

    def _of_queues(self) -> Iterator[str]:
        for queue, what, look in (
            (self.inbox, "Mail waits to be read", "Look at the daemon's log."),
            (self.outbox, "Mail waits to be sent", "`outbox list` says why."),
            (self.portal, "Changes wait to be shown in the portal", "`outbox list` says why."),
        ):
            if queue.due_since and self.at - queue.due_since > STUCK_AFTER:
                yield f"{what} since {in_words(self.at - queue.due_since)}, though nothing puts it off. {look}"


def status_of(store: Store, now: datetime, poll_seconds: float) -> Status:
    """How mailflow is now. Raises as `Store.begin`."""
    with store.begin() as uow:
        daemons = uow.daemons.all()
    shown = [daemon for daemon in daemons if now - daemon.seen_at < FORGOTTEN_AFTER]
    longest = max(SILENT_AFTER, timedelta(seconds=3 * poll_seconds))
    seen = tuple(SeenDaemon(daemon, _life(store, daemon, now, longest)) for daemon in shown)
    return Status(now, seen, **queues_of(store, now))


def queues_of(store: Store, now: datetime) -> dict[str, Queue]:
    """What waits, by the queue's name. Raises as `Store.begin`."""
    with store.begin() as uow:
        return {
            "inbox": uow.inbox.queue(now),
            "outbox": uow.outbox.queue(World.MAIL, now),
            "portal": uow.outbox.queue(World.PORTAL, now),
        }


def _life(store: Store, daemon: DaemonState, now: datetime, longest: timedelta) -> Life:
    if store.is_gone(daemon.id):
        return Life.GONE
    return Life.SILENT if now - daemon.seen_at > longest else Life.WORKS


def in_words(duration: timedelta) -> str:
    """'12 s', '5 min', '3 h', '2 days'."""
    seconds = max(0, round(duration.total_seconds()))
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def to_json(status: Status, timezone: tzinfo) -> dict[str, Any]:
    """JSON values; times are ISO 8601 with offset, durations whole seconds, None where nothing waits."""

    def moment(value: Any) -> Any:
        return value.astimezone(timezone).isoformat(timespec="seconds") if isinstance(value, datetime) else value

    def since(value: datetime | None) -> int | None:
        return None if value is None else max(0, round((status.at - value).total_seconds()))

    def queue(of: Queue) -> dict[str, Any]:
        return {**of.states, "oldest_seconds": since(of.oldest), "due_seconds": since(of.due_since)}

    return {
        "ok": not status.problems,
        "problems": list(status.problems),
        "daemons": [
            {key: moment(value) for key, value in asdict(seen.state).items()} | {"life": seen.life.value}
            for seen in status.daemons
        ],
        "last_pass_seconds": since(status.last_pass),
        "inbox": queue(status.inbox),
        "outbox": queue(status.outbox),
        "portal": queue(status.portal),
    }
