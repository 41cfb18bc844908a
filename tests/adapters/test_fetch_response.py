"""What servers answer to FETCH, as imaplib hands it over."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailflow.adapters.fetch_response import arrivals, bodies, sizes


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([b"1 (UID 5 RFC822.SIZE 100)", b"2 (RFC822.SIZE 7 UID 9)"], {5: 100, 9: 7}),
        ([b"1 (FLAGS (\\Seen))", b"1 (UID 5 FLAGS () RFC822.SIZE 100)"], {5: 100}),
        ([b"1 (UID 5 FLAGS (\\Seen))"], {}),
        ([None], {}),
        ([], {}),
    ],
)
def test_sizes(answer: list[object], expected: dict[int, int]) -> None:
    assert sizes(answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([(b"1 (UID 5 BODY[] {2}", b"ab"), b")", (b"2 (UID 6 BODY[] {0}", b""), b")"], {5: b"ab", 6: b""}),
        ([(b"1 (BODY[HEADER]<0> {2}", b"ab"), b" UID 5)"], {5: b"ab"}),
        ([b"3 (FLAGS (\\Seen))", (b"1 (UID 5 BODY[] {2}", b"ab"), b")", b"4 (UID 9 FLAGS ())"], {5: b"ab"}),
        ([b'1 (UID 5 BODY[] "a \\"b\\" \\\\")', b'2 (BODY[HEADER]<0> "" UID 6)'], {5: b'a "b" \\', 6: b""}),
        ([b"1 (UID 5 BODY[] NIL)"], {}),
        ([(b"1 (BODY[] {2}", b"ab")], {}),
        ([None], {}),
    ],
)
def test_bodies(answer: list[object], expected: dict[int, bytes]) -> None:
    assert bodies(answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            [b'1 (UID 5 INTERNALDATE "26-Nov-2026 23:30:00 -0300")'],
            {5: datetime(2026, 11, 27, 2, 30, tzinfo=UTC)},
        ),
        ([b'1 (INTERNALDATE " 1-Jan-2026 00:00:00 +0000" UID 7)'], {7: datetime(2026, 1, 1, tzinfo=UTC)}),
        ([b'1 (UID 5 INTERNALDATE "yesterday")', b"2 (UID 6 RFC822.SIZE 3)", None], {}),
        ([b'1 (UID 5 INTERNALDATE "00-Jan-0000 00:00:00 +0000")'], {}),
        ([b'1 (UID 5 INTERNALDATE "01-Foo-2026 00:00:00 +0000")'], {}),
    ],
)
def test_arrivals(answer: list[object], expected: dict[int, datetime]) -> None:
    assert arrivals(answer) == expected
