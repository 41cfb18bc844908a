"""Answers to an invite are recorded and shown; they decide nothing (process section 4)."""

from __future__ import annotations

import pytest

from mailflow.inbound.calendar_reply import read_reply
from mailflow.inbound.message import parse
from tests.inbound.corpus import needs_corpus, raw, rows


@needs_corpus
@pytest.mark.parametrize("row", rows("rsvp"), ids=lambda row: row["file"])
def test_only_a_reply_with_one_attendee_is_an_answer(row: dict[str, str]) -> None:
    reply = read_reply(parse(raw("rsvp", row)))
    if row["expected"] != "rsvp":
        assert reply is None
        return
    assert reply is not None
    assert (reply.uid, reply.attendee, reply.partstat) == (row["uid"], row["attendee"], row["partstat"])
    assert reply.sequence == int(row["sequence"] or 0)


@needs_corpus
@pytest.mark.parametrize("row", rows("rsvp/derived"), ids=lambda row: row["file"])
def test_an_answer_to_our_invite_is_read_and_what_needs_a_person_is_told_apart(row: dict[str, str]) -> None:
    reply = read_reply(parse(raw("rsvp/derived", row)))
    assert reply is not None
    needs_a_person = reply.is_counter or reply.partstat == "DELEGATED" or reply.sender != reply.attendee
    assert needs_a_person == (row["expected_action"] == "review")
    assert (reply.uid, reply.attendee, reply.partstat) == (row["uid"], row["attendee"], row["partstat"])
    assert reply.sequence == int(row["sequence"])


EVENT = """BEGIN:VEVENT
UID:u1
DTSTAMP:20261201T090000Z
ATTENDEE;PARTSTAT=ACCEPTED:mailto:ivan@firm.example
END:VEVENT
"""


def reply_of(calendar: str) -> object:
    header = "From: ivan@firm.example\nContent-Type: text/calendar; method=REPLY\n\n"
    return read_reply(parse(header.encode() + calendar.encode()))


def calendar(*events: str) -> str:
    return "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REPLY\n" + "".join(events) + "END:VCALENDAR\n"


def test_a_plain_answer_is_read() -> None:
    assert reply_of(calendar(EVENT))


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "no calendar",
        calendar(),
        calendar(EVENT, EVENT.replace("u1", "u2")),
        calendar(EVENT.replace("UID:u1\n", "")),
        calendar(EVENT.replace("PARTSTAT=ACCEPTED", "PARTSTAT=PERHAPS")),
        calendar(EVENT.replace("END:VEVENT", "ATTENDEE:mailto:x@y.example\nEND:VEVENT")),
        calendar(EVENT.replace("mailto:", "tel:")),
        calendar(EVENT)[:-30],
        calendar(EVENT.replace("END:VEVENT", "SEQUENCE:many\nEND:VEVENT")),
    ],
)
def test_an_answer_that_is_not_sound_and_single_is_none(broken: str) -> None:
    assert reply_of(broken) is None
