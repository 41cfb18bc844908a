"""A sum as invoices print it: figures, grouped or not, with the currency before or behind them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from stdnum.in_ import gstin

from mailflow.approval.money import Money
from mailflow.notation.money_words import CODES, CURRENCIES, SIGNS
from mailflow.notation.number_text import read_number
from mailflow.notation.plain_text import folded, lower

_SEVERAL: Mapping[str, frozenset[str]] = {
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "TWD"}),
    "rs": frozenset({"INR", "PKR", "LKR", "NPR", "MUR"}),
    "kr": frozenset({"SEK", "NOK", "DKK", "ISK"}),
    "¥": frozenset({"JPY", "CNY"}),
}
"""Signs of more than one currency: the paper must name which elsewhere."""

_DEFAULT = {"$": "USD"}
_WORDS_TOO = frozenset({"ALL", "BAM", "COP", "CUP", "GEL", "LAK", "MAD", "MOP", "PEN", "RON", "SOS", "TOP", "TRY"})
_THINGS_TOO = frozenset({"pound", "pounds", "р", "сом", "сома", "сомов", "сум", "сума", "сумов", "драм"})
_SIGNS = "".join(sorted({sign for sign in SIGNS if len(sign) == 1} | {"¥"}))

_FIGURES = r"(?:\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d{1,4})?(?![.,]?\d)|\d(?:[\d.,'’]{0,30}\d)?)"
_CURRENCY = rf"(?:[A-Za-z]{{0,2}}\$|[{_SIGNS}]|[^\W\d_]{{1,12}}\.?(?: [^\W\d_]{{2,12}}\.?)?)"
AMOUNT = rf"(?:{_CURRENCY} ?)?{_FIGURES}(?: ?{_CURRENCY})?"
"""The pattern of a sum with or without its currency."""

_LEAD = re.compile(
    r"(?:\(?(?:ttc|brutto|(?:inkl|incl|inclusief|including|inc)\.? ?(?:ust|mwst|vat|btw|gst|tax)?"
    r"|(?:(?:с|включая|с учетом) )?ндс(?: \d{1,2} ?%)?|, )\.?\)?[.,:;]{0,2} ?){1,3}"
)
_SUM = re.compile(rf"([-−–—]?) ?\(?({_CURRENCY}(?=[ \d:()-]))?[ :()]{{0,3}}([-−–—]?) ?({_FIGURES})(?![\d.,]* ?%)")
_LESS_THAN_NOTHING = re.compile(
    r"[-−–—](?!\d)| [-−–—](?! ?\w)"
    r"| ?\(?(?i:cr|credit|kredit|haben|guthaben|gutschrift|avoir|tegoed|nadpłata|кредит|минус|minus)\b"
)
_BEFORE = re.compile(rf"({_CURRENCY})\)? ?$")
_BEHIND = re.compile(rf" ?\(?({_CURRENCY})")
_BEFORE_ANOTHER = re.compile(r" ?[-−–]?\d")
_HUNDREDTHS = re.compile(r"[, ]{0,2}(\d\d) ?(?:коп|к\.|cent)", re.IGNORECASE)
_ROW = re.compile(rf"[-−xх×| ]*({_FIGURES})(?! ?%)(?:[\d.,]+ ?%)?", re.IGNORECASE)
_ANYWHERE = re.compile(rf"(?<![\w.,-]){_FIGURES}(?![%\w]| %)|(?<=[{_SIGNS}]){_FIGURES}(?![%\w]| %)")
_SAID = re.compile(
    r"(?i:currency|währung|waluta|devise|valuta|валюта(?:: наименование, код)?|montants?|\bin|\ben|\bw|\bв|[,(])"
    rf"[ :]{{0,2}}({_CURRENCY})"
)
_GSTIN = re.compile(r"\b\d{2}[A-Z]{5}\d{4}[A-Z][0-9A-Z]{3}\b")
_LOOK_BACK = 28
_UNITS_OF_ACCOUNT = re.compile(r"(?<!\w)(?:[уy]\. ?[еe]|уе)(?!\w)|\bусловн\w{1,3} единиц")
_THOUSANDS = re.compile(r"\b(?:в тыс(?:ячах\b|\.)|in (?:thousands|tausend)\b|en milliers\b|w tysiącach\b)")
_BELARUSIAN = re.compile(r"\b(?:унп|unp)\b|\bby\d\d ?[a-z]{4} ?\d")


@dataclass(frozen=True)
class PrintedSum:
    """Figures and the currencies that the sign beside them may mean; none of them where there is no sign.

    `amount` is None where the figures may mean two sums, or less than nothing (a minus before or behind them, a pair
    of brackets around them, `CR`). `bare` are whole figures without
    a currency, `spaced` figures in groups set apart by spaces: two columns may look so. `rest` is what follows.
    """

    amount: Decimal | None
    sign: str
    currencies: frozenset[str]
    bare: bool
    spaced: bool
    rest: str


@dataclass(frozen=True)
class Survey:
    """The currencies that the whole paper names, and how often each sum stands on it."""

    currencies: frozenset[str]
    sums: Counter[Decimal]


def read_sum(text: str) -> PrintedSum | None:
    """The sum that the text begins with, after words such as `TTC`; None for none."""
    lead = _LEAD.match(lower(text))
    found = _SUM.match(text, lead.end() if lead else 0)
    if found is None:
        return None
    minus, before, another_minus, figures = found.groups(default="")
    sign, currencies, left = _currency(before)
    if before and (left or not currencies):
        return None
    rest = text[found.end() :]
    in_brackets = found[0].count("(") > found[0].count(")")
    negative = bool(minus or another_minus or in_brackets or _LESS_THAN_NOTHING.match(rest))
    behind = _BEHIND.match(rest)
    if behind:
        second, named, left = _currency(behind[1])
        if named:
            sign, currencies = sign or second, (currencies & named) or (currencies | named)
            rest = left + rest[behind.end() :]
            negative = negative or bool(_LESS_THAN_NOTHING.match(rest))
    amount = read_number(figures)
    value = amount if isinstance(amount, Decimal) and not negative else None
    whole = figures.replace(" ", "").isdigit()
    hundredths = _HUNDREDTHS.match(rest)
    if hundredths and value is not None and whole:
        value, rest, whole = value + Decimal(hundredths[1]) / 100, rest[hundredths.end() :], False
    return PrintedSum(value, sign, currencies, whole and not currencies, " " in figures, rest.lstrip(" )"))


def read_row(text: str) -> PrintedSum | None:
    """The gross sum of a row of exactly three, net, tax and gross, where the first two make the third."""
    sums: list[Decimal | str] = []
    at = 0
    while len(sums) < 4 and (found := _ROW.match(text, at)):
        sums.append(read_number(found[1]))
        at = found.end()
    net, tax, gross = sums if len(sums) == 3 else ("", "", "")
    if isinstance(net, Decimal) and isinstance(tax, Decimal) and isinstance(gross, Decimal) and net + tax == gross > 0:
        return PrintedSum(gross, "", frozenset(), False, False, text[at:])
    return None


def survey(text: str) -> Survey:
    """What sums and currencies the whole text names."""
    named: set[str] = set()
    sums: Counter[Decimal] = Counter()
    for found in _ANYWHERE.finditer(text):
        beside = _beside(text, found.start(), found.end())
        named |= beside
        amount = read_number(found[0])
        if isinstance(amount, Decimal) and (beside or amount.as_tuple().exponent == -2):
            sums[amount] += 1
    for found in _SAID.finditer(text):
        named |= _certain(found[1].split())
    if any(gstin.is_valid(number) for number in islice(_GSTIN.findall(text), 20)):
        named.add("INR")
    return Survey(frozenset(named), sums)


def settle(printed: PrintedSum, paper: Survey) -> tuple[Money | None, bool]:
    """The money, with a currency that the paper names, and whether it is doubtful."""
    fitting = printed.currencies & paper.currencies if len(printed.currencies) > 1 else printed.currencies
    candidates = fitting or (frozenset() if printed.currencies else paper.currencies)
    if printed.amount is None:
        return None, True
    code = next(iter(candidates)) if len(candidates) == 1 else _DEFAULT.get(printed.sign.lower(), "")
    try:
        return Money(printed.amount, code), len(candidates) != 1
    except ValueError:
        return None, True


def may_be_other_money(currency: str, text: str) -> bool:
    """Whether the text (lower case, ё as е) reckons in `у.е.` or thousands, or its roubles may be those of Belarus.

    A Belarusian paper is known by the number of the payer (УНП) or the account.
    """
    reckons_otherwise = _UNITS_OF_ACCOUNT.search(text) or _THOUSANDS.search(text)
    return bool(reckons_otherwise or (currency == "RUB" and _BELARUSIAN.search(text)))


def _currency(words: str) -> tuple[str, frozenset[str], str]:
    """The longest currency that the words begin with, the codes it may mean, and what is left of the words."""
    first, _, second = words.partition(" ")
    for name, left in ((words, ""), (first, f" {second}" if second else "")):
        if codes := _codes(name):
            return name, codes, left
    return "", frozenset(), words


def _codes(name: str) -> frozenset[str]:
    key = folded(name).rstrip(".")
    if key in _SEVERAL:
        return _SEVERAL[key]
    code = SIGNS.get(name) or (name if name in CODES else CURRENCIES.get(" ".join(key.replace(".", " ").split())))
    return frozenset({code}) if code else frozenset()


def _beside(text: str, start: int, end: int) -> frozenset[str]:
    """The currencies named right before and right behind the figures."""
    before = _BEFORE.search(text[max(0, start - _LOOK_BACK) : start])
    behind = _BEHIND.match(text, end)
    if behind and _BEFORE_ANOTHER.match(text, behind.end()):
        behind = None
    return (_certain(before[1].split()[::-1]) if before else frozenset()) | (
        _certain(behind[1].split()) if behind else frozenset()
    )


def _certain(words: Sequence[str]) -> frozenset[str]:
    """What one or two words name, the nearer one first, where they mean one currency and nothing else."""
    nearest = words[:1]
    for name in (" ".join(words), *nearest):
        if name not in _WORDS_TOO and folded(name).rstrip(".") not in _THINGS_TOO and len(_codes(name)) == 1:
            return _codes(name)
    return frozenset()
