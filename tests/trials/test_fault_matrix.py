"""Every server fails in every way, while mail is on its way; then it is well again, and nothing is lost or doubled.

A failing case is played again by its name: `TRIALS=full pytest tests/trials/test_fault_matrix.py -k "imap and silent
and seed17"`. The seed draws where a line breaks, how large the slices are, in what order the mails come and which is
struck.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

import pytest

from mailflow.adapters.reading_process import ReadingProcess
from mailflow.approval.wording import KEYWORDS
from tests.adapters.conftest import shared_dovecot
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.postgres import Postgres
from tests.trials.cell import KINDS, SERVERS, Cell, Said
from tests.trials.faults_of_databases import OF_POSTGRESQL, OF_SQLITE
from tests.trials.faults_of_mail import OF_IMAP, OF_SMTP
from tests.trials.faults_of_portals import OF_BITRIX24
from tests.trials.size import by_size
from tests.trials.story import CLERK, Outcome, Servers, Story

__all__ = ["shared_dovecot"]

CELLS = [*OF_IMAP, *OF_SMTP, *OF_POSTGRESQL, *OF_SQLITE, *OF_BITRIX24]
SEEDS = range(1, 1 + by_size(quick=1, ci=1, full=100))
_NO_NETWORK = "SQLite is a file: nobody is spoken to over a network."
LEFT_OUT: Mapping[tuple[str, str], str] = {
    **{("sqlite", kind): _NO_NETWORK for kind in KINDS if kind.startswith(("refused", "cut", "reset", "certificate"))},
    ("sqlite", "silent"): "A file does not fall silent; one that another program holds is 4xx, SQLITE_BUSY.",
    ("sqlite", "slow"): "A slow disk only makes a pass longer; nothing of SQLite's has a time limit but the lock.",
    ("sqlite", "garbage"): "A damaged file does not heal: the way back is `restore`, which has its own trials.",
    ("sqlite", "5xx"): "SQLITE_IOERR comes from the system: the trials that fail system calls have it.",
    ("sqlite", "login refused"): "Nobody signs in; a file that may not be opened is a wrong setting (store tests).",
    ("sqlite", "restarted"): "There is no server; a restart of mailflow itself is tried where it is killed.",
    ("sqlite", "killed"): "There is no server; mailflow itself is killed in trials of its own.",
}
"""Server and kind of fault that make no sense, with the reason."""


@dataclass(frozen=True)
class Usual:
    """A day on which nothing goes wrong: how it ends, and how many answers each server gives in the struck pass."""

    outcome: Outcome
    answers: Mapping[str, int]


@pytest.fixture(scope="session")
def reading() -> Iterator[ReadingProcess]:
    process = ReadingProcess(KEYWORDS, 800)
    yield process
    process.close()


@pytest.fixture(scope="session")
def servers(
    shared_dovecot: Dovecot,
    certificates: Certificates,
    reading: ReadingProcess,
    tmp_path_factory: pytest.TempPathFactory,
) -> Servers:
    return Servers(shared_dovecot, certificates, reading, tmp_path_factory.mktemp("servers"))


@pytest.fixture(scope="session")
def pattern(postgres: Postgres, certificates: Certificates) -> str:
    """A migrated database of mailflow's own role, by its name."""
    from sqlalchemy import make_url

    from mailflow.store.engine import open_store

    postgres.encrypt(certificates.good)
    with postgres.connect() as connection:
        connection.execute(f"CREATE ROLE {CLERK} LOGIN")
    address = postgres.new_database(user=CLERK)
    open_store(address).close()
    return str(make_url(address).database)


@pytest.fixture(scope="session")
def open_story(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Story]:
    """A story on a server's own terms: with a portal where that is to fail, on PostgreSQL where that is."""

    def opener(server: str, monkeypatch: pytest.MonkeyPatch, **more: object) -> Story:
        folder = tmp_path_factory.mktemp("story")
        if server == "postgresql":
            pattern = request.getfixturevalue("pattern")
            postgres: Postgres = request.getfixturevalue("postgres")
            database = postgres.new_database(pattern, CLERK)
            return Story(servers, folder, database, monkeypatch, postgres=postgres, **more)
        database = servers.empty_sqlite(folder)
        return Story(servers, folder, database, monkeypatch, has_portal=server == "bitrix24", **more)

    return opener


@pytest.fixture(scope="session")
def usual(open_story: Callable[..., Story]) -> Callable[[str], Usual]:
    """The day without a fault, played once for each server."""
    days: dict[str, Usual] = {}

    def usual_day(server: str) -> Usual:
        if server not in days:
            with pytest.MonkeyPatch.context() as monkeypatch, open_story(server, monkeypatch) as story:
                story.begin()
                story.heal()
                assert story.work() == []
                answers = {name: line.longest_talk for name, line in story.lines.items()}
                assert story.work(minutes=7) == []
                assert story.problems() == []
                days[server] = Usual(story.outcome(), answers)
        return days[server]

    return usual_day


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_a_fault_is_told_and_once_it_is_mended_everything_is_done_and_nothing_twice(
    cell: Cell,
    seed: int,
    open_story: Callable[..., Story],
    usual: Callable[[str], Usual],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    day = usual(cell.server)
    rng = Random(f"{cell.name} {seed}")
    with open_story(cell.server, monkeypatch, rng=rng, tls=cell.tls, usual=day.answers) as story:
        story.begin()
        caplog.clear()
        cell.strike(story)

        troubles = []
        for _ in range(cell.passes):
            troubles += story.work()
            assert story.took < cell.seconds
        if cell.said is not Said.IF_HINDERED or troubles or story.outcome() != day.outcome:
            _assert_told(cell, troubles, caplog.records)
        cell.remains(story)
        if cell.checks is not None:
            _assert_checked(cell, story.check())

        story.heal()
        story.work(cell.pauses[0])
        if cell.by_hand:
            story.retry_all()
        assert story.work(cell.pauses[1]) == []
        assert story.problems() == []
        _assert_done(cell, story.outcome(), day.outcome)
        assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_every_server_fails_in_every_way_or_the_reason_is_written_down() -> None:
    tried = {(cell.server, cell.kind) for cell in CELLS}
    assert tried | LEFT_OUT.keys() == {(server, kind) for server in SERVERS for kind in KINDS}
    assert not tried & LEFT_OUT.keys()
    assert len({cell.name for cell in CELLS}) == len(CELLS)


def _assert_told(cell: Cell, troubles: list[str], records: list[logging.LogRecord]) -> None:
    logged = [r.getMessage() for r in records if r.levelno >= logging.WARNING and r.name.startswith("mailflow")]
    if cell.said is Said.NOWHERE:
        assert (troubles, logged) == ([], [])
        return
    told = troubles if cell.said is Said.AS_TROUBLE else troubles + logged
    assert any(re.search(cell.says, line) for line in told), f"troubles: {troubles}\nlog: {logged}"
    assert not any("Traceback" in line or "\n" in line for line in troubles)


def _assert_checked(cell: Cell, wrong: list[str]) -> None:
    pattern = cell.checks or cell.says
    assert any(re.search(pattern, line) for line in wrong), f"check: {wrong}"


def _assert_done(cell: Cell, ended: Outcome, usually: Outcome) -> None:
    assert ended.statuses == usually.statuses
    more = ended.written - usually.written
    assert usually.written - ended.written == {}
    assert {kind for _, kind, _ in more} <= cell.adds
    assert ended.shown == usually.shown
