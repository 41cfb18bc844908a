"""What every start pays for: the libraries that are imported before there is anything to do."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from mailflow.importing import importing

FOR_A_COMMAND = ("pydantic", "sqlalchemy", "yaml", "rich", "jinja2", "imap_tools", "json", "traceback")
FOR_A_MAIL = ("icalendar", "lxml", "inscriptis", "mailflow.inbound.reading", "mailflow.inbound.quoting")
FOR_SOME_SETTINGS = ("httpx", "PIL", "mailflow.adapters.bitrix24", "segno", "sepaxml", "sqlalchemy.dialects.postgresql")
FOR_OAUTH = ("mailflow.adapters.oauth.access_tokens", "mailflow.adapters.oauth.token_file")
FOR_A_MIGRATION = ("alembic", "mako")
FOR_PEOPLE_WHO_ASK = ("rich", "mailflow.outbound.samples", "mailflow.explanation", "mailflow.checking")


@pytest.mark.parametrize(
    ("starting", "not_yet"),
    [
        ("mailflow.cli", FOR_A_COMMAND),
        ("mailflow.bootstrap", (*FOR_A_MAIL, *FOR_SOME_SETTINGS, *FOR_OAUTH, *FOR_A_MIGRATION, *FOR_PEOPLE_WHO_ASK)),
    ],
)
def test_what_only_some_starts_need_is_not_imported_by_all(starting: str, not_yet: tuple[str, ...]) -> None:
    program = f"import sys, {starting}; print(*sorted(sys.modules))"
    imported = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert starting in imported.stdout.split()
    assert not set(not_yet) & set(imported.stdout.split())


def test_garbage_is_collected_again_after_the_imports_whatever_came_of_them() -> None:
    with importing():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ModuleNotFoundError), importing():
        raise ModuleNotFoundError
    assert gc.isenabled()
