"""What several rooms share."""

import pytest
from hypothesis import settings

from tests.inbound.corpus import TALLY
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]

settings.register_profile("mailflow", deadline=None)  # a busy machine is no defect
settings.load_profile("mailflow")


TRIAL = "trial"
"""The property of a test that tells how often something was tried to break."""


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Of a certificate authority that only the tests know."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How real mail is read, a line a folder, and what the trials came to, whichever process has tried."""
    passed, failed = (terminalreporter.stats.get(outcome, []) for outcome in ("passed", "failed"))
    told = [told for report in (*passed, *failed) for told in report.user_properties]
    if trials := [value for name, value in told if name == TRIAL]:
        terminalreporter.section("trials")
        for line in sorted(trials):
            terminalreporter.write_line(line)
    if lines := [value for name, value in told if name == TALLY]:
        terminalreporter.section("real mail, as it is read")
        terminalreporter.write_line(f"{'':24}{'right':>7}{'asked':>7}{'wrong':>7}")
        for line in sorted(lines):
            terminalreporter.write_line(line)
