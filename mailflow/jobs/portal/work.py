"""All that mailflow does with the portal, in its order: what people did there is taken over, then changes are shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from mailflow.errors import PermanentFailure, PortalClosed, TransientFailure
from mailflow.jobs.portal.result import PortalResult
from mailflow.jobs.portal.structure import StructureReader
from mailflow.jobs.portal.sync import PortalSync
from mailflow.jobs.portal.watch import PortalWatch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PortalWork:
    """One portal. A portal that is away ends the round; nothing here is ever waited for by the mail."""

    sync: PortalSync
    watch: PortalWatch
    structure: StructureReader | None = None

    def read_structure(self, now: datetime) -> PortalResult:
        """Reads who leads whom, where the settings ask the portal for that; done before mail that may need it."""
        result = PortalResult()
        with self._troubles(result, now):
            if self.structure and self.structure.run_once(now):
                result.taken_over = 1
        return result

    def run(self, clock: Callable[[], datetime], shown: Callable[[int], None] = lambda count: None) -> PortalResult:
        """One round. What fails in one part does not keep the others from being tried."""
        result = PortalResult()

        def shown_one(count: int) -> None:
            shown(count)
            look_around()  # a long round must not let the structure grow old, or a payment wait

        def look_around() -> None:
            fresh = self.read_structure(clock())
            result.taken_over += fresh.taken_over
            result.troubles += fresh.troubles
            with self._troubles(result, clock()):
                result.taken_over += self.watch.run_once(clock())

        look_around()
        with self._troubles(result, clock()):
            result.shown = self.sync.run(clock, shown_one)
        result.troubles = list(dict.fromkeys(result.troubles))
        return result

    @contextmanager
    def _troubles(self, result: PortalResult, now: datetime) -> Iterator[None]:
        """Notes what the portal raises; one that is closed to us is told to the administrator as well."""
        try:
            yield
        except PortalClosed as closed:
            self.sync.tell_administrator(str(closed), now)
            result.troubles.append(str(closed))
        except (TransientFailure, PermanentFailure) as failure:
            result.troubles.append(str(failure))
        except Exception as failure:  # what one part meets must not keep the others from being tried
            log.exception("the portal")
            result.troubles.append(f"Bitrix24: {type(failure).__name__}: {failure}")

    def close(self) -> None:
        """Ends the connections."""
        self.sync.portal.close()
