"""What an answer of the portal means, as one table: by its `error` first, by the HTTP status second.

The same error comes with different statuses on different portals (Bitrix24 REST, system errors), so where the portal
gives a word that is known here, the status does not matter.
"""

from __future__ import annotations

import enum
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mailflow.adapters.connection import said
from mailflow.ports import PortalAnswer


class Verdict(enum.Enum):
    """What became of a call, and whose move is next."""

    DONE = "carried out"
    REFUSED = "not carried out, and never will be as it is"
    CLOSED = "not carried out, and nothing else will be until the administrator mends it"
    BUSY = "not carried out, for there were too many requests: again in seconds"
    RESTS = "not carried out, for this method took too much time: again in minutes"
    AWAY = "not carried out, for it was not the portal that answered"
    IN_DOUBT = "nobody knows"


@dataclass(frozen=True)
class Row:
    """What one error means, where the text (and the status) are as said here."""

    verdict: Verdict
    mend: str = ""
    text: re.Pattern[str] = re.compile("")
    status: int | None = None


_NEW_WEBHOOK = "Make a new incoming webhook in the portal (Developer resources), put its address into bitrix24.webhook."
_EMPLOYEE = "Make the webhook as an active employee of the company who may use REST."
_PLAN = "Renew the portal's plan: REST needs a paid one, with the subscription to the Market."
_SCOPE = "Tick the scope {scope} in the webhook, in the portal under Developer resources."
_METHOD = "{method} is not there for this webhook: tick the scope {scope} in it, or update the portal."
_PORTAL = "Look whether the portal still exists and has not moved, and correct bitrix24.webhook."
_SUPPORT = "Ask the support of Bitrix24 why they have blocked the portal's REST interface."
_TYPE = "Bitrix24 does not let a webhook call {method}: take what needs it out of the settings."
_HTTPS = "Begin the address in bitrix24.webhook with https://."

BY_ERROR: Mapping[str, Row] = {
    "QUERY_LIMIT_EXCEEDED": Row(Verdict.BUSY),
    "OPERATION_TIME_LIMIT": Row(Verdict.RESTS),
    "INTERNAL_SERVER_ERROR": Row(Verdict.IN_DOUBT),
    "ERROR_UNEXPECTED_ANSWER": Row(Verdict.IN_DOUBT),
    "NO_AUTH_FOUND": Row(Verdict.CLOSED, _NEW_WEBHOOK),
    "INVALID_CREDENTIALS": Row(Verdict.CLOSED, _NEW_WEBHOOK),
    "EXPIRED_TOKEN": Row(Verdict.CLOSED, _NEW_WEBHOOK),
    "INVALID_TOKEN": Row(Verdict.CLOSED, _NEW_WEBHOOK),
    "AUTHORIZATION_ERROR": Row(Verdict.CLOSED, _EMPLOYEE),
    "USER_ACCESS_ERROR": Row(Verdict.CLOSED, _EMPLOYEE),
    "ALLOWED_ONLY_INTRANET_USER": Row(Verdict.CLOSED, _EMPLOYEE),
    "INSUFFICIENT_SCOPE": Row(Verdict.CLOSED, _SCOPE),
    "INSUFFICIENTSCOPE": Row(Verdict.CLOSED, _SCOPE),
    "ERROR_METHOD_NOT_FOUND": Row(Verdict.CLOSED, _METHOD),
    "METHODNOTFOUND": Row(Verdict.CLOSED, _METHOD),
    "WRONG_AUTH_TYPE": Row(Verdict.CLOSED, _TYPE),
    "PAYMENT_REQUIRED": Row(Verdict.CLOSED, _PLAN),
    "ACCESS_DENIED": Row(Verdict.CLOSED, _PLAN, re.compile("commercial plan|коммерческ", re.IGNORECASE), 403),
    "PORTAL_DELETED": Row(Verdict.CLOSED, _PORTAL),
    "OVERLOAD_LIMIT": Row(Verdict.CLOSED, _SUPPORT),
    "INVALID_REQUEST": Row(Verdict.CLOSED, _HTTPS, re.compile("https", re.IGNORECASE)),
}
"""Errors of classic REST in capitals, those of REST 3.0 without what they begin and end with."""

BY_STATUS: tuple[tuple[range, Verdict, Verdict], ...] = (
    # statuses, with an `error` of the portal, without one
    (range(200, 300), Verdict.REFUSED, Verdict.IN_DOUBT),
    (range(408, 409), Verdict.IN_DOUBT, Verdict.IN_DOUBT),
    (range(413, 415), Verdict.REFUSED, Verdict.REFUSED),
    (range(429, 430), Verdict.RESTS, Verdict.RESTS),
    (range(400, 500), Verdict.REFUSED, Verdict.AWAY),
    (range(1000), Verdict.IN_DOUBT, Verdict.IN_DOUBT),
)
"""For every other error; the first that fits. 413 and 414: the request was too large."""

_V3 = re.compile(r"BITRIX_REST_V3_EXCEPTION_(?P<short>.+?)(EXCEPTION)?")
_SCOPES = {"tasks": "task", "user": "user_basic"}
_LONGEST_CODE = 100


@dataclass(frozen=True)
class Operating:
    """The time that a method took within ten minutes, and in how many seconds some of it is forgotten."""

    seconds: float
    until_reset: float | None


@dataclass(frozen=True)
class Complaint:
    """The portal's `error` and its text, in one line each."""

    code: str
    said: str


@dataclass(frozen=True)
class Reading:
    """An answer that has been understood. `answer` is there where it is DONE, `mend` where it is CLOSED."""

    verdict: Verdict
    complaint: Complaint
    mend: str = ""
    answer: PortalAnswer | None = None
    operating: Operating | None = None


def read(
    method: str, v3: bool, status: int, body: bytes, replayed: bool, now: float, conceal: Callable[[str], str]
) -> Reading:
    """Understands any answer but a redirect; raises nothing. `now` is in Unix seconds, `conceal` takes secrets out."""
    told = _json(body)
    operating = read_operating(told.get("time"), now)
    if 200 <= status < 300 and "result" in told:
        answer = PortalAnswer(told["result"], whole(told.get("total")), whole(told.get("next")), replayed)
        return Reading(Verdict.DONE, Complaint("", ""), "", answer, operating)
    complaint = read_complaint(told, conceal)
    verdict, mend = judge(method, v3, status, complaint)
    return Reading(verdict, complaint or Complaint("", ""), mend, None, operating)


def judge(method: str, v3: bool, status: int, complaint: Complaint | None) -> tuple[Verdict, str]:
    """What a complaint (None: the body is not the portal's) means, and the mend where it is CLOSED."""
    if complaint:
        short = _V3.fullmatch(complaint.code)
        row = BY_ERROR.get((short["short"] if short else complaint.code).upper())
        if row and row.status in (None, status) and row.text.search(complaint.said):
            return row.verdict, row.mend.format(method=method, scope=scope_of(method, v3))
    for statuses, with_error, without in BY_STATUS:
        if status in statuses:
            return (with_error if complaint else without), ""
    return Verdict.IN_DOUBT, ""


def scope_of(method: str, v3: bool) -> str:
    """The scope that a webhook needs for a method (Bitrix24 REST, scopes)."""
    family = method.split(".")[0].lower()
    return family if v3 else _SCOPES.get(family, family)


def read_complaint(told: Mapping[str, Any], conceal: Callable[[str], str]) -> Complaint | None:
    """The error in a body of either interface; None where there is none."""
    error, text = told.get("error"), told.get("error_description")
    if error is None and text is None:
        return None
    if isinstance(error, dict):
        fields = error.get("validation")
        lines = [error.get("message"), *(_field(each) for each in (fields if isinstance(fields, list) else []))]
        text = "; ".join(str(line) for line in lines if line)
        error = error.get("code")
    code = str(error) if isinstance(error, str | int | float) and not isinstance(error, bool) else ""
    return Complaint(_line(code, conceal)[:_LONGEST_CODE], _line(text if isinstance(text, str) else "", conceal))


def read_operating(time: object, now: float) -> Operating | None:
    """The part of `time` that counts for the limits. By the portal's own clock where it tells its time."""
    if not isinstance(time, dict):
        return None
    seconds, reset = _number(time.get("operating")), _number(time.get("operating_reset_at"))
    if seconds is None:
        return None
    finish = _number(time.get("finish"))
    return Operating(seconds, None if reset is None else reset - (now if finish is None else finish))


def whole(value: object) -> int | None:
    """A whole number, also where it was written as text or with a point; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        return int(value)
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 2**53 and math.isfinite(value) else None


def _field(problem: object) -> str:
    return f"{problem.get('field')}: {problem.get('message')}" if isinstance(problem, dict) else ""


def _line(text: str, conceal: Callable[[str], str]) -> str:
    text = re.sub(r"<br\s*/?>", " ", conceal(text), flags=re.IGNORECASE)
    return said("".join(letter if letter.isprintable() else " " for letter in text))


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
