"""A unit of work keeps nothing unless told; what goes wrong with the database is said in words without a secret."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError

from mailflow.errors import ConfigurationError, DatabaseAway, MailflowError, PermanentFailure, TransientFailure
from mailflow.store import engine as engine_module
from mailflow.store import patience
from mailflow.store.engine import Store, open_store
from mailflow.store.register import Wanted
from tests.approval.company import opened
from tests.servers.fault_proxy import FaultProxy, Point, Silence
from tests.servers.postgres import Postgres
from tests.store.rows import NOW, enqueue, keep, record

SECRET = "s3cret-Passw0rd"


def test_nothing_is_kept_without_a_commit(store: Store) -> None:
    with store.begin() as uow:
        mail_id = record(uow).id
        uow.files.keep(b"file")
        uow.invoices.next_number(2026)
        uow.invoices.add(opened().invoice)
        enqueue(uow, "mail")
    with store.begin() as uow:
        assert uow.inbox.get(mail_id) is None
        assert uow.invoices.all() == []
        assert uow.invoices.next_number(2026) == "INV-2026-0001"
        assert uow.outbox.waiting(NOW) == 0
        with pytest.raises(LookupError):
            uow.files.read("3b9c358f36f0a31b6ad3e14f309c7cf198ac9246e8316f9ce543d5b19ac02b80")


def test_an_error_keeps_nothing_even_of_what_came_before_it(store: Store) -> None:
    with pytest.raises(RuntimeError):
        fail_in_the_middle(store)
    with store.begin() as uow:
        assert uow.inbox.waiting(NOW) == 0


def fail_in_the_middle(store: Store) -> None:
    with store.begin() as uow:
        record(uow)
        raise RuntimeError("in the middle")


def test_what_was_committed_is_there_after_opening_again(url: str) -> None:
    first = open_store(url)
    keep(first, opened().invoice)
    first.close()
    second = open_store(url)
    with second.begin() as uow:
        assert uow.invoices.get("INV-2026-0001") == opened().invoice
    second.close()


def test_sqlite_writes_ahead_and_syncs_every_commit(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'mailflow.db'}")
    with store._engine.connect() as connection:
        chosen = [connection.execute(text(f"PRAGMA {p}")).scalar() for p in PRAGMAS]
    store.close()
    assert chosen == list(PRAGMAS.values())


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 5000, "foreign_keys": 1}


def test_two_that_turn_the_write_ahead_log_on_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite itself does not wait there, whatever its busy_timeout."""
    monkeypatch.setattr(engine_module, "_PRAGMAS", ("busy_timeout=0",))
    path = tmp_path / "mailflow.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    done = Timer(0.3, lambda: other.execute("ROLLBACK"))
    done.start()
    open_store(f"sqlite:///{path}").close()
    done.join()
    other.close()


def test_whoever_holds_the_new_file_for_ever_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_PRAGMAS", ("busy_timeout=0",))
    monkeypatch.setattr(engine_module, "_WRITE_AHEAD_SECONDS", 0.1)
    path = tmp_path / "mailflow.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(TransientFailure, match="locked"):
        open_store(f"sqlite:///{path}")
    other.close()


def test_a_busy_sqlite_is_tried_again_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_PRAGMAS", ("busy_timeout=50",))
    path = tmp_path / "mailflow.db"
    store = open_store(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseAway, match="locked"), store.begin() as uow:
        record(uow)
    other.execute("ROLLBACK")
    other.close()
    with store.begin() as uow:
        assert record(uow).news
    store.close()


def test_a_server_that_is_away_is_tried_again_later() -> None:
    with pytest.raises(TransientFailure) as away:
        open_store(f"postgresql+psycopg://olga:{SECRET}@127.0.0.1:1/payroll")
    assert tells_no_secret(away.value)


def test_a_server_that_goes_away_is_tried_again_and_the_next_unit_of_work_connects_anew(postgres_url: str) -> None:
    store = open_store(postgres_url)
    with pytest.raises(DatabaseAway):
        lose_the_connection(store, postgres_url)
    with store.begin() as uow:
        assert record(uow).news
    store.close()


@pytest.fixture
def proxy(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    monkeypatch.setattr(patience, "LONGEST_SILENCE", 0.3)
    with FaultProxy(postgres.port) as running:
        yield running


def test_a_server_that_falls_silent_is_given_up_and_the_next_unit_of_work_connects_anew(
    proxy: FaultProxy, postgres_url: str
) -> None:
    store = open_store(through(proxy, postgres_url))
    with store.begin() as uow:
        proxy.strike(Silence())
        with pytest.raises(OperationalError, match="no answer in time"):
            record(uow)
    proxy.heal()
    with store.begin() as uow:
        assert record(uow).news
    store.close()


def test_a_server_that_lets_in_and_says_nothing_is_not_waited_for_for_ever(
    proxy: FaultProxy, postgres_url: str
) -> None:
    proxy.strike(Silence(Point(3)))
    with pytest.raises(TransientFailure, match="no answer in time"):
        open_store(through(proxy, postgres_url))


@pytest.mark.parametrize(
    ("sqlstate", "away"),
    [("53100", True), ("53300", True), ("57P03", True), ("53200", False), ("40P01", False), ("23505", False)],
)
def test_what_would_fail_for_any_statement_is_told_from_what_failed_for_one(
    postgres_url: str, sqlstate: str, away: bool
) -> None:
    store = open_store(postgres_url)
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}'; END $$"
    with pytest.raises(TransientFailure) as failure, store.begin() as uow:
        uow.inbox._connection.execute(text(statement))
    assert isinstance(failure.value, DatabaseAway) is away
    store.close()


def through(proxy: FaultProxy, url: str) -> str:
    return make_url(url).set(port=proxy.port).render_as_string(hide_password=False)


def lose_the_connection(store: Store, url: str) -> None:
    killer = create_engine(url)
    with store.begin() as uow:
        record(uow)
        with killer.connect() as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            connection.execute(text(others + "AND datname = current_database()"))
        killer.dispose()
        uow.inbox.waiting(NOW)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        (SECRET, "no database address"),
        (f"postgresql+psycopg://olga:{SECRET}@host:port/payroll", "no database address"),
        (f"mysql://olga:{SECRET}@host/payroll", "SQLite and PostgreSQL only"),
        (f"sqlite+aiosqlite:///{SECRET}.db", "SQLite and PostgreSQL only"),
        ("sqlite:////no/such/folder/mailflow.db", "folder /no/such/folder is not there"),
        ("sqlite:////proc/mailflow.db", "file cannot be used"),
        ("sqlite:////tmp", "file cannot be used"),
        (f"postgresql+psycopg://olga:{SECRET}@127.0.0.1:1/payroll?colour=blue", "server refuses"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_wrong_setting_with_its_mend(url: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=what) as wrong:
        open_store(url)
    (problem,) = wrong.value.problems
    assert problem.key == "database"
    assert problem.mend
    assert tells_no_secret(wrong.value)


def test_a_file_that_is_no_database_is_a_wrong_setting(tmp_path: Path) -> None:
    path = tmp_path / "invoice.pdf"
    path.write_bytes(b"%PDF-1.7 " * 1000)
    with pytest.raises(ConfigurationError, match="not a database"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == b"%PDF-1.7 " * 1000


def test_a_server_that_does_not_know_the_name_is_a_wrong_setting_without_the_name(postgres_url: str) -> None:
    with pytest.raises(ConfigurationError, match="does not exist") as wrong:
        open_store(postgres_url.rpartition("/")[0] + "/payroll")
    assert tells_no_secret(wrong.value)


def test_a_user_that_may_not_make_tables_is_a_wrong_setting(postgres_url: str) -> None:
    admin = create_engine(postgres_url)
    with admin.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS olga"))
        connection.execute(text("CREATE ROLE olga LOGIN"))
    with pytest.raises(ConfigurationError, match="permission denied"):
        open_store(postgres_url.replace("mailflow@", f"olga:{SECRET}@"))
    with admin.begin() as connection:
        connection.execute(text("DROP ROLE olga"))
    admin.dispose()


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match="psycopg is not installed") as wrong:
        open_store(f"postgresql+psycopg://olga:{SECRET}@127.0.0.1:1/payroll")
    assert tells_no_secret(wrong.value)


def test_an_error_tells_neither_the_statement_nor_what_was_in_the_mail(store: Store) -> None:
    keep(store, opened().invoice)
    with pytest.raises(TransientFailure) as twice, store.begin() as uow:
        uow.invoices.add(opened(counterparty=SECRET).invoice)
    assert "INSERT" not in str(twice.value)
    assert "INV-2026-0001" not in str(twice.value)
    assert SECRET not in str(twice.value) + str(twice.value.__cause__)


def test_what_a_database_can_never_take_is_the_administrators_move(store: Store) -> None:
    with pytest.raises(PermanentFailure) as never, store.begin() as uow:
        uow._connection.execute(text("SELECT 1 FROM nowhere"))
    assert "nowhere" in str(never.value)


def test_a_claim_does_not_load_the_bytes_of_the_mail(store: Store) -> None:
    with store.begin() as uow:
        record(uow)
        uow.commit()
    statements: list[str] = []
    event.listen(store._engine, "before_cursor_execute", lambda c, cu, statement, *_: statements.append(statement))
    with store.begin() as uow:
        assert uow.inbox.claim(NOW, NOW - NOW)
        uow.commit()
    assert [s for s in statements if "raw_mail" in s] == []
    assert len([s for s in statements if not s.startswith("BEGIN")]) == 2


def test_recording_new_mails_takes_a_statement_for_each_and_two_for_all_their_bytes_and_places(store: Store) -> None:
    statements: list[str] = []
    event.listen(store._engine, "before_cursor_execute", lambda c, cu, statement, *_: statements.append(statement))
    with store.begin() as uow:
        for uid in range(3):
            record(uow, f"mail {uid}", uid)
        uow.commit()
    into = [s.split()[:3] for s in statements if "BEGIN" not in s]
    assert into == [["INSERT", "INTO", table] for table in ("inbox", "inbox", "inbox", "raw_mail", "inbox_location")]


def tells_no_secret(error: MailflowError) -> bool:
    return not any(secret in str(error) for secret in (SECRET, "payroll", "olga", "INSERT", "sqlalche.me"))


def test_whoever_only_looks_holds_up_nobody_who_writes(store: Store) -> None:
    with store.look() as looking:
        assert looking.register.count(Wanted()) == 0
        with store.begin() as writing:
            writing.invoices.add(opened().invoice)
            writing.commit()
    with store.look() as looking:
        assert looking.register.count(Wanted()) == 1


def test_whoever_only_looks_cannot_write(store: Store) -> None:
    with pytest.raises(MailflowError), store.look() as looking:
        looking.invoices.add(opened().invoice)
    with store.begin() as writing:  # by the same connection, which may write again
        writing.invoices.add(opened().invoice)
        writing.commit()


def test_a_new_file_is_its_owners_alone_and_one_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    """It holds every mail, and the key that references are made from."""
    file = tmp_path / "mailflow.db"
    before = os.umask(0o022)
    try:
        open_store(f"sqlite:///{file}").close()
        assert file.stat().st_mode & 0o777 == 0o600
        file.chmod(0o640)
        open_store(f"sqlite:///{file}").close()
        assert file.stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)
