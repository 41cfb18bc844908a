"""What the tests of the store put into it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

from mailflow.approval.effects import Effect, Mail, Message
from mailflow.approval.invoice import Invoice
from mailflow.ports import FetchedMail, Location
from mailflow.store.daemons import DaemonState
from mailflow.store.engine import Store
from mailflow.store.inbox import InboxState, Recorded
from mailflow.store.outbox import NewEntry
from mailflow.store.unit_of_work import UnitOfWork

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
LEASE = timedelta(minutes=10)
SOON, LATER = NOW + timedelta(minutes=1), NOW + timedelta(minutes=11)


def record(uow: UnitOfWork, content: str = "mail", uid: int = 1, folder: str = "INBOX") -> Recorded:
    raw = content.encode()
    fetched = FetchedMail(Location(folder, 7, uid), raw, len(raw))
    digest = hashlib.sha256(raw).hexdigest()
    return uow.inbox.record(fetched, f"<{digest[:8]}@example.com>", digest, "ivan@example.com", content, NOW)


def settle(uow: UnitOfWork, inbox_id: int, state: InboxState = InboxState.PROCESSED) -> None:
    uow.inbox.settle(inbox_id, state, NOW, "submission", "why", "INV-2026-0001")


def enqueue(
    uow: UnitOfWork,
    name: str,
    to: str = "olga@example.com",
    number: str | None = "INV-2026-0001",
    at: datetime = NOW,
    effect: Effect | None = None,
) -> int:
    effect = effect or Mail(to, Message.HELP, extra={"name": name})
    return uow.outbox.add(NewEntry(f"mail:{to}", number, to, effect, {"name": name}, f"<{name}@example.com>", at))


def daemon(name: str = "holder", seen_at: datetime = NOW) -> DaemonState:
    return DaemonState(name, "finance@example.com", True, "host", 7, "0.1.0", NOW, seen_at)


def claimed(store: Store, now: datetime = NOW) -> str | None:
    """The name of the entry that is claimed next."""
    with store.begin() as uow:
        entry = uow.outbox.claim_due(now, LEASE)
        uow.commit()
    return str(entry.identity["name"]) if entry else None


def keep(store: Store, invoice: Invoice) -> Invoice:
    with store.begin() as uow:
        uow.invoices.add(invoice)
        uow.commit()
    return invoice


def at_once(count: int, work: Callable[[int], None]) -> None:
    """Runs the work in so many threads that start together; what one of them raises is raised here."""
    together, raised = Barrier(count), []

    def run(index: int) -> None:
        together.wait()
        try:
            work(index)
        except BaseException as error:
            raised.append(error)

    threads = [Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
