"""PostgreSQL with a limit to its silence: libpq itself waits for an answer for ever, if only the line stays open."""

from __future__ import annotations

from collections.abc import Generator
from time import monotonic
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Engine, event

Result = TypeVar("Result")

LONGEST_SILENCE = 60.0
"""Seconds; no statement of mailflow's takes one."""

WHILE_MIGRATING = 3600.0
"""Seconds: a large table may be long in rebuilding."""


class PatientConnection(psycopg.Connection[Any]):
    """One that is given up after `patience` seconds in which the server says nothing."""

    patience: float | None = None

    def wait(self, gen: Generator[Any, Any, Result], *arguments: Any, **more: Any) -> Result:
        """Ends what waits on the connection. Raises psycopg.OperationalError where nothing was heard for too long."""
        try:
            return super().wait(_heard(gen, self.patience or LONGEST_SILENCE), *arguments, **more)
        except _Silent:
            self.close()
            raise


class _Silent(psycopg.OperationalError):
    """Nothing was heard for too long."""


def be_patient(engine: Engine) -> None:
    """Makes every connection of a PostgreSQL engine such a one."""

    @event.listens_for(engine, "do_connect")
    def _connect(dialect: Any, record: Any, arguments: Any, more: Any) -> PatientConnection:
        return PatientConnection.connect(*arguments, **more)


def _heard(gen: Generator[Any, Any, Result], patience: float) -> Generator[Any, Any, Result]:
    """The same, which ends where psycopg reports for so long that nothing is ready."""
    end = monotonic() + patience
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                end = monotonic() + patience
            elif monotonic() > end:
                raise _Silent("no answer in time")
            wanted = gen.send(ready)
    except StopIteration as over:
        result: Result = over.value
        return result
