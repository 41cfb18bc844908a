"""A mail as it would look, with the templates as they are now; nothing is kept or sent."""

from __future__ import annotations

import email
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time
from email.message import EmailMessage
from email.policy import default

from mailflow.approval.company import Company
from mailflow.approval.effects import Invitation, Mail, Message
from mailflow.approval.invoice import Invoice
from mailflow.outbound import samples
from mailflow.outbound.mail import Identity, draft_invitation, draft_mail
from mailflow.outbound.ready_to_pay import ReadyToPay
from mailflow.outbound.templating import Templates
from mailflow.store.outbox import kind_of
from mailflow.store.unit_of_work import UnitOfWork

_REFERENCE = samples.TOKEN


@dataclass(frozen=True)
class Preview:
    """What the reader of a mail sees; the HTML holds its pictures."""

    to: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Previewer:
    """Writes mails of a company as the dispatch would."""

    company: Company
    templates: Templates
    ready_to_pay: ReadyToPay
    invite_at: time

    def of_sample(self, message: Message, language: str) -> Preview:
        """A mail about an invoice that never was. Raises BrokenTemplate where it cannot be written."""
        return self._show(_sample(message, language), samples.sample_company(self.company, language), samples.NOW)

    def of(self, effect: Mail | Invitation, now: datetime) -> Preview:
        """This very mail. Raises as `of_sample` does."""
        return self._show(effect, self.company, now)

    def _show(self, effect: Mail | Invitation, company: Company, now: datetime) -> Preview:
        identity = Identity("<preview@mailflow.invalid>", now, _REFERENCE)
        if isinstance(effect, Invitation):
            raw = draft_invitation(effect, identity, company, self.templates, self.invite_at)
        else:
            raw = draft_mail(effect, identity, company, self.templates, self.ready_to_pay)
        return _seen(effect.to, email.message_from_bytes(raw, policy=default))


def written(uow: UnitOfWork, invoice: Invoice, message: Message, to: str | None) -> Mail | Invitation | None:
    """The last mail of this kind about an invoice, None where there was none."""
    for person in [to] if to else _people_of(invoice):
        for message_id in reversed(uow.outbox.thread(invoice.number, person)):
            entry = uow.outbox.by_message_id(message_id)
            if entry and isinstance(entry.effect, Mail | Invitation) and kind_of(entry.effect) == message.value:
                return entry.effect
    return None


def imagined(invoice: Invoice, message: Message, to: str | None, company: Company) -> Mail | Invitation:
    """Such a mail about an invoice, where there was none: what only the mail itself would know is a sample's."""
    sample = _sample(message, company.language)
    approver = next((step.approver for step in reversed(invoice.steps) if step.asked_at), invoice.submitter)
    readers = {samples.ACCOUNTANT: invoice.accountant, samples.ADMINISTRATOR: company.administrator}
    reader = to or {**readers, samples.FIRST: approver, samples.SECOND: approver}.get(sample.to, invoice.submitter)
    if isinstance(sample, Invitation):
        return replace(sample, to=reader, invoice=invoice)
    about = invoice if sample.invoice else None
    step = None if sample.step is None else max(0, len(invoice.steps) - 1)
    return replace(sample, to=reader, invoice=about, step=step, attachments=invoice.attachments)


def _sample(message: Message, language: str) -> Mail | Invitation:
    """An ordinary one: the samples have every warning at once, to try the templates on."""
    if message is Message.INVITE:
        return next(samples.sample_invitations(language))
    sample = next(mail for mail in samples.sample_mails(language) if mail.message is message)
    extra = {name: value for name, value in sample.extra.items() if name not in ("looks_like", "delegated_by")}
    return replace(sample, invoice=_ordinary(sample.invoice, message), extra=extra)


def _ordinary(invoice: Invoice | None, message: Message) -> Invoice | None:
    if invoice is None:
        return None
    repeat = invoice.repeat if message is Message.REPEATED else None
    return replace(invoice, warnings=(), repeat=repeat, changes=(), question="", revision=1)


def _people_of(invoice: Invoice) -> Iterator[str]:
    yield from (step.approver for step in reversed(invoice.steps))
    yield from (invoice.accountant, invoice.submitter)


def _seen(to: str, message: EmailMessage) -> Preview:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    page = str(html.get_content())
    for part in message.walk():
        if name := part.get("Content-ID"):
            data = f"data:{part.get_content_type()};base64,{b64encode(part.get_content()).decode()}"
            page = page.replace(f"cid:{name.strip('<> ')}", data)
    return Preview(to, str(message["Subject"]), str(text.get_content()), page)
