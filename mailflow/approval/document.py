"""What an invoice's own files say of it: facts, each with where it was read and how surely (process section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mailflow.approval.money import Money


class Origin(StrEnum):
    """What in a file said something, the surest first."""

    XML = "xml"
    QR = "qr"
    TEXT = "text"
    OCR = "ocr"


@dataclass(frozen=True)
class PaymentDetails:
    """Where the money is to go; "" for what is not said.

    `account` is an IBAN or a Russian account of 20 digits, `bank_code` a BIC or a БИК, `correspondent` the к/с,
    `tax_id` the ИНН or the VAT number: letters and digits alone, upper case, check digits right.
    """

    account: str = ""
    bank_code: str = ""
    bank: str = ""
    correspondent: str = ""
    tax_id: str = ""
    kpp: str = ""

    @property
    def is_russian(self) -> bool:
        """Whether a Russian bank pays by them: an account of 20 digits and a БИК."""
        return len(self.account) == 20 and self.account.isdigit() and len(self.bank_code) == 9

    @property
    def is_iban(self) -> bool:
        """Whether the account is an IBAN (ISO 13616)."""
        return self.account[:2].isalpha()


@dataclass(frozen=True)
class Facts:
    """What one source in one file says; None or "" where it is silent.

    `purpose` is what the payment shall say. `doubtful` are the names of the facts that were read but may be wrong:
    they are shown and asked about, never taken.
    """

    origin: Origin
    number: str = ""
    issued: date | None = None
    due: date | None = None
    supplier: str = ""
    amount: Money | None = None
    details: PaymentDetails = PaymentDetails()
    purpose: str = ""
    doubtful: frozenset[str] = frozenset()
