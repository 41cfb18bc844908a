"""A decision is the word of the very person who was asked; whatever comes from elsewhere is held, and asked about."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from mailflow import bootstrap
from mailflow.approval.invoice import Invoice, StepStatus
from mailflow.approval.lifecycle import Status
from mailflow.approval.wording import KEYWORDS
from mailflow.jobs.verification import verify
from mailflow.office.received import ReceivedMail
from mailflow.settings import load_settings
from tests.settings_file import write_settings_file
from tests.stories.conftest import Office

OPEN = Callable[..., Office]
ELSEWHERE = "olga@elsewhere.example"
ALIAS = "olga@home.example"


def steps(invoice: Invoice) -> list[str]:
    return [step.status.value for step in invoice.steps]


def answers_from(office: Office, address: str, request: ReceivedMail, text: str) -> None:
    """Somebody with this address has the mail, and answers it."""
    raw = (
        f"From: <{address}>\r\nTo: finance@example.com\r\nSubject: Re: {request.subject}\r\n"
        f"Message-ID: <{len(office.history())}.{address}>\r\nIn-Reply-To: {request.message_id}\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    )
    office.drop_in(raw.encode())
    office.work()


def test_an_answer_from_a_strangers_address_is_held_and_whoever_was_asked_is_asked_about_it(office: Office) -> None:
    office.submit()
    answers_from(office, ELSEWHERE, office.gets("olga"), "APPROVE")
    assert steps(office.invoice()) == ["asked", "waiting"]
    assert [(m.kind, m.number) for m in office.quarantine()] == [("answer", "INV-2026-0001")]
    question = office.gets("olga", "Это вы ответили?")
    assert ELSEWHERE in question.text
    assert question.files, "what is decided on goes with the question"
    held = [line for line in office.history() if line.event == "held"]
    assert [(line.actor, line.details["person"], line.details["condition"]) for line in held] == [
        (ELSEWHERE, "olga@example.com", "sender")
    ]
    office.olga.reply(question, "СОГЛАСОВАНО")
    office.work()
    assert steps(office.invoice()) == ["approved", "asked"]
    assert office.mails("stranger") == []


def test_whoever_was_asked_is_asked_about_answers_from_elsewhere_once_however_many_come(office: Office) -> None:
    office.submit()
    request = office.gets("olga")
    for number in range(5):
        answers_from(office, f"guess{number}@elsewhere.example", request, "APPROVE")
    assert len([m for m in office.mails("olga") if "Это вы" in m.subject]) == 1
    assert len([line for line in office.history() if line.event == "held"]) == 5


def test_a_colleague_who_answers_a_forwarded_request_is_told_why_not_and_so_is_the_approver(office: Office) -> None:
    office.submit()
    answers_from(office, "petr@example.com", office.gets("olga"), "СОГЛАСОВАНО")
    assert steps(office.invoice()) == ["asked", "waiting"]
    assert "адресовано другому" in office.gets("petr").text
    assert "petr@example.com" in office.gets("olga", "Это вы").text
    refused = next(line for line in office.history() if line.event == "refused")
    assert refused.details["condition"] == "sender"


def test_an_answer_about_a_step_that_is_decided_asks_nobody_anything(office: Office) -> None:
    office.submit()
    request = office.gets("olga")
    office.olga.reply(request, "СОГЛАСОВАНО")
    office.work()
    answers_from(office, ELSEWHERE, request, "REJECT: no")
    assert [m.subject for m in office.mails("olga") if "Это вы" in m.subject] == []
    assert office.invoice().status is Status.IN_APPROVAL


def test_an_answer_that_the_mail_server_does_not_vouch_for_is_held_and_asked_about(open_office: OPEN) -> None:
    office = open_office(check="sender_check: dmarc\n  trusted_authserv: [mx.example.com]")
    passed = "Authentication-Results: mx.example.com; dmarc=pass header.from=example.com\r\n"
    office.drop_in(
        (
            f"{passed}From: ivan@example.com\r\nSubject: Paper\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
            "Counterparty: Romashka\r\nAmount: 100.00 EUR\r\nPay date: 2026-12-15\r\n"
            '--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n\r\n%PDF\r\n'
            "--b--\r\n"
        ).encode()
    )
    office.work()
    answers_from(office, "olga@example.com", office.gets("olga"), "APPROVE")
    assert steps(office.invoice()) == ["asked", "waiting"]
    held = next(line for line in office.history() if line.event == "held")
    assert held.details["condition"] == "authenticity"
    assert "не подтверждает" in office.gets("olga", "Это вы").text


def test_an_answer_from_an_alias_of_the_settings_is_the_persons_own(office: Office) -> None:
    office.submit()
    answers_from(office, ALIAS, office.gets("olga"), "СОГЛАСОВАНО")
    assert steps(office.invoice()) == ["approved", "asked"]
    approved = next(line for line in office.history() if line.event == "approved")
    assert (approved.actor, approved.details["address"]) == ("olga@example.com", ALIAS)
    assert "СОГЛАСОВАНО" in office.gets("olga").text, "the confirmation goes to the address on record"
    with office.mailflow.store.begin() as uow:
        assert verify(uow, "INV-2026-0001", KEYWORDS, office.mailflow.company.timezone).problems == ()


def test_roles_may_be_given_by_an_alias_and_are_the_persons_all_the_same(open_office: OPEN) -> None:
    office = open_office(sequence=ALIAS)
    office.submit()
    assert [s.approver for s in office.invoice().steps] == ["olga@example.com"]
    office.olga.reply(office.gets("olga"), "СОГЛАСОВАНО")
    office.work()
    assert office.invoice().status is Status.TO_PAY


def test_who_gets_a_new_address_still_answers_what_the_old_one_was_asked(open_office: OPEN) -> None:
    office = open_office(sequence="director@example.com")
    office.submit()
    request = office.gets("director")
    office.mailflow.close()
    file = office.folder / "settings.yaml"
    renamed = file.read_text("utf-8").replace(
        "{email: director@example.com,", "{email: d.orlov@example.com, aliases: [director@example.com],"
    )
    write_settings_file(file, renamed)
    office.mailflow = bootstrap.build(load_settings(file, {}))
    answers_from(office, "director@example.com", request, "APPROVE")
    assert office.invoice().status is Status.TO_PAY
    assert [(s.approver, s.status) for s in office.invoice().steps] == [("d.orlov@example.com", StepStatus.APPROVED)]
    with office.mailflow.store.begin() as uow:
        assert verify(uow, "INV-2026-0001", KEYWORDS, office.mailflow.company.timezone).problems == ()


@pytest.mark.parametrize("address", [ALIAS, "olga+invoices@example.com", "OLGA@EXAMPLE.com"])
def test_nobody_approves_their_own_invoice_whichever_of_their_addresses_they_sent_it_from(
    office: Office, address: str
) -> None:
    office.drop_in(
        (
            f"From: {address}\r\nSubject: Paper\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
            "Counterparty: Romashka\r\nAmount: 100.00 EUR\r\nPay date: 2026-12-15\r\n"
            '--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n\r\n%PDF\r\n'
            "--b--\r\n"
        ).encode()
    )
    office.work()
    invoice = office.invoice()
    assert [(s.approver, s.status) for s in invoice.steps] == [
        ("olga@example.com", StepStatus.SKIPPED),
        ("director@example.com", StepStatus.ASKED),
    ]


def test_a_reference_that_is_still_good_stands_nowhere_in_the_database_and_in_no_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    office.submit()
    request = office.gets("olga")
    office.drop_in(
        f"From: olga@example.com\r\nSubject: {request.subject}\r\nMessage-ID: <q@x>\r\n\r\nвопрос\r\n".encode()
    )
    office.work()
    (token,) = re.findall(r"#([0-9a-z]{10})\b", request.subject)
    with closing(sqlite3.connect(office.folder / "mailflow.db")) as connection:
        rows = {
            table: connection.execute(f"SELECT * FROM {table}").fetchall()
            for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        }
    assert rows["reference"]
    assert rows["raw_mail"], "the mails of people are kept as they came, and quote it"
    found = [table for table, lines in rows.items() if table not in ("raw_mail", "inbox") and token in repr(lines)]
    assert found == []
    assert token not in caplog.text


def test_whoever_decides_or_pays_is_warned_of_a_counterparty_that_looks_like_another(open_office: OPEN) -> None:
    office = open_office(sequence="olga@example.com")
    office.submit()
    assert "похоже" not in office.gets("olga").text
    office.submit(Контрагент="ромашка, ООО", Сумма="7 руб.")
    assert "похоже" not in office.gets("olga").text, "the same name, written another way"
    office.submit(Контрагент="ООО «Рoмaшкa»", Сумма="8 руб.")
    request = office.gets("olga")
    assert "похоже на «" in request.text
    assert "INV-2026-000" in request.text
    office.olga.reply(request, "СОГЛАСОВАНО")
    office.work()
    assert "похоже на «" in office.gets("buh", "Оплатить счёт").text
