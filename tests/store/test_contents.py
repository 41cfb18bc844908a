"""A mail or file comes back byte for byte, however large it is, and is kept with its transaction or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailflow.errors import DatabaseAway, PermanentFailure
from mailflow.store.contents import LARGE
from mailflow.store.engine import Store, open_store
from mailflow.store.files import _CONTENTS, Files
from tests.store.conftest import sqlite_in

SIZES = [0, 1, LARGE - 1, LARGE, LARGE + 1, 3 * LARGE]


def test_contents_come_back_as_they_were_however_large(store: Store) -> None:
    contents = [os.urandom(size) for size in SIZES]
    with store.begin() as uow:
        keys = [uow.files.keep(content) for content in contents]
        assert [uow.files.keep(content) for content in contents] == keys
        assert [uow.files.read(key) for key in keys] == contents
        uow.commit()
    with store.look() as uow:
        assert uow.files.several([*keys, "0" * 64]) == dict(zip(keys, contents, strict=True))


def test_a_large_content_is_gone_with_its_transaction(store: Store) -> None:
    content = os.urandom(2 * LARGE)
    with store.begin() as uow:
        key = uow.files.keep(content)
    with store.begin() as uow:
        assert uow.files.several([key]) == {}
        assert uow.files.keep(content) == key
        uow.commit()
    with store.begin() as uow:
        assert uow.files.read(key) == content


def test_a_large_content_for_which_there_is_no_room_is_put_off_and_none_of_it_is_kept(in_sqlite: Store) -> None:
    content = os.urandom(2 * LARGE)
    with pytest.raises(DatabaseAway, match="full"), in_sqlite.begin() as uow:
        _keep_within(uow.files, 300, content)
    with in_sqlite.begin() as uow:
        assert uow.files.read(_keep_within(uow.files, 1_000_000, content)) == content


def test_what_hinders_a_content_where_it_lies_is_foreseen_as_what_hinders_a_statement(in_sqlite: Store) -> None:
    with pytest.raises(PermanentFailure, match="no such rowid"), in_sqlite.begin() as uow:
        _fill_where_nothing_is(uow.files)


@pytest.fixture
def in_sqlite(tmp_path: Path) -> Iterator[Store]:
    store = open_store(sqlite_in(tmp_path))
    yield store
    store.close()


def _keep_within(files: Files, pages: int, content: bytes) -> str:
    files._connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    return files.keep(content)


def _fill_where_nothing_is(files: Files) -> None:
    with _CONTENTS._place(files._connection, 7, readonly=False) as place:
        place.write(b"")
