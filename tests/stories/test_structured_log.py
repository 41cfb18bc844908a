"""The log as JSON: what operating needs, by stable names, and nothing of what the mails say."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from mailflow import observation
from mailflow.approval.lifecycle import Status
from mailflow.log import JsonFormatter
from tests.stories.conftest import Office

CONTENT = ("Бумага", "Ромашка", "125 000", "125000", "за бумагу для офиса", "дорого и не нужно", "ОТКАЗ")
SECRETS = ("IMAP-s3cret", "https://company.example/rest/1/w3bhook/")


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines that were logged, each an object."""
    stream = io.StringIO()
    handler, logger = logging.StreamHandler(stream), logging.getLogger("mailflow")
    handler.setFormatter(JsonFormatter(SECRETS))
    was = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(was)


def events(lines: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == event]


def test_each_mail_in_and_each_effect_out_is_a_line_and_nothing_of_what_they_say(
    office: Office, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    office.submit(Комментарий="за бумагу для офиса")
    request = office.gets("olga", "INV-2026-0001")
    office.olga.reply(request, "ОТКАЗ: дорого и не нужно")
    office.stranger.submit("Бумага", "125 000 руб.", [])
    office.work()
    assert office.invoice().status is Status.REJECTED
    lines = [line for line in logged() if line["event"] != "slow"]
    received = events(lines, "mail_received")
    assert [line["sender"] for line in received[:2]] == ["ivan@example.com", "olga@example.com"]
    processed = events(lines, "mail_processed")
    assert [(line["intent"], line["outcome"], line["invoice"]) for line in processed[:2]] == [
        ("submission", "processed", "INV-2026-0001"),
        ("answer", "processed", "INV-2026-0001"),
    ]
    assert [line["mail"] for line in processed] == [line["mail"] for line in received]
    sent = events(lines, "effect_sent")
    assert ("work_on_errors", "ivan@example.com") in [(line["kind"], line["recipient"]) for line in sent]
    assert all(datetime.fromisoformat(line["time"]).tzinfo and line["level"] == "info" for line in lines)
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    references = {mail.subject.partition("#")[2].partition("]")[0] for mail in office.mails("olga")} - {""}
    assert references
    assert [said for said in (*CONTENT, *references) if said in text] == []


def test_a_step_that_takes_long_is_a_line_with_its_milliseconds(
    office: Office, logged: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observation, "SLOW", dict.fromkeys(observation.SLOW, 0.0))
    office.submit()
    slow = events(logged(), "slow")
    assert {line["step"] for line in slow} == set(observation.SLOW) - {"portal_call"}
    assert all(isinstance(line["ms"], int) and line["level"] == "warning" for line in slow)


def test_a_step_that_takes_less_is_none(
    office: Office, logged: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observation, "SLOW", dict.fromkeys(observation.SLOW, float("inf")))
    office.submit()
    assert events(logged(), "slow") == []


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_reaches_a_line_wherever_it_stands(secret: str, logged: Callable[[], list[dict[str, Any]]]) -> None:
    logger = logging.getLogger("mailflow.test")
    try:
        raise ValueError(f"refused {secret}")
    except ValueError:
        logger.exception("the server said %s", secret, extra=observation.noted("trouble", server=f"x {secret}"))
    (line,) = logged()
    assert secret not in json.dumps(line)
    assert (line["event"], line["server"]) == ("trouble", "x ***")
    assert "ValueError: refused ***" in line["traceback"]


def test_what_a_stranger_writes_makes_no_line_of_its_own(logged: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("mailflow.test").info("%s", 'x\n{"event": "effect_sent"}\x1b[2J')
    (line,) = logged()
    assert line["event"] == "log"
    assert "\x1b" not in line["message"]
