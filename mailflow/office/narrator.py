"""Tells a story while it happens: who wrote what to whom, at the story's time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from babel.dates import format_date
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from mailflow.office.received import ReceivedMail
from mailflow.terminal import one_line

_FACTS = "dim"


class Narrator:
    """Prints scenes, remarks, and every mail that the server's journal has got since the last time."""

    def __init__(self, console: Console, names: Mapping[str, str], clock: Callable[[], datetime], ours: str) -> None:
        self._console = console
        self._names = names
        self.clock = clock
        self._ours = ours
        self._told = 0

    def scene(self, title: str) -> None:
        """A heading: what the next mails are about."""
        self._console.print()
        self._console.print(Rule(Text(title, style="bold"), align="left", characters="─", style="dim"))

    def remark(self, text: str) -> None:
        """A sentence between the mails, about what no mail tells."""
        self._console.print(Padding(Text(f"{self.clock():%H:%M}  {text}", style="yellow"), (0, 0, 0, 2)))

    def mails(self, journal: Sequence[bytes]) -> None:
        """The mails of the journal that were not told yet."""
        table = Table.grid(padding=(0, 2))
        table.add_column(width=7, justify="right")
        table.add_column(width=max(len(name) for name in self._names.values()) * 2 + 4, no_wrap=True)
        table.add_column(overflow="fold")
        for raw in journal[self._told :]:
            mail = ReceivedMail(raw)
            table.add_row(f"{self.clock():%H:%M}", self._who(mail), self._what(mail))
        self._told = len(journal)
        if table.row_count:
            self._console.print(table)

    def _who(self, mail: ReceivedMail) -> Text:
        sender, to = mail.sender.addr_spec.lower(), ", ".join(self._name(address) for address in mail.recipients)
        style = "green" if sender == self._ours else "bold cyan"
        return Text.assemble((self._name(sender), style), (" → ", _FACTS), to)

    def _what(self, mail: ReceivedMail) -> Text:
        ours = mail.sender.addr_spec.lower() == self._ours
        said = one_line(mail.title) if ours else _first_line(mail)
        facts = [mail.number] if ours and mail.number else []
        if mail.event_day:
            facts.append("calendar " + format_date(mail.event_day, "d MMM", locale="en"))
        facts += [one_line(file.filename) for file in mail.files if not mail.event]
        return Text.assemble((said, "" if ours else "italic"), *((f"  {fact}", _FACTS) for fact in facts))

    def _name(self, address: str) -> str:
        return one_line(self._names.get(address.lower(), address))


def day_words(day: date) -> str:
    """A day as the story names it: Tuesday 24 November."""
    return format_date(day, "EEEE d MMMM", locale="en")


def _first_line(mail: ReceivedMail) -> str:
    """What a person wrote: the subject of a new mail, then the first line."""
    line = one_line(next((line for line in mail.text.split("\n") if line.strip()), ""))
    is_new = not mail.subject.lower().startswith("re:") and not mail.event
    return f"“{one_line(mail.subject)}: {line}”" if is_new else f"“{line}”"
