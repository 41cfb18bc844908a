"""What systemd hears of the daemon: that it is ready, that it is alive while it works, and nothing once it is stuck."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailflow.daemon import Daemon
from mailflow.jobs.whole_pass import PassResult
from mailflow.office.mail_server import MailServer
from mailflow.service_manager import ALIVE, READY, STOPPING, ServiceManager, service_manager, shared_by
from tests.test_daemon import USERS, daemon

PATIENCE = 0.6


class Listener:
    """The manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def hears(self, seconds: float) -> list[str]:
        """Everything that is said within some seconds."""
        heard: list[str] = []
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                heard += self._socket.recv(4096).decode().split("\n")
            except TimeoutError:
                break
        return heard

    def waits_for(self, *states: str, seconds: float = 20) -> bool:
        left, until = set(states), time.monotonic() + seconds
        while left and time.monotonic() < until:
            left -= set(self.hears(0.2))
        return not left

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    listener = Listener(str(tmp_path / "notify"))
    yield listener
    listener.close()


@pytest.mark.parametrize(
    ("environment", "patience"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "1500000"}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": str(os.getpid())}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_what_the_environment_says_of_this_very_process(
    environment: dict[str, str], patience: float | None
) -> None:
    assert service_manager(environment).patience == patience


def test_without_a_manager_or_with_one_that_is_gone_nothing_is_told_and_nothing_breaks(tmp_path: Path) -> None:
    ServiceManager().tell(READY)
    ServiceManager(str(tmp_path / "nobody")).tell(READY)


def test_an_address_that_begins_with_at_is_in_the_abstract_namespace() -> None:
    listener = Listener(f"@mailflow-test-{os.getpid()}")
    ServiceManager(listener.address).tell(READY, "STATUS=x")
    assert listener.hears(0.2) == [READY, "STATUS=x"]
    listener.close()


class Quiet:
    """A mailbox that nothing comes to."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def wait(self, seconds: float) -> bool:
        self._woken.wait(seconds)
        return False

    def wake(self) -> None:
        self._woken.set()


def test_of_several_daemons_one_that_is_stuck_is_not_hidden_by_the_others(listener: Listener) -> None:
    shared = shared_by(ServiceManager(listener.address, PATIENCE), ["north", "south"])
    north, south = shared["north"], shared["south"]
    north.tell(READY, "STATUS=well")
    assert listener.hears(0.1) == [READY, "STATUS=north: well"]
    for _ in range(3):
        north.tell(ALIVE)
    assert listener.hears(0.1) == []
    south.tell(ALIVE)
    assert listener.hears(0.1) == [ALIVE]
    south.tell(ALIVE)
    assert listener.hears(0.1) == []


def test_a_daemon_that_waits_or_works_is_alive_and_one_that_is_stuck_in_a_pass_is_not(listener: Listener) -> None:
    stuck, goes_on = threading.Event(), threading.Event()
    manager = ServiceManager(listener.address, PATIENCE)

    def run_pass() -> PassResult:
        if stuck.is_set():
            goes_on.wait(20)
        return PassResult()

    mailbox = Quiet()
    running = Daemon(run_pass, mailbox, 1, manager=manager)  # type: ignore[arg-type]
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        said = listener.hears(PATIENCE * 2)
        assert said[0] == READY
        assert said.count(ALIVE) >= 3
        stuck.set()
        listener.hears(2)
        assert ALIVE not in listener.hears(PATIENCE * 2)
        stuck.clear()
        goes_on.set()
        assert ALIVE in listener.hears(PATIENCE)
    finally:
        goes_on.set()
        running.stop()
        thread.join(5)
    assert STOPPING in listener.hears(0.2)


def test_the_command_is_ready_says_how_it_is_and_that_it_stops(
    tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", listener.address)
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")
    with MailServer(USERS) as server, daemon(tmp_path, server.imap_port, server.smtp_port) as process:
        assert listener.waits_for(READY, "STATUS=Everything can be reached")
        assert listener.hears(3).count(ALIVE) >= 2
        process.send_signal(signal.SIGTERM)
        assert listener.waits_for(STOPPING)
        assert process.wait(15) == 0
