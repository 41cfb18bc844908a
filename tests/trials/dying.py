"""A mailflow that dies by SIGKILL at one exact moment: with a mail in hand that it reads, or one that it sends."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from mailflow.jobs import dispatch
from mailflow.jobs.lines import Lines
from tests.trials.worker import FORKS, wired


class _Grave:
    """An SMTP server that nobody comes back from."""

    def send(self, _envelope: object) -> str:
        return _die()


def dies_reading(settings: Path, now: datetime) -> None:
    """Takes the oldest mail that waits, and is gone."""
    _lived(_reads, settings, now)


def dies_sending(settings: Path, now: datetime) -> None:
    """Begins a whole pass, and is gone with the first effect in hand, before the server hears of it."""
    _lived(_sends, settings, now)


def _lived(deed: Callable[[Path, datetime], None], settings: Path, now: datetime) -> None:
    process = FORKS.Process(target=deed, args=(settings, now), daemon=True)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL, "there was nothing that it could take in hand"


def _reads(settings: Path, now: datetime) -> None:
    replace(wired(settings).whole_pass.processing, read=_die, at_once=1).run_once(now)


def _sends(settings: Path, now: datetime) -> None:
    mailflow = wired(settings)
    dispatch.WAVES = 1
    dying = replace(mailflow.whole_pass.dispatch, lines=Lines(_Grave()))  # type: ignore[arg-type]
    replace(mailflow.whole_pass, dispatch=dying).run(lambda: now)


def _die(*_: object) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives this")
