"""The mails of tests/mails: each .eml beside the reading that is expected of it in .json."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from mailflow.inbound.answer import read_answer
from mailflow.inbound.automatic import automatic_reason
from mailflow.inbound.calendar_reply import read_reply
from mailflow.inbound.correlation import clues
from mailflow.inbound.delivery_report import read_report
from mailflow.inbound.message import File, InboundMessage, invoice_files, parse
from mailflow.inbound.quoting import visible_text
from mailflow.inbound.submission_form import read_form

MAILS = Path(__file__).parents[1] / "mails"
TODAY = date(2026, 12, 1)


def _file(file: File) -> dict[str, Any]:
    told = {"filename": file.filename, "media_type": file.media_type, "size": len(file.content)}
    return told | ({"inline": True} if file.inline else {}) | ({"forwarded": True} if file.forwarded else {})


def _reply(message: InboundMessage) -> dict[str, Any] | None:
    reply = read_reply(message)
    if reply is None:
        return None
    return {k: getattr(reply, k) for k in ("uid", "attendee", "partstat", "sequence")}


def _report(message: InboundMessage) -> dict[str, Any] | None:
    report = read_report(message)
    return json.loads(json.dumps(asdict(report))) if report else None


def _command(message: InboundMessage) -> dict[str, Any]:
    command = read_answer(message, today=TODAY).command
    return {"is": type(command).__name__, **json.loads(json.dumps(asdict(command), default=str))}


def _form(message: InboundMessage) -> dict[str, Any]:
    form = asdict(read_form(visible_text(message).text, TODAY))
    return {k: v for k, v in json.loads(json.dumps(form, default=str)).items() if v not in (None, [])}


READINGS: dict[str, Callable[[InboundMessage], Any]] = {
    "message_id": lambda m: m.message_id,
    "sender": lambda m: m.sender,
    "sender_problem": lambda m: m.sender_problem,
    "sender_name": lambda m: m.sender_name,
    "subject": lambda m: m.subject,
    "in_reply_to": lambda m: list(m.in_reply_to),
    "references": lambda m: list(m.references),
    "text": lambda m: m.text,
    "html": lambda m: m.html,
    "calendars": lambda m: len(m.calendars),
    "defects": lambda m: list(m.defects),
    "files": lambda m: [_file(f) for f in invoice_files(m)],
    "all_files": lambda m: [f.filename for f in m.files],
    "automatic": automatic_reason,
    "reply": _reply,
    "report": _report,
    "message_ids": lambda m: list(clues(m).message_ids),
    "tokens_in_subject": lambda m: list(clues(m).subject),
    "tokens_in_quotation": lambda m: list(clues(m).quoted),
    "numbers": lambda m: list(clues(m).numbers),
    "visible_text": lambda m: visible_text(m).text,
    "command": _command,
    "form": _form,
}
CONTAINED: dict[str, Callable[[InboundMessage], str]] = {
    "text_contains": lambda m: m.text,
    "html_contains": lambda m: m.html or "",
}


def names() -> list[str]:
    """The mails of the set, by name."""
    return sorted(path.stem for path in MAILS.glob("*.eml"))


def mail(name: str) -> InboundMessage:
    """One mail of the set, read."""
    return parse((MAILS / f"{name}.eml").read_bytes())


def expected(name: str) -> dict[str, Any]:
    """What is expected of one mail of the set."""
    return dict(json.loads((MAILS / f"{name}.json").read_text(encoding="utf-8")))
