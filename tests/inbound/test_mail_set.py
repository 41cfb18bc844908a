"""Submitting and answering work by whatever a mail client does (process section 1)."""

from __future__ import annotations

import pytest

from tests.inbound.mail_set import CONTAINED, MAILS, READINGS, expected, mail, names


@pytest.mark.parametrize("name", names())
def test_every_mail_of_the_set_is_read_as_it_was_meant(name: str) -> None:
    message, wanted = mail(name), expected(name)
    exact = {key: value for key, value in wanted.items() if key not in CONTAINED}
    assert {key: READINGS[key](message) for key in exact} == exact
    for key in wanted.keys() & CONTAINED.keys():
        assert [part for part in wanted[key] if part not in CONTAINED[key](message)] == []


def test_every_mail_has_an_expected_reading_and_the_set_is_large() -> None:
    assert {path.stem for path in MAILS.glob("*.json")} == set(names())
    assert len(names()) >= 60
    assert all(map(expected, names()))
