"""The words of the portal: everything can be written in both languages, and nothing that people wrote is BB-code."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailflow.approval.effects import PortalKind, Showing
from mailflow.outbound.portal import changes_after
from mailflow.outbound.portal_samples import sample_outcomes
from mailflow.outbound.portal_texts import TEXTS, TITLES, PortalTexts, without_codes
from mailflow.settings import packaged_templates
from tests.approval.company import company, opened

LANGUAGES = ("ru", "en")
NAUGHTY = "ООО [B]Рога[/B] & Co #1 [URL=http://evil.example]x[/URL] 😀 [USER=1]you[/USER] [склад]"


def texts(language: str) -> PortalTexts:
    return PortalTexts(jinja2.FileSystemLoader(packaged_templates()), replace(company(), language=language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_can_be_written(language: str) -> None:
    assert texts(language).check() == []


def test_the_check_above_would_see_a_broken_template() -> None:
    loader = jinja2.ChoiceLoader(
        [
            jinja2.DictLoader({"en/portal/notice.bb.j2": "{{ nobody }}"}),
            jinja2.FileSystemLoader(packaged_templates()),
        ]
    )
    (problem,) = PortalTexts(loader, company()).check()
    assert (problem.file, problem.line) == ("en/portal/notice.bb.j2", 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_of_a_history_that_is_shown_leads_to_an_empty_text(language: str) -> None:
    for outcome in sample_outcomes(language):
        for change in changes_after(outcome, tuple(PortalKind), company(), datetime.now(UTC)):
            written = [texts(language).title(name, change) for name in TITLES.get(change.shows, ())]
            written += [texts(language).text(name, change).split("\n(INV")[0] for name in TEXTS.get(change.shows, ())]
            assert all(text.strip() for text in written), change.key


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_suppliers_name_with_brackets_and_emoji_survives_as_it_is_but_is_no_code(language: str) -> None:
    outcome = opened(counterparty=NAUGHTY)
    for change in changes_after(outcome, tuple(PortalKind), company(), datetime.now(UTC)):
        if change.shows is Showing.RECORD:
            assert NAUGHTY in texts(language).title("record_title", change)
        for name in TEXTS.get(change.shows, ()):
            text = texts(language).text(name, change)
            assert NAUGHTY in text.replace("\u2060", "")
            assert "[B]Рога" not in text
            assert "[URL" not in text
            assert "[USER" not in text
            assert "[склад]" in text


@pytest.mark.parametrize(("language", "label"), [("en", "Counterparty"), ("ru", "Контрагент")])
def test_the_words_of_the_templates_keep_their_codes(language: str, label: str) -> None:
    outcome = opened(counterparty="Romashka <b> & Co")
    (post,) = [
        c for c in changes_after(outcome, tuple(PortalKind), company(), datetime.now(UTC)) if c.shows is Showing.POST
    ]
    assert f"[B]{label}:[/B] Romashka <b> & Co\n" in texts(language).text("post", post)


@given(st.text(alphabet=st.sampled_from("[]/ bBuUrRlL=*quoteQ<>&"), max_size=40))
def test_no_text_of_people_keeps_the_beginning_of_a_code(text: str) -> None:
    cleaned = without_codes(text).lower()
    for tag in ("b", "url", "quote", "u", "*"):
        for opening in (f"[{tag}]", f"[/{tag}]", f"[{tag}="):
            assert opening not in cleaned
    assert without_codes(text).replace("\u2060", "") == text
