"""Opening the database brings it to today's tables, whoever comes first and from wherever mailflow is installed."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, inspect, text
from sqlmodel import SQLModel

from mailflow.errors import ConfigurationError
from mailflow.store.engine import open_store
from mailflow.store.migrating import migrations
from mailflow.store.version import newest
from tests.store.rows import LEASE, NOW, SOON, claimed, enqueue, record

DAEMONS = 2


def test_the_migrated_database_has_exactly_the_tables_of_the_code(new_url: str) -> None:
    open_store(new_url).close()
    engine = create_engine(new_url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    engine.dispose()
    assert differences == []


def test_the_comparison_above_would_see_a_lacking_index(new_url: str) -> None:
    open_store(new_url).close()
    engine = create_engine(new_url)
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_outbox_due"))
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    engine.dispose()
    assert [difference[0] for difference in differences] == ["add_index"]


def test_opening_twice_changes_nothing(new_url: str) -> None:
    open_store(new_url).close()
    open_store(new_url).close()


def test_daemons_that_start_at_the_same_moment_migrate_once(new_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    together = spawn.Barrier(DAEMONS)
    daemons = [spawn.Process(target=_start, args=(new_url, together)) for _ in range(DAEMONS)]
    for daemon in daemons:
        daemon.start()
    for daemon in daemons:
        daemon.join(60)
    assert [daemon.exitcode for daemon in daemons] == [0] * DAEMONS
    engine = create_engine(new_url)
    with engine.connect() as connection:
        assert len(connection.execute(text("SELECT version_num FROM alembic_version")).all()) == 1
    engine.dispose()


def _start(url: str, together: object) -> None:
    together.wait()  # type: ignore[attr-defined]
    open_store(url).close()


def test_what_an_older_mailflow_had_in_hand_goes_on_after_the_upgrade(new_url: str) -> None:
    """And the way back is open as well."""
    store = open_store(new_url)
    with store.begin() as uow:
        record(uow)
        enqueue(uow, "being sent")
        assert uow.outbox.claim_due(NOW, LEASE)
        uow.commit()
    store.close()
    engine = create_engine(new_url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    with engine.begin() as connection:
        command.downgrade(migrations(connection), "0002")
    engine.dispose()
    upgraded = open_store(new_url)
    upgraded.take_part(SOON)
    assert claimed(upgraded, SOON) == "being sent"
    with upgraded.begin() as uow:
        mail = uow.inbox.claim(SOON, LEASE)
        assert mail is not None
        assert uow.inbox.raw(mail.id) == b"mail"
    upgraded.close()


def test_a_migration_that_fails_leaves_nothing_behind(new_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailflow.store.migrating.command.upgrade", _half_an_upgrade)
    with pytest.raises(RuntimeError):
        open_store(new_url)
    monkeypatch.undo()
    engine = create_engine(new_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    open_store(new_url).close()


def _half_an_upgrade(config: object, revision: str) -> None:
    connection = config.attributes["connection"]  # type: ignore[attr-defined]
    connection.execute(text("CREATE TABLE half (id INTEGER)"))
    raise RuntimeError("the power went")


def test_a_database_of_a_newer_mailflow_is_not_touched(new_url: str) -> None:
    open_store(new_url).close()
    engine = create_engine(new_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ConfigurationError, match="newer mailflow"):
        open_store(new_url)


def test_the_migrations_are_found_wherever_the_process_was_started(
    new_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "100% elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    open_store(new_url).close()


def test_the_newest_migration_is_told_without_alembic_as_alembic_tells_it() -> None:
    with create_engine("sqlite://").connect() as connection:
        assert [newest()] == ScriptDirectory.from_config(migrations(connection)).get_heads()
