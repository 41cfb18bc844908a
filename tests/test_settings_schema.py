"""The JSON schema lets pass what mailflow takes, and marks in the editor what it would refuse."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from mailflow.cli import cli
from mailflow.settings_schema import settings_schema
from tests.test_settings import DEVICE, GOOD, SECRETS, WRONG, good, load

TOP = Path(__file__).parents[1]
SCHEMA = settings_schema()
VALID = jsonschema.Draft202012Validator(SCHEMA)
FRAGMENTS = re.findall(r"```yaml\n(.*?)```", (TOP / "README.md").read_text("utf-8"), re.DOTALL)


class Editors(yaml.SafeLoader):
    """YAML 1.2, as editors read it: a date is a text."""


Editors.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def wrongs(text: str) -> list[str]:
    return [error.message for error in VALID.iter_errors(yaml.load(text, Editors))]


def known(section: str) -> set[str]:
    """The keys of a section."""
    of_settings = SCHEMA["$defs"]["Settings"]["properties"]
    return set(SCHEMA["$defs"][of_settings[section]["$ref"].rpartition("/")[2]]["properties"])


def merged(into: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    both = {key: merged(into[key], more[key]) for key in into.keys() & more.keys() if isinstance(more[key], dict)}
    return into | more | both


def test_it_is_a_schema_itself() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_kept_file_and_the_command_are_current() -> None:
    """After a change of the settings: python run.py schema > docs/settings.schema.json"""
    assert json.loads((TOP / "docs" / "settings.schema.json").read_text("utf-8")) == SCHEMA
    assert json.loads(CliRunner().invoke(cli, ["schema"]).output) == SCHEMA


def test_the_sample_settings_name_it_and_keep_to_it() -> None:
    sample = (TOP / "settings.yaml").read_text("utf-8")
    (name,) = re.findall(r"\A# yaml-language-server: \$schema=(\S+)$", sample, re.MULTILINE)
    assert (TOP / name).is_file()
    assert wrongs(sample) == []


def test_the_commented_parts_of_the_sample_keep_to_it() -> None:
    sample = (TOP / "settings.yaml").read_text("utf-8")
    optional = sample.partition("# Everything below is optional")[2].partition("\n")[2]
    text = re.sub(r"^# ?", "", optional, flags=re.MULTILINE)
    assert wrongs(GOOD + text) == []
    assert set(yaml.load(text, Editors)) >= {"bitrix24", "keywords", "holidays"}


def test_the_settings_of_the_readme_keep_to_it() -> None:
    assert FRAGMENTS
    for fragment in FRAGMENTS:
        keys = yaml.load(fragment, Editors)
        section = next((name for name in ("mailbox", "approval") if set(keys) <= known(name)), "")
        within = {section: keys} if section else keys
        whole = keys if "companies" in keys else merged(yaml.load(GOOD, Editors), within)
        assert [error.message for error in VALID.iter_errors(whole)] == [], fragment


def test_a_file_that_names_companies_holds_nothing_of_one() -> None:
    assert wrongs("companies: [north.yaml]\ndatabase: sqlite:///all.db\n") == []
    assert wrongs("companies: []\n")
    assert wrongs(GOOD + "companies: [north.yaml]\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("port: 993", 'port: "${PORT}"'),
        ("language: en", 'language: "${LANGUAGE}"'),
        ("language: en", "language:"),
        ("username: finance\n", "username: 4711\n"),
        ("next_day", "next_day\nholidays: {extra_holidays: [2026-12-30]}"),
        ("next_day", "next_day\ncompany_name:"),
        ("next_day", "next_day\nread_scans: true"),
        ("  route: sequential", '  second_approver: {address: a@example.com, above: {RUB: 500000, EUR: "${MOST}"}}'),
        ('    password: "${IMAP_PASSWORD}"\n', f"  oauth: {DEVICE}\n"),
    ],
)
def test_what_mailflow_takes_it_lets_pass(tmp_path: Path, old: str, new: str) -> None:
    text = good(old, new)
    load(tmp_path, text, {**SECRETS, "PORT": "993", "LANGUAGE": "ru", "MOST": "5000"})
    assert wrongs(text) == []


DEPENDENT = ("bitrix24", "mailbox.oauth.server", "mailbox.oauth.client_secret")
"""What is missing here is missing because of another key, which only `check` knows."""

STRUCTURAL = ("not a known", "is missing", "is not allowed", "is no list", "is no section", "too large", "no verb")
FORM = [wrong for wrong in WRONG if wrong[2] not in ("YAML", *DEPENDENT) and wrong[4].startswith(STRUCTURAL)]


@pytest.mark.parametrize(
    ("old", "new"), [wrong[:2] for wrong in FORM], ids=[f"{wrong[2]}: {wrong[1]}" for wrong in FORM]
)
def test_a_mistake_of_form_is_marked(old: str, new: str) -> None:
    assert wrongs(good(old, new))
