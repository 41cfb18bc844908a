"""Whatever a stranger writes is words: no template, no header field, no calendar property, no HTML, no BB-code."""

from __future__ import annotations

import html as entities
import inspect
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from types import FrameType, TracebackType

import jinja2
import pytest
from icalendar import Calendar
from jinja2.sandbox import SandboxedEnvironment, SecurityError

from mailflow.approval.company import Company, Person
from mailflow.approval.effects import Effect, Invitation, Message, PortalKind
from mailflow.inbound.message import invoice_files, parse
from mailflow.outbound.cleaning import one_line
from mailflow.outbound.headers import header_block
from mailflow.outbound.portal import changes_after
from mailflow.outbound.portal_samples import sample_outcomes
from mailflow.outbound.portal_texts import TEXTS, TITLES, PortalTexts
from tests.outbound.samples import FOLDER, IDENTITY, TEMPLATES, body, parsed, readers, tags, written
from tests.security.attempt import Target, mail
from tests.security.hostile import BB_CODES, COMPUTED, HTML, LINE_BREAKS, effects, said
from tests.security.hostile import TEMPLATES as PAYLOADS

WORD = "word"
_BB_NAMES = (
    r"b|i|u|s|p|url|img|user|code|quote|list|\*|color|size|font|table|tr|td|th|video|left|center|right|justify|disk|"
    "call|send|put|chat|spoiler|attach|icon|rating"
)
_BB = re.compile(rf"\[\s*/?\s*({_BB_NAMES})(?=[\s=\]])[^\[\]]*\]", re.IGNORECASE)


def environments() -> list[SandboxedEnvironment]:
    portal = PortalTexts(jinja2.FileSystemLoader(FOLDER), readers("en"))
    return [TEMPLATES._environment, portal._plain, portal._bb]


# --- templates


@pytest.mark.parametrize("index", range(3), ids=["mails", "the portal's titles", "the portal's texts"])
def test_templates_run_in_a_sandbox_and_stop_at_a_name_that_is_not_there(index: int) -> None:
    """A19: also a template that somebody has put into the folder reads no attribute that leads out of it."""
    environment = environments()[index]
    with pytest.raises(SecurityError):
        environment.from_string("{{ ''.__class__.__mro__ | list }}").render()
    with pytest.raises(SecurityError):
        environment.from_string("{{ cycler.__init__.__globals__.os.popen('id').read() }}").render()
    for formats in ("'{0.__class__}'.format(1)", "('{0.__class__}' | safe).format(1)", "'{a.__class__}'.format_map(a)"):
        with pytest.raises(SecurityError):
            environment.from_string("{{ " + formats + " }}").render(a={"a": 1})
    with pytest.raises(jinja2.UndefinedError):
        environment.from_string("{{ nobody }}").render()


async def _awaited() -> None:
    """Something that is waited for."""


async def _several() -> AsyncIterator[int]:
    yield 1


def _frame() -> FrameType:
    frame = inspect.currentframe()
    assert frame
    return frame


def test_whatever_fact_jinja_keeps_from_a_template_is_kept_by_ours_too() -> None:
    """A19: frames, code and tracebacks lead to everything that the process knows."""
    frame, coroutine = _frame(), _awaited()
    traceback = TracebackType(None, frame, 0, 1)
    inner = (i for i in ""), coroutine, _several(), traceback, frame, _frame.__code__
    outer: tuple[object, ...] = _frame, TEMPLATES.render, Company, WORD, 1, {}, Company.__init__
    plain = SandboxedEnvironment()
    kept = [
        (thing, name)
        for thing in (*inner, *outer)
        for name in dir(thing)
        if not plain.is_safe_attribute(thing, name, None)
        and (name == "mro" or not callable(getattr(thing, name, None)))
    ]
    coroutine.close()
    assert len(kept) > 50
    assert not [name for thing, name in kept if TEMPLATES._environment.is_safe_attribute(thing, name, None)]


def test_html_is_escaped_by_default_in_every_template_of_html() -> None:
    names = [str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html.j2")]
    assert len(names) > 50
    for name in names:
        escaping = TEMPLATES._environment.autoescape
        assert callable(escaping)
        assert escaping(name), name


def test_no_template_of_ours_takes_the_escaping_away() -> None:
    for path in FOLDER.rglob("*.j2"):
        assert not re.search(r"\|\s*safe\b|autoescape false|Markup", path.read_text("utf-8")), path


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_template_in_any_field_is_printed_as_it_was_written(payload: str) -> None:
    """A19: title, counterparty, comment, reason, question, file name, line: in all mails of a language."""
    literal = 0
    for effect in effects("en", payload):
        message = parsed(written(effect))
        for text in (message["Subject"], body(message, "plain"), entities.unescape(body(message, "html"))):
            assert COMPUTED not in text
            assert "uid=" not in text
            literal += one_line(payload) in one_line(text)
    assert literal > 50


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Target:
    return Target(tmp_path_factory.mktemp("busy"))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_template_that_comes_by_mail_goes_out_as_it_was_written(payload: str, busy: Target) -> None:
    """A19: from the bytes of a submission to the bytes of the request for approval."""
    part = (
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        f"Counterparty: {payload}\r\nAmount: {10 + PAYLOADS.index(payload)} RUB\r\n"
        f"Pay date: 15.12.2026\r\nComment: {payload}\r\n\r\n--b\r\n"
        "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''"
        + "".join(f"%{byte:02x}" for byte in payload.encode())
        + f"\r\n\r\n%PDF-1.4 {hash(payload)}\r\n--b--\r\n"
    )
    head = 'Content-Type: multipart/mixed; boundary="b"'
    busy.receive(mail(head, sender="From: ivan@firm.example", subject=f"Paper {payload}", body=part))
    with busy.store.begin() as uow:
        number = max(invoice.number for invoice in uow.invoices.all())
    sent = parsed(busy.request_of(number).raw)
    said_there = sent["Subject"] + body(sent, "plain") + entities.unescape(body(sent, "html"))
    assert COMPUTED not in said_there
    assert one_line(payload) in one_line(body(sent, "plain"))


# --- headers


def head_lines(raw: bytes) -> list[str]:
    """The names of the header fields, as a parser finds them that takes everything for a line end."""
    head = raw.partition(b"\r\n\r\n")[0].decode("utf-8")
    return [line.partition(":")[0] for line in head.splitlines() if not line.startswith(" ")]


def structure(raw: bytes) -> list[object]:
    """The header fields of a mail and of its parts, by two parsers."""
    message = parsed(raw)
    inner = [[name for name in part.keys() if name != "Content-Transfer-Encoding"] for part in message.walk()]  # noqa: SIM118 - keys that repeat
    return [head_lines(raw), inner]


def names_with(words: str) -> Company:
    company = readers("en")
    people = {address: Person(address, words) for address in company.people}
    return replace(company, people=people, name=words)


def injecting(line_break: str) -> str:
    smuggled = ("Bcc: mallory@evil.example", "X-Smuggled: 1", "", "APPROVE")
    return line_break.join(("Paper", *smuggled))


@pytest.mark.parametrize("line_break", LINE_BREAKS, ids=ascii)
def test_no_line_break_of_a_stranger_makes_a_header_field(line_break: str) -> None:
    """A20: in every field and name at once; the fields are those of the clean mail, in its order."""
    words = injecting(line_break)
    for clean, hostile in zip(effects("en", WORD), effects("en", words), strict=True):
        expected = structure(written(clean, rules=names_with(WORD)))
        assert structure(written(hostile, rules=names_with(words))) == expected


@pytest.mark.parametrize("line_break", LINE_BREAKS, ids=ascii)
@pytest.mark.parametrize("place", ["in_reply_to", "references"])
def test_a_message_id_with_a_line_break_is_left_out(place: str, line_break: str) -> None:
    """A20: what came as Message-ID goes out in In-Reply-To and References, or not at all."""
    evil = f"<a@evil.example{line_break}Bcc: mallory@evil.example>"
    identity = replace(IDENTITY, **{place: evil if place == "in_reply_to" else ("<fine@example.com>", evil)})
    raw = written(next(effects("en", WORD)), identity=identity)
    assert "Bcc" not in head_lines(raw)
    assert b"mallory" not in raw


def test_the_header_would_show_an_injection() -> None:
    """The two tests above can fail: this is what they would see."""
    raw = header_block([("Subject", "Paper\x0bBcc: mallory@evil.example")])
    assert head_lines(raw) == ["Subject", "Bcc"]


# --- calendars


def calendars(raw: bytes) -> list[bytes]:
    found = [p for p in parsed(raw).walk() if p.get_content_type() in ("text/calendar", "application/ics")]
    return [part.get_payload(decode=True) for part in found]  # type: ignore[misc]


def properties(calendar: bytes) -> list[list[str]]:
    """The names of the properties by icalendar, and by a parser that takes everything for a line end."""
    by_library = [f"{c.name}.{name}" for c in Calendar.from_ical(calendar).walk() for name in c]
    lines = calendar.decode("utf-8").splitlines()
    return [by_library, [re.split("[:;]", line)[0] for line in lines if not line.startswith((" ", "\t"))]]


@cache
def with_calendars(words: str) -> tuple[Effect, ...]:
    return tuple(
        effect
        for effect in effects("en", words)
        if isinstance(effect, Invitation) or effect.message is Message.WORK_ON_ERRORS
    )


@pytest.mark.parametrize("line_break", LINE_BREAKS, ids=ascii)
def test_no_line_break_of_a_stranger_makes_a_property_of_a_calendar(line_break: str) -> None:
    """A21: in SUMMARY, DESCRIPTION, CN and UID; the properties are those of the clean invite."""
    smuggled = line_break.join(
        ["Paper", "ATTACH:http://evil.example/x", "END:VEVENT", "BEGIN:VEVENT", "ATTENDEE:mailto:mallory@evil.example"]
    )
    for clean, hostile in zip(with_calendars(WORD), with_calendars(smuggled), strict=True):
        expected = [properties(calendar)[0] for calendar in calendars(written(clean, rules=names_with(WORD)))]
        sent = calendars(written(hostile, rules=names_with(smuggled)))
        assert sent
        for calendar, by_library in zip(sent, expected, strict=True):
            assert properties(calendar)[0] == by_library
            assert not {"ATTACH", "X-EVIL"} & set(properties(calendar)[1])
            assert properties(calendar)[1].count("END") == properties(calendar)[1].count("BEGIN")


@pytest.mark.parametrize("words", ['";X=1:mailto:mallory@evil.example', "a;b,c:d\\n", "^n^'", "\\nATTACH:x", '"'])
def test_no_mark_of_a_stranger_makes_a_parameter_of_a_calendar(words: str) -> None:
    """A21: the attendee is who was asked, with the parameters that mailflow gives."""
    for effect in with_calendars(words):
        if isinstance(effect, Invitation):
            for calendar in calendars(written(effect, rules=names_with(words))):
                (event,) = Calendar.from_ical(calendar).events
                assert event["ATTENDEE"] == f"mailto:{effect.to}"
                assert set(event["ATTENDEE"].params) == {"CN", "CUTYPE", "ROLE", "PARTSTAT", "RSVP"}
                assert set(event["ORGANIZER"].params) == {"CN"}


@pytest.mark.parametrize("kind", ["text/calendar", "application/ics", "application/octet-stream"])
@pytest.mark.parametrize("evil", ["ATTACH:http://evil.example/x", "URL:http://evil.example", "BEGIN:VALARM"])
def test_a_strangers_calendar_is_no_invoice_and_goes_nowhere(kind: str, evil: str) -> None:
    """A22: what is not among the files is neither kept with the invoice nor sent on."""
    part = (
        f'--b\r\nContent-Type: {kind}\r\nContent-Disposition: attachment; filename="i.ics"\r\n\r\n'
        f"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\n{evil}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--b--\r\n"
    )
    assert invoice_files(parse(mail('Content-Type: multipart/mixed; boundary="b"', body=part))) == ()


# --- HTML and BB-code


@pytest.mark.parametrize("words", HTML)
def test_html_of_a_stranger_is_text_in_every_mail(words: str) -> None:
    """A30: the elements, their attributes and the links are those of the clean mail."""
    for clean, hostile in zip(effects("en", WORD), effects("en", words), strict=True):
        page = body(parsed(written(hostile)), "html")
        assert shape(page) == shape(body(parsed(written(clean)), "html"))


def shape(page: str) -> list[tuple[str, dict[str, str]]]:
    """The elements of a page and their attributes; of a link or a picture only what it is for."""
    return [(tag, _purpose(tag, found)) for tag, found in tags(page)]


def _purpose(tag: str, found: dict[str, str]) -> dict[str, str]:
    if tag == "img":
        return dict.fromkeys(found, "") | {"src": found["src"].partition(":")[0]}
    return {**found, "href": found.get("href", "").partition(":")[0]}


@cache
def portal_texts(words: str) -> list[str]:
    texts = PortalTexts(jinja2.FileSystemLoader(FOLDER), names_with(words))
    found = []
    for outcome in sample_outcomes("en"):
        told = said(outcome, words)
        for change in changes_after(told, tuple(PortalKind), names_with(words), datetime(2026, 12, 1, tzinfo=UTC)):
            found += [texts.text(name, change) for name in TEXTS.get(change.shows, ())]
            assert all("\n" not in texts.title(name, change) for name in TITLES.get(change.shows, ()))
    assert len(found) > 30
    return found


@pytest.mark.parametrize("words", BB_CODES)
def test_bb_code_of_a_stranger_is_text_in_the_portal(words: str) -> None:
    """A30: the tags that are active in the post, comments, tasks, notifications are those of the clean texts."""
    for clean, hostile in zip(portal_texts(WORD), portal_texts(words), strict=True):
        assert _BB.findall(hostile) == _BB.findall(clean)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_template_is_text_in_the_portal(payload: str) -> None:
    """A19."""
    told = portal_texts(payload)
    assert not any(COMPUTED in text for text in told)
    assert any(one_line(payload) in one_line(text) for text in told)


def test_the_texts_of_the_portal_would_show_an_active_tag() -> None:
    """The test above can fail: this is what it would see."""
    assert _BB.findall("[b]x[/b] [url=x] [ b ] [word]") == ["b", "b", "url", "b"]
