"""Where a mailbox's servers are found, and from whom nothing is taken."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mailflow.adapters import mail_domain
from mailflow.mail_services import SERVICES, ServerAddress, service_of_domain, service_of_host, service_of_mx
from mailflow.wizard import discovery
from mailflow.wizard.discovery import Found, discover

AUTOCONFIG = b"""<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1"><emailProvider id="example.com">
  <domain>example.com</domain>
  <incomingServer type="pop3"><hostname>pop.example.com</hostname><port>995</port><socketType>SSL</socketType>
  </incomingServer>
  <incomingServer type="imap"><hostname>imap.example.com</hostname><port>143</port><socketType>plain</socketType>
  </incomingServer>
  <incomingServer type="imap"><hostname>Imap.Example.com</hostname><port>993</port><socketType>SSL</socketType>
  </incomingServer>
  <outgoingServer type="smtp"><hostname>smtp.example.com</hostname><port>587</port><socketType>STARTTLS</socketType>
  </outgoingServer>
</emailProvider></clientConfig>"""
SERVERS = ServerAddress("imap.example.com", 993), ServerAddress("smtp.example.com", 587, "starttls")


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("gmail.com", "Gmail, Google Workspace"),
        ("Outlook.com", "Microsoft 365"),
        ("contoso.onmicrosoft.com", "Microsoft 365"),
        ("ya.ru", "Yandex 360"),
        ("bk.ru", "Mail.ru"),
        ("fastmail.com", "Fastmail"),
        ("zohomail.eu", "Zoho Mail (Europe)"),
        ("notgmail.com", None),
        ("gmail.com.example.net", None),
    ],
)
def test_a_service_is_known_by_the_domain_of_its_addresses(domain: str, name: str | None) -> None:
    service = service_of_domain(domain)
    assert (service.name if service else None) == name


@pytest.mark.parametrize(
    ("exchange", "name"),
    [
        ("aspmx.l.google.com", "Gmail, Google Workspace"),
        ("smtp.google.com.", "Gmail, Google Workspace"),
        ("contoso-com.mail.protection.outlook.com", "Microsoft 365"),
        ("contoso-com.d-v1.mx.microsoft", "Microsoft 365"),
        ("mx.yandex.net", "Yandex 360"),
        ("emx.mail.ru", "VK WorkMail"),
        ("mxs.mail.ru", "Mail.ru"),
        ("in1-smtp.messagingengine.com", "Fastmail"),
        ("mx.zoho.eu", "Zoho Mail (Europe)"),
        ("mx.evilgoogle.com", None),
        ("google.com.example.net", None),
    ],
)
def test_a_companys_own_domain_is_known_by_its_mx(exchange: str, name: str | None) -> None:
    service = service_of_mx(["backup.example.net", exchange])
    assert (service.name if service else None) == name


def test_every_service_says_in_both_languages_what_to_do() -> None:
    for service in SERVICES:
        assert set(service.help) == {"en", "ru"}
        assert service_of_host(service.smtp.host) in [s for s in SERVICES if s.smtp == service.smtp]


def test_an_autoconfig_file_names_its_first_encrypted_servers() -> None:
    assert mail_domain.servers_of(AUTOCONFIG) == SERVERS


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><body>404</body></html>",
        AUTOCONFIG.replace(b"SSL", b"plain"),
        AUTOCONFIG.replace(b"smtp.example.com", b"%EMAILDOMAIN%"),
        AUTOCONFIG.replace(b"<clientConfig", b'<!DOCTYPE x [<!ENTITY a "b">]><clientConfig'),
        AUTOCONFIG + b" " * 100_000,
    ],
)
def test_from_a_file_that_is_none_or_offers_no_encryption_nothing_is_taken(content: bytes) -> None:
    assert mail_domain.servers_of(content) is None


@dataclass
class Srv:
    target: str
    port: int
    priority: int = 0
    weight: int = 0


def announce(monkeypatch: pytest.MonkeyPatch, records: dict[str, list[Srv]]) -> None:
    monkeypatch.setattr(mail_domain, "_records", lambda name, kind: records.get(name, []))


def test_srv_records_name_the_servers_the_preferred_first(monkeypatch: pytest.MonkeyPatch) -> None:
    announce(
        monkeypatch,
        {
            "_imaps._tcp.example.com": [Srv("b.example.com.", 993, 10), Srv("imap.example.com.", 993, 0)],
            "_submission._tcp.example.com": [Srv("smtp.example.com.", 587)],
        },
    )
    assert mail_domain.announced("example.com") == SERVERS


def test_an_srv_record_that_leads_elsewhere_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS is not signed, and whoever is named gets the password (RFC 6186 section 6)."""
    announce(
        monkeypatch,
        {
            "_imaps._tcp.example.com": [Srv("imap.evil.example.", 993)],
            "_submissions._tcp.example.com": [Srv("smtp.example.com.", 465)],
        },
    )
    assert mail_domain.announced("example.com") is None


def test_the_mx_counts_before_what_the_domain_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "mail_exchanges", lambda domain: ["aspmx.l.google.com"])
    monkeypatch.setattr(discovery, "configured", lambda address: SERVERS)
    monkeypatch.setattr(discovery, "announced", lambda domain: None)
    monkeypatch.setattr(discovery, "_guessed", lambda domain: None)
    found = discover("finance@example.com")
    assert found is not None
    assert found.imap.host == "imap.gmail.com"
    monkeypatch.setattr(discovery, "mail_exchanges", lambda domain: ["mail.example.com"])
    assert discover("finance@example.com") == Found(*SERVERS)


def test_a_domain_that_is_nowhere_is_given_up_soon() -> None:
    assert discover("finance@company.invalid") is None
