"""The portal as people would see it: Live Feed, tasks, stages, payment calendar, notifications, on one page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from babel.dates import format_date, format_datetime
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from mailflow.office.bitrix24.server import PortalServer

FILENAME = "portal.html"
_CODE = re.compile(r"\[(/?)(b|quote)\]", re.IGNORECASE)
_TAGS = {"b": "strong", "quote": "blockquote"}
_LEAST_WEEKS = 3
_WORDS = {
    "ru": {
        "portal": "Битрикс24",
        "feed": "Живая лента",
        "tasks": "Задачи",
        "record": "Счета на оплату",
        "calendar": "Платёжный календарь",
        "notices": "Уведомления",
        "for": "Видят",
        "deadline": "Срок",
        "done": "завершена",
        "open": "в работе",
        "nothing": "Пока ничего.",
        "everybody": "все",
    },
    "en": {
        "portal": "Bitrix24",
        "feed": "Live Feed",
        "tasks": "Tasks",
        "record": "Invoices to pay",
        "calendar": "Payment calendar",
        "notices": "Notifications",
        "for": "For",
        "deadline": "Deadline",
        "done": "completed",
        "open": "in progress",
        "nothing": "Nothing yet.",
        "everybody": "everybody",
    },
}


def write_portal_page(output: Path, portal: PortalServer) -> Path:
    """Writes the page into the output folder; it needs no network."""
    path = output / FILENAME
    path.write_text(portal_page(portal), encoding="utf-8")
    return path


def portal_page(portal: PortalServer) -> str:
    """The page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    locale = "ru" if portal.language == "ru" else "en_GB"
    environment.filters |= {
        "bb": bb_to_html,
        "moment": lambda text: format_datetime(datetime.fromisoformat(text), "d MMM, HH:mm", locale=locale),
        "day": lambda text: format_date(date.fromisoformat(str(text)[:10]), "d MMM", locale=locale),
        "money": lambda amount: f"{float(amount):,.2f}".replace(",", "\N{NARROW NO-BREAK SPACE}"),
    }
    return environment.get_template("portal.html.j2").render(
        words=_WORDS[portal.language],
        language=portal.language,
        posts=portal.posts[::-1],
        comments=portal.comments,
        files={file["id"]: file["name"] for file in portal.files},
        tasks=portal.tasks[::-1],
        stages=portal.stages(),
        items=portal.items,
        weeks=_weeks(portal.events, portal.clock().date()),
        days=[format_date(date(2026, 11, 2) + timedelta(days=n), "EEE", locale=locale) for n in range(7)],
        today=portal.clock().date(),
        notices=portal.notices[::-1],
        name=portal.people.name_of,
        reader=lambda code: _reader(code, portal, _WORDS[portal.language]["everybody"]),
    )


def bb_to_html(text: str) -> Markup:
    """[B] and [QUOTE] as HTML where they are closed as they were opened; everything else is text."""
    parts, opened = [], list[str]()
    place = 0
    for found in _CODE.finditer(text):
        parts.append(escape(text[place : found.start()]))
        place = found.end()
        tag = _TAGS[found[2].lower()]
        if not found[1]:
            opened.append(tag)
            parts.append(Markup(f"<{tag}>"))  # noqa: S704 - one of our own two tags
        elif opened and opened[-1] == tag:
            opened.pop()
            parts.append(Markup(f"</{tag}>"))  # noqa: S704 - one of our own two tags
        else:
            parts.append(escape(found[0]))
    parts.append(escape(text[place:]))
    parts += [Markup(f"</{tag}>") for tag in reversed(opened)]  # noqa: S704 - one of our own two tags
    return Markup("").join(parts)


def _reader(code: str, portal: PortalServer, everybody: str) -> str:
    return portal.people.name_of(code[1:]) if code.startswith("U") and code[1:].isdigit() else everybody


def _weeks(events: Sequence[dict[str, Any]], today: date) -> list[list[tuple[date, list[dict[str, Any]]]]]:
    """Whole weeks from the first event, or this week, to the last one; at least three."""
    due: dict[date, list[dict[str, Any]]] = {}
    for event in events:
        due.setdefault(date.fromisoformat(event["from"][:10]), []).append(event)
    first = min([today, *due])
    monday = first - timedelta(days=first.weekday())
    weeks = max(_LEAST_WEEKS, (max([today, *due]) - monday).days // 7 + 1)
    days = [monday + timedelta(days=n) for n in range(7 * weeks)]
    return [[(day, due.get(day, [])) for day in days[n : n + 7]] for n in range(0, len(days), 7)]
