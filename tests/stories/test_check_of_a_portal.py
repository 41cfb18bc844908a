"""`check` and `bitrix24 setup` as an administrator runs them, before and beside a mailflow at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from mailflow import bootstrap, checking
from mailflow.cli import cli
from mailflow.jobs.portal import sync
from mailflow.office.bitrix24.server import PortalServer
from tests.stories.conftest import Office

BY_PORTAL = "olga@example.com]\n  hierarchy: bitrix24\n  route: hierarchy #"


@pytest.fixture
def portal() -> Iterator[PortalServer]:
    with PortalServer() as server:
        server.limits.off()
        yield server


@pytest.fixture
def office(portal: PortalServer, open_office: Callable[..., Office]) -> Office:
    return open_office(sequence=BY_PORTAL, more=f"bitrix24: {{webhook: '{portal.webhook}', requests_a_second: 1000}}")


def run(office: Office, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--settings", str(office.folder / "settings.yaml"), *words])


def test_check_shows_before_the_first_run_whom_everybody_would_ask(office: Office, portal: PortalServer) -> None:
    director = portal.add_user("director@example.com", "Dmitry")
    top = portal.add_department("Top", head=director)
    portal.add_user("ivan@example.com", "Иван", departments=(top,))
    assert "ivan@example.com asks director@example.com" in run(office, "check").output


def test_check_says_of_everybody_who_would_ask_nobody_why(office: Office, portal: PortalServer) -> None:
    top = portal.add_department("Top")
    director = portal.add_user("director@example.com", "Dmitry", departments=(top,))
    portal.set_head(top, director)
    below = portal.add_department("Below", parent=top, head=director)
    for n in range(checking.MOST_HEADS_SHOWN + 10):
        portal.add_user(f"p{n}@example.com", f"P{n}", departments=(below,))
    alone = portal.add_department("Alone")
    portal.add_user("last@example.com", "Last", departments=(alone,))
    portal.add_user("finance@example.com", "mailflow")
    done = run(office, "check")
    assert done.exit_code == 1
    assert "ok   route hierarchy: nobody is above director@example.com (own head: Top)" in done.output
    assert "FAIL route hierarchy: nobody is above last@example.com (no head: Alone)" in done.output
    assert "Name a head above them in Bitrix24" in done.output
    assert done.output.count(" asks director@example.com") == checking.MOST_HEADS_SHOWN - 1  # and the director
    assert "and 11 more people" in done.output
    assert "nobody is above finance@example.com" not in done.output


def test_a_structure_that_cannot_be_read_is_a_fault(office: Office, portal: PortalServer) -> None:
    portal.remove_scope("department")
    done = run(office, "check")
    assert "FAIL route hierarchy: the departments of Bitrix24 have never been read" in done.output


def test_a_set_up_beside_a_mailflow_that_speaks_to_the_portal_says_so(
    office: Office, portal: PortalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "WAITS_FOR_TURN", timedelta(0))
    with office.mailflow.store.begin() as uow:
        assert uow.portal.take_turn("a daemon", bootstrap.utc_now(), timedelta(hours=1))
        uow.commit()
    done = run(office, "bitrix24", "setup")
    assert done.exit_code != 0
    assert "a daemon is speaking to the portal" in done.output
    assert portal.crm.types == []


def test_a_set_up_after_a_mailflow_that_was_killed_waits_for_nobody(
    office: Office, portal: PortalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "WAITS_FOR_TURN", timedelta(0))
    with office.mailflow.store.begin() as uow:
        assert uow.portal.take_turn("a daemon", bootstrap.utc_now(), timedelta(hours=1))
        uow.commit()
    office.mailflow.close()
    assert run(office, "bitrix24", "setup").exit_code == 0
    assert len(portal.crm.types) == 1
