"""What the style of an HTML element hides (CSS 2), by the element's own declarations and the page's style sheets.

A rule counts for whatever its last simple selectors name, wherever that stands: rather too much is held to be hidden
than too little, since what is hidden is asked about and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from lxml import etree

Style = Mapping[str, str]

_MAX_SHEET = 50_000
_COMMENT = re.compile(r"/\*[^*]{0,2000}(?:\*(?!/)[^*]{0,2000}){0,50}\*/|<!--|-->")
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.IGNORECASE)
_RULE = re.compile(r"([^{};]{1,300})\{([^{}]{0,2000})\}")
_NAMED = re.compile(r"[.#\[]?[\w-]{1,80}|\*")
_OF_THE_LAST = re.compile(r"[^\s>+~]{1,200}$")
_PSEUDO_ELEMENT = re.compile(r"::|:(?:before|after|first-l)")
_PSEUDO_CLASS = re.compile(r":[\w-]{1,40}(?:\([^)]{0,100}\))?")

_LENGTH = re.compile(r"(-?\d{0,6}\.?\d{1,6})\.?(px|pt|em|rem|ex|ch|%|in|cm|mm|v[hw])?")
_LEAST_SEEN = {"em": 0.3, "rem": 0.3, "ex": 0.5, "ch": 0.5, "%": 30.0, "in": 0.03, "cm": 0.08, "mm": 0.8}
_LEAST_SEEN_PX = 3.0
_FAINT = 0.3
_OFFSETS = ("text-indent", "left", "right", "top", "bottom", "letter-spacing", "word-spacing")
_MARGINS = ("margin", "margin-left", "margin-right", "margin-top", "margin-bottom")
_FAR_OFF = {"em": 20.0, "rem": 20.0, "vh": 50.0, "vw": 50.0, "%": 90.0}
_FAR_OFF_PX = 100.0
_FAR_OFF_BEYOND_PX = 1000.0
_SIZES = ("height", "max-height", "width", "max-width", "line-height")

_HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]{1,80})\)")
_LIGHT = 240
_LIGHT_NAMES = frozenset(
    {"white", "snow", "ivory", "ghostwhite", "whitesmoke", "floralwhite", "mintcream", "azure", "aliceblue", "seashell",
     "honeydew", "lavenderblush", "linen", "oldlace", "cornsilk", "lightyellow"}
)  # fmt: skip
_NO_COLOUR = frozenset({"", "inherit", "initial", "none", "unset", "currentcolor", "transparent"})


class StyleSheets:
    """The rules of a page by what their selectors name: a tag, a `.class`, an `#id`, an `[attribute`, or all (`*`)."""

    def __init__(self, sheets: Iterable[str]) -> None:
        self._rules: dict[str, dict[str, str]] = {}
        for sheet in sheets:
            for selectors, declared in _RULE.findall(_plain(sheet[:_MAX_SHEET])):
                self._add(selectors, declarations(declared))

    def _add(self, selectors: str, style: Style) -> None:
        for selector in selectors.lower().split(","):
            last = _OF_THE_LAST.search(selector.strip())
            if last and not _PSEUDO_ELEMENT.search(last[0]):
                for name in _narrowest(_NAMED.findall(_PSEUDO_CLASS.sub("", last[0]))):
                    self._rules.setdefault(name, {}).update(style)

    def style_of(self, element: etree._Element) -> dict[str, str]:
        """The declarations that hold for an element, its own last."""
        found: dict[str, str] = {}
        if self._rules:
            for name in _names(element):
                found.update(self._rules.get(name, {}))
        if own := element.get("style"):
            found.update(declarations(own))
        return found


def declarations(style: str) -> dict[str, str]:
    """Property -> value of a `style` attribute or a rule, in lower case."""
    pairs = (declaration.partition(":") for declaration in _plain(style[:2000]).lower().split(";"))
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in pairs}


def hides(style: Style) -> bool:
    """Whether an element of this style is not seen, whatever its colours are."""
    if not style:
        return False
    position = style.get("position", "static")
    return (
        style.get("display", "").startswith("none")
        or style.get("visibility", "") in {"hidden", "collapse"}
        or style.get("content-visibility", "") == "hidden"
        or style.get("mso-hide", "") == "all"
        or any(map(_is_tiny, (style.get("font-size", ""), style.get("zoom", ""), *style.get("font", "").split()[:6])))
        or _is_faint(style.get("opacity", ""))
        or "opacity(" in style.get("filter", "")
        or style.get("clip", "auto") not in {"auto", "inherit", "initial"}
        or style.get("clip-path", "none") not in {"none", "inherit", "initial"}
        or style.get("transform", "none") not in {"none", "inherit", "initial"}
        or "line-through" in style.get("text-decoration", "") + style.get("text-decoration-line", "")
        or (position in {"absolute", "fixed", "relative"} and style.get("z-index", "").startswith("-"))
        or (_is_clipped(style) and any(_is_tiny(style.get(name, "")) for name in _SIZES))
        or any(_is_far_off(word) for name in (*_OFFSETS, *_MARGINS) for word in style.get(name, "").split()[:4])
    )


def text_colour(style: Style, element: etree._Element) -> str:
    """The colour of an element's letters, empty where it gives none."""
    given = style.get("-webkit-text-fill-color") or style.get("color") or element.get("color") or element.get("text")
    return _colour(given or "")


def ground_colour(style: Style, element: etree._Element) -> str:
    """The colour, or else, that an element is painted with; empty where it lets the ground below it be seen."""
    given = style.get("background-color") or style.get("background") or element.get("bgcolor") or ""
    colour = _colour(given)
    return "" if colour in _NO_COLOUR else colour


def is_unseen(colour: str, ground: str) -> bool:
    """Whether letters of this colour cannot be read on this ground; an empty ground is white."""
    if colour in _NO_COLOUR - {"transparent"}:
        return False
    return colour in {"transparent", ground} or (colour == "white" and ground in {"", "white"})


def _plain(css: str) -> str:
    """CSS without comments, its escapes resolved."""
    return _ESCAPE.sub(lambda m: chr(min(int(m[1], 16), 0xFFFD)) if m[1] else m[2], _COMMENT.sub("", css))


def _narrowest(names: list[str]) -> list[str]:
    """Of the simple selectors of one element its id, else a class, else an attribute, else its tag."""
    for mark in "#.[":
        if found := [name for name in names if name.startswith(mark)]:
            return found[:1]
    return names[:1]


def _names(element: etree._Element) -> list[str]:
    tag = element.tag.lower() if isinstance(element.tag, str) else ""
    attributes = [f"[{name.lower()}" for name in list(map(str, element.attrib))[:20]]
    classes = [f".{name}" for name in (element.get("class") or "").lower().split()[:20]]
    return ["*", tag, *attributes, *classes, f"#{(element.get('id') or '').lower()}"]


def _is_tiny(value: str) -> bool:
    """Whether a length is so small that nobody sees it; what is no length is not."""
    found = _LENGTH.match(value)
    return found is not None and float(found[1]) < _LEAST_SEEN.get(found[2] or "px", _LEAST_SEEN_PX)


def _is_faint(value: str) -> bool:
    found = _LENGTH.fullmatch(value)
    return found is not None and float(found[1]) / (100 if found[2] == "%" else 1) < _FAINT


def _is_far_off(value: str) -> bool:
    """Whether an offset moves an element out of sight: back, or very far on."""
    found = _LENGTH.fullmatch(value)
    if not found:
        return False
    least = _FAR_OFF.get(found[2] or "px")
    distance = float(found[1])
    return distance <= -(least or _FAR_OFF_PX) or distance >= (least or _FAR_OFF_BEYOND_PX) * (2 if least else 1)


def _is_clipped(style: Style) -> bool:
    overflow = (style.get(name, "") for name in ("overflow", "overflow-x", "overflow-y"))
    return any(value.startswith(("hidden", "clip")) for value in overflow)


def _colour(value: str) -> str:
    """A colour in one spelling: `white` for whatever is nearly so, `transparent`, or its channels."""
    written = value.lower().replace("!important", "").strip()
    if _HEX.fullmatch(written):
        digits = written[1:] if len(written) > 5 else "".join(digit * 2 for digit in written[1:])
        return _seen([float(int(digits[at : at + 2], 16)) for at in range(0, len(digits), 2)], 255)
    if not (found := _FUNCTION.fullmatch(written)):
        compact = written.replace(" ", "")
        return "white" if compact in _LIGHT_NAMES else "0,0,0" if compact == "black" else compact
    numbers = [_number(word) for word in re.split(r"[\s,/]{1,9}", found[2].strip())]
    if found[1] == "hsl":
        light = numbers[2] if len(numbers) > 2 else 0.0
        channels = [255.0] * 3 if light * 255 >= _LIGHT else numbers[:3]
    else:
        scale = [255 if word.endswith("%") else 1 for word in re.split(r"[\s,/]{1,9}", found[2].strip())]
        channels = [number * by for number, by in zip(numbers[:3], scale, strict=False)]
    return _seen([*channels, *numbers[3:4]], 1)


def _seen(channels: list[float], opaque: float) -> str:
    if len(channels) > 3 and channels[3] / opaque < _FAINT:
        return "transparent"
    if all(channel >= _LIGHT for channel in channels[:3]):
        return "white"
    return ",".join(f"{channel:.0f}" for channel in channels[:3])


def _number(word: str) -> float:
    found = _LENGTH.match(word)
    return float(found[1]) / (100 if found[2] == "%" else 1) if found else 0.0
