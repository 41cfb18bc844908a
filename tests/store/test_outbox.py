"""An effect is delivered in its order, at least once, always the same; one that is stuck holds up no other (house)."""

from __future__ import annotations

from datetime import timedelta

from mailflow.approval.effects import Invitation, InviteMethod, Mail, Message
from mailflow.store.engine import Store, open_store
from mailflow.store.outbox import NewEntry, OutboxState
from tests.approval.company import opened
from tests.store.rows import LATER, LEASE, NOW, SOON, claimed, enqueue


def test_an_entry_comes_back_as_it_was_written(store: Store) -> None:
    effects = [*opened().effects, Invitation("anna@example.com", opened().invoice, InviteMethod.REQUEST)]
    with store.begin() as uow:
        ids = [enqueue(uow, str(n), effect.to, effect=effect) for n, effect in enumerate(effects)]
        entries = [uow.outbox.get(entry_id) for entry_id in ids]
    assert [entry and entry.effect for entry in entries] == effects
    first = entries[0]
    assert first is not None
    assert (first.identity, first.message_id, first.created_at) == ({"name": "0"}, "<0@example.com>", NOW)
    assert (first.state, first.attempts, first.next_attempt_at, first.again) == (OutboxState.PENDING, 0, NOW, False)
    assert (first.channel, first.number, first.last_error) == (f"mail:{first.recipient}", "INV-2026-0001", "")


def test_effects_of_one_invoice_and_person_leave_in_order_each_after_the_one_before(store: Store) -> None:
    with store.begin() as uow:
        first = enqueue(uow, "first")
        enqueue(uow, "second")
        uow.commit()
    assert claimed(store) == "first"
    assert claimed(store) is None
    with store.begin() as uow:
        uow.outbox.delivered({first: "250 ok"}, NOW)
        uow.commit()
    assert claimed(store) == "second"


def test_one_stuck_invoice_holds_up_no_other_invoice_and_no_other_person(store: Store) -> None:
    with store.begin() as uow:
        stuck = enqueue(uow, "stuck")
        enqueue(uow, "behind it")
        enqueue(uow, "other person", to="anna@example.com")
        enqueue(uow, "other invoice", number="INV-2026-0002")
        uow.outbox.retry(stuck, "450 greylisted", LATER)
        uow.commit()
    assert [claimed(store) for _ in range(3)] == ["other person", "other invoice", None]
    assert claimed(store, LATER) == "stuck"


def test_mails_about_no_invoice_do_not_wait_for_each_other(store: Store) -> None:
    with store.begin() as uow:
        enqueue(uow, "one", number=None)
        enqueue(uow, "two", number=None)
        uow.commit()
    assert [claimed(store) for _ in range(3)] == ["one", "two", None]


def test_a_mail_that_was_given_up_lets_the_next_one_go(store: Store) -> None:
    with store.begin() as uow:
        first = enqueue(uow, "first")
        enqueue(uow, "second")
        uow.outbox.dead(first, NOW, "550 no such user")
        uow.commit()
    assert claimed(store) == "second"


def test_a_mail_whose_sender_died_is_in_doubt_and_sent_again_as_the_same_mail(store: Store) -> None:
    with store.begin() as uow:
        enqueue(uow, "mail")
        first = uow.outbox.claim_due(NOW, LEASE)
        assert uow.outbox.claim_due(SOON, LEASE) is None
        again = uow.outbox.claim_due(NOW + LEASE, LEASE)
    assert first is not None
    assert again is not None
    assert (first.again, again.again) == (False, True)
    assert (again.effect, again.identity, again.message_id) == (first.effect, first.identity, first.message_id)
    assert (first.state, again.state) == (OutboxState.SENDING, OutboxState.SENDING)


def test_a_mail_whose_answer_was_lost_is_in_doubt_until_it_goes_again(store: Store) -> None:
    with store.begin() as uow:
        entry_id = enqueue(uow, "mail")
        enqueue(uow, "behind it")
        uow.outbox.claim_due(NOW, LEASE)
        uow.outbox.doubt(entry_id, "no answer", SOON)
        assert [e.state for e in uow.outbox.undelivered()] == [OutboxState.UNKNOWN, OutboxState.PENDING]
        assert uow.outbox.next_due() == NOW
        assert uow.outbox.claim_due(NOW, LEASE) is None
        entry = uow.outbox.claim_due(SOON, LEASE)
    assert entry is not None
    assert (entry.again, entry.attempts, entry.last_error) == (True, 1, "no answer")


def test_a_mail_that_was_not_tried_since_the_server_is_away_is_as_it_was(store: Store) -> None:
    with store.begin() as uow:
        entry_id = enqueue(uow, "mail")
        uow.outbox.claim_due(NOW, LEASE)
        uow.outbox.let_go(entry_id, "away", OutboxState.PENDING)
        entry = uow.outbox.claim_due(NOW, LEASE)
    assert entry is not None
    assert (entry.again, entry.attempts, entry.last_error) == (False, 0, "away")


def test_whoever_was_too_slow_does_not_put_off_what_another_is_sending(store: Store, url: str) -> None:
    slow = open_store(url)
    with slow.begin() as uow:
        entry_id = enqueue(uow, "mail")
        uow.outbox.claim_due(NOW, LEASE)
        uow.commit()
    with store.begin() as uow:
        uow.outbox.claim_due(NOW + LEASE, LEASE)
        uow.commit()
    with slow.begin() as uow:
        uow.outbox.retry(entry_id, "450 later", NOW + LEASE)
        entry = uow.outbox.get(entry_id)
    slow.close()
    assert entry is not None
    assert entry.state is OutboxState.SENDING


def test_the_draft_is_kept_while_the_mail_is_on_its_way_and_no_longer(store: Store) -> None:
    with store.begin() as uow:
        entry_id = enqueue(uow, "mail")
        uow.outbox.claim_due(NOW, LEASE)
        uow.outbox.keep_drafts({entry_id: b"draft"})
        uow.outbox.retry(entry_id, "450 later", SOON)
        again = uow.outbox.claim_due(SOON, LEASE)
        uow.outbox.delivered({entry_id: "250 ok"}, SOON)
        delivered = uow.outbox.get(entry_id)
    assert again is not None
    assert delivered is not None
    assert (again.draft, delivered.draft) == (b"draft", None)


def test_a_mail_that_was_put_off_is_not_in_doubt(store: Store) -> None:
    with store.begin() as uow:
        entry_id = enqueue(uow, "mail")
        uow.outbox.claim_due(NOW, LEASE)
        uow.outbox.retry(entry_id, "450 later", SOON)
        assert uow.outbox.claim_due(NOW, LEASE) is None
        entry = uow.outbox.claim_due(SOON, LEASE)
    assert entry is not None
    assert (entry.again, entry.attempts, entry.last_error) == (False, 1, "450 later")


def test_a_delivered_mail_is_never_sent_again_whatever_a_slower_sender_says(store: Store) -> None:
    with store.begin() as uow:
        entry_id = enqueue(uow, "mail")
        uow.outbox.claim_due(NOW, LEASE)
        uow.outbox.delivered({entry_id: "250 ok"}, NOW)
        uow.outbox.retry(entry_id, "timeout", NOW)
        uow.outbox.dead(entry_id, NOW, "timeout")
        uow.outbox.redo(entry_id, NOW)
        entry = uow.outbox.get(entry_id)
        assert uow.outbox.claim_due(LATER, LEASE) is None
    assert entry is not None
    assert (entry.state, entry.delivered_at) == (OutboxState.DELIVERED, NOW)


def test_an_administrator_can_redo_a_dead_or_waiting_mail(store: Store) -> None:
    with store.begin() as uow:
        dead = enqueue(uow, "dead")
        uow.outbox.dead(dead, NOW, "550 unknown")
        waiting = enqueue(uow, "waiting", number="INV-2026-0002")
        uow.outbox.retry(waiting, "450 later", NOW + timedelta(days=1))
        for entry_id in (dead, waiting):
            uow.outbox.redo(entry_id, NOW)
        entries = [uow.outbox.claim_due(NOW, LEASE) for _ in range(2)]
    assert [entry and (entry.id, entry.attempts) for entry in entries] == [(dead, 1), (waiting, 1)]


def test_a_mail_that_is_being_sent_is_not_redone(store: Store) -> None:
    with store.begin() as uow:
        entry_id = enqueue(uow, "mail")
        uow.outbox.claim_due(NOW, LEASE)
        uow.outbox.redo(entry_id, NOW)
        assert uow.outbox.claim_due(SOON, LEASE) is None


def test_the_administrator_sees_what_has_not_left(store: Store) -> None:
    with store.begin() as uow:
        ids = [enqueue(uow, name, number=f"INV-2026-000{n}") for n, name in enumerate(["gone", "dead", "waits", "new"])]
        uow.outbox.delivered({ids[0]: "250 ok"}, NOW)
        uow.outbox.dead(ids[1], NOW, "550 unknown")
        uow.outbox.retry(ids[2], "450 later", LATER)
        assert [(e.id, e.state) for e in uow.outbox.undelivered()] == [
            (ids[1], OutboxState.DEAD),
            (ids[2], OutboxState.PENDING),
            (ids[3], OutboxState.PENDING),
        ]
        assert uow.outbox.waiting(NOW) == 2
        assert uow.outbox.next_due() == NOW
        uow.outbox.delivered({ids[3]: "250 ok"}, NOW)
        assert uow.outbox.next_due() == LATER


def test_nothing_waits_in_an_empty_outbox(store: Store) -> None:
    with store.begin() as uow:
        assert uow.outbox.waiting(NOW) == 0
        assert uow.outbox.next_due() is None
        assert uow.outbox.claim_due(NOW, LEASE) is None
        assert uow.outbox.get(1) is None


def test_a_thread_holds_the_mails_to_one_person_about_one_invoice_oldest_first(store: Store) -> None:
    with store.begin() as uow:
        enqueue(uow, "first")
        enqueue(uow, "other", to="anna@example.com")
        enqueue(uow, "second")
        enqueue(uow, "elsewhere", number="INV-2026-0002")
        assert uow.outbox.thread("INV-2026-0001", "olga@example.com") == ["<first@example.com>", "<second@example.com>"]


def test_a_bounce_finds_the_very_mail_by_its_message_id(store: Store) -> None:
    with store.begin() as uow:
        entry_id = enqueue(uow, "mail")
        entry = uow.outbox.by_message_id("<mail@example.com>")
        assert uow.outbox.by_message_id("<ma\x00il@example.org>") is None
    assert entry is not None
    assert entry.id == entry_id


def test_when_a_person_was_last_told_of_something_is_known(store: Store) -> None:
    invoice = opened().invoice
    with store.begin() as uow:
        assert uow.outbox.last_of(Message.HELP, "olga@example.com") is None
        enqueue(uow, "early", at=NOW)
        enqueue(uow, "late", at=LATER)
        enqueue(uow, "other kind", at=LATER + LEASE, effect=Mail("olga@example.com", Message.STATUS))
        enqueue(uow, "invite", at=SOON, effect=Invitation("olga@example.com", invoice, InviteMethod.REQUEST))
        assert uow.outbox.last_of(Message.HELP, "olga@example.com") == LATER
        assert uow.outbox.last_of(Message.INVITE, "olga@example.com") == SOON


def test_a_notice_that_was_written_for_later_does_not_wait_for_a_retry(store: Store) -> None:
    with store.begin() as uow:
        enqueue(uow, "notice", at=LATER)
        assert (uow.outbox.waiting(NOW), uow.outbox.waiting(LATER)) == (0, 1)
        assert uow.outbox.claim_due(NOW, LEASE) is None


def test_the_mail_of_a_day_is_written_once_whoever_is_first(store: Store) -> None:
    mail = Mail("anna@example.com", Message.PAYMENT_SUMMARY)
    entry = NewEntry("mail:anna@example.com", None, mail.to, mail, {"about": "x"}, "<day@example.com>", NOW)
    with store.begin() as uow:
        assert uow.outbox.add_once(entry)
        assert not uow.outbox.add_once(entry)
        uow.commit()
    with store.begin() as uow:
        assert not uow.outbox.add_once(entry)
        assert len(uow.outbox.undelivered()) == 1
