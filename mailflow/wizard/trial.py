"""The settings as they would be written, tried on the real servers before anything is written."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from email.parser import BytesHeaderParser
from pathlib import Path

from mailflow.bootstrap import mailbox_of, transport_of
from mailflow.errors import MailflowError
from mailflow.ports import Location
from mailflow.settings import Settings, load_settings
from mailflow.wizard.settings_file import Answers, environment_text, files_of, settings_text

_MAILS_LOOKED_AT = 10


class Trial:
    """The files in a folder that nobody else can read, until they are put in their place."""

    def __init__(self, file: Path, folder: Path) -> None:
        self._file, self._folder, self._signs_in = file, folder, False

    def settings(self, answers: Answers) -> Settings:
        """What mailflow reads in the files that these answers make."""
        here = self._file.absolute().parent
        database = "mailflow.db" if here == Path.cwd() else str(here / "mailflow.db")
        environment, _ = files_of(self._folder)
        self._signs_in = bool(answers.oauth)
        texts = {
            environment: environment_text(answers),
            self._folder / self._file.name: settings_text(answers, f"sqlite:///{database}"),
        }
        for path, text in texts.items():
            path.unlink(missing_ok=True)
            if text:
                path.touch(0o600)
                path.write_text(text, "utf-8")
        return load_settings(self._folder / self._file.name, {})

    def settings_of_mailbox(self, answers: Answers) -> Settings:
        """The same before it is known who takes part; no mail is read or sent by these."""
        nobody = f"nobody@{answers.address.rpartition('@')[2]}"
        return self.settings(
            replace(
                answers,
                accountant=nobody,
                administrator=nobody,
                approvers=(nobody,),
                submitters=(nobody,),
                timezone="UTC",
                sender_check="reference",
                trusted_authserv="",
            )
        )

    def text(self) -> str:
        """The settings that would be written."""
        return (self._folder / self._file.name).read_text("utf-8")

    def put_in_place(self) -> list[Path]:
        """Writes all of them or none; raises OSError, FileExistsError among it: nothing is overwritten."""
        place = self._file.absolute().parent
        environment, sign_in = files_of(self._folder)
        wanted = (environment, sign_in) if self._signs_in else (environment,)
        beside = [path.name for path in wanted if path.exists()]
        put: list[Path] = []
        try:
            for name in (*beside, self._file.name):
                os.link(self._folder / name, place / name)
                put.append(place / name)
        except BaseException:
            for path in put:
                with suppress(OSError):
                    path.unlink()
            raise
        return put


def probe(settings: Settings) -> None:
    """Signs in to both servers; makes no folder yet. Raises MailflowError."""
    replace(mailbox_of(settings), folders=()).probe()
    transport_of(settings).probe()


def seen_authserv(settings: Settings) -> str:
    """Who verified most of the newest mails in the mailbox, by the topmost header of each; "" where nobody did.

    Only a name of the mail server's own domain or of the mailbox's: where the server stamps nothing, whoever writes to
    the mailbox may have written any name (RFC 8601 section 7.1).
    """
    places: list[Location] = []

    def note(place: Location) -> bool:
        places.append(place)
        return True

    names: Counter[str] = Counter()
    with suppress(MailflowError):
        look, read = (replace(mailbox_of(settings), folders=(), max_bytes=0) for _ in range(2))
        try:
            list(look.fetch_new(note))
            newest = sorted(place.uid for place in places)[-_MAILS_LOOKED_AT:]
            for mail in read.fetch_new(lambda place: place.uid not in newest):
                names[_authserv_of(mail.raw)] += 1
        finally:
            look.close()
            read.close()
    address, host = settings.mailbox.address, settings.mailbox.imap.host
    return next((name for name, _ in names.most_common() if is_theirs(name, address, host)), "")


def is_theirs(authserv: str, address: str, host: str) -> bool:
    """Whether an authserv-id is of the mailbox's domain, or of the one that the mail server stands in."""
    domains = address.rpartition("@")[2], host, host.partition(".")[2]
    return f".{authserv.lower()}".endswith(tuple(f".{domain.lower()}" for domain in domains if "." in domain))


def _authserv_of(header: bytes) -> str:
    stamped = str(BytesHeaderParser().parsebytes(header).get("Authentication-Results", ""))
    first = stamped.partition(";")[0].split()
    return first[0] if first and "=" not in first[0] else ""
