"""A company that writes in a third language, under its own logo: a folder of templates, and the answers as ever."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from mailflow.approval.lifecycle import Status
from mailflow.template_folder import export
from tests.stories import conftest
from tests.stories.conftest import Office, paper

TRANSLATED = {
    "_words.j2": [
        ("Hello %s,", "Guten Tag, %s,"),
        ('"counterparty": "Counterparty"', '"counterparty": "Lieferant"'),
        ("Yes, approve", "Ja, freigeben"),
    ],
    "approval_request/subject.txt.j2": [("Please decide:", "Bitte entscheiden:")],
    "paid/subject.txt.j2": [("It is paid:", "Bezahlt:")],
}


@pytest.fixture
def german(tmp_path: Path) -> Path:
    """Own templates: German, as far as it was translated."""
    export(tmp_path / "copied")
    words = tmp_path / "words"
    for name, changes in TRANSLATED.items():
        text = (tmp_path / "copied" / "en" / name).read_text("utf-8")
        for english, translated in changes:
            assert english in text
            text = text.replace(english, translated)
        (words / "de" / name).parent.mkdir(parents=True, exist_ok=True)
        (words / "de" / name).write_text(text, "utf-8")
    return words


def test_an_invoice_is_approved_and_paid_in_a_third_language(
    open_office: Callable[..., Office], german: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.effect_noise((480, 120), 90).save(german.parent / "logo.png")
    monkeypatch.setattr(
        conftest,
        "SETTINGS",
        conftest.SETTINGS.replace("language: ru", "language: de").replace("language: en", "language: de"),
    )
    office = open_office(more=f"templates: {german}\nbranding: {{logo: logo.png, signature: Vektor GmbH}}")
    office.ivan.submit("Papier", "Counterparty: Müller GmbH\nAmount: EUR 1,250.50", [paper()])
    office.work()
    asked = office.gets("ivan", "INV-2026-0001")
    assert "Guten Tag, Иван Петров," in asked.text
    assert "Vektor GmbH" in asked.text
    office.ivan.reply(asked, "Pay date: 2026-12-15")
    office.work()
    assert office.invoice().status is Status.IN_APPROVAL
    assert [file.filename for file in office.invoice().attachments] == ["счёт.pdf"]
    request = office.gets("olga", "Bitte entscheiden: Müller GmbH, 1.250,50")
    assert "Lieferant:" in request.text
    assert "15. Dezember 2026" in request.text
    office.olga.press(request, "Ja, freigeben")
    office.work()
    office.director.reply(office.gets("director", "Bitte entscheiden"), "APPROVED")
    office.work()
    office.buh.reply(office.gets("buh", "Pay the invoice"), "PAID")
    office.work()
    assert office.invoice().status is Status.PAID
    assert office.gets("ivan", "Bezahlt")
    assert office.undelivered() == 0
