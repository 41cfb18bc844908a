"""Two mailflows at one database that decide at the same moment: processes of their own, held together by a barrier."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from datetime import date, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path

from mailflow import bootstrap
from mailflow.documents.reading import read_file
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.reading import read_mail
from mailflow.settings import load_settings

TOGETHER = 60
"""Seconds that one waits for the other; longer, and something is wrong."""


def race(settings_file: Path, pairs: int, now: datetime) -> None:
    """Lets two processes take the mails that wait, two at a time: each claims one, then both decide at once."""
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2)
    racers = [spawn.Process(target=_run, args=(settings_file, barrier, pairs, now), daemon=True) for _ in range(2)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    codes = [racer.exitcode for racer in racers]
    assert codes == [0, 0], f"the two ended with {codes}"


def _run(settings_file: Path, barrier: Barrier, pairs: int, now: datetime) -> None:
    settings = load_settings(settings_file, {})
    application = bootstrap.build(settings)
    keywords = bootstrap.keywords_of(settings)

    def read_together(raw: bytes, today: date) -> ReadMail:
        read = read_mail(raw, keywords, today)
        barrier.wait(TOGETHER)
        return read

    processing = replace(application.whole_pass.processing, read=read_together, read_file=read_file)
    try:
        for _ in range(pairs):
            barrier.wait(TOGETHER)
            processing.run_once(now)
    finally:
        application.close()
