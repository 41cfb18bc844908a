"""An effect and its identity -> the bytes of one mail (RFC 5322, 2045, 3834); the same bytes at every repetition."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from typing import Any

from mailflow.approval.company import Company
from mailflow.approval.effects import Invitation, Mail, Message
from mailflow.approval.invoice import Invoice
from mailflow.approval.reference import Asks
from mailflow.approval.submission import Attachment
from mailflow.approval.wording import FORM_LABELS, KEYWORDS, REPLY_MARKERS, Verb
from mailflow.outbound import formats
from mailflow.outbound.buttons import buttons, form_button, form_lines, verbs_for
from mailflow.outbound.invite import calendar_of
from mailflow.outbound.templating import Rendered, Templates
from mailflow.outbound.todo import todo_of

_POLICY = policy.SMTP.clone(cte_type="7bit", max_line_length=78)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_SUBMITTERS_MAILS = (Message.ACKNOWLEDGEMENT, Message.INCOMPLETE, Message.NO_APPROVER, Message.REPEATED)


@dataclass(frozen=True)
class Identity:
    """What makes a mail that very mail; fixed before the first try.

    `answers`: it answers a person's mail, so it is auto-replied, else auto-generated (RFC 3834 section 5.1).
    """

    message_id: str
    date: datetime
    token: str
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    answers: bool = False


def write_mail(
    mail: Mail, identity: Identity, company: Company, templates: Templates, files: Mapping[str, bytes]
) -> bytes:
    """A mail with its attachments; `files` are their contents by SHA-256."""
    language = company.language_of(mail.to)
    rendered = templates.render(language, mail.message.value, context(mail, identity, company))
    message = _envelope(rendered, mail.to, mail.invoice, identity, company)
    message.set_content(rendered.text, cte="base64", charset="utf-8")
    message.add_alternative(rendered.html, subtype="html", cte="base64", charset="utf-8")
    for attachment in mail.attachments:
        _attach(message, attachment, files[attachment.sha256])
    if mail.message is Message.WORK_ON_ERRORS and mail.invoice:
        todo = todo_of(mail.invoice, mail.extra["points"], company, identity.date, language)  # type: ignore[arg-type]
        message.add_attachment(
            todo, maintype="text", subtype="calendar", filename="todo.ics", params={"method": "PUBLISH"}
        )
    return _bytes(message, identity)


def write_invitation(
    invitation: Invitation, identity: Identity, company: Company, templates: Templates, invite_at: time
) -> bytes:
    """A calendar mail: text, HTML and text/calendar as alternatives, the same calendar attached (RFC 6047)."""
    language = company.language_of(invitation.to)
    mail = Mail(
        invitation.to,
        Message.INVITE,
        invitation.invoice,
        asks=Asks.PAYMENT if invitation.to == invitation.invoice.accountant else Asks.NOTHING,
        extra={"method": invitation.method.value},
    )
    rendered = templates.render(language, Message.INVITE.value, context(mail, identity, company))
    calendar = calendar_of(invitation, rendered.text, company, identity.date, invite_at, language)
    message = _envelope(rendered, invitation.to, invitation.invoice, identity, company)
    message.set_content(rendered.text, cte="base64", charset="utf-8")
    message.add_alternative(rendered.html, subtype="html", cte="base64", charset="utf-8")
    message.add_alternative(
        calendar.decode(), subtype="calendar", charset="utf-8", cte="base64", params={"method": invitation.method.value}
    )
    message.add_attachment(calendar, maintype="application", subtype="ics", filename="invite.ics")
    return _bytes(message, identity)


def context(mail: Mail, identity: Identity, company: Company) -> dict[str, Any]:
    """What a template can use."""
    language = company.language_of(mail.to)
    number = mail.invoice.number if mail.invoice else ""
    reply_subject = f"Re: {reference(mail.invoice, identity)}"
    make = partial(buttons, mailbox=company.mailbox, subject=reply_subject, language=language)
    verbs = verbs_for(mail.asks)
    mine = bool(mail.invoice and mail.to == mail.invoice.submitter)
    if mail.message is Message.REPEATED:
        verbs = (Verb.DUPLICATE_OK, Verb.WITHDRAW)
    elif mine and mail.message in (*_SUBMITTERS_MAILS, Message.WORK_ON_ERRORS, Message.QUESTION):
        verbs = (Verb.WITHDRAW,)
    return {
        "message": mail.message.value,
        "person": company.person(mail.to),
        "name": lambda address: company.person(address).display if address else "",
        "company": company,
        "invoice": mail.invoice,
        "extra": mail.extra,
        "step": mail.step,
        "asks": mail.asks.value,
        "files": mail.attachments,
        "reference": f"{number} #{identity.token}".strip(),
        "mailbox": company.mailbox,
        "marker": REPLY_MARKERS.get(language, REPLY_MARKERS["en"]),
        "buttons": make(verbs),
        "form": form_button(mail.invoice, company.mailbox, reply_subject, language) if mail.invoice else None,
        "form_lines": form_lines(mail.invoice, language) if mail.invoice else [],
        "labels": FORM_LABELS.get(language, FORM_LABELS["en"]),
        "words": {verb.value: groups.get(language, groups["en"])[0] for verb, groups in KEYWORDS.items()},
        "money": partial(formats.money, language=language),
        "money_of": partial(formats.money_text, language=language),
        "day": partial(formats.day, language=language),
        "moment": partial(formats.moment, language=language, zone=company.timezone),
        "size": partial(formats.size, language=language),
    }


def reference(invoice: Invoice | None, identity: Identity) -> str:
    """[INV-2026-0001 #k7f3q9xw], as it stands in every subject."""
    return f"[{invoice.number} #{identity.token}]" if invoice else f"[#{identity.token}]"


def _envelope(
    rendered: Rendered, to: str, invoice: Invoice | None, identity: Identity, company: Company
) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(company.name or "mailflow", company.mailbox)
    message["To"] = _address(company.person(to).name, to)
    message["Subject"] = plain(f"{reference(invoice, identity)} {rendered.subject}")[:900]
    message["Date"] = format_datetime(identity.date.astimezone(company.timezone))
    message["Message-ID"] = identity.message_id
    if identity.in_reply_to:
        message["In-Reply-To"] = identity.in_reply_to
    if identity.references:
        message["References"] = " ".join(identity.references)
    message["Auto-Submitted"] = "auto-replied" if identity.answers else "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    return message


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    return Address(plain(name), local, ascii_domain)


def plain(text: str) -> str:
    """One line without control and direction characters."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def _attach(message: EmailMessage, attachment: Attachment, content: bytes) -> None:
    maintype, _, subtype = attachment.media_type.partition("/")
    if maintype in ("message", "multipart") or not subtype:
        maintype, subtype = "application", "octet-stream"
    message.add_attachment(content, maintype=maintype, subtype=subtype, filename=plain(attachment.filename))


def _bytes(message: EmailMessage, identity: Identity) -> bytes:
    """Boundaries by the Message-ID, so that a repetition is the same to the last byte."""
    for index, part in enumerate(p for p in message.walk() if p.is_multipart()):
        part.set_boundary(hashlib.sha256(f"{identity.message_id}/{index}".encode()).hexdigest()[:32])
    return message.as_bytes()
