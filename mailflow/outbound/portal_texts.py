"""The words of what the portal shows: titles as plain text, everything longer as BB-code.

Templates lie in `<language>/portal/`, `*.txt.j2` plain and `*.bb.j2` BB-code. What people wrote reaches a template as a
variable, and is never BB-code there (Bitrix24 REST: feed, tasks, timeline and notifications take BB-codes, no HTML).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from mailflow.approval.company import Company
from mailflow.approval.effects import PortalChange, Showing
from mailflow.approval.invoice import Invoice
from mailflow.outbound.cleaning import cleaned, one_line, shortened, whole_text
from mailflow.outbound.portal import changes_after
from mailflow.outbound.templating import FILTERS, BrokenTemplate, TemplateProblem, problem_of

TITLE_LENGTH = 250
"""Characters; the portal cuts longer ones by itself, in the middle of a word."""

_TAGS = (
    "b|i|u|s|p|url|img|user|code|quote|list|\\*|color|size|font|table|tr|td|th|video|left|center|right|justify|spoiler|"
    "cut|disk|document|file|call|send|put|chat|department|project|icon|timestamp|attach|rating|hr|br|tag|mail|email|"
    "context|pch|imol"
)
_TAG = re.compile(rf"\[(?=\s*/?\s*(?:{_TAGS})(?![\w*]))", re.IGNORECASE)
_WORD_JOINER = "\u2060"


def without_codes(text: str) -> str:
    """Text in which nothing is a BB-code: it looks the same, but no bracket of a code stands before its name."""
    return _TAG.sub("[" + _WORD_JOINER, text)


class PortalTexts:
    """Renders texts in the company's language. `loader` finds the templates by their path below the folder."""

    def __init__(self, loader: jinja2.BaseLoader, company: Company) -> None:
        self._company = company
        self._plain = _environment(loader)
        self._bb = _environment(loader)
        self._bb.autoescape = True  # so that Jinja2 tells what a macro has written from what people have
        self._bb.finalize = _bb_code

    @property
    def language(self) -> str:
        """The company's language."""
        return self._company.language

    def title(self, name: str, change: PortalChange) -> str:
        """A title on one line, such as `record_title`. Raises BrokenTemplate, a TransientFailure."""
        return shortened(one_line(self._render(self._plain, f"{name}.txt.j2", change)), TITLE_LENGTH)

    def text(self, name: str, change: PortalChange) -> str:
        """A text of BB-code, such as `post`. Raises as `title` does."""
        return whole_text(self._render(self._bb, f"{name}.bb.j2", change)).strip()

    def check(self) -> list[TemplateProblem]:
        """Renders every text with sample invoices; what is wrong, each thing once."""
        return list(dict.fromkeys(self._problems()))

    def _problems(self) -> Iterator[TemplateProblem]:
        from mailflow.outbound.portal_samples import sample_outcomes  # what only a check looks at

        for outcome in sample_outcomes(self._company.language):
            for change in changes_after(outcome, tuple(s.kind for s in Showing), self._company, datetime.now(UTC)):
                for render, name in (
                    *((self.title, title) for title in TITLES.get(change.shows, ())),
                    *((self.text, text) for text in TEXTS.get(change.shows, ())),
                ):
                    try:
                        render(name, change)
                    except BrokenTemplate as broken:
                        yield broken.problem

    def _render(self, environment: SandboxedEnvironment, file: str, change: PortalChange) -> str:
        name = f"{self._company.language}/portal/{file}"
        try:
            return environment.get_template(name).render(self._context(change))
        except Exception as error:
            raise BrokenTemplate(problem_of(name, error)) from error

    def _context(self, change: PortalChange) -> Mapping[str, Any]:
        invoice: Invoice = cleaned(change.invoice)
        facts = {name: _as_date(value) for name, value in cleaned(dict(change.facts)).items()}
        return {
            "code": "",
            "by": "",
            **facts,
            "invoice": invoice,
            "person": partial(_name, self._company),
            "language": self._company.language,
            "timezone": self._company.timezone,
        }


TITLES = {
    Showing.RECORD: ("record_title",),
    Showing.POST: ("post_title",),
    Showing.PAY_TASK: ("pay_task_title",),
    Showing.REWORK_TASK: ("rework_task_title",),
    Showing.TASK_ENDED: ("ended_task_title",),
    Showing.EVENT: ("event_title",),
    Showing.EVENT_PAID: ("event_paid_title",),
}
TEXTS = {
    Showing.POST: ("post",),
    Showing.COMMENT: ("comment",),
    Showing.TIMELINE: ("comment",),
    Showing.PAY_TASK: ("pay_task",),
    Showing.REWORK_TASK: ("rework_task",),
    Showing.EVENT: ("event",),
    Showing.NOTICE: ("notice",),
}


def _environment(loader: jinja2.BaseLoader) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=loader,
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return environment


def _bb_code(value: Any) -> Any:
    """What stands in a text: a macro's words keep their codes, a person's words have none."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return Markup(without_codes(value))  # noqa: S704 - no HTML is written here, so none has to be escaped


def _name(company: Company, address: str) -> str:
    return one_line(company.person(address).display)


def _as_date(value: Any) -> Any:
    """An ISO date as a date, anything else as it is."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-12-15") else value
    except ValueError:
        return value
