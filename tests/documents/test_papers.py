"""The papers of these tests are what they say: a PDF reader finds their text, a code reader their code."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest
import zxingcpp
from pypdfium2 import PdfDocument
from stdnum.ru import inn

from mailflow.documents.text import read_text
from tests.documents.papers import PaperCase, papers
from tests.documents.test_text_corpus import text_of

PAPERS = [pytest.param(paper, id=paper.name) for paper in papers()]


@pytest.mark.parametrize("paper", PAPERS)
def test_the_text_of_a_paper_says_what_is_true_and_doubts_the_rest(paper: PaperCase) -> None:
    facts, truth = read_text(text_of(paper.content)), paper.truth
    assert facts is not None
    assert facts.doubtful == truth.doubtful
    assert (facts.number, facts.issued, facts.due) == (truth.number, truth.issued, truth.due)
    assert facts.supplier == truth.supplier
    assert facts.amount == truth.amount
    bank = facts.details.bank or truth.details.bank  # its name has no place of its own in some papers' text
    assert replace(facts.details, bank=bank) == truth.details
    assert facts.purpose == truth.purpose


@pytest.mark.parametrize("paper", PAPERS)
def test_the_code_of_a_paper_is_the_one_it_says(paper: PaperCase) -> None:
    with closing(PdfDocument(paper.content)) as document:
        bitmap = document[len(document) - 1].render(scale=2, grayscale=True)
        picture = memoryview(bytes(bitmap.buffer)).cast("B", (bitmap.height, bitmap.stride))
        found = [bytes(code.bytes) for code in zxingcpp.read_barcodes(picture)]
    assert found == ([paper.truth.code] if paper.truth.code else [])


def test_there_are_enough_of_them_and_each_is_another() -> None:
    names = {paper.name for paper in papers()}
    assert len(names) == len(papers()) >= 40


def test_their_right_numbers_check_and_their_wrong_ones_do_not() -> None:
    for paper in papers():
        assert ("tax_id" in paper.truth.faults) == (not inn.is_valid(paper.truth.details.tax_id))
