"""A company and its portal: a real store, the real client, the stand-in portal; the mails are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import jinja2
import pytest

from mailflow.adapters.bitrix24 import Bitrix24Portal
from mailflow.approval.answering import record_answer
from mailflow.approval.company import Company
from mailflow.approval.decision import Approve, Command, Paid, Reject
from mailflow.approval.effects import Outcome, PortalKind, RecordPlace
from mailflow.approval.invoice import Invoice
from mailflow.approval.opening import open_invoice
from mailflow.approval.paying import move_unpaid
from mailflow.approval.reference import Asks
from mailflow.approval.submission import Attachment
from mailflow.jobs.identity import Mint
from mailflow.jobs.outgoing import Outgoing
from mailflow.jobs.portal.result import PortalResult
from mailflow.jobs.portal.sync import PortalSync
from mailflow.jobs.portal.watch import PortalWatch
from mailflow.jobs.portal.work import PortalWork
from mailflow.office.bitrix24.server import PortalServer
from mailflow.outbound.portal_texts import PortalTexts
from mailflow.settings import packaged_templates
from mailflow.store.engine import Store, open_store
from mailflow.store.history import HistoryLine
from mailflow.store.outbox import OutboxEntry, OutboxState
from tests.approval.company import ANNA, DMITRY, IVAN, NOON, OLGA, answer, company, form, reference

ALL = frozenset(PortalKind)
SETTLES_IN = timedelta(seconds=60)
NUMBER = "INV-2026-0001"


@dataclass
class Bureau:
    """One mailflow beside one portal. `now` is the time of both."""

    portal: PortalServer
    database: str
    company: Company = field(default_factory=company)
    kinds: frozenset[PortalKind] = ALL
    place: RecordPlace = RecordPlace.SMART_PROCESS
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.portal.clock = lambda: self.now
        self.users = {
            address: self.portal.add_user(address, name)
            for address, name in ((IVAN, "Иван"), (OLGA, "Ольга"), (DMITRY, "Dmitry"), (ANNA, "Анна"))
        }
        self.start()

    def start(self) -> None:
        """mailflow is started, on what an earlier one has left."""
        self.store: Store = open_store(self.database)
        self.store.take_part(self.now)
        self.client = Bitrix24Portal(
            self.portal.webhook,
            requests_a_second=1000,
            burst=1000,
            read_timeout=2,
            monotonic=lambda: self.now.timestamp(),
            sleep=lambda seconds: None,
            clock=lambda: self.now,
        )
        self.outgoing = Outgoing(self.company, Mint("example.com", self.store.identity_key()), self.kinds)
        texts = PortalTexts(jinja2.FileSystemLoader(packaged_templates()), self.company)
        sync = PortalSync(self.store, self.client, texts, self.outgoing, self.place, SETTLES_IN)
        self.work = PortalWork(sync, PortalWatch(self.store, self.client, self.outgoing, timedelta(minutes=5)))

    def stop(self) -> None:
        self.work.close()
        self.store.close()

    def restart(self) -> None:
        """Ended, however that was, and started again."""
        self.stop()
        self.start()

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def keep(self, outcome: Outcome, new: bool = False) -> Invoice:
        with self.store.begin() as uow:
            write = self.outgoing.open if new else self.outgoing.record
            saved = write(uow, outcome, None, self.now)
            uow.commit()
        return saved

    def submit(self, content: bytes = b"%PDF invoice", number: str = NUMBER, **fields: object) -> Invoice:
        with self.store.begin() as uow:
            attachment = Attachment("счёт.pdf", "application/pdf", len(content), uow.files.keep(content))
            uow.commit()
        opened = open_invoice(number, IVAN, "Paper", form(**fields), (attachment,), None, self.company, self.now)
        return self.keep(opened, new=True)

    def does(
        self, person: str, command: Command, asks: Asks = Asks.APPROVAL, number: str = NUMBER, **more: object
    ) -> Invoice:
        invoice = self.invoice(number)
        step = invoice.asked_step if asks is Asks.APPROVAL else None
        said = answer(person, command, "line", **more)
        return self.keep(
            record_answer(invoice, reference(invoice, person, asks, step), said, None, self.company, self.now)
        )

    def approve(self, number: str = NUMBER) -> Invoice:
        self.does(OLGA, Approve("fine"), number=number)
        return self.does(DMITRY, Approve(), number=number)

    def pay(self, number: str = NUMBER) -> Invoice:
        return self.does(ANNA, Paid("PP 17"), Asks.PAYMENT, number)

    def reject(self, reason: str = "no contract; wrong sum") -> Invoice:
        return self.does(OLGA, Reject(reason))

    def move(self) -> Invoice | None:
        """What the end of the day does to an unpaid payment."""
        moved = move_unpaid(self.invoice(), self.company, self.now)
        return self.keep(moved) if moved else None

    def round(self) -> PortalResult:
        return self.work.run(lambda: self.now)

    def until_shown(self, rounds: int = 12) -> None:
        """Rounds, a minute and a half apart, until the portal has heard of everything."""
        for _ in range(rounds):
            self.round()
            if not self.waiting():
                return
            self.later(seconds=90)
        raise AssertionError([(e.message_id, e.state, e.last_error) for e in self.waiting()])

    def waiting(self) -> list[OutboxEntry]:
        with self.store.begin() as uow:
            undelivered = uow.outbox.undelivered()
        return [e for e in undelivered if e.message_id.startswith("bitrix24:") and e.state is not OutboxState.DEAD]

    def refused(self) -> list[OutboxEntry]:
        with self.store.begin() as uow:
            return uow.outbox.refused_by_portal(NUMBER)

    def mails(self) -> list[OutboxEntry]:
        with self.store.begin() as uow:
            return [entry for entry in uow.outbox.undelivered() if not entry.message_id.startswith("bitrix24:")]

    def invoice(self, number: str = NUMBER) -> Invoice:
        with self.store.begin() as uow:
            invoice = uow.invoices.get(number)
        assert invoice is not None
        return invoice

    def history(self, number: str = NUMBER) -> list[HistoryLine]:
        with self.store.begin() as uow:
            assert uow.history.broken_link(number) is None
            return uow.history.of(number)

    def stage(self) -> str:
        """The name of the record's stage."""
        (item,) = self.portal.items
        return str(item["stageId"]).rpartition(":")[2]


@pytest.fixture
def portal() -> Iterator[PortalServer]:
    with PortalServer() as server:
        server.limits.off()
        yield server


@pytest.fixture
def open_bureau(portal: PortalServer, tmp_path: Path) -> Iterator[Callable[..., Bureau]]:
    opened: list[Bureau] = []

    def opener(**more: object) -> Bureau:
        opened.append(Bureau(portal, f"sqlite:///{tmp_path / 'mailflow.db'}", **more))  # type: ignore[arg-type]
        return opened[-1]

    yield opener
    for bureau in opened:
        bureau.stop()


@pytest.fixture
def bureau(open_bureau: Callable[..., Bureau]) -> Bureau:
    return open_bureau()
