"""Reports that a mail of ours did not arrive: RFC 3464, and the free form that other servers write."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace

from mailflow.inbound.header import Header, decode_words, one_line, read_header
from mailflow.inbound.message import InboundMessage, message_ids, parse
from mailflow.inbound.report_patterns import (
    ADDRESS,
    DAEMON,
    DELAYED,
    EXCUSES,
    FOLLOWING,
    GIVEN_UP,
    LABELLED,
    LEADING,
    MAILER,
    NOT_DELIVERED_TO,
    REFUSED_BY_RECEIPT,
    RETURNED_MAIL,
    SENDER,
    SMTP_CODE,
    STATUS,
    SUBJECT,
    TEMPORARY,
    TEXT,
    TYPED,
)

_LONGEST = 40_000
_LONGEST_DIAGNOSTIC = 300
_MOST = 20
_TAG = re.compile(r"<(?:br|/p|/div|/tr|/td|/li)\b[^<>]{0,500}>|<[a-z/!][^<>@]{0,2000}>", re.IGNORECASE)
_REPLY = re.compile(r"(?:re|отв|aw|sv|rv)(?:\[\d{1,3}\])?\s?:", re.IGNORECASE)
_RETURNED_ID = re.compile(r"^[>|\s]{0,10}Message-I[Dd]:\s{0,20}(<[^<>\s]{1,900}>)", re.MULTILINE)
_RETURNED_TO = re.compile(r"^[>|\s]{0,10}(?:X-Original-)?To:([^\n]{1,300})", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Failure:
    """One recipient who was not reached; "" where the report names nobody.

    `permanent` is the class of the status (RFC 3463); `given_up`: nobody tries any more, whatever the class.
    """

    recipient: str
    permanent: bool
    status: str
    diagnostic: str
    given_up: bool


@dataclass(frozen=True)
class DeliveryReport:
    """What a report says: the Message-IDs of the mail that came back, and whom it did not reach."""

    message_ids: tuple[str, ...]
    failures: tuple[Failure, ...]


def read_report(message: InboundMessage) -> DeliveryReport | None:
    """The delivery report that a mail is; None where it is none, or reports no failure."""
    if "message/feedback-report" in message.report:
        return None
    receipt = message.report.get("message/disposition-notification")
    if receipt is not None and not REFUSED_BY_RECEIPT.search(message.text[:_LONGEST]):
        return None
    status = message.report.get("message/delivery-status", receipt)
    if status is not None:
        blocks = _recipients(status)
        failures = tuple(f for block in blocks if (f := _failure(block)))
        if blocks and not failures:
            return None
        if failures:
            named = tuple(f for f in failures if f.recipient)
            return DeliveryReport(_returned_ids(message), named or _from_text(message, failures[0]))
    elif not _is_by_a_server(message):
        return None
    elif (inner := parse(message.report.get("message/rfc822", b""))).report.get("message/delivery-status"):
        return read_report(inner)
    return DeliveryReport(_returned_ids(message), _from_fields_in_text(message) or _from_text(message))


def _recipients(status: bytes) -> list[Header]:
    """The per-recipient fields of a delivery-status part (RFC 3464 section 2.3), wherever blank lines fell."""
    blocks = re.split(r"\n\s*\n", status[:_LONGEST].decode("utf-8", "replace").replace("\r\n", "\n"))
    headers = [read_header(block.lstrip().encode("utf-8"))[0] for block in blocks]
    named = ("final-recipient", "original-recipient", "action")
    return [h for h in headers if any(map(h.first, named))][:_MOST]


def _failure(block: Header) -> Failure | None:
    """What one recipient's fields say; None where the mail was handed on or delivered."""
    action = _value(block, "action").lower().partition(" ")[0].partition(";")[0]
    if action in ("delivered", "relayed", "expanded"):
        return None
    addresses = [_typed(block.first(name)) for name in ("final-recipient", "original-recipient")]
    recipient = next((a for a in addresses if "." in a.rpartition("@")[2]), addresses[0] or addresses[1])
    diagnostic = _value(block, "diagnostic-code")
    found = STATUS.search(_value(block, "status")) or STATUS.search(diagnostic)
    status = found[0] if found else ""
    given_up = action != "delayed"
    permanent = given_up and not status.startswith("4") and action != "expired"
    words = diagnostic.partition(";")[2].strip() or diagnostic
    return Failure(recipient, permanent, status, words[:_LONGEST_DIAGNOSTIC], given_up)


def _value(block: Header, name: str) -> str:
    return decode_words(block.first(name))


def _typed(value: bytes) -> str:
    """The address of a field such as `rfc822; user@example.com` (RFC 3464 section 2.3.1)."""
    text = value.decode("utf-8", "replace")
    found = TYPED.search(text.partition(";")[2] or text)
    return found[0].lower() if found else ""


def _is_by_a_server(message: InboundMessage) -> bool:
    """Whether a mail that is no RFC 3464 report is one in words: by who sent it and by what it says."""
    headers = message.headers
    if "x-failed-recipients" in headers:
        return True
    says_so = bool(SUBJECT.search(message.subject))
    if message.content_type == "multipart/report" and ("text/rfc822-headers" in message.report or says_so):
        return True
    author = " ".join(headers.get("from", ())).strip()
    is_persons_reply = bool(_REPLY.match(message.subject)) and not MAILER.search(author)
    by_daemon = bool(DAEMON.search(author)) and not is_persons_reply
    by_nobody = author == "<>" or headers.get("return-path", ("?",))[0].strip() in ("", "<>")
    if says_so:
        return by_daemon or by_nobody
    words = _words(message)[:5000]
    if "message/rfc822" in message.report and MAILER.search(author):
        return True
    return bool((by_daemon and TEXT.search(words)) or (by_nobody and NOT_DELIVERED_TO.search(words)))


def _from_fields_in_text(message: InboundMessage) -> tuple[Failure, ...]:
    """The recipients by the fields of RFC 3464, where a server left them in the text of its report."""
    blocks = [block for block in _recipients(_words(message).encode("utf-8")) if block.first("final-recipient")]
    failures = [f for block in blocks if (f := _failure(block))]
    return tuple(f for f in failures if f.recipient)


def _from_text(message: InboundMessage, known: Failure | None = None) -> tuple[Failure, ...]:
    """The recipients that a report in words names, with their class by its words where it is not known."""
    own = _without_returned_mail(_words(message))
    named = _named(message, own)[:_MOST] or ("",)
    failure = known or _said(message.subject, own)
    return tuple(replace(failure, recipient=name) for name in named)


def _said(subject: str, own: str) -> Failure:
    """What the words of a report say of all its recipients."""
    codes = STATUS.findall(own) or SMTP_CODE.findall(own)
    code = next((c for c in codes if c[0] == "5"), codes[0] if codes else "")
    given_up = bool(GIVEN_UP.search(own)) or not DELAYED.search(f"{subject}\n{own[:3000]}")
    permanent = given_up and not code.startswith("4") and (code.startswith("5") or not TEMPORARY.search(own))
    line = next((line for line in own.splitlines() if code and code in line), "")
    return Failure("", permanent, code, one_line(line)[:_LONGEST_DIAGNOSTIC], given_up)


def _named(message: InboundMessage, own: str) -> tuple[str, ...]:
    """Whom the report is about: by its header, the beginnings of lines, labels, any address, the returned To."""
    failed = " ".join(message.headers.get("x-failed-recipients", ()))
    spoken = SENDER.sub("", own)
    announced = FOLLOWING.search(spoken)
    listed = "\n".join(LEADING.findall(spoken[announced.end() :])) if announced else ""
    for source in (failed, listed):
        if named := tuple(dict.fromkeys(a.lower() for a in ADDRESS.findall(source))):
            return tuple(a for a in named if not DAEMON.match(a)) or named
    ours = {*message.recipients, message.sender}
    sources = (
        "\n".join(LEADING.findall(spoken)),
        "\n".join(LABELLED.findall(spoken)),
        EXCUSES.sub("", spoken),
        "\n".join(_RETURNED_TO.findall(_returned(message))),
    )
    for source in sources:
        found = dict.fromkeys(a.lower() for a in ADDRESS.findall(source))
        if named := tuple(a for a in found if a not in ours and not DAEMON.match(a)):
            return named
    return ()


def _words(message: InboundMessage) -> str:
    """The report's own body as text."""
    if message.text.strip() or not message.html:
        return message.text[:_LONGEST]
    return html.unescape(_TAG.sub("\n", message.html[:_LONGEST]))


def _without_returned_mail(words: str) -> str:
    """The words up to the returned mail; a mark of one counts once somebody was named."""
    first = ADDRESS.search(words)
    found = RETURNED_MAIL.search(words, first.end()) if first else None
    return words[: found.start()] if found else words


def _returned(message: InboundMessage) -> str:
    """The returned mail as far as the report has it: whole, its header, or within the report's text."""
    parts = [message.report.get(kind, b"") for kind in ("message/rfc822", "text/rfc822-headers")]
    parts += [f.content for f in message.files if f.media_type.startswith(("message/", "text/"))]
    texts = [part[:_LONGEST].decode("utf-8", "replace") for part in parts if part]
    words = _words(message)
    return "\n".join([*texts, words[len(_without_returned_mail(words)) :] or words])


def _returned_ids(message: InboundMessage) -> tuple[str, ...]:
    found = _RETURNED_ID.findall(_returned(message).replace("\r\n", "\n"))
    references = message_ids(message.headers.get("references", ()))
    return tuple(dict.fromkeys((*found, *message.in_reply_to, *reversed(references))))[:_MOST]
