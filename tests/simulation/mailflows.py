"""One mailflow process of the simulation: the real jobs on the real store, behind them the simulated world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from mailflow.approval.company import Company
from mailflow.approval.effects import Mail
from mailflow.approval.route_entry import RouteEntry
from mailflow.approval.wording import Keywords
from mailflow.bootstrap import templates_of
from mailflow.company_settings import company_of, keywords_of
from mailflow.documents.reading import read_file
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.reading import read_mail
from mailflow.inbound.routing import Router
from mailflow.jobs import dispatch
from mailflow.jobs.calendar_day import CalendarDay
from mailflow.jobs.daily_mails import DailyMails
from mailflow.jobs.dispatch import Dispatch, identity_of, in_doubt_until
from mailflow.jobs.identity import Mint
from mailflow.jobs.intake import Intake
from mailflow.jobs.lines import Lines
from mailflow.jobs.outgoing import Outgoing
from mailflow.jobs.processing import Processing
from mailflow.jobs.whole_pass import PassResult, WholePass
from mailflow.outbound.templating import Templates
from mailflow.settings import load_settings
from mailflow.store.outbox import OutboxEntry, kind_of
from tests.settings_file import write_settings_file
from tests.simulation.database import StormyStore
from tests.simulation.mailbox import PROCESSED, QUARANTINE, SimulatedMailbox
from tests.simulation.people import SETTINGS
from tests.simulation.transport import SimulatedTransport
from tests.simulation.weather import Weather

INVITE_AT = time(10)


class PlainDispatch(Dispatch):
    """Delivers mails of few words, since the wording of the real ones is tested elsewhere and takes long."""

    def _draft(self, entry: OutboxEntry, company: Company) -> bytes:
        identity = identity_of(entry, self.outgoing.mint)
        files = entry.effect.attachments if isinstance(entry.effect, Mail) else ()
        marks = "".join(f"\0{file.sha256}\0\r\n" for file in files)
        return (
            f"From: mailflow <{self.company.mailbox}>\r\nTo: {entry.recipient}\r\n"
            f"Subject: [{entry.number} #{identity.token}] {kind_of(entry.effect)}\r\n"
            f"Message-ID: {identity.message_id}\r\nIn-Reply-To: {identity.in_reply_to}\r\nDate: {identity.date}\r\n"
            f"Auto-Submitted: auto-generated\r\n\r\n{marks}"
        ).encode()


@dataclass
class Mailflow:
    """A process, from its start to its end."""

    store: StormyStore
    whole_pass: WholePass
    weather: Weather

    def run(self) -> PassResult:
        """One whole pass."""
        with patch.object(dispatch, "monotonic", lambda: self.weather.clock.now.timestamp()):
            return self.whole_pass.run(self.weather.clock)


@dataclass(frozen=True)
class Setting:
    """How the company of a seed is set up. `chain`: who approves; `copies`: our mails come to the mailbox too."""

    chain: tuple[str, ...]
    copies: bool
    plain: bool


def start(
    setting: Setting,
    weather: Weather,
    mailbox: SimulatedMailbox,
    transport: SimulatedTransport,
    seen: Callable[[], None],
    alone: bool,
) -> Mailflow:
    """A new process on the database as it is; `alone`: no other one works on it."""
    company, keywords, templates = _wired()
    company = replace(company, sequence=tuple(map(RouteEntry, setting.chain)))
    store = StormyStore(weather, seen, transport.database_fails)
    if alone:
        store.take_part(weather.clock.now, in_doubt_until(weather.clock.now, setting.copies))
    outgoing = Outgoing(company, Mint("example.com", store.identity_key()))
    delivers = PlainDispatch if setting.plain else Dispatch

    def read(raw: bytes, today: date) -> ReadMail:
        weather.let_others_work()
        return read_mail(raw, keywords, today)

    router = Router(company, "reference")
    whole_pass = WholePass(
        Intake(store, mailbox, router, PROCESSED, QUARANTINE),
        # The model follows each commit.
        Processing(store, read, read_file, router, outgoing, lambda: templates, at_once=1),
        CalendarDay(store, company, outgoing),
        DailyMails(store, company, outgoing),
        delivers(store, company, lambda: templates, Lines(transport), outgoing, INVITE_AT, setting.copies),
    )
    return Mailflow(store, whole_pass, weather)


@cache
def _wired() -> tuple[Company, Keywords, Templates]:
    with TemporaryDirectory() as folder:
        file = write_settings_file(Path(folder) / "settings.yaml", SETTINGS)
        settings = load_settings(file, {})
    return company_of(settings), keywords_of(settings), templates_of(settings)
