"""The history only grows, and whoever changes a byte of it is found out (process section 6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, event, text

from mailflow.approval.effects import Entry
from mailflow.store.engine import Store
from mailflow.store.history import History
from tests.approval.company import opened
from tests.store.rows import NOW, keep

NUMBER, OTHER = "INV-2026-0001", "INV-2026-0002"
EVIDENCE = "e" * 64


@pytest.fixture
def store_with_history(store: Store) -> Store:
    invoice = opened().invoice
    for number in (NUMBER, OTHER):
        keep(store, replace(invoice, number=number))
    with store.begin() as uow:
        for step in range(5):
            entry = Entry("approved", "olga@example.com", {"step": step, "comment": "хорошо"})
            for number in (NUMBER, OTHER):
                uow.history.append(number, entry, NOW + timedelta(seconds=step), f"<{step}@example.com>", EVIDENCE)
        uow.commit()
    return store


def broken(store: Store, number: str = NUMBER) -> int | None:
    with store.begin() as uow:
        return uow.history.broken_link(number)


def test_history_tells_what_happened_in_order_with_the_mail_it_came_from(store_with_history: Store) -> None:
    with store_with_history.begin() as uow:
        lines = uow.history.of(NUMBER)
        assert uow.history.of("INV-2026-0003") == []
    assert [line.details["step"] for line in lines] == [0, 1, 2, 3, 4]
    line = lines[1]
    assert (line.at, line.event, line.actor) == (NOW + timedelta(seconds=1), "approved", "olga@example.com")
    assert (line.message_id, line.evidence, len(line.hash)) == ("<1@example.com>", EVIDENCE, 64)
    assert line.details == {"step": 1, "comment": "хорошо"}


def test_where_several_histories_end_is_asked_for_once_for_all(store_with_history: Store) -> None:
    asked: list[str] = []
    with store_with_history.begin() as uow:
        event.listen(uow._connection, "before_cursor_execute", lambda c, cu, statement, *_: asked.append(statement))
        for number in (OTHER, NUMBER, OTHER):
            uow.history.append(number, Entry("approved", "olga@example.com"), NOW, None, None)
        uow.commit()
    assert len([statement for statement in asked if "SELECT history" in statement]) == 1
    with store_with_history.begin() as uow:
        assert [len(uow.history.of(number)) for number in (NUMBER, OTHER)] == [6, 7]
    assert broken(store_with_history, NUMBER) is broken(store_with_history, OTHER) is None


def test_an_untouched_chain_holds(store_with_history: Store) -> None:
    assert broken(store_with_history) is None
    assert broken(store_with_history, "INV-2026-0003") is None


@pytest.mark.parametrize(
    "change",
    [
        "at = '2026-12-01 09:00:02.000001'",
        "event = 'rejected'",
        "actor = 'mallory@example.com'",
        "details = replace(details, '\"step\"', '\"stop\"')",
        "details = details || ' '",
        "message_id = NULL",
        "evidence = '~' || substr(evidence, 2)",
        "hash = '~' || substr(hash, 2)",
        "position = 7",
    ],
)
def test_a_changed_line_is_found(store_with_history: Store, url: str, change: str) -> None:
    tamper(url, f"UPDATE history SET {change} WHERE number = '{NUMBER}' AND position = 2")
    assert broken(store_with_history) == 2
    assert broken(store_with_history, OTHER) is None


def test_every_single_byte_of_the_words_counts(store_with_history: Store) -> None:
    line = f"WHERE number = '{NUMBER}' AND position = 2"
    with store_with_history.begin() as uow:
        for column in ("event", "actor", "details", "message_id", "evidence", "hash"):
            words = str(uow._connection.execute(text(f"SELECT {column} FROM history {line}")).scalar())
            for at in range(len(words)):
                change = text(f"UPDATE history SET {column} = :words {line}")
                uow._connection.execute(change, {"words": words[:at] + "~" + words[at + 1 :]})
                assert uow.history.broken_link(NUMBER) == 2, (column, at)
                uow._connection.execute(change, {"words": words})
        assert uow.history.broken_link(NUMBER) is None


def test_a_line_taken_out_is_found(store_with_history: Store, url: str) -> None:
    tamper(url, f"DELETE FROM history WHERE number = '{NUMBER}' AND position = 0")
    assert broken(store_with_history) == 0


def test_a_line_of_another_invoice_is_found(store_with_history: Store, url: str) -> None:
    tamper(url, f"DELETE FROM history WHERE number = '{NUMBER}' AND position = 2")
    tamper(url, f"UPDATE history SET number = '{NUMBER}' WHERE number = '{OTHER}' AND position = 2")
    assert broken(store_with_history) == 2
    assert broken(store_with_history, OTHER) == 2


def test_strange_words_are_chained_as_they_are_kept(store_with_history: Store) -> None:
    with store_with_history.begin() as uow:
        entry = Entry("noted", "a\x00@b", {"text": "\x00 \\u0000 \udce9 \u2028"})
        uow.history.append(NUMBER, entry, NOW, "<\x00\udce9@a>", None)
        assert uow.history.broken_link(NUMBER) is None
        assert uow.history.of(NUMBER)[-1].details == {"text": "\x00 \\u0000 ? \u2028"}


def test_there_is_no_way_to_change_or_delete_a_line() -> None:
    public = {name for name in vars(History) if not name.startswith("_")}
    assert public == {"append", "of", "broken_link", "chain", "flush", "numbers"}


def tamper(url: str, statement: str) -> None:
    """Changes the database behind mailflow's back."""
    engine = create_engine(url)
    with engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount == 1
    engine.dispose()
