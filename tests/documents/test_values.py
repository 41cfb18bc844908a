"""Values as standards write them: what is not written as it should be is no value."""

from __future__ import annotations

from datetime import date

import pytest

from mailflow.documents.values import day


@pytest.mark.parametrize(
    "text",
    ["2026-12-15", "2026-12-15Z", "2026-12-15+03:00", "2026-12-15T10:00:00", "20261215", "15.12.2026"],
)
def test_a_day_is_read_as_the_standards_of_invoices_write_it(text: str) -> None:
    assert day(text) == date(2026, 12, 15)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "202612",
        "2026121",
        "202612150900",
        "2026-12-1",
        "2026-1-15",
        "2026-12-155",
        "5.12.2026",
        "15.12.26",
        "15.12.20261",
        "15/12/2026",
        "20261315",
        "2026-02-30",
        "2026-12-15 or so",
        "٢٠٢٦١٢١٥",
    ],
)
def test_a_month_a_digit_too_few_and_a_day_that_never_was_are_no_day(text: str) -> None:
    assert day(text) is None
