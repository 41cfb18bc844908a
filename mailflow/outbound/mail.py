"""Mails as bytes: RFC 5322 and 2045 with CRLF. The same effect and identity always give the same bytes.

A mail is written in two steps: the draft is everything but its files, and is what is kept while the mail is on its
way; `complete` puts the files in. Most mails carry no calendar, so what writes one is imported with the first.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from mailflow.approval.company import Company
from mailflow.approval.effects import Invitation, InviteMethod, Mail, Message
from mailflow.approval.submission import Attachment
from mailflow.branding import Logo
from mailflow.outbound.addresses import mailbox
from mailflow.outbound.cleaning import one_line, shortened
from mailflow.outbound.context import invitation_context, mail_context, sender_name
from mailflow.outbound.headers import header_block, message_ids, unstructured
from mailflow.outbound.ready_to_pay import NOTHING_WANTED, PaymentFile, ReadyToPay, enclosed
from mailflow.outbound.templating import Rendered, Templates

_FORBIDDEN_IN_NAMES = re.compile(r'[/\\:*?"<>|]')
_FILENAME_LENGTH = 120
_SENT_AS_THEY_ARE = re.compile(r"(application/(?!ics)[a-z0-9.+-]+|image/[a-z0-9.+-]+|text/(plain|csv|xml))")
_BYTES = "application/octet-stream"
_FILE_GOES_HERE = re.compile(rb"\x00([0-9a-f]{64})\x00")  # nothing else in a mail that we write holds a NUL
_BASE64_LINE = 76
_BASE64_PIECE = 57 * 1000  # bytes of whole lines
_POLICY = SMTP.clone(cte_type="7bit")  # CRLF, and no byte that an old server could change


@dataclass(frozen=True)
class Identity:
    """What makes a mail this very mail; fixed at enqueue, so a repeat is the same message byte for byte.

    Message-IDs keep their angle brackets. `answers`: the mail answers a person's mail (RFC 3834 section 5).
    """

    message_id: str
    date: datetime
    token: str
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    answers: bool = False


def draft_mail(
    mail: Mail,
    identity: Identity,
    company: Company,
    templates: Templates,
    ready_to_pay: ReadyToPay = NOTHING_WANTED,
) -> bytes:
    """A mail without its files; `ready_to_pay` is what the accountant's carries besides.

    Raises TransientFailure where a template is broken.
    """
    pay = enclosed(mail, ready_to_pay)
    context = mail_context(mail, identity.token, identity.date, company, pay)
    rendered = templates.render(context["language"], mail.message, context)
    message = _alternatives(rendered, templates.branding.logo)
    if pay.picture:
        _show(message, pay.picture.png, "png", pay.picture.content_id, pay.picture.filename)
    for attachment in mail.attachments:
        _attach(message, attachment)
    if pay.file:
        _enclose(message, pay.file)
    if mail.message is Message.WORK_ON_ERRORS and mail.invoice is not None:
        from mailflow.outbound.todo import todo_calendar

        summary = rendered.subject.partition("] ")[2]
        calendar = todo_calendar(context["invoice"], context["extra"]["points"], summary, identity.date, company)
        _attach_calendar(message, calendar, "text", "calendar", "todo.ics", {"method": "PUBLISH", "charset": "utf-8"})
    return _bytes(message, mail.to, rendered.subject, identity, company)


def files_of(draft: bytes) -> frozenset[str]:
    """The files that a draft lacks, by SHA-256 (hex)."""
    return frozenset(digest.decode() for digest in _FILE_GOES_HERE.findall(draft))


def complete(draft: bytes, files: Mapping[str, bytes]) -> bytes:
    """The mail with its files, `files` by SHA-256 (hex)."""
    first, *others = _FILE_GOES_HERE.split(draft)
    pieces = [first]
    for digest, following in zip(others[::2], others[1::2], strict=True):
        pieces += [*_base64(files[digest.decode()]), following]
    return b"".join(pieces)


def draft_invitation(
    invitation: Invitation, identity: Identity, company: Company, templates: Templates, invite_at: time
) -> bytes:
    """A calendar invite: text, HTML and text/calendar as alternatives, the same calendar as invite.ics (RFC 6047).

    `invite_at` is the time of day of the event in the company's time zone. Raises as `draft_mail` does.
    """
    from mailflow.outbound.invite import event_calendar

    context = invitation_context(invitation, identity.token, identity.date, company)
    language = context["language"]
    rendered = templates.render(language, Message.INVITE, context)
    calendar = event_calendar(
        invitation,
        summary=templates.part(language, Message.INVITE, "summary.txt.j2", context),
        description=templates.part(language, Message.INVITE, "description.txt.j2", context),
        stamp=identity.date,
        invite_at=invite_at,
        company=company,
    )
    message = _alternatives(rendered, templates.branding.logo)
    method = InviteMethod(invitation.method).value
    message.add_alternative(
        calendar.decode(), subtype="calendar", charset="utf-8", cte="base64", params={"method": method}
    )
    _attach_calendar(message, calendar, "application", "ics", "invite.ics", {"method": method})
    return _bytes(message, invitation.to, rendered.subject, identity, company)


def _alternatives(rendered: Rendered, logo: Logo | None) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    if logo:
        _show(message, logo.content, logo.format, logo.content_id, logo.filename)
    return message


def _show(message: EmailMessage, picture: bytes, subtype: str, content_id: str, filename: str) -> None:
    """Puts a picture beside the HTML that shows it (RFC 2387)."""
    *_, html = message.iter_parts()
    assert isinstance(html, EmailMessage)
    html.add_related(
        picture, maintype="image", subtype=subtype, cid=f"<{content_id}>", filename=filename, disposition="inline"
    )
    html.set_param("type", "text/html")


def _enclose(message: EmailMessage, file: PaymentFile) -> None:
    maintype, _, subtype = file.media_type.partition("/")
    params = {"charset": file.charset} if file.charset else {}
    message.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=file.filename, params=params)


def _base64(content: bytes) -> Iterator[bytes]:
    """As it stands in a mail (RFC 2045 section 6.8), without the last line end; in pieces, for files are large."""
    for start in range(0, len(content), _BASE64_PIECE):
        encoded = binascii.b2a_base64(content[start : start + _BASE64_PIECE], newline=False)
        lines = [encoded[i : i + _BASE64_LINE] for i in range(0, len(encoded), _BASE64_LINE)]
        yield (b"\r\n" if start else b"") + b"\r\n".join(lines)


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    media_type = attachment.media_type.lower()
    maintype, _, subtype = (media_type if _SENT_AS_THEY_ARE.fullmatch(media_type) else _BYTES).partition("/")
    name = shortened(_FORBIDDEN_IN_NAMES.sub("_", one_line(attachment.filename)), _FILENAME_LENGTH)
    message.add_attachment(b"", maintype=maintype, subtype=subtype, filename=name or "file")
    *_, part = message.iter_attachments()
    part.set_payload(f"\0{attachment.sha256}\0")


def _attach_calendar(
    message: EmailMessage, calendar: bytes, maintype: str, subtype: str, filename: str, params: Mapping[str, str]
) -> None:
    message.add_attachment(
        calendar, maintype=maintype, subtype=subtype, filename=filename, params={**params, "name": filename}
    )


def _bytes(message: EmailMessage, to: str, subject: str, identity: Identity, company: Company) -> bytes:
    """The header, and the parts between boundaries that follow from the Message-ID."""
    header = header_block(
        [
            ("From", mailbox(company.mailbox, sender_name(company))),
            ("To", mailbox(to, company.person(to).name)),
            ("Subject", unstructured(subject)),
            ("Date", format_datetime(identity.date)),
            ("Message-ID", message_ids([identity.message_id])),
            ("In-Reply-To", message_ids([identity.in_reply_to or ""])),
            ("References", message_ids(identity.references)),
            ("Auto-Submitted", "auto-replied" if identity.answers else "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
        ]
    )
    digest = hashlib.sha256(identity.message_id.encode()).hexdigest()[:32]
    multiparts = (part for part in message.walk() if part.is_multipart())
    for index, part in enumerate(multiparts):
        part.set_boundary(f"=_{digest}_{index}")  # no line of quoted-printable or base64 begins so
    return header + message.as_bytes()
