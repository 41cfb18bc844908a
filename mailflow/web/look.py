"""One request of somebody who may look: what a view needs to answer it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from mailflow.approval.company import Company
from mailflow.store.unit_of_work import UnitOfWork
from mailflow.web.board import Board
from mailflow.web.viewer import Viewer


@dataclass(frozen=True)
class Look:
    """Who asks for what, in which language, over one unit of work that keeps nothing."""

    request: Request
    board: Board
    company: Company
    language: str
    viewer: Viewer
    uow: UnitOfWork

    @property
    def today(self) -> date:
        """The date in the company's time zone."""
        return self.company.today(self.board.clock())

    def page(self, name: str, status: int = 200, **facts: Any) -> HTMLResponse:
        """A page in the reader's language."""
        languages = self.board.pages.languages
        known = {
            "viewer": self.viewer,
            "signed_in": self.board.place.needs_sign_in,
            "path": self.request.url.path,
            "languages": {code: self.request.url.include_query_params(lang=code).query for code in languages},
            "today": self.today,
        }
        return HTMLResponse(self.board.pages.render(name, self.language, self.company, **known, **facts), status)
