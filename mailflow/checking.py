"""What `check` tries for real, a line each: the servers, the database, the templates, the routes, the portal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from mailflow.adapters.tesseract import version
from mailflow.approval.company import Company
from mailflow.approval.lifecycle import Status
from mailflow.approval.route import heads
from mailflow.approval.route_entry import RouteEntry
from mailflow.approval.structure import HierarchySource
from mailflow.approval.submission import RouteKind
from mailflow.bootstrap import branding_of, mailbox_of, portal_of, shown_in_portal, transport_of, utc_now
from mailflow.company_settings import company_of
from mailflow.errors import ConfigurationError, MailflowError, SignInRefused
from mailflow.jobs.company_now import company_now
from mailflow.jobs.portal.doctor import Doctor
from mailflow.jobs.portal.setup import kept_setup
from mailflow.jobs.portal.structure import StructureReader
from mailflow.mail_services import MailService, service_of_host
from mailflow.outbound.portal_names import names_in
from mailflow.settings import Settings
from mailflow.store.engine import open_store
from mailflow.template_check import notes_on, problems_of
from mailflow.template_folder import languages_in

MOST_HEADS_SHOWN = 20
CHAIN_PROBLEMS = {
    "no_account": "{} has no account in Bitrix24",
    "two_accounts": "{} has more than one account in Bitrix24",
    "no_address": "the head {} has no e-mail address in Bitrix24",
}


@dataclass(frozen=True)
class CheckLine:
    """One thing that was tried: whether it works, what it is, and what to do where it does not."""

    ok: bool
    what: str
    how: str = ""


def check(settings: Settings) -> list[CheckLine]:
    """Tries everything for real: IMAP, SMTP, database, templates, routes."""
    company = company_of(settings)
    return [
        *check_mail(settings),
        *_tried("database", lambda: _probe_database(settings)),
        *(_tried("scans", lambda: [version()]) if settings.read_scans else ()),
        *_templates(settings, company),
        *_routes(settings, company),
        *_portal(settings, company),
    ]


def check_mail(settings: Settings) -> list[CheckLine]:
    """Tries to sign in to both mail servers."""
    servers = settings.mailbox
    return [
        *_tried("IMAP", mailbox_of(settings).probe, service_of_host(servers.imap.host)),
        *_tried("SMTP", transport_of(settings).probe, service_of_host(servers.smtp.host)),
    ]


def _tried(what: str, probe: Callable[[], list[str]], service: MailService | None = None) -> list[CheckLine]:
    try:
        return [CheckLine(True, f"{what}: {line}") for line in probe()]
    except ConfigurationError as error:
        return [CheckLine(False, f"{what}: {problem.what}", problem.mend) for problem in error.problems]
    except SignInRefused as error:
        return [CheckLine(False, f"{what}: {error}", service.help["en"] if service else "")]
    except MailflowError as error:
        return [CheckLine(False, f"{what}: {error}", "")]


def _probe_database(settings: Settings) -> list[str]:
    store = open_store(settings.database.get_secret_value())
    try:
        with store.begin() as uow:
            running = [i for status in (Status.IN_APPROVAL, Status.TO_PAY) for i in uow.invoices.all(status)]
        return [f"opened; invoices on their way: {len(running)}"]
    finally:
        store.close()


def _portal(settings: Settings, company: Company) -> list[CheckLine]:
    if settings.bitrix24 is None:
        return []
    try:
        with closing(open_store(settings.database.get_secret_value())) as store:
            setup = kept_setup(store)
        portal = portal_of(settings.bitrix24)
    except MailflowError as error:
        return [CheckLine(False, f"Bitrix24: {error}")]
    people = dict.fromkeys([*(entry.address for entry in company.sequence), company.accountant, *company.people])
    doctor = Doctor(
        portal,
        names_in(company.language),
        shown_in_portal(settings),
        settings.bitrix24.record_as,
        setup,
        list(people),
        with_departments=company.hierarchy is HierarchySource.BITRIX24,
        now=utc_now(),
    )
    try:
        return [CheckLine(found.ok, f"Bitrix24: {found.what}", found.mend) for found in doctor.examine()]
    finally:
        portal.close()


def _templates(settings: Settings, company: Company) -> list[CheckLine]:
    folder = settings.templates
    broken = problems_of(folder, company, branding_of(settings))
    found = [CheckLine(False, f"template {problem}", "Mend the template.") for problem in broken]
    if not broken:
        languages = ", ".join(languages_in(folder))
        found.append(CheckLine(True, f"templates: every message of {folder} can be written ({languages})"))
    return found + [CheckLine(True, f"templates: {note}") for note in notes_on(folder)]


def _routes(settings: Settings, company: Company) -> list[CheckLine]:
    """Whom the routes lead to; nobody of the directory may end in an empty chain."""
    sequence = ", then ".join(map(_entry, company.sequence))
    lines = [CheckLine(True, f"route sequential: {sequence}")] if sequence else []
    if company.hierarchy is HierarchySource.BITRIX24:
        return lines + _portal_heads(settings, company)
    if company.default_route is RouteKind.HIERARCHY:
        lines += [_heads_of(person, company) for person in company.people]
    return lines


def _entry(entry: RouteEntry) -> str:
    """An approver of the sequence with the conditions."""
    limits = [f"from {limit} {currency}" for currency, limit in entry.limits.items()]
    others = [f"any sum in {currency}" for currency in entry.currencies if currency not in entry.limits]
    if entry.limits and not entry.currencies:
        others = ["any sum in another currency"]
    conditions = [" or ".join([*limits, *others]), " or ".join(entry.counterparties)]
    said = ", for ".join(filter(None, conditions))
    return f"{entry.address} ({said})" if said else entry.address


def _portal_heads(settings: Settings, company: Company) -> list[CheckLine]:
    """By the structure as it is now, or as it was read last where it cannot be read."""
    lines, known = _read_now(settings, company)
    if known.structure is None:
        return [*lines, CheckLine(False, "route hierarchy: the departments of Bitrix24 have never been read")]
    active = [m.email for m in known.structure.members.values() if m.active]
    submitters = [address for address in active if known.may_submit(address) and address != known.mailbox]
    read_at = known.structure.read_at.astimezone(settings.zone)
    lines.append(CheckLine(True, f"route hierarchy: as Bitrix24 had it at {read_at:%Y-%m-%d %H:%M}"))
    tried = [_heads_of(person, known) for person in submitters]
    well = [line for line in tried if line.ok]
    lines += [line for line in tried if not line.ok] + well[:MOST_HEADS_SHOWN]
    if len(well) > MOST_HEADS_SHOWN:
        lines.append(CheckLine(True, f"route hierarchy: and {len(well) - MOST_HEADS_SHOWN} more people"))
    return lines


def _read_now(settings: Settings, company: Company) -> tuple[list[CheckLine], Company]:
    lines: list[CheckLine] = []
    store = open_store(settings.database.get_secret_value())
    try:
        if settings.bitrix24:
            portal = portal_of(settings.bitrix24)
            try:
                StructureReader(store, portal).read(utc_now())
            except MailflowError as error:
                lines.append(CheckLine(False, f"route hierarchy: {error}"))
            finally:
                portal.close()
        with store.begin() as uow:
            return lines, company_now(company, uow)
    finally:
        store.close()


def _heads_of(person: str, company: Company) -> CheckLine:
    found = heads(person, company)
    if found.problem:
        by_settings = ", or name the heads in `people`" if found.problem == "no_account" else ""
        mend = f"Mend it in Bitrix24{by_settings}."
        return CheckLine(False, f"route hierarchy: {person}: {CHAIN_PROBLEMS[found.problem].format(found.who)}", mend)
    above = [head for head in found.approvers if head != person]
    notes = f" ({'; '.join(found.notes)})" if found.notes else ""
    if not above:
        said = f"route hierarchy: nobody is above {person}{notes}; an invoice of theirs would wait for an approver"
        mend = (
            "Name a head above them in Bitrix24, or take them out of `submitters`; the route sequential asks no head."
        )
        leads_everybody = all(note.startswith("own head") for note in found.notes)
        return CheckLine(leads_everybody, said, mend)
    return CheckLine(True, f"route hierarchy: {person} asks {', then '.join(above)}{notes}")
