"""What every start pays for: the libraries that are imported before there is anything to do."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from mailflow.importing import importing
from mailflow.office.mail_server import MailServer
from mailflow.store.tables import Row
from tests.settings_file import write_settings_file
from tests.stories.conftest import SETTINGS

FOR_A_COMMAND = ("pydantic", "sqlalchemy", "yaml", "rich", "jinja2", "imap_tools", "json", "traceback")
FOR_A_MAIL = ("icalendar", "lxml", "inscriptis", "mailflow.inbound.reading", "mailflow.inbound.quoting")
FOR_SOME_SETTINGS = ("httpx", "PIL", "mailflow.adapters.bitrix24", "segno", "sepaxml", "sqlalchemy.dialects.postgresql")
FOR_OAUTH = ("mailflow.adapters.oauth.access_tokens", "mailflow.adapters.oauth.token_file")
FOR_A_PAYER = ("stdnum",)
FOR_A_MAIL_TO_WRITE = ("jinja2", "babel.dates", "babel.numbers", "mailflow.outbound.templating")
FOR_A_DAY_OFF = ("holidays.countries",)
FOR_A_MIGRATION = ("alembic", "mako")
FOR_PEOPLE_WHO_ASK = ("rich", "mailflow.outbound.samples", "mailflow.explanation", "mailflow.checking")

AT_NO_START = (
    *FOR_A_MAIL,
    *FOR_SOME_SETTINGS,
    *FOR_OAUTH,
    *FOR_A_PAYER,
    *FOR_A_DAY_OFF,
    *FOR_A_MAIL_TO_WRITE,
    *FOR_A_MIGRATION,
    *FOR_PEOPLE_WHO_ASK,
)


@pytest.mark.parametrize(
    ("starting", "not_yet"),
    [
        ("mailflow.cli", FOR_A_COMMAND),
        ("mailflow.bootstrap", AT_NO_START),
    ],
)
def test_what_only_some_starts_need_is_not_imported_by_all(starting: str, not_yet: tuple[str, ...]) -> None:
    program = f"import sys, {starting}; print(*sorted(sys.modules))"
    imported = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert starting in imported.stdout.split()
    assert not set(not_yet) & set(imported.stdout.split())


def test_a_pass_that_finds_nothing_imports_nothing_more_whatever_hour_has_come(tmp_path: Path) -> None:
    with MailServer({"finance@example.com": "secret"}) as server:
        text = SETTINGS.format(
            database=f"sqlite:///{tmp_path}/mailflow.db",
            imap=server.imap_port,
            smtp=server.smtp_port,
            sequence="olga@example.com",
            more="holidays: {country: RU}",
            check="sender_check: reference",
            approval="",
            payment="",
        )
        every_day = 'digest: {at: "00:00", days: [mon, tue, wed, thu, fri, sat, sun]}'
        settings = write_settings_file(tmp_path / "settings.yaml", text.replace("digest: false", every_day))
        program = (
            "import atexit, sys; from mailflow.cli import main; atexit.register(lambda: print(*sys.modules)); main()"
        )
        command = [sys.executable, "-c", program, "--settings", settings, "once"]
        subprocess.run(command, capture_output=True, check=True)  # makes the database
        once = subprocess.run(command, capture_output=True, text=True, check=True)
    said, imported = once.stdout.splitlines()
    assert said == "nothing new"
    assert "mailflow.jobs.whole_pass" in imported.split()
    assert not set(AT_NO_START) & set(imported.split())


def test_what_would_validate_rows_is_not_built() -> None:
    assert not any(row.__pydantic_complete__ for row in Row.__subclasses__())


def test_garbage_is_collected_again_after_the_imports_whatever_came_of_them() -> None:
    with importing():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ModuleNotFoundError), importing():
        raise ModuleNotFoundError
    assert gc.isenabled()
