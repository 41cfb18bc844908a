"""Several daemons on one database: nothing is read, sent, counted or decided twice."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from dataclasses import replace
from threading import Event
from time import sleep

import pytest
from sqlalchemy import text

from mailflow.approval.effects import Entry
from mailflow.errors import TransientFailure
from mailflow.store.engine import Store, open_store
from tests.approval.company import opened
from tests.store.rows import LEASE, NOW, at_once, enqueue, keep, record, settle

DAEMONS, ROWS = 6, 40


def test_no_mail_is_read_by_two_daemons(store: Store) -> None:
    with store.begin() as uow:
        ids = [record(uow, str(n), uid=n).id for n in range(ROWS)]
        uow.commit()
    read: list[int] = []

    def daemon(index: int) -> None:
        while mail_id := claim_mail(store):
            read.append(mail_id)
            with store.begin() as uow:
                settle(uow, mail_id)
                uow.commit()

    at_once(DAEMONS, daemon)
    assert sorted(read) == ids


def claim_mail(store: Store) -> int | None:
    with store.begin() as uow:
        mail = uow.inbox.claim(NOW, LEASE)
        uow.commit()
    return mail.id if mail else None


def test_no_mail_is_sent_by_two_daemons_and_each_invoice_keeps_its_order(store: Store) -> None:
    with store.begin() as uow:
        for n in range(ROWS):
            enqueue(uow, f"{n}", number=f"INV-2026-{n % 4:04d}")
        uow.commit()
    sent: list[tuple[str, int]] = []

    def daemon(index: int) -> None:
        while len(sent) < ROWS:
            with store.begin() as uow:
                entry = uow.outbox.claim_due(NOW, LEASE)
                uow.commit()
            if entry:
                sent.append((entry.number or "", int(str(entry.identity["name"]))))
                with store.begin() as uow:
                    uow.outbox.delivered({entry.id: "250 ok"}, NOW)
                    uow.commit()

    at_once(DAEMONS, daemon)
    assert sorted(n for _, n in sent) == list(range(ROWS))
    for number in {number for number, _ in sent}:
        order = [n for other, n in sent if other == number]
        assert order == sorted(order), number


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_row_that_one_daemon_is_just_taking_is_passed_over_by_another(store: Store) -> None:
    with store.begin() as uow:
        first, second = record(uow, "first", 1).id, record(uow, "second", 2).id
        enqueue(uow, "first")
        enqueue(uow, "behind it")
        enqueue(uow, "second", number="INV-2026-0002")
        uow.commit()
    with store.begin() as taking, store.begin() as other:
        other._connection.execute(text("SET LOCAL lock_timeout = '1s'"))
        mails = [uow.inbox.claim(NOW, LEASE) for uow in (taking, other)]
        entries = [uow.outbox.claim_due(NOW, LEASE) for uow in (taking, other)]
    assert [mail and mail.id for mail in mails] == [first, second]
    assert [entry and entry.identity["name"] for entry in entries] == ["first", "second"]


def test_daemons_in_processes_of_their_own_share_the_mails(url: str) -> None:
    store = open_store(url)
    with store.begin() as uow:
        ids = [record(uow, str(n), uid=n).id for n in range(ROWS)]
        uow.commit()
    store.close()
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(2) as pool:
        read = [mail_id for daemon in pool.map(read_all, [url] * 2) for mail_id in daemon]
    assert sorted(read) == ids


def read_all(url: str) -> list[int]:
    store = open_store(url)
    read = []
    while mail_id := claim_mail(store):
        read.append(mail_id)
    store.close()
    return read


def test_a_number_is_never_given_twice(store: Store) -> None:
    numbers: list[str] = []

    def submission(index: int) -> None:
        for _ in range(10):
            with store.begin() as uow:
                numbers.append(uow.invoices.next_number(2026))
                uow.commit()

    at_once(DAEMONS, submission)
    assert sorted(numbers) == [f"INV-2026-{n:04d}" for n in range(1, DAEMONS * 10 + 1)]


def test_of_two_decisions_on_one_version_the_first_counts_and_the_other_is_tried_again(store: Store) -> None:
    invoice = keep(store, opened().invoice)
    outcomes: Counter[str] = Counter()

    def decision(index: int) -> None:
        try:
            with store.begin() as uow:
                uow.invoices.save(replace(invoice, question=str(index)))
                uow.commit()
            outcomes["counted"] += 1
        except TransientFailure:
            outcomes["again"] += 1

    at_once(DAEMONS, decision)
    assert outcomes == {"counted": 1, "again": DAEMONS - 1}
    with store.begin() as uow:
        saved = uow.invoices.get(invoice.number)
    assert saved is not None
    assert saved.version == 1


def test_who_reads_before_writing_never_loses_a_change(store: Store) -> None:
    number = keep(store, opened().invoice).number

    def decision(index: int) -> None:
        with store.begin() as uow:
            invoice = uow.invoices.get(number)
            assert invoice is not None
            uow.invoices.save(replace(invoice, question=invoice.question + "x"))
            uow.commit()

    at_once(DAEMONS, decision)
    with store.begin() as uow:
        invoice = uow.invoices.get(number)
    assert invoice is not None
    assert (len(invoice.question), invoice.version) == (DAEMONS, DAEMONS)


def test_the_history_stays_one_chain_whoever_writes_it(store: Store) -> None:
    number = keep(store, opened().invoice).number

    def writer(index: int) -> None:
        for _ in range(5):
            with store.begin() as uow:
                uow.history.append(number, Entry("mail_sent", "mailflow", {"by": index}), NOW, None, None)
                uow.commit()

    at_once(DAEMONS, writer)
    with store.begin() as uow:
        assert len(uow.history.of(number)) == DAEMONS * 5
        assert uow.history.broken_link(number) is None


def test_one_mail_recorded_by_all_daemons_at_once_is_one_mail(store: Store) -> None:
    news: list[bool] = []

    def daemon(index: int) -> None:
        with store.begin() as uow:
            news.append(record(uow, "the same").news)
            uow.commit()

    at_once(DAEMONS, daemon)
    assert sorted(news) == [False] * (DAEMONS - 1) + [True]
    with store.begin() as uow:
        assert uow.inbox.waiting(NOW) == 1


def test_one_file_kept_by_two_daemons_at_once_is_one_file(store: Store) -> None:
    first_has_kept = Event()

    def daemon(index: int) -> None:
        with store.begin() as uow:
            if index:
                first_has_kept.wait(10)
            kept = uow.files.keep(b"the same")
            assert uow.files.read(kept) == b"the same"
            first_has_kept.set()
            sleep(0 if index else 0.3)  # the second has begun before the first commits
            uow.commit()

    at_once(2, daemon)
