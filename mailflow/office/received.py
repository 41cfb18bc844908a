"""A mail as its reader's mail client shows it: text, HTML with its buttons, files, the calendar invite."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cached_property
from typing import cast
from urllib.parse import unquote

import icalendar
import lxml.html

from mailflow.office.papers import Paper

_REFERENCE = re.compile(r"\[(?:(?P<number>INV-\d+-\d+) )?#\w+\]\s*")


@dataclass(frozen=True)
class Button:
    """A mailto: link in a mail's HTML (RFC 6068), as it is seen and as it is followed."""

    label: str
    link: str

    @property
    def to(self) -> str:
        """The address that the answer goes to."""
        return unquote(self.link.removeprefix("mailto:").partition("?")[0])

    @property
    def subject(self) -> str:
        """The ready subject."""
        return self._field("subject")

    @property
    def body(self) -> str:
        """The ready text, with LF line ends."""
        return self._field("body").replace("\r\n", "\n")

    def _field(self, name: str) -> str:
        for pair in self.link.partition("?")[2].split("&"):
            key, _, value = pair.partition("=")
            if key.lower() == name:
                return unquote(value)  # a plus sign is no space here (RFC 6068 section 5)
        return ""


class ReceivedMail:
    """One mail of a mailbox, read with the standard library alone."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.message = message_from_bytes(raw, policy=SMTP)

    @property
    def subject(self) -> str:
        """The subject, "" where there is none."""
        return str(self.message["Subject"] or "")

    @property
    def title(self) -> str:
        """The subject without the reference."""
        return _REFERENCE.sub("", self.subject)

    @property
    def number(self) -> str | None:
        """The number of the invoice that the subject names."""
        found = _REFERENCE.search(self.subject)
        return found["number"] if found else None

    @property
    def sender(self) -> Address:
        """The first address of From."""
        return cast(Address, self.message["From"].addresses[0])

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses of To, in lower case."""
        return tuple(a.addr_spec.lower() for a in self.message["To"].addresses) if self.message["To"] else ()

    @property
    def written_at(self) -> datetime:
        """When it was written, by its Date header."""
        return cast(datetime, self.message["Date"].datetime)

    @property
    def message_id(self) -> str:
        """The Message-ID with its angle brackets."""
        return str(self.message["Message-ID"] or "").strip()

    @property
    def references(self) -> tuple[str, ...]:
        """The thread so far, this mail not included."""
        return tuple(str(self.message["References"] or "").split())

    @cached_property
    def text(self) -> str:
        """The plain text with LF line ends."""
        return self._body("plain")

    @cached_property
    def html(self) -> str:
        """The HTML, "" where there is none."""
        return self._body("html")

    @cached_property
    def buttons(self) -> tuple[Button, ...]:
        """The mailto: links of the HTML, in order."""
        if not self.html.strip():
            return ()
        links = lxml.html.document_fromstring(self.html).iter("a")
        return tuple(
            Button(" ".join(str(link.xpath("string()")).split()), link.get("href", ""))
            for link in links
            if link.get("href", "").startswith("mailto:")
        )

    @cached_property
    def files(self) -> tuple[Paper, ...]:
        """The attached files."""
        return tuple(
            Paper(part.get_filename() or "mail.eml", part.get_content_type(), _content(part))
            for part in self.message.iter_attachments()
            if part.get_filename() or part.get_content_type() == "message/rfc822"
        )

    @cached_property
    def calendar(self) -> icalendar.Calendar | None:
        """The calendar part that mail clients act on (RFC 6047): not an attached file, and with a method."""
        for part in self.message.walk():
            if part.get_content_type() == "text/calendar" and not part.is_attachment() and part.get_param("method"):
                return icalendar.Calendar.from_ical(_content(part))
        return None

    def offers(self, answer: str) -> bool:
        """Whether a button opens a ready answer that begins so."""
        return any(button.body.startswith(answer) for button in self.buttons)

    @property
    def method(self) -> str | None:
        """The iTIP method of the calendar part: REQUEST, CANCEL, REPLY."""
        return str(self.calendar["METHOD"]) if self.calendar else None

    @property
    def event(self) -> icalendar.Event | None:
        """The event of the calendar part."""
        return self.calendar.events[0] if self.calendar and self.calendar.events else None

    @property
    def event_day(self) -> date | None:
        """The day of the event, None where there is no event or it has no start."""
        start = self.event.get("DTSTART") if self.event else None
        if start is None:
            return None
        return cast(date, start.dt.date() if isinstance(start.dt, datetime) else start.dt)

    def _body(self, subtype: str) -> str:
        part = self.message.get_body(preferencelist=(subtype,))
        return str(part.get_content()).replace("\r\n", "\n") if part else ""


def _content(part: EmailMessage) -> bytes:
    if part.get_content_type() == "message/rfc822":
        return cast(EmailMessage, part.get_content()).as_bytes()
    return cast(bytes, part.get_payload(decode=True))
