"""Bytes as text: by the charset that was named, else guessed (RFC 2045 section 5.2)."""

from __future__ import annotations

import codecs

_ALIASES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-cp1251": "cp1251",
    "x-sjis": "cp932",
    "win-1251": "cp1251",
}
_CODES_NOT_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
_NOT_ASCII_LETTERS = bytes(b for b in range(256) if not bytes([b]).isalpha())
_NOT_LETTERS = bytes(range(0xC0))
_NOT_HIGH = bytes(range(0x80))
_NOT_SMALL_IN_KOI8 = bytes(b for b in range(256) if not 0xC0 <= b < 0xE0)


def decode(data: bytes, declared: str | None) -> tuple[str, bool]:
    """The text; with it, whether every character of it is certain. Sound UTF-8 is, whatever was declared."""
    named = _codec(declared)
    for codec in (named or "utf-8", "utf-8"):
        try:
            return data.decode(codec), True
        except (UnicodeError, ValueError):
            continue
    if named:
        text = data.decode(named, "replace")
        if text.count("\ufffd") * 2 <= _how_many(data, _NOT_HIGH):
            return text, False
    return _guessed(data), False


def _codec(declared: str | None) -> str | None:
    """The name of Python's codec for a charset; None where it has none, or one that makes no text."""
    name = (declared or "").strip(" \t'\"").lower()
    if not name or "\x00" in name:
        return None
    try:
        found = codecs.lookup(_ALIASES.get(name, name)).name
        "".encode(found)
    except (LookupError, UnicodeError, ValueError):
        return None
    return None if found in _CODES_NOT_CHARSETS else found


def _guessed(data: bytes) -> str:
    """Western where few letters are beyond ASCII; else Russian, by where the small letters lie in the code table."""
    letters = _how_many(data, _NOT_LETTERS)
    if letters * 2 < _how_many(data, _NOT_HIGH) or letters * 3 < _how_many(data, _NOT_ASCII_LETTERS):
        return data.decode("cp1252", "replace")
    in_koi8 = _how_many(data, _NOT_SMALL_IN_KOI8)
    return data.decode("koi8-r" if in_koi8 * 2 > letters else "cp1251", "replace")


def _how_many(data: bytes, all_but_these: bytes) -> int:
    return len(data.translate(None, all_but_these))
