"""The portal as a server: routes, webhooks, limits and faults around the families of methods (Bitrix24 REST)."""

from __future__ import annotations

import copy
import json
import re
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from mailflow.office.bitrix24.batch import run_batch
from mailflow.office.bitrix24.calendar import Calendar
from mailflow.office.bitrix24.crm import Crm
from mailflow.office.bitrix24.desk import Desk, Method
from mailflow.office.bitrix24.drive import Drive
from mailflow.office.bitrix24.envelope import envelope
from mailflow.office.bitrix24.faults import Faults
from mailflow.office.bitrix24.feed import Feed
from mailflow.office.bitrix24.limits import Limits
from mailflow.office.bitrix24.lists import Lists
from mailflow.office.bitrix24.notices import Notices
from mailflow.office.bitrix24.parameters import read_parameters
from mailflow.office.bitrix24.people import OWNER, People
from mailflow.office.bitrix24.refusal import Refusal
from mailflow.office.bitrix24.rest3 import PREFIX, Replay, Rest3
from mailflow.office.bitrix24.tasks import Tasks

CODE = "portal0demo0webhook"
SCOPES = (
    *("basic", "crm", "task", "tasks", "calendar", "log", "im", "user_basic", "department", "disk", "lists"),
    "userfieldconfig",
)
_ROUTE = re.compile(r"/rest/(?:(?P<v3>api)/)?(?P<uid>\d+)/(?P<code>[^/]+)/(?P<method>[A-Za-z0-9_.]+?)(?:\.json)?/?")


@dataclass(frozen=True)
class Call:
    """One request as it came. `executed`: whether it was carried out; `error` is what the portal said no with."""

    monotonic: float
    method: str
    params: Mapping[str, Any]
    version: int
    status: int
    error: str | None
    executed: bool
    idempotency_key: str | None = None


@dataclass
class Contested:
    """Statuses that the sources disagree about; mailflow must not care."""

    invalid_credentials: int = 401
    insufficient_scope: int = 403
    method_not_found: int = 404


@dataclass
class _Webhook:
    user: int
    code: str
    scopes: set[str]


@dataclass
class _Reply:
    status: int
    body: dict[str, Any]
    error: str | None = None
    executed: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class PortalServer:
    """A portal on 127.0.0.1, with TLS where a context is given; everything is done as the webhook's owner, user 1.

    `clock` is the portal's time, `monotonic` the one that its limits go by.
    """

    def __init__(
        self,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        language: str = "ru",
        tls: ssl.SSLContext | None = None,
        port: int = 0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self.language = language
        self.limits = Limits(monotonic)
        self.faults = Faults()
        self.contested = Contested()
        self._monotonic = monotonic
        self._desk = Desk(lambda: self.clock(), language)
        self.people = People(self._desk)
        self._drive = Drive(self._desk)
        self.crm = Crm(self._desk)
        self._tasks = Tasks(self._desk, self.people, self._drive, self.crm.takes_tasks)
        self.feed = Feed(self._desk, self._drive)
        self.calendar = Calendar(self._desk, self.people)
        self._notices = Notices(self._desk, self.people)
        self._lists = Lists(self._desk)
        self._rest3 = Rest3(self._desk, self._tasks)
        self._webhooks = [_Webhook(OWNER, CODE, set(SCOPES))]
        self._methods = self._all_methods()
        self._calls: list[Call] = []
        self._lock = threading.RLock()
        self._tls = tls
        self._servers = [self._listen(port), self._listen(0)]

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def base(self) -> str:
        """Where it is; `/` shows its page."""
        return self._address(0)

    @property
    def webhook(self) -> str:
        """The incoming webhook's address."""
        return f"{self.base}/rest/{OWNER}/{CODE}/"

    @property
    def calls(self) -> list[Call]:
        """Every request so far, oldest first."""
        with self._lock:
            return list(self._calls)

    @property
    def items(self) -> list[dict[str, Any]]:
        """The items of smart processes, named as crm.item answers."""
        return self._copy(self.crm.items)

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """The tasks: `id` and `status` are numbers, `checklist` its items."""
        return self._copy(self._tasks.tasks)

    @property
    def posts(self) -> list[dict[str, Any]]:
        """The posts: id, title, message, dest, files, author, at."""
        return self._copy(self.feed.posts)

    @property
    def comments(self) -> list[dict[str, Any]]:
        """The comments: id, post_id, text, author, at."""
        return self._copy(self.feed.comments)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events: id, name, description, from, to, attendees, section."""
        return self._copy(self.calendar.events)

    @property
    def notices(self) -> list[dict[str, Any]]:
        """The notifications that are to be seen: id, user_id, message, tag, at."""
        return self._copy(self._notices.notices)

    @property
    def files(self) -> list[dict[str, Any]]:
        """The files: id, name, folder, size."""
        return self._copy(self._drive.files)

    @property
    def timeline(self) -> list[dict[str, Any]]:
        """The comments in timelines, named as the portal answers."""
        return self._copy(self.crm.timeline)

    @property
    def elements(self) -> list[dict[str, Any]]:
        """The elements of universal lists."""
        return self._copy(self._lists.elements)

    def created(self, marker: str) -> Counter[str]:
        """How many things of each kind were ever made whose texts hold the marker, also those deleted since."""
        with self._lock:
            return self._desk.count(marker)

    def add_user(
        self,
        email: str,
        name: str,
        last_name: str = "",
        departments: Iterable[int] = (),
        active: bool = True,
        admin: bool = False,
    ) -> int:
        """Somebody gets an account; the id."""
        with self._lock:
            return self.people.add_user(email, name, last_name, tuple(departments), active, admin)

    def add_department(self, name: str, parent: int | None = None, head: int | None = None) -> int:
        """A department; the id."""
        with self._lock:
            return self.people.add_department(name, parent, head)

    def set_head(self, department: int, user: int | None) -> None:
        """Who leads a department; None: nobody."""
        with self._lock:
            row = self.people.departments[department - 1]
            row.pop("UF_HEAD", None)
            if user:
                row["UF_HEAD"] = str(user)

    def add_webhook(self, user: int, code: str, scopes: Iterable[str]) -> None:
        """Another incoming webhook."""
        self._webhooks.append(_Webhook(user, code, set(scopes) | {"basic"}))

    def revoke(self) -> None:
        """The webhook is deleted in the portal."""
        self._webhooks[0].code = ""

    def restore(self) -> None:
        """It is there again."""
        self._webhooks[0].code = CODE

    def remove_scope(self, scope: str) -> None:
        """A right of the webhook is unticked."""
        self._webhooks[0].scopes.discard(scope)

    def add_scope(self, scope: str) -> None:
        """A right of the webhook is ticked."""
        self._webhooks[0].scopes.add(scope)

    def complete_task(self, task_id: int, by: int) -> None:
        """A person completes a task in the portal's own pages."""
        with self._lock:
            self._tasks.close(self._tasks.found(task_id), by)

    def reopen_task(self, task_id: int) -> None:
        """A person takes a task up again."""
        with self._lock:
            self._tasks.reopen(self._tasks.found(task_id))

    def stages(self) -> list[dict[str, Any]]:
        """The stages of all smart processes, in their order, for the page."""
        return sorted(self._copy(self.crm.statuses), key=lambda row: int(row["SORT"]))

    def answer(self, path: str, content_type: str, body: bytes, key: str | None) -> _Reply | str:
        """The whole way of one request; a text names the fault that happens on its way back."""
        url = urlsplit(path)
        route = _ROUTE.fullmatch(url.path)
        if not route:
            return _Reply(404, {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"})
        method, version = route["method"].lower(), 3 if route["v3"] else 2
        began = self.clock()
        fault, params = "", dict[str, Any]()
        with self._lock:
            try:
                params = read_parameters("" if version == 3 else url.query, content_type, body)
                fault = self.faults.take(method)
                self._before(fault)
                reply = self._carry_out(route, method, version, params, began, key)
            except Refusal as refusal:
                reply = _refused(refusal, version)
            if fault in ("drop_before", "redirect"):
                reply = _Reply(302, {})
            self._note(method, params, version, reply, key)
        if fault.startswith("delay:"):
            time.sleep(float(fault.partition(":")[2]))
            return reply
        return fault if fault in _ON_THE_WAY_BACK else reply

    def redirect_to(self, path: str) -> str:
        """The same at the portal's other address."""
        return self._address(1) + path

    def _before(self, fault: str) -> None:
        if fault == "limit_503":
            raise Refusal("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)
        if fault == "operating_429":
            raise Refusal("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429)
        if fault.startswith("refuse:"):
            raise Refusal(fault.partition(":")[2], "Refused")
        if fault in ("drop_before", "redirect"):
            raise Refusal(fault, "", 302)

    def _carry_out(
        self, route: re.Match[str], method: str, version: int, params: dict[str, Any], began: datetime, key: str | None
    ) -> _Reply:
        self.limits.let_in()
        webhook = self._signed_in(int(route["uid"]), route["code"])
        if version == 3:
            self._needs(webhook, "tasks", 3)
            self.limits.begin(f"v3 {method}")
            result = self._rest3.call(method, params, webhook.user, webhook.code, key)
            self.limits.end(f"v3 {method}")
            headers = {"Idempotency-Key": key} if key else {}
            if isinstance(result, Replay):
                result, headers = result.result, {**headers, "Idempotent-Replayed": "true"}
            return self._done(f"v3 {method}", result, began, headers)
        if method == "batch":
            result = run_batch(params, lambda name, inner: self._run(webhook, name, inner))
        else:
            result = self._run(webhook, method, params)
        return self._done(method, result, began, {})

    def _run(self, webhook: _Webhook, method: str, params: dict[str, Any]) -> Any:
        known = self._methods.get(method)
        if known is None:
            raise Refusal("ERROR_METHOD_NOT_FOUND", "Method not found!", self.contested.method_not_found)
        scope, act = known
        self._needs(webhook, scope, 2)
        self.limits.begin(method)
        result = act(params, webhook.user)
        self.limits.end(method)
        return result

    def _done(self, method: str, result: Any, began: datetime, headers: dict[str, str]) -> _Reply:
        limits = self.limits
        body = envelope(result, began, self.clock(), limits.operating(method), limits.until_reset(method))
        return _Reply(200, body, None, True, headers)

    def _signed_in(self, user: int, code: str) -> _Webhook:
        found = next((w for w in self._webhooks if code and (w.user, w.code) == (user, code)), None)
        if found is None:
            raise Refusal("INVALID_CREDENTIALS", "Invalid request credentials", self.contested.invalid_credentials)
        return found

    def _needs(self, webhook: _Webhook, scope: str, version: int) -> None:
        has = webhook.scopes | ({"user_basic"} if "user" in webhook.scopes else set())
        if scope in has or scope == "basic":
            return
        said = "The request requires higher privileges than provided by the webhook token"
        if version == 3:
            raise Refusal(f"{PREFIX}INSUFFICIENTSCOPEEXCEPTION", said, self.contested.insufficient_scope)
        raise Refusal("insufficient_scope", said, self.contested.insufficient_scope)

    def _all_methods(self) -> dict[str, tuple[str, Method]]:
        families = (self.people, self.crm, self._tasks, self.feed, self.calendar, self._notices, self._drive)
        found: dict[str, tuple[str, Method]] = {}
        for family in (*families, self._lists):
            found |= family.methods()
        found["scope"] = ("basic", lambda params, owner: sorted(self._webhooks[0].scopes))
        found["server.time"] = ("basic", lambda params, owner: self._desk.now())
        found["method.get"] = ("basic", self._method_get)
        return found

    def _method_get(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        known = self._methods.get(str(params.get("name", "")))
        available = known is not None and known[0] in self._webhooks[0].scopes | {"basic"}
        return {"isExisting": known is not None, "isAvailable": available}

    def _note(self, method: str, params: dict[str, Any], version: int, reply: _Reply, key: str | None) -> None:
        self._calls.append(
            Call(self._monotonic(), method, params, version, reply.status, reply.error, reply.executed, key)
        )

    def _copy(self, things: list[dict[str, Any]]) -> list[dict[str, Any]]:
        with self._lock:
            return copy.deepcopy(things)

    def _address(self, index: int) -> str:
        port = self._servers[index].server_address[1]
        return f"https://localhost:{port}" if self._tls else f"http://127.0.0.1:{port}"

    def _listen(self, port: int) -> ThreadingHTTPServer:
        server = _Listener(("127.0.0.1", port), _Handler)
        server.portal = self
        if self._tls:
            server.socket = self._tls.wrap_socket(server.socket, server_side=True)
        return server


_ON_THE_WAY_BACK = ("drop_before", "drop_after", "error_500_after", "html_502", "truncated", "redirect")


def _refused(refusal: Refusal, version: int) -> _Reply:
    if version == 3 and refusal.error.startswith(PREFIX):
        body: dict[str, Any] = {"error": {"code": refusal.error, "message": refusal.description}}
    else:
        body = {"error": refusal.error, "error_description": refusal.description}
    return _Reply(refusal.status, body, refusal.error)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    portal: PortalServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or a fault that was asked for, is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body in one packet: else each answer waits for the acknowledgement of its header
    server: _Listener

    def do_POST(self) -> None:
        """A call."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(body)

    def do_GET(self) -> None:
        """A call without a body, or the page."""
        if self.path == "/":
            from mailflow.office.bitrix24.page import portal_page

            self._send(200, "text/html; charset=utf-8", portal_page(self.server.portal).encode())
        else:
            self._answer(b"")

    def _answer(self, body: bytes) -> None:
        portal = self.server.portal
        if portal.faults.away:
            self._cut()
            return
        key = self.headers.get("Idempotency-Key")
        reply = portal.answer(self.path, self.headers.get("Content-Type", ""), body, key)
        if isinstance(reply, _Reply):
            content = json.dumps(reply.body, ensure_ascii=False).encode()
            self._send(reply.status, "application/json; charset=utf-8", content, reply.headers)
        elif reply in ("drop_before", "drop_after"):
            self._cut()
        elif reply == "error_500_after":
            self._send(500, "application/json", b'{"error":"INTERNAL_SERVER_ERROR","error_description":"Internal"}')
        elif reply == "html_502":
            self._send(502, "text/html", b"<html><body><h1>502 Bad Gateway</h1></body></html>")
        elif reply == "truncated":
            self._send(200, "application/json", b'{"result":{"ta')
        else:
            self._send(302, "text/html", b"", {"Location": portal.redirect_to(self.path)})

    def _send(self, status: int, kind: str, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the address of a webhook is a secret."""
