"""Killed at any write, sync or send, or met by an error there: the next start ends exactly where it would have ended.

Every stage of one invoice's life is lived once undisturbed; then again for each system call of it that writes to a
disk, a database or a server, killed there. The run after that must leave the same rows, the same mails and the same
mailbox, byte for byte; only a mail that was being sent may have gone twice, as the same mail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.servers.certificates import make_certificates
from tests.servers.dovecot import Dovecot
from tests.servers.postgres import Postgres
from tests.servers.smtp_sink import SmtpSink
from tests.trials.audit import Sent
from tests.trials.life import Databases, Scene, Stage, Theatre, outline, standing
from tests.trials.size import SIZE, by_size
from tests.trials.strace import BROKEN, DONE, Error, Kill, disturbed, require_strace, traced, undisturbed

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.skipif(SIZE != "full", reason="in full size only"))]
STAGES = ("submitted", "approved", "approved by all", "not paid in time", "paid", "asked for its status")
LATER = timedelta(minutes=2)


@dataclass(frozen=True)
class Ending:
    """What a stage leaves: rows, mails, folders."""

    rows: dict[str, list[str]]
    outline: object
    sent: frozenset[tuple[str, bytes]]
    folders: dict[str, list[bytes]]


@pytest.fixture(scope="module", params=DATABASES)
def theatre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    require_strace()
    folder: Path = tmp_path_factory.mktemp("theatre")
    postgres: Postgres | None = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    with Dovecot(make_certificates(folder).good) as dovecot, SmtpSink() as sink:
        yield Theatre(folder, dovecot, sink, Databases(folder, postgres))


@pytest.fixture(scope="module")
def stages(theatre: Theatre) -> dict[str, Stage]:
    return {stage.name: stage for stage in theatre.stages()}


def ending(theatre: Theatre, scene: Scene) -> Ending:
    sent = frozenset((mail.recipient, mail.raw) for mail in theatre.sent(scene))
    folders = {name: sorted(mails) for name, mails in scene.folders().items()}
    return Ending(standing(scene.url), outline(scene.url), sent, folders)


def undisturbed_ending(theatre: Theatre, stage: Stage) -> Ending:
    scene = theatre.scene(stage)
    assert undisturbed(scene.live) == DONE
    expected = ending(theatre, scene)
    assert expected.folders["INBOX"] == []
    assert not scene.in_doubt()
    theatre.databases.drop(scene.url)
    return expected


def repeated(sent: list[Sent]) -> set[str]:
    return {message_id for message_id, times in Counter(mail.message_id for mail in sent).items() if times > 1}


@pytest.mark.slow
@pytest.mark.parametrize("name", STAGES)
def test_killed_at_any_write_the_next_start_ends_where_it_would_have_ended(
    theatre: Theatre, stages: dict[str, Stage], name: str, record_property: Callable[[str, object], None]
) -> None:
    stage = stages[name]
    expected = undisturbed_ending(theatre, stage)
    scene = theatre.scene(stage)
    points = traced(scene.live)[:: by_size(quick=10, ci=1, full=1)]
    assert len(points) > 10
    killed, again, wrong = 0, 0, []
    for point in points:
        scene = theatre.scene(stage)
        killed += disturbed(scene.live, Kill(*point)) == -9
        in_doubt = scene.in_doubt()
        assert undisturbed(scene.live) == DONE, point
        found, twice = ending(theatre, scene), repeated(theatre.sent(scene))
        again += len(twice)
        if found != expected or not twice <= in_doubt:
            wrong.append((point, differences(found, expected), sorted(twice - in_doubt)))
        theatre.databases.drop(scene.url)
    record_property("trial", f"{name}: killed at {killed} of {len(points)} points, {again} mails sent twice")
    assert wrong == []
    assert killed >= 0.9 * len(points)


def differences(found: Ending, expected: Ending) -> list[str]:
    """Which tables differ, and in what, briefly."""
    said = [
        f"{table}: {sorted(set(found.rows[table]) ^ set(expected.rows[table]))[:2]}"[:500]
        for table in expected.rows
        if found.rows[table] != expected.rows[table]
    ]
    if found.sent != expected.sent:
        said.append(f"sent: {len(found.sent - expected.sent)} others, {len(expected.sent - found.sent)} not")
    if found.folders != expected.folders:
        said.append(f"folders: { {name: len(mails) for name, mails in found.folders.items()} }")
    return said


ERRORS = [
    ("pwrite64", "ENOSPC"),
    ("pwrite64", "EIO"),
    ("fdatasync", "EIO"),
    ("ftruncate", "EIO"),
    ("openat", "EMFILE"),
    ("socket", "EMFILE"),
    ("connect", "ETIMEDOUT"),
    ("sendto", "ECONNRESET"),
    ("recvfrom", "ECONNRESET"),
    ("recvfrom", "ETIMEDOUT"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("call", "errno"), ERRORS, ids=lambda word: str(word))
def test_whatever_error_a_call_meets_the_next_pass_ends_where_it_would_have_ended(
    theatre: Theatre, stages: dict[str, Stage], call: str, errno: str, record_property: Callable[[str, object], None]
) -> None:
    met, ends = 0, Counter[int]()
    wrong = []
    for name in ("submitted", "approved by all"):
        stage = stages[name]
        expected = undisturbed_ending(theatre, stage)
        points = [nth for which, nth in traced(theatre.scene(stage).live, call) if which == call]
        for nth in points[:: by_size(quick=40, ci=10, full=1)]:
            for lasting in (False, True):
                scene = theatre.scene(stage)
                code = disturbed(scene.live, Error(call, nth, errno, lasting))
                ends[code] += 1
                met += 1
                in_doubt = scene.in_doubt()
                again = undisturbed(partial(scene.live, LATER))
                if again == DONE:
                    again = undisturbed(partial(scene.live, LATER * 2))
                found, twice = ending(theatre, scene), repeated(theatre.sent(scene))
                if again != DONE or found.outline != expected.outline or found.folders != expected.folders:
                    wrong.append((name, nth, lasting, again, differences(found, expected)))
                if not twice <= in_doubt:
                    wrong.append((name, nth, lasting, "sent twice", sorted(twice - in_doubt)))
                theatre.databases.drop(scene.url)
    record_property("trial", f"{errno} of {call}: {met} times, ended {dict(ends)}")
    assert wrong == []
    assert ends[BROKEN] == 0
