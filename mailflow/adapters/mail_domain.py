"""What a domain says about its mail servers: MX (RFC 5321), SRV (RFC 6186), autoconfig (Mozilla's config-v1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mailflow.documents.xml import Element, every, root_of, words
from mailflow.mail_services import Security, ServerAddress

TIMEOUT = 5.0
LARGEST = 100_000
AUTOCONFIG = (
    "https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={address}",
    "https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    "https://autoconfig.thunderbird.net/v1.1/{domain}",
)
"""Where a domain may tell its servers, best first; by https alone, since whoever answers is given the password."""

_SERVICES: tuple[tuple[str, Security], ...] = (("imaps", "tls"), ("imap", "starttls"))
_SUBMISSION: tuple[tuple[str, Security], ...] = (("submissions", "tls"), ("submission", "starttls"))
_SECURITY: Mapping[str, Security] = {"SSL": "tls", "STARTTLS": "starttls"}

Servers = tuple[ServerAddress, ServerAddress]
"""Where a mailbox's IMAP and SMTP servers are."""


def mail_exchanges(domain: str) -> list[str]:
    """The names in the domain's MX records, the most preferred first; none where nobody tells."""
    found = sorted(_records(domain, "MX"), key=lambda record: record.preference)
    return [str(record.exchange).rstrip(".") for record in found]


def announced(domain: str) -> Servers | None:
    """The servers of the domain's SRV records (RFC 6186, 8314), where it has both, below the domain itself.

    DNS is not signed: a name elsewhere would be anybody's (RFC 6186 section 6 has users confirm it).
    """
    imap, smtp = _announced(domain, _SERVICES), _announced(domain, _SUBMISSION)
    return (imap, smtp) if imap and smtp else None


def configured(address: str) -> Servers | None:
    """The servers of the best autoconfig file that is there."""
    from urllib.parse import quote

    import httpx

    domain = address.rpartition("@")[2]
    with httpx.Client(timeout=TIMEOUT) as client:
        for place in AUTOCONFIG:
            try:
                answer = client.get(place.format(domain=domain, address=quote(address)))
            except (httpx.HTTPError, httpx.InvalidURL):
                continue
            if answer.status_code == 200 and (servers := servers_of(answer.content)):
                return servers
    return None


def servers_of(autoconfig: bytes) -> Servers | None:
    """The first encrypted IMAP and SMTP server of an autoconfig file, None where it lacks one or is no such file."""
    if len(autoconfig) > LARGEST:
        return None
    root = root_of(autoconfig)
    if root is None:
        return None
    imap, smtp = _first(root, "incomingServer", "imap"), _first(root, "outgoingServer", "smtp")
    return (imap, smtp) if imap and smtp else None


def _first(root: Element, tag: str, kind: str) -> ServerAddress | None:
    for server in every(root, "emailProvider", tag):
        host, port = words(server, "hostname"), words(server, "port")
        security = _SECURITY.get(words(server, "socketType").upper())
        if server.get("type") == kind and security and host and "%" not in host and port.isdecimal():
            return ServerAddress(host.lower(), int(port), security)
    return None


def _announced(domain: str, services: tuple[tuple[str, Security], ...]) -> ServerAddress | None:
    for service, security in services:
        for record in sorted(_records(f"_{service}._tcp.{domain}", "SRV"), key=lambda r: (r.priority, -r.weight)):
            host = str(record.target).rstrip(".").lower()
            if host == domain or host.endswith(f".{domain}"):
                return ServerAddress(host, record.port, security)
    return None


def _records(name: str, kind: str) -> list[Any]:
    import dns.exception
    import dns.resolver

    try:
        return list(dns.resolver.resolve(name, kind, lifetime=TIMEOUT, search=False))
    except (dns.exception.DNSException, OSError, ValueError):
        return []
