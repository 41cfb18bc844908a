"""Whether the mailbox's own server has verified the sender (RFC 8601, RFC 7489)."""

from __future__ import annotations

import re
from typing import Any

from authres import AuthenticationResultsHeader

from mailflow.inbound.message import InboundMessage

_LONGEST = 10_000
_NAMELESS = "outlook.com"  # Microsoft 365 writes no authserv-id


def sender_is_authentic(message: InboundMessage, check: str, trusted_authserv: tuple[str, ...]) -> str | None:
    """None where the sender may be believed, else why not.

    `reference`: the unguessable reference and the address suffice. `dmarc`: the Authentication-Results of the trusted
    authserv-ids must say that DMARC passed for the very domain of From, or, where they say nothing of DMARC, that a
    DKIM signature of that domain or one above it did. All must agree; anything doubtful refuses. It rests on the
    mailbox's server removing results in its own name that came with a mail, as RFC 8601 section 5 demands; so only the
    plain spelling counts, which every server recognises: the authserv-id first, no comment before it. Results
    without an authserv-id count only at the very top, and where outlook.com or a name below it is trusted.
    """
    if check == "reference":
        return None
    if message.sender is None:
        return "it has no single sender"
    values = message.headers.get("authentication-results", ())
    if not values:
        return "the mail server recorded no Authentication-Results"
    trusted = {name.lower() for name in trusted_authserv}
    read = [_read(value, nameless=not index, trusted=trusted) for index, value in enumerate(values)]
    results = [result for header in read if header for result in header.results]
    if any(not header and _is_about_dmarc(value, trusted) for header, value in zip(read, values, strict=True)):
        return "Authentication-Results of a server of trusted_authserv cannot be read"
    if not any(read):
        return "no Authentication-Results are by a server of trusted_authserv"
    return _judge(results, message.sender.rpartition("@")[2])


def _read(value: str, nameless: bool, trusted: set[str]) -> Any | None:
    """One header's results, if they are by a trusted server and can be read."""
    header = _parsed(value)
    if header is None and nameless and any(f".{name}".endswith(f".{_NAMELESS}") for name in trusted):
        return _parsed(f"{_NAMELESS}; {value}")
    name = str(header.authserv_id).lower() if header else ""
    return header if name in trusted and value.lower().startswith(name) else None


def _is_about_dmarc(value: str, trusted: set[str]) -> bool:
    """Whether the results look as if a trusted server had written them, and might say that DMARC did not pass."""
    return bool(trusted.intersection(re.split(r"[\s;(]", value.lower(), maxsplit=1)[:1])) and "dmarc" in value.lower()


def _parsed(value: str) -> Any | None:
    try:
        return AuthenticationResultsHeader.parse_value(value[:_LONGEST])
    except Exception:  # noqa: BLE001 - its parser raises SyntaxError and more; what cannot be read is not trusted
        return None


def _judge(results: list[Any], domain: str) -> str | None:
    verdicts = [r for r in results if r.method == "dmarc"]
    if verdicts:
        if any(r.result != "pass" for r in verdicts):
            return "DMARC did not pass"
        named = [_domain(_property(r, "from")) for r in verdicts]
        return None if set(named) == {domain} else "DMARC passed for another domain"
    passed = [r for r in results if r.method == "dkim" and r.result == "pass"]
    signers = [_domain(_property(r, "d") or _property(r, "i")) for r in passed]
    is_aligned = any(signer and "." in signer and f".{domain}".endswith(f".{signer}") for signer in signers)
    return None if is_aligned else "neither DMARC nor an aligned DKIM signature passed"


def _property(result: Any, name: str) -> str:
    """The value of header.name, empty unless it is given just once."""
    found = [str(p.value) for p in result.properties if (p.type, p.name) == ("header", name)]
    return found[0] if len(found) == 1 else ""


def _domain(value: str) -> str:
    """The domain of a value that is one, or, as some servers write, a whole address."""
    return value.rpartition("@")[2].strip().lower().rstrip(".")
