"""What a restored database writes anew has its old name where it is the same mail, and another where it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from mailflow.approval.effects import Effect, Invitation, InviteMethod, Mail, Message
from mailflow.approval.invoice import Payment
from mailflow.jobs.identity import Mint
from mailflow.jobs.outgoing import Outgoing
from mailflow.store.engine import open_store
from tests.approval.company import ADMIN, ANNA, NOON, company, opened
from tests.store.rows import keep


def message_id(folder: Path, effect: Effect) -> str:
    """The name that a database in this folder gives; all of them have the same secret."""
    folder.mkdir()
    store = open_store(f"sqlite:///{folder}/mailflow.db")
    if effect.invoice:
        keep(store, effect.invoice)
    with store.begin() as uow:
        Outgoing(company(), Mint("example.com", b"secret")).enqueue(uow, effect, None, NOON)
        (written,) = uow.outbox.undelivered()
    store.close()
    return written.message_id


def invite(due: date) -> Invitation:
    payment = Payment(due=due, asked_at=NOON, told_at=NOON)
    return Invitation(ANNA, replace(opened().invoice, payment=payment), InviteMethod.REQUEST)


def notice(number: int) -> Mail:
    return Mail(ADMIN, Message.QUARANTINED, extra={"id": number, "reason": "too large"})


TODAY, TOMORROW = NOON.date(), NOON.date() + timedelta(days=1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (invite(TODAY), invite(TODAY), True),
        (invite(TODAY), invite(TOMORROW), False),
        (notice(1), notice(1), True),
        (notice(1), notice(2), False),
    ],
)
def test_it_is_the_same_mail_where_it_says_the_same(tmp_path: Path, one: Effect, other: Effect, same: bool) -> None:
    assert (message_id(tmp_path / "one", one) == message_id(tmp_path / "other", other)) is same
