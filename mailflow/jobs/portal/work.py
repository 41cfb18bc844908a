"""All that mailflow does with the portal, in its order: what people did there is taken over, then changes are shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from mailflow.errors import PermanentFailure, TransientFailure
from mailflow.jobs.portal.structure import StructureReader
from mailflow.jobs.portal.sync import PortalSync
from mailflow.jobs.portal.watch import PortalWatch

log = logging.getLogger(__name__)


@dataclass
class PortalResult:
    """What one round did, and what went wrong, for people.

    `taken_over` counts what came from the portal and may lead to mails: payments, a newly read structure.
    """

    shown: int = 0
    taken_over: int = 0
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PortalWork:
    """One portal. A portal that is away ends the round; nothing here is ever waited for by the mail."""

    sync: PortalSync
    watch: PortalWatch
    structure: StructureReader | None = None

    def read_structure(self, now: datetime) -> PortalResult:
        """Reads who leads whom, where the settings ask the portal for that; done before mail that may need it."""
        result = PortalResult()
        try:
            if self.structure and self.structure.run_once(now):
                result.taken_over = 1
        except (TransientFailure, PermanentFailure) as failure:
            result.troubles.append(str(failure))
        return result

    def run(self, clock: Callable[[], datetime], shown: Callable[[int], None] = lambda count: None) -> PortalResult:
        """One round."""
        result = self.read_structure(clock())
        try:
            result.taken_over += self.watch.run_once(clock())
            result.shown = self.sync.run(clock, shown)
        except (TransientFailure, PermanentFailure) as failure:
            result.troubles = list(dict.fromkeys([*result.troubles, str(failure)]))
        return result

    def close(self) -> None:
        """Ends the connections."""
        self.sync.portal.close()
