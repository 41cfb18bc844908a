"""With `board` in the settings the daemon serves the board besides, by the settings as they are now."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mailflow import bootstrap
from mailflow.settings import Settings, load_settings
from tests.cli.conftest import SETTINGS
from tests.settings_file import write_settings_file


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = SETTINGS.format(database=tmp_path / "mailflow.db") + f'board: {{listen: "127.0.0.1:{port}"}}\n'
    return load_settings(write_settings_file(tmp_path / "settings.yaml", text))


@pytest.fixture
def application(settings: Settings) -> Iterator[bootstrap.Application]:
    application = bootstrap.build(settings)
    yield application
    application.close()


def seen(settings: Settings) -> str:
    return httpx.get(f"http://{settings.board.listen}/", trust_env=False).text if settings.board else ""


def test_it_is_served_until_the_daemon_ends(application: bootstrap.Application, settings: Settings) -> None:
    application.board = bootstrap.board_beside(settings, application)
    assert "Payment calendar" in seen(settings)
    application.close()
    with pytest.raises(httpx.ConnectError):
        seen(settings)


def test_edited_settings_are_seen_at_once(application: bootstrap.Application, settings: Settings) -> None:
    application.board = bootstrap.board_beside(settings, application)
    bootstrap.take_over(application, settings.model_copy(update={"company_name": "Tulip Ltd", "language": "ru"}))
    assert "Tulip Ltd" in seen(settings)
    assert "Платёжный календарь" in seen(settings)


def test_a_port_that_is_taken_holds_up_no_mail(
    application: bootstrap.Application, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    assert settings.board
    with socket.create_server(("127.0.0.1", settings.board.port)):
        assert bootstrap.board_beside(settings, application) is None
    assert "board.listen" in caplog.text


def test_without_the_setting_there_is_none(application: bootstrap.Application, settings: Settings) -> None:
    assert bootstrap.board_beside(settings.model_copy(update={"board": None}), application) is None
