"""What people get in the morning: the accountant's summary, the approver's digest that one reply answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from mailflow import working_days
from mailflow.approval import digest
from mailflow.approval.wording import KEYWORDS
from mailflow.jobs.verification import verify
from mailflow.office.received import ReceivedMail
from tests.stories.conftest import Office

NIGHT = datetime(2026, 12, 2, 5, 0, tzinfo=UTC)  # 8:00 in Moscow


def with_mornings(office: Office, wish: str = "true") -> Office:
    office.digest = wish
    office.restart()
    return office


def summaries(office: Office) -> list[ReceivedMail]:
    return [mail for mail in office.mails("buh") if "Платежи" in mail.subject]


def approved(office: Office, **lines: str) -> None:
    office.submit(**lines)
    office.olga.reply(office.gets("olga", "Согласуйте"), "СОГЛАСОВАНО")
    office.work()


def test_the_accountant_gets_one_summary_in_the_morning_whatever_restarts(open_office: Callable[..., Office]) -> None:
    office = with_mornings(open_office(sequence="olga@example.com"))
    approved(office, **{"Дата оплаты": "02.12.2026"})
    approved(office, **{"Дата оплаты": "05.12.2026", "Сумма": "980,50 EUR"})
    office.now = NIGHT
    office.work(minutes=20)
    assert summaries(office) == []
    office.work(minutes=20)
    office.restart()
    office.work()
    office.now -= timedelta(hours=1)
    office.work(hours=3)
    (mail,) = summaries(office)
    assert mail.subject.endswith("сегодня 1, в ближайшие семь дней 1")
    assert "INV-2026-0001" in mail.text
    assert "125 000,00 ₽" in mail.text.replace("\xa0", " ")
    office.work(hours=23)
    assert summaries(office)[-1].subject.endswith("Платежи: просрочено 1, в ближайшие семь дней 1")


def test_there_is_no_summary_of_nothing_none_for_whoever_wants_none(open_office: Callable[..., Office]) -> None:
    office = with_mornings(open_office(sequence="olga@example.com"))
    office.submit()
    office.now = NIGHT
    office.work(hours=2)
    assert office.mails("buh") == []
    office.olga.reply(office.gets("olga", "Согласуйте"), "СОГЛАСОВАНО")
    with_mornings(office, "false")
    office.now += timedelta(days=1)
    office.work()
    assert summaries(office) == []


def test_whether_today_is_a_day_off_is_asked_once_there_is_something_to_tell(
    open_office: Callable[..., Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    office = with_mornings(open_office(sequence="olga@example.com"))
    asked: list[str] = []
    calendar = working_days._calendar
    monkeypatch.setattr(working_days, "_calendar", lambda country: asked.append(country) or calendar(country))
    office.now = NIGHT
    office.work(hours=1)
    assert not asked
    office.now -= timedelta(hours=1)
    approved(office, **{"Дата оплаты": "02.12.2026"})
    office.restart()
    office.work(hours=25)
    assert asked
    assert len(summaries(office)) == 1
    office.restart()
    asked.clear()
    office.work(hours=1)
    assert not asked


def test_on_a_holiday_nobody_gets_a_summary(open_office: Callable[..., Office]) -> None:
    office = with_mornings(open_office(sequence="olga@example.com", more="holidays: {extra_holidays: [2026-12-02]}"))
    approved(office, **{"Дата оплаты": "02.12.2026"})
    office.now = NIGHT
    office.work(hours=2)
    assert summaries(office) == []
    office.work(days=1)
    assert len(summaries(office)) == 1


def test_an_answer_to_the_summary_pays_nothing_and_is_explained(open_office: Callable[..., Office]) -> None:
    office = with_mornings(open_office(sequence="olga@example.com"))
    approved(office, **{"Дата оплаты": "02.12.2026"})
    office.now = NIGHT
    office.work(hours=1)
    office.buh.reply(office.gets("buh", "Платежи"), "ОПЛАЧЕНО")
    office.work()
    assert office.invoice().status == "to_pay"
    assert office.gets("buh", "ничего не изменило")


def three_wait(office: Office) -> None:
    for _ in range(3):
        office.submit()
    office.now = NIGHT
    office.work(hours=1)


def stands(office: Office) -> list[str]:
    return [invoice.status.value for invoice in office.invoices()]


def test_one_reply_answers_the_digest_line_by_line_and_one_mail_says_what_came_of_each(
    open_office: Callable[..., Office],
) -> None:
    office = with_mornings(open_office(sequence="director@example.com"))
    three_wait(office)
    digest = office.gets("director", "3 invoices wait")
    assert [f"{n}. ООО «Ромашка»" in digest.text for n in (1, 2, 3, 4)] == [True, True, True, False]
    before = len(office.mails("director"))
    office.director.reply(digest, "1 APPROVE\n2 REJECT: no contract\n3 perhaps")
    office.work()
    assert stands(office) == ["to_pay", "rejected", "in_approval"]
    assert len(office.mails("director")) == before + 1
    told = office.gets("director", "2 of 3 lines taken")
    assert "Your approval is recorded" in told.text
    assert "does not begin with one of the words that count" in told.text
    office.work()
    for number in ("INV-2026-0001", "INV-2026-0002", "INV-2026-0003"):
        with office.mailflow.store.begin() as uow:
            assert verify(uow, number, KEYWORDS, office.mailflow.company.timezone).problems == ()

    office.director.reply(digest, "1-3 APPROVE\n7-99 APPROVE")
    office.work()
    assert stands(office) == ["to_pay", "rejected", "to_pay"]
    told = office.gets("director", "1 of 4 lines taken")
    assert "decided already by you" in told.text
    assert "No request of that mail has this number" in told.text


def test_a_request_that_was_corrected_since_the_digest_refuses_its_line_alone(
    open_office: Callable[..., Office],
) -> None:
    office = with_mornings(open_office(sequence="director@example.com"))
    three_wait(office)
    digest = office.gets("director", "3 invoices wait")
    office.ivan.reply(office.gets("ivan", "INV-2026-0002"), "Сумма: 999 руб.")
    office.work()
    office.director.reply(digest, "1-3 APPROVE")
    office.work()
    assert stands(office) == ["to_pay", "in_approval", "to_pay"]
    assert "The invoice has changed since that mail was sent" in office.gets("director", "2 of 3").text


def test_two_mailflows_that_wake_at_the_same_hour_send_one_digest(open_office: Callable[..., Office]) -> None:
    office = with_mornings(open_office(sequence="director@example.com"))
    three_wait(office)
    first = office.mailflow
    office.now += timedelta(days=1)
    first.whole_pass.daily_mails.run_once(office.now)
    office.restart()
    assert office.mailflow.whole_pass.daily_mails.run_once(office.now) == 0
    office.work()
    assert len([mail for mail in office.mails("director") if "3 invoices wait" in mail.subject]) == 2
    first.close()


def test_there_is_no_digest_of_a_single_request(open_office: Callable[..., Office]) -> None:
    office = with_mornings(open_office(sequence="director@example.com"))
    office.submit()
    office.now = NIGHT
    office.work(hours=1)
    assert [mail for mail in office.mails("director") if "wait" in mail.subject] == []


def test_whoever_wants_the_digest_alone_gets_no_single_request_and_the_files_with_it(
    open_office: Callable[..., Office],
) -> None:
    office = with_mornings(open_office(sequence="director@example.com"))
    known = 'name: "Dmitry Orlov", language: en'
    office.restart_with(lambda text: text.replace(known, f"{known}, digest: only"))
    office.submit()
    assert office.mails("director") == []
    office.now = NIGHT
    office.work(hours=1)
    (digest,) = office.mails("director")
    assert [file.filename for file in digest.files] == ["1 счёт.pdf"]
    office.director.reply(digest, "1 APPROVE")
    office.work()
    assert stands(office) == ["to_pay"]


def test_of_more_files_than_a_mail_may_hold_there_are_several_digests_each_with_numbers_of_its_own(
    open_office: Callable[..., Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "MOST_BYTES", 1)
    office = with_mornings(open_office(sequence="director@example.com"))
    known = 'name: "Dmitry Orlov", language: en'

    def begins_anew() -> None:
        office.restart_with(lambda text: text.replace(known, f"{known}, digest: only"))

    begins_anew()
    office.submit()
    office.submit()
    office.now = NIGHT
    office.work(hours=1)
    begins_anew()
    office.work()
    assert len(office.mails("director")) == 2
    (second,) = (mail for mail in office.mails("director") if "INV-2026-0002" in mail.text)
    office.director.reply(second, "1 REJECT: no contract")
    office.work()
    assert stands(office) == ["in_approval", "rejected"]


def test_a_line_can_be_taken_back_while_its_decision_is_on_hold(open_office: Callable[..., Office]) -> None:
    office = with_mornings(open_office(sequence="director@example.com", approval="hold_minutes: 30"))
    three_wait(office)
    office.director.reply(office.gets("director", "3 invoices wait"), "1-2 APPROVE")
    office.work()
    told = office.gets("director", "2 of 2 lines taken")
    assert "reply with the word 2 UNDO" in told.text
    office.director.reply(told, "2 UNDO\n1 APPROVE")
    office.work(minutes=40)
    assert stands(office) == ["to_pay", "in_approval", "in_approval"]


def test_only_the_one_who_got_the_digest_can_answer_it_and_is_asked_where_another_did(
    open_office: Callable[..., Office],
) -> None:
    office = with_mornings(open_office(sequence="director@example.com"))
    three_wait(office)
    digest = office.gets("director", "3 invoices wait")
    office.olga.reply(digest, "1-3 СОГЛАСОВАНО")
    office.work()
    assert stands(office) == ["in_approval"] * 3
    assert office.gets("olga", "ничего не изменило")
    assert len([mail for mail in office.mails("director") if "Was this answer yours" in mail.subject]) == 3


def test_an_answer_without_numbers_is_explained_and_help_is_helped(open_office: Callable[..., Office]) -> None:
    office = with_mornings(open_office(sequence="director@example.com"))
    three_wait(office)
    digest = office.gets("director", "3 invoices wait")
    office.director.reply(digest, "sounds good to me")
    office.director.reply(digest, "HELP")
    office.work()
    assert stands(office) == ["in_approval"] * 3
    assert "begins with the number of a request" in "".join(m.text for m in office.mails("director"))


def test_an_absence_that_a_machine_tells_of_hands_on_each_request_of_the_digest(
    open_office: Callable[..., Office],
) -> None:
    office = with_mornings(open_office(sequence="vera@example.com"))
    three_wait(office)
    digest = office.gets("vera", "3 invoices wait")
    away = EmailMessage()
    away["From"], away["To"], away["Subject"] = "vera@example.com", "finance@example.com", "Automatic reply: away"
    away["In-Reply-To"], away["Auto-Submitted"] = digest.message_id, "auto-replied"
    away.set_content("I am out of office until Monday.")
    office.send_raw(away, "vera@example.com")
    office.work()
    assert {invoice.steps[1].approver for invoice in office.invoices()} == {"petr@example.com"}


def test_a_digest_that_does_not_arrive_marks_each_of_its_invoices(open_office: Callable[..., Office]) -> None:
    office = with_mornings(open_office(sequence="gone@example.com"))
    known = 'name: "Gone", language: en'
    office.restart_with(lambda text: text.replace(known, f"{known}, digest: only"))
    for _ in range(2):
        office.submit()
    assert [invoice.warnings for invoice in office.invoices()] == [(), ()]
    office.now = NIGHT
    office.work(hours=1)
    assert [warning.code for invoice in office.invoices() for warning in invoice.warnings] == ["not_delivered"] * 2
