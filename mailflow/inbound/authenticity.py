"""Whether the mailbox's own server has verified the sender (RFC 8601, RFC 7489)."""

from __future__ import annotations

from authres import AuthenticationResultsHeader, AuthResError

from mailflow.inbound.message import InboundMessage


def sender_is_authentic(message: InboundMessage, check: str, trusted_authserv: tuple[str, ...]) -> str | None:
    """None where the sender may be believed, else why not.

    `reference`: the unguessable reference and the address suffice. `dmarc`: the topmost Authentication-Results must
    come from a trusted authserv-id and say that DMARC passed for the very domain of From. Anything doubtful refuses.
    """
    if check == "reference":
        return None
    values = message.headers.get("authentication-results", ())
    if not values:
        return "the mail server recorded no Authentication-Results"
    result = _parsed(values[0], trusted_authserv)
    if result is None:
        return "the topmost Authentication-Results cannot be read"
    if str(result.authserv_id).lower() not in {name.lower() for name in trusted_authserv}:
        return f"the topmost Authentication-Results are by {result.authserv_id}, which is not in trusted_authserv"
    domain = (message.sender or "").rpartition("@")[2]
    verdicts = [r for r in result.results if r.method == "dmarc"]
    if len(verdicts) != 1 or verdicts[0].result != "pass":
        return "DMARC did not pass"
    named = {_domain(str(p.value)) for p in verdicts[0].properties if (p.type, p.name) == ("header", "from")}
    if named != {domain}:
        return f"DMARC passed for {', '.join(sorted(named)) or 'no domain'}, not for {domain}"
    return None


def _parsed(value: str, trusted_authserv: tuple[str, ...]) -> AuthenticationResultsHeader | None:
    """Microsoft 365 leaves the authserv-id out; then the only trusted one is meant."""
    try:
        return AuthenticationResultsHeader.parse(f"Authentication-Results: {value}")
    except (AuthResError, SyntaxError, ValueError, IndexError):
        pass
    if len(trusted_authserv) != 1 or "=" not in value.partition(";")[0]:
        return None
    try:
        return AuthenticationResultsHeader.parse(f"Authentication-Results: {trusted_authserv[0]}; {value}")
    except (AuthResError, SyntaxError, ValueError, IndexError):
        return None


def _domain(value: str) -> str:
    return value.rpartition("@")[2].strip().lower()
