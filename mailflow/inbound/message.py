"""A mail as its writer meant it: RFC 5322 and 2045, read tolerantly from raw bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mailflow.inbound.contents import Contents, sort_parts
from mailflow.inbound.files import File, may_be_invoice
from mailflow.inbound.header import Header, decode_words, one_line, read_header
from mailflow.inbound.mime import Part, Reader, described
from mailflow.inbound.sender import addresses, read_sender

__all__ = ["File", "InboundMessage", "content_digest", "invoice_files", "message_ids", "parse", "parse_header"]

_MESSAGE_ID = re.compile(r"<([^<>]{1,900})>")
_WRITTEN_BY_PEOPLE = {"subject", "from", "to", "cc", "reply-to", "sender", "comments", "thread-topic"}
_BY_THE_SERVER = "authentication-results"
_IDENTITY = ("message-id", "from", "date", "subject")
_LONGEST_SUBJECT = 1000
_MOST_IDS = 100


@dataclass(frozen=True)
class InboundMessage:
    """What one mail says about itself.

    `sender` is the address of its one strict From mailbox, lower case; None where there is none, more than one, or
    parsers could disagree (`sender_problem` says which: missing, several, ambiguous). `text` and `html` are the
    writer's own body, never that of an attached or forwarded-as-attachment mail. Message-IDs keep their angle brackets.
    In `headers` encoded words are decoded only where people write (subject, names), so nothing a stranger encoded can
    grow into syntax; Authentication-Results with a blank before the colon, by which a server may fail to know its own
    and remove a forged one, are not among them. `defects` are of the mail: header, boundary, too_deep, too_many_parts,
    unreadable; of its text: charset, encoding, too_long; of a file: file_encoding.
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
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # lower-case name -> values in order
    content_type: str = "text/plain"
    report: Mapping[str, bytes] = field(default_factory=dict)  # media type of report parts, of a returned mail -> bytes
    defects: tuple[str, ...] = ()


def parse(raw: bytes) -> InboundMessage:
    """Reads any bytes; never raises, unless the memory does not suffice."""
    return _never_raising(_parse, raw)


def parse_header(raw: bytes) -> InboundMessage:
    """Reads the header alone, whatever the body is: no text, no files. Raises as `parse` does."""
    return _never_raising(_parse_header, raw)


def _never_raising(read: Callable[[bytes], InboundMessage], raw: bytes) -> InboundMessage:
    try:
        return read(raw if b"\n" in raw else raw.replace(b"\r", b"\n"))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - no mail may stop the ones behind it; the administrator sees it in quarantine
        return InboundMessage(None, None, "ambiguous", "", (), "", None, (), (), "", None, (), defects=("unreadable",))


def _parse(raw: bytes) -> InboundMessage:
    reader = Reader()
    root = reader.read(raw)
    return _message(root, sort_parts(root), reader.defects)


def _parse_header(raw: bytes) -> InboundMessage:
    return _message(described(read_header(raw)[0]), Contents(), [])


def _message(root: Part, found: Contents, defects: Iterable[str]) -> InboundMessage:
    header = root.header
    headers = _decoded(header, root.parameters.get("charset"))
    sender = read_sender(header)
    return InboundMessage(
        message_id=next(iter(message_ids(headers.get("message-id", ()))), None),
        sender=sender.address,
        sender_problem=sender.problem,
        sender_name=sender.name,
        recipients=addresses((*headers.get("to", ()), *headers.get("cc", ()))),
        subject=next(iter(headers.get("subject", ())), "")[:_LONGEST_SUBJECT],
        date=_date(headers.get("date", ())),
        in_reply_to=message_ids(headers.get("in-reply-to", ())),
        references=message_ids(headers.get("references", ()))[-_MOST_IDS:],
        text="\n".join(found.texts),
        html=found.html,
        files=tuple(found.files),
        calendars=tuple(found.calendars),
        headers=headers,
        content_type=root.media_type,
        report=found.report,
        defects=tuple(dict.fromkeys((*defects, *found.defects))),
    )


def invoice_files(message: InboundMessage) -> tuple[File, ...]:
    """The files that may be an invoice: no pictures of a signature, no calendars, no cryptographic signatures.

    An empty file is among them. An attached mail counts as a file itself only where it holds none.
    """
    return tuple(filter(may_be_invoice, message.files))


def content_digest(raw: bytes) -> str:
    """SHA-256 (hex) of a mail without its trace headers: the same mail by another way has the same digest."""
    header, body = read_header(raw)
    digest = hashlib.sha256()
    for name in _IDENTITY:
        values = [b" ".join(value.split()) for value in header.values(name)]
        digest.update(b"%s:%d:%s\n" % (name.encode(), len(values), b"\n".join(values)))
    digest.update(b"\n")
    for piece in _text_pieces(raw, body):
        digest.update(piece)
    return digest.hexdigest()


def _text_pieces(raw: bytes, begin: int, length: int = 1 << 20) -> Iterator[bytes]:
    """A body with LF line ends and without those at its end, piece by piece: a large one is not held twice."""
    held = b""
    while begin < len(raw):
        end = begin + length
        end += raw[end - 1 : end + 1] == b"\r\n"
        piece = held + raw[begin:end].replace(b"\r\n", b"\n")
        text = piece.rstrip(b"\n")
        held = piece[len(text) :]
        yield text
        begin = end


def message_ids(values: tuple[str, ...]) -> tuple[str, ...]:
    """The Message-IDs in header values, with their angle brackets, in order; one that stands bare gets them."""
    found = (f"<{''.join(i.split())}>" for value in values for i in _MESSAGE_ID.findall(value) or _bare(value))
    return tuple(dict.fromkeys(found))


def _bare(value: str) -> list[str]:
    words = value.split()
    return words if len(words) == 1 and "@" in value.strip("<>") and len(value) <= 900 and "<" not in value else []


def _decoded(header: Header, declared: str | None) -> dict[str, tuple[str, ...]]:
    values: dict[str, list[str]] = {}
    for written, value in header.fields:
        name = written.rstrip()
        if name == _BY_THE_SERVER != written:
            continue
        is_words = name in _WRITTEN_BY_PEOPLE
        text = decode_words(value, declared) if is_words else one_line(value.decode("utf-8", "replace"))
        values.setdefault(name, []).append(text)
    return {name: tuple(texts) for name, texts in values.items()}


def _date(values: tuple[str, ...]) -> datetime | None:
    """The Date header; shown only, never used for order or deadlines."""
    try:
        date = parsedate_to_datetime(values[0][:100])
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
