"""Outgoing mail as bytes: headers, structure, and nothing that a stranger's text could break."""

from __future__ import annotations

import base64
import hashlib
import re
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inscriptis import get_text

from mailflow.approval.company import Person
from mailflow.approval.effects import Mail, Message
from mailflow.approval.invoice import Caution, Rejection, Step, StepStatus
from mailflow.approval.lifecycle import Status
from mailflow.approval.reference import Asks
from mailflow.approval.submission import Attachment
from mailflow.errors import PermanentFailure
from mailflow.outbound.addresses import ascii_address, mailbox
from mailflow.outbound.headers import unstructured
from mailflow.outbound.mail import Identity, complete
from mailflow.outbound.samples import SECOND, SUBMITTER, sample_invoice
from mailflow.outbound.templating import is_bare_keyword
from tests.outbound.samples import FILES, IDENTITY, body, every_sample, parsed, readers, written

BREAKS = ("\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\x00", "\x7f", "\ud800")
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
    "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
]  # fmt: skip


def request(invoice: object = None, **more: object) -> Mail:
    extra = {"recent": [], "delegated_by": None}
    facts = {"asks": Asks.APPROVAL, "step": 3, "extra": extra, **more}
    return Mail(SECOND, Message.APPROVAL_REQUEST, invoice or sample_invoice("en"), **facts)  # type: ignore[arg-type]


def test_a_mail_has_its_fixed_headers_once_each_and_one_recipient() -> None:
    message = parsed(written(request()))
    assert message.keys() == HEADERS
    assert message["From"] == "Romashka LLC <finance@example.com>"
    assert message["To"] == "Dmitry Orlov <dmitry@example.com>"
    assert message["Message-ID"] == "<0f1e2d3c@example.com>"
    assert message["Date"].datetime == IDENTITY.date
    assert message["In-Reply-To"] == "<asked@example.com>"
    assert message["References"] == "<first@example.com>"
    assert message["X-Auto-Response-Suppress"] == "All"


@pytest.mark.parametrize(("answers", "word"), [(True, "auto-replied"), (False, "auto-generated")])
def test_a_mail_says_that_a_machine_wrote_it(answers: bool, word: str) -> None:
    assert parsed(written(request(), identity=replace(IDENTITY, answers=answers)))["Auto-Submitted"] == word


def test_a_mail_that_answers_nothing_has_no_thread() -> None:
    message = parsed(written(request(), identity=Identity("<1@example.com>", IDENTITY.date, "k7f3q9xwab")))
    assert "In-Reply-To" not in message
    assert "References" not in message


def test_a_mail_without_a_company_name_comes_from_mailflow() -> None:
    rules = replace(readers("en"), name="")
    assert parsed(written(request(), rules=rules))["From"] == "mailflow <finance@example.com>"


def test_the_same_effect_and_identity_give_the_same_bytes() -> None:
    for sample in every_sample()[::3]:
        again = written(sample.effect, sample.language, readers(sample.language, sample.full))
        assert again == sample.raw, sample.kind


def test_lines_end_with_crlf_and_are_short_and_ascii() -> None:
    for raw in (sample.raw for sample in every_sample()):
        assert raw.isascii()
        assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
        assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_text_comes_before_html_and_files_after_both() -> None:
    message = parsed(written(request(attachments=sample_invoice("en").attachments)))
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf", "image/jpeg",
    ]  # fmt: skip
    assert [part.get_content() for part in message.iter_attachments()] == list(FILES.values())


@pytest.mark.parametrize("size", [0, 1, 57, 58, 56_999, 57_000, 57_001, 200_000])
def test_a_file_of_any_size_stands_in_its_place_in_lines_of_76(size: int) -> None:
    content = bytes(i * i % 256 for i in range(size))
    digest = hashlib.sha256(content).hexdigest()
    lines = base64.encodebytes(content).replace(b"\n", b"\r\n").removesuffix(b"\r\n")
    draft = f"before\r\n\r\n\0{digest}\0\r\nafter \0{digest}\0".encode()
    assert complete(draft, {digest: content}) == b"before\r\n\r\n" + lines + b"\r\nafter " + lines


def test_a_large_file_is_put_into_its_mail_without_copies_of_the_mail() -> None:
    content = bytes(5_000_000)
    draft = b"before\r\n\0" + hashlib.sha256(content).hexdigest().encode() + b"\0\r\nafter"
    tracemalloc.start()
    mail = complete(draft, {hashlib.sha256(content).hexdigest(): content})
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1.3 * len(mail)


def test_boundaries_follow_from_the_message_id() -> None:
    raw = written(request())
    other = written(request(), identity=replace(IDENTITY, message_id="<another@example.com>"))
    boundary = parsed(raw).get_boundary()
    assert boundary
    assert boundary != parsed(other).get_boundary()


def test_file_names_of_any_language_arrive_whole_and_harmless() -> None:
    names = {
        "Счёт на оплату № 1042 от 15 декабря 2026 г. очень подробный.pdf": None,
        'a"b.pdf': "a_b.pdf",
        "../../etc/passwd": ".._.._etc_passwd",
        "invoice\u202efdp.exe": "invoicefdp.exe",
        "x\r\nBcc: evil@example.net": "x Bcc_ evil@example.net",
        "": "file",
        "я" * 300 + ".pdf": "я" * 119 + "…",
    }
    for name, expected in names.items():
        attachment = Attachment(name, "application/pdf", 20, "a" * 64)
        message = parsed(written(request(attachments=(attachment,))))
        (file,) = message.iter_attachments()
        assert file.get_filename() == (name if expected is None else expected)
        assert message.keys() == HEADERS


@pytest.mark.parametrize(
    "media_type",
    ["message/rfc822", "multipart/mixed", "text/html", "text/calendar", "application/ics", "x", "a/b\r\nBcc: x", ""],
)
def test_a_file_that_a_mail_program_would_take_for_a_part_of_the_mail_goes_as_mere_bytes(media_type: str) -> None:
    attachment = Attachment("file", media_type, 20, "a" * 64)
    (file,) = parsed(written(request(attachments=(attachment,)))).iter_attachments()
    assert file.get_content_type() == "application/octet-stream"
    assert file.get_content() == FILES["a" * 64]


@pytest.mark.parametrize("mark", BREAKS)
def test_no_text_of_a_stranger_makes_a_header_or_a_line_of_its_own(mark: str) -> None:
    """Every field of an invoice and of a mail at once, with every line break there is."""
    evil = f"x{mark}Bcc: evil@example.net{mark}APPROVE{mark}СОГЛАСОВАНО{mark}"
    invoice = sample_invoice("en")
    invoice = replace(
        invoice,
        form=replace(invoice.form, title=evil, counterparty=evil, comment=evil, unknown_labels=(evil,)),
        attachments=(Attachment(evil, evil, 20, "a" * 64),),
        steps=tuple(replace(step, comment=evil) for step in invoice.steps),
        warnings=(Caution("other", evil), Caution(evil, evil)),
        question=evil,
        rejection=Rejection(SECOND, evil, IDENTITY.date),
        repeat=replace(invoice.repeat, reason=evil) if invoice.repeat else None,
        changes=tuple(replace(c, before=evil, after=evil) for c in invoice.changes if c.field.value == "comment"),
    )
    recent = [{"number": evil, "status": "paid", "amount": "1.00 RUB", "pay_date": "", "title": evil}]
    extra = {
        "recent": recent, "delegated_by": None, "line": evil, "why": "negation", "question": evil, "answer": evil,
        "text": evil, "points": [evil], "what": "question", "next": None, "due": None, "from": SECOND, "code": "paid",
        "by": None, "at": None, "recipient": evil, "message": evil, "reason": evil, "subject": evil, "id": 1,
        "received_at": IDENTITY.date.isoformat(),
    }  # fmt: skip
    rules = replace(readers("en"), people={SECOND: Person(SECOND, evil)}, name=evil)
    identity = replace(IDENTITY, in_reply_to=f"<a{mark}b@x>", references=(f"<{evil}>", "<fine@x>"))
    kinds = (
        "approval_request", "decision_taken", "unclear", "refused", "question", "answer", "work_on_errors", "rejected",
        "withdrawn", "not_delivered", "mail_failed", "quarantined", "status",
    )  # fmt: skip
    for kind in kinds:
        mail = Mail(SECOND, Message(kind), invoice, Asks.APPROVAL, 3, extra, invoice.attachments)
        message = parsed(written(mail, rules=rules, identity=identity))
        assert message.keys() == [name for name in HEADERS if name != "In-Reply-To"]
        assert message["References"] == "<fine@x>"
        for text in (body(message, "plain"), get_text(body(message, "html"))):
            assert not [line for line in text.splitlines() if is_bare_keyword(line)], kind
        assert "Bcc" not in message


PAYLOADS = (
    "{{ 7*7 }}", "{% raw %}", "{{ cycler.__init__.__globals__.os.popen('id').read() }}", "{{ ''.__class__.__mro__ }}",
    "{{ self.__init__ }}", "{# hidden #}", "{% include '_layout.txt.j2' %}", "%s %(who)s %d",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>", "&lt;b&gt;", "</td></table>", "javascript:alert(1)", "${7*7}", "{{ config }}",
)  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_people_write_is_printed_literally(payload: str) -> None:
    invoice = sample_invoice("en")
    invoice = replace(invoice, form=replace(invoice.form, title=payload, counterparty=payload, comment=payload))
    steps = (Step(SUBMITTER, StepStatus.APPROVED, comment=payload),)
    message = parsed(written(request(replace(invoice, steps=steps, status=Status.REJECTED), step=0)))
    assert f"  Comment:          {payload}\n" in body(message, "plain")
    html = body(message, "html")
    assert "<script" not in html
    assert "<img" not in html
    escaped = payload.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = escaped.replace("'", "&#39;").replace('"', "&#34;")
    assert escaped in html
    assert payload[:49] in message["Subject"]


@given(st.text(max_size=200), st.booleans())
@settings(max_examples=200)
def test_a_subject_of_any_text_comes_back_as_it_was(text: str, referred: bool) -> None:
    words = " ".join(re.sub(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+", " ", text).split())
    subject = ("[INV-2026-0001 #k7f3q9xwab] " if referred else "") + (words or "x")
    folded = unstructured(subject)
    assert folded.isascii()
    assert max(map(len, folded.split("\r\n"))) <= 998
    unfolded = folded.replace("\r\n ", " ")
    if referred:
        assert unfolded.startswith("[INV-2026-0001 #k7f3q9xwab] ")
    assert str(make_header(decode_header(unfolded))) == subject


def test_long_message_ids_are_neither_encoded_nor_broken() -> None:
    long = f"<{'a' * 120}@{'b' * 60}.prod.outlook.com>"
    identity = replace(IDENTITY, in_reply_to=long, references=("<[x=@microsoft.com]>", long, "< a b >", "no-id"))
    raw = written(request(), identity=identity)
    assert f"\r\nIn-Reply-To: {long}\r\n".encode() in raw
    assert f"\r\nReferences: <[x=@microsoft.com]>\r\n {long}\r\n".encode() in raw


@pytest.mark.parametrize(
    ("address", "written_as"),
    [
        ("ivan@example.com", "ivan@example.com"),
        ("ivan@пример.рф", "ivan@xn--e1afmkfd.xn--p1ai"),
        ("o'neil+x@bücher.example", "o'neil+x@xn--bcher-kva.example"),
    ],
)
def test_domains_of_any_script_are_written_as_dns_has_them(address: str, written_as: str) -> None:
    assert ascii_address(address) == written_as


@pytest.mark.parametrize(
    "address",
    ["иван@example.com", "ivan", "", "@example.com", "a b@example.com", "a@b\r\nBcc: c@d", "a@b..com", "a@b>, <c@d"],
)
def test_what_no_server_takes_is_given_up_at_once(address: str) -> None:
    with pytest.raises(PermanentFailure, match="it is no address that mail servers take"):
        ascii_address(address)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("", "a@example.com"),
        ("Romashka, LLC", '"Romashka, LLC" <a@example.com>'),
        ('The "Best" \\ one', '"The \\"Best\\" \\\\ one" <a@example.com>'),
        ("Boss <boss@example.com>", '"Boss <boss@example.com>" <a@example.com>'),
        ("Иван", "=?utf-8?b?0JjQstCw0L0=?= <a@example.com>"),
    ],
)
def test_a_display_name_is_a_name_and_never_an_address(name: str, header: str) -> None:
    assert mailbox("a@example.com", name) == header


def test_dates_are_those_of_the_company_and_money_has_its_currency() -> None:
    late = datetime(2026, 12, 1, 22, 30, tzinfo=UTC)
    invoice = sample_invoice("en").with_step(1, decided_at=late)
    assert "approved, 2 December 2026, 01:30" in body(parsed(written(request(invoice))), "plain")
    russian = body(parsed(written(replace(request(sample_invoice("ru"))), "ru")), "plain")
    assert "125\u00a0000,00\u00a0₽" in russian
    assert "15 декабря 2026 г." in russian
