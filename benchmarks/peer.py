"""The peer: roundup's mail gateway (IMAP poll, SQLite), from an environment of its own.

A mail opens an issue and is sent on with its file; the reply resolves the issue and is sent on. So it does for each
mail what mailflow does, and sends one mail where mailflow sends two.
"""

from __future__ import annotations

import shutil
import subprocess
from configparser import ConfigParser
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Self

from benchmarks.company import FIRST, SUBMITTER
from benchmarks.sink import Arrived
from benchmarks.spending import TOP, Spent, spent
from tests.servers.dovecot import PASSWORD

PYTHON = TOP / ".venv-bench" / "bin" / "python"
TRACKER = "tracker@example.com"


class Roundup:
    """An installed roundup, and an empty tracker to copy."""

    def __init__(self, folder: Path) -> None:
        self._empty = folder / "roundup-empty"
        self._admin("install", "classic", "sqlite")
        self._configure(self._empty, 25)
        self._admin("initialise", "admin")
        for address in (SUBMITTER, FIRST):
            name = address.partition("@")[0]
            self._admin("create", "user", f"username={name}", f"address={address}", "roles=User", "password=x")

    @classmethod
    def installed(cls, folder: Path) -> Self | None:
        """None where it is not installed."""
        return cls(folder) if PYTHON.exists() else None

    def tracker(self, name: str, smtp: int) -> Path:
        """A new tracker."""
        home = Path(shutil.copytree(self._empty, self._empty.parent / name))
        self._configure(home, smtp)
        return home

    def poll(self, tracker: Path, imap: int) -> Spent:
        """Reads and answers all that is in the mailbox of its name."""
        gateway = TOP / "benchmarks" / "roundup_gateway.py"
        return spent([PYTHON, gateway, imap, tracker, "imap", f"{tracker.name}:{PASSWORD}@127.0.0.1"])

    def _configure(self, home: Path, smtp: int) -> None:
        config = ConfigParser(interpolation=None)
        config.read(home / "config.ini", "utf-8")
        config["tracker"].update({"web": "http://127.0.0.1/", "email": TRACKER})
        config["mail"].update({"domain": "example.com", "host": "127.0.0.1", "port": str(smtp)})
        with (home / "config.ini").open("w", encoding="utf-8") as file:
            config.write(file)

    def _admin(self, *arguments: str) -> None:
        program = PYTHON.with_name("roundup-admin")
        subprocess.run([program, "-i", self._empty, *arguments], check=True, capture_output=True)


def issue(name: str, file: bytes) -> bytes:
    """A mail that opens an issue for the approver."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = SUBMITTER, TRACKER
    mail["Subject"], mail["Message-ID"] = f"Invoice {name} [assignedto=olga]", f"<issue.{name}@example.com>"
    mail.set_content(f"Counterparty: Supplier {name} LLC\nAmount: 1000.00 EUR\nPay date: in 10 days\n")
    mail.add_attachment(file, maintype="application", subtype="octet-stream", filename="invoice.docx")
    return mail.as_bytes()


def resolution(request: Arrived) -> bytes:
    """The approver's reply, which resolves the issue."""
    asked = request.message()
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = FIRST, TRACKER
    mail["Subject"] = f"Re: {' '.join(str(asked['Subject']).split())} [status=resolved]"
    mail["Message-ID"], mail["In-Reply-To"] = f"<re.{str(asked['Message-ID'])[1:]}", asked["Message-ID"]
    mail.set_content("APPROVE\n\nOn Tue, 1 Dec 2026 at 10:00, Finance wrote:\n" + "> a line of what was asked\n" * 25)
    return mail.as_bytes()
