"""What the administrator decides: settings.yaml, typed and checked; read by `load_settings`, never at import."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from mailflow.approval.company import EscalateTo, UnpaidMovesTo
from mailflow.approval.document import PaymentDetails
from mailflow.approval.effects import RecordPlace
from mailflow.approval.structure import HierarchySource, WhenAway
from mailflow.approval.submission import RouteKind
from mailflow.approval.wording import KEYWORDS, Verb
from mailflow.branding import EVERY_LANGUAGE
from mailflow.check_digits import is_account_at, is_bic, is_bik, is_correspondent_of, is_iban, is_inn, is_kpp
from mailflow.errors import ConfigurationError
from mailflow.loopback import is_loopback
from mailflow.packaged import packaged
from mailflow.settings_mending import nearest, note
from mailflow.settings_secrets import note_written_out
from mailflow.settings_source import read_source
from mailflow.template_folder import languages_in
from mailflow.working_days import has_calendar

Security = Literal["tls", "starttls", "none"]
SenderCheck = Literal["reference", "dmarc"]
OAuthProvider = Literal["microsoft", "google", "other"]
OAuthFlow = Literal["device", "browser", "client_credentials"]

DEFAULT_DATABASE = "sqlite:///mailflow.db"

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_DOMAIN}")
_AT_DOMAIN = re.compile(rf"@{_DOMAIN}")
_TIME_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_KEYWORD = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){0,3}")
_WEBHOOK = re.compile(r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^/:\s]+)(:\d+)?/rest/\d+/[^/\s]+/?")
_ENDPOINT = re.compile(r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^/:?#@\s]+)(:\d+)?(/[^\s#]*)?")
_SECRET_WITHIN = re.compile(r"(?:^[\w+]+://[^/@:]*:(?=[^/]*@)|/rest/\d+/|[?&]password=)([^/@&\s]+)")
_SIGNATURE_LINES, _SIGNATURE_LENGTH = 8, 600
_LISTEN = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(?!0)[0-9]{1,5}")
_MEANINGS = {word: verb for verb in KEYWORDS for words in KEYWORDS[verb].values() for word in words}
_DATABASE = re.compile(r"sqlite:///(?P<file>[^?]+)(?:\?.*)?|postgresql\+psycopg://.+")


@dataclass(frozen=True)
class _Surroundings:
    """What a single value is checked against."""

    folder: Path
    mailbox: str
    languages: tuple[str, ...]


def _wrong(what: str, mend: str = "") -> PydanticCustomError:
    """Something wrong with the value of a key; without a mend of its own the key's description tells what to give."""
    return PydanticCustomError("settings", "{what}", {"what": what, "mend": mend})


def _address(value: str) -> str:
    """An RFC 5321 mailbox without quotes and comments, in lower case."""
    if foreign := re.search(r"[^\x00-\x7f]", value):
        raise _wrong(f"holds {foreign.group()!r}, which is no Latin letter.", "Type it again in Latin letters.")
    if not _ADDRESS.fullmatch(value):
        raise _wrong("is no e-mail address.", "Give an address alone, such as olga@example.com.")
    return value.lower()


def _person(value: str, info: ValidationInfo) -> str:
    address = _address(value)
    if info.context and address == info.context.mailbox:
        raise _wrong("is the shared mailbox itself.", "Give a person's own address.")
    return address


def _instead(value: str, info: ValidationInfo) -> str:
    return EscalateTo(value) if value in tuple(EscalateTo) else _person(value, info)


def _language(value: str, info: ValidationInfo) -> str:
    if info.context and value not in info.context.languages:
        *others, last = info.context.languages
        mend = f"Give {', '.join(others)} or {last}, or make a folder {value} among your own templates."
        raise _wrong("is a language without templates.", mend)
    return value


def _languages(value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
    for language in value:
        if language != EVERY_LANGUAGE:
            _language(language, info)
    return value


def _for_every_language(value: object) -> object:
    return {EVERY_LANGUAGE: value} if isinstance(value, str) else value


def _signature(value: str) -> str:
    lines = value.strip().splitlines()
    if len(lines) > _SIGNATURE_LINES or len(value) > _SIGNATURE_LENGTH:
        mend = f"Give at most {_SIGNATURE_LINES} lines and {_SIGNATURE_LENGTH} characters."
        raise _wrong("is longer than a signature.", mend)
    if keyword := next((line for line in lines if " ".join(re.findall(r"\w+", line)).upper() in _MEANINGS), None):
        mend = "Write a sentence: a keyword alone could be read as an answer where the signature comes back."
        raise _wrong(f"has the line {keyword.strip()!r}, a keyword alone.", mend)
    return "\n".join(line.strip() for line in lines)


def _submitter(value: str) -> str:
    if _AT_DOMAIN.fullmatch(value):
        return value.lower()
    if "@" in value[1:]:
        return _address(value)
    raise _wrong("is neither an address nor a domain.", 'Give ivan@example.com or, for a whole domain, "@example.com".')


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*\]?", value):
        raise _wrong("is no host name.", "Give the name alone, such as imap.example.com, without imaps:// and port.")
    return value.strip("[]")


def _time_of_day(value: object) -> object:
    match = _TIME_OF_DAY.fullmatch(value) if isinstance(value, str) else None
    if isinstance(value, str) and not match:
        raise _wrong("is no time of day.", 'Give hours and minutes in quotes, such as "10:00".')
    return time(int(match[1]), int(match[2])) if match else value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        guess = nearest(value, available_timezones())
        mend = f"Did you mean {guess}?" if guess else "Give an IANA name, such as Europe/Moscow."
        raise _wrong("is no known time zone.", mend) from None
    return value


def _there(value: Path, info: ValidationInfo) -> Path:
    return (info.context.folder if info.context else Path()) / value.expanduser()


def _certificates(value: Path, info: ValidationInfo) -> Path:
    import ssl

    path = _there(value, info)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        raise _wrong("holds no certificate.", "Give a PEM file with the certificate of the private CA.") from None
    except OSError as error:
        raise _wrong(f"cannot be read ({error.strerror}).", f"Put the file at {path}, or mend the path.") from None
    return path


def _logo(value: Path, info: ValidationInfo) -> Path:
    path = _there(value, info)
    from mailflow.logo_file import UnfitLogo, read_logo

    try:
        read_logo(path)
    except UnfitLogo as unfit:
        raise _wrong(unfit.what, unfit.mend) from None
    return path


def _folder(value: Path, info: ValidationInfo) -> Path:
    path = _there(value, info)
    if not path.is_dir():
        raise _wrong("is no folder.", f"Make {path}, or mend the path, or remove the key.")
    return path


def _database(value: SecretStr) -> SecretStr:
    address = _DATABASE.fullmatch(value.get_secret_value())
    if not address or address["file"] == ":memory:":
        mend = (
            "Give sqlite:///FILE (an absolute path has four slashes) or postgresql+psycopg://USER:PASSWORD@HOST/NAME."
        )
        raise _wrong("is no database that mailflow can keep invoices in.", mend)
    if (file := address["file"]) and not Path(file).parent.is_dir():
        raise _wrong("lies in a folder that is not there.", f"Make the folder {Path(file).parent}.")
    return value


def _webhook(value: SecretStr) -> SecretStr:
    address = _WEBHOOK.fullmatch(value.get_secret_value())
    if not address:
        mend = "Copy the address of the incoming webhook from Bitrix24: https://company.bitrix24.com/rest/1/…/"
        raise _wrong("is no incoming webhook.", mend)
    if address["scheme"] == "http" and not is_loopback(address["host"].strip("[]")):
        raise _wrong("would send the webhook's secret unencrypted.", "Give the address with https://.")
    return value


def _endpoint(value: str) -> str:
    address = _ENDPOINT.fullmatch(value)
    if not address:
        raise _wrong("is no address of a server.", "Give an address such as https://login.example.com/token.")
    if address["scheme"] == "http" and not is_loopback(address["host"].strip("[]")):
        raise _wrong("would send secrets unencrypted.", "Give the address with https://.")
    return value


def _web_address(value: str) -> str:
    address = re.fullmatch(r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?/?", value)
    if value and not address:
        mend = "Give scheme and host alone, such as https://invoices.example.com; the board needs a name of its own."
        raise _wrong("is no address of a web server.", mend)
    if address and address["scheme"] == "http" and not is_loopback(address["host"].strip("[]")):
        raise _wrong("would send sessions unencrypted.", "Give an https:// address; a reverse proxy can do the rest.")
    return value.rstrip("/").lower()


def _country(value: str) -> str:
    if not has_calendar(value):
        raise _wrong("is no country whose holidays are known.", "Give a code of ISO 3166-1, such as RU or DE.")
    return value


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", value):
        raise _wrong("is no currency.", "Give a code of ISO 4217, such as RUB or EUR.")
    return value.upper()


def _keyword(value: str) -> str:
    word = " ".join(value.upper().split())
    if not _KEYWORD.fullmatch(word):
        raise _wrong("is no keyword.", "Give one to four words of letters alone.")
    return word


def _bare(value: object) -> object:
    """A number as it is typed, without its blanks."""
    return re.sub(r"\s", "", value).upper() if isinstance(value, str) else value


def _account(value: str) -> str:
    if not re.fullmatch(r"[0-9]{20}", value) and not is_iban(value):
        raise _wrong("is neither an IBAN nor a Russian account.", "Give all its letters and digits; one may be wrong.")
    return value


Text = Annotated[str, Field(min_length=1)]
Database = Annotated[SecretStr, AfterValidator(_database)]
Number = Annotated[str, BeforeValidator(_bare)]
Secret = Annotated[SecretStr, Field(min_length=1)]
Address = Annotated[str, AfterValidator(_address)]
Person = Annotated[str, AfterValidator(_person)]
Instead = Annotated[str, AfterValidator(_instead)]
Submitter = Annotated[str, AfterValidator(_submitter)]
Host = Annotated[str, AfterValidator(_host)]
CertificateFile = Annotated[Path, AfterValidator(_certificates)]
TokenPath = Annotated[Path, AfterValidator(_there)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
LogoFile = Annotated[Path, AfterValidator(_logo)]
Signature = Annotated[str, AfterValidator(_signature)]
Language = Annotated[str, AfterValidator(_language)]
Folder = Annotated[Path, AfterValidator(_folder)]
Keyword = Annotated[str, AfterValidator(_keyword)]
Currency = Annotated[str, AfterValidator(_currency)]


class Section(BaseModel):
    """A part of the settings. A description completes the sentence 'Give ...'."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)


class Server(Section):
    """How to reach a mail server."""

    host: Host = Field(description="the server's name, such as mail.example.com")
    port: int = Field(ge=1, le=65535, description="the port's number, such as 993 for IMAP or 465 for SMTP")
    insecure: bool = Field(False, description="true or false; true allows `security: none` over a network")
    security: Security = Field("tls", description="tls, starttls or none")
    ca_file: CertificateFile | None = Field(None, description="a PEM file with the certificate of a private CA")

    @field_validator("security")
    @classmethod
    def _plain_text_stays_here(cls, value: Security, info: ValidationInfo) -> Security:
        exposed = not is_loopback(info.data.get("host", "localhost")) and not info.data.get("insecure", True)
        if value == "none" and exposed:
            mend = "Give tls or starttls; if the network between is safe, write `insecure: true` beside it."
            raise _wrong("would send the password and the invoices unencrypted.", mend)
        return value


class OAuthServer(Section):
    """An authorization server that mailflow does not know by name (RFC 6749, 8628)."""

    token_url: Endpoint = Field(description="the address of the token endpoint, beginning with https://")
    device_url: Endpoint | None = Field(None, description="the address for device codes, beginning with https://")
    authorization_url: Endpoint | None = Field(None, description="the address to sign in at, beginning with https://")
    scopes: tuple[Text, ...] = Field(min_length=1, description="a list of the scopes that IMAP and SMTP need")
    ca_file: CertificateFile | None = Field(None, description="a PEM file with the certificate of a private CA")


class OAuthSettings(Section):
    """Signing in by OAuth 2 in a password's place."""

    provider: OAuthProvider = Field(description="microsoft, google or other (then with `server`)")
    flow: OAuthFlow = Field(
        description="device (somebody enters a code), browser (somebody signs in with a browser) or client_credentials"
        " (the application has access of its own, nobody signs in)"
    )
    client_id: Text = Field(description="the id of the application that you have registered with the provider")
    client_secret: Secret | None = Field(
        None, validate_default=True, description="the application's secret, as ${OAUTH_CLIENT_SECRET} or ${file:PATH}"
    )
    tenant: Text | None = Field(None, validate_default=True, description="the id or domain of the Microsoft tenant")
    server: OAuthServer | None = Field(
        None, validate_default=True, description="a section with token_url, device_url or authorization_url, and scopes"
    )
    token_file: TokenPath = Field(
        Path("mailflow-token.json"), validate_default=True, description="the file that keeps the sign-in"
    )

    @field_validator("flow")
    @classmethod
    def _google_gives_it_for_mail(cls, value: OAuthFlow, info: ValidationInfo) -> OAuthFlow:
        if info.data.get("provider") == "google" and value != "browser":
            raise _wrong("is not what Google gives access to mail by.", "Give `flow: browser`.")
        return value

    @field_validator("client_secret")
    @classmethod
    def _the_flow_needs_it(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        needed = info.data.get("flow") == "client_credentials" or info.data.get("provider") == "google"
        if value is None and needed:
            raise _wrong("is missing, but this provider and flow need it.")
        return value

    @field_validator("tenant")
    @classmethod
    def _the_application_is_of_one(cls, value: str | None, info: ValidationInfo) -> str | None:
        own_name = (info.data.get("provider"), info.data.get("flow")) == ("microsoft", "client_credentials")
        if value is None and own_name:
            raise _wrong("is missing, but `flow: client_credentials` needs it.")
        return value

    @field_validator("server")
    @classmethod
    def _is_known(cls, value: OAuthServer | None, info: ValidationInfo) -> OAuthServer | None:
        provider, flow = info.data.get("provider"), info.data.get("flow")
        if provider == "other" and value is None:
            raise _wrong("is missing, but `provider: other` needs it.")
        if provider in ("microsoft", "google") and value:
            raise _wrong("is known for this provider.", "Remove it, or give `provider: other`.")
        if value and flow == "device" and not value.device_url:
            raise _wrong("has no device_url, but `flow: device` needs it.", "Give device_url, or another flow.")
        if value and flow == "browser" and not value.authorization_url:
            mend = "Give authorization_url, or another flow."
            raise _wrong("has no authorization_url, but `flow: browser` needs it.", mend)
        return value


class ImapServer(Server):
    """The IMAP server (RFC 9051)."""

    username: Text = Field(description="the name to sign in with")
    password: Secret | None = Field(
        None, description="the password to sign in with, as ${IMAP_PASSWORD} or ${file:PATH}; or `oauth` in mailbox"
    )


class SmtpServer(Server):
    """The SMTP server (RFC 5321); without a username nobody signs in."""

    connections: int = Field(3, ge=1, le=20, description="how many mails are handed over at once, 1 to 20")
    username: Text | None = Field(None, description="the name to sign in with")
    password: Secret | None = Field(
        None, description="the password to sign in with, as ${SMTP_PASSWORD} or ${file:PATH}; or `oauth` in mailbox"
    )

    @field_validator("password")
    @classmethod
    def _belongs_to_a_username(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and info.data.get("username", "") is None:
            raise _wrong("goes together with username.", "Give both, or neither for a server without sign-in.")
        return value


class Folders(Section):
    """The folders of the shared mailbox."""

    inbox: Text = Field("INBOX", description="the folder where mail arrives")
    processed: Text = Field("Processed", validate_default=True, description="the folder for mail that was processed")
    quarantine: Text = Field(
        "Quarantine", validate_default=True, description="the folder for mail that could not be processed"
    )

    @field_validator("processed", "quarantine")
    @classmethod
    def _is_another_folder(cls, value: str, info: ValidationInfo) -> str:
        if value.casefold() in (str(other).casefold() for other in info.data.values()):
            raise _wrong("is named for two purposes.", "Give each of inbox, processed and quarantine its own folder.")
        return value


class MailboxSettings(Section):
    """The shared mailbox that everybody writes to."""

    address: Address = Field(description="the mailbox's own address, such as finance@example.com")
    oauth: OAuthSettings | None = Field(None, description="a section with provider, flow and client_id")
    imap: ImapServer = Field(description="a section with host, port, security, username and password")
    smtp: SmtpServer = Field(description="a section with host, port, security, username and password")
    folders: Folders = Field(Folders(), description="a section with inbox, processed and quarantine")
    sender_check: SenderCheck = Field(
        description="`dmarc`: an answer counts only where the mailbox's own server verified who sent it (then name that"
        " server in trusted_authserv); or `reference`: the address on record and the unguessable reference in the mail"
        " suffice, right for a closed mail server where nobody outside can write as one of you"
    )
    trusted_authserv: tuple[Text, ...] = Field(
        (), validate_default=True, description="a list of authserv-ids (RFC 8601)"
    )
    poll_seconds: float = Field(60, ge=1, le=3600, description="the seconds between two looks, from 1 to 3600")
    keep_copies: bool = Field(
        False,
        description="true or false; true: every mail goes to the mailbox itself too, as evidence that it was taken",
    )

    @field_validator("imap", "smtp")
    @classmethod
    def _can_sign_in(cls, value: ImapServer | SmtpServer, info: ValidationInfo) -> ImapServer | SmtpServer:
        if value.username and value.password is None and info.data.get("oauth", "") is None:
            raise _wrong("has a username, but nothing to sign in with.", "Give password, or `oauth` in mailbox.")
        return value

    @field_validator("smtp")
    @classmethod
    def _oauth_is_for_something(cls, value: SmtpServer, info: ValidationInfo) -> SmtpServer:
        imap = info.data.get("imap")
        if info.data.get("oauth") and imap and imap.password and (value.password or not value.username):
            raise _wrong("needs no `oauth`, and neither does imap.", "Remove oauth, or the passwords.")
        return value

    @field_validator("trusted_authserv")
    @classmethod
    def _somebody_is_trusted(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("sender_check") == "dmarc" and not value:
            mend = (
                "Give the authserv-id of your own server: the first word of the topmost Authentication-Results header"
                " of a mail that was received from outside."
            )
            raise _wrong("names nobody, so `sender_check: dmarc` could believe no answer.", mend)
        return value


class AwaySettings(Section):
    """Days on which somebody is away."""

    first: date = Field(alias="from", description="the first day, such as 2026-12-01")
    until: date = Field(description="the last day, such as 2026-12-14")
    deputy: Person | None = Field(None, description="the address of whoever stands in on these days")

    @field_validator("until")
    @classmethod
    def _does_not_end_before_it_begins(cls, value: date, info: ValidationInfo) -> date:
        if "first" in info.data and value < info.data["first"]:
            raise _wrong(f"is before {info.data['first']}.", "Give the last day, not earlier than `from`.")
        return value


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _daily(value: object) -> object:
    """`false` is no day at all, `true` is as the company's, `only` the digest in the place of single requests."""
    said = value.lower() if isinstance(value, str) else value
    shorthand: dict[object, object] = {"false": {"days": []}, "true": {}, "only": {"only": "true"}}
    return shorthand.get(said, value) if isinstance(said, str) else value


class DailySettings(Section):
    """When the mails of a day come: the approver's digest, the accountant's summary."""

    at: Annotated[time | None, BeforeValidator(_time_of_day)] = Field(
        None, description='a time of day, such as "08:30"'
    )
    days: tuple[Weekday, ...] | None = Field(None, description="a list of mon, tue, wed, thu, fri, sat, sun")
    only: bool | None = Field(None, description="true or false: whether an approver gets no requests one by one")


DailyWish = Annotated[
    DailySettings, BeforeValidator(_daily, json_schema_input_type=bool | Literal["only"] | DailySettings)
]


class PersonSettings(Section):
    """Somebody of the directory."""

    email: Person = Field(description="the person's address")
    aliases: tuple[Person, ...] = Field(
        (), description="a list of further addresses that the person writes from; mail goes to `email` alone"
    )
    name: str = Field("", description="the person's name")
    language: Language | None = Field(None, description="en, ru or another language of your templates")
    manager: Person | None = Field(None, description="the address of the head, for the route hierarchy")
    deputy: Person | None = Field(None, description="the address of whoever stands in")
    department: int | None = Field(
        None, ge=1, description="the id of the department in Bitrix24 that counts for somebody who is in several"
    )
    away: tuple[AwaySettings, ...] = Field((), description="a list of {from, until, deputy}")
    digest: DailyWish | None = Field(None, description="false, only, or a section with at and days")

    @field_validator("deputy")
    @classmethod
    def _is_somebody_else(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and value in (info.data.get("email"), *info.data.get("aliases", ())):
            raise _wrong("is the person's own address.", "Give the address of somebody else, or remove the key.")
        return value

    @field_validator("away")
    @classmethod
    def _somebody_stands_in(cls, value: tuple[AwaySettings, ...], info: ValidationInfo) -> tuple[AwaySettings, ...]:
        own = (info.data.get("email"), *info.data.get("aliases", ()))
        in_order = sorted(value, key=lambda away: away.first)
        for away, following in zip(in_order, (*in_order[1:], None), strict=True):
            if not (away.deputy or info.data.get("deputy")):
                raise _wrong(f"has nobody who stands in from {away.first} on.", "Give a `deputy` there, or beside it.")
            if away.deputy in own:
                raise _wrong(f"names the person's own address from {away.first} on.", "Give somebody else's address.")
            if following and following.first <= away.until:
                raise _wrong(f"names {following.first} twice.", "Let each day belong to one entry.")
        return value


def _entry(value: object) -> object:
    """An address alone is an entry without conditions."""
    return {"address": value} if isinstance(value, str) else value


class EntrySettings(Section):
    """An approver of the sequence, and for which invoices."""

    address: Person = Field(description="the approver's address")
    limits: dict[Currency, Annotated[Decimal, Field(ge=0)]] = Field(
        {}, alias="from", description="a section with an amount for each currency, such as {RUB: 100000, EUR: 1000}"
    )
    currency: tuple[Currency, ...] = Field((), description="a list of currencies, such as [EUR, USD]")
    counterparty: tuple[Text, ...] = Field((), description="a list of counterparties' names")


Entry = Annotated[EntrySettings, BeforeValidator(_entry, json_schema_input_type=str | EntrySettings)]


class SecondApproverSettings(Section):
    """Who approves too, above which sums."""

    address: Person = Field(description="the second approver's address")
    above: dict[Currency, Annotated[Decimal, Field(ge=0)]] = Field(
        description="a section with an amount for each currency, such as {RUB: 500000, EUR: 5000}"
    )


class ApprovalSettings(Section):
    """Who is asked, in which order."""

    route: RouteKind = Field(RouteKind.SEQUENTIAL, description="sequential or hierarchy")
    hierarchy: HierarchySource = Field(
        HierarchySource.SETTINGS, description="settings (the managers of `people`) or bitrix24 (its departments)"
    )
    sequence: tuple[Entry, ...] = Field(
        (), validate_default=True, description="a list of the approvers' addresses, in order"
    )
    remind_after_hours: float = Field(24, gt=0, le=8_784, description="the hours before a reminder, such as 24")
    escalate_after_hours: float | None = Field(
        None, gt=0, le=8_784, description="the hours before somebody else is asked instead, such as 72"
    )
    escalate_to: Instead = Field(EscalateTo.DEPUTY, description="deputy, manager, or an address")
    hold_minutes: float = Field(
        0, ge=0, le=1440, description="the minutes in which a decision can be taken back, from 0 to 1440"
    )
    second_approver: SecondApproverSettings | None = Field(None, description="a section with address and above")

    @field_validator("sequence")
    @classmethod
    def _somebody_approves(cls, value: tuple[EntrySettings, ...], info: ValidationInfo) -> tuple[EntrySettings, ...]:
        if info.data.get("route") is RouteKind.SEQUENTIAL and not value:
            raise _wrong("names nobody to approve.", "Give the approvers' addresses in order, or `route: hierarchy`.")
        return value


class PayerSettings(Section):
    """The company's own account, for the files that its bank reads."""

    name: Text = Field(description="the company's name as its bank has it")
    account: Annotated[Number, AfterValidator(_account)] = Field(
        description="the account that is paid from: an IBAN, or the 20 digits of a Russian account"
    )
    bank_code: Number = Field(description="the code of the account's bank: BIC, or БИК for a Russian account")
    bank: str = Field("", validate_default=True, description="the bank's name, for a Russian account")
    correspondent: Number = Field(
        "", validate_default=True, description="the bank's own account (к/с), for a Russian account"
    )
    tax_id: Number = Field("", validate_default=True, description="the company's ИНН, for a Russian account")
    kpp: Number = Field("", description="the company's КПП, nine characters")

    @field_validator("bank_code")
    @classmethod
    def _is_of_the_accounts_bank(cls, value: str, info: ValidationInfo) -> str:
        account = info.data.get("account", "")
        if account[:2].isalpha() and not is_bic(value):
            raise _wrong("is no BIC.", "Give the BIC (SWIFT code) of the account's bank, such as COBADEFFXXX.")
        if account[:1].isdigit() and not is_bik(value):
            raise _wrong("is no БИК.", "Give the nine digits of the БИК of the account's bank, such as 044525225.")
        if account[:1].isdigit() and not is_account_at(account, value):
            raise _wrong("does not go with the account.", "Compare both with the bank's papers: a digit is wrong.")
        return value

    @field_validator("bank", "correspondent", "tax_id")
    @classmethod
    def _a_russian_account_has_it(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("account", "")[:1].isdigit():
            raise _wrong("is missing, but a Russian payment order needs it.")
        return value

    @field_validator("correspondent")
    @classmethod
    def _is_of_the_bank(cls, value: str, info: ValidationInfo) -> str:
        if value and "bank_code" in info.data and not is_correspondent_of(value, info.data["bank_code"]):
            raise _wrong("does not go with the БИК.", "Compare both with the bank's papers: a digit is wrong.")
        return value

    @field_validator("tax_id")
    @classmethod
    def _is_a_taxpayers(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("account", "")[:1].isdigit() and not is_inn(value):
            raise _wrong("is no ИНН.", "Give all its 10 or 12 digits; one may be wrong.")
        return value

    @field_validator("kpp")
    @classmethod
    def _is_a_kpp(cls, value: str) -> str:
        if value and not is_kpp(value):
            raise _wrong("is no КПП.")
        return value

    @property
    def details(self) -> PaymentDetails:
        """The account as a payment knows it."""
        return PaymentDetails(self.account, self.bank_code, self.bank, self.correspondent, self.tax_id, self.kpp)


class ReadyToPaySettings(Section):
    """What the accountant's mail carries to pay by, where the invoice's files name the payee's account."""

    qr: bool = Field(False, description="true or false; true: a payment QR code for the bank's app")
    file: bool = Field(False, description="true or false; true: a payment order for the bank's program")
    payer: PayerSettings | None = Field(
        None, validate_default=True, description="a section with name, account and bank_code of the company itself"
    )

    @field_validator("payer")
    @classmethod
    def _a_file_has_a_payer(cls, value: PayerSettings | None, info: ValidationInfo) -> PayerSettings | None:
        if value is None and info.data.get("file"):
            raise _wrong("is missing, but `file: true` needs it.")
        return value


class PaymentSettings(Section):
    """Who pays, and when."""

    accountant: Person = Field(description="the accountant's address")
    invite_at: Annotated[time, BeforeValidator(_time_of_day)] = Field(
        time(10), description='the time of the calendar entry on the pay date, such as "10:00"'
    )
    unpaid_moves_to: UnpaidMovesTo = Field(UnpaidMovesTo.NEXT_DAY, description="next_day or next_working_day")
    ready_to_pay: ReadyToPaySettings = Field(ReadyToPaySettings(), description="a section with qr, file and payer")


class HolidaySettings(Section):
    """Which days are working days: an official calendar, and the company's own days that differ from it."""

    country: Annotated[str, AfterValidator(_country)] = Field("RU", description="a country's code, such as RU")
    extra_holidays: tuple[date, ...] = Field((), description="a list of dates such as 2026-12-30")
    extra_working_days: tuple[date, ...] = Field((), description="a list of dates such as 2026-12-26")

    @field_validator("extra_working_days")
    @classmethod
    def _no_day_is_both(cls, value: tuple[date, ...], info: ValidationInfo) -> tuple[date, ...]:
        if both := set(value) & set(info.data.get("extra_holidays", ())):
            raise _wrong(f"and extra_holidays both name {min(both)}.", "Keep the day in one of the two.")
        return value


class PortalShows(Section):
    """What the portal shows; each kind can be switched off by itself."""

    files: bool = Field(True, description="true or false: the invoice's files on the Drive")
    record: bool = Field(True, description="true or false: the invoice as an item")
    feed: bool = Field(True, description="true or false: a post in the Live Feed with its comments")
    tasks: bool = Field(True, description="true or false: the tasks to pay and to work on errors")
    calendar: bool = Field(True, description="true or false: the meeting in the payment calendar")
    notifications: bool = Field(True, description="true or false: notifications")
    timeline: bool = Field(True, description="true or false: comments in the item's timeline")


class Bitrix24Settings(Section):
    """The portal, where there is one."""

    webhook: Annotated[SecretStr, AfterValidator(_webhook)] = Field(
        description="the incoming webhook's address, as ${BITRIX24_WEBHOOK} or ${file:PATH}"
    )
    record_as: RecordPlace = Field(
        RecordPlace.SMART_PROCESS, description="smart_process, or list where the plan has no smart processes"
    )
    shows: PortalShows = Field(PortalShows(), description="a section with a switch for each kind")
    when_away: WhenAway = Field(
        WhenAway.LAST_KNOWN,
        description="last_known or wait: what an invoice by hierarchy does while the portal with the heads is away",
    )
    poll_seconds: float = Field(
        300, ge=10, le=86_400, description="the seconds between two looks at the open tasks, from 10 to 86400"
    )
    settle_seconds: float = Field(
        60,
        ge=0,
        le=3600,
        description="how many seconds the portal may still work on a request that it never answered; 60 in the cloud",
    )
    requests_a_second: float = Field(
        2, gt=0, le=1000, description="what the portal's plan allows: 2, or 5 on Enterprise; more on your own server"
    )
    ca_file: CertificateFile | None = Field(None, description="a PEM file with the certificate of a private CA")


class BrandingSettings(Section):
    """How the company shows itself in its mails."""

    logo: LogoFile | None = Field(None, description="a PNG, JPEG or GIF, less than 300 pixels high")
    signature: Annotated[
        dict[str, Signature],
        BeforeValidator(_for_every_language, json_schema_input_type=str | dict[str, str]),
        AfterValidator(_languages),
    ] = Field({}, description="the lines at the foot of every mail, or a section of them with a key for each language")


class LogSettings(Section):
    """The log on standard error."""

    format: Literal["text", "json"] = Field("text", description="text for people, or json: an object a line")
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="debug, info, warning or error: what is less is not logged"
    )


def _listen(value: str) -> str:
    if not _LISTEN.fullmatch(value) or int(value.rpartition(":")[2]) > 65_535:
        raise _wrong("is no address to listen at.", 'Give host and port in quotes, such as "127.0.0.1:9464".')
    return value


class MetricsSettings(Section):
    """Where metrics and a health check are served, unencrypted and to anybody who can reach it."""

    insecure: bool = Field(False, description="true or false; true allows to listen to a network")
    listen: Annotated[str, AfterValidator(_listen)] = Field(
        description='the address and port to listen at, such as "127.0.0.1:9464"'
    )

    @field_validator("listen")
    @classmethod
    def _stays_here(cls, value: str, info: ValidationInfo) -> str:
        if not is_loopback(value.rpartition(":")[0].strip("[]")) and not info.data.get("insecure", True):
            mend = 'Give "127.0.0.1:9464"; if the network is safe, write `insecure: true` beside it.'
            raise _wrong("would show everybody on the network how much mail there is.", mend)
        return value

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class BoardSettings(Section):
    """The board: read-only pages in a browser, and the calendar feeds."""

    listen: Annotated[str, AfterValidator(_listen)] = Field(
        "127.0.0.1:8025", description='an address and a port in quotes, such as "127.0.0.1:8025"'
    )
    address: Annotated[str, AfterValidator(_web_address)] = Field(
        "", validate_default=True, description="the address that people use, such as https://invoices.example.com"
    )

    @field_validator("address")
    @classmethod
    def _is_told_where_others_listen(cls, value: str, info: ValidationInfo) -> str:
        host = info.data.get("listen", "127.0.0.1:0").rpartition(":")[0].strip("[]")
        if not value and not is_loopback(host):
            mend = "Give the https:// address that people use; they sign in by links that are mailed to them."
            raise _wrong("is missing, but the board listens beyond this machine.", mend)
        return value

    @property
    def host(self) -> str:
        """Where it listens, without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.listen.rpartition(":")[2])


class Settings(Section):
    """The whole of settings.yaml. Addresses are lower case, paths are absolute or below the settings' folder."""

    mailbox: MailboxSettings = Field(description="a section with address, imap, smtp and sender_check")
    language: Language = Field("en", description="en, ru or another language of your templates")
    timezone: Annotated[str, AfterValidator(_time_zone)] = Field(
        "Europe/Moscow", description="the IANA name of the company's time zone, such as Europe/Moscow"
    )
    database: Database = Field(
        SecretStr(DEFAULT_DATABASE), description="sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
    )
    administrator: Person = Field(description="the administrator's address")
    submitters: tuple[Submitter, ...] = Field(
        min_length=1, description='a list of addresses or whole domains that may submit, such as ["@example.com"]'
    )
    people: tuple[PersonSettings, ...] = Field((), description="a list of {email, name, language, manager, deputy}")
    approval: ApprovalSettings = Field(description="a section with route and sequence")
    payment: PaymentSettings = Field(description="a section with accountant")
    bitrix24: Bitrix24Settings | None = Field(None, validate_default=True, description="a section with webhook")
    board: BoardSettings | None = Field(None, description="a section with listen and address")
    company_name: str = Field("", description="the company's name")
    branding: BrandingSettings = Field(BrandingSettings(), description="a section with logo and signature")
    templates: Folder = Field(default_factory=lambda: packaged_templates(), description="a folder of templates")
    read_scans: bool = Field(False, description="true or false: whether the program tesseract reads scanned invoices")
    metrics: MetricsSettings | None = Field(None, description="a section with listen")
    log: LogSettings = Field(LogSettings(), description="a section with format and level")
    max_mails_an_hour: int = Field(
        1000, ge=1, description="how many mails of one person or domain in an hour may still bring an invoice"
    )
    max_mb_an_hour: int = Field(
        2000, ge=1, description="how many MB of mail of one person or domain in an hour are kept whole"
    )
    max_message_mb: int = Field(40, ge=1, le=1000, description="the largest mail that is read, in MB")
    keywords: dict[Verb, tuple[Keyword, ...]] = Field({}, description="a section of verbs with a list of words each")
    holidays: HolidaySettings = Field(HolidaySettings(), description="a section with country")
    digest: DailyWish = Field(DailySettings(), description="false, only, or a section with at and days")

    @field_validator("people")
    @classmethod
    def _each_person_once(cls, value: tuple[PersonSettings, ...]) -> tuple[PersonSettings, ...]:
        addresses = [person.email for person in value]
        if twice := [address for address in addresses if addresses.count(address) > 1]:
            raise _wrong(f"name {twice[0]} more than once.", "Keep one entry for each person.")
        return value

    @field_validator("people")
    @classmethod
    def _each_alias_is_of_one(cls, value: tuple[PersonSettings, ...]) -> tuple[PersonSettings, ...]:
        owners = {person.email: person.email for person in value}
        for person in value:
            for alias in person.aliases:
                if owners.setdefault(alias, person.email) != person.email or alias == person.email:
                    mend = "Give each address to one person, once: as `email` or in `aliases`."
                    raise _wrong(f"name {alias} for {owners[alias]} and as an alias of {person.email}.", mend)
        return value

    @field_validator("approval")
    @classmethod
    def _somebody_has_a_manager(cls, value: ApprovalSettings, info: ValidationInfo) -> ApprovalSettings:
        by_settings = value.hierarchy is HierarchySource.SETTINGS
        by_hierarchy = by_settings and value.route is RouteKind.HIERARCHY and "people" in info.data
        if by_hierarchy and not any(person.manager for person in info.data["people"]):
            mend = "Name each submitter's `manager` in `people`, or give `route: sequential`."
            raise _wrong("goes by hierarchy, but nobody in `people` has a manager.", mend)
        return value

    @field_validator("bitrix24")
    @classmethod
    def _is_there_for_the_hierarchy(
        cls, value: Bitrix24Settings | None, info: ValidationInfo
    ) -> Bitrix24Settings | None:
        approval = info.data.get("approval")
        if value is None and approval and approval.hierarchy is HierarchySource.BITRIX24:
            mend = 'Give `bitrix24: {webhook: "${BITRIX24_WEBHOOK}"}`, or `hierarchy: settings` under approval.'
            raise _wrong("is missing, but `approval.hierarchy: bitrix24` needs it.", mend)
        return value

    @field_validator("keywords")
    @classmethod
    def _each_word_means_one_thing(cls, value: dict[Verb, tuple[str, ...]]) -> dict[Verb, tuple[str, ...]]:
        meanings = dict(_MEANINGS)
        for verb, words in value.items():
            for word in words:
                if meanings.setdefault(word, verb) is not verb:
                    mend = "A word can mean one thing only: remove it from one of the two."
                    raise _wrong(f"give {word} to {verb} and to {meanings[word]}.", mend)
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.timezone)

    def secrets(self) -> tuple[str, ...]:
        """Everything that must never be shown, to be cut out of logs."""
        smtp, portal = self.mailbox.smtp.password, self.bitrix24
        client = self.mailbox.oauth.client_secret if self.mailbox.oauth else None
        held = [self.database, self.mailbox.imap.password, smtp, client, portal.webhook if portal else None]
        whole = [secret.get_secret_value() for secret in held if secret]
        return tuple(word for value in whole for word in (value, *_within(value)))


def packaged_templates() -> Path:
    """The folder of the templates that come with mailflow."""
    return packaged("templates")


def load_settings(
    file: Path, environment: Mapping[str, str] = os.environ, database: str = DEFAULT_DATABASE
) -> Settings:
    """The settings of a file. Raises ConfigurationError with everything that is wrong at once.

    `database` is the one of a file that names none.
    """
    source = read_source(file, environment)
    source.values.setdefault("database", database)
    mailbox = source.values.get("mailbox")
    address = str(mailbox.get("address", "")).lower() if isinstance(mailbox, dict) else ""
    templates = source.values.get("templates")
    folder = file.parent / Path(templates).expanduser() if isinstance(templates, str) else packaged_templates()
    surroundings = _Surroundings(file.parent, address, languages_in(folder))
    settings = None
    try:
        settings = Settings.model_validate(source.values, context=surroundings)
    except ValidationError as error:
        note(error, source, Settings)
    note_written_out(source, file)
    if settings is None or source.problems:
        problems = sorted(source.problems.values(), key=lambda p: (p.line or 0, p.key))
        raise ConfigurationError(str(file), problems) from None
    return settings


def _within(address: str) -> list[str]:
    """The secret inside an address, as it stands there and as it is meant: the rest of it may be shown."""
    found = _SECRET_WITHIN.search(address)
    return [found[1], unquote(found[1])] if found else []
