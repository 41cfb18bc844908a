"""Nothing starts on wrong settings: every mistake is named with its key, its line and the mend."""

from __future__ import annotations

import traceback
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st
from PIL import Image

from mailflow.approval.company import Absence, Daily, EscalateTo
from mailflow.approval.daily import daily_of
from mailflow.approval.document import PaymentDetails
from mailflow.approval.route_entry import RouteEntry
from mailflow.approval.structure import HierarchySource, WhenAway
from mailflow.approval.submission import RouteKind
from mailflow.approval.wording import Verb
from mailflow.bootstrap import mailbox_of, ready_to_pay_of, transport_of
from mailflow.company_settings import company_of, keywords_of
from mailflow.errors import ConfigurationError, SettingsProblem
from mailflow.outbound.payment_order import Payer
from mailflow.outbound.ready_to_pay import ReadyToPay
from mailflow.settings import Settings, load_settings
from mailflow.working_days import working_day_test
from tests.settings_file import write_settings_file

TOP = Path(__file__).parents[1]
SECRETS = {"IMAP_PASSWORD": "imap-s3cret", "SMTP_PASSWORD": "smtp-s3cret"}

GOOD = """\
language: en
timezone: Europe/Moscow
database: sqlite:///mailflow.db
mailbox:
  address: Finance@Example.com
  imap:
    host: 127.0.0.1
    port: 993
    security: tls
    username: finance
    password: "${IMAP_PASSWORD}"
  smtp: {host: 127.0.0.1, port: 465, security: tls, username: finance, password: "${SMTP_PASSWORD}"}
  folders: {inbox: INBOX, processed: Processed, quarantine: Quarantine}
  sender_check: reference
  trusted_authserv: []
  poll_seconds: 60
administrator: admin@example.com
submitters: ["@Example.com"]
people:
  - {email: ivan@example.com, name: "Иван Петров", language: ru, manager: olga@example.com, deputy: null}
  - {email: olga@example.com, name: "Ольга", manager: director@example.com}
approval:
  route: sequential
  sequence:
    - Olga@Example.com
    - director@example.com
  remind_after_hours: 24
payment:
  accountant: buh@example.com
  invite_at: "10:00"
  unpaid_moves_to: next_day
"""


def load(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> Settings:
    file = write_settings_file(tmp_path / "settings.yaml", text)
    return load_settings(file, SECRETS if environment is None else environment)


def problems(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> list[SettingsProblem]:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text, environment)
    assert caught.value.file == str(tmp_path / "settings.yaml")
    return caught.value.problems


def good(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


PAYER = """\
  ready_to_pay:
    qr: true
    file: true
    payer:
      name: ООО «Вектор»
      account: 4070 2810 4550 0002 4248
      bank_code: 044030653
      bank: Северо-Западный банк ПАО Сбербанк
      correspondent: 30101810500000000653
      tax_id: 7802895380
      kpp: 780201001
"""
EURO_PAYER = """\
  ready_to_pay:
    file: true
    payer: {name: Vector B.V., account: NL91 ABNA 0417 1643 00, bank_code: abnanl2a}
"""

WRONG_PAYER = [
    # what stands in the file, what stands there instead, the key, the line, what is wrong, the mend
    ("qr: true", "qr: maybe", "qr", 33, "'maybe' is neither true nor false", "a payment QR code"),
    ("file: true", "files: true", "files", 34, "is not a known key", "Did you mean `file`?"),
    (PAYER[PAYER.index("    payer:") :], "", "payer", 32, "is missing, but `file: true` needs it", "name, account"),
    ("name: ООО «Вектор»", "name:", "payer.name", 36, "is missing", "as its bank has it"),
    ("4248", "424", "payer.account", 37, "neither an IBAN nor a Russian account", "letters and digits"),
    ("4070 2810 4550 0002 4248", "NL91ABNA0417164301", "payer.account", 37, "neither an IBAN", "one may be wrong"),
    ("4248", "4249", "payer.bank_code", 38, "'044030653' does not go with the account", "a digit is wrong"),
    ("044030653", "044030654", "payer.bank_code", 38, "does not go with the account", "the bank's papers"),
    ("044030653", "44030653", "payer.bank_code", 38, "'44030653' is no БИК", "nine digits"),
    ("044030653", "SABRRUMM", "payer.bank_code", 38, "is no БИК", "such as 044525225"),
    ("      bank: Северо-Западный банк ПАО Сбербанк\n", "", "payer.bank", 35, "a Russian payment order", "bank's name"),
    ("30101810500000000653", "", "payer.correspondent", 40, "is missing, but a Russian", "bank's own account"),
    ("30101810500000000653", "30101810500000000654", "payer.correspondent", 40, "go with the БИК", "is wrong"),
    ("7802895380", "", "payer.tax_id", 41, "is missing, but a Russian", "ИНН"),
    ("7802895380", "7802895381", "payer.tax_id", 41, "is no ИНН", "10 or 12 digits"),
    ("780201001", "7802", "payer.kpp", 42, "is no КПП", "nine characters"),
]

DEVICE = "{provider: microsoft, flow: device, client_id: an-id}"
WRONG_OAUTH = [
    ("{flow: device, client_id: x}", "mailbox.oauth.provider", 11, "is missing", "microsoft, google or other"),
    ("{provider: yahoo}", "mailbox.oauth.provider", 11, "'yahoo' is not allowed", "microsoft, google or other"),
    ("{provider: microsoft, flow: device}", "mailbox.oauth.client_id", 11, "is missing", "that you have registered"),
    ("{provider: google, flow: device, client_id: x}", "mailbox.oauth.flow", 11, "not what Google", "`flow: browser`"),
    ("{provider: google, flow: browser, client_id: x}", "mailbox.oauth.client_secret", 11, "is missing", "secret"),
    ("{provider: microsoft, flow: client_credentials, client_id: x, client_secret: y}", "mailbox.oauth.tenant", 11,
     "`flow: client_credentials` needs it", "Microsoft tenant"),
    ("{provider: other, flow: device, client_id: x}", "mailbox.oauth.server", 11, "is missing", "token_url"),
    ("{provider: other, flow: device, client_id: x, server: {token_url: 'https://a.example/t', scopes: [imap]}}",
     "mailbox.oauth.server", 11, "has no device_url", "device_url, or another flow"),
    ("{provider: other, flow: browser, client_id: x, server: {token_url: 'https://a.example/t', scopes: [imap]}}",
     "mailbox.oauth.server", 11, "has no authorization_url", "or another flow"),
    ("{provider: other, flow: device, client_id: x, server: {token_url: 'http://a.example/t', scopes: [imap]}}",
     "mailbox.oauth.server.token_url", 11, "unencrypted", "with https://"),
    ("{provider: other, flow: device, client_id: x, server: {token_url: a.example, scopes: [imap]}}",
     "mailbox.oauth.server.token_url", 11, "no address of a server", "https://login.example.com"),
    ("{provider: google, flow: browser, client_id: x, client_secret: y, server: {token_url: 'https://a', scopes: [a]}}",
     "mailbox.oauth.server", 11, "known for this provider", "or give `provider: other`"),
]  # fmt: skip
WRONG = [
    # what stands in the file, what stands there instead, the key, the line, what is wrong, the mend
    ("language: en", "langauge: en", "langauge", 1, "is not a known key", "Did you mean `language`?"),
    ("language: en", "language: de", "language", 1, "is a language without templates", "or make a folder de"),
    ("language: en", "language: [en]", "language", 1, "is no single value", "Give en, ru or another"),
    ("timezone: Europe/Moscow", "timezone: Europe/Moskow", "timezone", 2, "no known time", "mean Europe/Moscow?"),
    ("timezone: Europe/Moscow", "timezone: Europe", "timezone", 2, "is no known time zone", "Europe"),
    ("timezone: Europe/Moscow", "timezone: ../etc/passwd", "timezone", 2, "no known time zone", "IANA name"),
    ("sqlite:///mailflow.db", "mysql://root@db/x", "database", 3, "is no database", "sqlite:///FILE"),
    ("sqlite:///mailflow.db", "postgresql://a:b@db/x", "database", 3, "is no database", "postgresql+psycopg://"),
    ("sqlite:///mailflow.db", '"sqlite:///:memory:"', "database", 3, "is no database", "sqlite:///FILE"),
    ("sqlite:///mailflow.db", "sqlite:////no/such/folder/a.db", "database", 3, "is not there", "/no/such/folder"),
    ("Finance@Example.com", "finance", "mailbox.address", 5, "'finance' is no e-mail address", "Give an address"),
    ("Finance@Example.com", "Finance <f@example.com>", "mailbox.address", 5, "is no e-mail address", "alone"),
    ("    host: 127.0.0.1", "    hots: 127.0.0.1", "mailbox.imap.hots", 7, "is not a known key", "mean `host`?"),
    ("    host: 127.0.0.1", "    #", "mailbox.imap.host", 6, "is missing", "such as mail.example.com"),
    ("    host: 127.0.0.1", "    host: imaps://a:993", "mailbox.imap.host", 7, "is no host name", "name alone"),
    ("port: 993", "port: imap", "mailbox.imap.port", 8, "'imap' is no whole number", "such as 993"),
    ("port: 993", "port: 99999", "mailbox.imap.port", 8, "'99999' is too large", "such as 993"),
    ("port: 993", "port: 0", "mailbox.imap.port", 8, "is too small", "such as 993"),
    ("    security: tls", "    security: ssl", "mailbox.imap.security", 9, "'ssl' is not allowed", "tls, starttls"),
    ("    username: finance", "", "mailbox.imap.username", 6, "is missing", "sign in"),
    ("    username: finance", "    username:", "mailbox.imap.username", 10, "is missing", "sign in"),
    ('"${IMAP_PASSWORD}"', '"${IMAP_PASS}"', "mailbox.imap.password", 11, "IMAP_PASS, which is not set", ".env"),
    ('"${IMAP_PASSWORD}"', '"${IMAP_PASSWORD"', "mailbox.imap.password", 11, "no ${NAME}", "as ${NAME}"),
    ('"${IMAP_PASSWORD}"', '""', "mailbox.imap.password", 11, "is empty", "sign in"),
    ('"${IMAP_PASSWORD}"', "!s3cret", "mailbox.imap.password", 11, "YAML tag", "in quotes"),
    ('"${IMAP_PASSWORD}"', "[a]", "mailbox.imap.password", 11, "is no single value", "sign in"),
    ("127.0.0.1, port: 465, security: tls", "mail.example.com, port: 25, security: none", "mailbox.smtp.security", 12,
     "unencrypted", "insecure: true"),
    ("port: 465", "port: 465, ca_file: no.pem", "mailbox.smtp.ca_file", 12, "No such file", "no.pem"),
    ("username: finance, ", "", "mailbox.smtp.password", 12, "together with username", "Give both, or neither"),
    ('    password: "${IMAP_PASSWORD}"', "", "mailbox.imap", 6, "nothing to sign in with", "or `oauth` in mailbox"),
    (', password: "${SMTP_PASSWORD}"', "", "mailbox.smtp", 12, "nothing to sign in with", "or `oauth` in mailbox"),
    ("  folders:", f"  oauth: {DEVICE}\n  folders:", "mailbox.smtp", 12, "needs no `oauth`", "or the passwords"),
    *(('    password: "${IMAP_PASSWORD}"\n', f"  oauth: {written}\n", *found) for written, *found in WRONG_OAUTH),
    ("processed: Processed", "processed: inbox", "mailbox.folders.processed", 13, "two purposes", "its own folder"),
    ("quarantine: Quarantine", "quarantine: 1, trash: T", "mailbox.folders.trash", 13, "not a known", "processed"),
    ("sender_check: reference", "sender_check: dkim", "mailbox.sender_check", 14, "'dkim' is not allowed", "dmarc"),
    ("sender_check: reference", "sender_check: dmarc", "mailbox.trusted_authserv", 15, "names nobody", "authserv-id"),
    ("trusted_authserv: []", "trusted_authserv: mx", "mailbox.trusted_authserv", 15, "is no list", "a list"),
    ("poll_seconds: 60", "poll_seconds: soon", "mailbox.poll_seconds", 16, "'soon' is no number", "from 1 to 3600"),
    ("poll_seconds: 60", "poll_seconds: nan", "mailbox.poll_seconds", 16, "is no number", "from 1 to 3600"),
    ("administrator: admin@example.com", "", "administrator", None, "is missing", "the administrator's address"),
    ("admin@example.com", "finance@EXAMPLE.com", "administrator", 17, "the shared mailbox itself", "a person's own"),
    ("administrator:", "imap: 1\nadministrator:", "imap", 17, "is not a known key", "It belongs below `mailbox`"),
    ('["@Example.com"]', "[]", "submitters", 18, "is empty", "a list of addresses"),
    ('["@Example.com"]', "[example.com]", "submitters[1]", 18, "neither an address", '"@example.com"'),
    ('["@Example.com"]', "[a@example.com, null]", "submitters[2]", 18, "neither an address", "ivan@example.com"),
    ("  - {email: ivan@", "  - {mail: ivan@", "people[1].mail", 20, "is not a known key", "Did you mean `email`?"),
    ("manager: olga@example.com", "manager: olga", "people[1].manager", 20, "is no e-mail address", "address alone"),
    ("deputy: null", "deputy: оlga@example.com", "people[1].deputy", 20, "no Latin letter", "again in Latin letters"),
    ("  - {email: olga@", "  - {email: IVAN@", "people", 19, "name ivan@example.com more than once", "Keep one entry"),
    ('"Ольга",', '"Ольга", aliases: [ivan@example.com],', "people", 19, "for ivan@example.com and as an alias", "once"),
    ('"Ольга",', '"Ольга", aliases: [finance@example.com],', "people[2].aliases[1]", 21, "shared mailbox", "own"),
    ("route: sequential", "route: sequental", "approval.route", 23, "is not allowed", "sequential or hierarchy"),
    ("- Olga@Example.com", "- Olga", "approval.sequence[1]", 25, "'Olga' is no e-mail address", "olga@example.com"),
    ("24", "0", "approval.remind_after_hours", 27, "'0' is too small", "such as 24"),
    ("  accountant: buh@example.com", "", "payment.accountant", 28, "is missing", "the accountant's address"),
    ('"10:00"', "10am", "payment.invite_at", 30, "'10am' is no time of day", '"10:00"'),
    ("next_day", "tomorrow", "payment.unpaid_moves_to", 31, "is not allowed", "next_day or next_working_day"),
    ("next_day", "next_day\nbitrix24: {}", "bitrix24.webhook", 32, "is missing", "${BITRIX24_WEBHOOK}"),
    ("next_day", "next_day\nbitrix24: {webhook: x}", "bitrix24.webhook", 32, "is no incoming webhook", "from Bitrix24"),
    (
        "next_day",
        "next_day\nbitrix24: {webhook: 'http://portal.example.com/rest/1/code/'}",
        "bitrix24.webhook",
        32,
        "unencrypted",
        "https://",
    ),
    (
        "next_day",
        "next_day\nbitrix24: {webhook: 'https://p.example.com/rest/1/code/', shows: {feeds: true}}",
        "bitrix24.shows.feeds",
        32,
        "is not a known key",
        "feed",
    ),
    ("  route: sequential", "  hierarchy: portal", "approval.hierarchy", 23, "is not allowed", "or bitrix24 (its"),
    ("  route: sequential", "  hierarchy: bitrix24", "bitrix24", None, "is missing", "`hierarchy: settings`"),
    (
        "next_day",
        "next_day\nbitrix24: {webhook: 'https://p.example.com/rest/1/code/', when_away: guess}",
        "bitrix24.when_away",
        32,
        "is not allowed",
        "last_known or wait",
    ),
    ("next_day", "next_day\nlanguage: ru", "language", 32, "again, first in line 1", "Keep one of the two"),
    ("next_day", "next_day\ntemplates: nowhere", "templates", 32, "'nowhere' is no folder", "nowhere"),
    ("next_day", "next_day\nmax_message_mb: 1.5", "max_message_mb", 32, "is no whole number", "in MB"),
    ("next_day", "next_day\nkeywords: {aprove: [OK]}", "keywords.aprove", 32, "no verb", "approve"),
    ("next_day", "next_day\nkeywords: {approve: OK}", "keywords.approve", 32, "is no list", "words"),
    ("next_day", "next_day\nkeywords: {approve: [paid]}", "keywords", 32, "give PAID to", "one thing"),
    ("next_day", "next_day\nkeywords: {approve: ['1']}", "keywords.approve[1]", 32, "is no keyword", "letters alone"),
    ("next_day", "next_day\nholidays: {country: XX}", "holidays.country", 32, "is no country", "ISO 3166-1"),
    ("next_day", "next_day\nholidays: {extra_holidays: [31.12.2026]}", "holidays.extra_holidays[1]", 32, "is no date",
     "such as 2026-12-30"),
    ("next_day", "next_day\nholidays: {extra_holidays: [2026-12-26], extra_working_days: [2026-12-26]}",
     "holidays.extra_working_days", 32, "both name 2026-12-26", "in one of the two"),
    ("payment:", "payment: 5\nx:", "payment", 28, "is no section", "a section with accountant"),
    ("people:\n", "people:\n\t", "YAML", 20, "cannot start any token", "spaces, not with tabs"),
    ('"@Example.com"', "@example.com", "YAML", 18, "cannot start any token", "in quotes"),
    ('"10:00"', "10: 00", "YAML", 30, "mapping values are not allowed", "in quotes"),
    ("  poll_seconds", "   poll_seconds", "YAML", 16, "", "same indentation"),
    ('"${IMAP_PASSWORD}"', "*s3cret", "YAML", 11, "undefined alias", "in quotes"),
    ("next_day", "next_day\nx: &a [1]\ny: *a", "y", 33, "refers to another part", "Write it out"),
    ("next_day", "next_day\n---\na: b", "YAML", 32, "", "Remove the line ---"),
]  # fmt: skip
WRONG_ROUTE = [
    # what stands in the place of the first approver, the key below approval.sequence[1], what is wrong, the mend
    ("{adress: olga@example.com}", ".adress", "is not a known key", "Did you mean `address`?"),
    ("{from: {RUB: 1}}", ".address", "is missing", "the approver's address"),
    ("{address: olga}", ".address", "'olga' is no e-mail address", "an address alone"),
    ("{address: olga@example.com, from: 100000}", ".from", "is no section of keys", "{RUB: 100000, EUR: 1000}"),
    ("{address: olga@example.com, from: {RUR: -1}}", ".from.RUR", "'-1' is too small", "an amount for each"),
    ("{address: olga@example.com, currency: EUR}", ".currency", "is no list", "such as [EUR, USD]"),
    ("{address: olga@example.com, currency: [euro]}", ".currency[1]", "'euro' is no currency", "ISO 4217"),
]
WRONG_AWAY = [
    # what stands as Ivan's absences, the key below people[1], what is wrong, the mend
    ("[{from: 2026-12-01, until: 2026-12-14}]", "away", "has nobody who stands in from 2026-12-01 on", "a `deputy`"),
    ("[{from: 2026-12-02, until: 2026-12-01}]", "away[1].until", "is before 2026-12-02", "not earlier than `from`"),
    ("[{form: 2026-12-02, until: 2026-12-03}]", "away[1].form", "is not a known key", "Did you mean `from`?"),
    ("[{from: December, until: 2026-12-03}]", "away[1].from", "'December' is no date", "such as 2026-12-01"),
    (
        "[{from: 2026-12-05, until: 2026-12-07, deputy: buh@example.com},"
        " {from: 2026-12-01, until: 2026-12-05, deputy: buh@example.com}]",
        "away", "names 2026-12-05 twice", "one entry",
    ),
    ("[{from: 2026-12-01, until: 2026-12-02, deputy: ivan@example.com}]", "away", "person's own address", "else's"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "key", "what", "mend"), WRONG_ROUTE, ids=[w[0] for w in WRONG_ROUTE])
def test_a_mistake_in_an_entry_of_a_route_is_named(tmp_path: Path, entry: str, key: str, what: str, mend: str) -> None:
    found = {problem.key: problem for problem in problems(tmp_path, good("- Olga@Example.com", f"- {entry}"))}
    problem = found[f"approval.sequence[1]{key}"]
    assert problem.line == 25
    assert what in problem.what
    assert mend in problem.mend


@pytest.mark.parametrize(("away", "key", "what", "mend"), WRONG_AWAY, ids=[w[0] for w in WRONG_AWAY])
def test_a_mistake_in_an_absence_is_named(tmp_path: Path, away: str, key: str, what: str, mend: str) -> None:
    found = {problem.key: problem for problem in problems(tmp_path, good("deputy: null", f"away: {away}"))}
    assert found[f"people[1].{key}"].line == 20
    assert what in found[f"people[1].{key}"].what
    assert mend in found[f"people[1].{key}"].mend


@pytest.mark.parametrize(
    ("company", "person", "at", "days"),
    [
        ("", "", time(8, 30), "01234"),
        ('digest: {at: "07:00", days: [mon, sat]}', "", time(7), "05"),
        ("digest: false", "", time(8, 30), ""),
        ("digest: false", 'digest: {at: "9:15", days: [fri]}', time(9, 15), "4"),
        ('digest: {at: "07:00"}', "digest: {days: [tue]}", time(7), "1"),
        ("", "digest: false", time(8, 30), ""),
    ],
)
def test_the_mails_of_a_day_come_when_the_person_wants_them_else_when_the_company_does(
    tmp_path: Path, company: str, person: str, at: time, days: str
) -> None:
    text = good("administrator:", f"{company}\nadministrator:")
    rules = company_of(load(tmp_path, text.replace("deputy: null", person) if person else text))
    assert daily_of("ivan@example.com", rules) == Daily(at, frozenset(map(int, days)))


@pytest.mark.parametrize(
    ("wish", "key", "what"),
    [
        ("sometimes", "digest", "is no section of keys"),
        ("{at: 8.30}", "digest.at", "'8.30' is no time of day"),
        ("{days: [mon, tomorrow]}", "digest.days[2]", "'tomorrow' is not allowed"),
        ("{hour: 8}", "digest.hour", "is not a known key"),
    ],
)
def test_a_mistake_in_the_hours_of_a_day_is_named(tmp_path: Path, wish: str, key: str, what: str) -> None:
    (found,) = problems(tmp_path, good("administrator:", f"digest: {wish}\nadministrator:"))
    assert found.key == key
    assert what in found.what


def test_nobody_is_their_own_deputy(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, good("deputy: null", "deputy: Ivan@example.com"))
    assert found.key == "people[1].deputy"
    assert "own address" in found.what


def test_conditions_absences_and_escalation_reach_the_company(tmp_path: Path) -> None:
    entry = "{address: Olga@Example.com, from: {rub: 100000}, currency: [eur], counterparty: [Ромашка]}"
    text = good("- Olga@Example.com", f"- {entry}").replace(
        "deputy: null", "deputy: buh@example.com, away: [{from: 2026-12-01, until: 2026-12-14}]"
    )
    company = company_of(load(tmp_path, text.replace("remind_", "escalate_after_hours: 72\n  remind_")))
    expected = RouteEntry("olga@example.com", {"RUB": Decimal(100_000)}, ("EUR",), ("Ромашка",))
    assert company.sequence[0] == expected
    assert company.person("ivan@example.com").absences == (Absence(date(2026, 12, 1), date(2026, 12, 14)),)
    assert company.person("ivan@example.com").deputy_on(date(2026, 12, 1)) == "buh@example.com"
    assert (company.escalate_after, company.escalate_to) == (timedelta(hours=72), EscalateTo.DEPUTY)


@pytest.mark.parametrize(
    ("said", "meant"), [("manager", EscalateTo.MANAGER), ("Director@example.com", "director@example.com")]
)
def test_the_settings_say_who_decides_instead_of_the_silent(tmp_path: Path, said: str, meant: str) -> None:
    assert company_of(load(tmp_path, good("remind_", f"escalate_to: {said}\n  remind_"))).escalate_to == meant


def test_somebody_who_decides_instead_is_deputy_manager_or_an_address(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, good("remind_", "escalate_to: boss\n  remind_"))
    assert found.key == "approval.escalate_to"
    assert "'boss' is no e-mail address" in found.what


@pytest.mark.parametrize(("old", "new", "key", "line", "what", "mend"), WRONG, ids=[f"{w[2]}: {w[1]}" for w in WRONG])
def test_a_mistake_is_named_with_its_key_its_line_and_the_mend(
    tmp_path: Path, old: str, new: str, key: str, line: int | None, what: str, mend: str
) -> None:
    found = {problem.key: problem for problem in problems(tmp_path, good(old, new))}
    assert key in found, f"only {list(found)}"
    assert found[key].line == line
    assert what in found[key].what
    assert mend in found[key].mend


def test_the_table_is_measured_against_settings_that_are_right(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)
    assert settings.mailbox.address == "finance@example.com"
    assert settings.submitters == ("@example.com",)
    assert tuple(entry.address for entry in settings.approval.sequence) == ("olga@example.com", "director@example.com")
    assert settings.approval.route is RouteKind.SEQUENTIAL
    assert settings.payment.invite_at == time(10, 0)
    assert settings.mailbox.imap.password.get_secret_value() == "imap-s3cret"


@pytest.mark.parametrize(
    ("old", "new", "key", "line", "what", "mend"), WRONG_PAYER, ids=[f"{w[2]}: {w[1]}" for w in WRONG_PAYER]
)
def test_a_mistake_in_what_is_paid_by_is_named_too(
    tmp_path: Path, old: str, new: str, key: str, line: int, what: str, mend: str
) -> None:
    assert old in PAYER
    found = {problem.key: problem for problem in problems(tmp_path, GOOD + PAYER.replace(old, new, 1))}
    key = f"payment.ready_to_pay.{key}"
    assert key in found, f"only {list(found)}"
    assert found[key].line == line
    assert what in found[key].what
    assert mend in found[key].mend


def test_a_bic_goes_with_an_iban(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, GOOD + EURO_PAYER.replace("abnanl2a", "044030653"))
    assert problem.key == "payment.ready_to_pay.payer.bank_code"
    assert "is no BIC" in problem.what


def test_nothing_is_made_ready_to_pay_unless_the_settings_say_so(tmp_path: Path) -> None:
    assert ready_to_pay_of(load(tmp_path, GOOD)) == ReadyToPay(qr=False, payer=None)
    off = PAYER.replace("qr: true", "qr: false").replace("file: true", "file: false")
    assert ready_to_pay_of(load(tmp_path, GOOD + off)) == ReadyToPay(qr=False, payer=None)
    assert ready_to_pay_of(load(tmp_path, GOOD + "  ready_to_pay: {qr: true}\n")) == ReadyToPay(qr=True)


def test_numbers_of_the_payer_may_be_typed_with_blanks_and_small_letters(tmp_path: Path) -> None:
    russian = ready_to_pay_of(load(tmp_path, GOOD + PAYER))
    assert russian.qr
    assert russian.payer == Payer(
        "ООО «Вектор»",
        PaymentDetails(
            "40702810455000024248",
            "044030653",
            "Северо-Западный банк ПАО Сбербанк",
            "30101810500000000653",
            "7802895380",
            "780201001",
        ),
    )
    euro = ready_to_pay_of(load(tmp_path, GOOD + EURO_PAYER))
    assert not euro.qr
    assert euro.payer == Payer("Vector B.V.", PaymentDetails("NL91ABNA0417164300", "ABNANL2A"))


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = good("language: en", "langauge: en").replace("port: 993", "port: imap").replace("${SMTP_PASSWORD}", "${NOT}")
    text = text.replace("sender_check: reference", "").replace("buh@example.com", "buh")
    found = problems(tmp_path, text)
    assert [(p.line, p.key) for p in found] == [
        (1, "langauge"),
        (4, "mailbox.sender_check"),
        (8, "mailbox.imap.port"),
        (12, "mailbox.smtp.password"),
        (29, "payment.accountant"),
    ]


def test_who_is_to_be_believed_must_be_chosen_and_both_choices_are_explained(tmp_path: Path) -> None:
    [problem] = problems(tmp_path, good("  sender_check: reference\n", ""))
    assert problem.key == "mailbox.sender_check"
    assert "`dmarc`: an answer counts only where" in problem.mend
    assert "`reference`: the address on record" in problem.mend


def test_by_hierarchy_somebody_must_have_a_manager_and_a_sequence_needs_somebody(tmp_path: Path) -> None:
    by_hierarchy = good("route: sequential", "route: hierarchy")
    assert load(tmp_path, by_hierarchy).approval.route is RouteKind.HIERARCHY
    flat = by_hierarchy.replace(", manager: olga@example.com", "").replace(", manager: director@example.com", "")
    assert [(p.key, p.line) for p in problems(tmp_path, flat)] == [("approval", 22)]
    nobody = GOOD.replace("    - Olga@Example.com\n    - director@example.com\n", "")
    assert [(p.key, p.line) for p in problems(tmp_path, nobody)] == [("approval.sequence", 24)]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", '"::1"', "LOCALHOST"])
def test_unencrypted_connections_are_for_this_machine_alone(tmp_path: Path, host: str) -> None:
    text = good("host: 127.0.0.1, port: 465, security: tls", f"host: {host}, port: 25, security: none")
    assert load(tmp_path, text).mailbox.smtp.security == "none"


@pytest.mark.parametrize("host", ["localhost.example.com", "10.0.0.1", "127.0.0.1.example.com", "128.0.0.1"])
def test_unencrypted_connections_to_others_must_be_called_insecure(tmp_path: Path, host: str) -> None:
    text = good("host: 127.0.0.1, port: 465, security: tls", f"host: {host}, port: 25, security: none")
    assert [p.key for p in problems(tmp_path, text)] == ["mailbox.smtp.security"]
    for refused in ("false", "null"):
        assert problems(tmp_path, text.replace("security: none", f"security: none, insecure: {refused}"))
    assert load(tmp_path, text.replace("security: none", "insecure: true, security: none"))
    assert load(tmp_path, text.replace("security: none", "security: none, insecure: true"))


def test_secrets_come_from_the_environment_or_from_a_file_beside_the_settings(tmp_path: Path) -> None:
    write_settings_file(tmp_path / ".env", "# secrets\nexport IMAP_PASSWORD='from file'\n\nSMTP_PASSWORD=a=b#c\n")
    settings = load(tmp_path, GOOD, {})
    assert settings.mailbox.imap.password.get_secret_value() == "from file"
    assert settings.mailbox.smtp.password is not None
    assert settings.mailbox.smtp.password.get_secret_value() == "a=b#c"
    assert load(tmp_path, GOOD, SECRETS).mailbox.imap.password.get_secret_value() == "imap-s3cret"


def test_a_line_of_the_env_file_that_is_no_assignment_is_named_without_its_words(tmp_path: Path) -> None:
    write_settings_file(tmp_path / ".env", "IMAP_PASSWORD=a\nhunter2\n")
    [problem] = problems(tmp_path, GOOD)
    assert (problem.key, problem.line) == (".env", 2)
    assert "hunter2" not in str(problem)


def test_a_variable_is_filled_in_once_and_never_read_as_settings(tmp_path: Path) -> None:
    hostile = {**SECRETS, "IMAP_PASSWORD": '${SMTP_PASSWORD}"}\nlanguage: ru'}
    settings = load(tmp_path, GOOD, hostile)
    assert settings.language == "en"
    assert settings.mailbox.imap.password.get_secret_value() == hostile["IMAP_PASSWORD"]


def test_oauth_signs_in_where_there_is_no_password(tmp_path: Path) -> None:
    text = good('    password: "${IMAP_PASSWORD}"\n', f"  oauth: {DEVICE}\n")
    settings = load(tmp_path, text, SECRETS)
    assert mailbox_of(settings).credentials
    assert transport_of(settings).credentials is None
    assert settings.mailbox.oauth is not None
    assert settings.mailbox.oauth.token_file == tmp_path / "mailflow-token.json"


@pytest.mark.parametrize("written", ["0123", "1_000", "yes", "1e3", "12:30", "2026-12-01", "true", "null!", "0x1F"])
def test_a_password_is_the_text_that_stands_there(tmp_path: Path, written: str) -> None:
    settings = load(tmp_path, good('"${IMAP_PASSWORD}"', written))
    assert settings.mailbox.imap.password.get_secret_value() == written


def test_a_time_of_day_without_quotes_is_still_a_time_of_day(tmp_path: Path) -> None:
    assert load(tmp_path, good('"10:00"', "9:30")).payment.invite_at == time(9, 30)


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    text = GOOD + "bitrix24: {webhook: 'https://portal.example.com/rest/1/hook-s3cret/'}\n"
    text = text.replace("sqlite:///mailflow.db", "postgresql+psycopg://u:db-s3cret@db/x")
    settings = load(tmp_path, text)
    assert "s3cret" not in f"{settings!r} {settings} {settings.model_dump_json()}"
    assert {s for s in settings.secrets() if "s3cret" in s} == set(settings.secrets())
    assert {"imap-s3cret", "smtp-s3cret", "hook-s3cret", "db-s3cret"} < set(settings.secrets())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("port: 993", 'port: "${IMAP_PASSWORD}"'),
        ("administrator: admin@example.com", 'administrator: "${IMAP_PASSWORD}"'),
        ("sqlite:///mailflow.db", "mysql://u:imap-s3cret@db/x"),
        ('password: "${IMAP_PASSWORD}"', "passwrod: imap-s3cret"),
        ('"${IMAP_PASSWORD}"', "*imap-s3cret"),
        ('"${IMAP_PASSWORD}"', "&imap-s3cret"),
        ('"${IMAP_PASSWORD}"', "!imap-s3cret"),
        ('"${IMAP_PASSWORD}"', "a: imap-s3cret: b"),
        ('"${IMAP_PASSWORD}"', '"imap-s3cret'),
        ('"${IMAP_PASSWORD}"', "[imap-s3cret]"),
        ('"${IMAP_PASSWORD}"', "{imap-s3cret: imap-s3cret}"),
        ("next_day", "next_day\nbitrix24: {webhook: imap-s3cret}"),
        ("next_day", "next_day\nbitrix24: imap-s3cret"),
    ],
)
def test_an_error_shows_no_secret_either(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, good(old, new))
    shown = "".join(traceback.format_exception(caught.value))
    shown += "".join(repr(p) for p in caught.value.problems)
    assert "s3cret" not in shown.replace(new, "")


def test_a_file_that_is_not_there_empty_or_no_text_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no such file.*--settings FILE"):
        load_settings(tmp_path / "none.yaml", {})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(tmp_path, {})
    for text in ("", "# nothing\n", "- a\n", "text"):
        [problem] = problems(tmp_path, text)
        assert "empty or no list of keys" in problem.what
    (tmp_path / "settings.yaml").write_bytes("language: en # Привет".encode("cp1251"))
    with pytest.raises(ConfigurationError, match="Save the file as UTF-8"):
        load_settings(tmp_path / "settings.yaml", {})


def test_hostile_yaml_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    [problem] = [p for p in problems(tmp_path, GOOD + "x: !!python/object/apply:os.system [exit]\n") if p.key == "x"]
    assert problem.line == 32
    bomb = "a: &a [1]\n" + "".join(f"{chr(c + 1)}: &{chr(c + 1)} [*{chr(c)}, *{chr(c)}]\n" for c in range(97, 120))
    assert problems(tmp_path, bomb)
    assert problems(tmp_path, "a: &a [*a]\n")
    assert problems(tmp_path, "a: " + "[" * 800)
    assert problems(tmp_path, "a: \x01\n")[0].line == 1


def test_paths_are_looked_for_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "wording").mkdir()
    settings = load(tmp_path, GOOD + "templates: wording\n")
    assert settings.templates == tmp_path / "wording"
    assert load(tmp_path, GOOD).templates == TOP / "templates"


def test_a_private_authority_must_be_a_certificate(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")
    [problem] = problems(tmp_path, good("port: 465", "port: 465, ca_file: ca.pem"))
    assert problem.key == "mailbox.smtp.ca_file"
    assert "holds no certificate" in problem.what


def test_the_sample_that_comes_with_mailflow_is_right(tmp_path: Path) -> None:
    sample = load_settings(TOP / "settings.yaml", SECRETS)
    assert sample.mailbox.sender_check == "reference"
    text = (TOP / "settings.yaml").read_text("utf-8")
    paying = text[text.index("  # ready_to_pay:") : text.index("\n# Everything below")]
    payment = load(tmp_path, GOOD + paying.replace("  # ", "  ")).payment.ready_to_pay
    assert payment.qr
    assert payment.payer is not None
    optional = text[text.index("# bitrix24:") :].replace("\n# ", "\n").removeprefix("# ")
    (tmp_path / "words").mkdir()
    Image.new("1", (2, 1)).save(tmp_path / "logo.png")
    everything = text[: text.index("# bitrix24:")] + optional
    full = load(tmp_path, everything, {**SECRETS, "BITRIX24_WEBHOOK": "https://portal.example.com/rest/1/x/"})
    assert full.holidays.extra_holidays == (date(2026, 12, 30),)
    assert full.bitrix24 is not None
    assert full.bitrix24.when_away is WhenAway.LAST_KNOWN
    assert full.branding.signature == {"": "Romashka LLC, finance"}
    assert full.keywords == {Verb.APPROVE: ("ДАВАЙ",)}


def test_heads_from_the_portal_need_no_manager_in_the_settings(tmp_path: Path) -> None:
    text = good("route: sequential", "route: hierarchy\n  hierarchy: bitrix24").replace("manager: ", "deputy: ", 1)
    text = text.replace("deputy: olga@example.com, deputy: null", "department: 4").replace(
        ", manager: director@example.com", ""
    )
    settings = load(tmp_path, text + "bitrix24: {webhook: 'https://portal.example.com/rest/1/code/'}\n")
    company = company_of(settings)
    assert company.hierarchy is HierarchySource.BITRIX24
    assert company.person("ivan@example.com").department == 4


def test_the_company_is_what_the_settings_say(tmp_path: Path) -> None:
    company = company_of(load(tmp_path, GOOD + "keywords: {approve: [ок добро]}\n"))
    assert company.person("ivan@example.com").display == "Иван Петров"
    assert company.person("ivan@example.com").manager == "olga@example.com"
    assert tuple(entry.address for entry in company.sequence) == ("olga@example.com", "director@example.com")
    assert company.may_submit("new@example.com")
    assert str(company.timezone) == "Europe/Moscow"
    assert company.remind_after.total_seconds() == 24 * 3600


def test_added_keywords_stand_beside_the_others_in_capitals(tmp_path: Path) -> None:
    keywords = keywords_of(load(tmp_path, GOOD + "keywords: {approve: [ок  добро]}\n"))
    assert keywords[Verb.APPROVE]["settings"] == ("ОК ДОБРО",)
    assert keywords[Verb.APPROVE]["en"] == ("APPROVE", "APPROVED")
    assert keywords[Verb.REJECT]["settings"] == ()


# The official calendars of 2025 and 2026: transferred days off, working Saturdays.
@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2025-05-02", False),  # Friday, instead of 4 January
        ("2025-06-13", False),  # Friday, instead of 8 March
        ("2025-11-01", True),  # Saturday, worked for 3 November
        ("2025-11-03", False),
        ("2025-12-31", False),  # Wednesday, instead of 5 January
        ("2026-01-09", False),  # Friday, instead of 3 January
        ("2026-12-31", False),  # Thursday, instead of 4 January
        ("2026-06-12", False),
        ("2026-06-15", True),
        ("2026-06-13", False),
    ],
)
def test_working_days_are_those_of_the_official_calendar(day: str, works: bool) -> None:
    assert working_day_test("RU")(date.fromisoformat(day)) is works


def test_the_company_has_its_own_working_days(tmp_path: Path) -> None:
    days = "holidays: {extra_holidays: [2026-12-30], extra_working_days: [2026-12-26]}\n"
    company = company_of(load(tmp_path, GOOD + days))
    assert not company.is_working_day(date(2026, 12, 30))
    assert company.is_working_day(date(2026, 12, 26))


@hypothesis.settings(
    max_examples=150, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(
    at=st.integers(0, len(GOOD)), gone=st.integers(0, 40), put=st.text(max_size=8) | st.sampled_from(["\t", "- ", "{"])
)
def test_whatever_a_slip_of_the_hand_leaves_behind_is_settings_or_a_list_of_mistakes(
    tmp_path: Path, at: int, gone: int, put: str
) -> None:
    text = (GOOD[:at] + put + GOOD[at + gone :]).encode("utf-8", "surrogatepass")
    (tmp_path / "settings.yaml").write_bytes(text)
    found: list[SettingsProblem] | None = None
    try:
        load_settings(tmp_path / "settings.yaml", SECRETS)
    except ConfigurationError as error:
        found = error.problems
    assert found is None or (found and all(problem.what and problem.mend for problem in found))


def test_metrics_are_for_this_machine_unless_a_network_is_called_safe(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD).metrics is None
    for listen, place in (("127.0.0.1:9464", ("127.0.0.1", 9464)), ("[::1]:80", ("::1", 80))):
        metrics = load(tmp_path, GOOD + f'metrics: {{listen: "{listen}"}}\n').metrics
        assert metrics
        assert metrics.place == place
    (problem,) = problems(tmp_path, GOOD + 'metrics: {listen: "0.0.0.0:9464"}\n')
    assert (problem.key, "insecure: true" in problem.mend) == ("metrics.listen", True)
    assert load(tmp_path, GOOD + 'metrics: {listen: "0.0.0.0:9464", insecure: true}\n').metrics
    assert problems(tmp_path, GOOD + "metrics: {listen: 9464}\n")[0].key == "metrics.listen"
