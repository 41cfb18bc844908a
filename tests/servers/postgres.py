"""A PostgreSQL cluster of the tests' own: in a temporary folder, on loopback, ended by its process id."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

UNPRIVILEGED = ("postgres", "nobody")
STARTS_WITHIN = 30  # seconds


@dataclass(frozen=True)
class Postgres:
    """A running cluster. Its superuser needs no password from this machine."""

    port: int
    names: Iterator[int] = field(default_factory=count)

    def new_database(self, like: str = "template0") -> str:
        """The address of an empty database, or of a copy of one that nobody uses."""
        name = f"mailflow_test_{os.getpid()}_{next(self.names)}"
        self._do("CREATE DATABASE {} TEMPLATE {}", name, like.rpartition("/")[2])
        return self._address(name, "postgresql+psycopg")

    def drop(self, url: str) -> None:
        """Ends whoever uses a database, and removes it."""
        self._do("DROP DATABASE {} WITH (FORCE)", url.rpartition("/")[2])

    def _do(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._address("postgres", "postgresql"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _address(self, database: str, scheme: str) -> str:
        return f"{scheme}://mailflow@127.0.0.1:{self.port}/{database}"


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Starts a cluster and ends it. Raises FileNotFoundError where PostgreSQL is not installed."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="mailflow-postgres-"))
    try:
        owner = _owner()
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        data = folder / "data"
        initdb = [binaries / "initdb", "-D", data, "-U", "mailflow", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
        made = subprocess.run(initdb, **_as(owner, folder), capture_output=True, text=True)
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")
        port = _free_port()
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-p", str(port), *_settings(folder)],
                **_as(owner, folder),
                stdout=log,
                stderr=log,
            )
        try:
            _wait_for(server, port, folder / "log")
            yield Postgres(port)
        finally:
            server.send_signal(signal.SIGQUIT)  # PostgreSQL's immediate shutdown: nothing of it is needed any more
            server.wait(STARTS_WITHIN)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(folder: Path) -> list[str]:
    chosen = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "autovacuum": "off",
        "max_connections": "60",
    }
    return [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]


def _binaries() -> Path:
    """The folder of initdb and postgres: Debian keeps them out of PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    on_path = shutil.which("initdb")
    places = [Path("/usr/lib/postgresql/15/bin"), *([Path(on_path).parent] if on_path else []), *reversed(installed)]
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise FileNotFoundError("initdb and postgres are neither in PATH nor in /usr/lib/postgresql/*/bin")


def client_program(name: str) -> Path:
    """A program of the same PostgreSQL, such as pg_dump."""
    return _binaries() / name


def _owner() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid():
        return None
    known = {person.pw_name: person for person in pwd.getpwall()}
    return next(known[name] for name in UNPRIVILEGED if name in known)


def _as(owner: pwd.struct_passwd | None, folder: Path) -> dict[str, object]:
    identity = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    return {"cwd": folder, **identity}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and server.poll() is None:
        try:
            psycopg.connect(f"postgresql://mailflow@127.0.0.1:{port}/postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The cluster of this test run. Where PostgreSQL is missing: skipped on a laptop, an error where CI=true."""
    try:
        _binaries()
    except FileNotFoundError as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"PostgreSQL is not installed: {missing}")
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The address of a fresh, empty database."""
    return postgres.new_database()
