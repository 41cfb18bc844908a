"""The board's pages as HTML: Jinja2 in a sandbox, everything that people wrote escaped, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from functools import partial
from typing import Any

import jinja2
from babel import Locale
from babel.dates import format_date, format_datetime, get_day_names
from jinja2.sandbox import SandboxedEnvironment
from starlette.requests import Request

from mailflow.approval.company import Company
from mailflow.outbound.cleaning import one_line
from mailflow.outbound.templating import FILTERS
from mailflow.web.chronicle import Chronicle

LANGUAGE_COOKIE = "language"

_MONTH = "LLLL y"
_MOMENT = "d MMM, HH:mm"


class Pages:
    """Renders the pages. `loader` finds the templates by their path below the templates folder, in these languages."""

    def __init__(self, loader: jinja2.BaseLoader, languages: Iterable[str]) -> None:
        self.languages = tuple(languages)
        self._environment = SandboxedEnvironment(
            loader=loader,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(FILTERS)

    def render(self, page: str, language: str, company: Company, **facts: Any) -> str:
        """One page, such as `overview`."""
        words = self.words(language)
        known = {
            "language": language,
            "timezone": company.timezone,
            "company": one_line(company.name) or "mailflow",
            "person": partial(_name, company),
            "chronicle": Chronicle(company, language, words["events"], self.words_of_mails(language)),
            "month_name": partial(_month_name, language),
            "short_moment": partial(_short_moment, language, company.timezone),
            "weekdays": _weekdays(language),
            "language_names": {code: _own_name(code) for code in self.languages},
        }
        return self._environment.get_template(f"board/{page}.html.j2").render({**known, **facts})

    def words(self, language: str) -> Mapping[str, Any]:
        """The board's own words in a language, by their names in `_board.j2`."""
        return vars(self._environment.get_template(f"{language}/_board.j2").module)

    def words_of_mails(self, language: str) -> Mapping[str, Any]:
        """The words that the board shares with the mails, by their names in `_words.j2`."""
        return vars(self._environment.get_template(f"{language}/_words.j2").module)


def language_of(request: Request, pages: Pages, company: Company) -> str:
    """The language that the reader has chosen, else the browser's first that we speak, else the company's."""
    for chosen in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if chosen in pages.languages:
            return chosen
    for tag in _accepted(request.headers.get("accept-language", "")):
        if tag in pages.languages:
            return tag
    return company.language


def _accepted(header: str) -> list[str]:
    """The primary languages of an Accept-Language header (RFC 9110 section 12.5.4), the most wanted first."""
    wanted = []
    for part in header[:500].split(","):
        tag, _, quality = part.partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        wanted.append((weight, tag.strip().lower().partition("-")[0]))
    return [tag for weight, tag in sorted(wanted, key=lambda w: -w[0]) if weight > 0]


def _name(company: Company, address: str) -> str:
    return one_line(company.person(address).display)


def _month_name(language: str, day: date) -> str:
    name = format_date(day, _MONTH, locale=language)
    return name[:1].upper() + name[1:]


def _short_moment(language: str, timezone: tzinfo, at: datetime) -> str:
    return format_datetime(at.astimezone(timezone), _MOMENT, locale=language)


def _own_name(language: str) -> str:
    name = Locale.parse(language).get_display_name() or language
    return name[:1].upper() + name[1:]


def _weekdays(language: str) -> list[tuple[str, str]]:
    short, wide = (get_day_names(width, locale=language) for width in ("abbreviated", "wide"))
    return [(short[day], wide[day]) for day in range(7)]
