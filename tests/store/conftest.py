"""Every behaviour of the store is shown on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, delete
from sqlmodel import SQLModel

from mailflow.store.engine import Store, open_store
from tests.servers.postgres import Postgres

BOTH = ["sqlite", "postgresql"]


@pytest.fixture(params=BOTH)
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that nothing has ever been in."""
    return sqlite_in(tmp_path) if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without a row."""
    return sqlite_in(tmp_path) if request.param == "sqlite" else str(request.getfixturevalue("emptied_url"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = open_store(url)
    yield store
    store.close()


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> Iterator[Engine]:
    engine = create_engine(postgres.new_database())
    open_store(address(engine)).close()
    yield engine
    engine.dispose()


@pytest.fixture
def emptied_url(migrated: Engine) -> str:
    """One PostgreSQL database for many tests: to empty it is ten times faster than to make a new one."""
    with migrated.begin() as connection:
        for table in reversed(SQLModel.metadata.sorted_tables):
            connection.execute(delete(table))
    return address(migrated)


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def sqlite_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'mailflow.db'}"
