"""A person with a mail client: reads by IMAP, writes by SMTP, answers as mail clients do."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from html import escape

import icalendar
from babel.dates import format_datetime as format_when
from imap_tools import AND, MailBoxUnencrypted

from mailflow.errors import MailflowError
from mailflow.office.papers import Paper
from mailflow.office.received import Button, ReceivedMail

PATIENCE = 5.0
"""Seconds that a person waits for a mail before giving up."""
_LOOK_AGAIN = 0.05
_LAST_SHOWN = 3
_IMAP_TIMEOUT = 10.0

_UNFOLDED = SMTP.clone(max_line_length=998)  # RFC 5322 section 2.1.1; folding an encoded header can lose a space
_PARTSTAT_WORDS = {
    "en": {"ACCEPTED": "Accepted", "DECLINED": "Declined", "TENTATIVE": "Tentatively accepted"},
    "ru": {"ACCEPTED": "Принято", "DECLINED": "Отклонено", "TENTATIVE": "Под вопросом"},
}
_ATTRIBUTION = {
    "en": ("d MMM yyyy, 'at' HH:mm", "On {when}, {who} wrote:"),
    "ru": ("d MMMM yyyy 'г., в' HH:mm", "{when}, {who} пишет:"),
}


class NobodyWrote(MailflowError):
    """A mail that a person waited for did not come; the text names the person and what came last."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Person:
    """One of the company's people: address, name, language, and the servers that hold the mailbox.

    `writes_to` is the finance address that new mails go to, `clock` gives the Date of what is written.
    """

    address: str
    name: str
    password: str
    host: str
    imap_port: int
    smtp_port: int
    writes_to: str
    language: str = "en"
    clock: Callable[[], datetime] = _utc_now

    def inbox(self, folder: str = "INBOX") -> tuple[ReceivedMail, ...]:
        """Every mail of a folder, oldest first; marks nothing as read."""
        with self._signed_in(folder) as box:
            return tuple(_received(box, uid) for uid in box.uids())

    def wait_for(self, wanted: Callable[[ReceivedMail], bool], timeout: float = PATIENCE) -> ReceivedMail:
        """The oldest unread mail that fits, marked as read. Raises NobodyWrote after `timeout` seconds."""
        until = time.monotonic() + timeout
        while True:
            if found := self._read_next(wanted):
                return found
            if time.monotonic() >= until:
                last = "; ".join(mail.subject for mail in self.inbox()[-_LAST_SHOWN:]) or "nothing"
                raise NobodyWrote(f"{self.name} waited for a mail that did not come. Last in the inbox: {last}.")
            time.sleep(_LOOK_AGAIN)

    def submit(self, subject: str, body: str, attachments: Sequence[Paper] = ()) -> EmailMessage:
        """Writes a new mail to the finance address."""
        return self._send(self._letter(self.writes_to, subject, body, attachments))

    def reply(self, mail: ReceivedMail, text: str, attachments: Sequence[Paper] = ()) -> EmailMessage:
        """Answers above the quotation, in the same thread (RFC 5322 section 3.6.4)."""
        subject = mail.subject if mail.subject.lower().startswith("re:") else f"Re: {mail.subject}"
        attribution = self._attribution(mail)
        quoted = "\n".join(f"> {line}".rstrip() for line in mail.text.rstrip("\n").split("\n"))
        letter = self._letter(mail.sender.addr_spec, subject, f"{text}\n\n{attribution}\n{quoted}\n", ())
        letter["In-Reply-To"] = mail.message_id
        letter["References"] = " ".join((*mail.references, mail.message_id))
        letter.add_alternative(
            f'<div dir="auto">{_as_html(text)}</div>\n<br>\n<div class="quote">{escape(attribution)}<br>\n'
            f'<blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">\n'
            f"{mail.html or _as_html(mail.text)}\n</blockquote></div>\n",
            subtype="html",
        )
        return self._send(_with_files(letter, attachments))

    def press(self, mail: ReceivedMail, label: str, typed: str = "", attachments: Sequence[Paper] = ()) -> EmailMessage:
        """Follows a button (RFC 6068): sends the ready mail; `typed` is added to the end of its first line.

        The button is named by a part of its label or by how its ready answer begins, in any case. Raises NobodyWrote
        where the mail has no such button.
        """
        button = self._button(mail, label)
        first, newline, rest = button.body.partition("\n")
        body = f"{first.rstrip()} {typed}{newline}{rest}" if typed else button.body
        return self._send(self._letter(button.to, button.subject, body, attachments))

    def rsvp(self, mail: ReceivedMail, partstat: str) -> EmailMessage:
        """Answers an invite: ACCEPTED, DECLINED or TENTATIVE (RFC 5546 section 3.2.3, packed by RFC 6047)."""
        asked = mail.event
        if asked is None or mail.method != "REQUEST":
            raise NobodyWrote(f"{self.name} found no invite in '{mail.subject}'.")
        answer = icalendar.Event()
        for name in ("UID", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "ORGANIZER"):
            if name in asked:
                answer[name] = asked[name]
        answer.add("DTSTAMP", self.clock())
        answer.add("ATTENDEE", f"mailto:{self.address}", parameters={"PARTSTAT": partstat, "CN": self.name})
        reply = icalendar.Calendar()
        reply.add("PRODID", "-//mailflow//demo mail client//EN")
        reply.add("VERSION", "2.0")
        reply.add("METHOD", "REPLY")
        reply.add_component(answer)
        word = _PARTSTAT_WORDS[self.language][partstat]
        summary = str(asked.get("SUMMARY", ""))
        letter = self._letter(mail.sender.addr_spec, f"{word}: {summary}", f"{self.name}: {word}\n", ())
        letter.add_alternative(
            reply.to_ical(), maintype="text", subtype="calendar", params={"method": "REPLY", "charset": "utf-8"}
        )
        return self._send(letter)

    def _signed_in(self, folder: str = "INBOX") -> MailBoxUnencrypted:
        box = MailBoxUnencrypted(self.host, self.imap_port, timeout=_IMAP_TIMEOUT)
        box.login(self.address, self.password, initial_folder=folder)
        return box

    def _read_next(self, wanted: Callable[[ReceivedMail], bool]) -> ReceivedMail | None:
        with self._signed_in() as box:
            for uid in box.uids(AND(seen=False)):
                mail = _received(box, uid)
                if wanted(mail):
                    box.client.uid("STORE", uid, "+FLAGS", r"(\Seen)")
                    return mail
        return None

    def _button(self, mail: ReceivedMail, label: str) -> Button:
        wanted = label.casefold()
        for button in mail.buttons:
            if wanted in button.label.casefold() or button.body.casefold().startswith(wanted):
                return button
        labels = ", ".join(f"'{button.label}'" for button in mail.buttons) or "none"
        raise NobodyWrote(f"{self.name} found no button '{label}' in '{mail.subject}'; there are: {labels}.")

    def _letter(self, to: str, subject: str, body: str, attachments: Sequence[Paper]) -> EmailMessage:
        letter = EmailMessage(policy=_UNFOLDED)
        letter["From"] = Address(self.name, addr_spec=self.address)
        letter["To"] = to
        letter["Subject"] = subject
        letter["Date"] = format_datetime(self.clock())
        letter["Message-ID"] = make_msgid(domain=self.address.rpartition("@")[2])
        letter.set_content(body, charset="utf-8")
        return _with_files(letter, attachments)

    def _send(self, letter: EmailMessage) -> EmailMessage:
        with smtplib.SMTP(self.host, self.smtp_port, timeout=_IMAP_TIMEOUT) as smtp:
            smtp.send_message(letter)
        return letter

    def _attribution(self, mail: ReceivedMail) -> str:
        pattern, sentence = _ATTRIBUTION[self.language]
        when = format_when(mail.written_at.astimezone(self.clock().tzinfo), pattern, locale=self.language)
        return sentence.format(when=when, who=f"{mail.sender.display_name} <{mail.sender.addr_spec}>".strip())


def _received(box: MailBoxUnencrypted, uid: str) -> ReceivedMail:
    _, answer = box.client.uid("FETCH", uid, "(BODY.PEEK[])")
    return ReceivedMail(answer[0][1])


def _with_files(letter: EmailMessage, attachments: Sequence[Paper]) -> EmailMessage:
    for paper in attachments:
        maintype, _, subtype = paper.media_type.partition("/")
        letter.add_attachment(paper.content, maintype=maintype, subtype=subtype, filename=paper.filename)
    return letter


def _as_html(text: str) -> str:
    return "<br>\n".join(escape(line) for line in text.split("\n"))
