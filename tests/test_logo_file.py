"""A logo goes with every mail: what is no picture, too large, or like an invoice, is refused with the mend."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from mailflow.errors import ConfigurationError
from mailflow.inbound.files import LOGO_PIXELS
from mailflow.logo_file import LOW_PIXELS, MOST_BYTES, UnfitLogo, read_logo
from mailflow.settings import load_settings
from tests.settings_file import write_settings_file

SAMPLE = Path(__file__).parents[1] / "settings.yaml"
SECRETS = {"IMAP_PASSWORD": "x", "SMTP_PASSWORD": "x"}


def picture(kind: str, size: tuple[int, int] = (480, 120)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "#1c5fc4").save(file, kind)
    return file.getvalue()


def logo(folder: Path, content: bytes) -> Path:
    (folder / "logo").write_bytes(content)
    return folder / "logo"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_what_mail_programs_show_is_taken_by_what_it_is_not_by_its_name(tmp_path: Path, kind: str) -> None:
    found = read_logo(logo(tmp_path, picture(kind)))
    assert (found.format, found.pixels, found.shown) == (kind.lower(), (480, 120), (240, 60))
    assert found.filename.endswith(f".{kind.lower()}")


def test_a_small_logo_is_shown_as_it_is(tmp_path: Path) -> None:
    assert read_logo(logo(tmp_path, picture("PNG", (60, 30)))).shown == (60, 30)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is no picture that mail programs show"),
        (picture("BMP", (48, 12)), "is no picture that mail programs show"),
        (picture("PNG")[:200], "is no picture that mail programs show"),
        (b"", "is no picture that mail programs show"),
        (picture("PNG", (300, 300)), "has 300 by 300 pixels"),
        (picture("PNG", (1201, 20)), "has 1201 by 20 pixels"),
        (b"\x89PNG" + b" " * MOST_BYTES, "has more than 100 kB"),
    ],
    ids=["svg", "bmp", "cut", "empty", "like a photograph", "wide", "heavy"],
)
def test_any_other_file_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(UnfitLogo, match=what) as refused:
        read_logo(logo(tmp_path, content))
    assert refused.value.mend


def test_no_logo_is_as_large_as_a_picture_that_may_be_an_invoice() -> None:
    assert LOW_PIXELS <= LOGO_PIXELS


@pytest.mark.parametrize(
    ("branding", "key", "said"),
    [
        ("{logo: nothing.png}", "branding.logo", "cannot be read (No such file or directory)"),
        ("{logo: logo}", "branding.logo", "is no picture that mail programs show"),
        ("{signature: {fr: Bonjour}}", "branding.signature", "is a language without templates"),
        (f"{{signature: {'x' * 601}}}", "branding.signature", "is longer than a signature"),
        ('{signature: "Romashka LLC\\n— Согласовано."}', "branding.signature", "a keyword alone"),
    ],
)
def test_settings_name_what_is_wrong_with_them(tmp_path: Path, branding: str, key: str, said: str) -> None:
    logo(tmp_path, b"GIF87a")
    text = SAMPLE.read_text("utf-8") + f"\nbranding: {branding}\n"
    with pytest.raises(ConfigurationError) as wrong:
        load_settings(write_settings_file(tmp_path / "settings.yaml", text), SECRETS)
    [problem] = wrong.value.problems
    assert problem.key.startswith(key)
    assert said in problem.what


def test_one_signature_serves_every_language_or_each_has_its_own(tmp_path: Path) -> None:
    def signature(written: str) -> object:
        text = SAMPLE.read_text("utf-8") + f"\nbranding: {{signature: {written}}}\n"
        return load_settings(write_settings_file(tmp_path / "settings.yaml", text), SECRETS).branding.signature

    assert signature('"Vector\\n  +7 495 123"') == {"": "Vector\n+7 495 123"}
    assert signature("{en: Vector, ru: Вектор}") == {"en": "Vector", "ru": "Вектор"}
