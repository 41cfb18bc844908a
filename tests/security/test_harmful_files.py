"""No file in a mail is unpacked or opened, no shape of a mail exhausts the reader, no name leads out of its folder."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import socket
import time
import zipfile
import zlib
from base64 import encodebytes
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from mailflow.adapters.reading_process import ReadingProcess
from mailflow.approval.submission import Attachment
from mailflow.approval.wording import KEYWORDS
from mailflow.evidence import gather
from mailflow.inbound.message import parse
from mailflow.jobs.portal.drive import safe_name
from mailflow.office.archive import save_mailbox
from mailflow.office.received import ReceivedMail
from mailflow.outbound.mail import complete, draft_mail
from mailflow.outbound.samples import sample_mails
from tests.outbound.samples import IDENTITY, TEMPLATES, parsed, readers
from tests.security.attempt import NOW, PASS, Target

TODAY = date(2026, 12, 1)
HEAD = (
    f"Authentication-Results: {PASS}\r\nFrom: ivan@firm.example\r\nTo: finance@firm.example\r\nSubject: Paper\r\n"
    "MIME-Version: 1.0\r\n"
).encode()
MEGABYTE = 1_000_000
SECONDS = 15.0
"""For one mail, on a busy machine; each takes less than two on an idle one."""
MOST_MEMORY = 300 * 1024
"""kB of a process that reads."""


def zipped(content: bytes, name: str = "invoice.pdf") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def nested_zip() -> bytes:
    inner = zipped(bytes(10 * MEGABYTE))
    for _ in range(10):
        inner = zipped(inner * 3, "next.zip")
    return inner


def billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><Invoice>&l9;</Invoice>'.encode()


def external(address: str) -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "{address}">]><Invoice>&e;</Invoice>'.encode()


def pdf_bomb() -> bytes:
    stream = zlib.compress(bytes(100 * MEGABYTE))
    return b"%%PDF-1.7\n1 0 obj<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj\n" % (len(stream), stream)


def huge_picture() -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\x7f\xff\xff\xff" * 2 + b"\x08\x06\0\0\0" + bytes(30_000)


FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a zip bomb": ("invoice.zip", lambda: zipped(bytes(200 * MEGABYTE))),
    "zips within zips": ("invoice.zip", nested_zip),
    "a zip whose entries climb out": ("invoice.zip", lambda: zipped(b"root::0:0", "../../../etc/passwd")),
    "a gzip bomb": ("invoice.pdf.gz", lambda: gzip.compress(bytes(200 * MEGABYTE))),
    "a PDF bomb": ("invoice.pdf", pdf_bomb),
    "a PDF that refers to itself": ("invoice.pdf", lambda: b"%PDF-1.7\n1 0 obj<</Kids[1 0 R]/Parent 1 0 R>>endobj"),
    "an XML bomb": ("invoice.xml", billion_laughs),
    "an XML bomb in a picture": ("invoice.svg", billion_laughs),
    "an external entity of a file": ("invoice.xml", lambda: external("file:///etc/passwd")),
    "XML nested 100,000 deep": ("invoice.xml", lambda: b"<a>" * 100_000),
    "a picture of two milliards of pixels a side": ("invoice.png", huge_picture),
    "an empty file": ("invoice.pdf", lambda: b""),
    "a spreadsheet of formulas": ("invoice.csv", lambda: b"=cmd|'/c calc'!A0,@SUM(1),+1,-1\r\n"),
}


def with_file(name: str, content: bytes) -> bytes:
    body = b"--b\r\nContent-Type: text/plain\r\n\r\nAmount: 10 RUB\r\n--b\r\nContent-Type: application/octet-stream\r\n"
    disposition = f'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\n'
    kind = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    return HEAD + kind + body + disposition.encode() + encodebytes(content) + b"\r\n--b--\r\n"


def nested_parts(depth: int) -> bytes:
    opened = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    return HEAD + opened + b"\r\nAPPROVE\r\n"


def many_parts(count: int) -> bytes:
    part = b"--b\r\nContent-Type: application/pdf\r\n\r\nx\r\n"
    return HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + part * count + b"--b--\r\n"


def text(content: bytes, kind: bytes = b"text/plain") -> bytes:
    return HEAD + b"Content-Type: " + kind + b"; charset=utf-8\r\n\r\n" + content


SHAPES: dict[str, Callable[[], bytes]] = {
    "5,000 parts": lambda: many_parts(5000),
    "200 levels": lambda: nested_parts(200),
    "200 mails within mails": lambda: (HEAD + b"Content-Type: message/rfc822\r\n\r\n") * 200 + b"\r\nAPPROVE",
    "a header of 1 MB": lambda: b"X-Long: " + b"a" * MEGABYTE + b"\r\n" + HEAD + b"\r\nAPPROVE",
    "20,000 header fields": lambda: b"".join(b"X-%d: y\r\n" % n for n in range(20_000)) + HEAD + b"\r\nAPPROVE",
    "a subject of 20,000 encoded words": lambda: b"Subject:" + b" =?utf-8?q?a?=\r\n" * 20_000 + HEAD + b"\r\nx",
    "50,000 addresses": lambda: b"Cc: " + b"<a@example.com>,\r\n " * 50_000 + b"x\r\n" + HEAD + b"\r\nx",
    "50,000 references": lambda: b"References: " + b"<a@example.com>\r\n " * 50_000 + b"\r\n" + HEAD + b"\r\nx",
    "100,000 brackets in an address": lambda: b"From: " + b"(" * 100_000 + b"\r\n" + HEAD + b"\r\nx",
    "5,000 pieces of one file name": lambda: (
        HEAD + b"Content-Type: application/pdf" + b"".join(b";\r\n name*%d=a" % n for n in range(5000)) + b"\r\n\r\nx"
    ),
    "one line of 3 MB": lambda: text(b"a" * 3 * MEGABYTE),
    "a quotation 100,000 deep": lambda: text(b">" * 100_000 + b" APPROVE"),
    "100,000 quoted lines": lambda: text(b"> On Monday somebody wrote:\r\n" * 100_000),
    "200,000 lines that begin a form": lambda: text(b"Amount:\r\n" * 200_000),
    "digits and points for ever": lambda: text(b"Amount: " + b"1 1.1," * 200_000),
    "HTML nested 100,000 deep": lambda: text(b"<div>" * 100_000, b"text/html"),
    "100,000 tables": lambda: text(b"<table><tr><td>" * 100_000, b"text/html"),
    "HTML with entities that multiply": lambda: text(billion_laughs(), b"text/html"),
    "a style of 1 MB": lambda: text(b"<style>" + b"a{" * 500_000, b"text/html"),
    "flowed lines for ever": lambda: text(b"a \r\n" * 300_000, b"text/plain; format=flowed"),
    "a calendar of 100,000 events": lambda: text(b"BEGIN:VEVENT\r\n" * 100_000, b"text/calendar; method=REPLY"),
    "a report of 100,000 recipients": lambda: (
        HEAD
        + b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        + b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        + b"Final-Recipient: rfc822; a@b\r\nAction: failed\r\n\r\n" * 100_000
    ),
    "a boundary that nearly comes 200,000 times": lambda: (
        HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--c\r\n-b\r\n" * 200_000
    ),
    "base64 that is none": lambda: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=*\xff" * MEGABYTE,
    "NUL bytes": lambda: HEAD + b"\r\n" + bytes(3 * MEGABYTE),
}


@pytest.fixture(scope="module")
def reader() -> Iterator[ReadingProcess]:
    reader = ReadingProcess(KEYWORDS, 800, SECONDS)
    reader.read(text(b"warm"), TODAY)
    yield reader
    reader.close()


def most_memory(reader: ReadingProcess) -> int:
    """The most memory that the process has ever taken, in kB."""
    assert reader._process
    status = Path(f"/proc/{reader._process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


@pytest.mark.parametrize("what", FILES)
def test_a_file_is_kept_as_it_came_and_never_opened(what: str, reader: ReadingProcess) -> None:
    """A23, A24: read within seconds and 300 MB; it is a plain attachment, byte for byte."""
    name, make = FILES[what]
    content = make()
    read = reader.read(with_file(name, content), TODAY)
    assert [(file.filename, file.content) for file in read.files] == [(name, content)]
    assert most_memory(reader) < MOST_MEMORY


@pytest.mark.parametrize("what", SHAPES)
def test_no_shape_of_a_mail_exhausts_the_reader(what: str, reader: ReadingProcess) -> None:
    """A23: read within seconds and 300 MB by the process that reads, which lives on."""
    raw, before = SHAPES[what](), reader._process
    began = time.monotonic()
    read = reader.read(raw, TODAY)
    assert time.monotonic() - began < SECONDS
    assert len(read.message.files) <= 200
    assert most_memory(reader) < MOST_MEMORY
    assert reader._process is before


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Target:
    return Target(tmp_path_factory.mktemp("company"))


@pytest.mark.parametrize("what", ["5,000 parts", "200 levels", "a header of 1 MB", "20,000 header fields", "NUL bytes"])
def test_a_mail_of_such_a_shape_changes_no_invoice(what: str, company: Target) -> None:
    """A23: it is put aside, refused or asked about like any other mail."""
    tried = company.attempt(SHAPES[what]())
    assert tried.done == ()
    assert tried.state in {"processed", "refused", "quarantined", "ignored"}


@pytest.mark.parametrize("kind", ["application/xml", "text/html", "text/plain", "image/svg+xml", "text/xml"])
def test_an_external_entity_is_neither_read_nor_fetched(kind: str, tmp_path: Path, reader: ReadingProcess) -> None:
    """A24: as a body and as a file."""
    secret = tmp_path / "secret"
    secret.write_text("marker-of-a-secret")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        for address in (secret.as_uri(), f"http://127.0.0.1:{listener.getsockname()[1]}/x"):
            for raw in (text(external(address), kind.encode()), with_file("invoice.xml", external(address))):
                assert "marker-of-a-secret" not in repr(reader.read(raw, TODAY))
        with pytest.raises(TimeoutError):
            listener.accept()


# --- names

NAMES = {
    "a path up": "../../etc/passwd",
    "a path up of Windows": "..\\..\\windows\\system32\\evil.pdf",
    "an absolute path": "/etc/cron.d/evil",
    "a drive": "C:\\evil.pdf",
    "a stream of a file": "invoice.pdf:evil.exe",
    "a share": "\\\\evil.example\\share\\x.pdf",
    "NUL": "invoice.pdf\0.exe",
    "turned around": "invoice\u202efdp.exe",
    "isolated": "invoice\u2066fdp\u2069.exe",
    "300 characters": "a" * 300 + ".pdf",
    "300 wide characters": "\u4e00" * 300 + ".pdf",
    "300 characters beyond the BMP": "\U00020000" * 300,
    "a device": "CON.pdf",
    "a device alone": "NUL",
    "a printer": "LPT1.pdf",
    "dots": "...",
    "one dot": ".",
    "hidden": ".htaccess",
    "ends in dots and spaces": "invoice.pdf. . .",
    "a line break": "invoice.pdf\r\nX: y",
    "a separator": "invoice\u2028.pdf",
    "ANSI": "\x1b[2J\x1b]0;owned\x07.pdf",
    "markup": "<script>alert(1)</script>.pdf",
    "a pipe": "a|b>c*?.pdf",
    "nothing": "",
    "a surrogate": "invoice\ud800.pdf",
    "a home": "~root/.ssh/authorized_keys",
    "an option": "--checkpoint-action=exec=sh",
    "a formula": "=cmd|'calc'!A0.pdf",
}
_DEVICES = {"con", "nul", "lpt1"}
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def stays_in_its_folder(name: str) -> bool:
    """Whether a name is a plain one, below a folder, on every system."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    parts = [*posix.parts, *windows.parts]
    return (
        not (posix.is_absolute() or windows.drive or windows.root or ".." in parts or _UNSHOWN.search(name))
        and all(len(part.encode()) <= 255 and part.rstrip(". ") == part for part in parts)
        and windows.name.partition(".")[0].lower() not in _DEVICES
        and not set(name) & set('<>:"|?*\\')
    )


@pytest.mark.parametrize("what", NAMES)
def test_a_name_as_it_is_sent_on_is_a_plain_one(what: str) -> None:
    """A25: in the attachment of a mail, and on the portal's Drive."""
    digest = hashlib.sha256(b"x").hexdigest()
    asked = next(mail for mail in sample_mails("en", full=True) if mail.attachments)
    hostile = replace(asked, attachments=(Attachment(NAMES[what], "application/pdf", 1, digest),))
    draft = draft_mail(hostile, IDENTITY, readers("en"), TEMPLATES)
    (sent,) = parsed(complete(draft, {digest: b"x"})).iter_attachments()
    name = sent.get_filename()
    assert name
    assert not _UNSHOWN.search(name)
    assert not set(name) & set('/\\:*?"<>|')
    in_portal = safe_name(f"INV-2026-0001 {digest[:8]} {NAMES[what]}")
    assert not _UNSHOWN.search(in_portal)
    assert "/" not in in_portal
    assert "\\" not in in_portal


def letter(name: str) -> bytes:
    """Ivan's invoice with a file of this name, percent-encoded (RFC 2231)."""
    encoded = "".join(f"%{byte:02x}" for byte in name.encode("utf-8", "surrogatepass"))
    return (
        HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n'
        b"Counterparty: Romashka LLC\r\nAmount: 10 RUB\r\nPay date: 15.12.2026\r\n--b\r\n"
        b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''"
        + encoded.encode()
        + b"\r\n\r\n%PDF-1.4 "
        + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest().encode()
        + b"\r\n--b--\r\n"
    )


@pytest.mark.parametrize("what", NAMES)
def test_the_evidence_of_an_invoice_has_no_entry_that_leaves_its_folder(
    what: str, company: Target, tmp_path: Path
) -> None:
    """A25: by the invoice's files and by the senders of its mails; it can be unpacked, and every sum is right."""
    company.receive(letter(NAMES[what]))
    with company.store.begin() as uow:
        number = max(invoice.number for invoice in uow.invoices.all())
        invoice = uow.invoices.get(number)
        assert invoice
        assert invoice.attachments[0].filename == parse(letter(NAMES[what])).files[0].filename
        gathered = gather(uow, number, {}, NOW.tzinfo, NOW)  # type: ignore[arg-type]
    assert len([name for name in gathered.contents if name.startswith("files/")]) == 1
    assert all(map(stays_in_its_folder, gathered.contents))
    packed = io.BytesIO()
    gathered.write(packed, NOW)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "unpacked")
    for line in (tmp_path / "unpacked" / "SHA256SUMS").read_text("utf-8").splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((tmp_path / "unpacked" / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("what", [what for what in NAMES if what != "a surrogate"])
def test_the_pages_of_the_demo_write_nothing_outside_their_folder(what: str, tmp_path: Path) -> None:
    """A25: a mailbox as files, whatever its mails and their files are called."""
    name = NAMES[what]
    message = EmailMessage(policy=SMTP)
    message["From"] = "ivan@firm.example"
    message["Subject"] = " ".join(_UNSHOWN.sub(" ", name).split())
    message.set_content("x")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename=_UNSHOWN.sub("", name) or "x")
    inner = tmp_path / "in" / "ner"
    for saved in save_mailbox(inner, name, [ReceivedMail(message.as_bytes())]):
        assert all(stays_in_its_folder(path) for path in (saved.eml, *(file.path for file in saved.files)))
    assert [path for path in tmp_path.rglob("*") if path.is_file() and inner not in path.parents] == []


@pytest.mark.parametrize("what", NAMES)
def test_a_name_as_it_is_read_is_the_last_part_alone(what: str) -> None:
    """A25: without a folder and of a bounded length; whoever shows it takes out what a terminal acts on."""
    (file,) = parse(letter(NAMES[what])).files
    assert file.filename
    assert len(file.filename) <= 150
    assert not set(file.filename) & set("/\\")
