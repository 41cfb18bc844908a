"""What mailflow's own things are called in the portal, in the company's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailflow.approval.lifecycle import Status


@dataclass(frozen=True)
class PortalNames:
    """The smart process (or list) with its stages and fields, the calendar's section, the checklist."""

    process: str
    stages: Mapping[Status, str]
    counterparty: str
    comment: str
    number: str
    status: str
    amount: str
    pay_date: str
    submitter: str
    files: str
    calendar: str
    checklist: str


FOLDER = "mailflow"
"""The Drive folder of the files, in every language."""

NAMES = {
    "ru": PortalNames(
        process="Счета на оплату (mailflow)",
        stages={
            Status.INCOMPLETE: "Новый",
            Status.IN_APPROVAL: "На согласовании",
            Status.TO_PAY: "К оплате",
            Status.PAID: "Оплачен",
            Status.REJECTED: "Отклонён",
            Status.WITHDRAWN: "Отозван",
        },
        counterparty="Контрагент",
        comment="Обоснование",
        number="Номер в mailflow",
        status="Состояние",
        amount="Сумма",
        pay_date="Дата оплаты",
        submitter="Инициатор",
        files="Файлы счёта",
        calendar="Платёжный календарь",
        checklist="Причина отказа",
    ),
    "en": PortalNames(
        process="Invoices to pay (mailflow)",
        stages={
            Status.INCOMPLETE: "New",
            Status.IN_APPROVAL: "In approval",
            Status.TO_PAY: "To pay",
            Status.PAID: "Paid",
            Status.REJECTED: "Rejected",
            Status.WITHDRAWN: "Withdrawn",
        },
        counterparty="Counterparty",
        comment="Justification",
        number="Number in mailflow",
        status="Status",
        amount="Amount",
        pay_date="Pay date",
        submitter="Submitter",
        files="Invoice files",
        calendar="Payment calendar",
        checklist="Reason of the rejection",
    ),
}


def names_in(language: str) -> PortalNames:
    """The names in a company's language, English where there are none in it."""
    return NAMES.get(language, NAMES["en"])
