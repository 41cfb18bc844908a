"""Who wrote a mail: the one strict mailbox of its one From field (RFC 5322 sections 3.4, 3.6.2).

Programs disagree about what an odd From says, and a sender who is one person to the server that authenticates and
another to us could approve as anybody. So only the two plain forms count: `address` and `name <address>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailflow.inbound.header import Header, decode_words

_LONGEST = 2000
_QUOTED_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_MAILBOX = re.compile(
    r"""(?P<name>(?:[^\x00-\x08\x0a-\x1f\x7f()<>@,;:\\"\[\]]|"(?:[^"\\]|\\.)*")*)<(?P<angle>[^<>\s]+)>|(?P<bare>[^<>\s]+)"""
)
_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SEPARATORS = re.compile(r"[\s<>()\[\],;:\"']+")
_NOT_IN_A_NAME = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True)
class Sender:
    """`address` in lower case, its domain in ASCII; None where `problem` says missing, several or ambiguous."""

    address: str | None
    problem: str | None = None
    name: str = ""


def read_sender(header: Header) -> Sender:
    """The sender by the From field; Sender, Reply-To and Return-Path never count."""
    values = header.values("from")
    if not any(values):
        return Sender(None, "missing")
    if len(values) > 1:
        return Sender(None, "several")
    value = _text(values[0])
    name, address = _mailbox(value)
    if address is None or not header.sound or "from" not in dict(header.fields):
        return Sender(None, "several" if _QUOTED_STRING.sub("", value[:_LONGEST]).count("@") > 1 else "ambiguous")
    return Sender(address, None, name)


def addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    """Whatever looks like an address in header values, lower case: for showing and comparing, never for deciding."""
    words = (word for value in values for word in _SEPARATORS.split(value[:100_000].lower()))
    return tuple(dict.fromkeys(word for word in words if 0 < word.find("@") < len(word) - 1))


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _mailbox(value: str) -> tuple[str, str | None]:
    found = _MAILBOX.fullmatch(value) if len(value) <= _LONGEST else None
    if not found:
        return "", None
    address = _address(found["angle"] or found["bare"])
    written = re.sub(r"\\(.)", r"\1", (found["name"] or "").replace('"', ""))
    name = decode_words(written.encode("utf-8"))[:200]
    if address is None or _NOT_IN_A_NAME.search(value) or _hides_something(found["name"] or "", name, address):
        return "", None
    return name, address


def _address(addr_spec: str) -> str | None:
    local, _, domain = addr_spec.lower().rpartition("@")
    if "=?" in local or not _LOCAL_PART.fullmatch(local) or len(domain) > 253:
        return None
    ascii_domain = domain if domain.isascii() else _in_ascii(domain)
    return f"{local}@{ascii_domain}" if all(map(_LABEL.fullmatch, ascii_domain.split("."))) else None


def _in_ascii(domain: str) -> str:
    """The domain as the DNS has it, empty where its letters are not the very ones that this form stands for.

    The encoding (RFC 3490) drops invisible letters and makes plain ones of ligatures and wide forms.
    """
    try:
        encoded = domain.encode("idna")
        return encoded.decode("ascii").lower() if encoded.decode("idna") == domain else ""
    except UnicodeError:
        return ""


def _hides_something(written: str, name: str, address: str) -> bool:
    """Whether the name says another address, or holds what would end it once its encoded words are decoded."""
    others = [word for word in addresses((name,)) if word != address]
    return bool(others) or ("=?" in written and any(c in name for c in "<>"))
