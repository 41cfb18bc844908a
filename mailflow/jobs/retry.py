"""When something that failed is tried again: pure decisions."""

from __future__ import annotations

from datetime import datetime, timedelta

INBOX_PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60))
OUTBOX_PAUSES = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30, 60))
OUTBOX_LIFETIME = timedelta(days=5)


def next_reading(attempts: int, now: datetime) -> datetime | None:
    """When a mail that could not be processed is tried again after so many tries; None: it goes to quarantine."""
    return now + INBOX_PAUSES[attempts - 1] if attempts <= len(INBOX_PAUSES) else None


def next_try_at_portal(attempts: int, now: datetime) -> datetime:
    """When a change that could not be shown is tried again; the portal is told everything, however late."""
    return now + OUTBOX_PAUSES[min(attempts, len(OUTBOX_PAUSES)) - 1]


def next_delivery(attempts: int, created_at: datetime, now: datetime) -> datetime | None:
    """When a mail that was not taken is tried again; None after five days (RFC 5321 section 4.5.4.1).

    One that waited those days for a server that was away is tried as often as any other first.
    """
    if attempts > len(OUTBOX_PAUSES) and now - created_at >= OUTBOX_LIFETIME:
        return None
    return now + OUTBOX_PAUSES[min(attempts, len(OUTBOX_PAUSES)) - 1]
