"""The commands for whoever looks after the words: `templates` and `preview`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailflow.cli_company import load, settings_file
from mailflow.errors import TransientFailure
from mailflow.terminal import one_line, several_lines

if TYPE_CHECKING:
    from mailflow.approval.effects import Invitation, Mail, Message
    from mailflow.preview import Preview, Previewer
    from mailflow.settings import Settings

_EXIT_FAILED = 1


@click.group()
def templates() -> None:
    """The words of the mails, to be changed or translated."""


@templates.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def export(folder: Path) -> None:
    """Copies the templates into a new FOLDER."""
    from mailflow.template_folder import export as exported

    count = exported(folder)
    click.echo(f"{count} templates are in {folder}. Keep those that you change; what is not there comes from mailflow.")
    click.echo("A copy of the folder en is another language, such as de: translate its _words.j2 first, then the rest.")
    click.echo(f"Name the folder in the settings, `templates: {folder}`, and try it: templates check {folder}")


@templates.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True), required=False)
@click.pass_context
def check(ctx: click.Context, folder: Path | None) -> None:
    """Writes every mail of FOLDER with samples, else of the settings' folder; each mistake with its file and line."""
    from mailflow.branding import Branding
    from mailflow.outbound.samples import COMPANY
    from mailflow.template_check import notes_on, problems_of
    from mailflow.template_folder import languages_in

    company, branding = COMPANY, Branding()
    if folder is None:
        from mailflow.bootstrap import branding_of
        from mailflow.company_settings import company_of

        settings = load(ctx)
        folder, company, branding = settings.templates, company_of(settings), branding_of(settings)
    problems = problems_of(folder, company, branding)
    for problem in problems:
        click.echo(one_line(str(problem)), err=True)
    for note in notes_on(folder):
        click.echo(one_line(note))
    if problems:
        ctx.exit(_EXIT_FAILED)
    click.echo(f"Every mail can be written, in {' and '.join(languages_in(folder))}.")


@click.command()
@click.argument("number", required=False)
@click.argument("message", required=False)
@click.option("--sample", metavar="MESSAGE", help="A mail of no invoice.")
@click.option("--language", help="The sample's language, else the company's.")
@click.option("--to", help="The reader, else whoever such a mail goes to.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it here, as HTML, or as text to a .txt."
)
@click.pass_context
def preview(
    ctx: click.Context,
    number: str | None,
    message: str | None,
    sample: str | None,
    language: str | None,
    to: str | None,
    out: Path | None,
) -> None:
    """A mail as it would look now: of an invoice, or a sample.

    Opens it in the browser; where there is none its text is printed. Nothing is kept or sent.
    """
    if bool(sample) == bool(number and message) or (sample and number):
        raise click.UsageError("give NUMBER and MESSAGE, or --sample MESSAGE.")
    if sample and to:
        raise click.UsageError("--to is for an invoice's mail; a sample has readers of its own.")
    if language and not sample:
        raise click.UsageError("--language is for a sample; an invoice's mail is in its reader's language.")
    try:
        seen = (
            _of_sample(ctx, _message(sample), language)
            if sample
            else _of_invoice(ctx, (number or "").strip().upper(), _message(message or ""), to)
        )
    except TransientFailure as broken:
        raise click.ClickException(f"This mail cannot be written: {one_line(str(broken))}") from None
    _show(seen, out)


def _message(name: str) -> Message:
    from mailflow.approval.effects import Message

    try:
        return Message(name)
    except ValueError:
        raise click.BadParameter(f"{one_line(name)} is no message; these are: {', '.join(Message)}.") from None


def _of_sample(ctx: click.Context, message: Message, language: str | None) -> Preview:
    from mailflow.outbound.samples import COMPANY
    from mailflow.packaged import packaged
    from mailflow.template_folder import languages_in

    settings = load(ctx) if settings_file(ctx).exists() else None
    previewer = _previewer(settings)
    language = language or (settings.language if settings else COMPANY.language)
    known = languages_in(settings.templates if settings else packaged("templates"))
    if language not in known:
        raise click.BadParameter(f"there are templates in {', '.join(known)}.", param_hint="--language")
    return previewer.of_sample(message, language)


def _of_invoice(ctx: click.Context, number: str, message: Message, to: str | None) -> Preview:
    from datetime import UTC, datetime

    from mailflow.preview import imagined, written
    from mailflow.store.engine import open_store

    settings = load(ctx)
    previewer = _previewer(settings)
    store = open_store(settings.database.get_secret_value())
    try:
        with store.begin() as uow:
            invoice = uow.invoices.get(number)
            if invoice is None:
                raise click.ClickException(f"There is no invoice {one_line(number)}; `list` shows those there are.")
            mail: Mail | Invitation | None = written(uow, invoice, message, to)
    finally:
        store.close()
    if mail is None:
        click.echo(f"No such mail was written about {number}; what it alone would know is invented.", err=True)
        mail = imagined(invoice, message, to, previewer.company)
    return previewer.of(mail, datetime.now(UTC))


def _previewer(settings: Settings | None) -> Previewer:
    from datetime import time

    from mailflow.outbound.ready_to_pay import NOTHING_WANTED
    from mailflow.outbound.samples import COMPANY
    from mailflow.outbound.templating import Templates
    from mailflow.packaged import packaged
    from mailflow.preview import Previewer
    from mailflow.template_folder import loader_of

    if settings is None:
        return Previewer(COMPANY, Templates(loader_of(packaged("templates"))), NOTHING_WANTED, time(10))
    from mailflow.bootstrap import ready_to_pay_of, templates_of
    from mailflow.company_settings import company_of

    return Previewer(
        company_of(settings), templates_of(settings), ready_to_pay_of(settings), settings.payment.invite_at
    )


def _show(seen: Preview, out: Path | None) -> None:
    text = several_lines(f"To: {seen.to}\nSubject: {seen.subject}\n\n{seen.text}")
    if out is None and not _has_a_screen():
        click.echo(text)
        return
    import tempfile
    import webbrowser

    page = out or Path(tempfile.mkdtemp(prefix="mailflow-preview-")) / "mail.html"
    try:
        page.write_text(text if page.suffix == ".txt" else seen.html, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{page} cannot be written: {error.strerror}.") from None
    click.echo(f"{one_line(seen.subject)}\n{page}")
    if out is None:
        webbrowser.open(page.as_uri())


def _has_a_screen() -> bool:
    named = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return sys.stdout.isatty() and (named or sys.platform in ("darwin", "win32"))
