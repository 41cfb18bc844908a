"""board, feed: the pages and the secret addresses, from the command line."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import SETTINGS, Company, paid
from tests.settings_file import write_settings_file

RUN = Path(__file__).parents[2] / "run.py"


@pytest.fixture
def address(office: Company) -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = SETTINGS.format(database=office.folder / "mailflow.db") + f'board: {{listen: "127.0.0.1:{port}"}}\n'
    write_settings_file(office.folder / "settings.yaml", text)
    return f"http://127.0.0.1:{port}"


def test_the_board_alone_is_served_until_it_is_told_to_stop(office: Company, address: str) -> None:
    office.keep(*paid())
    command = [sys.executable, RUN, "--settings", office.folder / "settings.yaml", "board"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as board:
        assert board.stdout
        assert address in board.stdout.readline()
        with httpx.Client(trust_env=False, transport=httpx.HTTPTransport(retries=5)) as client:
            assert "INV-2026-0003" in client.get(f"{address}/invoices").text
        board.send_signal(signal.SIGTERM)
        assert board.wait(20) == 0
        assert board.stderr
        assert board.stderr.read() == ""


def test_a_port_that_is_taken_is_told(office: Company, address: str) -> None:
    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))):
        result = office.run("board")
    assert result.exit_code == 1
    assert "The board cannot listen on" in result.stderr
    assert "board.listen" in result.stderr


def test_a_feeds_address_stays_until_a_new_one_is_wanted(office: Company, address: str) -> None:
    first = office.run("feed", "Ivan@Example.com")
    assert first.exit_code == 0
    assert re.fullmatch(rf"{address}/feed/[\w-]{{43}}\.ics\n", first.stdout)
    assert office.run("feed", "ivan@example.com").stdout == first.stdout
    assert office.run("feed", "olga@example.com").stdout != first.stdout
    new = office.run("feed", "ivan@example.com", "--new").stdout
    assert new != first.stdout
    assert office.run("feed", "ivan@example.com").stdout == new


def test_a_stranger_gets_no_feed(office: Company) -> None:
    result = office.run("feed", "mallory@example.net")
    assert result.exit_code == 1
    assert "mallory@example.net is not among the people" in result.stderr


@pytest.mark.parametrize(
    ("board", "said"),
    [
        ('{listen: "0.0.0.0:8025"}', "is missing, but the board listens beyond this machine"),
        ('{listen: "127.0.0.1"}', "no address to listen at"),
        ('{listen: "127.0.0.1:99999"}', "no address to listen at"),
        ("{address: http://invoices.example.com}", "unencrypted"),
        ("{address: https://example.com/invoices}", "a name of its own"),
        ("{address: invoices.example.com}", "no address of a web server"),
    ],
)
def test_wrong_settings_of_the_board_are_told_with_the_mend(office: Company, board: str, said: str) -> None:
    text = SETTINGS.format(database=office.folder / "mailflow.db") + f"board: {board}\n"
    write_settings_file(office.folder / "settings.yaml", text)
    result = office.run("board")
    assert result.exit_code == 78
    assert said in result.stderr
