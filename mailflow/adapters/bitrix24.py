"""A Bitrix24 portal by an incoming webhook (Bitrix24 REST, how to call; REST 3.0), on the connections of httpx."""

from __future__ import annotations

import json
import logging
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailflow import __version__
from mailflow.adapters import bitrix24_answer as answers
from mailflow.adapters import bitrix24_batch as batches
from mailflow.adapters.bitrix24_address import Origin, Webhook, moved_to, read_webhook
from mailflow.adapters.bitrix24_answer import Reading, Verdict
from mailflow.adapters.bitrix24_limits import LeakyBucket, OperatingTime
from mailflow.adapters.connection import verified_tls, words
from mailflow.errors import (
    ConfigurationError,
    InDoubt,
    MailflowError,
    Parked,
    PortalClosed,
    PortalRefused,
    ServerAway,
    SettingsProblem,
    TransientFailure,
)
from mailflow.observation import step
from mailflow.ports import PortalAnswer

if TYPE_CHECKING:
    import httpx

TRIES = 6
"""How often a call is sent that the portal turns away because of too many requests, with 1, 2, 4, … seconds between."""

MOST_BYTES = 64_000_000
"""The longest answer that is read."""

CONNECTIONS = 10
MOVED = frozenset({301, 302, 307, 308})

_METHOD = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
_KEY = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")
_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")


@dataclass(frozen=True)
class _Call:
    method: str
    v3: bool
    body: bytes = field(repr=False)
    key: str | None = None

    @property
    def counted_as(self) -> str:
        return f"{'v3 ' if self.v3 else ''}{self.method.lower()}"


@dataclass(frozen=True)
class _Raw:
    status: int
    body: bytes = field(repr=False)
    location: str | None = field(default=None, repr=False)
    replayed: bool = False


class Bitrix24Portal:
    """A portal (see ports.Portal); for any number of threads. `webhook` is the address, with or without a method.

    Certificates are always verified, against `ca_file` alone where one is given; no proxy is used. `burst` requests go
    at once, then `requests_a_second`. `operating_limit` is in seconds a method and ten minutes; timeouts are in
    seconds, the one for reading is longer than the minute after which the portal gives up (Bitrix24 REST, limits).
    Raises ConfigurationError where the address is not one of an incoming webhook.
    """

    def __init__(
        self,
        webhook: str,
        ca_file: Path | None = None,
        *,
        requests_a_second: float = 2.0,
        burst: float = 40,
        operating_limit: float = 480.0,
        connect_timeout: float = 5.0,
        read_timeout: float = 70.0,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        address = read_webhook(webhook)
        del webhook  # a traceback may show the variables of every frame
        if isinstance(address, str):
            raise _wrong_address(address)
        self._webhook: Webhook = address
        self._origin = address.origin
        self._ca_file = ca_file
        self._bucket = LeakyBucket(requests_a_second, burst, monotonic)
        self._operating = OperatingTime(operating_limit, monotonic)
        self._read_timeout = read_timeout
        self._timeouts = {"connect": connect_timeout, "read": read_timeout, "write": read_timeout, "pool": read_timeout}
        self._monotonic = monotonic
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._transport: httpx.HTTPTransport | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.host if '_origin' in vars(self) else 'without an address'}>"

    @property
    def user_id(self) -> int:
        """Whose webhook it is, by the address: the portal's user in whose name everything is done."""
        return self._webhook.user_id

    @property
    def host(self) -> str:
        """Where the portal is, for people: host, and port where it is not the usual one."""
        return self._origin.place

    def call(self, method: str, params: Mapping[str, Any] | None = None) -> PortalAnswer:
        """One call of the classic interface; the order of `params` is kept (some methods read by position).

        Raises what ports.Portal says, ValueError for what is no method or no JSON.
        """
        return self._answer(_Call(_named(method), False, _json(params)))

    def call_v3(
        self, method: str, params: Mapping[str, Any] | None = None, idempotency_key: str | None = None
    ) -> PortalAnswer:
        """One call of REST 3.0; with a key (1-255 characters of ASCII) the portal carries it out once within a day.

        Raises what ports.Portal says, ValueError for what is no method, no JSON or no such key.
        """
        if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
            raise ValueError(f"{idempotency_key!r} is not 1-255 printable ASCII characters")
        return self._answer(_Call(_named(method), True, _json(params), idempotency_key))

    def batch(self, calls: Mapping[str, tuple[str, Mapping[str, Any]]]) -> Mapping[str, PortalAnswer | PortalRefused]:
        """Up to 50 reading calls in one request, by a name each; each has its own answer or refusal.

        True is sent as Y, False as N. A call that was not refused but put off makes the whole batch raise, so that all
        of it is asked again. Raises ValueError for more than 50 calls and for what a query cannot say.
        """
        if len(calls) > batches.MOST_CALLS:
            raise ValueError(f"{len(calls)} calls are more than the {batches.MOST_CALLS} of a batch")
        queries = {name: batches.query(_named(method), params) for name, (method, params) in calls.items()}
        if not queries:
            return {}
        inner = {name: _Call(method, False, b"") for name, (method, _) in calls.items()}
        for call in inner.values():
            self._check_rest(call)
        result = self._answer(_Call("batch", False, _json({"halt": 0, "cmd": queries}))).result
        if not isinstance(result, dict):
            raise self._doubt("batch", "its answer is none to a batch")
        maps = {part: batches.as_map(result.get(part)) for part in batches.MAPS}
        for name, call in inner.items():
            self._note(call, answers.read_operating(maps["result_time"].get(name), self._now()))
        return {name: self._part(maps, name, call) for name, call in inner.items()}

    def close(self) -> None:
        """Ends the connections; the next call opens new ones."""
        with self._lock:
            transport, self._transport = self._transport, None
        if transport:
            transport.close()

    def _answer(self, call: _Call) -> PortalAnswer:
        self._check_rest(call)
        for number in range(TRIES):
            raw = self._post(call)
            reading = answers.read(
                call.method, call.v3, raw.status, raw.body, raw.replayed, self._now(), self._webhook.conceal
            )
            self._note(call, reading.operating)
            if reading.answer:
                return reading.answer
            if reading.verdict is not Verdict.BUSY:
                raise self._failure(call, raw.status, reading)
            self._bucket.fill()
            if number < TRIES - 1:
                self._sleep(2.0**number)
        raise self._parked(f"{self._place} still has too many requests for {call.method}", 2.0**TRIES)

    def _part(self, maps: Mapping[str, Mapping[str, Any]], name: str, call: _Call) -> PortalAnswer | PortalRefused:
        error = maps["result_error"].get(name)
        if isinstance(error, dict):
            complaint = answers.read_complaint(error, self._webhook.conceal) or answers.Complaint("", "")
            verdict, mend = answers.judge(call.method, False, 200, complaint)
            if verdict in (Verdict.REFUSED, Verdict.CLOSED):
                return PortalRefused(call.method, complaint.code, complaint.said, 200)
            raise self._failure(call, 200, Reading(verdict, complaint, mend))
        if name not in maps["result"]:
            raise self._doubt(call.method, "the batch has no answer to it")
        total, following = (answers.whole(maps[part].get(name)) for part in ("result_total", "result_next"))
        return PortalAnswer(maps["result"][name], total, following)

    def _failure(self, call: _Call, status: int, reading: Reading) -> MailflowError:
        """What to raise where a call was not carried out, or nobody knows."""
        code, said, method = reading.complaint.code, reading.complaint.said, call.method
        told = ", ".join(part for part in (said, code, f"HTTP {status}") if part)
        match reading.verdict:
            case Verdict.REFUSED:
                return PortalRefused(method, code, said or _too_large(status), status)
            case Verdict.CLOSED:
                return PortalClosed(f"{self._place} does not let mailflow call {method}: {told}.", code, reading.mend)
            case Verdict.RESTS:
                self._operating.refused(call.counted_as)
                return self._resting(call)
            case Verdict.BUSY:
                self._bucket.fill()
                return self._parked(f"{self._place} has too many requests for {method}", 2.0)
            case Verdict.AWAY:
                return ServerAway(
                    f"{self._place}: what answers there is not the portal's REST interface ({told}). "
                    "Check bitrix24.webhook, and what stands between this machine and the portal."
                )
            case _:
                return self._doubt(method, told if said or code else f"its answer cannot be understood ({told})")

    def _check_rest(self, call: _Call) -> None:
        if self._operating.rest(call.counted_as):
            raise self._resting(call)

    def _resting(self, call: _Call) -> Parked:
        what = f"{self._place} has spent its time for {call.method}"
        return self._parked(what, self._operating.rest(call.counted_as))

    def _parked(self, what: str, seconds: float) -> Parked:
        until = self._clock() + timedelta(seconds=seconds)
        return Parked(f"{what}; it is asked again after {until:%H:%M:%S} {until.tzname()}.", until)

    def _doubt(self, method: str, why: str) -> InDoubt:
        return InDoubt(f"{self._place} was asked for {method} and did not say whether it did it (in doubt): {why}")

    @property
    def _place(self) -> str:
        return f"Bitrix24 portal {self.host}"

    def _note(self, call: _Call, operating: answers.Operating | None) -> None:
        if operating:
            self._operating.note(call.counted_as, operating.seconds, operating.until_reset)

    def _now(self) -> float:
        return self._clock().timestamp()

    def _post(self, call: _Call) -> _Raw:
        """One request, and a second one where the portal has moved; the new host is remembered once it answers."""
        origin = self._origin
        raw = self._exchange(origin, call)
        if raw.status not in MOVED:
            return raw
        new = moved_to(self._webhook, origin, call.method, call.v3, raw.location or "")
        if isinstance(new, str):
            raise self._astray(new)
        raw = self._exchange(new, call)
        if raw.status in MOVED:
            raise self._astray(f"to {new.place}, and from there to somewhere else")
        self._origin = new
        return raw

    def _astray(self, where: str) -> ServerAway:
        return ServerAway(f"{self._place} sends the call on {where}. Put its new address into bitrix24.webhook.")

    def _exchange(self, origin: Origin, call: _Call) -> _Raw:
        wait = self._bucket.take()
        if wait:
            self._sleep(wait)
        outcome = self._send(origin, call)
        if isinstance(outcome, MailflowError):
            raise outcome  # here, where no other exception and no address is in sight
        return outcome

    @step("portal_call")
    def _send(self, origin: Origin, call: _Call) -> _Raw | MailflowError:
        """The answer as it is, or the failure to raise: an exception of httpx may hold the address."""
        import httpx  # takes a seventh of a second, which only those with a portal should pay

        nothing_sent = (
            *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError),
            *(httpx.UnsupportedProtocol, httpx.InvalidURL, TransientFailure),
        )
        try:
            transport = self._open()
            return self._receive(transport.handle_request(self._request(origin, call)))
        except nothing_sent as error:
            return _unreachable(origin.place, _root(error))
        except (httpx.HTTPError, httpx.StreamError, RuntimeError, OSError, ValueError) as error:
            malformed = isinstance(error, httpx.ProtocolError | httpx.DecodingError)
            why = "what it sent is not a whole answer" if malformed else self._webhook.conceal(_words(_root(error)))
            return self._doubt(call.method, why)
        except BaseException as error:
            error.__traceback__ = error.__context__ = None  # their frames hold the address
            raise

    def _request(self, origin: Origin, call: _Call) -> httpx.Request:
        import httpx

        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"mailflow/{__version__}",
        }
        if call.key is not None:
            headers["Idempotency-Key"] = call.key
        return httpx.Request(
            "POST",
            origin.url(self._webhook.path(call.method, call.v3)),
            headers=headers,
            content=call.body,
            extensions={"timeout": self._timeouts},
        )

    def _receive(self, response: httpx.Response) -> _Raw:
        """Reads an answer to its end, within the time and length that it may have."""
        began = self._monotonic()
        body = bytearray()
        try:
            for part in response.iter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise ValueError("its answer is too long")
                if self._monotonic() - began > self._read_timeout:
                    raise TimeoutError
        finally:
            response.close()
        replayed = response.headers.get("Idempotent-Replayed", "").strip().lower() == "true"
        return _Raw(response.status_code, bytes(body), response.headers.get("Location"), replayed)

    def _open(self) -> httpx.HTTPTransport:
        """The connections. No httpx.Client is around them: it logs addresses, keeps cookies and looks for proxies."""
        import httpx

        with self._lock:
            if self._transport is None:
                for name in _LOGGERS:
                    logging.getLogger(name).addFilter(_silence)
                limits = httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=5.0)
                self._transport = httpx.HTTPTransport(verify=verified_tls(self._ca_file), limits=limits)
            return self._transport


def _silence(record: logging.LogRecord) -> bool:
    """What httpx and httpcore say below a warning: among it addresses, and headers that hold them."""
    return record.levelno >= logging.WARNING


def _wrong_address(why: str) -> ConfigurationError:
    mend = "Copy the address that the portal shows for it, as in https://company.bitrix24.com/rest/1/abc123/."
    return ConfigurationError("settings.yaml", [SettingsProblem("bitrix24.webhook", why, mend)])


def _unreachable(place: str, error: BaseException) -> ServerAway:
    if isinstance(error, TransientFailure | ssl.SSLCertVerificationError):
        return ServerAway(f"Bitrix24 portal {place}: {_words(error)}. Check bitrix24.webhook and bitrix24.ca_file.")
    return ServerAway(
        f"Bitrix24 portal {place} cannot be reached: {_words(error)}. "
        "Check the host in bitrix24.webhook, and that this machine may connect to it."
    )


def _root(error: BaseException) -> BaseException:
    """What httpx and httpcore have wrapped: httpcore keeps it as its argument."""
    inner: object = error
    while isinstance(inner, BaseException) and not isinstance(inner, MailflowError):
        error, inner = inner, inner.__cause__ or next(iter(inner.args), None)
    return inner if isinstance(inner, MailflowError) else error


def _words(error: BaseException) -> str:
    return words(error) or type(error).__name__


def _too_large(status: int) -> str:
    return "the request is too large" if status in (413, 414) else ""


def _named(method: str) -> str:
    if not _METHOD.fullmatch(method):
        raise ValueError(f"{method!r} is not the name of a method")
    return method


def _json(params: Mapping[str, Any] | None) -> bytes:
    return json.dumps(params or {}, allow_nan=False).encode("ascii")
