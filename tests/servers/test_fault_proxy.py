"""The proxy itself: that each fault is what it says, so that the trials try what they say."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pytest

from tests.servers.fault_proxy import (
    HOST,
    Answers,
    Cut,
    FaultProxy,
    Garbage,
    Point,
    Refuse,
    Reset,
    Silence,
    Slices,
)
from tests.servers.scripted import scripted


def echo(received: BinaryIO, say: Callable[[bytes], object]) -> None:
    say(b"hello\n")
    for line in received:
        say(b"said " + line)


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    with scripted(echo) as port, FaultProxy(port) as running:
        yield running


@contextmanager
def talk(proxy: FaultProxy) -> Iterator[tuple[socket.socket, BinaryIO]]:
    with socket.create_connection((HOST, proxy.port), 5) as client, client.makefile("rb") as file:
        yield client, file


def asked(client: socket.socket, file: BinaryIO, text: bytes) -> bytes:
    client.sendall(text + b"\n")
    return file.readline()


def test_without_a_fault_everything_passes(proxy: FaultProxy) -> None:
    with talk(proxy) as (client, file):
        assert file.readline() == b"hello\n"
        assert asked(client, file, b"one") == b"said one\n"
        assert proxy.longest_talk == 2


@pytest.mark.parametrize(
    ("at", "heard"),
    [(Point(2, 0), b""), (Point(2, 6), b"said o"), (Point(2, None), b"said one\n"), (Point(2, 99), b"said one\n")],
)
def test_a_cut_comes_before_in_or_after_an_answer(proxy: FaultProxy, at: Point, heard: bytes) -> None:
    proxy.strike(Cut(at))
    with talk(proxy) as (client, file):
        assert file.readline() == b"hello\n"
        client.sendall(b"one\n")
        assert file.read(len(heard)) == heard
        if len(heard) == 9:
            client.sendall(b"two\n")
        assert file.read() == b""


def test_an_open_connection_counts_its_answers_from_the_order_on(proxy: FaultProxy) -> None:
    with talk(proxy) as (client, file):
        file.readline()
        asked(client, file, b"one")
        proxy.strike(Cut(Point(2, 0)))
        assert asked(client, file, b"two") == b"said two\n"
        assert asked(client, file, b"three") == b""


def test_a_reset_is_no_orderly_end(proxy: FaultProxy) -> None:
    proxy.strike(Reset(Point(2, 2)))
    with talk(proxy) as (client, file):
        file.readline()
        client.sendall(b"one\n")
        with pytest.raises(ConnectionResetError):
            file.read()


def test_refusal_ends_what_is_open_and_refuses_what_is_new_until_it_heals(proxy: FaultProxy) -> None:
    with talk(proxy) as (_, file):
        file.readline()
        proxy.strike(Refuse())
        with pytest.raises(ConnectionResetError):
            file.read()
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, proxy.port), 5)
    proxy.heal()
    with talk(proxy) as (_, file):
        assert file.readline() == b"hello\n"


def test_a_server_that_is_killed_resets_what_is_open_and_is_gone(proxy: FaultProxy) -> None:
    proxy.strike(Reset(Point(2, 0), and_is_gone=True))
    with talk(proxy) as (client, file):
        assert file.readline() == b"hello\n"
        client.sendall(b"one\n")
        with pytest.raises(ConnectionResetError):
            file.read()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, proxy.port), 5)
    proxy.heal()
    with talk(proxy) as (_, file):
        assert file.readline() == b"hello\n"


def test_silence_keeps_the_connection_and_lasts_though_the_line_heals(proxy: FaultProxy) -> None:
    proxy.strike(Silence(Point(2, 3)))
    with talk(proxy) as (client, file):
        file.readline()
        client.sendall(b"one\n")
        assert file.read(3) == b"sai"
        proxy.heal()
        client.sendall(b"two\n")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            file.read(1)
    with talk(proxy) as (_, file):
        assert file.readline() == b"hello\n"


def test_slices_come_one_after_the_other(proxy: FaultProxy) -> None:
    proxy.strike(Slices(1, 0.02))
    with talk(proxy) as (_, file):
        began = time.monotonic()
        assert file.readline() == b"hello\n"
        assert time.monotonic() - began > 5 * 0.02


def test_garbage_is_said_once_in_the_midst_of_an_answer(proxy: FaultProxy) -> None:
    proxy.strike(Garbage(b"??", Point(2, 4)))
    with talk(proxy) as (client, file):
        file.readline()
        assert asked(client, file, b"one") == b"said?? one\n"
        assert asked(client, file, b"two") == b"said two\n"


def test_an_answer_in_the_servers_place_keeps_the_command_from_it(proxy: FaultProxy) -> None:
    proxy.strike(Answers(re.compile(rb"(\w+) MOVE\n"), rb"\1 NO\n"))
    with talk(proxy) as (client, file):
        file.readline()
        assert asked(client, file, b"7 MOVE") == b"7 NO\n"
        assert asked(client, file, b"8 COPY") == b"said 8 COPY\n"
        proxy.strike(Answers(re.compile(rb"(\w+) MOVE\n"), rb"BYE\n", and_ends=True))
        assert asked(client, file, b"9 MOVE") == b"BYE\n"
        assert file.read() == b""


def test_it_can_lead_to_another_server_for_a_time(proxy: FaultProxy) -> None:
    with scripted(lambda received, say: say(b"somebody else\n")) as port:
        proxy.lead_to(port)
        with talk(proxy) as (_, file):
            assert file.readline() == b"somebody else\n"
        proxy.heal()
        with talk(proxy) as (_, file):
            assert file.readline() == b"hello\n"
