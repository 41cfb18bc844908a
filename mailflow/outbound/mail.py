"""Mails as bytes: RFC 5322 and 2045 with CRLF. The same effect and identity always give the same bytes.

A mail is written in two steps: the draft is everything but its files, and is what is kept while the mail is on its
way; `complete` puts the files in. Most mails carry no calendar, so what writes one is imported with the first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from email.utils import format_datetime
from io import BytesIO
from typing import TYPE_CHECKING

from mailflow.approval.company import Company
from mailflow.approval.effects import Invitation, InviteMethod, Mail, Message
from mailflow.approval.submission import Attachment
from mailflow.branding import Logo
from mailflow.outbound.addresses import mailbox
from mailflow.outbound.cleaning import one_line, shortened
from mailflow.outbound.context import invitation_context, mail_context, sender_name
from mailflow.outbound.headers import header_block, message_ids, unstructured
from mailflow.outbound.mime import Part, base64_lines, binary_part, mime_bytes, multipart, text_part
from mailflow.outbound.ready_to_pay import NOTHING_WANTED, PaymentFile, ReadyToPay, enclosed

if TYPE_CHECKING:
    from mailflow.outbound.templating import Templates

_FORBIDDEN_IN_NAMES = re.compile(r'[/\\:*?"<>|]')
_FILENAME_LENGTH = 120
_SENT_AS_THEY_ARE = re.compile(r"(application/(?!ics)[a-z0-9.+-]+|image/[a-z0-9.+-]+|text/(plain|csv|xml))")
_BYTES = "application/octet-stream"
_FILE_GOES_HERE = re.compile(rb"\x00([0-9a-f]{64})\x00")  # nothing else in a mail that we write holds a NUL


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
    pictures = [_logo(templates.branding.logo)] if templates.branding.logo else []
    if pay.picture:
        pictures.append(_picture("image/png", pay.picture.png, pay.picture.content_id, pay.picture.filename))
    body = multipart("alternative", [text_part("plain", rendered.text), _shown(rendered.html, pictures)])
    files = [_place_of(attachment) for attachment in mail.attachments]
    if pay.file:
        files.append(_payment_file(pay.file))
    if mail.message is Message.WORK_ON_ERRORS and mail.invoice is not None:
        from mailflow.outbound.todo import todo_calendar

        summary = rendered.subject.partition("] ")[2]
        calendar = todo_calendar(context["invoice"], context["extra"]["points"], summary, identity.date, company)
        facts = {"method": "PUBLISH", "charset": "utf-8"}
        files.append(_attached_calendar(calendar, "text/calendar", "todo.ics", facts))
    message = multipart("mixed", [body, *files])
    return _bytes(message, mail.to, rendered.subject, identity, company)


def files_of(draft: bytes) -> frozenset[str]:
    """The files that a draft lacks, by SHA-256 (hex)."""
    return frozenset(digest.decode() for digest in _FILE_GOES_HERE.findall(draft))


def complete(draft: bytes, files: Mapping[str, bytes]) -> bytes:
    """The mail with its files, `files` by SHA-256 (hex)."""
    first, *others = _FILE_GOES_HERE.split(draft)
    mail = BytesIO()
    mail.write(first)
    for digest, following in zip(others[::2], others[1::2], strict=True):
        mail.writelines(base64_lines(files[digest.decode()]))
        mail.write(following)
    return mail.getvalue()


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
    pictures = [_logo(templates.branding.logo)] if templates.branding.logo else []
    facts = {"method": InviteMethod(invitation.method).value}
    text, html = text_part("plain", rendered.text), _shown(rendered.html, pictures)
    shown = binary_part("text/calendar", calendar, {"charset": "utf-8", **facts})
    attached = _attached_calendar(calendar, "application/ics", "invite.ics", facts)
    message = multipart("mixed", [multipart("alternative", [text, html, shown]), attached])
    return _bytes(message, invitation.to, rendered.subject, identity, company)


def _shown(html: str, pictures: Sequence[Part]) -> Part:
    """The HTML with the pictures that it shows beside it (RFC 2387)."""
    return multipart("related", [text_part("html", html), *pictures], type="text/html")


def _logo(logo: Logo) -> Part:
    return _picture(f"image/{logo.format}", logo.content, logo.content_id, logo.filename)


def _picture(media_type: str, content: bytes, content_id: str, filename: str) -> Part:
    return binary_part(media_type, content, {}, "inline", filename, f"<{content_id}>")


def _payment_file(file: PaymentFile) -> Part:
    parameters = {"charset": file.charset} if file.charset else {}
    return binary_part(file.media_type, file.content, parameters, "attachment", file.filename)


def _place_of(attachment: Attachment) -> Part:
    """A file's part, with its place in the draft instead of its content."""
    media_type = attachment.media_type.lower()
    name = shortened(_FORBIDDEN_IN_NAMES.sub("_", one_line(attachment.filename)), _FILENAME_LENGTH)
    part = binary_part(
        media_type if _SENT_AS_THEY_ARE.fullmatch(media_type) else _BYTES, b"", {}, "attachment", name or "file"
    )
    return replace(part, content=f"\0{attachment.sha256}\0".encode())


def _attached_calendar(calendar: bytes, media_type: str, filename: str, parameters: Mapping[str, str]) -> Part:
    return binary_part(media_type, calendar, {**parameters, "name": filename}, "attachment", filename)


def _bytes(message: Part, to: str, subject: str, identity: Identity, company: Company) -> bytes:
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
    return header + b"MIME-Version: 1.0\r\n" + mime_bytes(message, identity.message_id)
