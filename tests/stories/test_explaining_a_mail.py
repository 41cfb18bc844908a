"""An administrator who wonders asks what mailflow reads in a mail, and why; nothing is changed by asking."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mailflow.cli import cli
from mailflow.office.papers import Paper
from tests.documents.samples import ubl
from tests.stories.conftest import Office, paper

COMPLETE = "Контрагент: ООО «Ромашка»\nСумма: 125 000,00 руб.\nДата оплаты: 15.12.2026"


def explain(office: Office, raw: bytes, *options: str) -> Result:
    file = office.folder / "mail.eml"
    file.write_bytes(raw)
    return CliRunner().invoke(cli, ["--settings", str(office.folder / "settings.yaml"), "explain", str(file), *options])


def told(office: Office, raw: bytes) -> str:
    result = explain(office, raw)
    assert result.exit_code == 0, result.output
    return result.output


def facts(office: Office, raw: bytes) -> dict[str, object]:
    result = explain(office, raw, "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.output))


def raw_reply(office: Office, text: str) -> bytes:
    """What Olga's mail client sends when she answers the request."""
    office.olga.reply(office.gets("olga"), text)
    return office.server.journal[-1].raw


def test_an_answer_is_explained_with_its_invoice_its_evidence_and_what_would_follow(office: Office) -> None:
    office.submit()
    said = told(office, raw_reply(office, "СОГЛАСОВАНО, срочно"))
    assert "INV-2026-0001, revision 1: the request for approval to olga@example.com, step 1" in said
    assert "found by In-Reply-To (<" in said
    assert "APPROVE, with the comment: срочно" in said
    assert "in the line: СОГЛАСОВАНО, срочно" in said
    assert "history: approved by olga@example.com" in said
    assert "mail to director@example.com: approval_request" in said
    assert "never received here" in said
    assert "lines are left out" in said


def test_asking_changes_nothing_and_sends_nothing(office: Office) -> None:
    invoice, before = office.submit(), office.undelivered()
    history = office.history()
    told(office, raw_reply(office, "СОГЛАСОВАНО"))
    assert office.invoice() == invoice
    assert office.history() == history
    assert office.undelivered() == before


def test_once_it_was_received_what_became_of_it_is_told_too(office: Office) -> None:
    office.submit()
    raw = raw_reply(office, "СОГЛАСОВАНО")
    office.work()
    said = told(office, raw)
    assert "processed as answer, INV-2026-0001" in said
    assert "This has been decided already" in said


def test_why_nothing_is_decided_is_said_in_the_words_that_the_writer_gets(office: Office) -> None:
    office.submit()
    found = facts(office, raw_reply(office, "Пока не согласовано"))
    assert found["decision"] is None
    assert found["why_not"] == "The line holds a “not”, so it may mean the opposite."
    assert found["line"] == "Пока не согласовано"
    assert any("mail to olga@example.com: unclear" in str(line) for line in found["would"])  # type: ignore[attr-defined]


def test_a_submission_is_explained_with_its_fields_and_files(office: Office) -> None:
    office.ivan.submit("Бумага", COMPLETE, [paper()])
    found = facts(office, office.server.journal[-1].raw)
    assert found["kind"] == "submission"
    assert found["fields"]["counterparty"] == "ООО «Ромашка»"  # type: ignore[index]
    assert found["files"] == [
        "счёт.pdf (application/pdf)",
        "  it could not be read: it is damaged",
    ]
    assert office.invoices() == []


def test_a_strangers_mail_is_explained_with_the_reason_for_its_quarantine(office: Office) -> None:
    said = told(office, b"From: eve@evil.example\nSubject: hi\n\nAPPROVE\n")
    assert "eve@evil.example is not among the people of the settings" in said
    assert "APPROVE" in said


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"From: olga@example.com\nAuto-Submitted: auto-replied\nSubject: Away\n\nGone\n", "automatic answer"),
        (b"From: MAILER-DAEMON@x.example\nReturn-Path: <>\nSubject: Undelivered Mail\n\nno\n", "delivery report"),
        (b"", "quarantine"),
        (b"\x00\xff" * 1000, "quarantine"),
        (b"From: olga@example.com\n\nHELP\n", "enquiry"),
    ],
)
def test_whatever_it_is_it_is_explained(office: Office, raw: bytes, kind: str) -> None:
    assert facts(office, raw)["kind"] == kind


def test_nothing_in_a_mail_acts_on_the_terminal(office: Office) -> None:
    said = told(office, b"From: olga@example.com\nSubject: \x1b[2Jgone\n\n\x1b[31mred\n")
    assert "\x1b" not in said


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["explain", str(tmp_path / "no.eml")])
    assert result.exit_code == 2
    assert "No such file" in result.output


def test_what_a_file_says_is_explained_source_by_source(office: Office) -> None:
    office.ivan.submit("Fwd: Invoice", "See below.", [Paper("invoice.xml", "application/xml", ubl())])
    result = explain(office, office.server.journal[-1].raw)
    said = " ".join(result.stdout.split())
    assert "by its e-invoice: number RE-17, issued 2026-11-20, due 2026-12-15, supplier Muster GmbH" in said
    assert "amount 125.50 EUR" in said
    assert "account DE02120300000000202051" in said
