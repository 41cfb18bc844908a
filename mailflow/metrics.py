"""Prometheus metrics and a health check over HTTP, where the settings want them.

What is counted is what is logged: the events of `observation` and the seconds of its steps. What waits is asked of the
database at each scrape, by its indexes.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6, create_connection
from time import monotonic
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from mailflow import __version__, observation
from mailflow.errors import ConfigurationError, MailflowError, SettingsProblem
from mailflow.status import SILENT_AFTER, queues_of
from mailflow.store.engine import Store

REQUEST_SECONDS = 10
"""Who has not asked by then is hung up on."""

_FAILURES = {"effect_put_off": "put_off", "effect_in_doubt": "in_doubt", "effect_dead": "dead"}
_STEP_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60)


class Health:
    """Whether passes end, and as they should. `longest`: so many seconds may one be silent."""

    def __init__(self, poll_seconds: float, discreet: Callable[[str], str]) -> None:
        self.longest = max(SILENT_AFTER.total_seconds(), 3 * poll_seconds)
        self._discreet = discreet
        self._heard = monotonic()
        self._passed: float | None = None
        self._troubles: tuple[str, ...] = ("The first pass has not ended yet.",)

    def goes_on(self) -> None:
        """A pass is at work."""
        self._heard = monotonic()

    def ended(self, troubles: Sequence[str]) -> None:
        """A pass has ended; `troubles` are what hindered it."""
        self._heard = monotonic()
        self._troubles = tuple(map(self._discreet, troubles))
        if not troubles:
            self._passed = self._heard

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, as sentences; nothing where all is well."""
        silent = monotonic() - self._heard
        if silent > self.longest:
            return (*self._troubles, f"Nothing was heard of the daemon for {silent:.0f} seconds: its pass is stuck.")
        return self._troubles

    @property
    def seconds_since_pass(self) -> float | None:
        """Since the last pass that did all there was to do."""
        return None if self._passed is None else monotonic() - self._passed


class Metrics(logging.Handler):
    """Observes a daemon, and serves what it saw at http://HOST:PORT/metrics and /health as long as that runs.

    `connected`: whether the mailbox is. Of several companies' daemons it hears the one whose threads it began in.
    """

    def __init__(self, store: Store, health: Health, connected: Callable[[], bool], host: str, port: int) -> None:
        super().__init__(logging.INFO)
        self._health = health
        self._place = host, port
        self._server: ThreadingHTTPServer | None = None
        self._stopping = threading.Event()
        self._company = ""
        self.registry = registry = CollectorRegistry()
        self._received = Counter("mailflow_mails_received", "Mails recorded.", registry=registry)
        self._processed = Counter(
            "mailflow_mails_processed", "Mails settled.", ["intent", "outcome"], registry=registry
        )
        self._not_processed = Counter(
            "mailflow_mails_put_off", "Tries to process a mail that failed.", registry=registry
        )
        self._sent = Counter(
            "mailflow_effects_sent", "Mails delivered and changes shown in the portal.", ["kind"], registry=registry
        )
        self._failed = Counter(
            "mailflow_effects_failed", "Tries to deliver that failed.", ["kind", "how"], registry=registry
        )
        self._steps = Histogram(
            "mailflow_step_seconds", "What steps took.", ["step"], buckets=_STEP_SECONDS, registry=registry
        )
        Gauge("mailflow_imap_connected", "Whether the mailbox is connected.", registry=registry).set_function(
            lambda: float(connected())
        )
        Gauge("mailflow_healthy", "Whether /health is 200.", registry=registry).set_function(
            lambda: float(not health.problems)
        )
        Gauge("mailflow_build_info", "The version.", ["version"], registry=registry).labels(__version__).set(1)
        self.registry.register(_Waiting(store, health))

    def start(self) -> None:
        """Begins to serve. Raises ConfigurationError where the address cannot be had."""
        host, port = self._place
        try:
            self._server = _server(host, port, self.registry, self._health)
        except OSError as error:
            mend = "Give another port, or stop what uses it."
            problem = SettingsProblem("metrics.listen", f"{host}:{port} cannot be had: {error.strerror}.", mend)
            raise ConfigurationError("settings", [problem]) from error
        self._company = _company_of(threading.current_thread().name)
        logging.getLogger("mailflow").addHandler(self)
        observation.listeners.append(self._took)
        threading.Thread(target=self._serve, args=(self._server,), name="metrics", daemon=True).start()

    @property
    def port(self) -> int:
        """Where it serves, also where the settings leave it open by 0."""
        return self._server.server_port if self._server else 0

    def within_a_pass(self) -> None:
        """A pass goes on."""
        self._health.goes_on()

    def after_a_pass(self, troubles: Sequence[str]) -> None:
        """A pass has ended."""
        self._health.ended(troubles)

    def stop(self) -> None:
        """Serves no more."""
        logging.getLogger("mailflow").removeHandler(self)
        if self._server is None:
            return
        observation.listeners.remove(self._took)
        self._stopping.set()
        with suppress(OSError):  # it sleeps until somebody comes, or has just ended with whoever came last
            create_connection((self._place[0], self.port), REQUEST_SECONDS).close()
        self._server = None

    def emit(self, record: logging.LogRecord) -> None:
        """Counts an event."""
        if _company_of(record.threadName or "") != self._company:
            return
        facts: dict[str, Any] = getattr(record, "facts", {})
        match getattr(record, "event", ""):
            case "mail_received":
                self._received.inc()
            case "mail_processed":
                self._processed.labels(facts["intent"], facts["outcome"]).inc()
            case "mail_put_off":
                self._not_processed.inc()
            case "effect_sent":
                self._sent.labels(facts["kind"]).inc()
            case "effect_put_off" | "effect_in_doubt" | "effect_dead" as event:
                self._failed.labels(facts["kind"], _FAILURES[event]).inc()

    def _took(self, step: str, seconds: float) -> None:
        if _company_of(threading.current_thread().name) == self._company:
            self._steps.labels(step).observe(seconds)

    def _serve(self, server: ThreadingHTTPServer) -> None:
        with server:
            while not self._stopping.is_set():
                server.handle_request()


def _company_of(thread: str) -> str:
    """What the names of a company's threads begin with."""
    return thread.partition(" ")[0]


class _Waiting(Collector):
    """What waits, as the database has it at the moment; nothing of it where that cannot be asked."""

    def __init__(self, store: Store, health: Health) -> None:
        self._store = store
        self._health = health

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The gauges."""
        since = self._health.seconds_since_pass
        if since is not None:
            yield GaugeMetricFamily("mailflow_last_pass_age_seconds", "Since all was done that there was to do.", since)
        entries = GaugeMetricFamily("mailflow_queue_entries", "Entries not finished.", labels=["queue", "state"])
        oldest = GaugeMetricFamily("mailflow_queue_oldest_seconds", "Age of the oldest that waits.", labels=["queue"])
        now = datetime.now(UTC) + self._store.ahead
        try:
            queues = queues_of(self._store, now)
        except MailflowError:
            return
        for name, queue in queues.items():
            for state, count in queue.states.items():
                entries.add_metric([name, state], count)
            oldest.add_metric([name], (now - queue.oldest).total_seconds() if queue.oldest else 0)
        yield from (entries, oldest)


def _server(host: str, port: int, registry: CollectorRegistry, health: Health) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = REQUEST_SECONDS

        def do_GET(self) -> None:
            match self.path.partition("?")[0]:
                case "/metrics":
                    encode, content_type = choose_encoder(self.headers.get("Accept", ""))
                    self._answer(200, content_type, encode(registry))
                case "/health":
                    problems, age = health.problems, health.seconds_since_pass
                    said = {
                        "ok": not problems,
                        "problems": list(problems),
                        "last_pass_seconds": None if age is None else round(age),
                    }
                    body = json.dumps(said, ensure_ascii=False).encode()
                    self._answer(503 if problems else 200, "application/json; charset=utf-8", body)
                case _:
                    self._answer(404, "text/plain; charset=utf-8", b"There is /metrics and /health.\n")

        def _answer(self, code: int, content_type: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Scrapes are not logged."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        address_family = AF_INET6 if ":" in host else AF_INET

        def handle_error(self, request: object, client_address: object) -> None:
            """Whoever asks hung up, or never asked."""

    return Server((host, port), Handler)
