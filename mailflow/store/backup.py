"""Copies of a SQLite database: made while mailflow works, put back while it does not.

A copy of the file alone, as `cp` makes it, is none: what was committed last may still stand in the write-ahead log.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, make_url

from mailflow.errors import PermanentFailure, TransientFailure
from mailflow.store.presence import alone_on

_BESIDE = ("", "-wal", "-shm")


def back_up(address: str, file: Path) -> None:
    """Writes a whole copy, synced to the disk, or none.

    Raises PermanentFailure where that cannot be done, with what to do instead, TransientFailure where it may later.
    """
    database = _file_of(make_url(address), "pg_dump --format=custom --file=FILE DATABASE")
    if file.exists():
        raise PermanentFailure(
            f"{file} is there already and was left as it is. Name a new file, by the date for example."
        )
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        _make_empty(unfinished, database)
        with closing(_reading(database, "")) as source:
            _copy(source, unfinished)
        _require_whole(unfinished)
        unfinished.rename(file)
    except PermanentFailure as damage:
        unfinished.unlink(missing_ok=True)
        raise PermanentFailure(
            f"{database} itself is damaged, and no copy was made. Restore the newest one that there is."
        ) from damage
    except (sqlite3.Error, OSError) as error:
        unfinished.unlink(missing_ok=True)
        raise TransientFailure(f"No copy could be made at {file}: {error}") from error


def put_back(address: str, file: Path, now: datetime) -> Path:
    """Puts a copy in the place of the database; gives where the one that was there now lies.

    Raises PermanentFailure where the copy is none or somebody works on the database, TransientFailure where it cannot
    be put back, and all is as it was.
    """
    database = _file_of(make_url(address), "pg_restore --clean --if-exists --dbname=DATABASE FILE")
    if not file.is_file():
        raise PermanentFailure(f"{file} is not there. Name a file that `backup` has written.")
    _require_whole(file)
    kept = database.with_name(f"{database.name}.before-{now:%Y%m%d-%H%M%S}")
    arriving = database.with_name(f"{database.name}.arriving")
    try:
        with alone_on(database) as nobody_works:
            if not nobody_works:
                raise PermanentFailure("A mailflow works on this database. Stop it, then restore.")
            _make_empty(arriving, database)
            with closing(_reading(file, _still(file))) as source:
                _copy(source, arriving)
            _exchange(database, kept, arriving)
    except (sqlite3.Error, OSError) as error:
        arriving.unlink(missing_ok=True)
        raise TransientFailure(f"{file} could not be put back: {error}. The database is as it was.") from error
    return kept


def _exchange(database: Path, kept: Path, arriving: Path) -> None:
    """The one for the other, with all that belongs to it, or neither."""
    moved: list[tuple[Path, Path]] = []
    try:
        for end in _BESIDE:
            if (there := database.with_name(database.name + end)).exists():
                moved.append((there, there.rename(kept.with_name(kept.name + end))))
        arriving.rename(database)
    except OSError:
        for there, aside in moved:
            aside.rename(there)
        raise


def _file_of(address: URL, instead: str) -> Path:
    if address.get_backend_name() != "sqlite" or not address.database:
        raise PermanentFailure(f"This is for SQLite. For PostgreSQL use its own tool: {instead}")
    return Path(address.database)


def _require_whole(file: Path) -> None:
    """Raises PermanentFailure for a file that is damaged, or no database of mailflow's."""
    try:
        with closing(_reading(file, _still(file))) as copy:
            (said,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
            copy.execute("SELECT version_num FROM alembic_version, identity_key").fetchone()
    except sqlite3.Error as error:
        raise PermanentFailure(f"{file} is no whole copy of a mailflow database: {error}. Take another one.") from error
    if said != "ok":
        raise PermanentFailure(f"{file} is damaged: {said}. Take another one.")


def _reading(file: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro{how}", uri=True)


def _still(file: Path) -> str:
    """How a file is opened that nobody writes to, wherever it lies; not where a log beside it belongs to it."""
    return "" if file.with_name(f"{file.name}-wal").exists() else "&immutable=1"


def _make_empty(file: Path, like: Path) -> None:
    """A new file that those may read and write who may the other, and nobody else at any moment."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    if like.exists():
        owner = like.stat()
        if hasattr(os, "chown"):
            with suppress(PermissionError):  # nobody but root gives files away
                os.chown(file, owner.st_uid, owner.st_gid)
        shutil.copymode(like, file)


def _copy(source: sqlite3.Connection, file: Path) -> None:
    """Everything, the log included, as one file, synced."""
    with closing(sqlite3.connect(file)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    _synced(file)


def _synced(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
