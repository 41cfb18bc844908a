"""Real calendar answers, bounces, absences and malformed mail, folder by folder, through the whole reading.

What is told of each folder stands in the table at the end of a run.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from mailflow.approval.decision import Unclear
from mailflow.approval.rsvp import CalendarReply
from mailflow.approval.wording import KEYWORDS
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.reading import read_mail

from .corpus import Tell, needs_corpus, raw, rows, tally
from .test_delivery_report import names_right

TODAY = date(2026, 11, 24)
Row = dict[str, str]

pytestmark = needs_corpus


def read(folder: str, row: Row) -> ReadMail:
    return read_mail(raw(folder, row), KEYWORDS, TODAY)


def is_right_rsvp(row: Row, reply: CalendarReply | None) -> bool:
    """Whether an answer is read where the mail is one, as its attendee gave it."""
    if row["expected"] != "rsvp":
        return reply is None
    given = (row["uid"], row["attendee"], row["partstat"], int(row["sequence"] or 0))
    return reply is not None and (reply.uid, reply.attendee, reply.partstat, reply.sequence) == given


def is_right_answer(row: Row, reply: CalendarReply | None) -> bool:
    """Whether an answer to our invite is read, and one that a person must look at is told apart."""
    if reply is None:
        return False
    needs_a_person = reply.is_counter or reply.partstat == "DELEGATED" or reply.sender != reply.attendee
    return reply.uid == row["uid"] and needs_a_person == (row["expected_action"] == "review")


def verdicts(folder: str) -> Counter[str]:
    return Counter("right" if is_right(folder, row) else "wrong" for row in rows(folder))


def is_right(folder: str, row: Row) -> bool:
    mail = read(folder, row)
    match folder:
        case "rsvp":
            return is_right_rsvp(row, mail.calendar_reply)
        case "rsvp/derived":
            return is_right_answer(row, mail.calendar_reply)
        case "bounces":
            return names_right(mail.report, row)
        case "bounces/derived":
            found = [failure.recipient for failure in mail.report.failures] if mail.report else []
            return found == [row["recipient"]]
        case "autoreplies":
            return bool(mail.automatic) == (row["expected"] == "ignored")  # a challenge may be a bounce besides
        case "autoreplies/derived":
            return mail.automatic is not None
        case _:
            return isinstance(mail.answer.command, Unclear) or mail.automatic is not None


@pytest.mark.parametrize("folder", ["rsvp", "rsvp/derived", "bounces/derived", "autoreplies", "autoreplies/derived"])
def test_every_mail_of_the_folder_is_read_right(folder: str, record_property: Tell) -> None:
    found = verdicts(folder)
    tally(record_property, folder, found)
    assert found["wrong"] == 0


@pytest.mark.parametrize(("confidence", "least"), [("high", 0.98), ("single", 0.9)])
def test_bounces_name_whom_they_did_not_reach(confidence: str, least: float, record_property: Tell) -> None:
    chosen = [row for row in rows("bounces") if row["confidence"] == confidence and row["recipients"]]
    found = Counter("right" if is_right("bounces", row) else "wrong" for row in chosen)
    tally(record_property, f"bounces, {confidence}", found)
    assert found["right"] >= least * found.total()


def test_malformed_mail_is_read_and_decides_nothing(record_property: Tell) -> None:
    found = verdicts("malformed")
    tally(record_property, "malformed", found)
    assert found["wrong"] == 0
