"""Metrics and health: off unless wanted, on this machine alone, and true while the daemon works and when it cannot."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mailflow.errors import ConfigurationError
from mailflow.log import start_logging
from mailflow.metrics import Health, Metrics
from mailflow.observation import noted, step
from mailflow.office.mail_server import MailServer
from mailflow.office.papers import Paper
from mailflow.store.engine import Store, open_store
from tests.test_daemon import BODY, USERS, daemon, ivan

PATIENCE = 30.0


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


def get(port: int, path: str) -> tuple[int, str]:
    """Status and body; 0 where nobody answers."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        return refused.code, refused.read().decode()
    except (URLError, OSError):
        return 0, ""


def soon(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < until:
        time.sleep(0.1)
    return condition()


def samples(port: int) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, as Prometheus reads them."""
    _, text = get(port, "/metrics")
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name, *sample.labels.values()] = sample.value
    return found


@pytest.mark.slow
def test_a_daemon_tells_what_it_did_and_how_it_is_until_it_ends(tmp_path: Path) -> None:
    port = free_port()
    more = f'metrics: {{listen: "127.0.0.1:{port}"}}'
    with MailServer(USERS) as server, daemon(tmp_path, server.imap_port, server.smtp_port, more=more) as process:
        person = ivan(server)
        person.submit("Paper", BODY, [Paper("a.pdf", "application/pdf", b"%PDF-1 first")])
        assert person.wait_for(lambda mail: "INV-2026-0001" in mail.subject, timeout=PATIENCE)
        assert soon(lambda: get(port, "/health")[0] == 200)
        assert json.loads(get(port, "/health")[1])["problems"] == []
        assert soon(lambda: samples(port).get(("mailflow_effects_sent_total", "acknowledgement")) == 1)
        told = samples(port)
        assert told["mailflow_mails_received_total",] == 1
        assert told["mailflow_mails_processed_total", "submission", "processed"] == 1
        assert told["mailflow_queue_entries", "inbox", "received"] == 0
        assert told["mailflow_imap_connected",] == told["mailflow_healthy",] == 1
        assert told["mailflow_step_seconds_count", "send"] >= 2
        assert told["mailflow_last_pass_age_seconds",] < PATIENCE
        assert get(port, "/invoices")[0] == 404
        assert not any(word in get(port, "/metrics")[1] for word in ("ivan", "example.com", "Romashka", "Paper"))
        process.terminate()
        assert process.wait(PATIENCE) == 0
    assert get(port, "/health") == (0, "")


@pytest.mark.slow
def test_a_mailbox_that_is_away_is_no_health_and_the_reason_is_said(tmp_path: Path) -> None:
    port = free_port()
    with daemon(tmp_path, free_port(), free_port(), more=f'metrics: {{listen: "127.0.0.1:{port}"}}'):
        assert soon(lambda: "IMAP" in get(port, "/health")[1])
        code, said = get(port, "/health")
        assert code == 503
        assert json.loads(said)["ok"] is False
        assert samples(port)["mailflow_imap_connected",] == 0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path}/mailflow.db")
    yield store
    store.close()


@pytest.fixture
def served(store: Store) -> Iterator[tuple[Metrics, Health]]:
    health = Health(60, lambda text: text.replace("hunter22", "***"))
    metrics = Metrics(store, health, lambda: True, "127.0.0.1", 0)
    metrics.start()
    yield metrics, health
    metrics.stop()


def test_before_the_first_pass_has_ended_it_is_no_health(served: tuple[Metrics, Health]) -> None:
    metrics, health = served
    assert get(metrics.port, "/health")[0] == 503
    health.ended([])
    assert get(metrics.port, "/health")[0] == 200
    health.ended(["The mailbox is away, hunter22"])
    code, said = get(metrics.port, "/health")
    assert (code, json.loads(said)["problems"]) == (503, ["The mailbox is away, ***"])


def test_a_pass_that_is_stuck_is_no_health_and_one_that_is_long_is(
    served: tuple[Metrics, Health], monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics, health = served
    health.ended([])
    later = time.monotonic() + health.longest + 1
    monkeypatch.setattr("mailflow.metrics.monotonic", lambda: later)
    code, said = get(metrics.port, "/health")
    assert (code, "its pass is stuck" in said) == (503, True)
    health.goes_on()
    assert get(metrics.port, "/health")[0] == 200


def test_it_stops_though_its_last_reader_comes_in_that_very_moment(store: Store) -> None:
    metrics = Metrics(store, Health(60, str), lambda: True, "127.0.0.1", 0)
    metrics.start()
    (serving,) = (thread for thread in threading.enumerate() if thread.name == "metrics")
    metrics._stopping.set()
    get(metrics.port, "/health")
    serving.join(10)
    metrics.stop()
    assert metrics.port == 0


def test_what_the_log_does_not_show_is_counted_too(
    served: tuple[Metrics, Health], capsys: pytest.CaptureFixture[str]
) -> None:
    root, logger = logging.getLogger(), logging.getLogger("mailflow")
    handlers, levels = root.handlers[:], (root.level, logger.level)
    try:
        start_logging([], level="error")
        logger.info("received", extra=noted("mail_received", mail=1))
        logger.error("broken")
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        logger.setLevel(levels[1])
    assert samples(served[0].port)["mailflow_mails_received_total",] == 1
    said = capsys.readouterr().err
    assert "broken" in said
    assert "received" not in said


def test_each_of_several_companies_counts_its_own_mail_alone(served: tuple[Metrics, Health], store: Store) -> None:
    north = Metrics(store, Health(60, str), lambda: True, "127.0.0.1", 0)

    def receives() -> None:
        logging.getLogger("mailflow").error("received", extra=noted("mail_received", mail=1))
        with step("fetch"):
            pass

    def works(name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name)
        thread.start()
        thread.join()

    works("north", north.start)
    works("north", receives)
    works("north smtp_0", receives)
    works("south", receives)
    counted, others = samples(north.port), samples(served[0].port)
    north.stop()
    assert (counted["mailflow_mails_received_total",], counted["mailflow_step_seconds_count", "fetch"]) == (2, 2)
    assert (others["mailflow_mails_received_total",], ("mailflow_step_seconds_count", "fetch") in others) == (0, False)


def test_a_database_that_is_away_leaves_out_what_waits_and_nothing_else(
    served: tuple[Metrics, Health], store: Store, tmp_path: Path
) -> None:
    metrics, _ = served
    assert ("mailflow_queue_entries", "outbox", "dead") in samples(metrics.port)
    store._engine.dispose()
    for file in tmp_path.iterdir():
        file.unlink()
    tmp_path.joinpath("mailflow.db").mkdir()
    told = samples(metrics.port)
    assert ("mailflow_queue_entries", "outbox", "dead") not in told
    assert ("mailflow_imap_connected",) in told


def test_an_address_that_is_taken_is_said_with_what_to_do(served: tuple[Metrics, Health], store: Store) -> None:
    taken = served[0].port
    second = Metrics(store, Health(60, str), lambda: True, "127.0.0.1", taken)
    with pytest.raises(ConfigurationError, match=r"metrics\.listen.*Give another port"):
        second.start()
    second.stop()


def test_where_nobody_wants_metrics_their_library_is_not_imported() -> None:
    program = "import sys, mailflow.bootstrap; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
