"""A mail as its writer meant it: RFC 5322 and 2045, read tolerantly from raw bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class File:
    """A file in a mail. `inline`: shown within the text (Content-Disposition inline or referred to by cid:)."""

    filename: str
    media_type: str
    content: bytes
    inline: bool = False
    content_id: str | None = None
    forwarded: bool = False  # came inside an attached mail (message/rfc822)


@dataclass(frozen=True)
class InboundMessage:
    """What one mail says about itself.

    `sender` is the address of its one strict From mailbox, lower case; None where there is none, more than one, or
    parsers could disagree (`sender_problem` says which: missing, several, ambiguous). `text` and `html` are the
    writer's own body, never that of an attached or forwarded-as-attachment mail. Message-IDs keep their angle brackets.
    """

    message_id: str | None
    sender: str | None
    sender_problem: str | None
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    date: datetime | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    text: str
    html: str | None
    files: tuple[File, ...]
    calendars: tuple[bytes, ...] = ()
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # lower-case name -> decoded values in order
    content_type: str = "text/plain"
    report: Mapping[str, bytes] = field(default_factory=dict)  # media type of a multipart/report's parts -> bytes
    defects: tuple[str, ...] = ()
