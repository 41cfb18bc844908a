"""The shared mailbox, simulated: folders, UIDs, UIDVALIDITY, and a server that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from mailflow.ports import FetchedMail, Location
from tests.simulation.weather import Weather, failure

INBOX, PROCESSED, QUARANTINE = "INBOX", "Processed", "Quarantine"


@dataclass
class SimulatedMailbox:
    """Speaks as mailflow.ports.Mailbox. `delivered` is every mail that ever came, in order."""

    weather: Weather
    folders: dict[str, dict[int, bytes]] = field(default_factory=lambda: {INBOX: {}, PROCESSED: {}, QUARANTINE: {}})
    delivered: list[bytes] = field(default_factory=list)
    uidvalidity: int = 1
    _last_uid: int = 0

    def fetch_new(self, known: Callable[[Location], bool]) -> Iterator[FetchedMail]:
        self._may_fail("fetch", "away", "crash")
        for uid, raw in list(self.folders[INBOX].items()):
            location = Location(INBOX, self.uidvalidity, uid)
            if not known(location):
                self.weather.let_others_work()
                self._may_fail("fetch one", "broken_off", "crash")
                yield FetchedMail(location, raw, len(raw), arrived_at=self.weather.clock.now)

    def file_away(self, locations: Sequence[Location], folder: str) -> int:
        return sum(self._file_away(location, folder) for location in locations)

    def _file_away(self, location: Location, folder: str) -> bool:
        self.weather.let_others_work()
        mishap = self.weather.draw(f"move {location.uid}", "away", "crash", "after", "crash_after")
        if mishap in ("away", "crash"):
            raise failure(mishap)
        moved = location.folder == INBOX and location.uidvalidity == self.uidvalidity
        moved = moved and self.move(INBOX, location.uid, folder)
        if mishap:
            raise failure(mishap)
        return moved

    def wait(self, seconds: float) -> bool:
        return False

    def wake(self) -> None:
        """Nobody waits here."""

    def close(self) -> None:
        """There is no connection."""

    def arrive(self, raw: bytes) -> None:
        """A mail comes."""
        self.delivered.append(raw)
        self._put(INBOX, raw)

    def move(self, source: str, uid: int, target: str) -> bool:
        """Whoever moves a mail gives it a new UID; False where it is not there."""
        raw = self.folders[source].pop(uid, None)
        if raw is None:
            return False
        self._put(target, raw)
        return True

    def renumber(self) -> None:
        """The server was restored: another UIDVALIDITY, and other UIDs."""
        self.uidvalidity += 1
        self._last_uid = 0
        for name, mails in self.folders.items():
            self.folders[name] = {}
            for raw in mails.values():
                self._put(name, raw)

    def _put(self, folder: str, raw: bytes) -> None:
        self._last_uid += 1
        self.folders[folder][self._last_uid] = raw

    def _may_fail(self, where: str, *mishaps: str) -> None:
        if mishap := self.weather.draw(where, *mishaps):
            raise failure(mishap)
