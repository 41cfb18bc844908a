"""What the parts of a mail are for: the writer's text, files, calendars, reports of other programs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from mailflow.inbound.files import File, may_be_invoice, safe_filename
from mailflow.inbound.header import decode_words
from mailflow.inbound.mime import Part

_CID = re.compile(r"cid:([^\s\"'<>)]{1,300})", re.IGNORECASE)
_METHOD = re.compile(r"^METHOD[:;]", re.IGNORECASE | re.MULTILINE)
_METHOD_NAME = re.compile(r"[A-Za-z-]{1,20}")
_REPORTS = {
    "message/delivery-status",
    "message/disposition-notification",
    "message/feedback-report",
    "text/rfc822-headers",
}
_CALENDARS = {"text/calendar", "application/ics"}
_BODIES = {"text/plain", "text/html"}


@dataclass
class Contents:
    """The parts of one mail, sorted; those of an attached mail count as its files only."""

    texts: list[str] = field(default_factory=list)
    htmls: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    calendars: list[bytes] = field(default_factory=list)
    report: dict[str, bytes] = field(default_factory=dict)
    defects: list[str] = field(default_factory=list)

    @property
    def html(self) -> str | None:
        """The HTML body, where there is one."""
        return "\n".join(self.htmls) if self.htmls else None


def sort_parts(root: Part) -> Contents:
    """Every part of a mail in its place."""
    found = Contents()
    _sort(root, found, in_alternative=False)
    shown = {cid.lower() for cid in _CID.findall(found.html or "")}
    found.files = [replace(f, inline=True) if (f.content_id or "").lower() in shown else f for f in found.files]
    return found


def _sort(part: Part, found: Contents, in_alternative: bool) -> None:
    kind = part.media_type
    if kind.startswith("multipart/"):
        for child in part.children:
            _sort(child, found, kind == "multipart/alternative")
    elif kind == "message/rfc822":
        found.report.setdefault(kind, part.raw)
        found.files.extend(_forwarded(part))
    elif kind in _REPORTS:
        found.report[kind] = b"\n\n".join(filter(None, (found.report.get(kind), part.content()[0])))
    elif kind in _CALENDARS or part.filename.lower().endswith(".ics"):
        found.calendars.append(_calendar(part))
    elif _is_body(part, found):
        text, defects = part.text()
        (found.texts if kind == "text/plain" else found.htmls).append(text)
        found.defects.extend(defects)
    elif part.filename or part.disposition == "attachment" or not (in_alternative and kind.startswith("text/")):
        found.files.append(_file(part, found))


def _is_body(part: Part, found: Contents) -> bool:
    """Text without a name, not attached; the first text may have a name, as some programs give it one."""
    if part.media_type not in _BODIES or part.disposition == "attachment":
        return False
    is_first = not found.texts and not found.htmls and not part.disposition
    return not part.filename or (is_first and part.media_type == "text/plain")


def _calendar(part: Part) -> bytes:
    """A calendar in UTF-8; a method that the type of the part alone names (RFC 6047 section 2.4) stands in it too."""
    text, method = part.text()[0], part.parameters.get("method", "")
    if _METHOD_NAME.fullmatch(method) and not _METHOD.search(text):
        text = text.replace("BEGIN:VCALENDAR\n", f"BEGIN:VCALENDAR\nMETHOD:{method}\n", 1)
    return text.encode("utf-8", "replace")


def _file(part: Part, found: Contents) -> File:
    content, sound = part.content()
    if not sound:
        found.defects.append("file_encoding")
    return File(
        filename=safe_filename(part.filename, part.media_type, "attachment"),
        media_type=part.media_type,
        content=content,
        inline=part.disposition == "inline",
        content_id=part.content_id,
    )


def _forwarded(part: Part) -> list[File]:
    """The files of an attached mail; the mail itself where none of them can be meant."""
    inner = [replace(f, forwarded=True) for mail in part.children for f in sort_parts(mail).files]
    if any(map(may_be_invoice, inner)):
        return inner
    subject = next((decode_words(mail.header.first("subject")) for mail in part.children), "")
    name = safe_filename(part.filename or f"{subject[:100]}.eml", part.media_type, "message")
    return [*inner, File(name, part.media_type, part.raw, forwarded=True)]
