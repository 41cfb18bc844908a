"""A company in a box: mailflow and its people on mail servers and a portal of their own, over real IMAP, SMTP, REST."""

from __future__ import annotations

import shutil
import time
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mailflow import bootstrap
from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.daemon import Daemon, heed_signals
from mailflow.errors import MailflowError, PermanentFailure
from mailflow.jobs.portal.tasks import COMPLETED
from mailflow.jobs.whole_pass import PassResult
from mailflow.office import staff
from mailflow.office.archive import save_mailbox
from mailflow.office.bitrix24.page import write_portal_page
from mailflow.office.bitrix24.server import PortalServer
from mailflow.office.mail_server import MailServer
from mailflow.office.narrator import Narrator
from mailflow.office.page import FILENAME, Mailbox, write_page
from mailflow.office.person import Person
from mailflow.office.received import ReceivedMail
from mailflow.office.story import Cast, Story, StoryClock, story_monday
from mailflow.settings import Settings, load_settings
from mailflow.terminal import console as plain_console

_SETTINGS = "settings.yaml"
_FOLDERS = ("mails", "invites")
_DATABASE_FILES = tuple(f"{staff.DATABASE}{ending}" for ending in ("", "-wal", "-shm", ".lock", ".filing.lock"))
_PORTAL_PAGE = "portal.html"
_OWN = (_SETTINGS, *_DATABASE_FILES, FILENAME, _PORTAL_PAGE, *_FOLDERS)


def play(output: Path, stay: bool) -> int:
    """Plays the story into the output folder; 0 where it went as it should, else 1.

    With `stay` the company goes on afterwards, for anybody with a mail client, until SIGTERM or Ctrl-C. Raises
    PermanentFailure where the folder holds something that the demo has not written.
    """
    began = time.monotonic()
    _make_room(output)
    with MailServer(staff.passwords()) as server, PortalServer(language="en") as portal:
        portal.limits.off()
        staff.write_settings(output / _SETTINGS, server, portal.webhook)
        settings = load_settings(output / _SETTINGS)
        application = bootstrap.build(settings)
        try:
            demo = _Demo(output, plain_console(), server, portal, settings, application)
            trouble = demo.tell_story()
            demo.say_where(trouble, time.monotonic() - began)
            if stay:
                demo.stay_open()
        finally:
            application.close()
    return 1 if trouble else 0


def _make_room(output: Path) -> None:
    """Clears away what an earlier demo left, and nothing else."""
    output.mkdir(parents=True, exist_ok=True)
    left = [path for name in _OWN if (path := output / name).exists()]
    settings = output / _SETTINGS
    if left and not (settings.is_file() and settings.read_text("utf-8", "replace").startswith(staff.MARK)):
        raise PermanentFailure(
            f"{left[0]} is there and was not written by the demo, so nothing was touched. "
            "Choose another folder with --output."
        )
    for path in left:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


class _Demo:
    """One company at work: its servers, its people, mailflow itself."""

    def __init__(
        self,
        output: Path,
        console: Console,
        server: MailServer,
        portal: PortalServer,
        settings: Settings,
        application: bootstrap.Application,
    ) -> None:
        self._output = output
        self._console = console
        self._server = server
        self._portal = portal
        self._users = staff.hire(portal)
        self._settings = settings
        self._application = application
        self._clock = StoryClock(story_monday(datetime.now(settings.zone).date()), settings.zone)
        portal.clock = server.clock = self._clock
        names = {e.address: e.name for e in staff.PEOPLE} | {staff.FINANCE.address: "mailflow"}
        self._narrator = Narrator(console, names, self._clock, staff.FINANCE.address)

    def tell_story(self) -> str:
        """Plays it and leaves its papers; what went wrong, "" where nothing did."""
        cast = (staff.IVAN, staff.MARIA, staff.OLGA, staff.DANIEL, staff.ANNA)
        people = Cast(*(self._person(employee) for employee in cast))
        try:
            Story(people, self._clock, self._narrator, self._pass_of_the_story, self._complete_task).play()
            trouble = self._what_is_not_as_it_should_be()
        except MailflowError as error:
            trouble = str(error)
        self._leave_papers(self._clock())
        return trouble

    def say_where(self, trouble: str, seconds: float) -> None:
        """The last line: what was left where, and how long it took."""
        self._console.print()
        if trouble:
            self._console.print(f"The story did not go as it should: {trouble}", style="bold red")
        folder, count = self._output.resolve(), len(self._server.journal)
        self._console.print(
            f"{count} mails in {seconds:.1f} s. Open {folder / FILENAME} and {folder / _PORTAL_PAGE}, what Bitrix24 "
            "shows; every mail (.eml) and invite (.ics) lies beside them.",
            style="bold",
            soft_wrap=True,
        )

    def stay_open(self) -> None:
        """Lets anybody join with a mail client; mailflow works by the system's clock from now on."""
        host, imap, smtp = self._server.host, self._server.imap_port, self._server.smtp_port
        table = Table("who", "address and user name", "password", "role", title="The company stays open", box=None)
        for employee in staff.EVERYBODY:
            table.add_row(employee.name, employee.address, employee.password, employee.role)
        self._console.print()
        self._console.print(table)
        self._console.print(f"IMAP {host}, port {imap}; SMTP {host}, port {smtp}; without encryption.")
        self._console.print(f"What Bitrix24 shows: {self._portal.base}")
        self._console.print(f"Write to {staff.FINANCE.address}. Ctrl-C closes the company.")
        self._narrator.clock = self._portal.clock = self._server.clock = lambda: datetime.now(self._settings.zone)
        daemon = Daemon(self._pass_of_today, self._application.mailbox, self._settings.mailbox.poll_seconds)
        heed_signals(daemon.stop, daemon.wake)
        daemon.run()
        self._console.print("The company has closed.")

    def _pass_of_the_story(self) -> None:
        self._tell_mails()
        result = self._application.pass_once(self._clock())
        self._tell_mails()
        if result.troubles:
            raise PermanentFailure(" ".join(result.troubles))

    def _pass_of_today(self) -> PassResult:
        self._tell_mails()
        result = self._application.pass_once()
        self._tell_mails()
        if result.received or result.sent:
            self._leave_papers(datetime.now(self._settings.zone))
        return result

    def _complete_task(self, number: str) -> None:
        """The accountant completes 'Pay the invoice' in the portal."""
        task = next(t for t in self._portal.tasks if number in t["title"] and t["status"] != COMPLETED)
        self._portal.complete_task(task["id"], by=self._users[staff.ANNA.address])

    def _tell_mails(self) -> None:
        self._narrator.mails([delivery.raw for delivery in self._server.journal])

    def _leave_papers(self, now: datetime) -> None:
        for folder in _FOLDERS:
            shutil.rmtree(self._output / folder, ignore_errors=True)
        mailboxes = []
        for employee in staff.EVERYBODY:
            saved = save_mailbox(self._output, employee.address, self._mails_of(employee))
            mailboxes.append(Mailbox(employee.name, employee.address, employee.role, saved))
        write_page(self._output, mailboxes, self._invoices(), self._application.company, now)
        write_portal_page(self._output, self._portal)

    def _mails_of(self, employee: staff.Employee) -> list[ReceivedMail]:
        own = self._settings.mailbox.folders
        folders = (own.inbox, own.processed, own.quarantine) if employee is staff.FINANCE else (own.inbox,)
        reader = self._person(employee)
        mails = [mail for folder in folders for mail in reader.inbox(folder)]
        return sorted(mails, key=lambda mail: mail.written_at)

    def _invoices(self) -> list[Invoice]:
        with self._application.store.begin() as uow:
            return uow.invoices.all()

    def _what_is_not_as_it_should_be(self) -> str:
        """The end of the story, looked up in the database."""
        ended = [(i.status, i.revision, i.payment.shifts if i.payment else 0) for i in self._invoices()]
        if ended != [(Status.PAID, 1, 1), (Status.PAID, 2, 0), (Status.TO_PAY, 1, 0), (Status.IN_APPROVAL, 1, 0)]:
            states = ", ".join(f"{status} (revision {revision})" for status, revision, _ in ended)
            return f"the invoices ended as {states or 'none'}."
        waiting = self._application.waits_for_retry()
        return f"{waiting} mails or changes in Bitrix24 could not be read, sent or shown." if waiting else ""

    def _person(self, employee: staff.Employee) -> Person:
        return Person(
            address=employee.address,
            name=employee.name,
            password=employee.password,
            host=self._server.host,
            imap_port=self._server.imap_port,
            smtp_port=self._server.smtp_port,
            writes_to=staff.FINANCE.address,
            language=employee.language,
            clock=self._clock,
        )
