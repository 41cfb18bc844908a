"""What every page of the board knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mailflow.approval.company import Company
from mailflow.jobs.outgoing import Outgoing
from mailflow.store.engine import Store
from mailflow.web.place import Place
from mailflow.web.rendering import Pages


@dataclass(frozen=True)
class Board:
    """One company's board. `mail_is_waiting` is called when a mail was put into the outbox."""

    store: Store
    company: Company
    outgoing: Outgoing
    pages: Pages
    place: Place
    clock: Callable[[], datetime]
    mail_is_waiting: Callable[[], None] = lambda: None
