"""What the tests of this room share: templates from the project, samples as mails, mails parsed back."""

from __future__ import annotations

import email
from dataclasses import dataclass
from datetime import time
from email import policy
from email.message import EmailMessage
from functools import cache, cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import jinja2
from inscriptis import get_text

from mailflow.approval.company import Company
from mailflow.approval.effects import Effect, Invitation, Message
from mailflow.outbound.mail import Identity, complete, draft_invitation, draft_mail
from mailflow.outbound.ready_to_pay import ReadyToPay
from mailflow.outbound.samples import (
    NOW,
    READY_TO_PAY,
    TOKEN,
    sample_company,
    sample_invitations,
    sample_mails,
)
from mailflow.outbound.templating import Templates
from tests.approval.company import company

LANGUAGES = ("en", "ru")
FOLDER = Path(__file__).parents[2] / "templates"
TEMPLATES = Templates(jinja2.FileSystemLoader(FOLDER))
IDENTITY = Identity("<0f1e2d3c@example.com>", NOW, TOKEN, "<asked@example.com>", ("<first@example.com>",), True)
FILES = {"a" * 64: b"%PDF-1.7 the invoice", "b" * 64: b"\xff\xd8\xff a scan"}


def readers(language: str, full: bool = True) -> Company:
    return sample_company(company(name="Romashka LLC"), language, full)


def written(
    effect: Effect,
    language: str = "en",
    rules: Company | None = None,
    identity: Identity = IDENTITY,
    wanted: ReadyToPay = READY_TO_PAY,
) -> bytes:
    rules = rules or readers(language)
    if isinstance(effect, Invitation):
        return draft_invitation(effect, identity, rules, TEMPLATES, time(10, 0))
    return complete(draft_mail(effect, identity, rules, TEMPLATES, wanted), FILES)


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@dataclass(frozen=True)
class Sample:
    """One sample effect in one language, with everything that may be there (`full`) or without, and its bytes."""

    language: str
    full: bool
    effect: Effect
    raw: bytes

    @property
    def kind(self) -> Message:
        return Message.INVITE if isinstance(self.effect, Invitation) else self.effect.message

    @cached_property
    def message(self) -> EmailMessage:
        return parsed(self.raw)

    @cached_property
    def text(self) -> str:
        return body(self.message, "plain")

    @cached_property
    def html(self) -> str:
        return body(self.message, "html")

    @cached_property
    def seen(self) -> list[str]:
        """The lines that a mail program makes of the HTML."""
        return get_text(self.html).splitlines()


@cache
def every_sample() -> tuple[Sample, ...]:
    return tuple(
        Sample(language, full, effect, written(effect, language, readers(language, full)))
        for language in LANGUAGES
        for full in (True, False)
        for effect in (*sample_mails(language, full), *sample_invitations(language, full))
    )


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


def tags(html: str) -> list[tuple[str, dict[str, str]]]:
    page = _Page()
    page.feed(html)
    return page.tags


def links(html: str) -> list[str]:
    return [attributes["href"] for tag, attributes in tags(html) if tag == "a"]


def ready_answer(link: str) -> tuple[str, str, str]:
    """Address, subject and body of a mailto link, as a mail program opens it."""
    parts = urlsplit(link)
    assert parts.scheme == "mailto"
    fields = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    assert list(fields) == ["subject", "body"]
    return unquote(parts.path), fields["subject"][0], fields["body"][0]
