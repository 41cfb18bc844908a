"""Where a mailbox's servers are: by the service, by what the domain says, by the names that most have."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mailflow.adapters.mail_domain import Servers, announced, configured, mail_exchanges
from mailflow.mail_services import MailService, ServerAddress, service_of_domain, service_of_mx

USUAL_NAMES = ("mail.{}", "imap.{}")


@dataclass(frozen=True)
class Found:
    """The servers, and the service where it is one that mailflow knows."""

    imap: ServerAddress
    smtp: ServerAddress
    service: MailService | None = None


def discover(address: str) -> Found | None:
    """What is known about a mailbox's servers, None where nothing is."""
    domain = address.rpartition("@")[2]
    if service := service_of_domain(domain):
        return Found(service.imap, service.smtp, service)
    with ThreadPoolExecutor() as asked:
        exchanges, told = asked.submit(mail_exchanges, domain), asked.submit(configured, address)
        announcement, guess = asked.submit(announced, domain), asked.submit(_guessed, domain)
    if service := service_of_mx(exchanges.result()):
        return Found(service.imap, service.smtp, service)
    servers = told.result() or announcement.result() or guess.result()
    return Found(*servers) if servers else None


def _guessed(domain: str) -> Servers | None:
    """A host with a usual name that is there."""
    for name in USUAL_NAMES:
        host = name.format(domain)
        try:
            socket.create_connection((host, 993), timeout=3).close()
        except OSError:
            continue
        smtp = host if name.startswith("mail.") else f"smtp.{domain}"
        return ServerAddress(host, 993), ServerAddress(smtp, 465)
    return None
