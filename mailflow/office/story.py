"""Four days of a company, played by people over real IMAP and SMTP.

One invoice is approved and paid late; one is completed, asked about, rejected, corrected and paid; two are still
under way at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal

from mailflow.office.narrator import Narrator, day_words
from mailflow.office.papers import Line, Paper, invoice_pdf
from mailflow.office.person import Person
from mailflow.office.received import ReceivedMail

DAYS = 4


def story_monday(today: date) -> date:
    """The Monday of the last week whose first four days are over."""
    last_day = today - timedelta(days=1)
    return last_day - timedelta(days=(last_day.weekday() - (DAYS - 1)) % 7 + DAYS - 1)


class StoryClock:
    """The time of the story; `at` moves it."""

    def __init__(self, monday: date, zone: tzinfo) -> None:
        self.monday = monday
        self.zone = zone
        self._now = datetime.combine(monday, time(9), zone)

    def __call__(self) -> datetime:
        """The moment that the story has reached."""
        return self._now

    def at(self, day: int, hour: int, minute: int = 0) -> None:
        """Moves to a time of the story's day, Monday is 0."""
        self._now = datetime.combine(self.day(day), time(hour, minute), self.zone)

    def later(self, minutes: int = 15) -> None:
        """Moves on within the day."""
        self._now += timedelta(minutes=minutes)

    def day(self, number: int) -> date:
        """The date of the story's day, Monday is 0."""
        return self.monday + timedelta(days=number)


@dataclass(frozen=True)
class Cast:
    """Who plays."""

    ivan: Person
    maria: Person
    olga: Person
    daniel: Person
    anna: Person


@dataclass(frozen=True)
class Story:
    """The four days.

    `run_pass` lets mailflow work once, at the clock's time, and tells the mails it wrote; `complete_task` is what the
    accountant does in the portal with the task of an invoice.
    """

    people: Cast
    clock: StoryClock
    narrator: Narrator
    run_pass: Callable[[], None]
    complete_task: Callable[[str], None]

    def play(self) -> None:
        """All scenes, in order. Raises NobodyWrote where a mail that belongs to the story does not come."""
        clock, narrator = self.clock, self.narrator
        narrator.scene(f"{day_words(clock.day(0))}: Ivan has an invoice for paper; both approvers agree")
        paper = self._paper_is_approved()
        narrator.scene(f"{day_words(clock.day(0))}: Maria's mail lacks the pay date; Olga asks; Daniel refuses")
        hosting = self._hosting_is_rejected()
        narrator.scene(f"{day_words(clock.day(1))}: Maria corrects it; revision 2 is approved")
        self._hosting_is_corrected(hosting)
        narrator.scene(f"{day_words(clock.day(2))}: Ivan's invoice was due yesterday, and nobody has paid it")
        self._paper_is_paid_late(paper)
        narrator.scene(f"{day_words(clock.day(3))}: Maria's invoice is paid in time; two more are under way")
        self._hosting_is_paid(hosting)
        self._two_are_under_way(paper, hosting)

    def _paper_is_approved(self) -> str:
        ivan, olga, daniel, anna = self.people.ivan, self.people.olga, self.people.daniel, self.people.anna
        self.clock.at(0, 9)
        lines = [Line("Office paper A4, 500 sheets", 50, Decimal("2500.00"))]
        ivan.submit(
            "Бумага для офиса",
            "Прошу оплатить.\n\n"
            "Контрагент: ООО «Ромашка»\n"
            "Сумма: 125 000,00 руб.\n"
            f"Дата оплаты: {self.clock.day(1):%d.%m.%Y}\n"
            "Комментарий: запас бумаги на квартал\n"
            "Тип согласования: последовательное\n\n"
            "С уважением,\nИван Петров\n",
            [self._invoice("118", "ООО «Ромашка»", lines, "RUB", "40702810900000012345, BIK 044525225")],
        )
        self.run_pass()
        number = _number(ivan.wait_for(_about_an_invoice))
        self._move(30, lambda: olga.press(olga.wait_for(_offers("СОГЛАСОВАНО", number)), "СОГЛАСОВАНО"))
        self._move(25, lambda: daniel.reply(daniel.wait_for(_offers("APPROVE", number)), "Looks fine, I think"))
        self._move(5, lambda: daniel.press(daniel.wait_for(_offers("APPROVE", number)), "APPROVE"))
        self._move(10, lambda: anna.rsvp(anna.wait_for(_invites(number)), "ACCEPTED"))
        return number

    def _hosting_is_rejected(self) -> str:
        maria, olga, daniel = self.people.maria, self.people.olga, self.people.daniel
        self.clock.at(0, 11)
        lines = [Line("Cloud servers, November", 1, Decimal("1280.00")), Line("October", 1, Decimal("200.00"))]
        maria.submit(
            "Cloud servers",
            "Counterparty: Nimbus Hosting GmbH\nAmount: EUR 1,480.00\nComment: the servers of our web shop\n",
            [self._invoice("NH-2041", "Nimbus Hosting GmbH", lines, "EUR", "DE89 3704 0044 0532 0130 00")],
        )
        self.run_pass()
        incomplete = maria.wait_for(_about_an_invoice)
        number = _number(incomplete)
        self._move(10, lambda: maria.reply(incomplete, f"Pay date: {self.clock.day(3):%d.%m.%Y}"))
        request = olga.wait_for(_offers("СОГЛАСОВАНО", number))
        self._move(20, lambda: olga.press(request, "ВОПРОС", "на какой срок договор?"))
        question = maria.wait_for(lambda mail: mail.number == number and "на какой срок" in mail.text)
        self._move(15, lambda: maria.reply(question, "Until the end of next year, at the same price."))
        self._move(15, lambda: olga.press(olga.wait_for(_offers("СОГЛАСОВАНО", number)), "СОГЛАСОВАНО"))
        why = "October was paid already; the contract number is missing"
        self._move(90, lambda: daniel.press(daniel.wait_for(_offers("REJECT", number)), "REJECT", why))
        return number

    def _hosting_is_corrected(self, number: str) -> None:
        maria, olga, daniel, anna = self.people.maria, self.people.olga, self.people.daniel, self.people.anna
        self.clock.at(1, 9, 30)
        lines = [Line("Cloud servers, November, contract 17/26", 1, Decimal("1280.00"))]
        corrected = self._invoice("NH-2041-2", "Nimbus Hosting GmbH", lines, "EUR", "DE89 3704 0044 0532 0130 00")
        errors = maria.wait_for(lambda mail: mail.number == number and "October was paid already" in mail.text)
        maria.reply(errors, "Amount: EUR 1,280.00\nComment: November only, contract 17/26", [corrected])
        self.run_pass()
        self._move(20, lambda: olga.press(olga.wait_for(_offers("СОГЛАСОВАНО", number)), "СОГЛАСОВАНО"))
        request = daniel.wait_for(_offers("APPROVE", number))
        self._move(40, lambda: daniel.reply(request, "APPROVED, thank you for the quick correction"))
        self._move(20, lambda: anna.rsvp(anna.wait_for(_invites(number)), "ACCEPTED"))

    def _paper_is_paid_late(self, number: str) -> None:
        anna = self.people.anna
        self.clock.at(2, 0, 5)
        self.narrator.remark("Tuesday is over and nobody has paid. The payment moves by one day, in both calendars.")
        self.run_pass()
        moved = anna.wait_for(lambda mail: _invites(number)(mail) and mail.event_day == self.clock.day(2))
        self.clock.at(2, 10, 10)
        anna.press(moved, "ОПЛАЧЕНО", "платёжное поручение 4711")
        self.run_pass()

    def _hosting_is_paid(self, number: str) -> None:
        """In the portal: whoever works there need not write a mail."""
        self.clock.at(3, 10, 30)
        self.narrator.remark("Anna pays it and completes the task “Pay invoice” in Bitrix24, instead of answering.")
        self.complete_task(number)
        self.run_pass()

    def _two_are_under_way(self, *earlier: str) -> None:
        """Chairs, approved for next week, and a trade fair that waits for Olga."""
        ivan, maria, olga, daniel = self.people.ivan, self.people.maria, self.people.olga, self.people.daniel
        self.clock.at(3, 11)
        lines = [Line("Office chair", 4, Decimal("18450.00"))]
        ivan.submit(
            "Кресла для переговорной",
            f"Контрагент: ИП Кузнецов\nСумма: 73 800 руб.\nДата оплаты: {self.clock.day(10):%d.%m.%Y}\n"
            "Тип согласования: по иерархии\n",
            [self._invoice("56", "ИП Кузнецов", lines, "RUB")],
        )
        self.run_pass()
        number = _number(ivan.wait_for(lambda mail: mail.number not in (None, *earlier)))
        request = olga.wait_for(_offers("СОГЛАСОВАНО", number))
        self._move(45, lambda: olga.reply(request, "Согласовано, старые уже разваливаются"))
        self._move(30, lambda: daniel.press(daniel.wait_for(_offers("APPROVE", number)), "APPROVE"))
        lines = [Line("Stand of 12 square metres, deposit", 1, Decimal("3600.00"))]
        stand = self._invoice("TF-77", "Messe Berlin GmbH", lines, "EUR")
        body = f"Counterparty: Messe Berlin GmbH\nAmount: 3600 EUR\nPay date: {self.clock.day(14):%d.%m.%Y}\n"
        self._move(15, lambda: maria.submit("Our stand at the trade fair", body, [stand]))

    def _move(self, minutes: int, act: Callable[[], object]) -> None:
        """Some minutes later somebody does something, and mailflow reads it."""
        self.clock.later(minutes)
        act()
        self.run_pass()

    def _invoice(self, number: str, supplier: str, lines: list[Line], currency: str, account: str = "") -> Paper:
        return invoice_pdf(number, supplier, "Lutik Ltd", self.clock().date(), lines, currency, account)


def _about_an_invoice(mail: ReceivedMail) -> bool:
    return mail.number is not None


def _offers(answer: str, number: str) -> Callable[[ReceivedMail], bool]:
    return lambda mail: mail.number == number and mail.offers(answer)


def _invites(number: str) -> Callable[[ReceivedMail], bool]:
    return lambda mail: mail.number == number and mail.method == "REQUEST"


def _number(mail: ReceivedMail) -> str:
    return mail.number or ""
