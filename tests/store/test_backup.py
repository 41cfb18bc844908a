"""A copy is whole whatever happens meanwhile, and never replaces anything that was not kept aside."""

from __future__ import annotations

import errno
import shutil
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from mailflow.errors import PermanentFailure, TransientFailure
from mailflow.store.backup import back_up, put_back
from mailflow.store.engine import open_store
from tests.store.rows import NOW, record

NOON, LATER = datetime(2026, 12, 1, 12, 0, tzinfo=UTC), datetime(2026, 12, 1, 13, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "mailflow.db"
    receive(file, "yesterday's mail", 1)
    return file


def address(file: Path) -> str:
    return f"sqlite:///{file}"


def receive(file: Path, content: str, uid: int) -> None:
    store = open_store(address(file))
    with store.begin() as uow:
        record(uow, content, uid)
        uow.commit()
    store.close()


def subjects(file: Path) -> list[str]:
    store = open_store(address(file))
    with store.begin() as uow:
        found = [mail.subject for mail in map(uow.inbox.get, range(1, 1000)) if mail]
    store.close()
    return found


def test_what_came_after_the_copy_is_gone_after_the_restore_and_lies_beside(database: Path, tmp_path: Path) -> None:
    back_up(address(database), tmp_path / "copy")
    receive(database, "today's mail", 2)
    kept = put_back(address(database), tmp_path / "copy", NOON)
    assert subjects(database) == ["yesterday's mail"]
    assert kept.name == "mailflow.db.before-20261201-120000"
    assert subjects(kept) == ["yesterday's mail", "today's mail"]


def test_a_log_that_the_lost_database_left_behind_is_not_taken_for_the_copy_s(database: Path, tmp_path: Path) -> None:
    """SQLite would replay it over the copy."""
    back_up(address(database), tmp_path / "copy")
    store = open_store(address(database))
    with store.begin() as uow:
        record(uow, "today's mail", 2)
        uow.commit()
    for end in ("", "-wal"):
        shutil.copy(f"{database}{end}", f"{tmp_path}/crashed{end}")
    store.close()
    crashed = tmp_path / "crashed"
    assert Path(f"{crashed}-wal").stat().st_size
    put_back(address(crashed), tmp_path / "copy", NOON)
    assert subjects(crashed) == ["yesterday's mail"]


def test_a_copy_made_while_mail_comes_in_is_whole(database: Path, tmp_path: Path) -> None:
    """Whatever moment it shows, it shows all up to then and nothing after."""

    def receives() -> None:
        store = open_store(address(database))
        for number in range(2, 200):
            with store.begin() as uow:
                record(uow, f"mail {number}" + "x" * 20_000, number)
                uow.commit()
        store.close()

    receiving = Thread(target=receives)
    receiving.start()
    copies = [tmp_path / f"copy {number}" for number in range(5)]
    for copy in copies:
        back_up(address(database), copy)
    receiving.join()
    for copy in copies:
        store = open_store(address(copy))
        with store.begin() as uow:
            held = [uow.inbox.get(number) is not None for number in range(1, 201)]
            raws = [uow.inbox.raw(number + 1) for number in range(sum(held))]
        store.close()
        assert held == sorted(held, reverse=True)
        assert all(raws)


def test_it_is_one_file_that_stands_alone(database: Path, tmp_path: Path) -> None:
    back_up(address(database), tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("copy")] == ["copy"]


def test_a_file_that_is_there_is_left_as_it_is(database: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("precious")
    with pytest.raises(PermanentFailure, match="there already"):
        back_up(address(database), tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "precious"


def test_where_no_copy_can_be_written_nothing_is_left_of_it(database: Path, tmp_path: Path) -> None:
    with pytest.raises(TransientFailure, match="No copy could be made"):
        back_up(address(database), tmp_path / "no folder" / "copy")


def test_nothing_is_restored_while_a_mailflow_works(database: Path, tmp_path: Path) -> None:
    back_up(address(database), tmp_path / "copy")
    working = open_store(address(database))
    working.take_part(NOW)
    with pytest.raises(PermanentFailure, match="Stop it"):
        put_back(address(database), tmp_path / "copy", NOON)
    working.close()
    put_back(address(database), tmp_path / "copy", NOON)


@pytest.mark.parametrize("damage", ["not there", "text", "another database", "cut", "a page overwritten"])
def test_a_copy_that_is_none_is_not_put_back(database: Path, tmp_path: Path, damage: str) -> None:
    copy = tmp_path / "copy"
    back_up(address(database), copy)
    whole = copy.read_bytes()
    copy.unlink()
    if damage == "text":
        copy.write_text("no database\n" * 1000)
    elif damage == "another database":
        import sqlite3

        sqlite3.connect(copy).executescript("CREATE TABLE alembic_version (version_num TEXT)").connection.close()
    elif damage == "cut":
        copy.write_bytes(whole[: len(whole) // 2])
    elif damage == "a page overwritten":
        copy.write_bytes(whole[:8192] + b"\xff" * 4096 + whole[12288:])
    with pytest.raises(PermanentFailure, match="copy"):
        put_back(address(database), copy, NOON)
    assert subjects(database) == ["yesterday's mail"]


def test_for_postgresql_its_own_tools_are_named_and_no_password_is(tmp_path: Path) -> None:
    url = "postgresql+psycopg://mailflow:hidden-word@127.0.0.1/mailflow"
    with pytest.raises(PermanentFailure, match="pg_dump") as refused:
        back_up(url, tmp_path / "copy")
    assert "hidden-word" not in str(refused.value)
    with pytest.raises(PermanentFailure, match="pg_restore"):
        put_back(url, tmp_path / "copy", NOON)


def test_what_was_kept_beside_can_be_put_back_with_its_log(database: Path, tmp_path: Path) -> None:
    """Of a mailflow that was killed the last commits stand in the log alone."""
    back_up(address(database), tmp_path / "copy")
    store = open_store(address(database))
    with store.begin() as uow:
        record(uow, "today's mail", 2)
        uow.commit()
    for end in ("", "-wal"):
        shutil.copy(f"{database}{end}", f"{tmp_path}/crashed{end}")
    store.close()
    crashed = tmp_path / "crashed"
    kept = put_back(address(crashed), tmp_path / "copy", NOON)
    put_back(address(crashed), kept, LATER)
    assert subjects(crashed) == ["yesterday's mail", "today's mail"]


def test_a_copy_and_what_is_put_back_may_be_read_by_whom_the_database_may_be(database: Path, tmp_path: Path) -> None:
    database.chmod(0o640)
    back_up(address(database), tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o640
    (tmp_path / "copy").chmod(0o400)
    put_back(address(database), tmp_path / "copy", NOON)
    assert database.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.rename"])
def test_where_it_cannot_be_put_back_the_database_is_as_it_was(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    back_up(address(database), tmp_path / "copy")
    receive(database, "today's mail", 2)
    before = sorted(tmp_path.iterdir())
    rename = Path.rename

    def full(what: Path | int, *to: Path) -> Path:
        if isinstance(what, Path) and what.suffix != ".arriving":
            return rename(what, *to)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(step, full)
    with pytest.raises(TransientFailure, match=r"No space left on device.*as it was"):
        put_back(address(database), tmp_path / "copy", NOON)
    monkeypatch.undo()
    assert sorted(path for path in tmp_path.iterdir() if path.suffix != ".lock") == [
        path for path in before if path.suffix != ".lock"
    ]
    assert subjects(database) == ["yesterday's mail", "today's mail"]


def test_that_the_database_itself_is_damaged_is_said_and_no_copy_is_left(database: Path, tmp_path: Path) -> None:
    whole = database.read_bytes()
    database.write_bytes(whole[:8192] + b"\xff" * 4096 + whole[12288:])
    with pytest.raises(PermanentFailure, match=r"mailflow.db itself is damaged.*Restore"):
        back_up(address(database), tmp_path / "copy")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("copy")]


def test_a_mailflow_that_starts_during_a_restore_works_on_what_was_put_back(database: Path, tmp_path: Path) -> None:
    back_up(address(database), tmp_path / "copy")
    starting = open_store(address(database))
    kept = put_back(address(database), tmp_path / "copy", NOON)
    starting.take_part(NOW)
    with starting.begin() as uow:
        record(uow, "today's mail", 2)
        uow.commit()
    starting.close()
    assert subjects(database) == ["yesterday's mail", "today's mail"]
    assert subjects(kept) == ["yesterday's mail"]
