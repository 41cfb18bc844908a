"""What is taken away from the board is what was asked for, and harmless where it is opened."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace

import pytest

from mailflow.approval.submission import Attachment
from mailflow.office.staff import IVAN
from tests.web.conftest import IN_PUBLIC, Office
from tests.web.sessions import signed_in


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_list_comes_as_csv_with_the_filters_and_the_words_of_the_page(office: Office) -> None:
    answer = office.client(**{"Accept-Language": "ru"}).get("/invoices.csv?status=paid&currency=EUR")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''invoices-2026-12-16.csv"
    found = rows(answer.content)
    assert [(row["Номер"], row["Стадия"], row["Сумма"]) for row in found] == [
        ("INV-2026-0009", "Оплачен", "3475.00"),
        ("INV-2026-0004", "Оплачен", "6200.00"),
        ("INV-2026-0002", "Оплачен", "1840.00"),
    ]


def test_the_list_comes_as_a_workbook(office: Office) -> None:
    answer = office.client().get("/invoices.xlsx?q=expo")
    assert answer.headers["content-disposition"].endswith("invoices-2026-12-16.xlsx")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        assert book.read("xl/worksheets/sheet1.xml").count(b"<row ") == 3


def test_a_list_that_is_too_long_for_a_workbook_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailflow.web.downloads.MOST_IN_A_WORKBOOK", 5)
    answer = office.client().get("/invoices.xlsx")
    assert answer.status_code == 422
    assert "too long for a workbook" in answer.text


def test_whoever_sees_a_part_gets_a_part(office: Office) -> None:
    client = office.client(IN_PUBLIC)
    found = rows(client.get("/invoices.csv", headers=signed_in(office, IVAN.address)).content)
    assert {row["Submitter"] for row in found} == {IVAN.address}
    assert client.get("/invoices.csv").status_code == 303


def with_file(office: Office, name: str, kind: str, content: bytes) -> str:
    with office.store.begin() as uow:
        invoice = uow.invoices.get("INV-2026-0018")
        assert invoice
        sha256 = uow.files.keep(content)
        uow.invoices.save(replace(invoice, attachments=(Attachment(name, kind, len(content), sha256),)))
        uow.commit()
    return f"/invoices/INV-2026-0018/files/{sha256}"


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("счёт № 5.pdf", "application/pdf", b"%PDF-1.4"),
        ("invoice.html", "text/html", b"<script>alert(1)</script>"),
        ("scan.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ('a"\r\nSet-Cookie: x=1.png', "image/png", b"not a picture"),
    ],
)
def test_a_file_is_saved_and_never_shown(office: Office, name: str, kind: str, content: bytes) -> None:
    path = with_file(office, name, kind, content)
    for query in ("", "?view=1"):
        answer = office.client().get(path + query)
        assert (answer.status_code, answer.content) == (200, content)
        assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert "set-cookie" not in answer.headers


def test_a_picture_may_be_looked_at_as_a_picture_and_nothing_else(office: Office) -> None:
    picture = b"\xff\xd8\xff\xe0 and so on"
    path = with_file(office, "scan.jpg", "image/jpeg", picture)
    answer = office.client().get(f"{path}?view=1")
    assert (answer.headers["content-disposition"], answer.headers["content-type"]) == ("inline", "image/jpeg")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert office.client().get(path).headers["content-disposition"].startswith("attachment")


def test_a_file_is_given_with_its_own_invoice_alone(office: Office) -> None:
    with office.store.begin() as uow:
        sha256 = uow.files.keep(b"of nobody")
        other = uow.register.one("INV-2026-0001")
        uow.commit()
    assert other
    client = office.client()
    assert client.get(f"/invoices/INV-2026-0018/files/{sha256}").status_code == 404
    assert client.get(f"/invoices/INV-2026-0018/files/{other.attachments[0].sha256}").status_code == 404
    public = office.client(IN_PUBLIC)
    path = f"/invoices/INV-2026-0001/files/{other.attachments[0].sha256}"
    assert public.get(path, headers=signed_in(office, "maria@example.com")).status_code == 404
    assert public.get(path, headers=signed_in(office, IVAN.address)).status_code == 200
