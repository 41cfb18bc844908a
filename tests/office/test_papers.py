"""The papers of the demo are real files."""

import re
from datetime import date
from decimal import Decimal

from mailflow.office.papers import Line, in_latin, invoice_pdf


def make() -> bytes:
    lines = [Line("Бумага (А4)", 50, Decimal("2500")), Line("Доставка", 1, Decimal("1250.50"))]
    paper = invoice_pdf("118", "ООО «Ромашка»", "ЗАО «Лютик»", date(2026, 11, 23), lines, "RUB")
    assert (paper.filename, paper.media_type) == ("invoice-118.pdf", "application/pdf")
    return paper.content


def test_an_invoice_shows_its_number_supplier_date_and_sum() -> None:
    content = make()
    for shown in (b"INVOICE No. 118", b'OOO "Romashka"', b"23.11.2026", b"126 250.50 RUB"):
        assert b"(" + shown in content or shown in content


def test_brackets_and_backslashes_of_a_text_do_not_break_the_file() -> None:
    assert rb"(Bumaga \(A4\)) Tj" in make()


def test_every_object_of_the_file_begins_where_its_table_says() -> None:
    content = make()
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF", content).group(1))
    assert content[start:].startswith(b"xref\n0 8\n")
    begins = [int(b) for b in re.findall(rb"(\d{10}) 00000 n ", content[start:])]
    assert len(begins) == 7
    for number, begin in enumerate(begins, start=1):
        assert content[begin:].startswith(b"%d 0 obj" % number)


def test_the_length_of_the_page_is_exact() -> None:
    content = make()
    length, stream = re.search(rb"/Length (\d+) >>\nstream\n(.*)endstream", content, re.DOTALL).groups()
    assert int(length) == len(stream)


def test_cyrillic_is_written_as_in_a_passport() -> None:
    assert in_latin("Щукин Объезд №5, Юлия") == "Shchukin Obieezd No.5, Iuliia"
