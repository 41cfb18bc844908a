"""Sums as Russian invoices print them: in figures with a space between groups, and in words."""

from __future__ import annotations

from decimal import Decimal

_UNITS = (
    "ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять", "одиннадцать",
    "двенадцать", "тринадцать", "четырнадцать", "пятнадцать", "шестнадцать", "семнадцать", "восемнадцать",
    "девятнадцать",
)  # fmt: skip
_TENS = (
    "-", "-", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто",
)  # fmt: skip
_HUNDREDS = ["-", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"]
_GROUPS = (
    (10**6, ("миллион", "миллиона", "миллионов")),
    (10**3, ("тысяча", "тысячи", "тысяч")),
)


def in_figures(amount: Decimal) -> str:
    """12 345,50."""
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",")


def in_words(amount: Decimal) -> str:
    """Двенадцать тысяч триста сорок пять рублей 50 копеек."""
    roubles, kopecks = int(amount), int(amount % 1 * 100)
    said = f"{_whole(roubles)} {_form(roubles, ('рубль', 'рубля', 'рублей'))}"
    return f"{said[0].upper()}{said[1:]} {kopecks:02} {_form(kopecks, ('копейка', 'копейки', 'копеек'))}"


def _whole(number: int) -> str:
    words = []
    for size, forms in _GROUPS:
        count, number = divmod(number, size)
        if count:
            words += [*_below_a_thousand(count, feminine=size == 1000), _form(count, forms)]
    if number or not words:
        words += _below_a_thousand(number)
    return " ".join(words)


def _below_a_thousand(number: int, feminine: bool = False) -> list[str]:
    words = [_HUNDREDS[number // 100]] if number >= 100 else []
    rest = number % 100
    if rest >= 20:
        words.append(_TENS[rest // 10])
        rest %= 10
    if rest or number == 0:
        words.append({1: "одна", 2: "две"}.get(rest, _UNITS[rest]) if feminine else _UNITS[rest])
    return words


def _form(number: int, forms: tuple[str, str, str]) -> str:
    if 11 <= number % 100 <= 14:
        return forms[2]
    return forms[{1: 0, 2: 1, 3: 1, 4: 1}.get(number % 10, 2)]
