"""The people of the demo's company, and the settings that they work by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from mailflow.office.bitrix24.server import PortalServer
from mailflow.office.mail_server import MailServer

TIMEZONE = "Europe/Moscow"
MARK = "# Written by the demo of mailflow; it may be overwritten by the next one.\n"
"""The first line of the demo's settings.yaml: what stands beside it is the demo's own."""

DATABASE = "mailflow.db"
PORTAL_RATE = 1000
"""Requests a second: the demo's portal is the company's own server, without the limits of the cloud."""


@dataclass(frozen=True)
class Employee:
    """Somebody of the company, with the password of the mailbox."""

    address: str
    name: str
    role: str
    password: str
    language: str = "en"
    manager: str | None = None


FINANCE = Employee("finance@example.com", "Finance", "the mailbox that mailflow reads", "finance-demo")
IVAN = Employee("ivan@example.com", "Иван Петров", "submitter", "ivan-demo", "ru", "olga@example.com")
MARIA = Employee("maria@example.com", "Maria Lopez", "submitter", "maria-demo", "en", "olga@example.com")
OLGA = Employee("olga@example.com", "Ольга Соколова", "head of department", "olga-demo", "ru", "daniel@example.com")
DANIEL = Employee("daniel@example.com", "Daniel Weber", "director", "daniel-demo", "en")
ANNA = Employee("anna@example.com", "Анна Орлова", "accountant", "anna-demo", "ru")
ADMINISTRATOR = Employee("admin@example.com", "Max Klein", "administrator", "admin-demo", "en")

PEOPLE = (IVAN, MARIA, OLGA, DANIEL, ANNA, ADMINISTRATOR)
EVERYBODY = (*PEOPLE, FINANCE)


def passwords(employees: Iterable[Employee] = EVERYBODY) -> dict[str, str]:
    """Address -> password, as the mail server wants them."""
    return {employee.address: employee.password for employee in employees}


def hire(portal: PortalServer) -> dict[str, int]:
    """Gives the people accounts in the portal and a department each; their user ids by address."""
    director = portal.add_user(DANIEL.address, DANIEL.name)
    top = portal.add_department("Lutik Ltd", head=director)
    head = portal.add_user(OLGA.address, OLGA.name, departments=(top,))
    office = portal.add_department("Office", parent=top, head=head)
    others = {p.address: portal.add_user(p.address, p.name, departments=(office,)) for p in (IVAN, MARIA, ANNA)}
    return {DANIEL.address: director, OLGA.address: head, **others}


def write_settings(file: Path, server: MailServer, webhook: str) -> None:
    """Writes the settings.yaml of the company, for this mail server and portal; the database lies beside it."""
    sign_in = {"host": server.host, "security": "none", "username": FINANCE.address, "password": FINANCE.password}
    settings = {
        "company_name": "Lutik Ltd",
        "language": "en",
        "timezone": TIMEZONE,
        "database": f"sqlite:///{file.parent.resolve() / DATABASE}",
        "mailbox": {
            "address": FINANCE.address,
            "imap": {**sign_in, "port": server.imap_port},
            "smtp": {**sign_in, "port": server.smtp_port},
            "sender_check": "reference",
            "poll_seconds": 5,
        },
        "administrator": ADMINISTRATOR.address,
        "submitters": ["@example.com"],
        "people": [{"email": p.address, "name": p.name, "language": p.language, "manager": p.manager} for p in PEOPLE],
        "approval": {"route": "sequential", "sequence": [OLGA.address, DANIEL.address], "remind_after_hours": 24},
        "payment": {"accountant": ANNA.address, "invite_at": "10:00", "unpaid_moves_to": "next_day"},
        "bitrix24": {"webhook": webhook, "requests_a_second": PORTAL_RATE, "poll_seconds": 10},
    }
    file.touch()
    file.chmod(0o600)
    file.write_text(MARK + yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")
