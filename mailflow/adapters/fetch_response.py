"""Reading the answers to FETCH (RFC 9051 section 7.5.2) in the form in which imaplib gives them.

A literal comes as a pair (what stands before it, the literal) with what stands after it as the next item; everything
else as bytes. Answers that nobody asked for, such as changed flags, stand between the others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from imaplib import Internaldate2tuple
from itertools import zip_longest
from time import mktime

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_SHORT_BODY = re.compile(rb'\bBODY\[[A-Z]*\](?:<\d+>)? "((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(rb"\\(.)")


def sizes(answer: Sequence[object]) -> dict[int, int]:
    """RFC822.SIZE by UID, in bytes."""
    found = {}
    for item in answer:
        if isinstance(item, bytes) and (uid := _UID.search(item)) and (size := _SIZE.search(item)):
            found[int(uid[1])] = int(size[1])
    return found


def arrivals(answer: Sequence[object]) -> dict[int, datetime]:
    """INTERNALDATE by UID, aware; what is no date is left out."""
    found = {}
    for item in answer:
        if isinstance(item, bytes) and (uid := _UID.search(item)) and (moment := _date(item)):
            found[int(uid[1])] = moment
    return found


def _date(item: bytes) -> datetime | None:
    try:
        local = Internaldate2tuple(item)
        return datetime.fromtimestamp(mktime(local), UTC) if local else None
    except (KeyError, ValueError, OverflowError):  # a month or a year that there is not
        return None


def bodies(answer: Sequence[object]) -> dict[int, bytes]:
    """The BODY[...] that was asked for, by UID. A short one may be a quoted string; NIL is a mail that is gone."""
    found = {}
    for item, following in zip_longest(answer, answer[1:]):
        if isinstance(item, tuple):
            before, literal = item
            uid = _UID.search(before) or (_UID.search(following) if isinstance(following, bytes) else None)
            if uid:
                found[int(uid[1])] = literal
        elif isinstance(item, bytes) and (short := _SHORT_BODY.search(item)) and (uid := _UID.search(item)):
            found[int(uid[1])] = _ESCAPED.sub(rb"\1", short[1])
    return found


def copied(answer: Sequence[object]) -> int:
    """How many mails the COPYUID responses name (RFC 9051 section 7.1)."""
    sources = (item.split()[1] for item in answer if isinstance(item, bytes))
    ranges = (part.partition(b":") for source in sources for part in source.split(b","))
    return sum(abs(int(last or first) - int(first)) + 1 for first, _, last in ranges)
