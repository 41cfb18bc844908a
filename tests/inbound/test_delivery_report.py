"""A bounce of something we sent marks exactly that (process section 6)."""

from __future__ import annotations

import pytest

from mailflow.inbound.delivery_report import DeliveryReport, read_report
from mailflow.inbound.message import parse
from tests.inbound.corpus import needs_corpus, raw, rows

REAL = [row for row in rows("bounces") if row["expected"].startswith("bounce") and row["recipients"]]
OTHERS = [row for row in rows("bounces") if row["expected"].startswith("feedback")]


def names_right(report: DeliveryReport | None, row: dict[str, str]) -> bool:
    """Whether a report names just the recipients that are known, with their class where that is known."""
    known = dict(pair.rsplit("=", 1) for pair in row["recipients"].split("; "))
    also = {other: name for name, _, other in (p.rpartition("=") for p in row["also_accept"].split("; ") if p)}
    found = {also.get(f.recipient, f.recipient): f for f in (report.failures if report else ())}
    return found.keys() == known.keys() and all(
        known[name] == "?" or failure.permanent == (known[name] == "permanent") for name, failure in found.items()
    )


@needs_corpus
@pytest.mark.parametrize("row", [r for r in REAL if r["confidence"] == "high"], ids=lambda row: row["file"])
def test_a_bounce_that_is_known_for_certain_is_read_so(row: dict[str, str]) -> None:
    assert names_right(read_report(parse(raw("bounces", row))), row)


@needs_corpus
def test_of_bounces_in_words_nine_in_ten_are_read() -> None:
    doubtful = [row for row in REAL if row["confidence"] == "single"]
    right = sum(names_right(read_report(parse(raw("bounces", row))), row) for row in doubtful)
    assert right >= len(doubtful) * 0.9


@needs_corpus
@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row["file"])
def test_a_complaint_is_no_bounce(row: dict[str, str]) -> None:
    assert read_report(parse(raw("bounces", row))) is None


@needs_corpus
@pytest.mark.parametrize("row", rows("bounces/derived"), ids=lambda row: row["file"])
def test_a_bounce_of_our_request_leads_to_that_request(row: dict[str, str]) -> None:
    report = read_report(parse(raw("bounces/derived", row)))
    assert report is not None
    assert [f.recipient for f in report.failures] == [row["recipient"]]
    if row["correlation"] != "address only":
        assert row["request_message_id"] in report.message_ids


@needs_corpus
@pytest.mark.parametrize("folder", ["decisions", "autoreplies/derived", "rsvp/derived"])
def test_no_other_mail_is_taken_for_a_bounce(folder: str) -> None:
    assert [row["file"] for row in rows(folder) if read_report(parse(raw(folder, row)))] == []


def test_a_bounce_that_names_nobody_is_still_one() -> None:
    report = read_report(
        parse(b"Return-Path: <>\nFrom: MAILER-DAEMON\nSubject: Undeliverable mail\n\nIt did not arrive.\n")
    )
    assert report is not None
    assert [f.recipient for f in report.failures] == [""]


def test_our_own_address_is_never_the_one_that_was_not_reached() -> None:
    words = b"Your mail from <finance@firm.example> could not be delivered to <olga@firm.example>.\n"
    report = read_report(
        parse(
            b"Return-Path: <>\nFrom: postmaster@x.example\nTo: finance@firm.example\nSubject: failure notice\n\n"
            + words
        )
    )
    assert report is not None
    assert [f.recipient for f in report.failures] == ["olga@firm.example"]


FIELDS = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n"
OURS = "Message-ID: <request-1@mailflow.example>\nFrom: finance@firm.example\nTo: olga@firm.example\nSubject: Approve\n"


def with_fields(head: str, words: str, *recipients: str, returned: str = OURS) -> str:
    """A report as RFC 3464 has it."""
    fields = "\n\n".join(("Reporting-MTA: dns; mx.firm.example", *recipients))
    parts = (
        f"Content-Type: text/plain; charset=utf-8\n\n{words}",
        f"Content-Type: message/delivery-status\n\n{fields}\n",
        f"Content-Type: message/rfc822\n\n{returned}\nPlease approve.\n",
    )
    return f"{head}MIME-Version: 1.0\n{FIELDS}\n" + "".join(f"--b\n{part}\n" for part in parts) + "--b--\n"


def in_words(head: str, words: str) -> str:
    """A report without any fields."""
    return f"{head}To: finance@firm.example\nContent-Type: text/plain; charset=utf-8\n\n{words}"


def failed(address: str, status: str, action: str = "failed") -> str:
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}"


COPY = "\n--- Below this line is a copy of the message.\n\nReturn-Path: <finance@firm.example>\n" + OURS
GONE, LATER, DELAYED = ("permanent", True), ("temporary", True), ("temporary", False)

REPORTS = {
    "Postfix": (
        with_fields(
            "Return-Path: <>\nFrom: MAILER-DAEMON@mx.firm.example (Mail Delivery System)\n"
            "Subject: Undelivered Mail Returned to Sender\n",
            "I'm sorry to have to inform you that your message could not be delivered.\n",
            failed("olga@firm.example", "5.1.1"),
            failed("ivan@firm.example", "5.2.1"),
        ),
        {"olga@firm.example": GONE, "ivan@firm.example": GONE},
    ),
    "delayed for two, delivered to a third": (
        with_fields(
            "From: MAILER-DAEMON@mx.firm.example\nSubject: Delayed Mail (still being retried)\n",
            "THIS IS A WARNING ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.\n",
            failed("olga@firm.example", "4.4.1", "delayed"),
            failed("ivan@firm.example", "4.2.2", "delayed"),
            failed("anna@firm.example", "2.0.0", "delivered"),
        ),
        {"olga@firm.example": DELAYED, "ivan@firm.example": DELAYED},
    ),
    "given up after days of a temporary trouble": (
        with_fields(
            "From: MAILER-DAEMON@mx.firm.example\nSubject: Undelivered Mail Returned to Sender\n",
            "Your message could not be delivered for 5 days.\n",
            failed("olga@firm.example", "4.4.7"),
        ),
        {"olga@firm.example": LATER},
    ),
    "Exchange in Russian": (
        with_fields(
            "From: postmaster@firm.example\nSubject: Не удалось доставить: Approve\n",
            "Сбой доставки следующим получателям или группам:\n\nolga@firm.example\n",
            failed("olga@firm.example", "5.1.10"),
        ),
        {"olga@firm.example": GONE},
    ),
    "Exchange in Russian, without fields": (
        in_words(
            "Return-Path: <>\nFrom: Outlook <postmaster@firm.example>\nSubject: Не удается доставить: Approve\n",
            "Не удалось доставить сообщение следующим получателям или группам рассылки:\n\n"
            "olga@firm.example\nАдрес электронной почты не найден.\n\nivan@firm.example\nПочтовый ящик отключен.\n",
        ),
        {"olga@firm.example": GONE, "ivan@firm.example": GONE},
    ),
    "Exchange in German, without fields": (
        in_words(
            "From: System Administrator <postmaster@firm.example>\nSubject: Unzustellbar: Approve\n",
            "Die Nachricht hat die folgenden Empfänger nicht erreicht:\n\n"
            "olga@firm.example am 01.12.2026 10:00\n  Der Empfänger wurde nicht gefunden.\n"
            "ivan@firm.example am 01.12.2026 10:00\n  Der Empfänger wurde nicht gefunden.\n",
        ),
        {"olga@firm.example": GONE, "ivan@firm.example": GONE},
    ),
    "an old Exchange that also names the sender": (
        in_words(
            "From: System Administrator <postmaster@firm.example>\nSubject: Undeliverable: Approve\n",
            "Your message\n\n  To:      list@firm.example\n  Subject: Approve\n\n"
            "did not reach the following recipient(s):\n\nolga@firm.example on Tue, 1 Dec 2026 10:00:00 +0300\n"
            "    The recipient name is not recognized\n\tThe MTS-ID of the original message is: c=ru;a= ;p=firm\n"
            "ivan@firm.example on Tue, 1 Dec 2026 10:00:00 +0300\n    The recipient name is not recognized\n",
        ),
        {"olga@firm.example": GONE, "ivan@firm.example": GONE},
    ),
    "Mail.ru": (
        in_words(
            "X-Failed-Recipients: olga@mail.example\nFrom: Mail Delivery System <mailer-daemon@mail.example>\n"
            "Subject: Mail failure.\n",
            "This message was created automatically by mail delivery software.\n\n  olga@mail.example\n"
            f"    all hosts have been failing for a long time and were last tried after this message arrived\n{COPY}",
        ),
        {"olga@mail.example": LATER},
    ),
    "Yandex": (
        with_fields(
            "From: mailer-daemon@yandex.example\nSubject: Недоставленное сообщение\n",
            "Это письмо отправлено почтовым сервером yandex.example.\nК сожалению, Ваше письмо не может "
            "быть отправлено одному или нескольким адресатам.\n",
            failed("olga@firm.example", "5.0.0"),
        ),
        {"olga@firm.example": GONE},
    ),
    "Gmail": (
        with_fields(
            "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\n"
            "Subject: Delivery Status Notification (Failure)\n",
            "** Address not found **\n\nYour message wasn't delivered to olga@firm.example.\n",
            failed("olga@firm.example", "5.1.1"),
        ),
        {"olga@firm.example": GONE},
    ),
    "Gmail, delayed, in words": (
        in_words(
            "Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\n"
            "Subject: Delivery Status Notification (Delay)\n",
            "This is an automatically generated Delivery Status Notification\n\nTHIS IS A WARNING MESSAGE ONLY.\n\n"
            "Delivery to the following recipient has been delayed:\n\n     olga@firm.example\n\n"
            f"Message will be retried for 2 more day(s)\n\n----- Original message -----\n\n{OURS}",
        ),
        {"olga@firm.example": DELAYED},
    ),
    "Domino, in words": (
        in_words(
            "Return-Path: <>\nFrom: Postmaster@firm.example\nSubject: DELIVERY FAILURE: User olga not listed\n",
            "Your message\n\n  Subject: Approve\n\nwas not delivered to:\n\n  olga@firm.example\n\nbecause:\n\n"
            "  User olga (olga@firm.example) not listed in Domino Directory\n",
        ),
        {"olga@firm.example": GONE},
    ),
    "qmail, two recipients": (
        in_words(
            "Return-Path: <>\nFrom: MAILER-DAEMON@mx.firm.example\nSubject: failure notice\n",
            "Hi. This is the qmail-send program at mx.firm.example.\nI'm afraid I wasn't able to deliver your message "
            "to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
            "<olga@firm.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
            f"<ivan@firm.example>:\nThis user is over quota.\n{COPY}",
        ),
        {"olga@firm.example": GONE, "ivan@firm.example": GONE},
    ),
    "the sender himself is the one who was not reached": (
        in_words(
            "Return-Path: <>\nFrom: MAILER-DAEMON@mx.firm.example\nSubject: failure notice\n",
            "I wasn't able to deliver your message to the following addresses.\n\n<finance@firm.example>:\n"
            f"Remote host said: 552 Error: disk quota exceeded\n{COPY}",
        ),
        {"finance@firm.example": GONE},
    ),
    "fields that a server left in the text": (
        in_words(
            "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.firm.example>\nSubject: Returned mail: see transcript\n",
            "   ----- Transcript of session follows -----\nolga... Deferred: Connection refused\n\n--x\n"
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.firm.example\n\n"
            f"{failed('olga@firm.example', '4.4.7')}\n\n{failed('ivan@firm.example', '4.0.0', 'delayed')}\n\n--x\n",
        ),
        {"olga@firm.example": LATER, "ivan@firm.example": DELAYED},
    ),
    "a final address that only the last server knows": (
        with_fields(
            "From: postmaster@firm.example\nSubject: Delivery Notification: Delivery has failed\n",
            "Your message cannot be delivered.\n",
            "Original-Recipient: rfc822;olga@firm.example\n" + failed("@mx.firm.example:olga@ims-daemon", "5.2.0"),
        ),
        {"olga@firm.example": GONE},
    ),
    "a final address that is a file": (
        with_fields(
            "X-Failed-Recipients: olga@firm.example\nFrom: Mailer-Daemon@mx.firm.example\nSubject: Mail failure\n",
            "  save to /mail/olga\n    mailbox is full\n",
            failed("/mail/olga", "5.0.0"),
        ),
        {"olga@firm.example": GONE},
    ),
    "a filter in front of the server": (
        in_words(
            "From: SMTP_AntiVirus_Gateway@firm.example\nSubject: Delivery failure notification\n",
            "Your message could not be delivered to the following recipients:\n\nolga@firm.example\n\n"
            "Please do not resend your original message.\n\nDelivery attempts will continue to be made for 5 day(s).\n",
        ),
        {"olga@firm.example": DELAYED},
    ),
    "nothing but the words tell, and nobody sent it": (
        in_words(
            "Return-Path: <>\nFrom: no-reply@firm.example\nSubject: Mail\n",
            "Your mail sent on: Tue, 1 Dec 2026\n     Could not be delivered to: <olga@firm.example>\n"
            "     As their mailbox is full.\n",
        ),
        {"olga@firm.example": LATER},
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_bounce_names_whom_it_did_not_reach_and_whether_anybody_still_tries(name: str) -> None:
    mail, expected = REPORTS[name]
    report = read_report(parse(mail.encode()))
    found = {} if report is None else {f.recipient: (f.permanent, f.given_up) for f in report.failures}
    assert found == {address: (kind == "permanent", given_up) for address, (kind, given_up) in expected.items()}


@pytest.mark.parametrize("name", ["Postfix", "Mail.ru", "Gmail, delayed, in words", "qmail, two recipients"])
def test_a_bounce_leads_to_the_mail_that_came_back(name: str) -> None:
    report = read_report(parse(REPORTS[name][0].encode()))
    assert report is not None
    assert report.message_ids == ("<request-1@mailflow.example>",)


def receipt(subject: str, words: str) -> bytes:
    head = f"From: postmaster@firm.example\nSubject: {subject}\nMIME-Version: 1.0\n"
    kind = "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
    fields = "Final-Recipient: rfc822; olga@firm.example\nOriginal-Message-ID: <request-1@mailflow.example>\n"
    disposition = "Disposition: automatic-action/MDN-sent-automatically; deleted\n"
    return (
        f"{head}{kind}--b\nContent-Type: text/plain\n\n{words}\n--b\n"
        f"Content-Type: message/disposition-notification\n\n{fields}{disposition}--b\n"
        f"Content-Type: message/rfc822\n\n{OURS}\nPlease approve.\n--b--\n"
    ).encode()


def test_a_receipt_that_refuses_the_mail_is_a_bounce_and_one_that_tells_of_reading_is_none() -> None:
    report = read_report(
        parse(receipt("Rejected: Approve", "Your message was automatically rejected:\nQuota exceeded"))
    )
    assert report is not None
    assert [(f.recipient, f.permanent) for f in report.failures] == [("olga@firm.example", True)]
    assert report.message_ids == ("<request-1@mailflow.example>",)
    assert read_report(parse(receipt("Not read: Approve", "Your message was deleted without being read."))) is None


PERSONS = {
    "forwards a bounce": in_words(
        "From: Ivan <ivan@firm.example>\nSubject: Fwd: Returned mail: see transcript for details\n",
        f"Begin forwarded message:\n\n> From: MAILER-DAEMON\n> {failed('olga@firm.example', '5.1.1')}\n",
    ),
    "answers about a bounce": in_words(
        "From: Ivan <ivan@firm.example>\nSubject: Re: [INV-2026-0001 #k7f3q9xw] Approve\n",
        "APPROVE\n\nMy last mail could not be delivered to olga@firm.example, the mailbox is full.\n",
    ),
    "an administrator who approves": in_words(
        "From: Administrator <administrator@firm.example>\nSubject: Re: [INV-2026-0001 #k7f3q9xw] Approve\n",
        "REJECT the first invoice was rejected too\n",
    ),
}


@pytest.mark.parametrize("name", PERSONS)
def test_a_person_who_speaks_of_a_bounce_sends_none(name: str) -> None:
    assert read_report(parse(PERSONS[name].encode())) is None


@pytest.mark.parametrize("address", ["administrator", "postmaster", "root"])
def test_a_person_behind_a_servers_address_who_replies_is_no_bounce(address: str) -> None:
    raw = f"From: Max <{address}@firm.example>\nSubject: Re: [INV-2026-0001 #k7f3q9xw] Rejected: paper\n\nSTATUS\n"
    assert read_report(parse(raw.encode())) is None
