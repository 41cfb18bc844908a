"""Invoices and mails that never were: what templates are tried on before a real mail needs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from mailflow.approval.company import Company, Person, UnpaidMovesTo
from mailflow.approval.document import Facts, Origin, PaymentDetails
from mailflow.approval.effects import Invitation, InviteMethod, Mail, Message
from mailflow.approval.invoice import (
    Caution,
    Change,
    HandedOn,
    Invite,
    Invoice,
    Payment,
    Rejection,
    Repeat,
    Sameness,
    Step,
    StepStatus,
)
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import Money
from mailflow.approval.reference import Asks
from mailflow.approval.route_entry import ASKING, COMPARING, RouteEntry, Why
from mailflow.approval.submission import Attachment, Field, Form, Problem, RouteKind, Source
from mailflow.approval.wording import answered_in
from mailflow.outbound.context import Context, invitation_context, mail_context
from mailflow.outbound.payment_order import Payer
from mailflow.outbound.ready_to_pay import ReadyToPay, enclosed

TOKEN = "k7f3q9xwab"  # noqa: S105 - a sample's reference
NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
NUMBER = "INV-2026-0001"
SUBMITTER, FIRST, SECOND, ACCOUNTANT, ADMINISTRATOR, DEPUTY = (
    f"{name}@example.com" for name in ("ivan", "olga", "dmitry", "anna", "admin", "petr")
)

PROBLEM_CODES = (
    "missing", "unreadable", "ambiguous", "no_currency", "not_positive", "too_precise", "past", "two_values",
    "empty_file", "doubtful", "overdue", "several",
)  # fmt: skip
CAUTIONS = {
    "not_delivered": f"{SECOND} (550 5.1.1 no such user)",
    "payment_details_changed": "40702810900000001234 ≠ 40702810400000005678 (INV-2026-0000)",
    "amount_differs": "125000.00 RUB ≠ 125500.00 RUB",
    "counterparty_differs": "Romashka LLC ≠ ООО «Лютик»",
    "files_differ": "12.50 RUB ≠ 1250.00 RUB",
    "accounts_differ": "40702810900000001234 ≠ DE02120300000000202051",
    "file_unread": "scan.pdf",
    "payees_differ": "Muster GmbH ≠ Lily Ltd",
    "credit_note": "RE-17",
}
CHAIN_PROBLEMS = ("", "no_account", "two_accounts", "no_address", "second_approver", "conditions")
CONDITIONS: list[dict[str, object]] = [
    {"approver": SECOND, "is_asked": why in ASKING, "why": why.value, "limit": "100000 RUB" if why in COMPARING else ""}
    for why in Why
]
UNCLEAR_CODES = (
    "no_keyword", "both_keywords", "negation", "condition", "question", "mixed_script", "glued", "hidden_text",
    "parts_differ", "damaged_text", "empty", "reason_missing", "question_missing", "address_missing",
    "address_unknown", "address_decided", "address_submitter", "date_missing", "date_unreadable", "date_past",
    "nothing_new",
)  # fmt: skip
REFUSAL_CODES = (
    "already_decided", "replaced", "undone", "changed_since", "not_asked", "not_yet", "withdrawn", "rejected", "paid",
    "wrong_person", "own_invoice", "no_numbers", "on_hold", "nothing_to_undo",
    "unknown_reference", "no_reference", "not_for_you", "cannot_now", "not_authentic",
    "too_large",
)  # fmt: skip
TAKEN_CODES = (
    "approve", "reject", "question", "answer", "delegate", "withdraw", "paid", "postpone", "duplicate_ok",
    "completed", "corrected", "approve_on_hold", "reject_on_hold", "undo",
)  # fmt: skip


_RUSSIAN_DETAILS = PaymentDetails(
    "40702810138250123017", "044525225", "ПАО Сбербанк", "30101810400000000225", "7707083893", "773601001"
)
_EURO_DETAILS = PaymentDetails("DE89370400440532013000", "COBADEFFXXX", "Commerzbank")
READY_TO_PAY = ReadyToPay(
    qr=True,
    payer=Payer(
        "ООО «Вектор»",
        PaymentDetails(
            "40702810455000024248", "044030653", "ПАО Сбербанк", "30101810500000000653", "7802895380", "780201001"
        ),
    ),
)


@dataclass(frozen=True)
class Tongue:
    """What sample people write in one language."""

    names: tuple[str, ...]
    title: str
    counterparty: str
    comment: str
    filename: str
    reason: str
    remark: str
    question: str
    answer: str


_TONGUES = {
    "en": Tongue(
        ("Ivan Petrov", "Olga Smirnova", "Dmitry Orlov", "Anna Belova", "Nina Volkova", "Petr Kuznetsov"),
        "Office paper for December",
        "Romashka LLC",
        "120 packs for all three floors, the stock lasts until Friday.",
        "invoice-1042.pdf",
        "The contract is missing.\nVAT is not shown on the invoice.",
        "Within the budget, go ahead.",
        "Why this supplier and not the one of last year?",
        "They deliver within a day, and the price is 4% lower.",
    ),
    "ru": Tongue(
        ("Иван Петров", "Ольга Смирнова", "Дмитрий Орлов", "Анна Белова", "Нина Волкова", "Пётр Кузнецов"),
        "Бумага для офиса на декабрь",
        "ООО «Ромашка»",
        "120 пачек на все три этажа, запас кончится в пятницу.",
        "счёт-1042.pdf",
        "Нет договора.\nВ счёте не выделен НДС.",
        "В пределах бюджета.",
        "Почему этот поставщик, а не прошлогодний?",
        "Они привозят за день, и цена на 4% ниже.",
    ),
}


COMPANY = Company(
    mailbox="finance@example.com",
    administrator=ADMINISTRATOR,
    accountant=ACCOUNTANT,
    language="en",
    timezone=UTC,
    submitters=("@example.com",),
    sequence=(RouteEntry(FIRST), RouteEntry(SECOND)),
    default_route=RouteKind.SEQUENTIAL,
    remind_after=timedelta(hours=24),
    unpaid_moves_to=UnpaidMovesTo.NEXT_DAY,
    is_working_day=lambda day: True,
    people={},
)
"""Whose mails are shown where there are no settings yet."""


def _tongue(language: str) -> Tongue:
    return _TONGUES[answered_in(language)]


def sample_contexts(company: Company, languages: Iterable[str]) -> Iterator[tuple[str, str, Context]]:
    """Language, message and facts of every sample, with everything that may be there, and without it."""
    for language in languages:
        for full in (True, False):
            readers = sample_company(company, language, full)
            for mail in sample_mails(language, full):
                yield (
                    language,
                    mail.message.value,
                    mail_context(mail, TOKEN, NOW, readers, enclosed(mail, READY_TO_PAY)),
                )
            for invitation in sample_invitations(language, full):
                yield language, Message.INVITE.value, invitation_context(invitation, TOKEN, NOW, readers)


def sample_company(company: Company, language: str, full: bool = True) -> Company:
    """The company as it is, with sample people; without names where not `full`."""
    addresses = (SUBMITTER, FIRST, SECOND, ACCOUNTANT, ADMINISTRATOR, DEPUTY)
    names = _tongue(language).names if full else ("",) * len(addresses)
    people = {address: Person(address, name) for address, name in zip(addresses, names, strict=True)}
    return replace(company, language=language, people=people)


def sample_invoice(language: str, full: bool = True, status: Status = Status.IN_APPROVAL) -> Invoice:
    """An invoice in a status; `full`: with everything that may be there."""
    tongue = _tongue(language)
    files = (
        Attachment(tongue.filename, "application/pdf", 184_320, "a" * 64),
        Attachment("scan.jpg", "image/jpeg", 2_411_724, "b" * 64),
    )
    bare = Invoice(
        number=NUMBER,
        submitter=SUBMITTER,
        accountant=ACCOUNTANT,
        created_at=NOW,
        form=Form(tongue.title, tongue.counterparty, Money(Decimal("125000.00"), "RUB"), date(2026, 12, 15)),
        attachments=files[:1],
        steps=_steps(status, tongue.remark if full else ""),
        status=status,
        rejection=Rejection(SECOND, tongue.reason, NOW) if status is Status.REJECTED else None,
        payment=_payment(status, full),
        invites=_invites(status, full),
    )
    if not full:
        return bare
    labels = ("Prepayment", "Cost centre") if answered_in(language) == "en" else ("Предоплата", "Статья")
    return replace(
        bare,
        form=replace(bare.form, comment=tongue.comment, route=RouteKind.SEQUENTIAL, unknown_labels=labels),
        attachments=files,
        revision=2,
        sources={field: Source.SUBJECT if field is Field.TITLE else Source.LINE for field in Field},
        changes=(
            Change(Field.AMOUNT, "130000.00 RUB", "125000.00 RUB"),
            Change(Field.PAY_DATE, "2026-12-10", "2026-12-15"),
            Change(Field.COMMENT, "", tongue.comment),
            Change(Field.ROUTE, RouteKind.HIERARCHY.value, RouteKind.SEQUENTIAL.value),
            Change(Field.FILES, tongue.filename, tongue.filename),
        ),
        repeat=Repeat("INV-2026-0000", Status.PAID, tongue.remark),
        warnings=tuple(Caution(code, detail) for code, detail in CAUTIONS.items()),
        question=tongue.question,
    )


def sample_mails(language: str, full: bool = True) -> Iterator[Mail]:
    """Every message that mailflow writes but the invite, some in several situations."""
    yield from _opening_mails(language, full)
    yield from _approval_mails(language, full)
    yield from _answering_mails(language, full)
    yield from _payment_mails(language, full)
    yield from _other_mails(language, full)


def sample_invitations(language: str, full: bool = True) -> Iterator[Invitation]:
    """The invite to both, as it begins, is paid, and is cancelled."""
    for person in (ACCOUNTANT, SUBMITTER):
        for status, method in (
            (Status.TO_PAY, InviteMethod.REQUEST),
            (Status.PAID, InviteMethod.REQUEST),
            (Status.REJECTED, InviteMethod.CANCEL),
            (Status.WITHDRAWN, InviteMethod.CANCEL),
        ):
            yield Invitation(person, sample_invoice(language, full, status), method)


def _opening_mails(language: str, full: bool) -> Iterator[Mail]:
    tongue, invoice = _tongue(language), sample_invoice(language, full)
    waiting = replace(invoice, status=Status.INCOMPLETE, steps=())
    yield Mail(SUBMITTER, Message.INCOMPLETE, _lacking(waiting, full), Asks.COMPLETION)
    for code in PROBLEM_CODES:
        problems = tuple(Problem(field, code, "12,5 / 13" if full else "") for field in Field)
        yield Mail(
            SUBMITTER, Message.INCOMPLETE, replace(waiting, form=replace(waiting.form, problems=problems)),
            Asks.COMPLETION,
        )  # fmt: skip
    earlier = _line("INV-2026-0000", Status.PAID, tongue)
    for by in Sameness:
        repeated = replace(waiting, repeat=Repeat("INV-2026-0000", Status.PAID, by=by, also=("INV-2026-0009",)))
        yield Mail(SUBMITTER, Message.REPEATED, repeated, Asks.COMPLETION, extra={"earlier": earlier if full else None})
    for problem in CHAIN_PROBLEMS:
        notes = ["no head: D3", "own head: D5"] if full and not problem else []
        who = tongue.names[1] if problem else ""
        trouble = {"problem": problem, "who": who, "notes": notes, "by_portal": bool(problem or notes)}
        if problem == "conditions":
            trouble |= {"who": "", "by_portal": False, "conditions": CONDITIONS[1:]}
        yield Mail(SUBMITTER, Message.NO_APPROVER, waiting, Asks.COMPLETION, extra=trouble)
        yield Mail(ADMINISTRATOR, Message.NO_APPROVER, waiting, extra=trouble)
    yield Mail(SUBMITTER, Message.AWAITS_STRUCTURE, waiting)
    as_of = NOW.isoformat() if full else None
    conditions = {"conditions": CONDITIONS} if full else {}
    yield Mail(SUBMITTER, Message.ACKNOWLEDGEMENT, invoice, extra={"heads_as_of": as_of, **conditions})


def _approval_mails(language: str, full: bool) -> Iterator[Mail]:
    tongue, invoice = _tongue(language), sample_invoice(language, full)
    recent = [_line("INV-2026-0000", Status.PAID, tongue), _line("INV-2025-0417", Status.REJECTED, tongue)]
    alike = {"looks_like": {**recent[0], "counterparty": "Rornashka LLC"}} if full else {}
    request = {"recent": recent if full else [], **alike}
    for message in (Message.APPROVAL_REQUEST, Message.APPROVAL_REMINDER):
        for handed in HandedOn if full else (None,):
            instead = {"delegated_by": DEPUTY if handed else None, "handed_on": handed.value if handed else None}
            yield Mail(SECOND, message, invoice, Asks.APPROVAL, 2, {**request, **instead}, invoice.attachments)
    yield Mail(
        SUBMITTER, Message.QUESTION, invoice, Asks.ANSWER, 2, {"from": SECOND, "question": tongue.question},
        invoice.attachments[1:],
    )  # fmt: skip
    item: dict[str, object] = {
        "position": 1,
        "number": NUMBER,
        "revision": 1,
        "title": tongue.title,
        "counterparty": tongue.counterparty,
        "amount": "125000.00 RUB",
        "pay_date": "2026-12-15",
        "account": "40702810138250123017" if full else "",
        "submitter": SUBMITTER,
        "comment": tongue.comment if full else "",
        "asked_at": NOW.isoformat(),
        "approved_by": [FIRST] if full else [],
        "warnings": [{"code": code, "detail": detail} for code, detail in CAUTIONS.items()] if full else [],
        "repeats": {"number": "INV-2026-0000", "reason": tongue.reason} if full else None,
        "files": [tongue.filename],
    }
    items = [item, {**item, "position": 2, "warnings": [], "repeats": None, **alike}] if full else [item]
    digest = {"day": "2026-12-01", "items": items, "has_files": not full}
    yield Mail(SECOND, Message.APPROVAL_DIGEST, asks=Asks.DIGEST, extra=digest)
    about = {"number": NUMBER, "counterparty": tongue.counterparty, "amount": "125000.00 RUB", "line": tongue.remark}
    lines: list[dict[str, object]] = [{**about, "position": 1, "what": "approve", "text": "", "next": ACCOUNTANT}]
    if full:
        held = {"what": "approve_on_hold", "text": "", "next": None, "until": NOW.isoformat()}
        lines.append({**about, "position": 2, **held})
        for code in ("changed_since", "already_decided", "replaced"):
            lines.append({**about, "position": 3, "code": code, "by": FIRST, "at": NOW.isoformat()})
        lines.append({**about, "position": 4, "why": "condition"})
        lines.append({"line": tongue.remark, "position": 9, "why": "number_unknown"})
        lines.append({"line": tongue.remark, "why": "no_number"})
    yield Mail(SECOND, Message.DIGEST_TAKEN, extra={"lines": lines})
    answer = {"question": tongue.question if full else "", "answer": tongue.answer if full else ""}
    yield Mail(SECOND, Message.ANSWER, invoice, Asks.APPROVAL, 2, answer, invoice.attachments)
    to_pay = sample_invoice(language, full, Status.TO_PAY)
    yield Mail(ACCOUNTANT, Message.ANSWER, to_pay, Asks.PAYMENT, None, answer, to_pay.attachments)
    for why in ("changed", "withdrawn", "handed_on", "absent", "away", "silent"):
        yield Mail(FIRST, Message.REPLACED, invoice, extra={"why": why})
    unanswered = {"person": SECOND, "since": NOW.isoformat()}
    yield Mail(ADMINISTRATOR, Message.NOBODY_ELSE, invoice, extra=unanswered)
    rejected = sample_invoice(language, full, Status.REJECTED)
    points = tongue.reason.splitlines() if full else ["?"]
    yield Mail(SUBMITTER, Message.WORK_ON_ERRORS, rejected, Asks.CORRECTION, extra={"points": points})
    yield Mail(FIRST, Message.REJECTED, rejected)
    withdrawn = sample_invoice(language, full, Status.WITHDRAWN)
    yield Mail(FIRST, Message.WITHDRAWN, withdrawn, extra={"text": tongue.remark if full else ""})


def _answering_mails(language: str, full: bool) -> Iterator[Mail]:
    tongue, invoice = _tongue(language), sample_invoice(language, full)
    line = tongue.remark if full else ""
    for what in TAKEN_CODES:
        taken = {
            "what": what,
            "line": line,
            "text": DEPUTY if what == "delegate" else line,
            "next": ACCOUNTANT if full else None,
            "due": "2026-12-20" if full or what == "postpone" else None,
            **({"until": NOW.isoformat()} if what.endswith("_on_hold") else {}),
        }
        yield Mail(FIRST, Message.DECISION_TAKEN, invoice, extra=taken)
    for asks, status in (
        (Asks.APPROVAL, Status.IN_APPROVAL),
        (Asks.PAYMENT, Status.TO_PAY),
        (Asks.ANSWER, Status.IN_APPROVAL),
        (Asks.COMPLETION, Status.INCOMPLETE),
        (Asks.CORRECTION, Status.REJECTED),
        (Asks.NOTHING, Status.IN_APPROVAL),
    ):
        about = sample_invoice(language, full, status)
        to = {Asks.APPROVAL: SECOND, Asks.PAYMENT: ACCOUNTANT}.get(asks, SUBMITTER)
        for why in UNCLEAR_CODES if asks is Asks.APPROVAL and full else UNCLEAR_CODES[:1]:
            yield Mail(to, Message.UNCLEAR, about, asks, extra={"line": line, "why": why})
    for asks, status, to in (
        (Asks.APPROVAL, Status.IN_APPROVAL, SECOND),
        (Asks.PAYMENT, Status.TO_PAY, ACCOUNTANT),
        (Asks.COMPLETION, Status.INCOMPLETE, SUBMITTER),
        (Asks.CORRECTION, Status.REJECTED, SUBMITTER),
        (Asks.ANSWER, Status.IN_APPROVAL, SUBMITTER),
    ):
        about = sample_invoice(language, full, status)
        for condition in ("sender", "authenticity"):
            came = {"from": "olga.private@example.net" if full else "", "condition": condition}
            yield Mail(to, Message.WAS_IT_YOU, about, asks, 1, extra=came)
    for code in REFUSAL_CODES:
        facts = {"code": code, "line": line, "status": "in_approval" if full else None}
        known = {"by": SECOND if full else None, "at": NOW.isoformat() if full else None}
        yield Mail(FIRST, Message.REFUSED, invoice if full else None, extra={**facts, **known})
    yield Mail(SUBMITTER, Message.REFUSED, invoice, extra={"code": "wrong_person", "line": line, "by": SECOND,
                                                           "at": None, "status": "in_approval"})  # fmt: skip
    yield Mail(DEPUTY, Message.REFUSED, invoice, extra={"code": "wrong_person", "line": line, "by": SECOND,
                                                        "at": None, "status": "in_approval"})  # fmt: skip


def _payment_mails(language: str, full: bool) -> Iterator[Mail]:
    invoice, paid = sample_invoice(language, full, Status.TO_PAY), sample_invoice(language, full, Status.PAID)
    yield Mail(SUBMITTER, Message.APPROVED, invoice)
    for message in (Message.PAY_REQUEST, Message.PAY_REMINDER):
        for asked in (invoice, *_with_details(invoice)):
            yield Mail(ACCOUNTANT, message, asked, Asks.PAYMENT, attachments=invoice.attachments)
    for why in ("declined", "counter", "delegated"):
        proposed = "2026-12-18" if full and why == "counter" else None
        yield Mail(ACCOUNTANT, Message.INVITE_DECLINED, invoice, Asks.PAYMENT, extra={"why": why, "proposed": proposed})
    text = "№ 318" if full else ""
    yield Mail(SUBMITTER, Message.PAID, paid, extra={"text": text}, attachments=paid.attachments[1:])


def _with_details(invoice: Invoice) -> Iterator[Invoice]:
    """The invoice as its files name an account: a Russian one, and one in euros."""
    known = replace(invoice, warnings=())
    facts = Facts(Origin.QR, "1042", date(2026, 12, 1), supplier=invoice.counterparty, details=_RUSSIAN_DETAILS)
    yield replace(known, document=facts)
    euros = replace(invoice.form, amount=Money(Decimal("1250.00"), "EUR"))
    yield replace(known, form=euros, document=replace(facts, details=_EURO_DETAILS))


def _other_mails(language: str, full: bool) -> Iterator[Mail]:
    tongue, invoice = _tongue(language), sample_invoice(language, full)
    for status in Status:
        yield Mail(SUBMITTER, Message.STATUS, sample_invoice(language, full, status))
    waiting = [
        {**_line(NUMBER, Status.IN_APPROVAL, tongue), "waits_for": SECOND},
        {**_line("INV-2026-0002", Status.INCOMPLETE, tongue), "amount": "", "counterparty": "", "waits_for": None},
    ]
    for count in (2, 1) if full else (0,):
        yield Mail(SUBMITTER, Message.STATUS, extra={"open": waiting[:count]})
    yield Mail(SUBMITTER, Message.HELP)
    yield from _summaries(language, full)
    bounced = {"recipient": SECOND, "message": Message.APPROVAL_REQUEST.value, "reason": "550 5.1.1 no such user"}
    for person in (SUBMITTER, ADMINISTRATOR):
        yield Mail(person, Message.NOT_DELIVERED, invoice, extra={**bounced, "deputy": DEPUTY if full else None})
    mail = {"id": 17, "from": SUBMITTER if full else "", "subject": tongue.title if full else ""}
    failed = {"received_at": NOW.isoformat(), "reason": "it could not be processed in 5 tries: ValueError"}
    yield Mail(ADMINISTRATOR, Message.MAIL_FAILED, extra={**mail, **failed})
    wrong = [
        {"key": "approval.sequence[1]", "line": 25, "what": "'olga' is no e-mail address.", "mend": "Give an address."},
        {"key": "payment", "line": None, "what": "is missing.", "mend": "Give a section with accountant."},
    ]
    yield Mail(ADMINISTRATOR, Message.SETTINGS_WRONG, extra={"file": "settings.yaml", "problems": wrong})
    trouble = "Bitrix24 refuses log.blogpost.add: insufficient_scope. Tick “log” in the webhook."
    yield Mail(SUBMITTER, Message.SIGN_IN, extra={"link": "https://invoices.example.com/sign-in/token", "minutes": 15})
    yield Mail(ADMINISTRATOR, Message.PORTAL_TROUBLE, extra={"trouble": trouble, "waiting": 12})
    strange = {"reason": "stranger@example.net is not among the people of the settings"}
    yield Mail(ADMINISTRATOR, Message.QUARANTINED, extra={**mail, **strange})


def _summaries(language: str, full: bool) -> Iterator[Mail]:
    """A full morning, one with a late payment alone, one with nothing but a payment far ahead."""
    tongue = _tongue(language)
    line: dict[str, object] = {
        "number": NUMBER,
        "title": tongue.title,
        "counterparty": tongue.counterparty,
        "amount": "125000.00 RUB",
        "due": "2026-12-01",
        "planned": "2026-12-01",
        "is_warned_of": False,
    }
    late = {**line, "planned": "2026-11-27", "is_warned_of": True}
    coming = {**line, "number": "INV-2026-0009", "due": "2026-12-04", "planned": "2026-12-04", "amount": "980.50 EUR"}
    lines = {"overdue": [late], "today": [line, line] if full else [], "week": [coming] if full else []}
    sums = {"overdue": ["125000.00 RUB"], "today": ["250000.00 RUB"], "week": ["980.50 EUR"]}
    groups = [{"name": name, "lines": group, "sums": sums[name] if group else []} for name, group in lines.items()]
    due = {1: (3, ["375000.00 RUB"]), 4: (1, ["980.50 EUR"]), 11: (2, ["12500000.00 RUB", "5000.00 EUR"])}
    first = date(2026, 11, 30)
    days = [
        {
            "day": day.isoformat(),
            "count": due.get(day.day, (0, []))[0] if day.month == NOW.month else 0,
            "sums": due.get(day.day, (0, []))[1] if day.month == NOW.month else [],
            "is_today": day == NOW.date(),
            "is_over": day < NOW.date(),
            "is_off": day.weekday() > 4,
        }
        for day in (first + timedelta(days=n) for n in range(14))
    ]
    later = {"count": 2, "sums": ["12500000.00 RUB", "5000.00 EUR"]} if full else {"count": 0, "sums": []}
    extra = {"day": "2026-12-01", "groups": groups, "later": later, "weeks": [days[:7], days[7:]]}
    yield Mail(ACCOUNTANT, Message.PAYMENT_SUMMARY, extra=extra)
    none = [{"name": name, "lines": [], "sums": []} for name in lines]
    far = {"count": 1, "sums": ["980.50 EUR"]}
    yield Mail(ACCOUNTANT, Message.PAYMENT_SUMMARY, extra={**extra, "groups": none, "later": far})


def _lacking(invoice: Invoice, full: bool) -> Invoice:
    """What a first submission usually lacks."""
    problems = (
        Problem(Field.AMOUNT, "no_currency", "125 000"),
        Problem(Field.PAY_DATE, "past", "2026-11-02"),
    )
    form = replace(invoice.form, amount=None, pay_date=None, problems=problems if full else ())
    if full:
        return replace(invoice, form=form)
    return replace(invoice, form=replace(form, counterparty=None), attachments=())


def _steps(status: Status, remark: str) -> tuple[Step, ...]:
    first = Step(FIRST, StepStatus.APPROVED, NOW, NOW, NOW, remark)
    skipped, handed_on = Step(SUBMITTER, StepStatus.SKIPPED), Step(
        DEPUTY, StepStatus.DELEGATED, NOW, NOW, NOW, delegated_to=SECOND
    )  # fmt: skip
    last: tuple[Step, ...]
    match status:
        case Status.INCOMPLETE:
            return ()
        case Status.IN_APPROVAL:
            last = (Step(SECOND, StepStatus.ASKED, NOW, NOW), Step(ADMINISTRATOR))
        case Status.REJECTED:
            last = (Step(SECOND, StepStatus.REJECTED, NOW, NOW, NOW), Step(ADMINISTRATOR))
        case _:
            last = (Step(SECOND, StepStatus.APPROVED, NOW, NOW, NOW),)
    return (skipped, first, handed_on, *last)


def _payment(status: Status, full: bool) -> Payment | None:
    if status in (Status.INCOMPLETE, Status.IN_APPROVAL):
        return None
    paid = status is Status.PAID
    return Payment(
        due=date(2026, 12, 16) if full else date(2026, 12, 15),
        asked_at=NOW,
        told_at=NOW,
        shifts=1 if full else 0,
        paid_at=NOW + timedelta(days=14) if paid else None,
        reference="№ 318" if paid and full else None,
    )


def _invites(status: Status, full: bool) -> tuple[Invite, ...]:
    if status in (Status.INCOMPLETE, Status.IN_APPROVAL):
        return ()
    uid, cancelled = f"{NUMBER}-r1@example.com".lower(), status in (Status.REJECTED, Status.WITHDRAWN)
    answer = "ACCEPTED" if full else "NEEDS-ACTION"
    return tuple(Invite(uid, person, int(full), answer, cancelled) for person in (ACCOUNTANT, SUBMITTER))


def _line(number: str, status: Status, tongue: Tongue) -> dict[str, object]:
    return {
        "number": number,
        "status": status.value,
        "title": tongue.title,
        "counterparty": tongue.counterparty,
        "amount": "98400.00 RUB",
        "pay_date": "2026-11-10",
        "submitter": SUBMITTER,
    }
