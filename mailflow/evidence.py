"""One invoice as an archive that an auditor can read without mailflow: original mails, decisions, files, the chain."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import BinaryIO

from mailflow.approval.wording import Keywords
from mailflow.invoice_json import invoice_to_json
from mailflow.jobs.verification import SAID_BY_MAIL, Verification, verify
from mailflow.store.history import HistoryLine
from mailflow.store.unit_of_work import UnitOfWork
from mailflow.terminal import several_lines

_UNSAFE = re.compile(r"[^\w.@-]+")
_LONGEST_NAME = 160
"""Bytes; file systems take 255, and 17 stand before it."""

GUIDE = """\
Evidence of {number}
{underline}

Written by mailflow on {now}. The dates below are those of {zone}.

decisions.txt   who said what, when, by which mail, and the very line that was read as the decision
invoice.json    the invoice as it stands, with its history
mails/          every mail that came about it, byte for byte as it was received; any mail program opens them
files/          every file that it ever had
history.jsonl   the history as it is chained, a line each
verification.txt  what mailflow itself finds when it compares all of this
SHA256SUMS      sha256sum --check SHA256SUMS

How to check the chain without mailflow
---------------------------------------
Each line of history.jsonl is one entry. Its "hash" is the SHA-256 (hex) of the text that is the hash of the line
before (of the first line: 64 zeros) followed by the line itself without "hash", written as JSON with sorted keys, ", "
and ": " as separators and no escapes beyond JSON's own, in UTF-8. In Python:

    import hashlib, json
    before = "0" * 64
    for line in open("history.jsonl", encoding="utf-8"):
        entry = json.loads(line)
        claimed = entry.pop("hash")
        before = hashlib.sha256((before + json.dumps(entry, ensure_ascii=False, sort_keys=True)).encode()).hexdigest()
        assert before == claimed, entry

The "evidence" of an entry is the SHA-256 of the mail that led to it: the name of that mail's file begins with it.
"""


@dataclass(frozen=True)
class Evidence:
    """Named contents, in the order in which they are read."""

    contents: Mapping[str, bytes]

    def write(self, archive: BinaryIO, now: datetime) -> None:
        """As a ZIP file."""
        moment = now.timetuple()[:6]
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
            for name, content in self.contents.items():
                entry = zipfile.ZipInfo(name, moment)
                entry.compress_type = zipfile.ZIP_DEFLATED
                written.writestr(entry, content)


def gather(uow: UnitOfWork, number: str, keywords: Keywords, zone: tzinfo, now: datetime) -> Evidence:
    """Everything that is kept of one invoice. Raises LookupError for a number that is not there."""
    found = verify(uow, number, keywords, zone)
    invoice = uow.invoices.get(number)
    if invoice is None:
        raise LookupError(number)
    history = uow.history.of(number)
    mails = {f"mails/{name}": raw for name, raw in _mails(uow, number)}
    told = invoice_to_json(invoice, history, zone)
    contents = {
        "READ ME.txt": _guide(number, zone, now),
        "decisions.txt": "\n\n".join(_decisions(history, mails, zone)).encode() + b"\n",
        "invoice.json": json.dumps(told, ensure_ascii=False, indent=2).encode(),
        **mails,
        **{f"files/{name}": content for name, content in _files(uow, number)},
        "history.jsonl": b"".join(_chained(line) for line in uow.history.chain(number)),
        "verification.txt": _verified(found),
    }
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in contents.items())
    return Evidence({**contents, "SHA256SUMS": sums.encode()})


def _guide(number: str, zone: tzinfo, now: datetime) -> bytes:
    title = f"Evidence of {number}"
    guide = GUIDE.format(number=number, underline="=" * len(title), now=f"{now:%Y-%m-%d %H:%M %Z}", zone=zone)
    return guide.encode()


def _mails(uow: UnitOfWork, number: str) -> Iterator[tuple[str, bytes]]:
    for mail in uow.inbox.of_invoice(number):
        raw = uow.inbox.raw(mail.id)
        yield f"{hashlib.sha256(raw).hexdigest()[:16]} {_safe(mail.sender)}.eml", raw


def _files(uow: UnitOfWork, number: str) -> Iterator[tuple[str, bytes]]:
    """Those that are there; of one that is not the verification tells."""
    invoice = uow.invoices.get(number)
    names = {a.sha256: a.filename for a in invoice.attachments} if invoice else {}
    for sha256 in uow.invoices.files_of(number):
        try:
            content = uow.files.read(sha256)
        except LookupError:
            continue
        yield f"{sha256[:16]} {_safe(names.get(sha256, 'file of an earlier revision'))}", content


def _decisions(history: Sequence[HistoryLine], mails: Iterable[str], zone: tzinfo) -> Iterator[str]:
    for line in history:
        if line.event not in SAID_BY_MAIL:
            continue
        said = [f"{line.at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {line.actor}: {line.event}"]
        said += [f"  {name}: {_below(value)}" for name, value in line.details.items() if value not in (None, "", [])]
        said += [f"  mail: {name}" for name in mails if line.evidence and line.evidence[:16] in name]
        yield "\n".join(said)


def _below(value: object) -> str:
    """What somebody wrote: its further lines stand further in, so that none of them looks like an entry."""
    return several_lines(str(value)).replace("\n", "\n    | ")


def _chained(line: Mapping[str, object]) -> bytes:
    return json.dumps(line, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _verified(found: Verification) -> bytes:
    said = "\n".join(found.problems) or "Everything is as it was written."
    return f"{found.lines} lines, {found.mails} mails, {found.files} files\n{said}\n".encode()


def _safe(name: str) -> str:
    """A part of a file's name that every system takes, after the digits before it; never a path."""
    plain = _UNSAFE.sub("_", Path(name.replace("\\", "/")).name).encode()[:_LONGEST_NAME].decode("utf-8", "ignore")
    return plain.strip(".") or "nameless"
