"""What systemd hears of the daemon (sd_notify(3), systemd.service(5)); without systemd nobody does."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


@dataclass(frozen=True)
class ServiceManager:
    """Whom to tell. `patience`: the seconds after which a daemon that is silent is killed, None where it never is."""

    address: str = ""
    patience: float | None = None

    def tell(self, *states: str) -> None:
        """Tells; a manager that does not listen holds up nothing."""
        if not (self.address and states):
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
            manager.connect("\0" + self.address[1:] if self.address.startswith("@") else self.address)
            manager.send("\n".join(states).encode())


@dataclass(frozen=True)
class OneOfSeveral(ServiceManager):
    """The manager as one of several daemons in this process has it: it hears of life once all have shown some."""

    name: str = ""
    silent: set[str] = field(default_factory=set)
    names: frozenset[str] = frozenset()

    def tell(self, *states: str) -> None:
        """Tells in this one's name."""
        super().tell(*(state.replace("STATUS=", f"STATUS={self.name}: ") for state in states if self._counts(state)))

    def _counts(self, state: str) -> bool:
        if state != ALIVE:
            return True
        self.silent.discard(self.name)
        if self.silent:
            return False
        self.silent.update(self.names)
        return True


def shared_by(manager: ServiceManager, names: Iterable[str]) -> dict[str, ServiceManager]:
    """The manager for each of several daemons, by their names."""
    everybody = frozenset(names)
    silent = set(everybody)
    return {name: OneOfSeveral(manager.address, manager.patience, name, silent, everybody) for name in everybody}


def service_manager(environment: Mapping[str, str] = os.environ) -> ServiceManager:
    """The manager that has started this process, as its environment says."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    watched = microseconds.isdecimal() and environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return ServiceManager(environment.get("NOTIFY_SOCKET", ""), int(microseconds) / 1e6 if watched else None)
