"""`templates` and `preview`: whoever looks after the words sees what they do before a mail goes out."""

from __future__ import annotations

import shutil
from base64 import b64encode
from datetime import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mailflow.approval.effects import Message
from mailflow.branding import Branding, Logo
from mailflow.cli import cli
from mailflow.outbound.samples import COMPANY, READY_TO_PAY
from mailflow.outbound.templating import Templates
from mailflow.preview import Previewer
from mailflow.template_check import notes_on
from mailflow.template_folder import languages_in, loader_of, outdated
from tests.approval.company import DMITRY
from tests.cli.conftest import Company, in_approval, to_pay

TEMPLATES = Path(__file__).parents[2] / "templates"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def preview(*arguments: str | Path) -> Result:
    return run("--settings", "no such file", "preview", *arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The templates, exported."""
    assert run("templates", "export", tmp_path / "words").exit_code == 0
    return tmp_path / "words"


def test_an_export_is_the_whole_of_the_templates_and_says_what_to_do_with_it(tmp_path: Path) -> None:
    result = run("templates", "export", tmp_path / "new" / "words")
    exported = {path.relative_to(tmp_path / "new" / "words") for path in (tmp_path / "new" / "words").rglob("*.j2")}
    assert exported == {path.relative_to(TEMPLATES) for path in TEMPLATES.rglob("*.j2")}
    assert f"`templates: {tmp_path}/new/words`" in result.output


def test_an_export_leaves_a_folder_that_is_not_empty_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.j2").write_text("mine")
    result = run("templates", "export", tmp_path)
    assert result.exit_code == 1
    assert "is not empty and was left as it is" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.j2"]


def test_fresh_copies_are_sound_and_nothing_is_to_be_said_of_them(folder: Path) -> None:
    result = run("templates", "check", folder)
    assert (result.exit_code, result.output) == (0, "Every mail can be written, in en and ru.\n")


def test_every_mistake_of_an_own_template_is_named_with_its_file_and_line(tmp_path: Path) -> None:
    own = tmp_path / "ru" / "paid" / "body.txt.j2"
    own.parent.mkdir(parents=True)
    text = (TEMPLATES / "ru" / "paid" / "body.txt.j2").read_text("utf-8")
    own.write_text(text.replace("{% endblock %}", "{{ invoice.sum }}\n{% endblock %}"), "utf-8")
    line = own.read_text("utf-8").splitlines().index("{{ invoice.sum }}") + 1
    result = run("templates", "check", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{own}, line {line}: 'mailflow.approval.invoice.Invoice object' has no attribute 'sum'"
    ]


def test_without_a_folder_the_templates_of_the_settings_are_checked(office: Company) -> None:
    broken = office.folder / "own" / "en" / "help" / "subject.txt.j2"
    broken.parent.mkdir(parents=True)
    broken.write_text("{% if %}")
    settings = office.folder / "settings.yaml"
    settings.write_text(settings.read_text() + "templates: own\n")
    result = office.run("templates", "check")
    assert result.exit_code == 1
    assert "en/help/subject.txt.j2, line 1:" in result.stderr


def test_a_language_that_is_not_whole_is_in_english_where_it_lacks_something_and_that_is_said(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES / "en", tmp_path / "de")
    (tmp_path / "de" / "help" / "subject.txt.j2").unlink()
    shutil.copytree(TEMPLATES / "en", tmp_path / "german")
    (tmp_path / "fr").mkdir()
    result = run("templates", "check", tmp_path)
    assert result.exit_code == 0
    assert "de: help/subject.txt.j2 is not there, and in English." in result.output
    assert "german: no language is named so" in result.output
    assert "fr: there is no _words.j2" in result.output
    assert "in de and en and ru" in result.output
    assert languages_in(tmp_path) == ("de", "en", "ru")


def test_after_an_upgrade_the_copies_that_it_left_behind_are_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = Path(shutil.copytree(TEMPLATES, tmp_path / "newer"))
    monkeypatch.setattr("mailflow.template_folder.packaged", lambda name: newer)
    for name in ("en/help/body.txt.j2", "en/paid/body.txt.j2", "en/paid/body.html.j2"):
        (newer / name).write_text((newer / name).read_text() + "{# newer #}\n")
    (folder / "en/paid/body.txt.j2").write_text((folder / "en/paid/body.txt.j2").read_text() + "{# mine #}\n")
    shutil.copyfile(newer / "en/paid/body.html.j2", folder / "en/paid/body.html.j2")
    assert [(each.file, each.edited) for each in outdated(folder)] == [
        ("en/help/body.txt.j2", False),
        ("en/paid/body.txt.j2", True),
    ]
    said = notes_on(folder)
    assert [note.partition(", and")[0] for note in said] == [
        "en/help/body.txt.j2 has changed in mailflow since it was copied: delete the copy",
        "en/paid/body.txt.j2 has changed in mailflow since it was copied: compare the two",
    ]


def test_a_sample_needs_neither_settings_nor_invoice() -> None:
    result = preview("--sample", "approval_request", "--language", "ru")
    assert result.exit_code == 0
    assert result.output.startswith("To: dmitry@example.com\nSubject: [INV-2026-0001 #")
    assert "Иван Петров просит заплатить 125" in result.output
    assert "Обратите внимание" not in result.output


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_mail_can_be_previewed_as_a_sample_with_its_pictures_in_the_page(language: str) -> None:
    logo = Logo(b"GIF87a", "gif", (40, 20))
    templates = Templates(loader_of(TEMPLATES), Branding(logo))
    previewer = Previewer(COMPANY, templates, READY_TO_PAY, time(10))
    for message in Message:
        page = previewer.of_sample(message, language).html
        assert f'lang="{language}"' in page
        assert f'src="data:image/gif;base64,{b64encode(logo.content).decode()}"' in page
        assert "cid:" not in page


def test_a_file_that_ends_with_txt_gets_the_text(tmp_path: Path) -> None:
    assert preview("--sample", "paid", "--out", tmp_path / "mail.txt").exit_code == 0
    assert (tmp_path / "mail.txt").read_text("utf-8").startswith("To: ivan@example.com\nSubject: [INV")


def test_the_mail_of_an_invoice_is_shown_as_it_was_written_with_the_words_of_today(office: Company) -> None:
    invoice = office.keep(*in_approval())
    office.stuck(invoice)
    settings = office.folder / "settings.yaml"
    settings.write_text(settings.read_text() + "templates: own\n")
    own = office.folder / "own" / "en" / "acknowledgement" / "subject.txt.j2"
    own.parent.mkdir(parents=True)
    own.write_text("We have got it: {{ invoice.counterparty }}")
    result = office.run("preview", invoice.number.lower(), "acknowledgement")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"To: {invoice.submitter}\n")
    assert f"We have got it: {invoice.form.counterparty}" in result.stdout
    assert result.stderr == ""


def test_a_mail_that_was_never_written_is_imagined_and_says_so(office: Company) -> None:
    invoice = office.keep(*to_pay())
    result = office.run("preview", invoice.number, "approval_request", "--to", DMITRY)
    assert result.stdout.startswith(f"To: {DMITRY}\n")
    assert str(invoice.form.counterparty) in result.stdout
    assert "what it alone would know is invented" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["INV-2026-0001"], "give NUMBER and MESSAGE, or --sample MESSAGE"),
        (["INV-2026-0001", "paid", "--sample", "paid"], "give NUMBER and MESSAGE, or --sample MESSAGE"),
        (["--sample", "paid", "--to", "olga@example.com"], "--to is for an invoice's mail"),
        (["INV-2026-0001", "paid", "--language", "ru"], "--language is for a sample"),
        (["--sample", "paid", "--language", "fr"], "there are templates in en, ru"),
        (["--sample", "nonsense"], "nonsense is no message; these are: incomplete, "),
    ],
    ids=str,
)
def test_what_a_preview_cannot_be_of_is_said(arguments: list[str], said: str) -> None:
    result = preview(*arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_an_invoice_that_is_not_there_is_said(office: Company) -> None:
    result = office.run("preview", "INV-2026-0099", "paid")
    assert result.exit_code == 1
    assert "There is no invoice INV-2026-0099" in result.stderr
