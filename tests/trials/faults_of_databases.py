"""What goes wrong with the database: PostgreSQL behind a proxy, and the file of SQLite."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing

from psycopg import sql
from sqlalchemy import Connection, event, make_url

from tests.servers.fault_proxy import Refuse
from tests.trials.cell import Cell, Said
from tests.trials.faults_of_mail import broken_lines, is_refused, is_slow, talks_nonsense
from tests.trials.story import CLERK, Story

TABLES = ("inbox", "raw_mail", "inbox_location", "invoice", "history", "outbox", "reference", "file")
GARBAGE = (b"\x00\xff\xfe\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"E", b"D\x7f\xff\xff\xff", b"Z\x00\x00\x00\x05X")
AWAY = "The database cannot be (used|opened) just now: .*"
GONE = AWAY + "(refused|closed|reset|terminat|lost|broken|consuming input|EOF|shut)"
NO_ANSWER = AWAY + "(no answer in time|timeout expired)"


def raising(code: str, message: str, *tables: str) -> Callable[[Story], None]:
    """Whoever writes into some of these tables hears this, as the seed draws: into one of them, or into all."""

    def strike(story: Story) -> None:
        chosen = tables or (story.rng.choice([TABLES, (story.rng.choice(TABLES),)]))
        body = f"RAISE EXCEPTION USING MESSAGE = '{message}', ERRCODE = '{code}';"
        _trigger(story, body, chosen)

    return strike


def each_writing_backend_is_terminated(story: Story) -> None:
    """As an administrator does by pg_terminate_backend (57P01), to whoever writes into one table."""
    _trigger(story, "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW;", (story.rng.choice(TABLES),))


def _trigger(story: Story, body: str, tables: tuple[str, ...]) -> None:
    assert story.postgres
    name = str(make_url(story.database).database)
    with story.postgres.connect(name) as connection:
        connection.execute(
            sql.SQL("CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS {}").format(
                sql.Literal(f"BEGIN {body} END")
            )
        )
        for table in tables:
            connection.execute(
                sql.SQL(
                    "CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION fault()"
                ).format(sql.Identifier(table))
            )

    def mend() -> None:
        assert story.postgres
        with story.postgres.connect(name) as connection:
            connection.execute("DROP FUNCTION fault CASCADE")

    story.undo.callback(mend)


def role(change: str, back: str) -> Callable[[Story], None]:
    """What mailflow's role may do is changed, and its connections are ended."""

    def strike(story: Story) -> None:
        alter(story, change)
        story.undo.callback(alter, story, back)
        _end_connections(story)

    return strike


def alter(story: Story, change: str) -> None:
    assert story.postgres
    with story.postgres.connect() as connection:
        connection.execute(sql.SQL("ALTER ROLE {} " + change).format(sql.Identifier(CLERK)))


def _end_connections(story: Story) -> None:
    assert story.postgres
    with story.postgres.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [CLERK]
        ).fetchall()


def certificate_is_wrong(story: Story) -> None:
    """The server is given another certificate, for another name or too old, and its connections are ended."""
    assert story.postgres
    certificates = story.servers.certificates
    story.postgres.encrypt(story.rng.choice([certificates.expired, certificates.wrong_name]))
    story.undo.callback(story.postgres.encrypt, certificates.good)
    _end_connections(story)


def server_restarts(story: Story) -> None:
    assert story.postgres
    story.postgres.stop()
    story.postgres.start()


def server_is_killed(story: Story) -> None:
    assert story.postgres
    story.postgres.stop(signal.SIGKILL)
    story.undo.callback(story.postgres.start)
    assert story.line_to_database
    story.line_to_database.strike(Refuse())


def file_is_full(story: Story) -> None:
    """SQLite may not make the file any larger (SQLITE_FULL), but for one page."""
    engine = story.application.store._engine
    with engine.connect() as connection:
        limit = connection.exec_driver_sql("PRAGMA page_count").scalar_one() + story.rng.randint(0, 1)

    def bound(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {limit}")

    event.listen(engine, "engine_connect", bound)

    def mend() -> None:
        event.remove(engine, "engine_connect", bound)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")

    story.undo.callback(mend)


def file_is_locked(story: Story) -> None:
    """Another program holds the file for writing."""
    other = sqlite3.connect(str(make_url(story.database).database), isolation_level=None)
    story.undo.enter_context(closing(other))
    other.execute("BEGIN IMMEDIATE")


OF_POSTGRESQL = [
    is_refused("postgresql", "database", GONE),
    *broken_lines("postgresql", "database", GONE, NO_ANSWER, Said.IF_HINDERED),
    is_slow("postgresql", "database", 100),
    talks_nonsense("postgresql", "database", GARBAGE, AWAY, Said.IF_HINDERED),
    Cell(
        "postgresql",
        "4xx",
        role("CONNECTION LIMIT 0", "CONNECTION LIMIT -1"),
        AWAY + "too many connections",
        variant="53300",
    ),
    Cell(
        "postgresql",
        "4xx",
        raising("40P01", "deadlock detected"),
        AWAY + "deadlock detected",
        Said.OF_ONE,
        checks=None,
        variant="40P01",
    ),
    Cell(
        "postgresql",
        "5xx",
        each_writing_backend_is_terminated,
        AWAY + "terminating connection",
        checks=None,
        variant="57P01",
    ),
    Cell(
        "postgresql",
        "login refused",
        role("NOLOGIN", "LOGIN"),
        AWAY + "not permitted to log in",
        checks="database: is not usable.*|.*the server refuses: .*not permitted to log in",
    ),
    Cell(
        "postgresql",
        "certificate wrong",
        certificate_is_wrong,
        AWAY + "certificate",
        checks="its server cannot be trusted: .*certificate",
        tls=True,
    ),
    Cell("postgresql", "restarted", server_restarts, "", Said.NOWHERE, checks=None),
    Cell("postgresql", "killed", server_is_killed, GONE),
    Cell(
        "postgresql",
        "disk full",
        raising("53100", "could not extend file: No space left on device"),
        AWAY + "No space left on device",
        checks=None,
    ),
]

OF_SQLITE = [
    Cell("sqlite", "4xx", file_is_locked, AWAY + "database is locked", checks=None, variant="SQLITE_BUSY"),
    Cell("sqlite", "disk full", file_is_full, AWAY + "database or disk is full", checks=None),
]
