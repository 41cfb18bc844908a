"""What an invoice's own files say of it: facts, each with where it was read and how surely (process section 1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum

from mailflow.approval.lookalike import may_be_one
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
    they are shown and asked about, never taken. `gives_back`: a credit note; `of_delivery`: a paper that goes with a
    bill, under a number of its own (УПД).
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
    gives_back: bool = False
    of_delivery: bool = False


@dataclass(frozen=True)
class ReadFile:
    """What a file says. `trouble`: why it was not read: damaged, password, too_large, too_slow, too_many; else ""."""

    facts: tuple[Facts, ...] = ()
    trouble: str = ""


NOT_READ = ReadFile()

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
        if not sure or (name in ("amount", "due") and len(others) > 1):
            doubtful.add(name)
        if len(others) > 1:
            differing[name] = others
    if any(facts.origin is Origin.XML and "amount" in facts.doubtful for facts in said):
        doubtful.add("amount")
    if any(facts.origin is not Origin.OCR and "details" in facts.doubtful for facts in said):
        doubtful.add("details")
    details, accounts = _details(said)
    differing |= {name: found for name, found in (("account", accounts), ("payee", _payees(said))) if len(found) > 1}
    facts = replace(
        Facts(said[0].origin, details=details, gives_back=any(facts.gives_back for facts in said)),
        **values,  # type: ignore[arg-type]
    )
    return Document(replace(facts, doubtful=frozenset(doubtful)), origins, differing, _invoices(read))


def normal_number(number: str) -> str:
    """The number without what people write now this way, now that: case, signs, blanks, leading zeros, alphabet."""
    plain = number.casefold().translate(_LATIN)
    parts = _PARTS.findall(plain)
    return " ".join(part.lstrip("0") or "0" for part in parts)


def _details(said: list[Facts]) -> tuple[PaymentDetails, tuple[str, ...]]:
    """The details part by part, first by the source that names the account; and every account that is named."""
    known = [facts.details for facts in said if "details" not in facts.doubtful]
    accounts = tuple(dict.fromkeys(details.account for details in known if details.account))
    of_account = [details for details in known if details.account in accounts[:1]]
    others = () if len(accounts) > 1 else tuple(known)
    parts = {
        part.name: next((value for details in (*of_account, *others) if (value := getattr(details, part.name))), "")
        for part in fields(PaymentDetails)
    }
    return PaymentDetails(**parts), accounts


def _payees(said: list[Facts]) -> tuple[str, ...]:
    """Who is to be paid, where sure sources mean different companies: by their tax numbers, else by their names."""
    sure = [facts for facts in said if facts.supplier and "supplier" not in facts.doubtful]
    for facts in sure:
        for other in sure:
            one, two = facts.details.tax_id, other.details.tax_id
            if (one != two) if one and two else not may_be_one(facts.supplier, other.supplier):
                return facts.supplier, other.supplier
    return ()


def _invoices(files: list[Read]) -> tuple[str, ...]:
    """The numbers of different invoices, each with its file; a paper of the delivery is none beside a bill."""
    numbered = [
        (facts, file.filename)
        for file in files
        for facts in _numbered(file.facts)
        if facts.number and "number" not in facts.doubtful
    ]
    bills = [one for one in numbered if not one[0].of_delivery] or numbered
    different: list[tuple[Facts, str]] = []
    for facts, filename in bills:
        if not any(_is_same_invoice(facts, known) for known, _ in different):
            different.append((facts, filename))
    return tuple(f"{facts.number} ({name})" for facts, name in different) if len(different) > 1 else ()


def _numbered(said: tuple[Facts, ...]) -> tuple[Facts, ...]:
    """What numbers a file's invoices: its e-invoices and codes, else its text."""
    return tuple(facts for facts in said if facts.origin in (Origin.XML, Origin.QR) and facts.number) or said


def _is_same_invoice(one: Facts, other: Facts) -> bool:
    if normal_number(one.number) != normal_number(other.number):
        return False
    ids = one.details.tax_id, other.details.tax_id
    if all(ids):
        return ids[0] == ids[1]
    return not (one.supplier and other.supplier) or may_be_one(one.supplier, other.supplier)
