"""list, show: the invoices as the contract's JSON and as tables for people."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

import pytest

from mailflow.evidence import Evidence
from tests.cli.conftest import Company, in_approval, incomplete, paid, rejected, to_pay

KEYS = [
    "number", "revision", "status", "title", "counterparty", "amount", "currency", "pay_date", "comment", "route",
    "submitter", "accountant", "attachments", "document", "sources", "steps", "on_hold", "rejection", "payment",
    "invites", "bitrix24", "warnings", "history",
]  # fmt: skip


def test_no_invoices_is_an_empty_list(office: Company) -> None:
    assert office.json("list") == []
    assert office.run("list").stdout == "No invoices.\n"


def test_show_prints_the_contracts_json_with_times_in_the_companys_zone(office: Company) -> None:
    office.keep(*paid())
    shown = office.json("show", "INV-2026-0003")
    assert list(shown) == KEYS
    assert (shown["status"], shown["amount"], shown["currency"]) == ("paid", "125000.00", "RUB")
    assert shown["pay_date"] == "2026-12-15"
    assert shown["steps"] == [
        {"approver": a, "status": "approved", "decided_at": "2026-12-01T12:00:00+03:00", "comment": "fine"}
        for a in ("olga@example.com", "dmitry@example.com")
    ]
    assert shown["payment"] == {
        "due": "2026-12-15", "shifts": 0, "paid_at": "2026-12-01T12:00:00+03:00", "reference": "PP 17",
    }  # fmt: skip
    assert {i["attendee"] for i in shown["invites"]} == {"anna@example.com", "ivan@example.com"}
    assert set(shown["invites"][0]) == {"uid", "attendee", "sequence", "partstat"}
    assert set(shown["attachments"][0]) == {"filename", "size", "sha256"}
    assert [line["event"] for line in shown["history"]][-1] == "paid"
    assert shown["history"][-1]["message_id"] == "<paid@example.com>"
    assert datetime.fromisoformat(shown["history"][0]["at"]).utcoffset() is not None


def test_list_prints_an_array_of_what_show_prints(office: Company) -> None:
    for story in (in_approval(), to_pay(), paid(), rejected(), incomplete()):
        office.keep(*story)
    everything = office.json("list")
    assert everything == [office.json("show", invoice["number"]) for invoice in everything]
    assert [i["status"] for i in everything] == ["in_approval", "to_pay", "paid", "rejected", "incomplete"]
    assert [i["number"] for i in office.json("list", "--status", "to_pay")] == ["INV-2026-0002"]


def test_what_is_not_known_yet_is_null(office: Company) -> None:
    office.keep(*incomplete())
    shown = office.json("show", "INV-2026-0005")
    nulls = ("amount", "currency", "on_hold", "rejection", "payment", "bitrix24")
    assert [shown[key] for key in nulls] == [None] * len(nulls)
    assert shown["steps"] == []


def test_a_rejection_says_by_whom_and_why(office: Company) -> None:
    office.keep(*rejected())
    assert office.json("show", "INV-2026-0004")["rejection"] == {"by": "olga@example.com", "reason": "no contract"}


def test_people_see_a_table_with_whoever_is_to_move_next(office: Company) -> None:
    for story in (in_approval(), to_pay(), incomplete()):
        office.keep(*story)
    lines = office.run("list").stdout.splitlines()
    assert "olga@example.com" in lines[1]
    assert "125000.00 RUB" in lines[1]
    assert "anna@example.com" in lines[2]
    assert lines[3].count("ivan@example.com") == 2


def test_people_see_one_invoice_with_its_history(office: Company) -> None:
    office.keep(*rejected())
    shown = office.run("show", "inv-2026-0004").stdout
    assert "INV-2026-0004  rejected  Paper for December" in shown
    assert "olga@example.com: no contract" in shown
    assert "<rejected@example.com>" in shown
    assert "changed from outside" not in shown


def test_an_incomplete_invoice_says_what_it_lacks(office: Company) -> None:
    office.keep(*incomplete())
    assert "counterparty (missing), amount (missing)" in office.run("show", "INV-2026-0005").stdout


def test_a_history_that_was_tampered_with_is_told(office: Company) -> None:
    office.keep(*rejected())
    office.store.close()
    database = sqlite3.connect(office.folder / "mailflow.db")
    [table] = [
        name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'") if "history" in name
    ]
    database.execute(f"UPDATE {table} SET actor = 'boss@example.com' WHERE position = 1")
    database.commit()
    database.close()
    assert "changed from outside: line 2 does not follow" in office.run("show", "INV-2026-0004").stdout


def test_a_number_that_nobody_knows_ends_with_1(office: Company) -> None:
    result = office.run("show", "INV-2026-9999", "--json")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "There is no invoice INV-2026-9999" in result.stderr


def test_nothing_that_a_stranger_wrote_reaches_the_terminal_as_a_command(office: Company) -> None:
    office.keep(*in_approval(counterparty="Evil\x1b[2J\x9b31m\u202e [red]x[/red]\nLtd", comment="a\x07\nb"))
    for command in (("list",), ("show", "INV-2026-0001"), ("list", "--json")):
        shown = office.run(*command).stdout
        assert not set(shown) & {"\x1b", "\x9b", "\u202e", "\x07"}
        assert "[red]x[/red]" in shown
    assert office.json("show", "INV-2026-0001")["counterparty"] == "Evil\x1b[2J\x9b31m\u202e [red]x[/red]\nLtd"


def test_list_writes_both_to_files_and_csv_to_standard_output_too(office: Company) -> None:
    office.keep(*paid())
    office.keep(*in_approval())
    printed = office.run("list", "--csv", "--status", "paid")
    assert printed.exit_code == 0
    assert printed.stdout_bytes.startswith(b"\xef\xbb\xbfnumber,status,")
    assert printed.stdout_bytes.count(b"\r\n") == 2
    files = office.folder / "all.csv", office.folder / "all.xlsx"
    assert office.run("list", "--csv", str(files[0]), "--xlsx", str(files[1])).exit_code == 0
    assert files[0].read_bytes().count(b"\r\n") == 3
    assert zipfile.is_zipfile(files[1])


def test_a_table_that_fails_half_way_leaves_the_one_that_was_there(
    office: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_off(*_: object) -> Iterator[bytes]:
        yield b"half"
        raise OSError(28, "No space left on device")

    file = office.folder / "all.csv"
    file.write_bytes(b"whole")
    file.chmod(0o640)
    monkeypatch.setattr("mailflow.spreadsheet.to_csv", breaks_off)
    result = office.run("list", "--csv", str(file))
    assert result.exit_code == 1
    assert "all.csv cannot be written: No space left on device." in result.stderr
    assert file.read_bytes() == b"whole"
    monkeypatch.undo()
    assert office.run("list", "--csv", str(file)).exit_code == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbfnumber,status,")
    assert file.stat().st_mode & 0o777 == 0o640
    assert not list(office.folder.glob(".all*")), "nothing is left beside it"


@pytest.mark.parametrize("command", [("list", "--csv"), ("list", "--xlsx"), ("calendar", "--ics")])
def test_a_file_that_cannot_be_written_is_named_in_a_sentence(office: Company, command: tuple[str, ...]) -> None:
    folder = office.run(*command, str(office.folder))
    assert "is a directory" in folder.stderr
    nowhere = office.run(*command, str(office.folder / "nowhere" / "file"))
    assert nowhere.exit_code == 1
    assert "nowhere/file cannot be written: No such file or directory." in nowhere.stderr


def test_more_invoices_than_a_sheet_holds_are_for_a_csv(office: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    office.keep(*paid())
    monkeypatch.setattr("mailflow.spreadsheet.MOST_ROWS", 0)
    result = office.run("list", "--xlsx", str(office.folder / "all.xlsx"))
    assert result.exit_code == 1
    assert "take --csv" in result.stderr
    assert not (office.folder / "all.xlsx").exists()


def test_the_evidence_is_whole_or_absent_and_its_owners_alone(office: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    office.keep(*paid())
    file = office.folder / "evidence.zip"
    command = ("evidence", "INV-2026-0003", "--output", str(file))

    def breaks_off(gathered: Evidence, archive: BinaryIO, now: datetime) -> None:
        archive.write(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Evidence, "write", breaks_off)
        assert "evidence.zip cannot be written: No space left on device." in office.run(*command).stderr
    assert not file.exists(), "so that it can be asked for again"
    assert office.run(*command).exit_code == 0
    assert file.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(file) as archive:
        assert b"is not there" in archive.read("verification.txt"), "a file that was taken away hides nothing else"
    assert "is there already" in office.run(*command).stderr
