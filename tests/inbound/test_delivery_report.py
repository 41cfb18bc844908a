"""A bounce of something we sent marks exactly that (process section 6)."""

from __future__ import annotations

import pytest

from mailflow.inbound.delivery_report import DeliveryReport, read_report
from mailflow.inbound.message import parse
from tests.inbound.corpus import needs_corpus, raw, rows

REAL = [row for row in rows("bounces") if row["expected"].startswith("bounce") and row["recipients"]]
OTHERS = [row for row in rows("bounces") if row["expected"].startswith("feedback")]


def names_right(report: DeliveryReport | None, row: dict[str, str]) -> bool:
    """Whether a report names just the recipients that are known, with their class where that is known."""
    known = dict(pair.rsplit("=", 1) for pair in row["recipients"].split("; "))
    also = {other: name for name, _, other in (p.rpartition("=") for p in row["also_accept"].split("; ") if p)}
    found = {also.get(f.recipient, f.recipient): f for f in (report.failures if report else ())}
    return found.keys() == known.keys() and all(
        known[name] == "?" or failure.permanent == (known[name] == "permanent") for name, failure in found.items()
    )


@needs_corpus
@pytest.mark.parametrize("row", [r for r in REAL if r["confidence"] == "high"], ids=lambda row: row["file"])
def test_a_bounce_that_is_known_for_certain_is_read_so(row: dict[str, str]) -> None:
    assert names_right(read_report(parse(raw("bounces", row))), row)


@needs_corpus
def test_of_bounces_in_words_nine_in_ten_are_read() -> None:
    doubtful = [row for row in REAL if row["confidence"] == "single"]
    right = sum(names_right(read_report(parse(raw("bounces", row))), row) for row in doubtful)
    assert right >= len(doubtful) * 0.9


@needs_corpus
@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row["file"])
def test_a_complaint_is_no_bounce(row: dict[str, str]) -> None:
    assert read_report(parse(raw("bounces", row))) is None


@needs_corpus
@pytest.mark.parametrize("row", rows("bounces/derived"), ids=lambda row: row["file"])
def test_a_bounce_of_our_request_leads_to_that_request(row: dict[str, str]) -> None:
    report = read_report(parse(raw("bounces/derived", row)))
    assert report is not None
    assert [f.recipient for f in report.failures] == [row["recipient"]]
    if row["correlation"] != "address only":
        assert row["request_message_id"] in report.message_ids


@needs_corpus
@pytest.mark.parametrize("folder", ["decisions", "autoreplies/derived", "rsvp/derived"])
def test_no_other_mail_is_taken_for_a_bounce(folder: str) -> None:
    assert [row["file"] for row in rows(folder) if read_report(parse(raw(folder, row)))] == []


def test_a_bounce_that_names_nobody_is_still_one() -> None:
    report = read_report(
        parse(b"Return-Path: <>\nFrom: MAILER-DAEMON\nSubject: Undeliverable mail\n\nIt did not arrive.\n")
    )
    assert report is not None
    assert [f.recipient for f in report.failures] == [""]


def test_our_own_address_is_never_the_one_that_was_not_reached() -> None:
    words = b"Your mail from <finance@firm.example> could not be delivered to <olga@firm.example>.\n"
    report = read_report(
        parse(
            b"Return-Path: <>\nFrom: postmaster@x.example\nTo: finance@firm.example\nSubject: failure notice\n\n"
            + words
        )
    )
    assert report is not None
    assert [f.recipient for f in report.failures] == ["olga@firm.example"]
