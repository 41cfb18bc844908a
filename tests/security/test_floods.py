"""A flood of mail holds up nobody else, is answered a few times and no more, and finds no reference by guessing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailflow.approval.company import Company
from mailflow.approval.effects import Mail, Message
from mailflow.inbound.message import parse_header
from mailflow.inbound.routing import Router
from mailflow.jobs.intake import Intake
from mailflow.jobs.limits import Limits
from mailflow.jobs.outgoing import MOST_ALIKE, MOST_ALIKE_OF_NO_INVOICE, MOST_EXPLANATIONS
from mailflow.jobs.processing import MOST_GUESSES
from mailflow.ports import FetchedMail, Location
from mailflow.store.engine import Store, open_store
from mailflow.store.inbox import MAILS_OF_A_RANK
from mailflow.store.outbox import OutboxEntry
from tests.approval.company import NOON, OLGA, company
from tests.jobs.test_intake import Folder
from tests.security.attempt import IVAN, NOW, Target, mail, reply, submission
from tests.security.attempt import OLGA as BOSS
from tests.trials.size import by_size

STRANGERS = by_size(quick=500, ci=2000, full=10_000)
LEASE = timedelta(minutes=2)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path}/mailflow.db")


def arrive(store: Store, senders: list[str], rules: Company) -> None:
    """One mail of each sender, all within a minute."""
    with store.begin() as uow:
        for number, sender in enumerate(senders):
            fetched = FetchedMail(Location("INBOX", 1, number + 1), b"raw", 3)
            uow.inbox.record(fetched, f"<{number}@x>", f"{number}", sender, "", NOON, rules.queue_of(sender))
        uow.commit()


def claimed(store: Store, most: int) -> list[str]:
    """The senders of the mails that are taken in hand next, in order."""
    senders = []
    for _ in range(most):
        with store.begin() as uow:
            row = uow.inbox.claim(NOON, LEASE)
            uow.commit()
        senders.append(row.sender if row else "")
    return senders


FLOODS: dict[str, Callable[[int], str]] = {
    "one stranger": lambda number: "mallory@evil.example",
    "strangers of many names": lambda number: f"m{number}@evil{number}.example",
    "one colleague's machine": lambda number: "ivan@example.com",
    "colleagues who do not exist": lambda number: f"nobody{number}@example.com",
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS.keys())
def test_an_approvers_answer_is_handled_before_the_rest_of_a_flood(store: Store, flood: Callable[[int], str]) -> None:
    rules = company(submitters=("@example.com",))
    arrive(store, [*map(flood, range(STRANGERS)), OLGA], rules)
    assert OLGA in claimed(store, MAILS_OF_A_RANK + 1)


def test_ordinary_mail_keeps_its_order_whoever_sent_it(store: Store) -> None:
    """Numbers of invoices depend on it, and a day that is done again must give the same ones."""
    senders = [f"{name}@example.com" for name in ("ivan", "ivan", "petr", "ivan", "olga", "petr")] * 10
    arrive(store, senders, company())
    assert claimed(store, len(senders)) == senders


def test_one_who_floods_gets_a_turn_all_the_same(store: Store) -> None:
    arrive(store, ["mallory@evil.example"] * (2 * MAILS_OF_A_RANK), company())
    assert "" not in claimed(store, 2 * MAILS_OF_A_RANK)


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(tmp_path)


def without_a_reference(number: int) -> bytes:
    return mail(f"Message-ID: <{number}@firm.example>", subject="Re: approval", body="APPROVE\r\n")


def test_strangers_get_no_mail_however_many_they_are(target: Target) -> None:
    before = sent(target, "evil")
    for number in range(by_size(quick=50, ci=200, full=1000)):
        target.receive(mail(f"Message-ID: <{number}@evil.example>", sender=f"From: m{number}@evil.example"))
    assert sent(target, "evil") == before == []
    assert len(sent(target, "admin")) <= 2, "one now, and one for all the others when the hour is over"


def sent(target: Target, to: str) -> list[str]:
    with target.store.begin() as uow:
        return [entry.recipient for entry in uow.outbox.undelivered() if to in entry.recipient]


def test_who_writes_back_to_every_explanation_gets_so_many_an_hour_and_no_more(target: Target) -> None:
    for number in range(MOST_EXPLANATIONS + 20):
        target.receive(mail(f"Message-ID: <{number}@firm.example>", subject="HELP", body="HELP\r\n"))
    with target.store.begin() as uow:
        told = [e for e in uow.outbox.undelivered() if e.recipient == BOSS and told_as(e, Message.HELP)]
    assert len(told) == MOST_EXPLANATIONS


def told_as(entry: OutboxEntry, *messages: Message) -> bool:
    return isinstance(entry.effect, Mail) and entry.effect.message in messages


@pytest.mark.parametrize(
    ("answer", "most"),
    [
        (lambda target, n: without_a_reference(n), MOST_ALIKE_OF_NO_INVOICE),
        (
            lambda target, n: reply(target.request, f"Message-ID: <a{n}@x>", body="You are one in our queue\r\n"),
            MOST_ALIKE,
        ),
    ],
    ids=["it is refused", "it is unclear"],
)
def test_a_machine_that_answers_every_mail_and_does_not_say_so_is_soon_told_nothing_more(
    target: Target, answer: Callable[[Target, int], bytes], most: int
) -> None:
    for number in range(20):
        target.receive(answer(target, number))
    with target.store.begin() as uow:
        told = [e for e in uow.outbox.undelivered() if told_as(e, Message.REFUSED, Message.UNCLEAR)]
    assert len(told) == most


def test_a_decision_counts_however_many_explanations_came_before(target: Target) -> None:
    for number in range(MOST_EXPLANATIONS + 5):
        target.receive(without_a_reference(number))
    target.receive(mail(f"In-Reply-To: {target.request.message_id}", "Message-ID: <yes@firm.example>"))
    assert "approved" in target.events()


def guess(number: int, token: str) -> bytes:
    return mail(f"Message-ID: <g{number}@firm.example>", subject=f"Re: [INV-2026-0001 #{token}] Approve")


def test_after_so_many_wrong_references_not_even_the_right_one_counts_in_that_name(target: Target) -> None:
    right = re.findall(rb"#([0-9a-z]{10})", target.request.raw)[0].decode()
    assert target.attempt(guess(0, right)).done == ("approved", "payment_asked")
    for number in range(MOST_GUESSES):
        target.receive(guess(number, f"{number:0>10}"))
    attempt = target.attempt(guess(999, right))
    assert (attempt.done, attempt.state) == ((), "quarantined")
    assert "wrong references" in attempt.reason


def test_the_lock_lets_no_signed_approval_of_another_invoice_through(target: Target) -> None:
    right = re.findall(rb"#([0-9a-z]{10})", target.request.raw)[0].decode()
    second = submission(["Message-ID: <second@firm.example>"])
    target.receive(second.replace(b"%PDF-1.4 one", b"%PDF-1.4 two").replace(b"125 000.00", b"126 000.00"))
    for number in range(MOST_GUESSES):
        target.receive(guess(number, f"{number:0>10}"))
    other = target.request_of("INV-2026-0002").message_id
    replayed = mail(
        f"In-Reply-To: {other}", "Message-ID: <replayed@x>", subject=f"Re: [INV-2026-0001 #{right}] Approve"
    )
    before = target.events("INV-2026-0002")
    target.receive(replayed)
    assert target.events("INV-2026-0002") == before


def test_the_approver_whose_name_was_used_for_guessing_still_answers_by_replying(target: Target) -> None:
    for number in range(MOST_GUESSES):
        target.receive(guess(number, f"{number:0>10}"))
    answer = mail(f"In-Reply-To: {target.request.message_id}", "Message-ID: <reply@firm.example>")
    assert target.attempt(answer).done == ("approved", "payment_asked")


def test_new_invoices_beyond_the_limit_of_an_hour_wait_in_quarantine_and_decisions_do_not(target: Target) -> None:
    target.limits = Limits(mails=3)
    for number in range(6):
        target.receive(mail(f"Message-ID: <h{number}@firm.example>", sender=f"From: {IVAN}", subject="STATUS", body=""))
    late = target.attempt(submission(["Message-ID: <late@firm.example>"]))
    assert (late.state, late.kind) == ("quarantined", "submission")
    assert "more than 3 mails" in late.reason
    withdrawn = mail(f"In-Reply-To: {target.acknowledgement.message_id}", sender=f"From: {IVAN}", body="WITHDRAW\r\n")
    assert target.attempt(withdrawn).done == ("withdrawn",)


def test_what_waits_in_quarantine_for_the_limit_becomes_an_invoice_when_the_administrator_lets_it_go(
    target: Target,
) -> None:
    target.limits = Limits(mails=1)
    target.receive(submission(["Message-ID: <late@firm.example>"]))
    with target.store.begin() as uow:
        (held,) = uow.inbox.quarantined()
        uow.inbox.retry(held.id, NOON)
        uow.commit()
    target.work()
    with target.store.begin() as uow:
        assert [invoice.number for invoice in uow.invoices.all()] == ["INV-2026-0001", "INV-2026-0002"]
        assert uow.inbox.quarantined() == []


def heavy(number: int) -> bytes:
    return mail(f"Message-ID: <{number}@evil.example>", sender="From: m@evil.example", body="x" * 500_000)


def kept(store: Store, raws: list[bytes], now: datetime) -> list[str]:
    """What is kept, where one megabyte an hour is, of mails that lie in a mailbox: of each in turn."""
    router = Router(company(), "reference")
    Intake(store, Folder(raws), router, "Processed", "Quarantine", Limits(megabytes=1)).run_once(now)  # type: ignore[arg-type]
    with store.begin() as uow:
        claims = [uow.inbox.claim(now, LEASE) for _ in raws]
        return ["whole" if claim.complete else "its header" for claim in claims if claim]


def test_of_a_flood_of_large_mails_no_more_is_kept_whole_than_the_megabytes_of_an_hour(store: Store) -> None:
    assert kept(store, [heavy(n) for n in range(4)], NOON) == ["whole", *["its header"] * 3]


def test_a_mail_that_lost_its_body_to_the_limit_is_read_whole_when_it_is_moved_back_later(store: Store) -> None:
    mails = [heavy(0), heavy(1)]
    Intake(store, Folder(mails), Router(company(), "reference"), "P", "Q", Limits(megabytes=1)).run_once(NOON)  # type: ignore[arg-type]
    assert kept(store, [*mails, heavy(1)], NOON + timedelta(hours=2)) == ["whole", "its header", "whole"]


def test_a_mail_whose_body_was_not_kept_says_so_in_quarantine(target: Target) -> None:
    target.limits = Limits(megabytes=1)
    raw = heavy(0)
    for number, complete in enumerate((True, True, False), 10):
        fetched = FetchedMail(Location("INBOX", 1, number), raw, len(raw), complete)
        with target.store.begin() as uow:
            uow.inbox.record(fetched, f"<{number}@x>", f"{number}", "m@evil.example", "", NOW, "")
            uow.commit()
    target.work()
    with target.store.begin() as uow:
        reasons = [mail.reason for mail in uow.inbox.quarantined()]
    assert reasons[-1] == "more than 1 MB came from strangers in an hour: only its header was kept here"


def test_a_decision_is_read_however_much_came_before_it(target: Target) -> None:
    target.limits = Limits(megabytes=1)
    for number in range(4):
        target.receive(mail(f"Message-ID: <{number}@firm.example>", subject="STATUS", body="x" * 500_000))
    assert target.attempt(mail(f"In-Reply-To: {target.request.message_id}")).done == ("approved", "payment_asked")


FORGED = {
    "fails the check": "mx.firm.example; dmarc=fail header.from=firm.example",
    "is checked by nobody trusted": "mx.evil.example; dmarc=pass header.from=firm.example",
}


@pytest.mark.parametrize("results", FORGED.values(), ids=FORGED.keys())
def test_a_flood_forged_in_an_approvers_name_waits_among_strangers(target: Target, results: str) -> None:
    router = Router(target.company, "dmarc", ("mx.firm.example",))
    assert router.queue_of(parse_header(mail())) == BOSS
    assert router.queue_of(parse_header(mail(results=[results]))) == ""


def test_intake_puts_forged_mail_among_strangers(target: Target) -> None:
    router = Router(target.company, "dmarc", ("mx.firm.example",))
    forged = [mail(f"Message-ID: <{number}@x>", results=()) for number in range(MAILS_OF_A_RANK + 5)]
    raws = [*forged, mail("Message-ID: <real@firm.example>")]
    Intake(target.store, Folder(raws), router, "Processed", "Quarantine").run_once(NOON)  # type: ignore[arg-type]
    with target.store.begin() as uow:
        claims = [uow.inbox.claim(NOON, LEASE) for _ in raws]
    order = [claim.message_id for claim in claims if claim]
    assert order.index("<real@firm.example>") == MAILS_OF_A_RANK, "before the forged ones of the second hundred"


@pytest.mark.parametrize("other", [IVAN, BOSS])
def test_two_mailflows_that_write_to_each_other_fall_silent_at_once(target: Target, other: str) -> None:
    """Each has the other's mailbox among its people, and what the other sends is as genuine as can be."""
    for request in (target.request, target.acknowledgement):
        raw = re.sub(rb"(?mi)^From: .*(\r?\n[ \t].*)*", f"From: {other}".encode(), request.raw, count=1)
        came = target.attempt(b"Authentication-Results: mx.firm.example; dmarc=pass header.from=firm.example\r\n" + raw)
        assert (came.done, came.recipients) == ((), ())
