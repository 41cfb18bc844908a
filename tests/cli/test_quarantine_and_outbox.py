"""quarantine, outbox: what could not be processed or delivered, and the administrator's word about it."""

from __future__ import annotations

import pytest

from mailflow.store.inbox import InboxState
from mailflow.store.outbox import OutboxState
from tests.cli.conftest import Company, in_approval


def state(office: Company, mail_id: int) -> InboxState:
    with office.store.begin() as uow:
        mail = uow.inbox.get(mail_id)
        assert mail is not None
        return mail.state


def test_an_empty_quarantine_is_said(office: Company) -> None:
    assert office.run("quarantine", "list").stdout == "The quarantine is empty.\n"
    assert office.json("quarantine", "list") == []


def test_the_list_says_who_when_and_why(office: Company) -> None:
    mail_id = office.quarantined()
    shown = office.run("quarantine", "list").stdout
    for word in (str(mail_id), "2026-12-01 12:00", "evil@example.net", "Счёт", "is a stranger"):
        assert word in shown
    [entry] = office.json("quarantine", "list")
    assert (entry["id"], entry["from"], entry["received_at"]) == (
        mail_id, "evil@example.net", "2026-12-01T12:00:00+03:00",
    )  # fmt: skip


def test_a_mail_is_shown_readable_and_harmless(office: Company) -> None:
    shown = office.run("quarantine", "show", str(office.quarantined())).stdout
    assert not {c for c in shown if ord(c) < 32 and c != "\n"}
    assert not set(shown) & {"\x9b", "\u202e", "\x7f"}
    for words in ("Subject: [20mСчёт [red]now[/red]", "evil@example.net", "First line", "[bold]not bold[/bold]"):
        assert words in shown


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe\x00", b"Subject: x\r\n\r\n" + b"line\r\n" * 500])
def test_any_bytes_at_all_are_shown(office: Company, raw: bytes) -> None:
    result = office.run("quarantine", "show", str(office.quarantined(raw)))
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) < 60


def test_retry_lets_the_mail_be_read_again(office: Company) -> None:
    mail_id = office.quarantined()
    assert office.run("quarantine", "retry", str(mail_id)).exit_code == 0
    assert state(office, mail_id) is InboxState.RECEIVED
    assert office.json("quarantine", "list") == []


def test_drop_takes_the_mail_off_the_list(office: Company) -> None:
    mail_id, other = office.quarantined(), office.quarantined(uid=2)
    assert office.run("quarantine", "drop", str(mail_id)).exit_code == 0
    assert state(office, mail_id) is InboxState.DROPPED
    assert [m["id"] for m in office.json("quarantine", "list")] == [other]


@pytest.mark.parametrize("command", ["show", "retry", "drop"])
def test_a_mail_that_is_not_there_ends_with_1(office: Company, command: str) -> None:
    result = office.run("quarantine", command, "77")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "There is no mail 77 in quarantine" in result.stderr


def test_a_mail_that_was_processed_is_not_read_again_by_mistake(office: Company) -> None:
    mail_id = office.quarantined()
    office.run("quarantine", "retry", str(mail_id))
    for command in ("retry", "drop"):
        assert office.run("quarantine", command, str(mail_id)).exit_code == 1
    assert state(office, mail_id) is InboxState.RECEIVED


def test_an_empty_outbox_is_said(office: Company) -> None:
    assert office.run("outbox", "list").stdout == "Everything has been delivered.\n"
    assert office.json("outbox", "list") == []


def test_the_outbox_says_what_waits_for_whom_and_why(office: Company) -> None:
    invoice = office.keep(*in_approval())
    entry_id = office.stuck(invoice)
    shown = office.run("outbox", "list").stdout
    assert "\x1b" not in shown
    for word in (str(entry_id), "INV-2026-0001", "ivan@example.com", "acknowledgement", "pending", "451 try"):
        assert word in shown
    [entry] = office.json("outbox", "list")
    assert (entry["state"], entry["attempts"], entry["what"]) == ("pending", 1, "acknowledgement")


def test_retry_makes_one_or_all_due_at_once(office: Company) -> None:
    invoice = office.keep(*in_approval())
    first, second = office.stuck(invoice, dead=True), office.stuck(invoice, number=2)
    assert office.run("outbox", "retry", str(first)).exit_code == 0
    states = {e["id"]: (e["state"], e["next_attempt_at"]) for e in office.json("outbox", "list")}
    assert states[first][0] == OutboxState.PENDING
    assert states[second][1] > states[first][1]
    assert office.run("outbox", "retry", "all").stdout == "2 to be tried again at the next pass.\n"
    assert len({e["next_attempt_at"] for e in office.json("outbox", "list")}) == 1


def test_retrying_what_does_not_wait_ends_with_1(office: Company) -> None:
    result = office.run("outbox", "retry", "77")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Nothing with the id 77 waits" in result.stderr
    assert office.run("outbox", "retry", "some").exit_code == 2
    assert office.run("outbox", "retry", "all").exit_code == 0
