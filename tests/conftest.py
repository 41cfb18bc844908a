"""What several rooms share."""

import pytest
from hypothesis import settings

from tests.inbound.corpus import TALLY
from tests.servers.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]

settings.register_profile("mailflow", deadline=None)  # a busy machine is no defect
settings.load_profile("mailflow")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of how real mail is read, a line a folder, whichever process has read it."""
    passed, failed = (terminalreporter.stats.get(outcome, []) for outcome in ("passed", "failed"))
    lines = [value for report in (*passed, *failed) for name, value in report.user_properties if name == TALLY]
    if lines:
        terminalreporter.section("real mail, as it is read")
        terminalreporter.write_line(f"{'':24}{'right':>7}{'asked':>7}{'wrong':>7}")
        for line in sorted(lines):
            terminalreporter.write_line(line)
