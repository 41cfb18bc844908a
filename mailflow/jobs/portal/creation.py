"""Things that must be in the portal exactly once, whatever is lost on the way (Bitrix24 REST has no transactions).

The request is kept, then sent, then its id is kept. Where an answer was lost, or mailflow ended in between, the portal
is given the time in which it may still carry the request out; then the thing is looked for by the mark that it carries,
and asked for again only where it is not there.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mailflow.approval.effects import PortalChange
from mailflow.errors import InDoubt, PortalRefused, TransientFailure
from mailflow.jobs.portal.bench import Bench
from mailflow.jobs.portal.request import Request
from mailflow.store.portal import PortalObject

log = logging.getLogger(__name__)


class Creation:
    """How one kind of thing is asked for, looked for and recognised. `needs_id`: something else will belong to it."""

    needs_id = True

    def key(self, change: PortalChange) -> str:
        """Under which key it is remembered."""
        return change.key

    def request(self, bench: Bench, change: PortalChange) -> Request:
        """The call that makes it. Raises NotShown where nothing is to be made."""
        raise NotImplementedError

    def look(self, bench: Bench, change: PortalChange, sent: PortalObject) -> list[int]:
        """The ids of what an earlier call has made, found by the mark that it carries."""
        raise NotImplementedError

    def identity(self, result: Any) -> int:
        """The new thing's id in the portal's answer."""
        return int(result)

    def is_there_already(self, refusal: PortalRefused) -> bool:
        """Whether a refusal says that an earlier call has made it."""
        return False

    def finish(self, bench: Bench, change: PortalChange, remote_id: int) -> None:
        """What must follow once it is there; may be repeated."""


@dataclass(frozen=True)
class Maker:
    """Makes things. `settles_in` is how long the portal may still be at work on a request that it never answered."""

    settles_in: timedelta

    def make(self, bench: Bench, change: PortalChange, creation: Creation) -> int:
        """The thing's id, made now or found. Raises InDoubt where nobody can know yet, and what the portal raises."""
        key = creation.key(change)
        with bench.store.begin() as uow:
            sent = uow.portal.get(key)
        if sent is None:
            remote_id = self._first_time(bench, change, creation, key)
        elif sent.remote_id is None:
            remote_id = self._again(bench, change, creation, sent)
        else:
            remote_id = sent.remote_id
        creation.finish(bench, change, remote_id)
        return remote_id

    def _first_time(self, bench: Bench, change: PortalChange, creation: Creation, key: str) -> int:
        request = creation.request(bench, change)
        _about_to_make(bench, change, key, request)
        try:
            answer = request.send(bench.portal, bench.read_file)
        except PortalRefused as refusal:
            return self._unless_there(bench, change, creation, key, refusal)
        except InDoubt:
            raise
        except TransientFailure:  # it was not carried out
            _forget(bench, key)
            raise
        return _remember(bench, key, creation.identity(answer.result))

    def _again(self, bench: Bench, change: PortalChange, creation: Creation, sent: PortalObject) -> int:
        knows_at = sent.sent_at + self.settles_in
        if bench.now < knows_at:
            raise InDoubt(f"whether the portal has made {sent.key} is not known before {knows_at:%H:%M:%S} UTC")
        found = self._found(bench, change, creation, sent)
        if found is not None:
            log.info("%s: %s was there already, as %s", change.invoice.number, sent.key, found)
            return found
        request = Request(**sent.request)
        _about_to_make(bench, change, sent.key, request)
        try:
            answer = request.send(bench.portal, bench.read_file)
        except PortalRefused as refusal:
            return self._unless_there(bench, change, creation, sent.key, refusal)
        return _remember(bench, sent.key, creation.identity(answer.result))

    def _unless_there(
        self, bench: Bench, change: PortalChange, creation: Creation, key: str, refusal: PortalRefused
    ) -> int:
        """Refused, because it is there already? Raises the refusal where it is not."""
        if creation.is_there_already(refusal):
            found = self._found(bench, change, creation, _kept(bench, key))
            if found is not None or not creation.needs_id:
                return found or _remember(bench, key, 0)
        _forget(bench, key)
        raise refusal

    def _found(self, bench: Bench, change: PortalChange, creation: Creation, sent: PortalObject) -> int | None:
        found = sorted(set(creation.look(bench, change, sent)))
        if len(found) > 1:
            log.error("%s: the portal has %s more than once: %s; the first one is taken", sent.number, sent.key, found)
        return _remember(bench, sent.key, found[0]) if found else None


def _about_to_make(bench: Bench, change: PortalChange, key: str, request: Request) -> None:
    with bench.store.begin() as uow:
        uow.portal.about_to_make(key, change.invoice.number, change.shows.value, request.document(), bench.now)
        uow.commit()


def _kept(bench: Bench, key: str) -> PortalObject:
    with bench.store.begin() as uow:
        kept = uow.portal.get(key)
    if kept is None:
        raise LookupError(f"{key} was asked for, but is not remembered")
    return kept


def _remember(bench: Bench, key: str, remote_id: int) -> int:
    with bench.store.begin() as uow:
        uow.portal.made(key, remote_id)
        uow.commit()
    return remote_id


def _forget(bench: Bench, key: str) -> None:
    with bench.store.begin() as uow:
        uow.portal.forget(key)
        uow.commit()
