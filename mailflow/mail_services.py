"""The mail services that many companies use: their servers, and what each asks for before a program may sign in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True)
class ServerAddress:
    """Where a mail server listens."""

    host: str
    port: int
    security: Security = "tls"


@dataclass(frozen=True)
class MailService:
    """One service. `mx` are the ends of the names that its customers' MX records have.

    `authserv` is its authserv-id (RFC 8601), where it has one for all its servers. `help` says in each language what
    to do where it lets nobody sign in.
    """

    name: str
    imap: ServerAddress
    smtp: ServerAddress
    domains: tuple[str, ...]
    mx: tuple[str, ...]
    help: Mapping[str, str]
    authserv: str = ""
    oauth: Literal["microsoft", "google", ""] = ""
    takes_passwords: bool = True
    hosts: tuple[str, ...] = field(default=())

    def is_at(self, host: str) -> bool:
        """Whether a host is one of its mail servers."""
        return host.lower() in {self.imap.host, self.smtp.host, *self.hosts}


SERVICES = (
    MailService(
        "Gmail, Google Workspace",
        ServerAddress("imap.gmail.com", 993),
        ServerAddress("smtp.gmail.com", 465),
        ("gmail.com", "googlemail.com"),
        (".google.com", ".googlemail.com"),
        {
            "en": "Google takes no account's own password. Switch on 2-Step Verification, make an app password at"
            " https://myaccount.google.com/apppasswords and give that; or sign in by OAuth. In Google Workspace the"
            " administrator allows IMAP in Apps > Google Workspace > Gmail > End User Access.",
            "ru": "Google не принимает обычный пароль. Включите двухэтапную аутентификацию, создайте пароль приложения"
            " на https://myaccount.google.com/apppasswords и введите его; или войдите через OAuth. В Google Workspace"
            " доступ по IMAP разрешает администратор: Приложения > Google Workspace > Gmail > Доступ для конечных"
            " пользователей.",
        },
        authserv="mx.google.com",
        oauth="google",
    ),
    MailService(
        "Microsoft 365",
        ServerAddress("outlook.office365.com", 993),
        ServerAddress("smtp.office365.com", 587, "starttls"),
        ("outlook.com", "hotmail.com", "live.com", "msn.com", "onmicrosoft.com"),
        (".protection.outlook.com", ".mx.microsoft", ".olc.protection.outlook.com"),
        {
            "en": "Microsoft has switched IMAP with passwords off: sign in by OAuth (mailbox.oauth,"
            " then `sign-in`). The mailbox needs IMAP and Authenticated SMTP: Microsoft 365 admin center > Users > the"
            " mailbox > Mail > Manage email apps.",
            "ru": "Microsoft отключил вход по IMAP с паролем: войдите через OAuth (mailbox.oauth, затем"
            " `sign-in`). Для ящика должны быть включены IMAP и SMTP с проверкой подлинности: центр администрирования"
            " Microsoft 365 > Пользователи > ящик > Почта > Управление почтовыми приложениями.",
        },
        authserv="outlook.com",
        oauth="microsoft",
        takes_passwords=False,
    ),
    MailService(
        "Yandex 360",
        ServerAddress("imap.yandex.ru", 993),
        ServerAddress("smtp.yandex.ru", 465),
        ("yandex.ru", "yandex.com", "ya.ru", "yandex.by", "yandex.kz", "narod.ru"),
        (".yandex.net", ".yandex.ru"),
        {
            "en": "Yandex takes an app password alone: make one for Mail at"
            " https://id.yandex.ru/security/app-passwords, and switch on IMAP in Mail > All settings > Email clients."
            " In Yandex 360 for Business the administrator must not have forbidden app passwords.",
            "ru": "Яндекс принимает только пароль приложения: создайте его для «Почты» на"
            " https://id.yandex.ru/security/app-passwords и включите IMAP: Почта > Все настройки > Почтовые программы."
            " В Яндекс 360 для бизнеса пароли приложений не должны быть запрещены администратором.",
        },
        hosts=("imap.yandex.com", "smtp.yandex.com"),
    ),
    MailService(
        "Mail.ru",
        ServerAddress("imap.mail.ru", 993),
        ServerAddress("smtp.mail.ru", 465),
        ("mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru"),
        ("mxs.mail.ru",),
        {
            "en": "Mail.ru takes a password for external applications alone: make one at"
            " https://account.mail.ru/user/2-step-auth/passwords, with full access to mail (IMAP, POP3, SMTP).",
            "ru": "Mail.ru принимает только пароль для внешних приложений: создайте его на"
            " https://account.mail.ru/user/2-step-auth/passwords с полным доступом к почте (IMAP, POP3, SMTP).",
        },
        authserv="mx.mail.ru",
    ),
    MailService(
        "VK WorkMail",
        ServerAddress("imap.mail.ru", 993),
        ServerAddress("smtp.mail.ru", 465),
        (),
        ("emx.mail.ru",),
        {
            "en": "VK WorkMail takes a password for external applications alone: make one in the mailbox's settings"
            " (Security > Passwords for external applications). The domain's administrator must allow them and IMAP.",
            "ru": "VK WorkMail принимает только пароль для внешних приложений: создайте его в настройках ящика"
            " (Безопасность > Пароли для внешних приложений). Их и IMAP должен разрешить администратор домена.",
        },
        authserv="mx.mail.ru",
    ),
    MailService(
        "Fastmail",
        ServerAddress("imap.fastmail.com", 993),
        ServerAddress("smtp.fastmail.com", 465),
        ("fastmail.com", "fastmail.fm"),
        (".messagingengine.com",),
        {
            "en": "Fastmail takes an app password alone: Settings > Privacy & Security > Manage app passwords, with"
            " access to Mail (IMAP/POP/SMTP).",
            "ru": "Fastmail принимает только пароль приложения: Settings > Privacy & Security > Manage app passwords,"
            " доступ Mail (IMAP/POP/SMTP).",
        },
    ),
    MailService(
        "Zoho Mail",
        ServerAddress("imap.zoho.com", 993),
        ServerAddress("smtp.zoho.com", 465),
        ("zoho.com", "zohomail.com"),
        (".zoho.com",),
        {
            "en": "Switch on IMAP in Zoho Mail > Settings > Mail Accounts. With two-factor authentication make an"
            " application-specific password at https://accounts.zoho.com > Security. A company's own domain uses"
            " imappro.zoho.com and smtppro.zoho.com.",
            "ru": "Включите IMAP: Zoho Mail > Settings > Mail Accounts. При двухфакторной аутентификации создайте"
            " пароль приложения на https://accounts.zoho.com > Security. Для домена компании: imappro.zoho.com и"
            " smtppro.zoho.com.",
        },
        hosts=("imappro.zoho.com", "smtppro.zoho.com"),
    ),
    MailService(
        "Zoho Mail (Europe)",
        ServerAddress("imap.zoho.eu", 993),
        ServerAddress("smtp.zoho.eu", 465),
        ("zohomail.eu", "zoho.eu"),
        (".zoho.eu",),
        {
            "en": "Switch on IMAP in Zoho Mail > Settings > Mail Accounts. With two-factor authentication make an"
            " application-specific password at https://accounts.zoho.eu > Security. A company's own domain uses"
            " imappro.zoho.eu and smtppro.zoho.eu.",
            "ru": "Включите IMAP: Zoho Mail > Settings > Mail Accounts. При двухфакторной аутентификации создайте"
            " пароль приложения на https://accounts.zoho.eu > Security. Для домена компании: imappro.zoho.eu и"
            " smtppro.zoho.eu.",
        },
        hosts=("imappro.zoho.eu", "smtppro.zoho.eu"),
    ),
)


def service_of_domain(domain: str) -> MailService | None:
    """Whose addresses end so."""
    name = domain.lower()
    return next((s for s in SERVICES if any(name == own or name.endswith(f".{own}") for own in s.domains)), None)


def service_of_mx(exchanges: Iterable[str]) -> MailService | None:
    """Who takes a domain's mail, by its MX records, the most preferred first."""
    for exchange in exchanges:
        name = f".{exchange.lower().rstrip('.')}"
        for service in SERVICES:
            if any(name.endswith(f".{end.lstrip('.')}") for end in service.mx):
                return service
    return None


def service_of_host(host: str) -> MailService | None:
    """Whose mail server a host is."""
    return next((service for service in SERVICES if service.is_at(host)), None)
