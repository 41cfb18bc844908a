"""Pictures of the board for the README: `python -m scripts.screenshots` writes them into docs/.

The demo's company on a day of its own, in the Chromium of the system, so the same every time.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Literal

import jinja2
from playwright.sync_api import Browser, sync_playwright

from mailflow.jobs.identity import Mint
from mailflow.jobs.outgoing import Outgoing
from mailflow.office.books import TODAY, company_of_the_books, write_books
from mailflow.settings import packaged_templates
from mailflow.store.engine import open_store
from mailflow.web.board import Board
from mailflow.web.place import Place
from mailflow.web.rendering import Pages
from mailflow.web.server import BoardServer

CHROMIUM = "/usr/bin/chromium"
DOCS = Path(__file__).parents[1] / "docs"


@dataclass(frozen=True)
class Picture:
    """One page as somebody sees it; sizes in CSS pixels."""

    name: str
    path: str
    language: Literal["en", "ru"] = "en"
    scheme: Literal["light", "dark"] = "light"
    width: int = 1320
    height: int = 1010


DESK = (
    Picture("board-en", "/"),
    Picture("board-ru-dark", "/", "ru", "dark"),
    Picture("board-invoices-ru", "/invoices", "ru", height=860),
    Picture("board-invoice-en", "/invoices/INV-2026-0018", height=860),
    Picture("board-phone-ru", "/", "ru", width=390, height=844),
    Picture("board-phone-en-dark", "/invoices", "en", "dark", 390, 844),
)


def take(browser: Browser, address: str, picture: Picture, folder: Path) -> None:
    """Takes one picture."""
    page = browser.new_page(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
        locale=picture.language,
        device_scale_factor=2 if picture.width < 500 else 1,
    )
    page.goto(address + picture.path)
    page.screenshot(path=folder / f"{picture.name}.png")
    page.close()


def main(folder: Path) -> None:
    """Takes them all."""
    with tempfile.TemporaryDirectory() as place_of_books:
        store = open_store(f"sqlite:///{place_of_books}/mailflow.db")
        company = company_of_the_books()
        outgoing = Outgoing(company, Mint("example.com", store.identity_key()))
        write_books(store, outgoing)
        place = Place("127.0.0.1", 0, "http://127.0.0.1:8025")
        pages = Pages(jinja2.FileSystemLoader(packaged_templates()), ("en", "ru"))
        now = datetime.combine(TODAY, time(11, 40), company.timezone)
        server = BoardServer(Board(store, company, outgoing, pages, place, lambda: now))
        server.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM)
                for picture in DESK:
                    take(browser, f"http://127.0.0.1:{server.port}", picture, folder)
                browser.close()
        finally:
            server.stop()
            store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
