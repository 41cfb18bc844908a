"""The board of the demo's company, on its own database, at a moment of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import jinja2
import pytest

from mailflow.approval.company import Company
from mailflow.jobs.identity import Mint
from mailflow.jobs.outgoing import Outgoing
from mailflow.office.books import TODAY, company_of_the_books, write_books
from mailflow.settings import packaged_templates
from mailflow.store.engine import Store, open_store
from mailflow.web.board import Board
from mailflow.web.place import Place
from mailflow.web.rendering import Pages
from mailflow.web.server import BoardServer

LANGUAGES = ("en", "ru")

HERE = Place("127.0.0.1", 8025, "http://127.0.0.1:8025")
IN_PUBLIC = Place("127.0.0.1", 8025, "https://invoices.example.com")


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Office:
    """A board, whose clock stands still unless it is moved."""

    store: Store
    company: Company
    clock: Clock
    mint: Mint
    woken: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _ends: list[Callable[[], object]] = field(default_factory=list)

    @property
    def outgoing(self) -> Outgoing:
        return Outgoing(self.company, self.mint)

    def board(self, place: Place = HERE) -> Board:
        pages = Pages(jinja2.FileSystemLoader(packaged_templates()), LANGUAGES)
        return Board(
            self.store, self.company, self.outgoing, pages, place, self.clock, lambda: self.woken.append("woken")
        )

    def serve(self, place: Place = HERE) -> BoardServer:
        """The board on a free port of this machine."""
        server = BoardServer(replace(self.board(place), place=replace(place, port=0)))
        server.start()
        self._ends.append(server.stop)
        return server

    def client(self, place: Place = HERE, **headers: str) -> httpx.Client:
        """A browser without eyes, which asks for the board by the name that people use."""
        server = self.serve(place)
        named = {"Host": urlsplit(place.address).netloc, **headers}
        client = httpx.Client(base_url=f"http://127.0.0.1:{server.port}", headers=named, trust_env=False)
        self._ends.append(client.close)
        return client

    def dump(self) -> str:
        """Everything that is kept, as SQL."""
        with self.store.begin() as uow:
            driver = uow._connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            return "\n".join(driver.iterdump())

    def close(self) -> None:
        for end in reversed(self._ends):
            end()
        self.store.close()


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("books") / "mailflow.db"
    store = open_store(f"sqlite:///{file}")
    company = company_of_the_books()
    write_books(store, Outgoing(company, Mint("example.com", store.identity_key())))
    store.close()
    return file


@pytest.fixture
def office(books: Path, tmp_path: Path) -> Iterator[Office]:
    file = tmp_path / "mailflow.db"
    file.write_bytes(books.read_bytes())
    store = open_store(f"sqlite:///{file}")
    company = company_of_the_books()
    clock = Clock(datetime.combine(TODAY, time(11, 40), company.timezone))
    office = Office(store, company, clock, Mint("example.com", store.identity_key()))
    yield office
    office.close()
