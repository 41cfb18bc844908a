"""What people wrote, made safe to stand in a header, a line or a paragraph of a mail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_OTHER_BREAK = re.compile("[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_SPACES = re.compile("[ \t]+")

PARAGRAPHS = frozenset({"comment", "reason", "question", "answer", "text", "line"})
"""Names of facts that may have several lines; every other one is a single line."""


def paragraph(text: str) -> str:
    """Text whose only control character is the newline; no surrogates, no marks that turn the reading direction."""
    if text.isprintable() and "  " not in text and text == text.strip():
        return text
    lines = (_SPACES.sub(" ", _INVISIBLE.sub("", line)).strip() for line in _BREAK.split(text))
    return "\n".join(lines).strip()


def one_line(text: str) -> str:
    """The same on one line."""
    return paragraph(text).replace("\n", " ")


def shortened(text: str, length: int) -> str:
    """At most so many characters; the last is an ellipsis where something was cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def whole_text(text: str) -> str:
    """A finished body: newlines as they are, every other control character gone."""
    if text.replace("\n", " ").replace("\u00a0", " ").isprintable():
        return text
    return _INVISIBLE.sub("", _OTHER_BREAK.sub(" ", text.replace("\r\n", "\n")))


def cleaned(value: Any, name: str = "") -> Any:
    """A value with every text in it cleaned, however deep it lies. `name` is the name of the fact.

    A text of which nothing can be seen becomes '?', so that a required field never looks as if it were missing.
    """
    if type(value) is str:
        visible = paragraph(value) if name in PARAGRAPHS else one_line(value)
        return visible or ("?" if value.strip() else "")
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: cleaned(getattr(value, f.name), f.name) for f in fields(value)})
    if isinstance(value, Mapping):
        return {key: cleaned(item, str(key)) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return tuple(cleaned(item, name) for item in value)
    return value
