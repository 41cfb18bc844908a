"""What one settings file sets up: a company, or several, each with a file, a mailbox and a database of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, ValidationError

from mailflow.errors import ConfigurationError
from mailflow.settings import DEFAULT_DATABASE, Database, Section, Settings, Text, load_settings
from mailflow.settings_mending import note
from mailflow.settings_secrets import note_written_out
from mailflow.settings_source import Source, read_source

_NAME = re.compile(r"(?!pg_)[a-z][a-z0-9_-]{0,39}")


class CompaniesSettings(Section):
    """A settings.yaml that names companies: what they have in common."""

    companies: tuple[Text, ...] = Field(
        min_length=1, description="a list of settings files, one for each company, such as [north.yaml, south.yaml]"
    )
    database: Database = Field(
        SecretStr(DEFAULT_DATABASE),
        description="sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME; a part of it for each company",
    )


@dataclass(frozen=True)
class Installation:
    """The companies by name, and the files that their settings are from.

    The only one of a file that names none has the name "".
    """

    companies: Mapping[str, Settings]
    files: Mapping[str, Path]

    @property
    def several(self) -> bool:
        """Whether the companies have names."""
        return "" not in self.companies

    def secrets(self) -> tuple[str, ...]:
        """Everything that must never be shown."""
        return tuple(dict.fromkeys(word for settings in self.companies.values() for word in settings.secrets()))


def load_installation(file: Path, environment: Mapping[str, str] = os.environ) -> Installation:
    """The settings of a file and of those that it names. Raises ConfigurationError with everything that is wrong."""
    source = read_source(file, environment)
    if "companies" not in source.values:
        return Installation({"": load_settings(file, environment)}, {"": file})
    installation = _companies(source, file, environment)
    if source.problems:
        raise ConfigurationError(str(file), sorted(source.problems.values(), key=lambda p: (p.line or 0, p.key)))
    return installation


def _companies(source: Source, file: Path, environment: Mapping[str, str]) -> Installation:
    """Each company that can be read; the problems of all are in the source."""
    try:
        common = CompaniesSettings.model_validate(source.values)
    except ValidationError as error:
        note(error, source, CompaniesSettings)
        return Installation({}, {})
    note_written_out(source, file)
    companies: dict[str, Settings] = {}
    files: dict[str, Path] = {}
    for index, named in enumerate(common.companies):
        name = Path(named).stem
        if not _NAME.fullmatch(name):
            mend = "Name the file by 1 to 40 small Latin letters, digits, - and _, such as north.yaml."
            source.add(("companies", index), f"{name!r} is no name for a company.", mend)
            continue
        try:
            database = _part_of(common.database.get_secret_value(), name)
            settings = load_settings(file.parent / named, environment, database)
        except ConfigurationError as error:
            for problem in error.problems:
                of_it = replace(problem, key=f"{named}: {problem.key}")
                source.problems.setdefault(("companies", index, problem.key), of_it)
            continue
        if name in companies:
            source.add(("companies", index), f"is a second {name}.", "Give each company's file a name of its own.")
        for other, theirs in companies.items():
            for key, mend in _shared(settings, theirs):
                source.add(("companies", index, key), f"is the same as that of {other}.", mend)
        companies[name], files[name] = settings, file.parent / named
    return Installation(companies, files)


def _part_of(database: str, company: str) -> str:
    """Where in the common database a company's tables lie: in a schema, or a file, of its own."""
    address, query, more = database.partition("?")
    if address.startswith("sqlite"):
        file = Path(address.removeprefix("sqlite:///"))
        return f"sqlite:///{file.with_name(f'{file.stem}-{company}{file.suffix}')}{query}{more}"
    return f"{database}{'&' if query else '?'}schema={company}"


def _shared(one: Settings, other: Settings) -> Iterator[tuple[str, str]]:
    """What two companies may not have in common, by its key, with the mend."""
    if one.mailbox.address == other.mailbox.address:
        yield "mailbox.address", "Give each company a mailbox of its own."
    if _account(one) == _account(other) and _folders(one) & _folders(other):
        yield "mailbox.folders", "Give each company an account, or folders, of its own."
    if _token_file(one) and _token_file(one) == _token_file(other):
        yield "mailbox.oauth.token_file", "Give each company a file of its own for its sign-in."
    if _database(one) == _database(other):
        yield "database", "Give each company a schema (?schema=NAME) or a file of its own."
    if _portal(one) and _portal(one) == _portal(other):
        yield "bitrix24.webhook", "Give each company a portal of its own, or leave it out for one of them."
    if one.metrics and other.metrics and one.metrics.place == other.metrics.place:
        yield "metrics.listen", "Give each company a port of its own."


def _account(settings: Settings) -> tuple[str, int, str]:
    imap = settings.mailbox.imap
    return imap.host.lower(), imap.port, imap.username.lower()


def _folders(settings: Settings) -> set[str]:
    folders = settings.mailbox.folders
    return {name.casefold() for name in (folders.inbox, folders.processed, folders.quarantine)}


def _token_file(settings: Settings) -> Path | None:
    return settings.mailbox.oauth.token_file.resolve() if settings.mailbox.oauth else None


def _database(settings: Settings) -> tuple[object, ...]:
    address = settings.database.get_secret_value()
    if address.startswith("sqlite"):
        return (Path(address.removeprefix("sqlite:///").partition("?")[0]).resolve(),)
    parts = urlsplit(address)
    query = parse_qs(parts.query)
    host = (parts.hostname, *query.get("host", ()))
    return host, parts.port or 5432, parts.path, query.get("schema", ["public"])[0]


def _portal(settings: Settings) -> str | None:
    return urlsplit(settings.bitrix24.webhook.get_secret_value()).hostname if settings.bitrix24 else None
