"""Payment codes as printed on invoices: the Russian one (ГОСТ Р 56042-2014) and that of SEPA (EPC069-12)."""

from __future__ import annotations

import re
from decimal import Decimal

from mailflow.approval.document import Facts, Origin, PaymentDetails
from mailflow.approval.money import Money
from mailflow.documents.values import account, bank_code, money, name, russian_tax_id

_CHARSETS = {"1": "cp1251", "2": "utf-8", "3": "koi8-r"}
_PURPOSE_NUMBER = re.compile(
    r"(?:сч[её]т\w{0,3}|invoice|rechnung|сч\.?)(?:\s+на\s+оплату)?\s{0,3}(?:no\.?|nr\.?|№|N|#)\s{0,3}([\w/.-]{1,40}\w|\w)",
    re.IGNORECASE,
)
_LONGEST = 3000


def read_code(content: bytes) -> Facts | None:
    """What a decoded code says; None for one that is about no payment."""
    if re.match(rb"ST0001[123]", content):
        return _russian(content[:_LONGEST])
    if content.startswith(b"BCD"):
        return _sepa(content[:_LONGEST])
    return None


def _russian(content: bytes) -> Facts | None:
    """`Sum` is in kopecks; one with a point or a comma is in circulation too, means roubles, and is asked about."""
    text = content.decode(_CHARSETS[chr(content[6])], "replace")
    separator = text[7:8] or "|"
    pairs = (part.partition("=") for part in text[8:].split(separator))
    said = {key.strip().lower(): value.strip() for key, _, value in pairs}
    code = bank_code(said.get("bic", ""))
    amount, doubtful = _kopecks(said.get("sum", ""))
    purpose = name(said.get("purpose", ""))
    found = _PURPOSE_NUMBER.search(purpose)
    return Facts(
        Origin.QR,
        number=found[1] if found else "",
        supplier=name(said.get("name", "")),
        amount=amount,
        details=PaymentDetails(
            account=account(said.get("personalacc", ""), code),
            bank_code=code,
            bank=name(said.get("bankname", "")),
            correspondent=account(said.get("correspacc", "")),
            tax_id=russian_tax_id(said.get("payeeinn", "")),
            kpp=said.get("kpp", "") if re.fullmatch(r"\d{9}", said.get("kpp", "")) else "",
        ),
        purpose=purpose,
        doubtful=frozenset({"amount"} if doubtful else ()),
    )


def _kopecks(text: str) -> tuple[Money | None, bool]:
    """The sum, and whether it may be another one."""
    if re.fullmatch(r"\d{1,15}", text) and int(text):
        return Money(Decimal(text).scaleb(-2), "RUB"), False
    roubles = re.fullmatch(r"\d{1,13}[.,]\d{1,2}", text)
    return (money(text.replace(",", "."), "RUB"), True) if roubles else (None, False)


def _sepa(content: bytes) -> Facts | None:
    """The lines by their place: BCD, version, charset, SCT, BIC, name, IBAN, EUR amount, purpose, reference, text."""
    charset = {"2": "iso8859-1", "8": "iso8859-15"}
    lines = content.decode("ascii", "replace").split("\n")
    code = lines[2].strip() if len(lines) > 2 else "1"
    lines = [line.strip() for line in content.decode(charset.get(code, "utf-8"), "replace").split("\n")] + [""] * 12
    if lines[3] != "SCT":
        return None
    purpose = name(lines[9] or lines[10])
    found = _PURPOSE_NUMBER.search(purpose)
    return Facts(
        Origin.QR,
        number=found[1] if found else "",
        supplier=name(lines[5]),
        amount=money(lines[7][3:], "EUR") if lines[7].startswith("EUR") else None,
        details=PaymentDetails(account=account(lines[6]), bank_code=bank_code(lines[4])),
        purpose=purpose,
    )
