"""Every page in a real browser: readable by everybody (WCAG 2.1 AA by axe-core), light and dark, desk and phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from mailflow.approval.effects import Entry
from mailflow.office.staff import IVAN
from mailflow.web.place import Place
from tests.web.conftest import HERE, LANGUAGES, Office
from tests.web.sessions import link_mailed_to
from tests.web.test_sign_in import mailed

ELSEWHERE = "invoices.example.test"
CHROMIUM = Path("/usr/bin/chromium")
PAGES = (
    "/", "/?month=2026-11", "/?month=2027-05", "/invoices", "/invoices?q=expo&person=maria@example.com&currency=EUR",
    "/invoices?q=nothing+at+all", "/invoices/INV-2026-0011", "/invoices/INV-2026-0007", "/invoices/INV-2026-0018",
    "/invoices/INV-2026-0028", "/activity", "/nothing",
)  # fmt: skip
DESK, PHONE = (1320, 1010), (360, 740)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        assert os.environ.get("CI") != "true", "CI has no chromium (Debian: apt install chromium)"
        pytest.skip("there is no /usr/bin/chromium")
    with sync_playwright() as playwright:
        here = f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[here])
        yield browser
        browser.close()


def opened(
    browser: Browser, office: Office, scheme: str = "light", size: tuple[int, int] = DESK, language: str = "en"
) -> Page:
    """A page of the board; whatever the browser complains of ends the test."""
    page = browser.new_page(
        base_url=f"http://127.0.0.1:{office.serve(HERE).port}",
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": size[0], "height": size[1]},
        locale=language,
    )
    page.on("console", lambda message: office.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: office.complaints.append(str(error)))
    return page


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_every_page(
    browser: Browser, office: Office, scheme: str, size: tuple[int, int], language: str
) -> None:
    page, axe = opened(browser, office, scheme, size, language), Axe()
    for path in PAGES:
        page.goto(path)
        found = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
        assert [(v["id"], [node["html"][:90] for node in v["nodes"]]) for v in found.response["violations"]] == [], path
        assert found.response["passes"], path
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, f"{path} is wider than the window"
    page.close()
    assert [text for text in office.complaints if "404" not in text] == []


def test_axe_would_find_what_nobody_can_read(browser: Browser, office: Office) -> None:
    page = opened(browser, office)
    page.goto("/")
    page.evaluate("document.querySelectorAll('.tile .name').forEach(name => name.style.color = '#ddd')")
    found = Axe().run(page).response["violations"]
    assert "color-contrast" in [violation["id"] for violation in found]
    page.close()


def test_the_latest_news_come_by_themselves(browser: Browser, office: Office) -> None:
    page = opened(browser, office)
    page.clock.install()
    page.goto("/")
    assert "Lunch is on us" not in page.inner_text("#live")
    with office.store.begin() as uow:
        said = Entry("approved", "olga@example.com", {"comment": "Lunch is on us"})
        uow.history.append("INV-2026-0018", said, office.clock(), None, None)
        uow.commit()
    page.clock.run_for(31_000)
    page.locator("#live").get_by_text("Lunch is on us").wait_for()
    page.close()
    assert office.complaints == []


def test_a_browser_runs_no_script_of_a_stranger(browser: Browser, office: Office) -> None:
    """Even where a word of theirs stood in a page unescaped, the policy would not let it run."""
    page = opened(browser, office)
    page.goto("/")
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title = 1\"><b id=late></b>')"
    )
    page.evaluate("const s = document.createElement('script'); s.text = 'document.title = 2'; document.body.append(s)")
    page.wait_for_timeout(200)
    assert page.title() == "Overview · Lutik Ltd"
    page.close()
    assert any("Content Security Policy" in text for text in office.complaints)


def test_people_find_an_invoice_and_come_back(browser: Browser, office: Office) -> None:
    page = opened(browser, office)
    page.goto("/")
    page.click("nav >> text=Invoices")
    page.get_by_label("Search").fill("tischlerei")
    page.get_by_role("button", name="Show").click()
    assert page.get_by_text("No invoice is like that.").is_visible()
    page.get_by_role("link", name="Clear filters").click()
    page.get_by_label("Person").select_option(label="Maria Lopez")
    page.get_by_label("Search").fill("leip expo")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=leip*")
    assert page.locator("table.rows tbody tr").count() == 2
    page.get_by_role("link", name="INV-2026-0014").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Trade fair stand, balance"
    page.go_back()
    assert page.get_by_label("Search").input_value() == "leip expo"
    page.close()
    assert office.complaints == []


def test_a_keyboard_alone_is_enough(browser: Browser, office: Office) -> None:
    page = opened(browser, office)
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert "Overdue" in page.locator(":focus").inner_text()
    page.close()


def test_on_a_phone_the_filters_are_a_touch_away(browser: Browser, office: Office) -> None:
    page = opened(browser, office, size=PHONE)
    page.goto("/invoices")
    assert not page.get_by_label("Counterparty").is_visible()
    page.get_by_text("Filters", exact=True).click()
    assert page.get_by_label("Counterparty").is_visible()
    page.close()


def test_on_paper_there_is_the_invoice_alone(browser: Browser, office: Office) -> None:
    page = opened(browser, office)
    page.goto("/invoices/INV-2026-0018")
    page.emulate_media(media="print")
    for hidden in ("header.top", "footer"):
        assert not page.locator(hidden).is_visible()
    assert page.get_by_role("heading", level=1).is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()


def test_somebody_signs_in_by_the_mailed_link_and_out_again(browser: Browser, office: Office) -> None:
    port = office.serve(Place("127.0.0.1", 8025, f"http://{ELSEWHERE}")).port
    page = browser.new_page(base_url=f"http://{ELSEWHERE}:{port}", locale="en")
    page.goto("/invoices")
    page.get_by_label("E-mail address").fill(IVAN.address)
    page.get_by_role("button", name="Send me a link").click()
    assert page.get_by_role("heading", name="Look into your mailbox").is_visible()
    assert mailed(office, at_least=1) == [IVAN.address]
    page.goto(link_mailed_to(office, IVAN.address))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    assert page.locator(".who").inner_text() == "Иван Петров"
    page.get_by_role("button", name="Sign out").click()
    page.goto("/")
    assert page.url.endswith("/sign-in")
    page.close()
