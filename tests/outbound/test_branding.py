"""The company's logo and signature: in every mail, in both of its forms, and never taken for what somebody answered."""

from __future__ import annotations

import io
from datetime import time
from email.message import EmailMessage
from functools import cache

import jinja2
import pytest
from PIL import Image

from mailflow.approval.effects import Invitation
from mailflow.branding import Branding, Logo
from mailflow.inbound.files import may_be_invoice
from mailflow.inbound.message import parse
from mailflow.inbound.quoting import visible_text
from mailflow.outbound.mail import complete, draft_invitation, draft_mail
from mailflow.outbound.samples import READY_TO_PAY, sample_invitations, sample_mails
from mailflow.outbound.templating import Templates
from tests.outbound.samples import FILES, FOLDER, IDENTITY, LANGUAGES, body, parsed, readers

SIGNATURES = {"en": "Vector LLC, finance\n+7 495 <123>", "ru": "ООО «Вектор», финансы\n+7 495 <123>"}


@cache
def logo(pixels: tuple[int, int] = (480, 120)) -> Logo:
    file = io.BytesIO()
    Image.effect_noise(pixels, 90).save(file, "PNG")
    return Logo(file.getvalue(), "png", pixels)


@cache
def branded() -> Templates:
    return Templates(jinja2.FileSystemLoader(FOLDER), Branding(logo(), SIGNATURES))


@cache
def every_mail(language: str) -> tuple[EmailMessage, ...]:
    rules = readers(language)
    effects = (*sample_mails(language), *sample_invitations(language))
    return tuple(
        parsed(draft_invitation(effect, IDENTITY, rules, branded(), time(10)))
        if isinstance(effect, Invitation)
        else parsed(complete(draft_mail(effect, IDENTITY, rules, branded(), READY_TO_PAY), FILES))
        for effect in effects
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_shows_logo_and_signature_in_both_of_its_forms(language: str) -> None:
    first, second = SIGNATURES[language].split("\n")
    for message in every_mail(language):
        [picture] = [part for part in message.walk() if (part.get_filename() or "").startswith("logo-")]
        page = body(message, "html")
        assert f'src="cid:{picture["Content-ID"].strip("<>")}" width="240" height="60" alt="Romashka LLC"' in page
        assert picture.get_content() == logo().content
        assert f"{first}<br>{second.replace('<', '&lt;').replace('>', '&gt;')}" in page
        assert f"\n{first}\n{second}\n" in body(message, "plain")


def test_the_logo_stands_below_the_line_above_which_one_replies() -> None:
    for message in every_mail("en"):
        page = body(message, "html")
        assert page.index("Please type your reply above this line") < page.index("<img")


def test_a_picture_is_part_of_the_html_alone_and_beside_the_payment_code() -> None:
    for message in every_mail("en"):
        for part in message.walk():
            if part.get_content_type() == "multipart/related":
                shown = [each.get_content_type() for each in part.iter_parts()]
                assert shown[0] == "text/html"
                assert set(shown[1:]) == {"image/png"}
                break
        else:
            pytest.fail("no multipart/related")


def test_the_same_mail_has_the_same_bytes_with_a_logo_too() -> None:
    mail = next(sample_mails("en"))
    assert draft_mail(mail, IDENTITY, readers("en"), branded()) == draft_mail(mail, IDENTITY, readers("en"), branded())


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_branding_a_mail_has_neither_picture_nor_signature(language: str) -> None:
    plain = Templates(jinja2.FileSystemLoader(FOLDER))
    mail = next(sample_mails(language))
    assert b"image/" not in draft_mail(mail, IDENTITY, readers(language), plain).split(b"\0")[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_keyword_in_the_signature_is_reported_before_a_mail_goes_out(language: str) -> None:
    risky = Templates(jinja2.FileSystemLoader(FOLDER), Branding(None, {language: "Vector LLC\nAPPROVED"}))
    problems = risky.check(readers(language))
    assert {problem.file.partition("/")[0] for problem in problems} == {language}
    assert all("'APPROVED' is a keyword alone" in problem.what for problem in problems)


@pytest.mark.parametrize("quoted", [str, lambda text: "> " + text.replace("\n", "\n> ")], ids=["bare", "prefixed"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_reply_that_repeats_our_mail_only_the_answer_is_read(language: str, quoted: object) -> None:
    for message in every_mail(language):
        assert callable(quoted)
        reply = EmailMessage()
        reply.set_content("APPROVED, go ahead\n\n" + quoted(body(message, "plain")))
        page = body(message, "html")
        reply.add_alternative(f"<div>APPROVED, go ahead</div><br><blockquote>{page}</blockquote>", subtype="html")
        seen = visible_text(parse(reply.as_bytes()))
        assert (seen.text, seen.doubts) == ("APPROVED, go ahead", ())


@pytest.mark.parametrize(
    ("filename", "disposition"),
    [
        (logo().filename, "inline"),
        (logo().filename, "attachment"),
        (logo().filename.upper(), "attachment"),
        ("image001.png", "inline"),
        ("image001.png", "attachment"),
    ],
)
def test_a_logo_that_comes_back_with_a_reply_is_no_invoice(filename: str, disposition: str) -> None:
    assert len(logo().content) > 20_000
    reply = EmailMessage()
    reply.set_content("Сумма: 1000 руб.")
    reply.add_attachment(logo().content, "image", "png", filename=filename, disposition=disposition)
    [file] = parse(reply.as_bytes()).files
    assert not may_be_invoice(file)


def test_another_picture_under_the_name_of_a_logo_may_well_be_an_invoice() -> None:
    reply = EmailMessage()
    reply.set_content("here it is")
    reply.add_attachment(logo((900, 1200)).content, "image", "png", filename=logo().filename)
    [file] = parse(reply.as_bytes()).files
    assert may_be_invoice(file)
