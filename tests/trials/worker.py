"""mailflow in a process of its own that is at work within milliseconds of its start, so that a kill hits its work.

A server that has imported everything forks each of them. Mail is read in the same process, and templates are compiled
once for all: neither writes anything.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
from dataclasses import replace
from datetime import date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

import jinja2

from mailflow import bootstrap
from mailflow.daemon import Daemon
from mailflow.documents.reading import read_file
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.reading import read_mail
from mailflow.jobs.whole_pass import PassResult
from mailflow.outbound.templating import Templates
from mailflow.settings import load_settings, packaged_templates

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.trials.nursery"])
TEMPLATES = Templates(jinja2.FileSystemLoader(packaged_templates()))
_STARTS_WITHIN = 60
"""Seconds, on a busy machine."""


class Clock:
    """The system's clock, so far ahead as a test says; the same one in every process that it is given to."""

    def __init__(self) -> None:
        self._ahead = FORKS.Value("d", 0.0)

    def __call__(self) -> datetime:
        return bootstrap.utc_now() + timedelta(seconds=self._ahead.value)

    def advance(self, by: timedelta) -> None:
        self._ahead.value += by.total_seconds()


class Worker:
    """One mailflow. It writes its log into the folder of its settings."""

    def __init__(self, settings: Path, clock: Clock) -> None:
        self._working, theirs = FORKS.Pipe(duplex=False)
        self._process = FORKS.Process(target=_work, args=(settings, clock, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        """Once it works."""
        assert self._working.poll(_STARTS_WITHIN), "it never began to work"
        self._working.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        self._process.kill()
        self._process.join()
        assert self._process.exitcode == -signal.SIGKILL, f"it had ended by itself, with {self._process.exitcode}"


def wired(settings_file: Path) -> bootstrap.Application:
    """The whole of mailflow; it reads mail in this process, with templates that are compiled already."""
    settings = load_settings(settings_file, {})
    application = bootstrap.build(settings)
    keywords = bootstrap.keywords_of(settings)

    def read(raw: bytes, today: date) -> ReadMail:
        return read_mail(raw, keywords, today)

    whole = application.whole_pass
    processing = replace(whole.processing, read=read, read_file=read_file, templates=lambda: TEMPLATES)
    application.whole_pass = replace(
        whole, processing=processing, dispatch=replace(whole.dispatch, templates=lambda: TEMPLATES)
    )
    return application


def log_of(settings: Path) -> Path:
    """What all the mailflows of these settings have said."""
    return settings.with_name("log")


def _work(settings: Path, clock: Clock, working: Connection) -> None:
    logging.basicConfig(filename=log_of(settings), level=logging.INFO, format="%(asctime)s %(process)d %(message)s")
    application = wired(settings)

    def run_pass() -> PassResult:
        return application.whole_pass.run(clock)

    working.send(None)
    Daemon(run_pass, application.mailbox, poll_seconds=1, watches=application.store.watches).run()
