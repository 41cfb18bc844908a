"""What the commands print for people."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby

from rich.table import Table
from rich.text import Text

from mailflow.approval.invoice import Invoice
from mailflow.approval.lifecycle import Status
from mailflow.approval.money import totals
from mailflow.explanation import Explanation, about
from mailflow.inbound.message import InboundMessage
from mailflow.payment_calendar import DuePayment
from mailflow.status import Life, in_words
from mailflow.status import Status as MailflowStatus
from mailflow.store.history import HistoryLine
from mailflow.store.inbox import InboxMail
from mailflow.store.outbox import OutboxEntry, kind_of
from mailflow.store.portal import InPortal
from mailflow.terminal import console, one_line, several_lines

_COLOURS = {
    Status.INCOMPLETE: "yellow",
    Status.IN_APPROVAL: "cyan",
    Status.TO_PAY: "magenta",
    Status.PAID: "green",
    Status.REJECTED: "red",
    Status.WITHDRAWN: "dim",
}
_UNBROKEN = ("number", "invoice", "status", "state", "due", "pay date", "when", "decided", "received", "next try")
_LINES_OF_A_MAIL = 30
_SHOWN_HEADERS = ("from", "to", "cc", "date", "subject", "message-id", "in-reply-to", "auto-submitted")


def print_invoices(invoices: Sequence[Invoice]) -> None:
    """A line for each invoice, and who is to move next."""
    if not invoices:
        console().print("No invoices.")
        return
    table = _table("number", "status", "counterparty", ">amount", "pay date", "submitter", "waits for", "title")
    for invoice in invoices:
        day = invoice.payment.due if invoice.payment else invoice.pay_date
        table.add_row(
            invoice.number,
            _status(invoice.status),
            one_line(invoice.counterparty),
            str(invoice.amount or ""),
            str(day or ""),
            one_line(invoice.submitter),
            one_line(invoice.waits_for),
            one_line(invoice.title),
        )
    console().print(table)


def print_invoice(
    invoice: Invoice,
    history: Sequence[HistoryLine],
    broken_at: int | None,
    timezone: tzinfo,
    in_portal: InPortal | None = None,
) -> None:
    """One invoice with everything that happened to it; `broken_at` is the first line that does not follow."""
    out = console()
    out.print(Text.assemble((invoice.number, "bold"), "  ", _status(invoice.status), "  ", one_line(invoice.title)))
    fields = Table.grid(padding=(0, 2))
    for label, value in _fields(invoice, timezone):
        fields.add_row(Text(label, "dim"), several_lines(value))
    out.print(fields)
    if in_portal:
        waiting = f", {in_portal.pending} changes wait: see outbox list" if in_portal.pending else ""
        out.print(Text(f"Bitrix24: item {in_portal.item_id or 'not there yet'}{waiting}"))
    for caution in invoice.warnings:
        out.print(Text(f"Warning: {one_line(str(caution))}", "red"))
    if invoice.steps:
        out.print(_steps(invoice, timezone))
    out.print(_history(history, timezone))
    if broken_at is not None:
        out.print(Text(f"The history was changed from outside: line {broken_at + 1} does not follow.", "bold red"))


def print_calendar(payments: Sequence[DuePayment], today: date) -> None:
    """The months that have payments, as grids, and the payments one by one; overdue ones are red."""
    out = console()
    if not payments:
        out.print("No payments.")
        return
    for _, of_month in groupby(payments, key=lambda p: (p.due.year, p.due.month)):
        month = list(of_month)
        out.print(_month(month, today))
        out.print(_payments(month, today))


def print_status(status: MailflowStatus, timezone: tzinfo) -> None:
    """Who works, what waits, and what is wrong."""
    out = console()
    daemons = _table("daemon", "mailbox", "version", "started", "heard of", "last pass", "last trouble")
    for seen in status.daemons:
        daemon = seen.state
        watching = " (watches)" if daemon.watches and seen.life is Life.WORKS else ""
        daemons.add_row(
            Text(
                f"{daemon.pid} on {one_line(daemon.host)}: {seen.life}", "green" if seen.life is Life.WORKS else "red"
            ),
            one_line(daemon.mailbox) + watching,
            daemon.version,
            _moment(daemon.started_at, timezone),
            _moment(daemon.seen_at, timezone),
            _moment(daemon.passed_at, timezone) if daemon.passed_at else "",
            f"{_moment(daemon.troubled_at, timezone)} {one_line(daemon.trouble)}" if daemon.troubled_at else "",
        )
    if status.daemons:
        out.print(daemons)
    queues = _table("queue", "entries", "oldest")
    for name, queue in (("inbox", status.inbox), ("outbox", status.outbox), ("portal", status.portal)):
        entries = ", ".join(f"{count} {state}" for state, count in queue.states.items() if count)
        queues.add_row(name, entries or "empty", in_words(status.at - queue.oldest) if queue.oldest else "")
    out.print(queues)
    for problem in status.problems:
        out.print(Text(one_line(problem), "red"))
    if not status.problems:
        out.print(Text("All is well.", "green"))


def print_quarantine(mails: Sequence[InboxMail], timezone: tzinfo) -> None:
    """The mails that wait for the administrator."""
    if not mails:
        console().print("The quarantine is empty.")
        return
    table = _table(">id", "received", "from", "subject", "why")
    for mail in mails:
        table.add_row(
            str(mail.id),
            _moment(mail.received_at, timezone),
            one_line(mail.sender),
            one_line(mail.subject),
            one_line(mail.reason),
        )
    console().print(table)


def print_received_mail(mail: InboxMail, message: InboundMessage, timezone: tzinfo) -> None:
    """One mail: why it is here, its readable header, the first lines of its text, the names of its files."""
    out = console()
    state = f"{mail.state.value}: {mail.reason}" if mail.reason else mail.state.value
    out.print(Text(f"Mail {mail.id}, received {_moment(mail.received_at, timezone)}, {mail.size} bytes", "bold"))
    out.print(Text(one_line(state), "yellow"))
    for name in _SHOWN_HEADERS:
        for value in message.headers.get(name, ()):
            out.print(Text.assemble((f"{name.title()}: ", "dim"), one_line(value)))
    lines = several_lines(message.text).strip().split("\n")
    out.print()
    for line in lines[:_LINES_OF_A_MAIL]:
        out.print(Text.assemble(("│ ", "dim"), line))
    if len(lines) > _LINES_OF_A_MAIL:
        out.print(Text(f"... and {len(lines) - _LINES_OF_A_MAIL} more lines", "dim"))
    for file in message.files:
        out.print(Text(f"File: {one_line(file.filename)} ({file.media_type}, {len(file.content)} bytes)", "dim"))


def print_explanation(explanation: Explanation) -> None:
    """What a mail is, what was read in it and why, and what would follow."""
    out, message = console(), explanation.message
    facts = Table.grid(padding=(0, 2))

    def row(label: str, *values: str) -> None:
        for index, value in enumerate(filter(None, values)):
            facts.add_row(Text("" if index else label, "dim"), several_lines(value))

    row("from", message.sender or f"nobody ({message.sender_problem})")
    row("subject", one_line(message.subject))
    row("it is", explanation.kind, *explanation.reasons)
    if explanation.answers:
        row("answers", about(explanation.answers), f"found by {explanation.found_by}")
    if explanation.decision:
        row("it says", explanation.decision, f"in the line: {explanation.line}")
    if explanation.why_not:
        row("it says", f"nothing that decides. {explanation.why_not}", f"The line that was read: {explanation.line}")
    for name, value in explanation.fields.items():
        row(name.replace("_", " "), value)
    row("files", *explanation.files)
    row("would be", *explanation.would)
    row("was", explanation.earlier or "never received here")
    out.print(facts)
    out.print(Text("\nIts own text:" if explanation.visible else "\nIt has no text of its own.", "bold"))
    for line in several_lines(explanation.visible).split("\n") if explanation.visible else ():
        out.print(Text.assemble(("│ ", "dim"), line))
    if explanation.left_out:
        out.print(Text(f"{explanation.left_out} lines are left out: quotation, signature, our own words.", "dim"))


def print_outbox(entries: Sequence[OutboxEntry], timezone: tzinfo) -> None:
    """What has not been delivered."""
    if not entries:
        console().print("Everything has been delivered.")
        return
    table = _table(">id", "invoice", "to", "what", "state", ">tries", "next try", "last answer")
    for entry in entries:
        table.add_row(
            str(entry.id),
            entry.number or "",
            one_line(entry.recipient),
            kind_of(entry.effect),
            entry.state.value,
            str(entry.attempts),
            _moment(entry.next_attempt_at, timezone) if entry.state.value == "pending" else "",
            one_line(entry.last_error),
        )
    console().print(table)


def _fields(invoice: Invoice, timezone: tzinfo) -> Iterable[tuple[str, str]]:
    yield "counterparty", invoice.counterparty
    yield "amount", str(invoice.amount or "")
    yield "pay date", str(invoice.pay_date or "")
    yield "comment", invoice.comment
    yield "route", invoice.route.value
    yield "submitter", invoice.submitter
    yield "accountant", invoice.accountant
    yield "revision", str(invoice.revision)
    yield "files", "\n".join(f"{one_line(a.filename)} ({a.size} bytes)" for a in invoice.attachments)
    if document := invoice.document:
        issued = f" of {document.issued}" if document.issued else ""
        yield "by its files", " ".join(filter(None, [f"{document.number}{issued}", document.details.account]))
    if invoice.status is Status.INCOMPLETE:
        yield "lacks", ", ".join(f"{p.field.value} ({p.code})" for p in invoice.problems)
    if invoice.repeat:
        yield "repeats", f"{invoice.repeat.number}{': ' + invoice.repeat.reason if invoice.repeat.reason else ''}"
    if invoice.rejection:
        yield "rejected", f"{invoice.rejection.by}: {invoice.rejection.reason}"
    if payment := invoice.payment:
        moved = f", moved {payment.shifts} times" if payment.shifts else ""
        yield "payment due", f"{payment.due}{moved}"
        if payment.paid_at:
            yield "paid", f"{_moment(payment.paid_at, timezone)} {payment.reference or ''}"
    if invoice.invites:
        yield "invites", ", ".join(f"{i.attendee} {i.partstat}" for i in invoice.invites)


def _steps(invoice: Invoice, timezone: tzinfo) -> Table:
    table = _table("approver", "status", "decided", "comment")
    for step in invoice.steps:
        decided = _moment(step.decided_at, timezone) if step.decided_at else ""
        stands = f"{step.status.value} to {step.delegated_to}" if step.delegated_to else step.status.value
        stands = "undone" if step.was_undone else stands
        table.add_row(one_line(step.approver), one_line(stands), decided, one_line(step.comment))
    return table


def _history(history: Iterable[HistoryLine], timezone: tzinfo) -> Table:
    table = _table("when", "what", "who", "details", "message")
    for line in history:
        details = ", ".join(f"{name}: {value}" for name, value in line.details.items() if value not in ("", None, []))
        table.add_row(
            _moment(line.at, timezone),
            one_line(line.event),
            one_line(line.actor),
            one_line(details),
            one_line(line.message_id or ""),
        )
    return table


def _month(payments: Sequence[DuePayment], today: date) -> Table:
    first = payments[0].due.replace(day=1)
    by_day = {day: list(of_day) for day, of_day in groupby(payments, key=lambda p: p.due)}
    total = ", ".join(str(total) for total in totals(p.amount for p in payments))
    table = Table(title=f"{calendar.month_name[first.month]} {first.year}: {total}", show_lines=True)
    for name in calendar.day_abbr:
        table.add_column(name, min_width=9, vertical="top")
    for week in calendar.Calendar().monthdatescalendar(first.year, first.month):
        table.add_row(*(_day(day, by_day.get(day, []), today) if day.month == first.month else "" for day in week))
    return table


def _day(day: date, payments: Sequence[DuePayment], today: date) -> Text:
    cell = Text(str(day.day), "bold reverse" if day == today else "dim")
    for total in totals(p.amount for p in payments):
        style = _payment_style([p for p in payments if p.amount.currency == total.currency], today)
        cell.append(f"\n{total}", f"not dim not reverse {style}")
    return cell


def _payments(payments: Sequence[DuePayment], today: date) -> Table:
    table = _table("due", "number", ">amount", "counterparty", "status", ">days late")
    for p in payments:
        late = (today - p.due + timedelta(days=p.shifts)).days if p.is_overdue(today) else 0
        table.add_row(
            str(p.due),
            p.number,
            str(p.amount),
            one_line(p.counterparty),
            p.status.value,
            str(late or ""),
            style=_payment_style([p], today),
        )
    return table


def _payment_style(payments: Sequence[DuePayment], today: date) -> str:
    if any(p.is_overdue(today) for p in payments):
        return "red"
    return "green" if all(p.status is Status.PAID for p in payments) else "none"


def _status(status: Status) -> Text:
    return Text(status.value, _COLOURS[status])


def _moment(moment: datetime, timezone: tzinfo) -> str:
    return moment.astimezone(timezone).strftime("%Y-%m-%d %H:%M")


def _table(*columns: str) -> Table:
    """A plain table; a column whose name begins with > is aligned to the right. Numbers and dates are never broken."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        name = column.removeprefix(">")
        right = name != column
        table.add_column(
            name, justify="right" if right else "left", overflow="fold", no_wrap=right or name in _UNBROKEN
        )
    return table
