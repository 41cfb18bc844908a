"""Templates that an administrator has changed: what is wrong is found before a mail needs them."""

from __future__ import annotations

import shutil
from pathlib import Path

import jinja2
import pytest

from mailflow.approval.effects import Mail, Message
from mailflow.errors import TransientFailure
from mailflow.outbound.context import mail_context
from mailflow.outbound.mail import write_mail
from mailflow.outbound.samples import NOW, SUBMITTER, TOKEN
from mailflow.outbound.templating import Templates
from tests.approval.company import company
from tests.outbound.samples import FOLDER, IDENTITY, TEMPLATES, readers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "templates"))


def problems(folder: Path) -> list[tuple[str, int | None, str]]:
    found = Templates(jinja2.FileSystemLoader(folder)).check(company())
    return [(p.file.replace(f"{folder}/", ""), p.line, p.what) for p in found]


def broken(folder: Path, name: str, old: str, new: str) -> list[tuple[str, int | None, str]]:
    file = folder / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return problems(folder)


def test_the_templates_that_come_with_mailflow_are_sound() -> None:
    assert TEMPLATES.check(company()) == []


def test_a_name_that_nobody_knows_is_found_with_file_and_line(folder: Path) -> None:
    found = broken(folder, "en/help/body.txt.j2", "{{ mailbox }}", "{{ mailbux }}")
    assert found == [("en/help/body.txt.j2", 6, "'mailbux' is undefined")]


def test_a_tag_that_is_not_closed_is_found_with_file_and_line(folder: Path) -> None:
    found = broken(folder, "ru/paid/body.html.j2", "{% endblock %}", "{% if invoice %}{% endblock %}")
    assert [(file, line) for file, line, _ in found] == [("ru/paid/body.html.j2", 8)]


def test_a_mistake_in_what_all_mails_share_is_found_once(folder: Path) -> None:
    found = broken(folder, "_parts.txt.j2", "invoice.counterparty | short", "invoice.counterpartee | short")
    assert len({(file, line) for file, line, _ in found}) == 1
    assert found[0][0] == "_parts.txt.j2"
    assert found[0][1]


def test_a_missing_template_is_named(folder: Path) -> None:
    (folder / "en" / "help" / "subject.txt.j2").unlink()
    assert problems(folder) == [("en/help/subject.txt.j2", None, "there is no template en/help/subject.txt.j2.")]


def test_a_keyword_alone_on_a_line_is_reported(folder: Path) -> None:
    found = broken(folder, "en/help/body.txt.j2", "At any time", "At any time:\n  Approve!\n")
    assert found == [
        (
            "en/help/body.txt.j2",
            None,
            "the line 'Approve!' is a keyword alone, and could be read as an answer: use a sentence.",
        )
    ]


def test_a_mail_without_its_reference_or_the_line_above_which_one_replies_is_reported(folder: Path) -> None:
    found = broken(folder, "en/help/body.txt.j2", '{% extends "_layout.txt.j2" %}', "")
    assert [what for _, _, what in found] == [
        "the text does not begin with the line '--- Please type your reply above this line ---'.",
        "the reference of the mail is missing.",
    ]


def test_a_template_that_leaves_the_sandbox_is_refused(folder: Path) -> None:
    found = broken(folder, "en/help/body.txt.j2", "{{ mailbox }}", "{{ mailbox.__class__.__mro__ }}")
    assert found[0][:2] == ("en/help/body.txt.j2", 6)
    assert "unsafe" in found[0][2]


def test_a_mail_whose_template_is_broken_waits_and_goes_once_it_is_mended(folder: Path) -> None:
    file = folder / "en" / "help" / "body.html.j2"
    sound = file.read_text()
    file.write_text(sound.replace("{{ mailbox }}", "{{ mailbox | no_such_filter }}", 1))
    templates = Templates(jinja2.FileSystemLoader(folder))
    mail, rules = Mail(SUBMITTER, Message.HELP), readers("en")
    with pytest.raises(TransientFailure, match=r"en/help/body\.html\.j2, line 5: No filter named 'no_such_filter'"):
        write_mail(mail, IDENTITY, rules, templates, {})
    file.write_text(sound + "\n{# mended #}\n")
    assert write_mail(mail, IDENTITY, rules, templates, {})


def test_a_fact_that_is_missing_is_no_silent_gap() -> None:
    context = mail_context(Mail(SUBMITTER, Message.QUARANTINED), TOKEN, NOW, readers("en"))
    with pytest.raises(TransientFailure, match=r"en/quarantined/subject\.txt\.j2, line 1: .*'subject'"):
        TEMPLATES.render("en", "quarantined", context)
