"""What two processes tell each other arrives as it was, however large its bytes are."""

from __future__ import annotations

from multiprocessing import Pipe
from threading import Thread

import pytest

from mailflow.adapters.pipe import LARGE, receive, send

SMALL, FILE, MAIL = b"small", b"f" * LARGE, b"m" * (3 * LARGE)


@pytest.mark.parametrize(
    "value", [None, "words", FILE, (SMALL, MAIL, FILE), {"one file": FILE, "and again": FILE, "its mail": MAIL}]
)
def test_a_value_arrives_with_all_its_bytes(value: object) -> None:
    ours, theirs = Pipe()
    sending = Thread(target=send, args=(theirs, value))
    sending.start()
    assert receive(ours) == value
    sending.join()
    assert not ours.poll()


def test_whoever_is_gone_sends_nothing_more() -> None:
    ours, theirs = Pipe()
    theirs.close()
    with pytest.raises(EOFError):
        receive(ours)
