"""What an invoice's own files say of it: facts, each with where it was read and how surely (process section 1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum

from mailflow.approval.money import Money

_PARTS = re.compile(r"[^\W\d_]+|\d+")
_LATIN = str.maketrans("авекмнорстух", "abekmhopctyx")


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
    `tax_id` the ИНН or the VAT number: letters and digits alone, upper case. What has check digits has the right ones.
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


@dataclass(frozen=True)
class ReadFile:
    """What a file says. `trouble`: why it could not be read: damaged, password, too_large, too_slow; else ""."""

    facts: tuple[Facts, ...] = ()
    trouble: str = ""


NAMES = ("number", "issued", "due", "supplier", "amount", "purpose")
"""The facts that are compared as they are; the payment details are compared part by part."""


@dataclass(frozen=True)
class Read:
    """A file and what its sources say."""

    filename: str
    facts: tuple[Facts, ...]


@dataclass(frozen=True)
class Document:
    """What all files of an invoice say together.

    `origins`: by what each of the facts is known; `differing`: what sure sources say differently, as text, by the
    fact's name; `invoices`: the numbers of the invoices, each with its file, where there are several.
    """

    facts: Facts
    origins: Mapping[str, Origin]
    differing: Mapping[str, tuple[str, ...]]
    invoices: tuple[str, ...] = ()


def merged(files: Iterable[Read]) -> Document | None:
    """The surest of what is said; what nobody is sure of, and a sum that is said in two ways, stays doubtful.

    PDF and XML of one invoice are one invoice (process section 1). None: nothing is said.
    """
    read = list(files)
    said = sorted((facts for file in read for facts in file.facts), key=lambda facts: list(Origin).index(facts.origin))
    if not said:
        return None
    values, origins, doubtful, differing = (
        dict[str, object](),
        dict[str, Origin](),
        set[str](),
        dict[str, tuple[str, ...]](),
    )
    for name in NAMES:
        found = [(getattr(facts, name), facts) for facts in said if getattr(facts, name)]
        sure = [(value, facts) for value, facts in found if name not in facts.doubtful]
        if not found:
            continue
        values[name], source = (sure or found)[0]
        origins[name] = source.origin
        others = tuple(dict.fromkeys(str(value) for value, _ in sure or found))
        if not sure or (name == "amount" and len(others) > 1):
            doubtful.add(name)
        if len(others) > 1:
            differing[name] = others
    details, accounts = _details(said)
    if len(accounts) > 1:
        differing["account"] = accounts
    facts = replace(Facts(said[0].origin, details=details), **values)  # type: ignore[arg-type]
    return Document(replace(facts, doubtful=frozenset(doubtful)), origins, differing, _invoices(read))


def normal_number(number: str) -> str:
    """The number without what people write now this way, now that: case, signs, blanks, leading zeros, alphabet."""
    plain = number.casefold().translate(_LATIN)
    parts = _PARTS.findall(plain)
    return " ".join(part.lstrip("0") or "0" for part in parts)


def _details(said: list[Facts]) -> tuple[PaymentDetails, tuple[str, ...]]:
    """The details part by part, the bank's parts by the source that names the account; and every account named."""
    known = [facts.details for facts in said if "details" not in facts.doubtful]
    accounts = tuple(dict.fromkeys(details.account for details in known if details.account))
    of_account = [details for details in known if details.account in accounts[:1]] or known
    bank = ("account", "bank_code", "bank", "correspondent")
    parts = {
        part.name: next(
            (
                value
                for details in (of_account if part.name in bank else known)
                if (value := getattr(details, part.name))
            ),
            "",
        )
        for part in fields(PaymentDetails)
    }
    return PaymentDetails(**parts), accounts


def _invoices(files: list[Read]) -> tuple[str, ...]:
    numbers: dict[str, str] = {}
    for file in files:
        sure = [facts.number for facts in file.facts if facts.number and "number" not in facts.doubtful]
        if sure:
            numbers.setdefault(normal_number(sure[0]), f"{sure[0]} ({file.filename})")
    return tuple(numbers.values()) if len(numbers) > 1 else ()
