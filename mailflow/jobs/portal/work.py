"""All that mailflow does with the portal, in its order: what people did there is taken over, then changes are shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from mailflow.errors import TransientFailure
from mailflow.jobs.portal.sync import PortalSync
from mailflow.jobs.portal.watch import PortalWatch

log = logging.getLogger(__name__)


@dataclass
class PortalResult:
    """What one round did: changes shown, invoices that somebody moved in the portal, what went wrong, for people."""

    shown: int = 0
    taken_over: int = 0
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PortalWork:
    """One portal. A portal that is away ends the round; nothing here is ever waited for by the mail."""

    sync: PortalSync
    watch: PortalWatch

    def run(self, clock: Callable[[], datetime], shown: Callable[[int], None] = lambda count: None) -> PortalResult:
        """One round."""
        result = PortalResult()
        try:
            result.taken_over = self.watch.run_once(clock())
            result.shown = self.sync.run(clock, shown)
        except TransientFailure as failure:
            result.troubles.append(str(failure))
        return result

    def close(self) -> None:
        """Ends the connections."""
        self.sync.portal.close()
