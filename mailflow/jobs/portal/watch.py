"""What people do in the portal: the accountant who completes 'Pay the invoice' has paid it (process section 5)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mailflow.approval.effects import Outcome, Showing
from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.paying import completed_by_another, paid_in_portal
from mailflow.errors import PortalRefused
from mailflow.jobs.outgoing import Outgoing
from mailflow.jobs.portal.people import People
from mailflow.jobs.portal.tasks import COMPLETED
from mailflow.outbound.portal import pay_task_key
from mailflow.ports import Portal, PortalAnswer
from mailflow.store.engine import Store
from mailflow.store.history import HistoryLine
from mailflow.store.portal import PortalObject

log = logging.getLogger(__name__)

_IN_ONE_BATCH = 50
_SELECTED = ("ID", "STATUS", "CLOSED_BY", "CLOSED_DATE")


@dataclass
class PortalWatch:
    """Looks at the open tasks, all in one request, every so often."""

    store: Store
    portal: Portal
    outgoing: Outgoing
    every: timedelta
    _looked_at: datetime | None = None

    def __post_init__(self) -> None:
        self._people = People(self.portal)

    def run_once(self, now: datetime) -> int:
        """Takes over what was done in the portal; how many invoices that concerned. Raises what the portal raises."""
        if self._looked_at is not None and timedelta(0) <= now - self._looked_at < self.every:
            return 0
        done = sum(self._take_over(number, task, now) for number, task in self._completed())
        self._looked_at = now
        return done

    def _completed(self) -> Iterator[tuple[str, _Closed]]:
        """The invoices whose task is done, with who did it."""
        tasks = self._open_tasks()
        for begin in range(0, len(tasks), _IN_ONE_BATCH):
            asked = {f"t{task.remote_id}": task for task in tasks[begin : begin + _IN_ONE_BATCH]}
            calls = {
                name: ("tasks.task.get", {"taskId": task.remote_id, "select": list(_SELECTED)})
                for name, task in asked.items()
            }
            answers = self.portal.batch(calls)
            if refused := next((name for name, answer in answers.items() if isinstance(answer, PortalRefused)), None):
                self._ask_alone(*calls[refused])
            for name, answer in answers.items():
                found = answer.result.get("task") if isinstance(answer, PortalAnswer) and answer.result else None
                if found and str(found.get("status")) == str(COMPLETED):
                    yield asked[name].number, _Closed.read(found)

    def _ask_alone(self, method: str, params: Mapping[str, Any]) -> None:
        """Raises PortalClosed where the portal no longer lets tasks be read; a task that was deleted is no trouble."""
        with suppress(PortalRefused):
            self.portal.call(method, params)

    def _open_tasks(self) -> list[PortalObject]:
        with self.store.begin() as uow:
            to_pay = {i.number: i.revision for i in uow.invoices.all(Status.TO_PAY)}
            found = uow.portal.of_invoices(to_pay, Showing.PAY_TASK.value)
        keys = {pay_task_key(number, revision) for number, revision in to_pay.items()}
        return [task for tasks in found.values() for task in tasks if task.key in keys]

    def _take_over(self, number: str, closed: _Closed, now: datetime) -> bool:
        with self.store.begin() as uow:
            invoice = uow.invoices.get(number)
            history = uow.history.of(number)
        if invoice is None:
            return False
        by_accountant = closed.by == self._people.id_of(invoice.accountant, now)
        if not by_accountant and any(_notes(line, closed) for line in history):
            return False
        with self.store.begin() as uow:
            invoice = uow.invoices.get(number)
            outcome = _outcome(invoice, closed, by_accountant, now) if invoice else None
            if outcome is None:
                return False
            self.outgoing.record(uow, outcome, None, now)
            uow.commit()
        log.info("%s: task %s was completed in the portal by user %s", number, closed.task, closed.by)
        return True


@dataclass(frozen=True)
class _Closed:
    """A task that is done: its id, the user who completed it (0 unknown), when, in the portal's words."""

    task: int
    by: int
    at: str

    @classmethod
    def read(cls, task: Mapping[str, Any]) -> _Closed:
        return cls(int(task["id"]), int(task.get("closedBy") or 0), str(task.get("closedDate") or ""))


def _outcome(invoice: Invoice, closed: _Closed, by_accountant: bool, now: datetime) -> Outcome | None:
    if by_accountant:
        return paid_in_portal(invoice, closed.task, now)
    return completed_by_another(invoice, closed.task, closed.by, closed.at, now)


def _notes(line: HistoryLine, closed: _Closed) -> bool:
    """Whether the history tells of this very completion."""
    told = (line.details.get("task"), line.details.get("at"))
    return line.event == "portal_task_closed" and told == (closed.task, closed.at)
