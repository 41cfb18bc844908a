"""A month and a half of the demo's company, as its mailflow would remember it: invoices at every stage.

Decided by the process itself, at moments of its own, without mail servers: the same every time.
"""

from __future__ import annotations

import hashlib
from calendar import SATURDAY
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from mailflow.approval.answering import record_answer
from mailflow.approval.company import Company, Person, UnpaidMovesTo
from mailflow.approval.decision import (
    Answer,
    Approve,
    Command,
    Delegate,
    Paid,
    Postpone,
    Question,
    Reading,
    Reject,
    Withdraw,
)
from mailflow.approval.effects import Outcome
from mailflow.approval.invoice import Invoice
from mailflow.approval.money import Money
from mailflow.approval.opening import open_invoice
from mailflow.approval.paying import move_unpaid
from mailflow.approval.reference import Asks, Reference
from mailflow.approval.route_entry import RouteEntry
from mailflow.approval.rsvp import CalendarReply, record_rsvp
from mailflow.approval.submission import Attachment, Form, RouteKind
from mailflow.jobs.outgoing import Outgoing
from mailflow.office.papers import Line, invoice_pdf
from mailflow.office.staff import ADMINISTRATOR, ANNA, DANIEL, FINANCE, IVAN, MARIA, OLGA, PEOPLE, TIMEZONE
from mailflow.store.engine import Store

TODAY = date(2026, 12, 16)
"""The day on which the books are looked at."""

_AWAY = Delegate(ADMINISTRATOR.address)
_FILE_KINDS = "application/pdf"


@dataclass(frozen=True)
class Told:
    """One invoice's story: what came, when (days before TODAY), when it is to be paid, and who answered what."""

    submitter: str
    title: str
    counterparty: str
    amount: str
    came: int
    pay_in: int
    answers: tuple[tuple[str, Command], ...] = ()
    comment: str = ""
    accepted: tuple[str, ...] = ()


_YES = Approve("")
_BOTH = ((OLGA.address, _YES), (DANIEL.address, _YES))


def _paid(reference: str) -> tuple[tuple[str, Command], ...]:
    return (*_BOTH, (ANNA.address, Paid(reference)))


_STORIES = (
    Told(IVAN.address, "Аренда офиса, ноябрь", "ООО «Бизнес-парк Заречье»", "412000 RUB", 34, -22, _paid("ПП 381")),
    Told(MARIA.address, "Cloud hosting, November", "Nimbus Hosting GmbH", "1840.00 EUR", 30, -19, _paid("SEPA 90714")),
    Told(IVAN.address, "Картриджи и бумага", "ООО «Ромашка»", "38750.40 RUB", 29, -16, _paid("ПП 402")),
    Told(MARIA.address, "Trade fair stand, deposit", "Expo Leipzig AG", "6200.00 EUR", 27, -15, _paid("SEPA 90802")),
    Told(IVAN.address, "Ремонт кондиционеров", "ИП Климов А. С.", "96400 RUB", 25, -13, _paid("ПП 417")),
    Told(MARIA.address, "Translation of the catalogue", "Lingua Studio Ltd", "940.00 GBP", 24, -12, _paid("90855")),
    Told(
        IVAN.address,
        "Новогодние подарки",
        "ООО «Сладкий дом»",
        "184300 RUB",
        22,
        -9,
        ((OLGA.address, Reject("Нет сметы.\nНе указан адрес доставки.")),),
    ),
    Told(IVAN.address, "Интернет и телефония, ноябрь", "ПАО «Связь-Регион»", "27480.55 RUB", 20, -8, _paid("ПП 431")),
    Told(MARIA.address, "Design of the new packaging", "Studio Halvor AS", "3475.00 EUR", 19, -7, _paid("SEPA 90944")),
    Told(IVAN.address, "Аренда офиса, декабрь", "ООО «Бизнес-парк Заречье»", "412000 RUB", 16, -6, _paid("ПП 446")),
    Told(
        MARIA.address,
        "Server licences",
        "Northwind Software Ltd",
        "12480.00 EUR",
        15,
        -2,
        _BOTH,
        "Three years, paid once.",
    ),
    Told(
        IVAN.address,
        "Доставка оборудования",
        "ООО «Вектор-Логистик»",
        "68900 RUB",
        14,
        -1,
        _BOTH,
        accepted=(ANNA.address,),
    ),
    Told(
        IVAN.address,
        "Обслуживание лифтов",
        "ООО «Подъём-Сервис»",
        "54120 RUB",
        13,
        0,
        _BOTH,
        accepted=(ANNA.address, IVAN.address),
    ),
    Told(
        MARIA.address,
        "Trade fair stand, balance",
        "Expo Leipzig AG",
        "9300.00 EUR",
        12,
        0,
        (*_BOTH,),
        "The stand is built on the 20th.",
        (MARIA.address, ANNA.address),
    ),
    Told(IVAN.address, "Электроэнергия, ноябрь", "АО «Городские сети»", "143905.18 RUB", 11, -4, _paid("ПП 458")),
    Told(
        MARIA.address,
        "Photographs for the catalogue",
        "Lumen Photo Ltd",
        "1150.00 GBP",
        10,
        6,
        ((MARIA.address, Withdraw("")),),
    ),
    Told(IVAN.address, "Страхование грузов", "АО «Надёжный полис»", "72600 RUB", 9, 2, _BOTH, accepted=(ANNA.address,)),
    Told(
        IVAN.address,
        "Мебель для переговорной",
        "ООО «Ёлка и дуб»",
        "236500 RUB",
        8,
        5,
        (
            (OLGA.address, Question("Почему не стандартный стол?")),
            (OLGA.address, Approve("Договорились, берём.")),
            (DANIEL.address, _YES),
        ),
        "Стол на 12 человек и стулья; старые списаны.",
        (ANNA.address, IVAN.address),
    ),
    Told(
        MARIA.address,
        "Cloud hosting, December",
        "Nimbus Hosting GmbH",
        "1840.00 EUR",
        7,
        5,
        _BOTH,
        accepted=(ANNA.address,),
    ),
    Told(MARIA.address, "Annual audit, first part", "Keller & Roth WPG", "7500.00 EUR", 7, 12, _BOTH),
    Told(
        IVAN.address,
        "Спецодежда",
        "ООО «Рабочий стиль»",
        "89140 RUB",
        6,
        6,
        (*_BOTH, (ANNA.address, Postpone(TODAY + timedelta(days=8)))),
        accepted=(IVAN.address,),
    ),
    Told(IVAN.address, "Охрана, IV квартал", "ООО ЧОП «Щит»", "165000 RUB", 5, 9, _BOTH, accepted=(ANNA.address,)),
    Told(
        MARIA.address,
        "Flights and hotel, Leipzig",
        "Reisebüro Adler",
        "2318.70 EUR",
        4,
        2,
        ((OLGA.address, Approve("Within the budget.")),),
    ),
    Told(IVAN.address, "Уборка снега, декабрь", "ИП Сугробов Д. В.", "47500 RUB", 3, 7, ((OLGA.address, _YES),)),
    Told(MARIA.address, "Newsletter tool, a year", "Postbird Inc.", "1188.00 USD", 2, 12, ((OLGA.address, _AWAY),)),
    Told(IVAN.address, "Запчасти для погрузчика", "ООО «Техснаб»", "58230 RUB", 1, 8),
    Told(MARIA.address, "Christmas party, catering", "Küche & Co. GmbH", "2960.00 EUR", 1, 4),
    Told(IVAN.address, "Счёт за воду", "", "", 0, 0),
)


def write_books(store: Store, outgoing: Outgoing) -> None:
    """Puts every story into an empty database, in the order of what happened."""
    company = outgoing.company
    for index, told in enumerate(_STORIES, start=1):
        _write(store, outgoing, company, told, index)


def _write(store: Store, outgoing: Outgoing, company: Company, told: Told, index: int) -> None:
    at = datetime.combine(TODAY - timedelta(days=told.came), time(9, 5 + index % 40), company.timezone)
    with store.begin() as uow:
        number = uow.invoices.next_number(at.year)
        file = _file(told, index, at.date())
        attachments = (Attachment(file[0], _FILE_KINDS, len(file[1]), uow.files.keep(file[1])),) if file else ()
        outcome = open_invoice(number, told.submitter, told.title, _form(told), attachments, None, company, at)

        def keep(outcome: Outcome) -> Invoice:
            return outgoing.record(uow, outcome, None, at)

        invoice = outgoing.open(uow, outcome, None, at)
        for step, (person, command) in enumerate(told.answers):
            at = _answered_at(at, step, told, command)
            invoice = keep(
                record_answer(invoice, _asked(invoice, person), _answer(person, command, invoice), None, company, at)
            )
        for attendee in told.accepted:
            at += timedelta(minutes=17)
            [invite] = [i for i in invoice.invites if i.attendee == attendee]
            reply = CalendarReply(invite.uid, attendee, attendee, "ACCEPTED", invite.sequence, at)
            invoice = keep(record_rsvp(invoice, reply))
        while invoice.payment and invoice.payment.due < TODAY:
            at = datetime.combine(invoice.payment.due + timedelta(days=1), time(0, 1), company.timezone)
            moved = move_unpaid(invoice, company, at)
            if moved is None:
                break
            invoice = keep(moved)
        uow.commit()


def _form(told: Told) -> Form:
    if not told.amount:
        return Form(comment=told.comment or None)
    amount, currency = told.amount.split()
    return Form(
        counterparty=told.counterparty,
        amount=Money(Decimal(amount), currency),
        pay_date=TODAY + timedelta(days=told.pay_in),
        comment=told.comment or None,
    )


def _file(told: Told, index: int, issued: date) -> tuple[str, bytes] | None:
    if not told.amount:
        return None
    amount, currency = told.amount.split()
    lines = [Line(told.title, 1, Decimal(amount))]
    paper = invoice_pdf(str(1000 + index * 7), told.counterparty, "Lutik Ltd", issued, lines, currency)
    return paper.filename, paper.content


def _answered_at(at: datetime, step: int, told: Told, command: Command) -> datetime:
    """Approvers answer the same or the next day, the accountant pays on the day."""
    if isinstance(command, Paid):
        day = TODAY + timedelta(days=told.pay_in)
        return max(at, datetime.combine(day, time(10, 12 + step), at.tzinfo))
    return at + timedelta(hours=1 + step * 2, minutes=13 * (step + 1))


def _asked(invoice: Invoice, person: str) -> Reference:
    asks = Asks.PAYMENT if person == invoice.accountant else Asks.APPROVAL
    step = invoice.asked_step if asks is Asks.APPROVAL else None
    token = hashlib.sha256(f"{invoice.number} {person}".encode()).hexdigest()[:10]
    return Reference(token, invoice.number, invoice.revision, asks, person, invoice.digest, step)


def _answer(person: str, command: Command, invoice: Invoice) -> Answer:
    line = type(command).__name__.upper()
    return Answer(person, Reading(command, line, line))


def company_of_the_books(language: str = "en") -> Company:
    """The demo's company, without any server."""
    return Company(
        mailbox=FINANCE.address,
        administrator=ADMINISTRATOR.address,
        accountant=ANNA.address,
        language=language,
        timezone=ZoneInfo(TIMEZONE),
        submitters=("@example.com",),
        sequence=(RouteEntry(OLGA.address), RouteEntry(DANIEL.address)),
        default_route=RouteKind.SEQUENTIAL,
        remind_after=timedelta(hours=24),
        unpaid_moves_to=UnpaidMovesTo.NEXT_DAY,
        is_working_day=lambda day: day.weekday() < SATURDAY,
        people={p.address: Person(p.address, p.name, p.language, p.manager) for p in PEOPLE},
        name="Lutik Ltd",
    )
