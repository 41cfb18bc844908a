"""Whatever stands in a text: it is read without an error, and what is taken without doubt stands there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailflow.documents.text import read_text
from mailflow.notation.plain_text import one_spaced
from tests.documents import printed
from tests.documents.papers import papers
from tests.documents.test_text import PAPERS
from tests.documents.test_text_corpus import text_of

FACTS = {"number", "issued", "due", "supplier", "amount", "details"}
WHOLE = [text for text, _ in PAPERS.values()]
PIECES = st.sampled_from(
    sorted({piece for text in WHOLE for line in text.splitlines() for piece in (line, *line.split())})
)
GLUE = st.sampled_from([" ", "\n", "\t", "", ": ", "\n\f\n", "\u00a0", "-", "."])
MIXTURES = st.lists(st.one_of(PIECES, GLUE, st.text(max_size=8)), max_size=60).map(" ".join)
LINES = st.lists(st.sampled_from(sorted({line for text in WHOLE for line in text.splitlines()})), max_size=30)


@given(st.one_of(MIXTURES, LINES.map("\n".join), st.text(max_size=300)))
def test_any_text_is_read_and_nothing_is_made_up(text: str) -> None:
    facts = read_text(text)
    if facts is None:
        return
    assert facts.doubtful <= FACTS
    text = one_spaced(text)
    assert facts.number in text
    if facts.amount and "amount" not in facts.doubtful:
        assert re.sub(r"\D", "", f"{facts.amount.amount:.2f}").rstrip("0") in re.sub(r"\D", "", text)
    for day in (facts.issued, facts.due):
        assert day is None or str(day.year % 100) in text
    if facts.details.account:
        assert facts.details.account in re.sub(r"[^0-9A-Z]", "", text.upper())


@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_with_its_copy_behind_it_says_the_same(name: str) -> None:
    text, facts = PAPERS[name]
    assert read_text(f"{text}\n\f\n{text}") == facts


def test_two_papers_in_one_file_are_doubted() -> None:
    other = printed.RUSSIAN.replace("УТ-123", "УТ-124").replace("345,50", "345,60").replace("50 копеек", "60 копеек")
    facts = read_text(f"{printed.RUSSIAN}\n\f\n{other}")
    assert facts is not None
    assert facts.doubtful == {"number", "amount"}


@pytest.mark.parametrize("name", ["sum 12345.67", "sum 340000.40", "three pages", "number УТ-123"])
def test_any_other_digit_in_the_sum_to_pay_is_doubted(name: str) -> None:
    """The sum stands twice in figures and once in words: no single misprint is taken."""
    text = next(text_of(paper.content) for paper in papers() if paper.name == name)
    found = re.search(r"Всего к оплате: ([\d ]+,\d\d)", text)
    assert found is not None
    for at in range(found.start(1), found.end(1)):
        if text[at].isdigit():
            facts = read_text(f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}")
            assert facts is not None
            assert "amount" in facts.doubtful
