"""Several companies in one process, each with a mailbox, people and a database of its own, in a thread of its own."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailflow import bootstrap
from mailflow.bootstrap import EXIT_OK, EXIT_TRY_AGAIN
from mailflow.daemon import LONGEST_PAUSE, Daemon, Troubles, heed_signals
from mailflow.errors import ConfigurationError, MailflowError
from mailflow.service_manager import ALIVE, ServiceManager, service_manager, shared_by
from mailflow.settings import Settings, load_settings
from mailflow.settings_watch import until_restart

log = logging.getLogger(__name__)


@dataclass
class Branch:
    """One company's daemon. What it cannot do, or cannot even begin with, holds up no other company."""

    settings: Settings
    file: Path
    manager: ServiceManager
    _daemon: Daemon | None = None
    _troubles: Troubles = field(default_factory=Troubles)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until it is told to stop."""
        while not self._stopping.is_set():
            try:
                self._work()
            except Exception as failure:  # noqa: BLE001 - whatever hinders one company, it is said and tried again
                unforeseen = None if isinstance(failure, MailflowError) else failure
                self._troubles.are([f"the work of this company cannot go on, and begins anew: {failure}"], unforeseen)
                self.manager.tell(ALIVE)
                self._stopping.wait(LONGEST_PAUSE)
                self._read_settings()

    def _work(self) -> None:
        application = bootstrap.build(self.settings)
        try:
            self._daemon = bootstrap.daemon_of(application, self.settings, self.file, self.manager)
            if not self._stopping.is_set():
                application.board = bootstrap.board_beside(self.settings, application)
                application.read_structure()
                self._daemon.run()
        finally:
            self.settings = application.settings
            application.close()

    def _read_settings(self) -> None:
        """What the file says by now, of what needs no restart; where it is wrong, what was in force before."""
        try:
            edited = load_settings(self.file, os.environ, self.settings.database.get_secret_value())
        except ConfigurationError as wrong:
            log.error("%s; what was right before stays in force", wrong)
        else:
            self.settings, _ = until_restart(self.settings, edited)

    def wake(self) -> None:
        """A pass at once; may be called from a signal handler."""
        if self._daemon:
            self._daemon.wake()

    def stop(self) -> None:
        """No further pass; may be called from a signal handler."""
        self._stopping.set()
        if self._daemon:
            self._daemon.stop()


def run(companies: Mapping[str, Settings], files: Mapping[str, Path]) -> int:
    """The daemons of all companies, until they are told to stop; `files` are where their settings are from."""
    managers = shared_by(service_manager(), companies)
    branches = {name: Branch(settings, files[name], managers[name]) for name, settings in companies.items()}

    def each(deed: Callable[[Branch], None]) -> None:
        for branch in branches.values():
            deed(branch)

    heed_signals(lambda: each(Branch.stop), lambda: each(Branch.wake))
    _at_once({name: branch.run for name, branch in branches.items()})
    return EXIT_OK


def once(companies: Mapping[str, Settings], progress: Callable[[str, str, int], None]) -> dict[str, int]:
    """One whole pass for each company, side by side; 0 or 75 by its name. `progress` hears the name first."""
    codes: dict[str, int] = {}

    def work(name: str, settings: Settings) -> None:
        try:
            codes[name] = bootstrap.once(settings, lambda what, count: progress(name, what, count))
        except Exception as failure:  # whatever hinders one company, the others do their work
            log.error("%s", failure, exc_info=None if isinstance(failure, MailflowError) else failure)
            codes[name] = EXIT_TRY_AGAIN

    _at_once({name: lambda name=name, it=it: work(name, it) for name, it in companies.items()})  # type: ignore[misc]
    return codes


def _at_once(works: Mapping[str, Callable[[], None]]) -> None:
    """Does all of it in threads of these names, and waits for the end of all."""
    threads = [threading.Thread(target=work, name=name) for name, work in works.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
