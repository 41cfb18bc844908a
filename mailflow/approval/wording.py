"""The words that people and mailflow share: keywords of answers, labels of the form, the line above which one replies.

Data only. `inbound` reads by it and `outbound` writes by it, so a word that a mail offers is always one that is read.
The first word of each language is the one that mails offer.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mailflow.approval.submission import Field


class Verb(StrEnum):
    """What a keyword asks for (process section 3 and 4)."""

    APPROVE = "approve"
    REJECT = "reject"
    QUESTION = "question"
    DELEGATE = "delegate"
    WITHDRAW = "withdraw"
    STATUS = "status"
    HELP = "help"
    PAID = "paid"
    POSTPONE = "postpone"
    DUPLICATE_OK = "duplicate_ok"
    UNDO = "undo"


Keywords = Mapping[Verb, Mapping[str, tuple[str, ...]]]

KEYWORDS: Keywords = {
    Verb.APPROVE: {
        "en": ("APPROVE", "APPROVED"),
        "ru": ("СОГЛАСОВАНО", "СОГЛАСОВАТЬ", "СОГЛАСЕН", "СОГЛАСНА", "УТВЕРЖДАЮ", "ОДОБРЕНО"),
    },
    Verb.REJECT: {
        "en": ("REJECT", "REJECTED", "DECLINE", "DECLINED"),
        "ru": ("ОТКАЗ", "ОТКАЗАТЬ", "ОТКЛОНИТЬ", "ОТКЛОНЕНО", "НЕ СОГЛАСОВАНО"),
    },
    Verb.QUESTION: {"en": ("QUESTION",), "ru": ("ВОПРОС",)},
    Verb.DELEGATE: {"en": ("DELEGATE",), "ru": ("ПЕРЕДАТЬ", "ДЕЛЕГИРОВАТЬ")},
    Verb.WITHDRAW: {"en": ("WITHDRAW", "WITHDRAWN"), "ru": ("ОТОЗВАТЬ", "ОТЗЫВ", "ОТЗЫВАЮ")},
    Verb.STATUS: {"en": ("STATUS",), "ru": ("СТАТУС",)},
    Verb.HELP: {"en": ("HELP",), "ru": ("ПОМОЩЬ", "СПРАВКА")},
    Verb.PAID: {"en": ("PAID",), "ru": ("ОПЛАЧЕНО", "ОПЛАТИЛ", "ОПЛАТИЛА")},
    Verb.POSTPONE: {"en": ("POSTPONE",), "ru": ("ПЕРЕНЕСТИ", "ОТЛОЖИТЬ")},
    Verb.DUPLICATE_OK: {"en": ("DUPLICATE OK",), "ru": ("ДУБЛИКАТ ОК", "ПОВТОР ОК")},
    Verb.UNDO: {"en": ("UNDO",), "ru": ("ОТМЕНИТЬ", "ОТМЕНА")},
}

FORM_LABELS: Mapping[str, Mapping[Field, str]] = {
    "en": {
        Field.TITLE: "Title",
        Field.COUNTERPARTY: "Counterparty",
        Field.AMOUNT: "Amount",
        Field.PAY_DATE: "Pay date",
        Field.COMMENT: "Comment",
        Field.ROUTE: "Approval type",
        Field.FILES: "Invoice file",
    },
    "ru": {
        Field.TITLE: "Название",
        Field.COUNTERPARTY: "Контрагент",
        Field.AMOUNT: "Сумма",
        Field.PAY_DATE: "Дата оплаты",
        Field.COMMENT: "Комментарий",
        Field.ROUTE: "Тип согласования",
        Field.FILES: "Файл счёта",
    },
}

REPLY_MARKERS: Mapping[str, str] = {
    "en": "--- Please type your reply above this line ---",
    "ru": "--- Пишите ответ выше этой строки ---",
}


def answered_in(language: str) -> str:
    """The language of the words that a mail in this language offers for an answer: English where it has none here."""
    return language if language in REPLY_MARKERS else "en"
