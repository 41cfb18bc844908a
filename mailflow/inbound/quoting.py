"""What the writer typed, taken from the text and the HTML of a mail, and what makes that doubtful (process section 3).

No quotation, no signature, nothing forwarded, nothing hidden, none of our own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailflow.approval.wording import KEYWORDS, Keywords, Verb
from mailflow.inbound.html_text import HtmlText, html_text
from mailflow.inbound.keyword import KeywordList, keyword_list
from mailflow.inbound.message import InboundMessage
from mailflow.inbound.quotation import Unquoted, unquoted
from mailflow.inbound.salutation import from_decision_line

MAX_TEXT = 20_000

_WORD = re.compile(r"[^\W\d_]{1,60}|\ufffd")
_LINK = re.compile(r"<[a-z]{3,8}:[^\s<>]{0,400}>|https?://\S{0,400}|\[(?:cid|image)[^\]\n]{0,200}\]", re.IGNORECASE)
_LAYOUT = re.compile(r"[\s*_>|•·-]+")
_DECISIVE = frozenset(Verb) - {Verb.HELP, Verb.STATUS, Verb.QUESTION}


_DAMAGE = re.compile("[\ufffd\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


@dataclass(frozen=True)
class Visible:
    """The visible answer, at most MAX_TEXT characters.

    `doubts`: glued (answer and quotation on one line), parts_differ (text and HTML do not begin with the same words),
    hidden_text (what the HTML hides would be read otherwise), damaged_text (U+FFFD or a control character in the line
    that decides). `other` is what the HTML shows where that is not sign for sign the text.
    """

    text: str
    doubts: tuple[str, ...] = ()
    other: str = ""


def visible_text(message: InboundMessage, keywords: Keywords = KEYWORDS) -> Visible:
    """What the writer typed: the words of the text part, or those of the HTML where there is no text."""
    known = keyword_list(keywords)
    page = html_text(message.html) if message.html else HtmlText("", "")
    plain, shown = unquoted(message.text, known), unquoted(page.text, known)
    taken = plain if message.text.strip() else shown
    text, other = taken.text[:MAX_TEXT], ""
    doubts = ["glued"] if taken.glued else []
    if message.html and taken is plain:
        if not _begin_alike(plain, shown, known):
            doubts.append("parts_differ")
        if _signs(plain.text) != _signs(shown.text):
            other = shown.text[:MAX_TEXT]
    if page.with_hidden != page.text and _hides_an_answer(page, shown, known):
        doubts.append("hidden_text")
    if _DAMAGE.search(_first(text, known)):
        doubts.append("damaged_text")
    return Visible(text, tuple(doubts), other)


def _first(text: str, keywords: KeywordList) -> str:
    return next(iter(from_decision_line(text, keywords)), "")


def _begin_alike(one: Unquoted, other: Unquoted, keywords: KeywordList) -> bool:
    """Whether both say the same as far as the longer first line goes; how they are wrapped does not matter."""
    first, second = (from_decision_line(said.text, keywords) for said in (one, other))
    reach = max(len(_words("".join(lines[:1]))) for lines in (first, second))
    same = _words("\n".join(first))[:reach] == _words("\n".join(second))[:reach]
    return same and one.glued == other.glued


def _hides_an_answer(page: HtmlText, shown: Unquoted, keywords: KeywordList) -> bool:
    """Whether one who saw the hidden words too would find other keywords, or another first line."""
    unhidden = unquoted(page.with_hidden, keywords).text
    if (keywords.anywhere(unhidden) ^ keywords.anywhere(shown.text)) & _DECISIVE:
        return True
    return _words(_first(unhidden, keywords)) != _words(_first(shown.text, keywords))


def _words(text: str) -> list[str]:
    """The words alone, without what the two forms of a mail write differently: links, pictures, bullets, stars."""
    return _WORD.findall(_LINK.sub(" ", text).casefold())


def _signs(text: str) -> str:
    """All that is said, a question mark or a figure too, without what the two forms of a mail write differently."""
    return _LAYOUT.sub("", _LINK.sub(" ", text)).casefold()
