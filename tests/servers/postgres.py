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
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from .certificates import Certificate

UNPRIVILEGED = ("postgres", "nobody")
STARTS_WITHIN = 30  # seconds


@dataclass
class Postgres:
    """A cluster in a folder. Its superuser needs no password from this machine."""

    folder: Path
    port: int
    owner: pwd.struct_passwd | None
    durable: bool = False
    names: Iterator[int] = field(default_factory=count)
    _server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, with the data that there is; returns when it answers."""
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [
                    _binaries() / "postgres",
                    "-D",
                    self.folder / "data",
                    "-p",
                    str(self.port),
                    *_settings(self.folder, self.durable),
                ],
                **_as(self.owner, self.folder),
                stdout=log,
                stderr=log,
            )
        _wait_for(self._server, self.port, self.folder / "log")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ends it: SIGINT in an orderly way, SIGQUIT at once, SIGKILL as a power cut does."""
        if self._server:
            family = [self._server.pid, *_children(self._server.pid)] if how is signal.SIGKILL else [self._server.pid]
            for process in family:
                with suppress(ProcessLookupError):
                    os.kill(process, how)
            self._server.wait(STARTS_WITHIN)
            self._server = None

    def new_database(self, like: str = "template0", user: str = "mailflow") -> str:
        """The address of an empty database of this user, or of a copy of one that nobody uses."""
        name = f"mailflow_test_{os.getpid()}_{next(self.names)}"
        self._do("CREATE DATABASE {} TEMPLATE {} OWNER {}", name, like.rpartition("/")[2], user)
        return self._address(name, "postgresql+psycopg", user)

    def drop(self, url: str) -> None:
        """Ends whoever uses a database, and removes it."""
        self._do("DROP DATABASE {} WITH (FORCE)", url.rpartition("/")[2])

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """The superuser's own connection to a database; every statement is committed at once."""
        return psycopg.connect(self._address(database, "postgresql"), autocommit=True)

    def encrypt(self, certificate: Certificate) -> None:
        """From the next connection on it speaks TLS with this certificate."""
        for name, source in (("server.crt", certificate.chain), ("server.key", certificate.key)):
            file = self.folder / "data" / name
            shutil.copyfile(source, file)
            file.chmod(0o600)
            if self.owner:
                os.chown(file, self.owner.pw_uid, self.owner.pw_gid)
        self._set_ssl("on")

    def speak_plainly(self) -> None:
        """From the next connection on it speaks no TLS."""
        self._set_ssl("off")

    def _set_ssl(self, switch: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL("ALTER SYSTEM SET ssl = {}").format(sql.Literal(switch)))
            connection.execute("SELECT pg_reload_conf()")

    def _do(self, statement: str, *names: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _address(self, database: str, scheme: str, user: str = "mailflow") -> str:
        return f"{scheme}://{user}@127.0.0.1:{self.port}/{database}"


@contextmanager
def running_postgres(durable: bool = False) -> Iterator[Postgres]:
    """Starts a cluster and ends it; what is `durable` survives a power cut, and takes its time.

    Raises FileNotFoundError where PostgreSQL is not installed.
    """
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="mailflow-postgres-"))
    try:
        owner = _owner()
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        initdb = [binaries / "initdb", "-D", folder / "data", "-U", "mailflow", "-A", "trust", "-E", "UTF8"]
        made = subprocess.run([*initdb, "--no-locale", "-N"], **_as(owner, folder), capture_output=True, text=True)
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")
        server = Postgres(folder, _free_port(), owner, durable)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _children(process: int) -> list[int]:
    """The processes that this one has started."""
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()]


def _settings(folder: Path, durable: bool) -> list[str]:
    synced = "on" if durable else "off"
    chosen = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(folder),
        "fsync": synced,
        "full_page_writes": synced,
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "autovacuum": synced,
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
