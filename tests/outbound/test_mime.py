"""The parts of a mail as mail clients read them."""

from __future__ import annotations

import email.policy
from email import message_from_string
from urllib.parse import unquote_to_bytes

import pytest

from mailflow.outbound.mime import parameterized

ODD_NAMES = ["аб" * 60, "aж" * 60 + ".pdf", "№5 €" * 30, "😀" * 40, "x" * 200, "a\"b\\c'%41.pdf", "ж", "a*0*=b;c=d" * 9]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_file_is_called_what_it_was_called_however_long_and_in_whatever_script(name: str) -> None:
    field = parameterized("attachment", {"filename": name})
    assert all(len(line) <= 85 for line in field.split("\r\n"))
    read = message_from_string(f"Content-Disposition: {field}\r\n\r\n", policy=email.policy.default)
    assert read.get_filename() == name


@pytest.mark.parametrize("name", ODD_NAMES)
def test_each_piece_of_a_long_name_can_be_read_by_itself(name: str) -> None:
    for line in parameterized("attachment", {"filename": name}).split(";\r\n ")[1:]:
        if line.partition("=")[0].endswith("*"):
            unquote_to_bytes(line.partition("=")[2]).decode("utf-8")
