"""The words and signs that stand beside a number of money. Data only; all words folded (lower case, ё as е).

A word that may mean two currencies (крона, манат, ¥) is left out: the writer is asked.
"""

from __future__ import annotations

from collections.abc import Mapping

CODES = frozenset(
    {
        "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD", "BIF", "BMD",
        "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP",
        "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP",
        "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD",
        "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD",
        "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN",
        "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB",
        "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SYP", "SZL", "THB",
        "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VES", "VND", "VUV",
        "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
    }
)  # fmt: skip
"""ISO 4217 codes that are legal tender somewhere; counted in capitals only, since ALL, TOP and TRY are words."""

SIGNS: Mapping[str, str] = {
    "$": "USD", "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD",
    "NT$": "TWD", "S$": "SGD", "R$": "BRL", "MX$": "MXN", "€": "EUR", "£": "GBP", "₽": "RUB", "₸": "KZT", "₴": "UAH",
    "₺": "TRY", "₹": "INR", "₩": "KRW", "₾": "GEL", "֏": "AMD", "₼": "AZN", "₪": "ILS", "₫": "VND", "฿": "THB",
    "₮": "MNT", "₦": "NGN", "₱": "PHP",
}  # fmt: skip

_NAMES: Mapping[str, tuple[str, ...]] = {
    "RUB": (
        "RUR", "р", "руб", "рубль", "рубля", "рублю", "рублем", "рублей", "рубли", "рублям", "рублях",
        "российский рубль", "российского рубля", "российских рубля", "российских рублей", "российские рубли",
        "российских рублях", "рос руб", "руб рф", "рублей рф", "рубли рф", "рубль рф", "рублей россии",
        "rub", "rur", "ruble", "rubles", "rouble", "roubles", "russian ruble", "russian rubles", "russian roubles",
    ),
    "USD": (
        "usd", "us dollar", "us dollars", "u s dollars", "dollar", "dollars", "дол", "долл", "доллар", "доллара",
        "доллару", "долларов", "доллары", "долларах", "дол сша", "долл сша", "доллар сша", "доллара сша",
        "долларов сша", "доллары сша", "долларах сша",
    ),
    "EUR": ("eur", "euro", "euros", "евро"),
    "GBP": (
        "gbp", "pound", "pounds", "pound sterling", "pounds sterling", "british pounds", "фунтов", "фунта", "фунт",
        "фунт стерлингов", "фунта стерлингов", "фунтов стерлингов", "фунты стерлингов",
    ),
    "KZT": ("kzt", "тенге", "tenge"),
    "BYN": (
        "byn", "бел руб", "белорусский рубль", "белорусских рубля", "белорусских рублей", "белорусские рубли",
        "белорусских рублях",
    ),
    "UAH": ("uah", "грн", "гривна", "гривны", "гривен", "гривнах", "hryvnia"),
    "CNY": (
        "cny", "rmb", "yuan", "юань", "юаня", "юаней", "юани", "юанях", "китайский юань", "китайских юаня",
        "китайских юаней", "китайские юани",
    ),
    "CHF": (
        "chf", "swiss francs", "swiss franc", "швейцарский франк", "швейцарских франка", "швейцарских франков",
        "швейцарские франки",
    ),
    "JPY": ("jpy", "yen", "иена", "иены", "иен", "йена", "йены", "йен"),
    "TRY": ("турецкая лира", "турецкие лиры", "турецких лир", "turkish lira"),
    "PLN": ("pln", "zł", "zloty", "злотый", "злотых"),
    "CZK": ("czk", "kč"),
    "AMD": ("драм", "драма", "драмов"),
    "GEL": ("лари",),
    "KGS": ("kgs", "сом", "сома", "сомов"),
    "UZS": ("uzs", "сум", "сума", "сумов"),
    "AED": ("aed", "дирхам оаэ", "дирхама оаэ", "дирхамов оаэ", "uae dirham", "uae dirhams"),
    "INR": ("inr",),
}  # fmt: skip

CURRENCIES: Mapping[str, str] = {name: code for code, names in _NAMES.items() for name in names}
"""Names of currencies -> ISO 4217 code. RUR, the rouble's code until 1998, is still written for RUB."""

HUNDREDTHS: Mapping[str, frozenset[str]] = {
    word: frozenset(codes)
    for words, codes in (
        (("к", "коп", "копейка", "копейки", "копеек"), ("RUB", "BYN", "UAH")),
        (("kop", "kopeck", "kopecks", "kopeks"), ("RUB", "BYN", "UAH")),
        (("тиын", "тиына", "тиынов"), ("KZT",)),
        (("cent", "cents", "цент", "цента", "центов"), ("USD", "EUR", "CAD", "AUD", "NZD", "HKD", "SGD")),
        (("pence", "penny", "пенс", "пенсов", "пенса"), ("GBP",)),
    )
    for word in words
}
"""Words for a hundredth -> the currencies that have such a hundredth."""

SCALES: Mapping[str, int] = {
    **dict.fromkeys(("т", "тыс", "тысяча", "тысячи", "тысяч", "k", "thousand"), 10**3),
    **dict.fromkeys(("млн", "миллион", "миллиона", "миллионов", "mln", "million", "millions"), 10**6),
    **dict.fromkeys(("млрд", "миллиард", "миллиарда", "миллиардов", "bln", "bn", "billion", "billions"), 10**9),
}
"""Words that multiply; `m` is left out, as it is thousand for some and million for others."""

EMPHASIS = frozenset({"итого", "всего", "total", "only", "ровно", "exactly"})
"""Words that change nothing."""

TAXES = frozenset({"ндс", "vat", "gst", "tax", "taxes", "nds", "налоги", "налог"})

TAX_INCLUSION = frozenset(
    {
        "в т ч", "вт ч", "в том числе", "в тч", "включая", "вкл", "включен", "включено", "с", "с учетом", "без",
        "без учета", "не облагается", "нет", "including", "incl", "included", "inclusive", "inclusive of", "includes",
        "with", "without", "excluding", "excl", "exclusive", "exclusive of", "excluded", "exempt", "net of", "all",
        "is included", "not applicable",
    }
)  # fmt: skip
"""Words between the sum and the tax that leave the sum as it is. `plus`, `плюс`, `+` change it: the writer is asked."""

NUMERALS: Mapping[str, int] = {
    "ноль": 0, "один": 1, "одна": 1, "одно": 1, "два": 2, "две": 2, "три": 3, "четыре": 4, "пять": 5, "шесть": 6,
    "семь": 7, "восемь": 8, "девять": 9, "десять": 10, "одиннадцать": 11, "двенадцать": 12, "тринадцать": 13,
    "четырнадцать": 14, "пятнадцать": 15, "шестнадцать": 16, "семнадцать": 17, "восемнадцать": 18,
    "девятнадцать": 19, "двадцать": 20, "тридцать": 30, "сорок": 40, "пятьдесят": 50, "шестьдесят": 60,
    "семьдесят": 70, "восемьдесят": 80, "девяносто": 90, "сто": 100, "двести": 200, "триста": 300,
    "четыреста": 400, "пятьсот": 500, "шестьсот": 600, "семьсот": 700, "восемьсот": 800, "девятьсот": 900,
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
"""Words for numbers below a thousand."""
