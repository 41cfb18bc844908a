"""Header fields as bytes of RFC 5322 and 2047.

Own code, since the standard library's folding loses spaces between encoded words and encodes long Message-IDs.
"""

from __future__ import annotations

import re
import textwrap
from base64 import b64encode
from collections.abc import Iterable

_ENCODED_BYTES = 45  # of text in one encoded word, which may have 75 characters (RFC 2047 section 2)
_LINE = 70
_FOLD = "\r\n "
_REFERENCE = re.compile(r"\[[!-Z\\^-~]+(?: [!-Z\\^-~]+)*\] ")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")


def header_block(fields: Iterable[tuple[str, str]]) -> bytes:
    """Fields with a value, in this order, each ending with CRLF. Values are ASCII and folded already."""
    return "".join(f"{name}: {value}\r\n" for name, value in fields if value).encode("ascii")


def unstructured(text: str) -> str:
    """A subject: a reference in brackets at its beginning stays readable, the rest is encoded where it must be."""
    if _is_plain(text):
        return _FOLD.join(textwrap.wrap(text, _LINE, break_long_words=False, break_on_hyphens=False))
    reference = found[0] if (found := _REFERENCE.match(text)) else ""
    words = encoded_words(text[len(reference) :])
    return f"{reference.rstrip()}{_FOLD}{words}" if reference else words


def phrase(name: str) -> str:
    """A display name, quoted or encoded (RFC 5322 section 3.4)."""
    if _is_plain(name):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return encoded_words(name)


def message_ids(candidates: Iterable[str]) -> str:
    """Message-IDs, one a line, never encoded; what RFC 5322 section 3.6.4 does not allow is left out."""
    return _FOLD.join(candidate for candidate in candidates if _MESSAGE_ID.fullmatch(candidate))


def encoded_words(text: str) -> str:
    """Base64 words, none of which cuts a character in two (RFC 2047 section 5)."""
    words, word = [], b""
    for character in text:
        encoded = character.encode("utf-8", "replace")
        if len(word) + len(encoded) > _ENCODED_BYTES:
            words.append(word)
            word = b""
        word += encoded
    return _FOLD.join(f"=?utf-8?b?{b64encode(part).decode()}?=" for part in [*words, word])


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "=?" not in text
