"""Who is who in the portal: addresses -> user ids, asked once in a while."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailflow.ports import Portal

_KNOWN_FOR = timedelta(minutes=10)


@dataclass
class People:
    """The portal's users by address. Who has no account, or shares an address with others, has no id."""

    portal: Portal
    _ids: dict[str, tuple[int | None, datetime]] = field(default_factory=dict)

    def id_of(self, address: str, now: datetime) -> int | None:
        """The user with this address (Bitrix24 REST: user.get). Raises what the portal raises."""
        known = self._ids.get(address)
        if known is None or now - known[1] >= _KNOWN_FOR or now < known[1]:
            known = (self._asked(address), now)
            self._ids[address] = known
        return known[0]

    def ids_of(self, addresses: Iterable[str], now: datetime) -> list[int]:
        """The users with these addresses; who has no id is left out."""
        return [user for address in addresses if (user := self.id_of(address, now)) is not None]

    def _asked(self, address: str) -> int | None:
        wanted = {"FILTER": {"EMAIL": address, "ACTIVE": True}, "select": ["ID", "EMAIL", "ACTIVE", "USER_TYPE"]}
        found = [u for u in self.portal.call("user.get", wanted).result if str(u.get("EMAIL", "")).lower() == address]
        employees = [u for u in found if u.get("USER_TYPE") in (None, "", "employee")]
        chosen = employees if len(employees) == 1 else found
        return int(chosen[0]["ID"]) if len(chosen) == 1 else None
