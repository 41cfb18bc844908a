"""The facts that the templates of a mail know. Everything that people wrote is cleaned here, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mailflow.approval.company import Company
from mailflow.approval.effects import Invitation, Mail, Message
from mailflow.approval.reference import Asks
from mailflow.approval.wording import KEYWORDS, REPLY_MARKERS, Verb, answered_in
from mailflow.outbound import buttons
from mailflow.outbound.cleaning import cleaned, one_line
from mailflow.outbound.ready_to_pay import NOTHING_ENCLOSED, Enclosed

Context = dict[str, Any]

DEFAULT_NAME = "mailflow"


def sender_name(company: Company) -> str:
    """The name that our mails come under."""
    return one_line(company.name) or DEFAULT_NAME


def mail_context(mail: Mail, token: str, now: datetime, company: Company, pay: Enclosed = NOTHING_ENCLOSED) -> Context:
    """What the templates of a mail know; `now` is the mail's own date, `pay` what it carries to pay by."""
    mail = cleaned(mail)
    language = company.language_of(mail.to)
    return {
        **_common(mail.to, mail.message, mail.invoice.number if mail.invoice else None, token, now, language, company),
        "invoice": mail.invoice,
        "asks": mail.asks,
        "step": mail.step,
        "extra": mail.extra,
        "attachments": mail.attachments,
        "answers": buttons.answers_to(mail, answered_in(language)),
        "form": buttons.lacking_lines(mail, answered_in(language)),
        "pay": pay,
    }


def invitation_context(invitation: Invitation, token: str, now: datetime, company: Company) -> Context:
    """What the templates of an invitation know."""
    invitation = cleaned(invitation)
    language, invoice = company.language_of(invitation.to), invitation.invoice
    return {
        **_common(invitation.to, Message.INVITE, invoice.number, token, now, language, company),
        "invoice": invoice,
        "method": invitation.method,
        "moved": any(i.attendee == invitation.to and i.sequence for i in invoice.invites),
        "answers": buttons.answers_to_invitation(invitation, answered_in(language)),
        "form": (),
        "asks": Asks.PAYMENT,
    }


def _common(
    to: str, message: Message, number: str | None, token: str, now: datetime, language: str, company: Company
) -> Context:
    offered = answered_in(language)
    new_form = buttons.new_invoice_form(offered)
    return {
        "language": language,
        "timezone": company.timezone,
        "message": message,
        "to": to,
        "reader": one_line(company.person(to).name),
        "person": _names(company),
        "company_name": sender_name(company),
        "mailbox": company.mailbox,
        "administrator": company.administrator,
        "reference": f"{number} #{token}" if number else f"#{token}",
        "marker": REPLY_MARKERS[offered],
        "today": company.today(now),
        "keyword": {verb.value: KEYWORDS[verb][offered][0] for verb in Verb},
        "new_invoice_form": new_form,
        "new_invoice": buttons.mailto(company.mailbox, "", new_form),
    }


def _names(company: Company) -> Callable[[str], str]:
    def name(address: str) -> str:
        return one_line(company.person(address).display)

    return name
