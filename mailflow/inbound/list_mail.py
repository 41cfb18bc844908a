"""Mail that came by a mailing list (RFC 2369, 2919)."""

from __future__ import annotations

from mailflow.inbound.message import InboundMessage


def is_list_mail(message: InboundMessage) -> bool:
    """Whether a mailing list sent it, as it also sends what persons write to it."""
    through_list = any(name in message.headers for name in ("list-id", "list-unsubscribe", "list-post"))
    precedence = next(iter(message.headers.get("precedence", ())), "").strip().lower()
    return through_list or precedence in ("list", "bulk")
