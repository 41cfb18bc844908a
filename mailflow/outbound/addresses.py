"""Addresses as SMTP servers and calendars take them."""

from __future__ import annotations

import re

from mailflow.errors import PermanentFailure
from mailflow.outbound.cleaning import one_line, shortened
from mailflow.outbound.headers import phrase

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")
_NAME_LENGTH = 60


def ascii_address(address: str) -> str:
    """An address whose domain is IDNA-encoded (RFC 5890). Raises PermanentFailure where no SMTP server takes it."""
    local, _, domain = address.rpartition("@")
    try:
        written = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        written = ""
    if not _ADDRESS.fullmatch(written):
        raise PermanentFailure(f"No mail can go to {one_line(address)!r}: it is no address that mail servers take.")
    return written


def mailbox(address: str, name: str) -> str:
    """An address with its display name, as From and To have it. Raises PermanentFailure for what is no address."""
    name = shortened(one_line(name), _NAME_LENGTH)
    return f"{phrase(name)} <{ascii_address(address)}>" if name else ascii_address(address)
