"""Killed at any write, sync or send, or met by an error there: in the end everything is as if nothing had happened.

Every stage of one invoice's life is lived once undisturbed; then again for each system call of it that writes to a
disk, a database or a server, killed there. The next start must leave the same rows, the same mails and the same
mailbox, byte for byte; only a mail that was being sent may have gone twice, as the same mail. An error in the kill's
place must be borne by the same process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import TRIAL
from tests.servers.certificates import make_certificates
from tests.servers.dovecot import Dovecot
from tests.servers.postgres import Postgres
from tests.servers.smtp_sink import SmtpSink
from tests.trials.databases import Databases
from tests.trials.life import Theatre
from tests.trials.scene import DONE, NOT_STARTED, PUT_OFF, Scene, Stage
from tests.trials.size import SIZE, by_size
from tests.trials.standing import Standing, outline, standing
from tests.trials.strace import KILLED, Error, Kill, disturbed, require_strace, spread, traced, turning, undisturbed

STAGES = ("submitted", "approved", "approved by all", "not paid in time", "paid", "asked for its status")
IN_FULL = pytest.mark.skipif(SIZE != "full", reason="in full size only")
DATABASES = ["sqlite", pytest.param("postgresql", marks=IN_FULL)]


@dataclass(frozen=True)
class Ending:
    """What a stage leaves: rows, mails, folders."""

    rows: Standing
    sent: frozenset[tuple[str, bytes]]
    folders: dict[str, list[bytes]]

    def differences(self, found: Ending) -> list[str]:
        """In what another one differs, briefly."""
        said = [
            f"{table}: {sorted(set(lines) ^ set(found.rows[table]))[:2]}"[:500]
            for table, lines in self.rows.items()
            if lines != found.rows[table]
        ]
        if found.sent != self.sent:
            said.append(f"sent: {len(found.sent - self.sent)} others, {len(self.sent - found.sent)} not")
        if found.folders != self.folders:
            said.append(f"folders: { {name: len(mails) for name, mails in found.folders.items()} }")
        return said


@pytest.fixture(scope="module")
def theatre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    require_strace()
    folder: Path = tmp_path_factory.mktemp("theatre")
    postgres: Postgres | None = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    with Dovecot(make_certificates(folder).good) as dovecot, SmtpSink() as sink:
        yield Theatre(folder, dovecot, sink, Databases(folder, postgres))


@pytest.fixture(scope="module")
def stages(theatre: Theatre) -> dict[str, Stage]:
    return {stage.name: stage for stage in theatre.stages()}


def all_of(scene: Scene) -> Ending:
    sent = frozenset((mail.recipient, mail.raw) for mail in scene.sent())
    return Ending(standing(scene.url), sent, scene.folders())


def gist_of(scene: Scene) -> Ending:
    """Without the mails' bytes: what was put off says a later time."""
    return Ending(outline(scene.url), frozenset(), scene.folders())


def undisturbed_ending(theatre: Theatre, stage: Stage, of: Callable[[Scene], Ending]) -> Ending:
    scene = theatre.scene(stage)
    assert undisturbed(scene.live) == DONE
    assert scene.problems(may_repeat=set()) == []
    assert scene.sent()
    return of(scene)


@pytest.mark.slow
@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("theatre", DATABASES, indirect=True)
def test_killed_at_any_write_the_next_start_ends_where_it_would_have_ended(
    theatre: Theatre, stages: dict[str, Stage], name: str, record_property: Callable[[str, object], None]
) -> None:
    stage = stages[name]
    expected = undisturbed_ending(theatre, stage, all_of)
    every = traced(theatre.scene(stage).live)
    points = every if SIZE == "full" else spread(turning(every), by_size(quick=10, ci=1, full=1))
    killed, twice, wrong = 0, 0, list[str]()
    for point in points:
        scene = theatre.scene(stage)
        killed += disturbed(scene.live, Kill(point.call, point.nth)) == KILLED
        being_sent = scene.being_sent("sending")
        ended = undisturbed(scene.live)
        problems = expected.differences(all_of(scene)) + scene.problems(being_sent)
        if ended != DONE or problems:
            wrong.append(f"{point}: the next start ended with {ended}: {problems}")
        twice += len(scene.sent_twice())
        theatre.databases.drop(scene.url)
    record_property(
        TRIAL,
        f"{theatre.databases}: {name}: killed at {killed} of {len(points)} points ({len(every)} calls), "
        f"{len(points) - len(wrong)} recovered, {twice} mails sent twice",
    )
    assert not wrong, "\n".join(wrong)
    assert killed == len(points) > 0


OF_FILES = [
    ("pwrite64", "ENOSPC"),
    ("pwrite64", "EIO"),
    ("fdatasync", "ENOSPC"),
    ("fdatasync", "EIO"),
    ("ftruncate", "ENOSPC"),
    ("ftruncate", "EIO"),
]
OF_ANYTHING = [
    ("openat", "EMFILE"),
    ("socket", "EMFILE"),
    ("connect", "ETIMEDOUT"),
    ("sendto", "ECONNRESET"),
    ("recvfrom", "ECONNRESET"),
    ("recvfrom", "ETIMEDOUT"),
]
ERRORS = [
    *(("sqlite", *error) for error in (*OF_FILES, *OF_ANYTHING)),
    *(pytest.param("postgresql", *error, marks=IN_FULL) for error in OF_ANYTHING if error[0] != "sendto"),
]
"""libpq answers a failed send by waiting for the server's last word, which never comes where the line is whole."""

MET_BY_ERRORS = ("submitted", "approved by all", "not paid in time")


@pytest.mark.slow
@pytest.mark.parametrize(("theatre", "call", "errno"), ERRORS, indirect=["theatre"])
def test_whatever_error_a_call_meets_the_same_process_goes_on_and_so_does_the_next_start(
    theatre: Theatre, stages: dict[str, Stage], call: str, errno: str, record_property: Callable[[str, object], None]
) -> None:
    ends: dict[bool, Counter[int]] = {False: Counter(), True: Counter()}
    wrong: list[str] = []
    for name in MET_BY_ERRORS[: by_size(quick=1, ci=3, full=3)]:
        expected = undisturbed_ending(theatre, stages[name], gist_of)
        for point in spread(traced(theatre.scene(stages[name]).live, call), by_size(quick=40, ci=10, full=1)):
            for lasting in (False, True):
                scene = theatre.scene(stages[name])
                first = disturbed(scene.live if lasting else scene.live_on, Error(call, point.nth, errno, lasting))
                ends[lasting][first] += 1
                in_doubt = scene.were_in_doubt() | scene.being_sent("sending", "unknown")
                ended = undisturbed(scene.live_on)
                problems = expected.differences(gist_of(scene)) + scene.problems(in_doubt | scene.were_in_doubt())
                borne = (DONE, PUT_OFF, NOT_STARTED) if lasting else (DONE, NOT_STARTED)
                if first not in borne or ended != DONE or problems:
                    what = f"{name}, {point}, {lasting=}"
                    wrong.append(f"{what}: ended with {first}, the next start with {ended}: {problems}")
                theatre.databases.drop(scene.url)
    met = ends[False].total() + ends[True].total()
    record_property(
        TRIAL,
        f"{theatre.databases}: {errno} of {call}: met {met} times, {met - len(wrong)} recovered; "
        f"ended once {dict(ends[False])}, lasting {dict(ends[True])}",
    )
    assert not wrong, "\n".join(wrong)
    assert met > 0
