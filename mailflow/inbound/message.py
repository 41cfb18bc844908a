"""A mail as its writer meant it: RFC 5322 and 2045, read tolerantly from raw bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import PurePath

from mailflow.inbound import mime

_ADDR_SPEC = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\w-]+@[\w-]+(\.[\w-]+)*")
_STRICT_FROM = re.compile(
    r"""\s*(?:(?P<name>"(?:[^"\\\r\n]|\\.){0,500}"|[^<>",;:@\[\]\\\r\n]{0,500}?)\s*<(?P<angle>[^<>\s"(),;:\\]+@[^<>\s"(),;:\\@]+)>|(?P<bare>[^<>\s"(),;:\\]+@[^<>\s"(),;:\\@]+))\s*""",
)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,900}>")
_NO_FILE = ("text/calendar", "application/ics", "text/vcard", "text/x-vcard", "application/pgp-signature")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-encrypted")
_REPORTS = (
    "message/delivery-status",
    "message/disposition-notification",
    "message/feedback-report",
    "text/rfc822-headers",
)
_LOGO_BYTES = 40_000
_TEXT_IMAGE = re.compile(r"""(?:src|background)\s*=\s*["']?cid:([^"'\s>]{1,300})""", re.IGNORECASE)


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


def parse(raw: bytes) -> InboundMessage:
    """Reads any bytes; never raises."""
    tree = mime.parse_tree(raw)
    headers = mime.header_values(tree)
    body = _Body.of(tree)
    sender, problem, name = _sender(_raw_values(tree, "from"))
    return InboundMessage(
        message_id=next(iter(message_ids(headers.get("message-id", ()))), None),
        sender=sender,
        sender_problem=problem,
        sender_name=name,
        recipients=_addresses((*headers.get("to", ()), *headers.get("cc", ()))),
        subject=next(iter(headers.get("subject", ())), "")[:1000],
        date=_date(headers.get("date", ())),
        in_reply_to=message_ids(headers.get("in-reply-to", ())),
        references=message_ids(headers.get("references", ())),
        text="\n".join(body.texts),
        html="\n".join(body.htmls) if body.htmls else None,
        files=tuple(body.files),
        calendars=tuple(body.calendars),
        headers=headers,
        content_type=mime.content_type(tree),
        report=body.report,
        defects=tuple(dict.fromkeys(body.defects)),
    )


def invoice_files(message: InboundMessage) -> tuple[File, ...]:
    """The files that may be an invoice: no pictures of a signature, no calendars, no cryptographic signatures.

    An attached mail counts as a file only where it holds none itself.
    """
    shown = {cid.lower() for cid in _TEXT_IMAGE.findall(message.html or "")}
    files = [f for f in message.files if not _is_decoration(f, shown)]
    inner = [f for f in files if f.forwarded]
    return tuple(f for f in files if not (f.media_type == "message/rfc822" and inner))


def content_digest(raw: bytes) -> str:
    """SHA-256 (hex) of a mail without its trace headers: the same mail by another way has the same digest."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    headers = mime.parse_tree(head + b"\n\n")._headers  # type: ignore[attr-defined]
    kept = [
        f"{name.lower()}:{mime.one_line(str(value))}"
        for name, value in headers
        if str(name).lower() in ("message-id", "from", "date", "subject")
    ]
    digest = hashlib.sha256("\n".join(sorted(kept)).encode("utf-8", "surrogateescape"))
    digest.update(b"\n\n" + body.rstrip(b"\n"))
    return digest.hexdigest()


def message_ids(values: tuple[str, ...]) -> tuple[str, ...]:
    """The Message-IDs in header values, with their angle brackets, in order."""
    return tuple(dict.fromkeys(found for value in values for found in _MESSAGE_ID.findall(value)))


class _Body:
    """The leaves of a mail, sorted by what they are for."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.htmls: list[str] = []
        self.files: list[File] = []
        self.calendars: list[bytes] = []
        self.report: dict[str, bytes] = {}
        self.defects: list[str] = []

    @classmethod
    def of(cls, tree: Message) -> _Body:
        body = cls()
        is_report = mime.content_type(tree) == "multipart/report"
        for part, forwarded in mime.leaves(tree):
            body._take(part, forwarded, is_report)
        return body

    def _take(self, part: Message, forwarded: bool, is_report: bool) -> None:
        kind = mime.content_type(part)
        if is_report and not forwarded and (kind in _REPORTS or kind == "message/rfc822"):
            self.report.setdefault(kind, _bytes_of(part))
            return
        if is_report and forwarded:
            return
        if kind in _REPORTS and kind != "text/rfc822-headers":
            self.report.setdefault(kind, _bytes_of(part))
            return
        name = mime.parameter(part, "content-disposition", "filename") or mime.parameter(part, "content-type", "name")
        if kind in ("text/calendar", "application/ics") and not forwarded:
            self.calendars.append(mime.content(part)[0])
            return
        if kind in ("text/plain", "text/html") and not name and mime.disposition(part) != "attachment":
            if not forwarded:
                self._take_text(part, kind)
            return
        if kind.startswith("multipart/"):
            return
        self._take_file(part, kind, name, forwarded)

    def _take_text(self, part: Message, kind: str) -> None:
        value, certain = mime.text(part)
        if not certain:
            self.defects.append("charset")
        if kind == "text/html":
            self.htmls.append(value)
            return
        if (mime.parameter(part, "content-type", "format") or "").lower() == "flowed":
            value = _unflowed(value, (mime.parameter(part, "content-type", "delsp") or "").lower() == "yes")
        self.texts.append(value.replace("\r\n", "\n").replace("\r", "\n"))

    def _take_file(self, part: Message, kind: str, name: str | None, forwarded: bool) -> None:
        data, sound = (_bytes_of(part), True) if kind == "message/rfc822" else mime.content(part)
        if not sound:
            self.defects.append("encoding")
        cid = (mime.header_values(part).get("content-id", ("",))[0]).strip("<> ") or None
        self.files.append(
            File(
                filename=_file_name(name, kind, part),
                media_type=kind,
                content=data,
                inline=mime.disposition(part) == "inline" or bool(cid and mime.disposition(part) != "attachment"),
                content_id=cid,
                forwarded=forwarded,
            )
        )


def _bytes_of(part: Message) -> bytes:
    """A part's content; for an attached mail, its text as it stands."""
    payload = part.get_payload()
    if isinstance(payload, list):
        lines = [_source(child) for child in payload if isinstance(child, Message)]
        return b"\n".join(lines)
    return mime.content(part)[0]


def _source(part: Message) -> bytes:
    """A parsed part as bytes again, for reading and keeping only: headers raw, bodies as they came."""
    head = "".join(f"{name}: {value}\n" for name, value in part._headers)  # type: ignore[attr-defined]
    payload = part.get_payload()
    if isinstance(payload, list):
        boundary = part.get_boundary() if mime.content_type(part).startswith("multipart/") else None
        inner = [_source(child) for child in payload if isinstance(child, Message)]
        if boundary is None:
            body = b"\n".join(inner)
        else:
            edge = b"--" + boundary.encode("utf-8", "surrogateescape")
            body = b"".join(edge + b"\n" + piece + b"\n" for piece in inner) + edge + b"--\n"
    else:
        body = str(payload or "").encode("utf-8", "surrogateescape")
    return head.encode("utf-8", "surrogateescape") + b"\n" + body


def _file_name(name: str | None, kind: str, part: Message) -> str:
    if name:
        plain = PurePath(name.replace("\\", "/")).name.replace("\x00", "").strip(". ")
        if plain:
            return plain[:150] if len(plain) <= 150 else plain[:140] + PurePath(plain).suffix[:10]
    if kind == "message/rfc822":
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        subject = mime.header_values(inner).get("subject", ("",))[0] if isinstance(inner, Message) else ""
        return (re.sub(r"[^\w .,()-]", "_", subject)[:100].strip() or "message") + ".eml"
    ending = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}.get(kind, "")
    return f"file{ending}"


def _is_decoration(file: File, shown: set[str]) -> bool:
    if file.media_type in (*_NO_FILE, *_SIGNATURES) or file.media_type in _REPORTS:
        return True
    if not file.media_type.startswith("image/"):
        return False
    in_text = bool(file.content_id and file.content_id.lower() in shown)
    return (in_text or file.inline) and len(file.content) < _LOGO_BYTES


def _unflowed(text: str, delsp: bool) -> str:
    """Lines that end in a space go on in the next (RFC 3676); quotations stay as they are."""
    lines: list[str] = []
    flowing = False
    for line in text.replace("\r\n", "\n").split("\n"):
        unstuffed = line[1:] if line.startswith(" ") else line
        quoted = unstuffed.startswith(">")
        if flowing and not quoted and lines:
            lines[-1] += unstuffed
        else:
            lines.append(unstuffed)
        flowing = unstuffed.endswith(" ") and unstuffed != "-- " and not quoted
        if flowing and delsp:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def _raw_values(tree: Message, name: str) -> list[str]:
    return [str(value) for n, value in tree._headers if str(n).strip().lower() == name]  # type: ignore[attr-defined]


def _sender(values: list[str]) -> tuple[str | None, str | None, str]:
    """The address of the one strict From mailbox, or None and why not (RFC 5322 section 3.6.2)."""
    if not values or not values[0].strip():
        return None, "missing", ""
    if len(values) > 1:
        return None, "several", ""
    value = values[0].replace("\r", "").replace("\n", "")
    found = _STRICT_FROM.fullmatch(value)
    if not found or any(ord(c) < 32 and c != "\t" for c in value):
        count = len([a for _, a in getaddresses([value]) if "@" in a])
        return None, "several" if count > 1 else "ambiguous", ""
    address = found["angle"] or found["bare"]
    if address.startswith("=?") or not _ADDR_SPEC.fullmatch(address):
        return None, "ambiguous", ""
    local, _, domain = address.rpartition("@")
    name = mime.one_line(mime.decoded((found["name"] or "").strip().strip('"').replace('\\"', '"')))
    return f"{local}@{_ascii_domain(domain)}".lower(), None, name


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def _addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(a.lower() for _, a in getaddresses([v[:5000] for v in values]) if "@" in a))
    except Exception:  # noqa: BLE001 - only shown, never decided by
        return ()


def _date(values: tuple[str, ...]) -> datetime | None:
    """The Date header; shown only, never used for order or deadlines."""
    try:
        return parsedate_to_datetime(values[0]) if values else None
    except Exception:  # noqa: BLE001 - rubbish of every kind
        return None
