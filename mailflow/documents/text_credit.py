"""Papers that look like an invoice and pay back: credit notes, cancellations, corrections."""

from __future__ import annotations

import re

_WORDS = re.compile(
    r"\b(?:korrektur ?rechnung|storno[ -]?rechnung|rechnungs ?korrektur|facture d['’]avoir|note de crédit"
    r"|credit ?nota|credit ?factuur|nota kredytowa|faktura koryguj[aą]ca|nota d[ie] cr[eé]dito"
    r"|кредит[ -]?нот[аы]|кредит[ -]?счет|корректировочн(?:ый|ого) счет|сторно|к возврату)"
)
_TITLES = re.compile(
    r"(?:^|\t)[^\w\n]{0,10}"
    r"(?:(?:\w{1,30} ){0,2}credit (?:note|memo)\b|(?:gutschrift|storno)\b|avoir[^\w\n]{0,10}(?:n|№|\d|$))",
    re.MULTILINE,
)


def pays_back(text: str) -> bool:
    """Whether the text (lower case, ё as е) calls itself a paper by which money comes back."""
    return bool(_WORDS.search(text) or _TITLES.search(text))
