"""A received mail is recorded once, read once, and filed away wherever it lies (process sections 1 and 6)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailflow.errors import TransientFailure
from mailflow.ports import FetchedMail, Location
from mailflow.store.contents import LARGE
from mailflow.store.engine import Store, open_store
from mailflow.store.inbox import InboxState
from tests.store.rows import LATER, LEASE, NOW, SOON, record, settle


def test_a_mail_is_recorded_with_its_bytes_and_where_it_lies(store: Store) -> None:
    with store.begin() as uow:
        recorded = record(uow, "hello")
        assert recorded.news
        assert uow.inbox.raw(recorded.id) == b"hello"
        assert Location("INBOX", 7, 1) in uow.inbox.lying()
        assert Location("INBOX", 8, 1) not in uow.inbox.lying(), "a UID means nothing without its UIDVALIDITY"
        mail = uow.inbox.get(recorded.id)
    assert mail is not None
    assert (mail.sender, mail.subject, mail.size, mail.complete) == ("ivan@example.com", "hello", 5, True)
    assert (mail.state, mail.received_at, mail.attempts) == (InboxState.RECEIVED, NOW, 0)


def test_mails_recorded_together_are_kept_each_with_its_bytes_whatever_their_sizes(store: Store) -> None:
    sizes = [3, LARGE, 1, LARGE + 1, 2]
    with store.begin() as uow:
        ids = [record(uow, str(uid) * size, uid).id for uid, size in enumerate(sizes)]
        uow.commit()
    with store.begin() as uow:
        assert uow.inbox.raws(ids) == {i: str(uid).encode() * sizes[uid] for uid, i in enumerate(ids)}
        assert uow.inbox.lying() == {Location("INBOX", 7, uid) for uid in range(len(sizes))}


def test_the_same_mail_delivered_twice_is_one_mail_at_two_places(store: Store) -> None:
    with store.begin() as uow:
        first, second = record(uow, uid=1), record(uow, uid=2)
        assert second.id == first.id
        assert not second.news
        assert Location("INBOX", 7, 2) in uow.inbox.lying()
        settle(uow, first.id)
        assert [place.uid for place, _ in uow.inbox.to_file()] == [1, 2]


def test_a_mail_recorded_again_at_the_same_place_is_nothing_new(store: Store) -> None:
    with store.begin() as uow:
        record(uow)
        assert not record(uow).news
        assert uow.inbox.waiting(NOW) == 1


@pytest.mark.parametrize("state", [InboxState.QUARANTINED, InboxState.DROPPED])
def test_a_mail_that_an_administrator_moved_back_is_read_again(store: Store, state: InboxState) -> None:
    with store.begin() as uow:
        recorded = record(uow, uid=1)
        settle(uow, recorded.id, state)
        again = record(uow, uid=2)
        assert (again.id, again.news) == (recorded.id, True)
        mail = uow.inbox.claim(NOW, LEASE)
    assert mail is not None
    assert mail.id == recorded.id


@pytest.mark.parametrize("state", [InboxState.PROCESSED, InboxState.IGNORED, InboxState.REFUSED])
def test_moving_a_settled_mail_back_does_nothing_twice(store: Store, state: InboxState) -> None:
    with store.begin() as uow:
        settle(uow, record(uow, uid=1).id, state)
        assert not record(uow, uid=2).news
        assert uow.inbox.claim(NOW, LEASE) is None
        assert [place.uid for place, _ in uow.inbox.to_file()] == [1, 2]


def test_the_oldest_mail_is_read_first_and_none_twice(store: Store) -> None:
    with store.begin() as uow:
        ids = [record(uow, str(n), uid=n).id for n in range(3)]
        claims = [uow.inbox.claim(NOW, LEASE) for _ in range(4)]
    assert [mail and mail.id for mail in claims] == [*ids, None]


def test_a_mail_whose_reader_died_is_read_again_when_the_lease_has_run_out(store: Store) -> None:
    with store.begin() as uow:
        record(uow)
        assert uow.inbox.claim(NOW, LEASE)
        assert uow.inbox.claim(SOON, LEASE) is None
        assert uow.inbox.claim(NOW + LEASE, LEASE)


def test_two_readers_of_one_mail_settle_it_once(store: Store) -> None:
    with store.begin() as uow:
        record(uow)
        slow = uow.inbox.claim(NOW, LEASE)
        fast = uow.inbox.claim(LATER, LEASE)
        assert slow is not None
        assert slow == fast
        settle(uow, slow.id)
        with pytest.raises(TransientFailure, match="somebody else"):
            settle(uow, slow.id)


def test_a_slow_reader_that_fails_does_not_bring_a_settled_mail_back(store: Store) -> None:
    with store.begin() as uow:
        recorded = record(uow)
        settle(uow, recorded.id)
        uow.inbox.fail(recorded.id, "too late", NOW, 1)
        assert uow.inbox.claim(LATER, LEASE) is None


def test_a_failed_mail_waits_its_time_and_holds_up_no_other(store: Store) -> None:
    with store.begin() as uow:
        bad, good = record(uow, "bad", 1), record(uow, "good", 2)
        assert (mail := uow.inbox.claim(NOW, LEASE)) is not None
        assert mail.id == bad.id
        uow.inbox.fail(bad.id, "Traceback ...", SOON, 1)
        assert (mail := uow.inbox.claim(NOW, LEASE)) is not None
        assert mail.id == good.id
        settle(uow, good.id)
        assert uow.inbox.claim(NOW, LEASE) is None
        assert uow.inbox.waiting(NOW) == 1
        assert (mail := uow.inbox.claim(SOON, LEASE)) is not None
        assert (mail.id, mail.attempts, mail.state) == (bad.id, 1, InboxState.FAILED)


def test_only_settled_mails_are_filed_away_each_place_once(store: Store) -> None:
    with store.begin() as uow:
        done, bad = record(uow, "done", 1), record(uow, "bad", 2)
        record(uow, "waits", 3)
        settle(uow, done.id)
        settle(uow, bad.id, InboxState.QUARANTINED)
        places = uow.inbox.to_file()
        assert places == [
            (Location("INBOX", 7, 1), InboxState.PROCESSED),
            (Location("INBOX", 7, 2), InboxState.QUARANTINED),
        ]
        for place, _ in places:
            uow.inbox.filed([place])
        assert uow.inbox.to_file() == []


def test_another_mail_that_lies_where_one_was_cleared_is_new_and_filed_in_its_turn(store: Store) -> None:
    place = Location("INBOX", 7, 1)
    with store.begin() as uow:
        settle(uow, record(uow, "before the mailbox was restored").id)
        assert place in uow.inbox.lying()
        uow.inbox.filed([place])
        assert place not in uow.inbox.lying()
        other = record(uow, "after it")
        assert other.news
        assert place in uow.inbox.lying()
        settle(uow, other.id)
        assert uow.inbox.to_file() == [(place, InboxState.PROCESSED)]


def test_a_mail_that_lies_again_where_it_was_cleared_is_filed_again_and_not_read_again(store: Store) -> None:
    place = Location("INBOX", 7, 1)
    with store.begin() as uow:
        settle(uow, record(uow).id, InboxState.QUARANTINED)
        uow.inbox.filed([place])
        assert not record(uow).news
        assert uow.inbox.to_file() == [(place, InboxState.QUARANTINED)]


def test_a_mail_that_another_daemon_read_and_quarantined_meanwhile_was_not_moved_back(store: Store) -> None:
    with store.begin() as uow:
        mail_id = record(uow).id
        settle(uow, mail_id, InboxState.QUARANTINED)
        assert record(uow).news is False
        (mail,) = uow.inbox.quarantined()
    assert mail.id == mail_id


def test_what_we_had_in_hand_when_something_broke_is_given_back_and_what_others_have_is_not(
    store: Store, url: str
) -> None:
    with store.begin() as uow:
        record(uow, "ours", 1)
        record(uow, "theirs", 2)
        uow.inbox.claim(NOW, LEASE)
        uow.commit()
    other = open_store(url)
    with other.begin() as uow:
        uow.inbox.claim(NOW, LEASE)
        uow.commit()
    with store.begin() as uow:
        assert uow.inbox.claim(NOW, LEASE) is None
        uow.inbox.give_back()
        again = uow.inbox.claim(NOW, LEASE)
        assert uow.inbox.claim(NOW, LEASE) is None
    other.close()
    assert again is not None
    assert again.subject == "ours"


def test_the_quarantine_says_why_and_a_retry_reads_the_mail_again(store: Store) -> None:
    with store.begin() as uow:
        recorded = record(uow)
        settle(uow, recorded.id, InboxState.QUARANTINED)
        (mail,) = uow.inbox.quarantined()
        assert (mail.kind, mail.reason, mail.number) == ("submission", "why", "INV-2026-0001")
        uow.inbox.retry(recorded.id, LATER)
        assert uow.inbox.quarantined() == []
        assert uow.inbox.claim(LATER, LEASE) is not None


def test_a_dropped_mail_keeps_its_bytes_and_its_reason(store: Store) -> None:
    with store.begin() as uow:
        recorded = record(uow, "junk")
        settle(uow, recorded.id, InboxState.QUARANTINED)
        uow.inbox.drop(recorded.id, NOW)
        mail = uow.inbox.get(recorded.id)
        assert mail is not None
        assert (mail.state, mail.reason) == (InboxState.DROPPED, "why")
        assert uow.inbox.raw(recorded.id) == b"junk"
        assert uow.inbox.claim(LATER, LEASE) is None


def test_a_nul_or_half_a_surrogate_in_a_subject_breaks_nothing(store: Store) -> None:
    with store.begin() as uow:
        fetched = FetchedMail(Location("INBOX", 7, 1), b"raw\x00", 4)
        recorded = uow.inbox.record(fetched, "<\x00@a>", "digest", "a\x00@b", "Re:\x00 \udce9 счёт", NOW)
        uow.inbox.fail(recorded.id, "Traceback \x00", NOW, 1)
        uow.inbox.settle(recorded.id, InboxState.IGNORED, NOW, "own", "be\x00cause")
        mail = uow.inbox.get(recorded.id)
        assert uow.inbox.raw(recorded.id) == b"raw\x00"
    assert mail is not None
    assert (mail.subject, mail.sender, mail.message_id) == ("Re: ? счёт", "a@b", "<@a>")
    assert mail.reason == "because"


def test_a_header_of_a_megabyte_breaks_nothing(store: Store) -> None:
    noise = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(300_000))
    with store.begin() as uow:
        fetched = FetchedMail(Location("INBOX", 7, 1), b"raw", 3)
        assert uow.inbox.record(fetched, f"<{noise}@a>", "digest", noise, noise, NOW).news


def test_times_come_back_aware_and_exact_in_utc(store: Store) -> None:
    moment = NOW.astimezone(tz=None) + timedelta(microseconds=123456)
    with store.begin() as uow:
        fetched = FetchedMail(Location("INBOX", 7, 1), b"raw", 3)
        mail = uow.inbox.get(uow.inbox.record(fetched, None, "digest", "", "", moment).id)
    assert mail is not None
    assert mail.received_at == moment
    assert mail.received_at.utcoffset() == timedelta(0)


def test_a_time_without_an_offset_is_refused(store: Store) -> None:
    fetched = FetchedMail(Location("INBOX", 7, 1), b"raw", 3)
    with store.begin() as uow, pytest.raises(Exception, match="has no offset"):
        uow.inbox.record(fetched, None, "digest", "", "", NOW.replace(tzinfo=None))
