"""Several companies in one installation: each has a file of its own, and shares nothing that would mix their mail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailflow.errors import ConfigurationError
from mailflow.installation import Installation, load_installation
from tests.settings_file import write_settings_file

COMPANY = """\
mailbox:
  address: finance@{name}.example.com
  imap: {{host: imap.example.com, port: 993, username: {name}, password: imap-s3cret-{name}}}
  smtp: {{host: smtp.example.com, port: 465}}
  sender_check: reference
administrator: admin@example.com
submitters: ["@{name}.example.com"]
approval: {{sequence: [olga@{name}.example.com]}}
payment: {{accountant: anna@{name}.example.com}}
"""
BOTH = "companies: [north.yaml, south.yaml]\n"
SERVER = "postgresql+psycopg://mailflow:db-s3cret@127.0.0.1/mailflow"


def install(folder: Path, common: str = BOTH, **companies: str) -> Installation:
    """North and south as they are, or with other settings."""
    for name in {"north", "south", *companies}:
        write_settings_file(folder / f"{name}.yaml", companies.get(name, COMPANY.format(name=name)))
    return load_installation(write_settings_file(folder / "settings.yaml", common), {})


def wrong(folder: Path, common: str = BOTH, **companies: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        install(folder, common, **companies)
    assert caught.value.file == str(folder / "settings.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_a_file_that_names_no_companies_is_one_company(tmp_path: Path) -> None:
    file = write_settings_file(tmp_path / "settings.yaml", COMPANY.format(name="north"))
    installation = load_installation(file, {})
    assert not installation.several
    assert installation.companies[""].mailbox.address == "finance@north.example.com"
    assert installation.companies[""].database.get_secret_value() == "sqlite:///mailflow.db"


def test_each_company_has_its_own_mailbox_people_and_route(tmp_path: Path) -> None:
    companies = install(tmp_path).companies
    assert list(companies) == ["north", "south"]
    assert companies["north"].mailbox.address == "finance@north.example.com"
    assert companies["south"].approval.sequence[0].address == "olga@south.example.com"


@pytest.mark.parametrize(
    ("common", "north"),
    [
        ("", "sqlite:///mailflow-north.db"),
        ("database: sqlite:////tmp/mail.db", "sqlite:////tmp/mail-north.db"),
        (f"database: {SERVER}", f"{SERVER}?schema=north"),
        (f"database: {SERVER}?connect_timeout=3", f"{SERVER}?connect_timeout=3&schema=north"),
    ],
)
def test_each_company_has_a_part_of_the_common_database(tmp_path: Path, common: str, north: str) -> None:
    companies = install(tmp_path, BOTH + common).companies
    assert companies["north"].database.get_secret_value() == north


def test_a_company_may_have_a_database_of_its_own(tmp_path: Path) -> None:
    south = COMPANY.format(name="south") + "database: sqlite:////tmp/own.db\n"
    companies = install(tmp_path, BOTH + f"database: {SERVER}", south=south).companies
    assert companies["south"].database.get_secret_value() == "sqlite:////tmp/own.db"


def test_what_is_wrong_with_any_company_is_named_with_its_file_and_line(tmp_path: Path) -> None:
    north = COMPANY.format(name="north").replace("port: 993", "port: 99300")
    south = COMPANY.format(name="south").replace("administrator", "adminstrator")
    found = wrong(tmp_path, north=north, south=south)
    assert any(line.startswith("line 3, north.yaml: mailbox.imap.port: '99300' is too large.") for line in found)
    assert any(line.startswith("line 6, south.yaml: adminstrator: is not a known key.") for line in found)


def test_a_company_whose_file_is_not_there_is_named(tmp_path: Path) -> None:
    (found,) = wrong(tmp_path, "companies: [north.yaml, west.yaml]\n")
    assert found.startswith("west.yaml: settings: there is no such file.")


@pytest.mark.parametrize(
    ("north", "key", "mend"),
    [
        (
            COMPANY.format(name="north").replace("finance@north", "finance@south"),
            "mailbox.address",
            "Give each company a mailbox of its own.",
        ),
        (
            COMPANY.format(name="north").replace("username: north", "username: South"),
            "mailbox.folders",
            "Give each company an account, or folders, of its own.",
        ),
        (
            COMPANY.format(name="north") + "database: sqlite:///mailflow-south.db\n",
            "database",
            "Give each company a schema (?schema=NAME) or a file of its own.",
        ),
    ],
)
def test_two_companies_share_no_mailbox_folder_or_database(tmp_path: Path, north: str, key: str, mend: str) -> None:
    assert wrong(tmp_path, north=north) == [f"line 1, companies[2].{key}: is the same as that of north. {mend}"]


def test_two_companies_share_no_sign_in(tmp_path: Path) -> None:
    """The token of one would be tried at the mailbox of the other."""
    oauth = "  oauth: {provider: microsoft, flow: device, client_id: an-id}\n  sender_check"
    north, south = (
        re.sub(", password: [^}]+", "", COMPANY.format(name=name)).replace("  sender_check", oauth)
        for name in ("north", "south")
    )
    (found,) = wrong(tmp_path, north=north, south=south)
    assert "companies[2].mailbox.oauth.token_file: is the same as that of north." in found


def test_two_companies_share_no_portal(tmp_path: Path) -> None:
    hook = "bitrix24: {{webhook: 'https://us.bitrix24.com/rest/{}/s3cret{}/'}}\n"
    north, south = (COMPANY.format(name=name) + hook.format(n, n) for n, name in enumerate(("north", "south"), 1))
    (found,) = wrong(tmp_path, north=north, south=south)
    assert "companies[2].bitrix24.webhook: is the same as that of north." in found
    assert "s3cret" not in found


def test_two_companies_share_no_port_for_their_metrics(tmp_path: Path) -> None:
    """The second one could not have it, and would do no work."""
    north, south = (COMPANY.format(name=n) + 'metrics: {listen: "127.0.0.1:9464"}\n' for n in ("north", "south"))
    (found,) = wrong(tmp_path, north=north, south=south)
    assert "companies[2].metrics.listen: is the same as that of north. Give each company a port of its own." in found
    assert install(tmp_path, north=north.replace("9464", "9465"), south=south).several


def test_one_account_with_folders_for_each_company_is_fine(tmp_path: Path) -> None:
    folders = "sender_check: reference\n  folders: {inbox: North, processed: North done, quarantine: North odd}"
    north = COMPANY.format(name="north").replace("username: north", "username: south")
    assert install(tmp_path, north=north.replace("sender_check: reference", folders)).several


@pytest.mark.parametrize(
    ("common", "found"),
    [
        ("companies: []\n", "line 1, companies: is empty."),
        ("companies: [North.yaml]\n", "line 1, companies[1]: 'North' is no name for a company."),
        ("companies: [pg_north.yaml]\n", "line 1, companies[1]: 'pg_north' is no name for a company."),
        ("companies: [north.yaml, other/north.yaml]\n", "line 1, companies[2]: is a second north."),
        (BOTH + "language: ru\n", "line 2, language: is not a known key."),
        (BOTH + "database: mysql://x\n", "line 2, database: is no database"),
    ],
)
def test_what_is_wrong_with_the_common_file_is_named(tmp_path: Path, common: str, found: str) -> None:
    (tmp_path / "other").mkdir()
    write_settings_file(tmp_path / "other" / "north.yaml", COMPANY.format(name="west"))
    assert any(line.startswith(found) for line in wrong(tmp_path, common))


def test_a_password_written_out_in_a_common_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    install(tmp_path)
    file = tmp_path / "settings.yaml"
    file.write_text(BOTH + f"database: {SERVER}\n", "utf-8")
    file.chmod(0o644)
    tmp_path.chmod(0o755)
    with pytest.raises(ConfigurationError, match="written out in a file that other users") as caught:
        load_installation(file, {})
    assert "s3cret" not in str(caught.value)


def test_the_secrets_of_all_companies_are_kept(tmp_path: Path) -> None:
    secrets = install(tmp_path, BOTH + f"database: {SERVER}").secrets()
    assert {"imap-s3cret-north", "imap-s3cret-south", "db-s3cret"} <= set(secrets)
