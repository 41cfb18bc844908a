"""The only place that knows everyone: settings in, a running mailflow out.

What only some settings or commands need is imported where they ask for it: every `once` of a cron pays for the rest.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mailflow.adapters.imap import ImapMailbox
from mailflow.adapters.reading_process import ReadingProcess
from mailflow.adapters.smtp import SmtpTransport
from mailflow.approval import deciding
from mailflow.approval.company import Company
from mailflow.approval.effects import PortalKind
from mailflow.approval.structure import HierarchySource
from mailflow.branding import Branding
from mailflow.company_settings import company_of, keywords_of
from mailflow.daemon import Beside, Daemon, Observer, heed_signals
from mailflow.errors import ConfigurationError, MailflowError, PermanentFailure, SettingsProblem
from mailflow.inbound.routing import Router
from mailflow.jobs.calendar_day import CalendarDay
from mailflow.jobs.company_now import company_now
from mailflow.jobs.daily_mails import DailyMails
from mailflow.jobs.dispatch import Dispatch, in_doubt_until
from mailflow.jobs.heartbeat import Heartbeat
from mailflow.jobs.identity import Mint
from mailflow.jobs.intake import Intake
from mailflow.jobs.limits import Limits
from mailflow.jobs.lines import Lines
from mailflow.jobs.outgoing import Outgoing
from mailflow.jobs.portal.result import PortalResult
from mailflow.jobs.processing import Processing
from mailflow.jobs.whole_pass import PassResult, Progress, WholePass
from mailflow.log import discreet, keep_secret
from mailflow.logo_file import read_logo
from mailflow.outbound.payment_order import Payer
from mailflow.outbound.ready_to_pay import ReadyToPay
from mailflow.service_manager import ALIVE, ServiceManager, service_manager
from mailflow.settings import Bitrix24Settings, BoardSettings, MailboxSettings, OAuthSettings, Settings
from mailflow.store.engine import Store, open_store
from mailflow.template_folder import languages_in, loader_of
from mailflow.web.place import Place

if TYPE_CHECKING:
    from mailflow.adapters.bitrix24 import Bitrix24Portal
    from mailflow.adapters.oauth.access_tokens import AccessTokens
    from mailflow.adapters.oauth.client import OAuthClient
    from mailflow.explanation import Explanation
    from mailflow.jobs.portal.work import PortalWork
    from mailflow.outbound.templating import Templates
    from mailflow.payment_calendar import CalendarFace
    from mailflow.settings_watch import SettingsWatch
    from mailflow.web.board import Board
    from mailflow.web.server import BoardServer

log = logging.getLogger(__name__)

PORTAL_BURST_SECONDS = 20
"""So many seconds' worth of requests may go out at once: 40 of the 50 that most plans take (Bitrix24 REST: limits)."""

EXIT_OK = 0
EXIT_TRY_AGAIN = 75


def utc_now() -> datetime:
    """The system clock."""
    return datetime.now(UTC)


@dataclass
class Application:
    """One company's mailflow, wired by the settings that are in force."""

    settings: Settings
    store: Store
    company: Company
    mailbox: ImapMailbox
    lines: Lines
    reading: ReadingProcess
    whole_pass: WholePass
    portal: PortalWork | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    board: BoardServer | None = None

    def pass_once(self, now: datetime | None = None, progress: Progress = lambda what, count: None) -> PassResult:
        """One whole pass, at the system's time or at another: the mails, then the portal, in turn until all is done."""
        before = self.read_structure(now)
        result = self.mail_pass(now, progress)
        result.troubles += before.troubles
        while self.portal:
            done = self.portal_pass(now, progress)
            result.troubles = list(dict.fromkeys([*result.troubles, *done.troubles]))
            if not done.taken_over:
                break
            result += self.mail_pass(now, progress)
        return result

    def read_structure(self, now: datetime | None = None) -> PortalResult:
        """Reads who leads whom where the portal knows that, before mail that may need it."""
        return self.portal.read_structure(self._clock(now)()) if self.portal else PortalResult()

    def mail_pass(self, now: datetime | None = None, progress: Progress = lambda what, count: None) -> PassResult:
        """Reads and sends mail; the portal is not spoken to."""
        return self.whole_pass.run(self._clock(now), progress, self.stopping.is_set)

    def portal_pass(self, now: datetime | None = None, progress: Progress = lambda what, count: None) -> PortalResult:
        """Shows the portal what it has not heard of, and takes over what was done there."""
        if self.portal is None:
            return PortalResult()
        return self.portal.run(self._clock(now), lambda count: progress("shown in Bitrix24", count))

    def waits_for_retry(self) -> int:
        """How many mails wait to be read or sent again, or changes to be shown."""
        with self.store.begin() as uow:
            return uow.inbox.waiting(utc_now()) + uow.outbox.waiting(utc_now())

    def _clock(self, now: datetime | None) -> Callable[[], datetime]:
        return (lambda: now) if now else (lambda: utc_now() + self.store.ahead)

    def close(self) -> None:
        """Ends every connection."""
        portal = [self.portal.close] if self.portal else []
        board = [self.board.stop] if self.board else []
        for end in (*board, self.mailbox.close, self.lines.close, self.reading.close, *portal, self.store.close):
            with suppress(MailflowError):
                end()


def build(settings: Settings) -> Application:
    """Wires everything; opens the database, but no mail connection yet."""
    company = company_of(settings)
    store = open_store(settings.database.get_secret_value())
    store.take_part(utc_now(), in_doubt_until(utc_now(), settings.mailbox.keep_copies))
    mailbox, lines = mailbox_of(settings), lines_of(settings)
    outgoing, reading = outgoing_of(settings, company, store), reading_of(settings)
    return Application(
        settings=settings,
        store=store,
        company=company,
        mailbox=mailbox,
        lines=lines,
        reading=reading,
        whole_pass=_whole_pass_of(settings, company, store, mailbox, lines, reading, outgoing),
        portal=portal_work_of(settings, company, store, outgoing),
    )


def take_over(application: Application, settings: Settings) -> None:
    """Other settings from the next pass on, all or, where this raises, none; what is connected stays as it is."""
    company, store, reading = company_of(settings), application.store, reading_of(settings)
    outgoing, mailbox, lines = outgoing_of(settings, company, store), application.mailbox, application.lines
    whole_pass = _whole_pass_of(settings, company, store, mailbox, lines, reading, outgoing)
    portal = application.portal and _portal_of_now(application.portal, settings, company, store, outgoing)
    board = board_of(settings, store, mailbox.wake) if application.board else None
    application.reading.close()
    application.settings, application.company, application.reading = settings, company, reading
    application.whole_pass, application.portal = whole_pass, portal
    if application.board and board:
        application.board.show(board)


def _whole_pass_of(
    settings: Settings,
    company: Company,
    store: Store,
    mailbox: ImapMailbox,
    lines: Lines,
    reading: ReadingProcess,
    outgoing: Outgoing,
) -> WholePass:
    folders, limits = settings.mailbox.folders, Limits(settings.max_mails_an_hour, settings.max_mb_an_hour)
    templates, router = _templates_when_needed(settings), router_of(settings, company)
    return WholePass(
        intake=Intake(store, mailbox, router, folders.processed, folders.quarantine, limits),
        processing=Processing(store, reading.read, reading.read_file, router, outgoing, templates, limits),
        calendar_day=CalendarDay(store, company, outgoing),
        daily_mails=DailyMails(store, company, outgoing),
        dispatch=Dispatch(
            store,
            company,
            templates,
            lines,
            outgoing,
            settings.payment.invite_at,
            settings.mailbox.keep_copies,
            ready_to_pay_of(settings),
            place_of(settings).address,
        ),
    )


def _portal_of_now(
    work: PortalWork, settings: Settings, company: Company, store: Store, outgoing: Outgoing
) -> PortalWork:
    """The same portal by other settings; a round that goes on beside ends as it began."""
    from mailflow.jobs.portal.structure import StructureReader
    from mailflow.jobs.portal.work import PortalWork
    from mailflow.outbound.portal_texts import PortalTexts

    texts = PortalTexts(loader_of(settings.templates), company)
    by_portal = company.hierarchy is HierarchySource.BITRIX24
    reader = (work.structure or StructureReader(store, work.sync.portal)) if by_portal else None
    return PortalWork(
        replace(work.sync, texts=texts, outgoing=outgoing), replace(work.watch, outgoing=outgoing), reader
    )


def router_of(settings: Settings, company: Company) -> Router:
    """Whose mail is heard."""
    return Router(company, settings.mailbox.sender_check, tuple(settings.mailbox.trusted_authserv))


def reading_of(settings: Settings) -> ReadingProcess:
    """What reads mail and files."""
    memory = memory_to_read(settings.max_message_mb)
    return ReadingProcess(keywords_of(settings), memory, read_scans=settings.read_scans)


def memory_to_read(max_message_mb: int) -> int:
    """MB of address space that reading a mail may take: the libraries, and a mail and its files several times over."""
    return 400 + 10 * max_message_mb


def outgoing_of(settings: Settings, company: Company, store: Store) -> Outgoing:
    """What writes decisions down, with Message-IDs of the mailbox's domain."""
    mint = Mint(company.mailbox.rpartition("@")[2], store.identity_key())
    return Outgoing(company, mint, shown_in_portal(settings))


def shown_in_portal(settings: Settings) -> frozenset[PortalKind]:
    """What the settings want to be seen in the portal; nothing where there is none."""
    if settings.bitrix24 is None:
        return frozenset()
    return frozenset(PortalKind(name) for name, on in settings.bitrix24.shows if on)


def portal_of(portal: Bitrix24Settings) -> Bitrix24Portal:
    """The portal of the settings."""
    from mailflow.adapters.bitrix24 import Bitrix24Portal

    rate = portal.requests_a_second
    burst = round(rate * PORTAL_BURST_SECONDS)
    return Bitrix24Portal(portal.webhook.get_secret_value(), portal.ca_file, requests_a_second=rate, burst=burst)


def portal_work_of(settings: Settings, company: Company, store: Store, outgoing: Outgoing) -> PortalWork | None:
    """All that is done with the portal, None where there is none."""
    if settings.bitrix24 is None:
        return None
    from mailflow.jobs.portal.structure import StructureReader
    from mailflow.jobs.portal.sync import PortalSync
    from mailflow.jobs.portal.watch import PortalWatch
    from mailflow.jobs.portal.work import PortalWork
    from mailflow.outbound.portal_texts import PortalTexts

    portal = portal_of(settings.bitrix24)
    return PortalWork(
        PortalSync(
            store,
            portal,
            PortalTexts(loader_of(settings.templates), company),
            outgoing,
            settings.bitrix24.record_as,
            timedelta(seconds=settings.bitrix24.settle_seconds),
        ),
        PortalWatch(store, portal, outgoing, timedelta(seconds=settings.bitrix24.poll_seconds)),
        StructureReader(store, portal) if company.hierarchy is HierarchySource.BITRIX24 else None,
    )


def set_up_portal(settings: Settings, said: Callable[[str], None]) -> None:
    """Finds or makes everything that mailflow needs in the portal; `said` hears a line about each.

    Raises ConfigurationError where the settings name no portal, and what the portal raises.
    """
    if settings.bitrix24 is None:
        problem = SettingsProblem("bitrix24", "is not there.", "Give `bitrix24: {webhook: ...}`.")
        raise ConfigurationError("settings", [problem])
    company = company_of(settings)
    store = open_store(settings.database.get_secret_value())
    store.take_part(utc_now())
    work = portal_work_of(settings, company, store, outgoing_of(settings, company, store))
    try:
        if work:
            work.sync.set_up_in_turn(utc_now, said)
    finally:
        if work:
            work.close()
        store.close()


def mailbox_of(settings: Settings, inbox: str = "", since: date | None = None) -> ImapMailbox:
    """The shared mailbox of the settings, or another folder of it in the inbox's place."""
    imap, folders = settings.mailbox.imap, settings.mailbox.folders
    return ImapMailbox(
        host=imap.host,
        port=imap.port,
        security=imap.security,
        username=imap.username,
        password=imap.password.get_secret_value() if imap.password else "",
        credentials=None if imap.password else access_tokens_of(settings.mailbox),
        inbox=inbox or folders.inbox,
        since=since,
        folders=(folders.processed, folders.quarantine),
        ca_file=imap.ca_file,
        max_bytes=settings.max_message_mb * 1_000_000,
    )


def transport_of(settings: Settings) -> SmtpTransport:
    """The SMTP server of the settings."""
    smtp = settings.mailbox.smtp
    return SmtpTransport(
        host=smtp.host,
        port=smtp.port,
        security=smtp.security,
        username=smtp.username,
        password=smtp.password.get_secret_value() if smtp.password else None,
        credentials=None if smtp.password else access_tokens_of(settings.mailbox),
        ca_file=smtp.ca_file,
        hello=settings.mailbox.address.rpartition("@")[2],
    )


def lines_of(settings: Settings) -> Lines:
    """The connections to the SMTP server of the settings."""
    return Lines(*(transport_of(settings) for _ in range(settings.mailbox.smtp.connections)))


def access_tokens_of(mailbox: MailboxSettings) -> AccessTokens | None:
    """Where access tokens come from, None without OAuth."""
    oauth = mailbox.oauth
    if oauth is None:
        return None
    from mailflow.adapters.oauth.access_tokens import AccessTokens
    from mailflow.adapters.oauth.token_endpoint import TokenEndpoint
    from mailflow.adapters.oauth.token_file import TokenFile

    endpoint = TokenEndpoint(oauth_client_of(oauth))
    return AccessTokens(endpoint, TokenFile(oauth.token_file, oauth.client_id), oauth.flow == "client_credentials")


def oauth_client_of(oauth: OAuthSettings) -> OAuthClient:
    """The registered application of the settings, at its authorization server."""
    from mailflow.adapters.oauth.client import OAuthClient, google, microsoft

    secret = oauth.client_secret.get_secret_value() if oauth.client_secret else ""
    if oauth.server:
        return OAuthClient(
            oauth.client_id,
            oauth.server.token_url,
            secret,
            oauth.server.device_url or "",
            oauth.server.authorization_url or "",
            oauth.server.scopes,
            ca_file=oauth.server.ca_file,
        )
    if oauth.provider == "google":
        return google(oauth.client_id, secret)
    return microsoft(oauth.client_id, secret, oauth.tenant or "organizations", oauth.flow == "client_credentials")


def templates_of(settings: Settings) -> Templates:
    """The templates of the settings' folder, over those that come with mailflow."""
    return _templates_when_needed(settings)()


def _templates_when_needed(settings: Settings) -> Callable[[], Templates]:
    """The same by the time that a mail is written, with the logo as it is now."""
    branding = branding_of(settings)

    @cache
    def templates() -> Templates:
        from mailflow.outbound.templating import Templates

        return Templates(loader_of(settings.templates), branding)

    return templates


def branding_of(settings: Settings) -> Branding:
    """How the company of the settings shows itself."""
    logo = read_logo(settings.branding.logo) if settings.branding.logo else None
    return Branding(logo, settings.branding.signature)


def place_of(settings: Settings) -> Place:
    """Where the board listens, and the address that people use."""
    board = settings.board or BoardSettings()
    host = f"[{board.host}]" if ":" in board.host else board.host
    return Place(board.host, board.port, board.address or f"http://{host}:{board.port}")


def board_of(settings: Settings, store: Store, mail_is_waiting: Callable[[], None] = lambda: None) -> Board:
    """The board of these settings; `mail_is_waiting` is called when it has put a mail into the outbox."""
    from mailflow.web.board import Board
    from mailflow.web.rendering import Pages

    company = company_of(settings)
    pages = Pages(loader_of(settings.templates), languages_in(settings.templates))
    outgoing = outgoing_of(settings, company, store)
    return Board(store, company, outgoing, pages, place_of(settings), utc_now, mail_is_waiting)


def serve_board(settings: Settings, said: Callable[[str], None]) -> None:
    """The board alone, until SIGTERM or Ctrl-C; `said` hears where it is."""
    from mailflow.web.server import BoardServer

    store = open_store(settings.database.get_secret_value())
    try:
        server = BoardServer(board_of(settings, store))
        heed_signals(server.end, lambda: None)
        said(place_of(settings).address)
        server.run()
    finally:
        store.close()


def feed_of(settings: Settings, address: str, new: bool) -> str:
    """The address of somebody's calendar feed, made where there is none or a new one is wanted.

    Raises LookupError for somebody whom the company does not know.
    """
    from mailflow.web.feed import feed_address, give_feed

    company = company_of(settings)
    person = company.on_record(address.lower())
    if not company.knows(person):
        raise LookupError(address)
    store = open_store(settings.database.get_secret_value())
    try:
        mint, place = outgoing_of(settings, company, store).mint, place_of(settings)
        with store.begin() as uow:
            if new or not feed_address(place, mint, uow, person):
                give_feed(mint, uow, person)
                uow.commit()
            return feed_address(place, mint, uow, person)
    finally:
        store.close()


def calendar_face_of(settings: Settings, language: str) -> CalendarFace:
    """How the payment calendar speaks to somebody of this language."""
    from mailflow.payment_calendar import CalendarFace

    words = templates_of(settings).words(language, "calendar")
    address = place_of(settings).address if settings.board else ""
    return CalendarFace(settings.mailbox.address, language, words, settings.timezone, address)


def ready_to_pay_of(settings: Settings) -> ReadyToPay:
    """What the settings want the accountant's mail to carry."""
    wanted = settings.payment.ready_to_pay
    payer = Payer(wanted.payer.name, wanted.payer.details) if wanted.payer else None
    return ReadyToPay(wanted.qr, payer if wanted.file else None)


def once(settings: Settings, progress: Progress = lambda what, count: None) -> int:
    """One whole pass; 0, or 75 where something waits for a retry."""
    application = build(settings)
    try:
        result = application.pass_once(progress=progress)
        for trouble in result.troubles:
            log.error("%s", trouble)
        return EXIT_TRY_AGAIN if result.troubles or application.waits_for_retry() else EXIT_OK
    finally:
        application.close()


def run(settings: Settings, file: Path) -> int:
    """The daemon, until it is told to stop; `file` is where the settings are from, and are read again once edited."""
    application = build(settings)
    try:
        daemon = daemon_of(application, settings, file, service_manager())
        heed_signals(daemon.stop, daemon.wake)
        application.board = board_beside(settings, application)
        application.read_structure()
        daemon.run()
    finally:
        application.close()
    return EXIT_OK


def daemon_of(application: Application, settings: Settings, file: Path, manager: ServiceManager) -> Daemon:
    """What runs a company's passes, when its mailbox says so and by the clock, each with the settings as they are."""
    store, seconds = application.store, settings.mailbox.poll_seconds
    watch = watch_of(application, settings, file)
    observers: list[Observer] = [
        Heartbeat(store, settings.mailbox.address, lambda: utc_now() + store.ahead, discreet),
        *metrics_of(application, settings),
    ]

    def got_further(what: str, count: int) -> None:
        for observer in observers:
            observer.within_a_pass()
        manager.tell(ALIVE)

    def run_pass() -> PassResult:
        watch.look()
        return application.mail_pass(progress=got_further)

    beside = Beside(application.portal_pass, seconds) if application.portal else None
    stopping = application.stopping
    return Daemon(run_pass, application.mailbox, seconds, store.watches, beside, observers, manager, stopping)


def metrics_of(application: Application, settings: Settings) -> list[Observer]:
    """What serves metrics, where the settings want it."""
    if settings.metrics is None:
        return []
    from mailflow.metrics import Health, Metrics

    mailbox, health = application.mailbox, Health(settings.mailbox.poll_seconds, discreet)
    return [Metrics(application.store, health, lambda: mailbox.is_connected, *settings.metrics.place)]


def watch_of(application: Application, settings: Settings, file: Path) -> SettingsWatch:
    """What takes over edited settings, and tells the administrator of wrong ones."""
    from mailflow.jobs.settings_notice import tell_of_settings
    from mailflow.settings_watch import SettingsWatch

    def edited(now: Settings) -> None:
        keep_secret(now.secrets())
        take_over(application, now)

    def complain(wrong: ConfigurationError) -> None:
        outgoing = application.whole_pass.processing.outgoing
        tell_of_settings(wrong, application.store, outgoing, utc_now() + application.store.ahead)

    return SettingsWatch(file, settings, edited, complain)


def board_beside(settings: Settings, application: Application) -> BoardServer | None:
    """The board in a thread of its own, None where none is wanted; mail goes on where it cannot be shown."""
    if settings.board is None:
        return None
    from mailflow.web.server import BoardServer

    try:
        board = BoardServer(board_of(settings, application.store, application.mailbox.wake))
    except PermanentFailure as failure:
        log.error("%s", failure)
        return None
    board.start()
    return board


def reassign(settings: Settings, number: str, old: str, new: str) -> None:
    """Gives a running invoice another approver; the mails go out with the next pass. Raises Refusal, LookupError."""
    company = company_of(settings)
    store = open_store(settings.database.get_secret_value())
    try:
        outgoing = outgoing_of(settings, company, store)
        with store.begin() as uow:
            invoice = uow.invoices.get(number)
            if invoice is None:
                raise LookupError(number)
            known = company_now(company, uow)
            outcome = deciding.reassign(invoice, old.lower(), new.lower(), known, utc_now())
            outgoing.record(uow, outcome, None, utc_now())
            uow.commit()
    finally:
        store.close()


def reread(settings: Settings, since: date | None) -> int:
    """Moves settled mail that the database does not know back to the inbox folder; how many mails that were.

    Without `since` what came since the day before the newest mail that is known.
    """
    from mailflow.jobs.rereading import Rereading

    folders = settings.mailbox.folders
    store = open_store(settings.database.get_secret_value())
    moved = 0
    try:
        with store.begin() as uow:
            newest = uow.inbox.last_arrival()
        since = since or (newest.date() - timedelta(days=1) if newest else None)
        for folder in (folders.processed, folders.quarantine):
            mailbox = mailbox_of(settings, folder, since)
            try:
                moved += Rereading(store, mailbox, folders.inbox).run_once()
            finally:
                mailbox.close()
    finally:
        store.close()
    return moved


def explain(settings: Settings, raw: bytes) -> Explanation:
    """What mailflow reads in a mail, and what would follow if it came now; nothing is changed or sent."""
    from mailflow.explanation import explain as explained

    company = company_of(settings)
    store = open_store(settings.database.get_secret_value())
    reading = reading_of(settings)
    templates = templates_of(settings)
    processing = Processing(
        store,
        reading.read,
        reading.read_file,
        router_of(settings, company),
        outgoing_of(settings, company, store),
        lambda: templates,
    )
    try:
        whys, refusals = templates.words("en", "unclear"), templates.words("en", "refused")
        return explained(processing.rehearse(raw, utc_now()), whys, refusals, settings.zone)
    finally:
        reading.close()
        store.close()
