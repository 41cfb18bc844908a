"""The settings: typed, from settings.yaml and the environment; every mistake is named with its line and its mend."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator

from mailflow.approval.company import UnpaidMovesTo
from mailflow.approval.submission import RouteKind
from mailflow.approval.wording import KEYWORDS, Verb
from mailflow.errors import ConfigurationError, SettingsProblem

_ADDRESS = re.compile(r"[^@\s<>,;:\"()]+@[^@\s<>,;:\"()]+\.?[^@\s<>,;:\"()]+")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def _address(value: Any) -> Any:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value.strip()):
        raise ValueError("this is no e-mail address; write it as name@example.com")
    return value.strip().lower()


def _submitter(value: Any) -> Any:
    if isinstance(value, str) and value.strip().startswith("@") and len(value.strip()) > 1:
        return value.strip().lower()
    return _address(value)


def _zone(value: Any) -> Any:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise ValueError("this time zone is not known; write one as Europe/Moscow") from None
    return value


def _file(value: Any) -> Any:
    if value is not None and not Path(value).is_file():
        raise ValueError(f"the file {value} is not there or cannot be read; correct the path")
    return value


def _folder(value: Any) -> Any:
    if value is not None and not Path(value).is_dir():
        raise ValueError(f"the folder {value} is not there; correct the path")
    return value


def _time_of_day(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", value):
        raise ValueError('this is no time of day; write it in quotes, as "10:00"')
    hour, _, minute = value.partition(":")
    return time(int(hour), int(minute))


Address = Annotated[str, BeforeValidator(_address)]
Submitter = Annotated[str, BeforeValidator(_submitter)]
Language = Literal["en", "ru"]
Security = Literal["tls", "starttls", "none"]
ExistingFile = Annotated[Path, BeforeValidator(_file)]
ExistingFolder = Annotated[Path, BeforeValidator(_folder)]


class Section(BaseModel):
    """A part of the settings: nothing unknown, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(Section):
    """A mail server. Certificates are always verified, against `ca_file` where one is given."""

    host: str
    port: int = Field(ge=1, le=65535)
    security: Security
    username: str | None = None
    password: SecretStr | None = None
    ca_file: ExistingFile | None = None
    insecure: bool = False

    @model_validator(mode="after")
    def _safe(self) -> Server:
        if self.security == "none" and not self.insecure and not _is_loopback(self.host):
            raise ValueError(
                f"security: none would send the password to {self.host} in the clear; "
                "use tls or starttls, or write insecure: true beside it if you really mean that"
            )
        return self


class ImapServer(Server):
    """The server that the shared mailbox is read from; nobody reads without signing in."""

    username: str
    password: SecretStr


class Folders(Section):
    """The folders of the shared mailbox; the last two are made where they are missing."""

    inbox: str = "INBOX"
    processed: str = "Processed"
    quarantine: str = "Quarantine"

    @model_validator(mode="after")
    def _different(self) -> Folders:
        if len({self.inbox, self.processed, self.quarantine}) < 3:
            raise ValueError("inbox, processed and quarantine must be three different folders")
        return self


class MailboxSettings(Section):
    """The company's finance address."""

    address: Address
    imap: ImapServer
    smtp: Server
    folders: Folders = Folders()
    sender_check: Literal["reference", "dmarc"]
    trusted_authserv: tuple[str, ...] = ()
    poll_seconds: float = Field(default=60, ge=1, le=3600)

    @model_validator(mode="after")
    def _trusts_somebody(self) -> MailboxSettings:
        if self.sender_check == "dmarc" and not self.trusted_authserv:
            raise ValueError(
                "sender_check: dmarc needs trusted_authserv, the authserv-ids of your own mail server: the first word of "
                "the topmost Authentication-Results header of any mail it received from outside"
            )
        return self


class PersonSettings(Section):
    """Somebody of the directory."""

    email: Address
    name: str = ""
    language: Language | None = None
    manager: Address | None = None
    deputy: Address | None = None


class ApprovalSettings(Section):
    """Who approves, and how long to wait for them."""

    route: RouteKind = RouteKind.SEQUENTIAL
    sequence: tuple[Address, ...] = ()
    remind_after_hours: float = Field(default=24, gt=0)

    @model_validator(mode="after")
    def _somebody_approves(self) -> ApprovalSettings:
        if self.route is RouteKind.SEQUENTIAL and not self.sequence:
            raise ValueError("route: sequential needs a sequence, the list of approvers in their order")
        return self


class PaymentSettings(Section):
    """Who pays, and what happens with what was not paid in time."""

    accountant: Address
    invite_at: Annotated[time, BeforeValidator(_time_of_day)] = time(10, 0)
    unpaid_moves_to: UnpaidMovesTo = UnpaidMovesTo.NEXT_DAY


class HolidaySettings(Section):
    """The working days: a country of the package `holidays`, and days that differ from it."""

    country: str = "RU"
    extra_holidays: tuple[date, ...] = ()
    extra_working_days: tuple[date, ...] = ()


class Bitrix24Settings(Section):
    """The portal. Its webhook's address is a secret."""

    webhook: SecretStr


class Settings(Section):
    """Everything that an administrator can choose."""

    language: Language = "en"
    timezone: Annotated[str, BeforeValidator(_zone)] = "Europe/Moscow"
    database: SecretStr = SecretStr("sqlite:///mailflow.db")
    mailbox: MailboxSettings
    administrator: Address
    submitters: tuple[Submitter, ...] = Field(min_length=1)
    people: tuple[PersonSettings, ...] = ()
    approval: ApprovalSettings
    payment: PaymentSettings
    bitrix24: Bitrix24Settings | None = None
    company_name: str = ""
    templates: ExistingFolder = Path(__file__).parent.parent / "templates"
    keywords: Mapping[Verb, tuple[str, ...]] = Field(default_factory=dict)
    holidays: HolidaySettings = HolidaySettings()
    max_message_mb: int = Field(default=40, ge=1, le=1000)

    @model_validator(mode="after")
    def _each_person_once(self) -> Settings:
        addresses = [p.email for p in self.people]
        twice = sorted({a for a in addresses if addresses.count(a) > 1})
        if twice:
            raise ValueError(f"people names {', '.join(twice)} twice; keep one entry for each person")
        return self

    @model_validator(mode="after")
    def _each_keyword_once(self) -> Settings:
        taken = {w: v for v, words in KEYWORDS.items() for group in words.values() for w in group}
        for verb, words in self.keywords.items():
            for word in (w.strip().upper() for w in words):
                if not word or taken.setdefault(word, verb) is not verb:
                    raise ValueError(f"keywords.{verb.value}: {word!r} means something else already; choose another word")
        return self


def load_settings(file: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Reads settings.yaml, with ${NAME} from the environment or from a file .env beside it.

    Raises ConfigurationError with every mistake that was found.
    """
    document = _read(file)
    values = {**_env_file(file.parent / ".env"), **environment}
    try:
        plain = document.plain(values)
        if not isinstance(plain, dict):
            raise _Mistakes([SettingsProblem("settings", "the file holds no settings.", "Start from the sample.", 1)])
        return Settings.model_validate(plain)
    except _Mistakes as mistakes:
        raise ConfigurationError(str(file), mistakes.problems) from None
    except ValidationError as error:
        raise ConfigurationError(str(file), [_problem(e, document) for e in error.errors()]) from None


class _Mistakes(Exception):  # noqa: N818 - never leaves this file
    def __init__(self, problems: list[SettingsProblem]) -> None:
        super().__init__()
        self.problems = problems


@dataclass(frozen=True)
class _Document:
    """A YAML document that still knows its lines."""

    root: yaml.Node

    def plain(self, values: Mapping[str, str]) -> Any:
        """The document as plain values; raises _Mistakes for keys written twice and variables that are not set."""
        problems: list[SettingsProblem] = []
        plain = _plain(self.root, "", values, problems)
        if problems:
            raise _Mistakes(problems)
        return plain

    def line(self, path: tuple[int | str, ...]) -> int:
        """The line (1-based) of the deepest part of a path that is there."""
        node, line = self.root, 1
        for step in path:
            found = next((pair for pair in _children(node) if pair[0] == step), None)
            if found is None:
                break
            _, line, node = found
        return line


def _read(file: Path) -> _Document:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        mend = "Copy the sample settings.yaml there, or name another file with --settings."
        raise ConfigurationError(str(file), [SettingsProblem("settings", "the file is not there.", mend)]) from None
    except (OSError, UnicodeDecodeError) as error:
        what = f"the file cannot be read ({type(error).__name__})."
        mend = "Make it readable for this user, as UTF-8."
        raise ConfigurationError(str(file), [SettingsProblem("settings", what, mend)]) from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = f"this is not YAML: {getattr(error, 'problem', None) or 'it cannot be read'}."
        mend = "Indent with spaces, never tabs, and quote texts with special characters."
        line = mark.line + 1 if mark else None
        raise ConfigurationError(str(file), [SettingsProblem("settings", what, mend, line)]) from None
    if root is None:
        mend = "Start from the sample."
        raise ConfigurationError(str(file), [SettingsProblem("settings", "the file is empty.", mend, 1)])
    return _Document(root)


def _children(node: yaml.Node) -> Iterator[tuple[int | str, int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value.start_mark.line + 1, value


def _plain(node: yaml.Node, path: str, values: Mapping[str, str], problems: list[SettingsProblem]) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        plain: dict[str, Any] = {}
        for key, key_line, value in _children(node):
            name = f"{path}.{key}".lstrip(".")
            if key in plain:
                problems.append(SettingsProblem(name, "this key stands here twice.", "Keep one of them.", key_line))
            plain[str(key)] = _plain(value, name, values, problems)
        return plain
    if isinstance(node, yaml.SequenceNode):
        return [_plain(value, f"{path}[{index}]", values, problems) for index, _, value in _children(node)]
    try:
        scalar = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError):
        problems.append(SettingsProblem(path, "this value is not allowed here.", "Write plain text or a number.", line))
        return None
    return _filled_in(scalar, path, line, values, problems) if isinstance(scalar, str) else scalar


def _filled_in(
    text: str, path: str, line: int, values: Mapping[str, str], problems: list[SettingsProblem]
) -> str:
    for name in _VARIABLE.findall(text):
        if name not in values:
            what = f"the environment variable {name} is not set."
            problems.append(SettingsProblem(path, what, f"Set {name}, or write it into .env beside the settings.", line))
    return _VARIABLE.sub(lambda found: values.get(found[1], ""), text)


def _env_file(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    pairs = (line.removeprefix("export ").partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}


def _problem(error: Any, document: _Document) -> SettingsProblem:
    path = tuple(error["loc"])
    key = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in path).lstrip(".") or "settings"
    line = document.line(path)
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(path[-1]), _keys_at(path[:-1]), n=1)
        mend = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(_keys_at(path[:-1]))}."
        return SettingsProblem(key, "nobody knows this key.", mend, line)
    if path[-1:] == ("sender_check",) and kind in ("missing", "literal_error"):
        return SettingsProblem(
            key,
            "it must be chosen who may be believed.",
            "Write `sender_check: dmarc` (an answer counts only where your own mail server has verified its sender; needs "
            "trusted_authserv) or `sender_check: reference` (the address on record and the unguessable reference suffice: "
            "for a closed mail server).",
            line,
        )
    if kind == "missing":
        return SettingsProblem(key, "this is missing.", f"Add {path[-1]}: … here.", line)
    if kind == "value_error":
        what, _, mend = str(context.get("error", error["msg"])).partition("; ")
        return SettingsProblem(key, f"{what}.", f"{mend[:1].upper()}{mend[1:]}." if mend else "", line)
    if kind in ("literal_error", "enum"):
        return SettingsProblem(key, "this is none of the choices.", f"Write {context['expected']}.", line)
    return SettingsProblem(key, f"{error['msg'][:1].lower()}{error['msg'][1:]}.", "Correct the value.", line)


def _keys_at(path: tuple[int | str, ...]) -> list[str]:
    """The keys that are known at a place of the settings."""
    model: Any = Settings
    for step in path:
        if isinstance(step, int):
            continue
        field = getattr(model, "model_fields", {}).get(step)
        model = _section_of(field.annotation) if field else None
    return list(getattr(model, "model_fields", {}))


def _section_of(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_of(part))), None)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
