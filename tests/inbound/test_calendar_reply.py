"""Answers to an invite are recorded and shown; they decide nothing (process section 4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailflow.approval.rsvp import CalendarReply
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


FROM_EXCHANGE = """BEGIN:VCALENDAR
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
ATTENDEE;PARTSTAT=ACCEPTED;CN="Анна Белова":MAILTO:Anna@Firm.example
COMMENT;LANGUAGE=ru-RU:\\n
UID:u1
SUMMARY;LANGUAGE=ru-RU:Отклонено: Оплата счёта
DTSTART;TZID=Russian Standard Time:20261215T100000
DTSTAMP:20261202T090000Z
SEQUENCE:3
END:VEVENT
END:VCALENDAR
"""
"""No ORGANIZER, MAILTO in capitals, a time zone that is none of IANA's, and no definition of it."""


@pytest.mark.parametrize(
    ("content_type", "change"),
    [
        ("text/calendar; method=REPLY; charset=utf-8", lambda text: text.encode()),
        ("text/calendar; charset=windows-1251", lambda text: text.encode("cp1251")),
        ("text/calendar; charset=utf-16", lambda text: text.encode("utf-16")),
        ("text/calendar; charset=utf-8", lambda text: b"\xef\xbb\xbf" + text.encode()),
        ("text/calendar", lambda text: text.replace("\n", "\r\n").encode()),
        ("text/calendar", lambda text: text.replace("\n", "\r").encode()),
        ("text/calendar; method=REPLY", lambda text: text.replace("METHOD:REPLY\n", "").encode()),
        ("text/calendar", lambda text: f"{text}\n--\nSent through a list\n".encode()),
        ("text/calendar", lambda text: (text + text).encode()),
        ("text/calendar", lambda text: text.replace("REPLY", "reply").replace("ACCEPTED", "accepted").encode()),
        ("text/calendar", lambda text: text.replace(":MAILTO:", ":MAIL\n TO:").encode()),
        ("text/calendar", lambda text: text.replace("MAILTO:Anna@Firm.example", "urn:uuid:1").replace(
            ";CN=", ";EMAIL=anna@firm.example;CN=").encode()),
        ("text/calendar", lambda text: text.replace("20261202T090000Z", "yesterday").encode()),
        ("application/octet-stream; name=invite.ics", lambda text: text.encode()),
        ("application/ics; name=invite.ics", lambda text: text.encode()),
    ],
)  # fmt: skip
def test_an_answer_is_read_however_a_program_packs_it(content_type: str, change: Callable[[str], bytes]) -> None:
    header = f"From: Anna <anna@firm.example>\nMIME-Version: 1.0\nContent-Type: {content_type}\n\n"
    reply = read_reply(parse(header.encode() + change(FROM_EXCHANGE)))
    assert reply is not None
    assert (reply.uid, reply.attendee, reply.sender) == ("u1", "anna@firm.example", "anna@firm.example")
    assert (reply.partstat, reply.sequence, reply.is_counter) == ("ACCEPTED", 3, False)


def test_a_sequence_that_is_no_number_counts_as_the_first() -> None:
    reply = reply_of(calendar(EVENT.replace("END:VEVENT", "SEQUENCE:many\nEND:VEVENT")))
    assert isinstance(reply, CalendarReply)
    assert reply.sequence == 0


def test_a_secretary_who_is_named_as_sent_by_answers_for_the_attendee_and_nobody_else_does() -> None:
    for_boss = EVENT.replace("mailto:ivan@firm.example", "mailto:boss@firm.example")
    named = reply_of(calendar(for_boss.replace("ATTENDEE", 'ATTENDEE;SENT-BY="mailto:ivan@firm.example"')))
    unnamed = reply_of(calendar(for_boss))
    assert isinstance(named, CalendarReply)
    assert isinstance(unnamed, CalendarReply)
    assert named.sender == named.attendee == "boss@firm.example"
    assert unnamed.sender != unnamed.attendee


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
    ],
)
def test_an_answer_that_is_not_sound_and_single_is_none(broken: str) -> None:
    assert reply_of(broken) is None
