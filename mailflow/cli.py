"""The commands. What each needs is imported when it runs, so that `--help` costs next to nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from mailflow import __version__
from mailflow.approval.lifecycle import Status
from mailflow.cli_company import (
    chosen_of,
    company_option,
    for_each_company,
    load,
    load_and_log,
    settings_file,
    show_json,
)
from mailflow.cli_wording import preview, templates
from mailflow.errors import ConfigurationError, MailflowError, Refusal, TransientFailure
from mailflow.importing import importing
from mailflow.new_file import new_file
from mailflow.terminal import as_json, one_line, several_lines

if TYPE_CHECKING:
    from mailflow.checking import CheckLine
    from mailflow.settings import Settings
    from mailflow.store.unit_of_work import UnitOfWork

EXIT_FAILED = 1
EXIT_TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h
EXIT_CONFIGURATION = 78  # EX_CONFIG of sysexits.h

_PASSES = ("run", "once")
_NEW_FILE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
_ID = click.IntRange(1, 2**31 - 1)
_WITHOUT_SETTINGS = ("demo", "init", "schema")


class Commands(click.Group):
    """Says what went wrong in words, and ends with the exit code that tells whose move is next.

    Every command can be told which company it is for, where the settings name several.
    """

    group_class = type

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Adds a command, with --company."""
        if not isinstance(cmd, click.Group) and cmd.name not in _WITHOUT_SETTINGS:
            cmd.params.append(company_option())
        super().add_command(cmd, name)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody is shown a traceback unless they ask
            if os.environ.get("MAILFLOW_DEBUG"):
                import traceback

                click.echo(several_lines(traceback.format_exc()), err=True)
            click.echo(several_lines(_in_words(error)), err=True)
            ctx.exit(_exit_code(error, ctx.invoked_subcommand or "run"))


def _in_words(error: Exception) -> str:
    if isinstance(error, MailflowError):
        return str(error)
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}. Check the path, and who may read and write there."
    import traceback

    innermost = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(innermost.filename).name}, line {innermost.lineno}"
    return (
        f"mailflow met something that it was not made for: {type(error).__name__} in {place}. Nothing was lost. "
        "The log (standard error) may say more; MAILFLOW_DEBUG=1 shows where it happened."
    )


def _exit_code(error: Exception, command: str) -> int:
    if isinstance(error, ConfigurationError):
        return EXIT_CONFIGURATION
    return EXIT_TRY_AGAIN if isinstance(error, TransientFailure) and command in _PASSES else EXIT_FAILED


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--settings",
    "file",
    type=click.Path(path_type=Path),
    default=Path("settings.yaml"),
    show_default=True,
    help="The settings to use.",
)
@click.version_option(__version__, prog_name="mailflow")
@click.pass_context
def cli(ctx: click.Context, file: Path) -> None:
    """Invoice approval by e-mail. Without a command: run."""
    ctx.obj = file
    if ctx.invoked_subcommand is None:
        ctx.invoke(run)


@cli.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """The daemon, until SIGTERM or Ctrl-C."""
    installation = load_and_log(ctx)
    if not installation.several:
        with importing():
            from mailflow import bootstrap

        ctx.exit(bootstrap.run(installation.companies[""], installation.files[""]))
    from mailflow import branches

    ctx.exit(branches.run(chosen_of(ctx, installation), installation.files))


@cli.command()
@click.pass_context
def once(ctx: click.Context) -> None:
    """One whole pass, for cron.

    Ends with 75 where something waits for a retry.
    """
    installation = load_and_log(ctx)
    done: dict[str, dict[str, int]] = {name: {} for name in chosen_of(ctx, installation)}
    if installation.several:
        from mailflow import branches

        codes = branches.once(chosen_of(ctx, installation), lambda name, *counted: done[name].update([counted]))
        code = max(codes.values())
    else:
        with importing():
            from mailflow import bootstrap

        code = bootstrap.once(installation.companies[""], done[""].__setitem__)
    for name, counts in done.items():
        counted = ", ".join(f"{what} {count}" for what, count in counts.items() if count) or "nothing new"
        click.echo(f"{name}: {counted}" if name else counted)
    if code == EXIT_TRY_AGAIN:
        click.echo("Something waits for a retry: see above, and `outbox list`.", err=True)
    ctx.exit(code)


@cli.command()
@click.pass_context
@for_each_company
def check(ctx: click.Context) -> None:
    """Try the settings, IMAP, SMTP, the database and Bitrix24 for real."""
    settings = load(ctx)
    from mailflow import checking

    click.echo(f"{click.style('ok  ', fg='green')} settings: {ctx.obj}")
    ctx.exit(_show_checks(checking.check(settings)))


def _show_checks(lines: Sequence[CheckLine]) -> int:
    """Prints what was tried; the exit code."""
    for line in lines:
        mark = click.style("ok  ", fg="green") if line.ok else click.style("FAIL", fg="red")
        click.echo(f"{mark} {one_line(line.what)}")
        if line.how and not line.ok:
            click.echo(f"     {one_line(line.how)}")
    return 0 if all(line.ok for line in lines) else EXIT_FAILED


@cli.command()
@click.pass_context
def init(ctx: click.Context) -> None:
    """Asks a few questions, tries the answers, and writes the settings."""
    from mailflow.wizard.wizard import init as asked

    ctx.exit(asked(settings_file(ctx), _show_checks))


@cli.command()
def schema() -> None:
    """The JSON schema of the settings, by which editors complete and check them."""
    from mailflow.settings_schema import settings_schema

    click.echo(as_json(settings_schema()))


@cli.command("sign-in")
@click.pass_context
def sign_in(ctx: click.Context) -> None:
    """Let mailflow use the mailbox by OAuth: shows an address to open, and waits."""
    settings = load(ctx)
    from mailflow.checking import check_mail
    from mailflow.signing_in import sign_in as signed_in

    signed_in(settings.mailbox, lambda text: click.echo(several_lines(text)))
    ctx.exit(_show_checks(check_mail(settings)))


@cli.command()
@click.option("--json", "machine", is_flag=True, help="As JSON.")
@click.pass_context
@for_each_company
def status(ctx: click.Context, machine: bool) -> None:
    """Who works, how long mail waits, what is wrong.

    Ends with 1 where nobody works or something is stuck.
    """
    settings = load(ctx)
    with importing():
        from mailflow.status import status_of, to_json
        from mailflow.store.engine import open_store

    store = open_store(settings.database.get_secret_value())
    try:
        found = status_of(store, datetime.now(UTC), settings.mailbox.poll_seconds)
    finally:
        store.close()
    if machine:
        show_json(ctx, to_json(found, settings.zone))
    else:
        from mailflow.reports import print_status

        print_status(found, settings.zone)
    ctx.exit(EXIT_FAILED if found.problems else 0)


@cli.command()
@click.option("--stay", is_flag=True, help="Keep the company running, to join it with a mail client.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Where to leave mails, invites and mailboxes.html.",
)
@click.pass_context
def demo(ctx: click.Context, stay: bool, output: Path) -> None:
    """A company in a box: the whole process on mail servers of its own."""
    try:
        from mailflow.demo import play
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "mailflow":
            raise
        raise click.ClickException(f"The demo needs {error.name}: `make install` brings it.") from None
    ctx.exit(play(output, stay))


@cli.command("list")
@click.option("--status", type=click.Choice([s.value for s in Status]), help="Only these.")
@click.option("--json", "machine", is_flag=True, help="As JSON.")
@click.option("--csv", type=_NEW_FILE, is_flag=False, flag_value="-", help="As CSV (UTF-8), to FILE or printed.")
@click.option("--xlsx", type=_NEW_FILE, help="Write an Excel workbook.")
@click.pass_context
@for_each_company
def list_invoices(ctx: click.Context, status: str | None, machine: bool, csv: Path | None, xlsx: Path | None) -> None:
    """The invoices."""
    with _memory(ctx) as (uow, settings):
        invoices = uow.invoices.all(Status(status) if status else None)
        histories = [uow.history.of(invoice.number) for invoice in invoices] if machine else []
        in_portal = uow.portal.how_far([i.number for i in invoices]) if machine and settings.bitrix24 else {}
    if machine:
        from mailflow.invoice_json import invoice_to_json

        shown = [
            invoice_to_json(invoice, history, settings.zone, in_portal.get(invoice.number))
            for invoice, history in zip(invoices, histories, strict=True)
        ]
        show_json(ctx, shown)
        return
    if csv or xlsx:
        from mailflow.spreadsheet import MOST_ROWS, to_csv, to_xlsx

        if xlsx and len(invoices) > MOST_ROWS:
            raise click.ClickException(f"A sheet holds no more than {MOST_ROWS} invoices: take --csv, or one --status.")
        if csv:
            with new_file(csv) as file:
                file.writelines(to_csv(invoices, settings.zone))
        if xlsx:
            with new_file(xlsx) as file:
                to_xlsx(invoices, settings.zone, file)
        return
    from mailflow.reports import print_invoices

    print_invoices(invoices)


@cli.command()
@click.argument("number")
@click.option("--json", "machine", is_flag=True, help="As JSON.")
@click.pass_context
def show(ctx: click.Context, number: str, machine: bool) -> None:
    """One invoice with its history."""
    number = number.strip().upper()
    with _memory(ctx) as (uow, settings):
        invoice = uow.invoices.get(number)
        history = uow.history.of(number)
        broken_at = uow.history.broken_link(number)
        in_portal = uow.portal.how_far([number]).get(number) if settings.bitrix24 else None
    if invoice is None:
        raise _no_such_invoice(number)
    if machine:
        from mailflow.invoice_json import invoice_to_json

        click.echo(as_json(invoice_to_json(invoice, history, settings.zone, in_portal)))
        return
    from mailflow.reports import print_invoice

    print_invoice(invoice, history, broken_at, settings.zone, in_portal)


_NOT_REASSIGNED = {
    "not_asked": "{old} has nothing to decide about {number} now.",
    "address_submitter": "{new} submitted {number}, and nobody approves their own invoice.",
    "address_decided": "{new} already is in the chain of {number}.",
    "address_unknown": "{new} is not among the people of the settings; name them there first.",
}


@cli.command()
@click.argument("number")
@click.argument("old")
@click.argument("new")
@click.pass_context
def reassign(ctx: click.Context, number: str, old: str, new: str) -> None:
    """Give a running invoice another approver: NEW is asked instead of OLD, who is told.

    The mails go out with the next pass.
    """
    from mailflow import bootstrap

    settings, number = load(ctx), number.strip().upper()
    told = {"number": one_line(number), "old": one_line(old), "new": one_line(new)}
    try:
        bootstrap.reassign(settings, number, old.strip(), new.strip())
    except LookupError:
        raise _no_such_invoice(told["number"]) from None
    except Refusal as refusal:
        raise click.ClickException(_NOT_REASSIGNED[refusal.code].format(**told)) from None
    click.echo("{new} decides about {number} instead of {old}.".format(**told))


@cli.command()
@click.option("--json", "machine", is_flag=True, help="As JSON.")
@click.option("--ics", type=_NEW_FILE, help="Write an iCalendar file for any calendar client.")
@click.pass_context
@for_each_company
def calendar(ctx: click.Context, machine: bool, ics: Path | None) -> None:
    """The payment calendar."""
    from mailflow.payment_calendar import payments_of, to_ics, to_json

    with _memory(ctx) as (uow, settings):
        payments = payments_of(uow.invoices.all())
    if ics:
        from mailflow.bootstrap import calendar_face_of

        with new_file(ics) as file:
            file.write(to_ics(payments, calendar_face_of(settings, settings.language)))
    if machine:
        show_json(ctx, to_json(payments))
    elif not ics:
        from mailflow.reports import print_calendar

        print_calendar(payments, datetime.now(settings.zone).date())


@cli.command()
@click.pass_context
def board(ctx: click.Context) -> None:
    """The board alone: read-only pages in a browser, until SIGTERM or Ctrl-C.

    With `board` in the settings, `run` serves it besides.
    """
    load_and_log(ctx)
    from mailflow import bootstrap

    bootstrap.serve_board(load(ctx), lambda address: click.echo(f"The board: {address} (Ctrl-C ends it)"))


@cli.command()
@click.argument("address")
@click.option("--new", is_flag=True, help="Give another address; the one before does not count any more.")
@click.pass_context
def feed(ctx: click.Context, address: str, new: bool) -> None:
    """The secret address of somebody's payment calendar, to subscribe to in any calendar program.

    It is read from the board. Whoever has it sees what this person sees.
    """
    from mailflow import bootstrap

    try:
        click.echo(bootstrap.feed_of(load(ctx), address.strip(), new))
    except LookupError:
        raise click.ClickException(
            f"{one_line(address)} is not among the people of the settings; name them there first."
        ) from None


@cli.command()
@click.argument("file", type=click.File("rb"), metavar="FILE.eml")
@click.option("--json", "machine", is_flag=True, help="As JSON.")
@click.pass_context
def explain(ctx: click.Context, file: BinaryIO, machine: bool) -> None:
    """What mailflow reads in a mail, and why; nothing is changed or sent.

    FILE.eml is a mail as a mail client saves it, - reads standard input.
    """
    from mailflow import bootstrap

    explanation = bootstrap.explain(load(ctx), file.read())
    if machine:
        from mailflow.explanation import to_json

        click.echo(as_json(to_json(explanation)))
        return
    from mailflow.reports import print_explanation

    print_explanation(explanation)


@cli.command()
@click.argument("number", required=False)
@click.option("--json", "machine", is_flag=True, help="As JSON.")
@click.pass_context
@for_each_company
def verify(ctx: click.Context, number: str | None, machine: bool) -> None:
    """Whether invoices, mails and files are as the chained history says; without NUMBER all of them."""
    from dataclasses import asdict

    from mailflow.company_settings import keywords_of
    from mailflow.jobs.verification import verify as verified

    with _memory(ctx) as (uow, settings):
        numbers = [number] if number else uow.history.numbers()
        try:
            found = [verified(uow, each, keywords_of(settings), settings.zone) for each in numbers]
        except LookupError:
            raise _no_such_invoice(number or "") from None
    if machine:
        show_json(ctx, [asdict(each) for each in found])
    else:
        for each in found:
            said = "; ".join(each.problems) or "whole"
            click.echo(one_line(f"{each.number}: {each.lines} lines, {each.mails} mails, {each.files} files: {said}"))
    ctx.exit(EXIT_FAILED if any(each.problems for each in found) else 0)


@cli.command()
@click.argument("number")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The ZIP file, else NUMBER.zip.")
@click.pass_context
def evidence(ctx: click.Context, number: str, output: Path | None) -> None:
    """Writes one archive of an invoice for an auditor: original mails, decisions, files, the chain."""
    from mailflow.company_settings import keywords_of
    from mailflow.evidence import gather

    number = number.strip().upper()
    output = output or Path(f"{number}.zip")
    with _memory(ctx) as (uow, settings):
        now = datetime.now(settings.zone)
        try:
            gathered = gather(uow, number, keywords_of(settings), settings.zone, now)
        except LookupError:
            raise _no_such_invoice(number) from None
    if output.exists():
        raise click.ClickException(f"{output} is there already; name another with --output.")
    with new_file(output, mode=0o600) as archive:  # it holds whole mails, with the references of their answers
        gathered.write(archive, now)
    click.echo(f"{output}: {len(gathered.contents)} files; begin with READ ME.txt.")


@cli.group()
def quarantine() -> None:
    """Mail that could not be processed."""


@quarantine.command("list")
@click.option("--json", "machine", is_flag=True, help="As JSON.")
@click.pass_context
@for_each_company
def list_quarantine(ctx: click.Context, machine: bool) -> None:
    """What waits for the administrator, and why."""
    with _memory(ctx) as (uow, settings):
        mails = uow.inbox.quarantined()
    if machine:
        shown = [
            {
                "id": mail.id,
                "received_at": mail.received_at.astimezone(settings.zone).isoformat(timespec="seconds"),
                "from": mail.sender,
                "subject": mail.subject,
                "reason": mail.reason,
                "message_id": mail.message_id,
            }
            for mail in mails
        ]
        show_json(ctx, shown)
        return
    from mailflow.reports import print_quarantine

    print_quarantine(mails, settings.zone)


@quarantine.command("show")
@click.argument("mail_id", metavar="ID", type=_ID)
@click.pass_context
def show_mail(ctx: click.Context, mail_id: int) -> None:
    """One mail: who, when, why, its header and the first lines of its text."""
    from mailflow.inbound.message import parse

    with _memory(ctx) as (uow, settings):
        mail = uow.inbox.get(mail_id)
        message = parse(uow.inbox.raw(mail_id)) if mail else None
    if mail is None or message is None:
        raise _no_such_mail(mail_id)
    from mailflow.reports import print_received_mail

    print_received_mail(mail, message, settings.zone)


@quarantine.command("retry")
@click.argument("mail_id", metavar="ID", type=_ID)
@click.pass_context
def retry_mail(ctx: click.Context, mail_id: int) -> None:
    """Read a mail again at the next pass."""
    with _memory(ctx) as (uow, _):
        _require_quarantined(uow, mail_id)
        uow.inbox.retry(mail_id, datetime.now(UTC))
        uow.commit()
    click.echo(f"Mail {mail_id} is read again at the next pass.")


@quarantine.command("drop")
@click.argument("mail_id", metavar="ID", type=_ID)
@click.pass_context
def drop_mail(ctx: click.Context, mail_id: int) -> None:
    """Take a mail off the list; it stays in the mailbox's quarantine folder."""
    with _memory(ctx) as (uow, _):
        _require_quarantined(uow, mail_id)
        uow.inbox.drop(mail_id, datetime.now(UTC))
        uow.commit()
    click.echo(f"Mail {mail_id} is off the list.")


@cli.group()
def bitrix24() -> None:
    """The portal."""


@bitrix24.command("setup")
@click.pass_context
def set_up(ctx: click.Context) -> None:
    """Find or make what mailflow needs in the portal; may be repeated.

    Smart process (or list) with its stages and fields, Drive folder, payment calendar. Invoices that are under way are
    shown from then on.
    """
    settings = load(ctx)
    from mailflow import bootstrap

    bootstrap.set_up_portal(settings, lambda line: click.echo(one_line(line)))
    click.echo("The portal is set up. `check` looks after it.")


@cli.group()
def outbox() -> None:
    """What could not be delivered."""


@outbox.command("list")
@click.option("--json", "machine", is_flag=True, help="As JSON.")
@click.pass_context
@for_each_company
def list_outbox(ctx: click.Context, machine: bool) -> None:
    """What has not been delivered yet, and why."""
    with _memory(ctx) as (uow, settings):
        entries = uow.outbox.undelivered()
    from mailflow.reports import print_outbox
    from mailflow.store.outbox import kind_of

    if not machine:
        print_outbox(entries, settings.zone)
        return
    shown = [
        {
            "id": entry.id,
            "number": entry.number,
            "to": entry.recipient,
            "what": kind_of(entry.effect),
            "state": entry.state.value,
            "attempts": entry.attempts,
            "next_attempt_at": entry.next_attempt_at.astimezone(settings.zone).isoformat(timespec="seconds"),
            "last_error": entry.last_error,
            "message_id": entry.message_id,
        }
        for entry in entries
    ]
    show_json(ctx, shown)


@outbox.command("retry")
@click.argument("which", metavar="ID|all")
@click.pass_context
def retry_outbox(ctx: click.Context, which: str) -> None:
    """Try again at the next pass, whatever it was waiting for."""
    if which != "all" and not which.isdecimal():
        raise click.BadParameter("give the id that `outbox list` shows, or all.")
    now = datetime.now(UTC)
    with _memory(ctx) as (uow, _):
        chosen = [e.id for e in uow.outbox.undelivered() if which == "all" or e.id == int(which)]
        if not chosen and which != "all":
            raise click.ClickException(f"Nothing with the id {which} waits; `outbox list` shows what does.")
        for entry_id in chosen:
            uow.outbox.redo(entry_id, now)
        uow.commit()
    click.echo(f"{len(chosen)} to be tried again at the next pass.")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def backup(ctx: click.Context, file: Path) -> None:
    """Writes a copy of the SQLite database, while mailflow works or not."""
    settings = load(ctx)
    from mailflow.store.backup import back_up

    back_up(settings.database.get_secret_value(), file)
    click.echo(f"Copied to {file}, {file.stat().st_size} bytes. It holds the invoices and every mail: keep it as safe.")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def restore(ctx: click.Context, file: Path) -> None:
    """Puts a copy in the place of the SQLite database.

    Stop mailflow first; afterwards `reread`, then start it.
    """
    settings = load(ctx)
    from mailflow.store.backup import put_back

    kept = put_back(settings.database.get_secret_value(), file, datetime.now(settings.zone))
    click.echo(f"Restored from {file}. What was there before lies in {kept}.")
    click.echo("Now run `reread`, which brings back the mail that came since, and then start mailflow.")


@cli.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Look at what came on this day or later.")
@click.pass_context
@for_each_company
def reread(ctx: click.Context, since: datetime | None) -> None:
    """After a restore: mail that the database does not know goes back to the inbox.

    It looks through the folders for processed mail and for quarantine. What is known stays where it is.
    """
    settings = load(ctx)
    load_and_log(ctx)
    from mailflow import bootstrap

    moved = bootstrap.reread(settings, since.date() if since else None)
    click.echo(
        f"{moved} mails are back in the inbox and are read at the next pass." if moved else "Every mail is known."
    )


cli.add_command(templates)
cli.add_command(preview)


@contextmanager
def _memory(ctx: click.Context) -> Iterator[tuple[UnitOfWork, Settings]]:
    """Everything that is remembered, in one unit of work."""
    settings = load(ctx)
    with importing():
        from mailflow.store.engine import open_store

    store = open_store(settings.database.get_secret_value())
    try:
        with store.begin() as uow:
            yield uow, settings
    finally:
        store.close()


def _require_quarantined(uow: UnitOfWork, mail_id: int) -> None:
    if mail_id not in {mail.id for mail in uow.inbox.quarantined()}:
        raise _no_such_mail(mail_id)


def _no_such_invoice(number: str) -> click.ClickException:
    return click.ClickException(f"There is no invoice {one_line(number)}; `list` shows those there are.")


def _no_such_mail(mail_id: int) -> click.ClickException:
    return click.ClickException(f"There is no mail {mail_id} in quarantine; `quarantine list` shows those there are.")


def main() -> None:
    """The entry point."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    cli()
