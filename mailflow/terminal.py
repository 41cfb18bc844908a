"""Printing what strangers wrote: no control character of theirs reaches the terminal."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_CONTROLS = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
"""C0 and C1 (ANSI sequences begin with one), line separators, and marks that turn the writing direction around."""

_CONTROL = re.compile(f"[{_CONTROLS}]")
_CONTROL_BUT_NEWLINE = re.compile(f"(?!\n)[{_CONTROLS}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WIDTH_OF_A_PIPE = 200


def one_line(text: str) -> str:
    """The text in one line, without anything that a terminal would act on."""
    return _SURROGATE.sub("\ufffd", " ".join(_CONTROL.sub("", re.sub(r"[\t\r\n]+", " ", text)).split()))


def several_lines(text: str) -> str:
    """The text with its line breaks, without anything else that a terminal would act on."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs()
    return _SURROGATE.sub("\ufffd", _CONTROL_BUT_NEWLINE.sub("", unified))


def as_json(value: object) -> str:
    """JSON for people and programs: letters stay letters, whatever a terminal would act on is written as \\uXXXX."""
    import json

    text = json.dumps(value, ensure_ascii=False, indent=2)
    unsafe = re.compile(f"(?!\n)[{_CONTROLS}\ud800-\udfff]")
    return unsafe.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def console(stderr: bool = False) -> Console:
    """Where tables are printed; a pipe gets lines wide enough for a whole row. Nothing printed is read as markup."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDTH_OF_A_PIPE
    return Console(stderr=stderr, width=width, markup=False, highlight=False, emoji=False)
