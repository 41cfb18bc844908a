"""Somebody who has signed in."""

from __future__ import annotations

from datetime import timedelta

import httpx

from mailflow.approval.effects import Mail, Message
from mailflow.jobs.identity import SIGN_IN
from mailflow.web.sign_in import COOKIE, mail_link
from tests.web.conftest import IN_PUBLIC, Office


def link_mailed_to(office: Office, address: str) -> str:
    """The path of the newest link that was mailed to somebody."""
    with office.store.begin() as uow:
        mails = [entry.effect for entry in uow.outbox.undelivered() if entry.recipient == address]
    mail = [m for m in mails if isinstance(m, Mail) and m.message is Message.SIGN_IN][-1]
    return f"/sign-in/{office.outgoing.mint.link(SIGN_IN, str(mail.extra['about']))}"


def signed_in(office: Office, address: str) -> dict[str, str]:
    """The header of a browser in which somebody has signed in."""
    assert mail_link(office.board(IN_PUBLIC), address)
    answer = office.client(IN_PUBLIC).post(link_mailed_to(office, address))
    office.clock.now += timedelta(seconds=1)
    return {"Cookie": cookie_of(answer)}


def cookie_of(answer: httpx.Response) -> str:
    [cookie] = [c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{COOKIE}=")]
    return cookie.partition(";")[0]
