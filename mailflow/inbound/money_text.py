"""A sum of money, as people write it (process section 1). Never guessed: what may mean two sums is ambiguous.

The text is cut into tokens, each token has a kind (one letter), and the letters must spell the one shape below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile

from mailflow.approval.money import Money, currency_digits
from mailflow.notation.money_words import (
    CODES,
    CURRENCIES,
    EMPHASIS,
    HUNDREDTHS,
    SCALES,
    SIGNS,
    TAX_INCLUSION,
    TAXES,
)
from mailflow.notation.number_text import LEXEME, read_number
from mailflow.notation.plain_text import folded, has_foreign_digits, one_spaced
from mailflow.notation.spelled_number import is_spelled, read_spelled

_LONGEST_TEXT = 300
_LARGEST = Decimal(10) ** 15
_LONGEST_PHRASE = 3  # words

_PART = re.compile(
    rf"""
    (?P<rate>\d{{1,2}}(?:[.,]\d{{1,2}})?\ ?%)
  | (?P<number>{LEXEME})
  | (?P<sign>[A-Z]{{0,2}}\$|[{"".join(sign for sign in SIGNS if len(sign) == 1 and sign != "$")}])
  | (?P<word>[^\W\d_]+)\.?
  | (?P<minus>[-−–—])
  | (?P<mark>[,;:.])
  | (?P<bracket>[()])
  | (?P<other>\S)
    """,
    re.VERBOSE,
)
_BRACKETED = re.compile(r"\(([^()]*)\)")

# N number, S scale, C currency, H word for hundredths, I word of inclusion, T tax, R its rate, E emphasis,
# a minus, comma (any mark) and brackets as they are, ? anything else.
_CURRENCY = r"(?:C|\(C\))"
_RATE = r"(?:R|\(R\))"
_TAX = rf"[,-]*\(?(?:I+R?T{_RATE}?I*|T{_RATE}?I+)(?:[,-]*{_CURRENCY}?N{_CURRENCY}?(?:NH)?)?\)?"
_SHAPE = re.compile(
    rf"E?,*-?{_CURRENCY}?-?(?P<sum>N)(?P<scale>S)?{_CURRENCY}{{0,2}}(?:,?(?P<hundredths>N)H)?{_CURRENCY}?E?(?:{_TAX})?,*"
)
_CURRENCY_ALONE = re.compile(rf"C{_CURRENCY}?,?")


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    currency: str = ""


def read_money(text: str, currency: str | None = None) -> Money | str:
    """The sum, or why there is none: unreadable, ambiguous, no_currency, not_positive, too_precise.

    `currency` (ISO 4217) is what another line named: it counts where this text names none, and must not differ.
    """
    line = one_spaced(text)
    if len(line) > _LONGEST_TEXT or has_foreign_digits(line):
        return "unreadable"
    in_words = [content for content in _BRACKETED.findall(line) if is_spelled(content)]
    in_figures = _BRACKETED.sub(lambda found: " " if is_spelled(found[1]) else found[0], line)
    tokens = list(_tokens(in_figures))
    named = {t.currency for words in (in_figures, *in_words) for t in _tokens(words) if t.kind == "C"}
    currencies = named | ({currency} if currency else set())
    kinds = "".join(token.kind for token in tokens)
    shape = _SHAPE.fullmatch(kinds)
    if len(currencies) > 1 or (shape is None and kinds.count("N") > 1):
        return "ambiguous"
    if shape is None:
        return "unreadable"
    code = next(iter(currencies), None)
    amount = _amount(tokens, shape, code)
    if isinstance(amount, str):
        return amount
    if any(_contradicts(words, amount) for words in in_words):
        return "ambiguous"
    return _money(amount, "-" in kinds[: shape.end("sum")], code)


def read_currency(text: str) -> str | None:
    """The ISO 4217 code of the one currency that the text names and nothing else; else None."""
    tokens = list(_tokens(one_spaced(text)[:_LONGEST_TEXT]))
    codes = {token.currency for token in tokens if token.kind == "C"}
    if len(codes) != 1 or not _CURRENCY_ALONE.fullmatch("".join(token.kind for token in tokens)):
        return None
    return codes.pop()


def _tokens(line: str) -> Iterator[_Token]:
    parts = [(str(part.lastgroup), part[str(part.lastgroup)]) for part in _PART.finditer(line)]
    at = 0
    while at < len(parts):
        name, text = parts[at]
        if name == "word":
            following = parts[at : at + _LONGEST_PHRASE]
            words = [word for _, word in takewhile(lambda part: part[0] == "word", following)]
            length, token = _phrase(words)
            yield token
            at += length
            continue
        at += 1
        match name:
            case "rate":
                yield _Token("R", text)
            case "number":
                yield _Token("N", text)
            case "sign" if text in SIGNS:
                yield _Token("C", text, SIGNS[text])
            case "minus":
                yield _Token("-", text)
            case "mark":
                yield _Token(",", text)
            case "bracket":
                yield _Token(text, text)
            case _:
                yield _Token("?", text)


def _phrase(words: Sequence[str]) -> tuple[int, _Token]:
    """The longest known phrase that the words begin with, and how many words it takes."""
    if words[0] in CODES:
        return 1, _Token("C", words[0], words[0])
    for length in range(len(words), 0, -1):
        phrase = folded(" ".join(words[:length]))
        if phrase in CURRENCIES:
            return length, _Token("C", phrase, CURRENCIES[phrase])
        for kind, known in (("S", SCALES), ("H", HUNDREDTHS), ("I", TAX_INCLUSION), ("T", TAXES), ("E", EMPHASIS)):
            if phrase in known:
                return length, _Token(kind, phrase)
    return 1, _Token("?", words[0])


def _amount(tokens: Sequence[_Token], shape: re.Match[str], currency: str | None) -> Decimal | str:
    figures = tokens[shape.start("sum")].text
    number = read_number(figures)
    if isinstance(number, str):
        return number
    fraction = -int(number.as_tuple().exponent)
    if shape["scale"]:
        if "=" in figures or "-" in figures:
            return "ambiguous"
        number *= SCALES[tokens[shape.start("scale")].text]
    elif fraction == 3 and number >= 1 and currency_digits(currency or "") != 3:
        return "ambiguous"
    if shape["hundredths"]:
        at = shape.start("hundredths")
        figures, word = tokens[at].text, tokens[at + 1].text
        if fraction > 0 or len(figures) > 2 or (currency and currency not in HUNDREDTHS[word]):
            return "ambiguous"
        number += Decimal(figures) / 100
    return number if number < _LARGEST else "unreadable"


def _contradicts(words: str, amount: Decimal) -> bool:
    """Whether the sum in words is another than the sum in figures, or cannot be read."""
    spelled = read_spelled(words)
    if spelled is None:
        return True
    units, hundredths = spelled
    return units != int(amount) or (hundredths is not None and hundredths != amount % 1 * 100)


def _money(amount: Decimal, negative: bool, currency: str | None) -> Money | str:
    if negative or amount == 0:
        return "not_positive"
    if currency is None:
        return "no_currency"
    try:
        return Money(amount, currency)
    except ValueError:
        return "too_precise"
