"""Reports that a mail of ours did not arrive: RFC 3464, and the free form that other servers write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.parser import BytesHeaderParser

from mailflow.inbound import mime
from mailflow.inbound.message import InboundMessage, message_ids

_RETURNED_ID = re.compile(r"^\W{0,4}Message-I[Dd]:\s{0,20}(<[^<>\s]{1,900}>)", re.MULTILINE)
_ADDRESS = r"[\w.!#$%&'*+/=?^`{|}~-]{1,100}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
_BRACKETED = re.compile(rf"<({_ADDRESS})>")
_LEADING = re.compile(rf"^\s{{0,10}}<?({_ADDRESS})>?:?\s{{0,5}}(?:$|\()", re.MULTILINE)
_ANY = re.compile(rf"(?<![\w.@-])({_ADDRESS})")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([45][0-5]\d)(?=[\s-])")
_SENDERS = re.compile(
    r"^(?:mailer[-_.]?daemon|postmaster|mail-daemon|mdaemon|root|noreply-maildaemon)@?", re.IGNORECASE
)
_SUBJECTS = re.compile(
    r"undeliver|delivery\s(?:status|failure|report|has\sfailed|problem|delayed|incomplete)|returned\s(?:mail|to\ssender)"
    r"|mail\s(?:delivery\s)?(?:failed|failure|system|could\snot)|failure\snotice|could\snot\sbe\sdelivered|non[-\s]?delivery"
    r"|недоставлен|не\sдоставлено|не\sможет\sбыть\sдоставлено|unzustellbar|unable\sto\sdeliver|nondeliverable"
    r"|message\sdelayed|warning:\s(?:could\snot\ssend|message)|bounce|rejected:|delivery\snotification|échec|non\sremis"
    r"|no\sse\sha\spodido|nicht\szugestellt",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"delay|warning|will\s(?:be\sretried|keep\strying|continue)|still\strying|temporar|not\syet\sbeen\sdelivered|try\sagain\slater|задерж",
    re.IGNORECASE,
)
_QUOTED_FROM = re.compile(
    r"^\W{0,10}(?:-{2,}.{0,60}(?:original|copy|body|header|returned|included|message).{0,60}|"
    r"(?:this\sis\sa\scopy|below\sthis\sline|original\smessage).{0,80}|(?:return-path|received):\s)",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST = 200_000


@dataclass(frozen=True)
class Failure:
    """One recipient who was not reached.

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
    """The delivery report that a mail is; None where it is none."""
    if status := message.report.get("message/delivery-status"):
        failures = _by_fields(status)
        if failures is None:
            return None
        return DeliveryReport(_returned(message), tuple(failures) or _by_text(message))
    if "message/disposition-notification" in message.report or not _is_by_a_server(message):
        return None
    return DeliveryReport(_returned(message), _by_text(message))


def _by_fields(status: bytes) -> list[Failure] | None:
    """The failures of a delivery-status part; None where everything in it was delivered."""
    blocks = [b for b in re.split(rb"\n[ \t]*\n", status.replace(b"\r\n", b"\n")) if b.strip()]
    failures, actions = [], []
    for block in blocks:
        fields = mime.header_values(BytesHeaderParser().parsebytes(block.lstrip() + b"\n\n"))
        action = _field(fields, "action").lower()
        recipient = _typed(_field(fields, "final-recipient")) or _typed(_field(fields, "original-recipient"))
        if not recipient and not action:
            continue
        actions.append(action)
        if action in ("delivered", "relayed", "expanded"):
            continue
        code = (_STATUS.search(_field(fields, "status")) or [""])[0]
        diagnostic = _field(fields, "diagnostic-code").partition(";")[2].strip() or _field(fields, "diagnostic-code")
        permanent = action != "delayed" and not code.startswith("4")
        failures.append(Failure(recipient, permanent, code, diagnostic[:300], permanent or action == "failed"))
    if actions and not failures:
        return None
    return failures


def _by_text(message: InboundMessage) -> tuple[Failure, ...]:
    """The recipients that a report in free form names, with their class by its words."""
    body = (message.text or re.sub(r"<[^<>]{0,2000}>", " ", message.html or ""))[:_LONGEST]
    quoted = _QUOTED_FROM.search(body)
    own = body[: quoted.start()] if quoted and quoted.start() > 40 else body
    failed = message.headers.get("x-failed-recipients", ())
    named = [a for value in failed for a in _ANY.findall(value)]
    named = named or _LEADING.findall(own) or _BRACKETED.findall(own) or _ANY.findall(own)
    addresses = [a.lower() for a in dict.fromkeys(named) if not _SENDERS.match(a) and a.lower() != message.sender]
    codes = _STATUS.findall(own) or _CODE.findall(own)
    code = next((c for c in codes if c[0] == "5"), codes[0] if codes else "")
    delayed = code.startswith("4") or (not code and bool(_DELAYED.search(message.subject + "\n" + own[:2000])))
    words = next((line.strip() for line in own.splitlines() if code and code in line), "")
    return tuple(Failure(a, not delayed, code, words[:300], not delayed) for a in addresses[:20])


def _is_by_a_server(message: InboundMessage) -> bool:
    returned = next(iter(message.headers.get("return-path", ("-",))), "-").strip()
    by_server = bool(_SENDERS.match(message.sender or "")) or returned in ("", "<>") or message.sender is None
    if message.headers.get("x-failed-recipients"):
        return True
    if message.content_type == "multipart/report" and "text/rfc822-headers" in message.report:
        return True
    return by_server and bool(_SUBJECTS.search(message.subject))


def _returned(message: InboundMessage) -> tuple[str, ...]:
    """The Message-IDs of the returned mail, wherever the report has it."""
    sources = [message.report.get(kind, b"") for kind in ("message/rfc822", "text/rfc822-headers")]
    sources += [f.content for f in message.files if f.media_type in ("message/rfc822", "text/rfc822-headers")]
    found = [m for raw in sources for m in _RETURNED_ID.findall(raw[:_LONGEST].decode("utf-8", "replace"))]
    found += _RETURNED_ID.findall(message.text[:_LONGEST])
    return tuple(dict.fromkeys((*found, *message.in_reply_to, *message_ids(message.headers.get("references", ())))))


def _field(fields: dict[str, tuple[str, ...]], name: str) -> str:
    return next(iter(fields.get(name, ())), "")


def _typed(value: str) -> str:
    address = value.partition(";")[2] or value
    found = _ANY.search(address.strip().strip("<>"))
    return found[1].lower() if found else ""
