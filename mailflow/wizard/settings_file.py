"""What was answered, as a commented settings.yaml and the `.env` beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailflow.mail_services import ServerAddress
from mailflow.settings import Language
from mailflow.settings_schema import packaged_schema

TOKEN_FILE = "mailflow-token.json"  # noqa: S105 - a file's name


@dataclass
class Answers:
    """What the settings are made of; secrets are kept apart, for the `.env`."""

    language: Language = "en"
    address: str = ""
    imap: ServerAddress | None = None
    smtp: ServerAddress | None = None
    ca_file: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    oauth: dict[str, str] = field(default_factory=dict)
    client_secret: str = field(default="", repr=False)
    company_name: str = ""
    accountant: str = ""
    approvers: tuple[str, ...] = ()
    submitters: tuple[str, ...] = ()
    administrator: str = ""
    timezone: str = ""
    sender_check: str = "dmarc"
    trusted_authserv: str = ""


def settings_text(answers: Answers, database: str) -> str:
    """The settings.yaml; `database` is its address."""
    words = _COMMENTS[answers.language]
    signing_in = "" if answers.oauth else ', password: "${MAILBOX_PASSWORD}"'
    lines = [
        f"# yaml-language-server: $schema={packaged_schema()}",
        f"# {words['head']}",
        "",
        *_commented(f"language: {answers.language}", words["language"]),
        *_commented(f"timezone: {_quoted(answers.timezone)}", words["timezone"]),
        *_commented(f"database: {_quoted(database)}", words["database"]),
        *([f"company_name: {_quoted(answers.company_name)}"] if answers.company_name else []),
        "",
        *_commented("mailbox:", words["mailbox"]),
        f"  address: {_quoted(answers.address)}",
        f"  imap: {{{_server(answers.imap, answers)}{signing_in}}}",
        f"  smtp: {{{_server(answers.smtp, answers)}{signing_in}}}",
        *([f"  oauth: {{{_oauth(answers)}}}"] if answers.oauth else []),
        *_commented(f"  sender_check: {answers.sender_check}", words[answers.sender_check]),
        *([f"  trusted_authserv: [{_quoted(answers.trusted_authserv)}]"] if answers.trusted_authserv else []),
        "",
        *_commented(f"administrator: {_quoted(answers.administrator)}", words["administrator"]),
        *_commented(f"submitters: {_list(answers.submitters)}", words["submitters"]),
        "",
        "approval:",
        *_commented(f"  sequence: {_list(answers.approvers)}", words["sequence"]),
        *_commented("  remind_after_hours: 24", words["remind"]),
        "",
        "payment:",
        f"  accountant: {_quoted(answers.accountant)}",
        *_commented("  unpaid_moves_to: next_day", words["unpaid"]),
        "",
        f"# {words['more']}",
    ]
    return "\n".join(lines) + "\n"


def environment_text(answers: Answers) -> str:
    """The `.env`: secrets alone."""
    secrets: Mapping[str, str] = {
        "MAILBOX_PASSWORD": "" if answers.oauth else answers.password,
        "OAUTH_CLIENT_SECRET": answers.client_secret if answers.oauth else "",
    }
    return "".join(f"{name}={_in_quotes(value)}\n" for name, value in secrets.items() if value)


def files_of(folder: Path) -> tuple[Path, Path]:
    """What is written beside the settings, where there is something to write: `.env` and the sign-in."""
    return folder / ".env", folder / TOKEN_FILE


def _server(server: ServerAddress | None, answers: Answers) -> str:
    if server is None:
        raise ValueError("no server was answered yet")
    ca_file = f", ca_file: {_quoted(answers.ca_file)}" if answers.ca_file and server.security != "none" else ""
    where = f"host: {_quoted(server.host)}, port: {server.port}, security: {server.security}"
    return f"{where}{ca_file}, username: {_quoted(answers.username)}"


def _oauth(answers: Answers) -> str:
    parts = [f"{key}: {_quoted(value)}" for key, value in answers.oauth.items() if value]
    if answers.client_secret:
        parts.append('client_secret: "${OAUTH_CLIENT_SECRET}"')
    return ", ".join([*parts, f"token_file: {TOKEN_FILE}"])


def _commented(line: str, comment: str) -> list[str]:
    """The comment stands above, indented as the line is."""
    indent = line[: len(line) - len(line.lstrip())]
    return [f"{indent}# {comment}", line]


def _quoted(value: str) -> str:
    """A YAML double-quoted scalar, which JSON's strings are; a $ that begins no variable stays one."""
    return json.dumps(value, ensure_ascii=False)


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, values))}]"


def _in_quotes(value: str) -> str:
    """As the `.env` is read: one pair of quotes around the value is taken off, and nothing within means anything."""
    return f'"{value}"'


_COMMENTS: dict[Language, dict[str, str]] = {
    "en": {
        "head": "mailflow's settings, written by `init`. Secrets stand in the file .env beside this one.",
        "language": "en or ru: what mails are written in; a person's own language wins",
        "timezone": "its midnight ends a pay date",
        "database": "where invoices are kept",
        "mailbox": "the shared mailbox that everybody writes to",
        "dmarc": "an answer counts only where a server of trusted_authserv has verified the sender's domain",
        "reference": "the address on record and the reference in the mail suffice: for a closed mail server alone",
        "administrator": "hears of mail that could not be processed or delivered",
        "submitters": "who may mail an invoice: addresses or whole @domains",
        "sequence": "who approves, in this order",
        "remind": "hours before a silent approver is reminded",
        "unpaid": "next_day or next_working_day: where an unpaid invoice moves to at the end of the day",
        "more": "Names, languages, deputies, Bitrix24 and more: the README, “Settings”. After a change: `check`",
    },
    "ru": {
        "head": "Настройки mailflow, записаны командой init. Секреты — в файле .env рядом.",
        "language": "en или ru: на каком языке письма; собственный язык человека важнее",
        "timezone": "его полночь кончает день оплаты",
        "database": "где хранятся счета",
        "mailbox": "общий ящик, на который все пишут",
        "dmarc": "ответ засчитывается, только если сервер из trusted_authserv проверил домен отправителя",
        "reference": "достаточно известного адреса и метки в письме: только для закрытого почтового сервера",
        "administrator": "узнаёт о письмах, которые не удалось обработать или доставить",
        "submitters": "кто может присылать счета: адреса или целые @домены",
        "sequence": "кто согласует, по порядку",
        "remind": "через сколько часов напомнить молчащему",
        "unpaid": "next_day или next_working_day: куда переносится неоплаченный счёт в конце дня",
        "more": "Имена, языки, заместители, Битрикс24 и прочее: README, “Settings”. После правки: `check`",
    },
}
