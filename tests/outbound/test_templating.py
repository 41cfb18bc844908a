"""Templates that an administrator has changed: what is wrong is found before a mail needs them."""

from __future__ import annotations

import shutil
from pathlib import Path

import jinja2
import pytest

from mailflow.approval.effects import Mail, Message
from mailflow.errors import TransientFailure
from mailflow.outbound.context import mail_context
from mailflow.outbound.mail import draft_mail
from mailflow.outbound.samples import NOW, SUBMITTER, TOKEN
from mailflow.outbound.templating import Templates
from tests.approval.company import company
from tests.outbound.samples import FOLDER, IDENTITY, TEMPLATES, readers

MISTAKES = {
    "en/help/body.txt.j2": ("{{ mailbox }}", "{{ mailbux }}"),
    "ru/paid/body.html.j2": ("{% endblock %}", "{% if invoice %}{% endblock %}"),
    "_parts.txt.j2": ("invoice.counterparty | short", "invoice.counterpartee | short"),
    "en/withdrawn/body.txt.j2": ("you need do nothing.", "you need do nothing.\n\n  Approve!\n"),
    "ru/quarantined/body.txt.j2": ('{% extends "_layout.txt.j2" %}', ""),
    "en/mail_failed/body.html.j2": ("{{ extra.id }}", "{{ extra.__class__.__mro__ }}"),
}


@pytest.fixture(scope="module")
def mistaken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's templates with a mistake in some, and one gone."""
    folder = Path(shutil.copytree(FOLDER, tmp_path_factory.mktemp("changed") / "templates"))
    for name, (old, new) in MISTAKES.items():
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))
    (folder / "en" / "replaced" / "subject.txt.j2").unlink()
    return folder


@pytest.fixture(scope="module")
def problems(mistaken: Path) -> list[tuple[str, int | None, str]]:
    found = Templates(jinja2.FileSystemLoader(mistaken)).check(company())
    return [(p.file.replace(f"{mistaken}/", ""), p.line, p.what) for p in found]


def line_of(folder: Path, name: str, words: str) -> int:
    lines = (folder / name).read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if words in line)


def test_the_templates_that_come_with_mailflow_are_sound() -> None:
    assert TEMPLATES.check(company()) == []


def test_every_mistake_is_found_once_and_nothing_else(problems: list[tuple[str, int | None, str]]) -> None:
    files = [file for file, _, _ in problems]
    assert set(files) == {*MISTAKES, "en/replaced/subject.txt.j2"}
    assert len(problems) == len(set(problems))


@pytest.mark.parametrize(
    ("file", "words", "what"),
    [
        ("en/help/body.txt.j2", "mailbux", "'mailbux' is undefined"),
        ("_parts.txt.j2", "counterpartee", "no attribute 'counterpartee'"),
        ("en/mail_failed/body.html.j2", "__class__", "unsafe"),
        ("ru/paid/body.html.j2", "{% endblock %}", "Encountered unknown tag 'endblock'"),
    ],
)
def test_a_mistake_is_reported_with_file_line_and_what_is_wrong(
    mistaken: Path, problems: list[tuple[str, int | None, str]], file: str, words: str, what: str
) -> None:
    (problem,) = [problem for problem in problems if problem[0] == file]
    assert problem[1] == line_of(mistaken, file, words)
    assert what in problem[2]


def test_a_missing_template_is_named(problems: list[tuple[str, int | None, str]]) -> None:
    name = "en/replaced/subject.txt.j2"
    assert (name, None, f"there is no template {name}.") in problems


def test_a_keyword_alone_on_a_line_is_reported(problems: list[tuple[str, int | None, str]]) -> None:
    what = "the line 'Approve!' is a keyword alone, and could be read as an answer: use a sentence."
    assert ("en/withdrawn/body.txt.j2", None, what) in problems


def test_a_mail_without_its_reference_or_its_first_line_is_reported(
    problems: list[tuple[str, int | None, str]],
) -> None:
    assert [what for file, _, what in problems if file == "ru/quarantined/body.txt.j2"] == [
        "the text does not begin with the line '--- Пишите ответ выше этой строки ---'.",
        "the reference of the mail is missing.",
    ]


def test_a_mail_whose_template_is_broken_waits_and_goes_once_it_is_mended(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "templates"))
    file = folder / "en" / "help" / "body.html.j2"
    sound = file.read_text()
    file.write_text(sound.replace("{{ mailbox }}", "{{ mailbox | no_such_filter }}", 1))
    templates = Templates(jinja2.FileSystemLoader(folder))
    mail, rules = Mail(SUBMITTER, Message.HELP), readers("en")
    with pytest.raises(TransientFailure, match=r"en/help/body\.html\.j2, line 5: No filter named 'no_such_filter'"):
        draft_mail(mail, IDENTITY, rules, templates)
    file.write_text(sound + "\n{# mended #}\n")
    assert draft_mail(mail, IDENTITY, rules, templates)


def test_a_fact_that_is_missing_is_no_silent_gap() -> None:
    context = mail_context(Mail(SUBMITTER, Message.QUARANTINED), TOKEN, NOW, readers("en"))
    with pytest.raises(TransientFailure, match=r"en/quarantined/subject\.txt\.j2, line 1: .*'subject'"):
        TEMPLATES.render("en", "quarantined", context)
