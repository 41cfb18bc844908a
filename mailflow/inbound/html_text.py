"""An HTML body -> the text that a person sees, quotations marked as in plain text.

Worked out on the tree: what is hidden is known to be hidden, and what is a quotation by structure becomes one line
that begins with `>`, so that `quoting` reads both kinds of body by the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml import etree

from mailflow.inbound.html_style import StyleSheets, ground_colour, hides, is_unseen, text_colour
from mailflow.inbound.quote_patterns import (
    QUOTED_ELEMENTS,
    QUOTED_FROM_HERE,
    QUOTED_SECTIONS,
    SIGNATURE_NAME,
    SIGNATURE_SECTIONS,
)

MAX_HTML = 1_000_000
"""Characters of a body that are looked at."""
MAX_ELEMENTS = 20_000
MAX_DEPTH = 100
"""Elements beyond the first MAX_ELEMENTS, and those nested deeper, are left out."""

QUOTATION_LINE = ">"
RULE_LINE = "-----"
BREAK_LINE = "-----Original Message-----"

_UNSEEN_TAGS = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "xml", "meta", "link", "base", "iframe", "object",
     "video", "audio", "canvas", "datalist", "dialog", "rp", "noembed", "noframes", "annotation", "annotation-xml"}
)  # fmt: skip
_STRUCK_TAGS = frozenset({"s", "strike", "del"})
_OUTLOOK_RULE = re.compile(r"border-top\s{0,3}:\s{0,3}solid\s{1,3}#(?:e1e1e1|b5c4df)", re.IGNORECASE)

_SIGNATURE = re.compile(rf"(?<![^\W_]){SIGNATURE_NAME}(?![^\W_])", re.IGNORECASE)
_NOT_IN_FIGURES = re.compile(r"list-style(?:-type)?\s{0,3}:\s{0,3}(?!decimal)[a-z]", re.IGNORECASE)
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class HtmlText:
    """`text` is what is seen, `with_hidden` the same with what the page hides."""

    text: str
    with_hidden: str


def html_text(html: str) -> HtmlText:
    """The text of an HTML body; never raises, at most MAX_HTML characters of it are read."""
    root = _parse(html)
    if root is None:
        return HtmlText("", "")
    sheets = StyleSheets([style.text or "" for style in root.iter("style")])
    _flatten(root)
    _mark_quotations(root)
    hidden = _hidden_elements(root, sheets)
    _number(root, hidden)
    for element in hidden:
        element.attrib.pop("style", "")
    with_hidden = _rendered(root)
    if not hidden:
        return HtmlText(with_hidden, with_hidden)
    for element in hidden:
        _remove(element)
    return HtmlText(_rendered(root), with_hidden)


def _parse(html: str) -> etree._Element | None:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, recover=True, no_network=True)
    try:
        return etree.fromstring(html[:MAX_HTML].encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        return None


def _flatten(root: etree._Element) -> None:
    """Takes out what no reader sees and what is nested beyond reason."""
    elements = list(root.iter(etree.Element))
    for element in elements[MAX_ELEMENTS:]:
        if (parent := element.getparent()) is not None:
            parent.remove(element)
    level = [root]
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element]
    for element in [*level, *(e for e in elements[1:MAX_ELEMENTS] if _name(e) in _UNSEEN_TAGS)]:
        _remove(element)


def _number(root: etree._Element, hidden: Iterable[etree._Element]) -> None:
    """Gives each item of a numbered list the number that is seen (HTML, section 4.4.5); 0 where that is no figure."""
    unseen, lists = set(hidden), dict[etree._Element, list[etree._Element]]()
    for item in root.iter("li"):
        numbered = next(item.iterancestors("ol", "ul"), None)
        if numbered is not None and _name(numbered) == "ol" and item not in unseen:
            lists.setdefault(numbered, []).append(item)
    for numbered, items in lists.items():
        is_reversed = numbered.get("reversed") is not None
        number = _whole(numbered.get("start"), len(items) if is_reversed else 1)
        for item in items:
            number = _whole(item.get("value"), number)
            item.set("value", str(max(0, number) if _is_in_figures(numbered, item) else 0))
            number += -1 if is_reversed else 1


def _whole(written: str | None, otherwise: int) -> int:
    return int(written) if written and re.fullmatch(r"-?[0-9]{1,6}", written) else otherwise


def _is_in_figures(numbered: etree._Element, item: etree._Element) -> bool:
    kinds = {element.get("type") or "1" for element in (numbered, item)}
    styles = (element.get("style") or "" for element in (numbered, item))
    return kinds == {"1"} and not any(_NOT_IN_FIGURES.search(style[:500]) for style in styles)


def _mark_quotations(root: etree._Element) -> None:
    quoted, breaks = map(_Matcher, (QUOTED_ELEMENTS, QUOTED_FROM_HERE))
    for element in list(root.iter(etree.Element)):
        if element is root:
            continue
        if _is_signature(element):
            _remove(element)
        elif quoted.matches(element) or element.get("name") in QUOTED_SECTIONS:
            _replace(element, QUOTATION_LINE)
        elif breaks.matches(element) or _OUTLOOK_RULE.search((element.get("style") or "")[:500]):
            _replace(element, BREAK_LINE)
        elif _name(element) == "hr":
            _replace(element, RULE_LINE)


def _is_signature(element: etree._Element) -> bool:
    if element.get("data-signature-widget") or element.get("data-signatureblock"):
        return True
    if element.get("name") in SIGNATURE_SECTIONS:
        return True
    return bool(_SIGNATURE.search(f"{element.get('class') or ''} {element.get('id') or ''}"[:500]))


class _Matcher:
    def __init__(self, selectors: Iterable[str]) -> None:
        self._tags = {s for s in selectors if not s.startswith("*")}
        self._classes = {s[2:] for s in selectors if s.startswith("*.")}
        self._ids = {s[2:] for s in selectors if s.startswith("*#")}

    def matches(self, element: etree._Element) -> bool:
        if _name(element) in self._tags or element.get("id") in self._ids:
            return True
        return not self._classes.isdisjoint((element.get("class") or "").split())


def _replace(element: etree._Element, line: str) -> None:
    """Puts a line of text in the element's place; what follows the element stays."""
    _substitute(element, "div", line)


def _remove(element: etree._Element) -> None:
    """Takes the element out; what follows it stays."""
    _substitute(element, "span", None)


def _substitute(element: etree._Element, tag: str, text: str | None) -> None:
    parent = element.getparent()
    if parent is None:
        return
    substitute = etree.Element(tag)
    substitute.text, substitute.tail = text, _NO_XML.sub("\ufffd", element.tail or "")
    parent.replace(element, substitute)


def _hidden_elements(root: etree._Element, sheets: StyleSheets) -> list[etree._Element]:
    styles = {element: sheets.style_of(element) for element in root.iter(etree.Element)}
    grounds = {e: ground for e, style in styles.items() if (ground := ground_colour(style, e))}
    return [
        e
        for e, style in styles.items()
        if e.get("hidden") is not None
        or _name(e) in _STRUCK_TAGS
        or hides(style)
        or ((colour := text_colour(style, e)) and is_unseen(colour, _ground_of(e, grounds)))
    ]


def _ground_of(element: etree._Element, grounds: dict[etree._Element, str]) -> str:
    """What the element is painted on, empty where nothing is said."""
    if not grounds:
        return ""
    return next((grounds[e] for e in (element, *element.iterancestors()) if e in grounds), "")


def _name(element: etree._Element) -> str:
    return element.tag.lower() if isinstance(element.tag, str) else ""


def _rendered(root: etree._Element) -> str:
    lines = str(Inscriptis(root, ParserConfig()).get_text()).split("\n")
    return "\n".join(line.strip(" ") for line in lines)
