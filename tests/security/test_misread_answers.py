"""What is read is the visible answer only, and nothing about money is guessed (process section 3).

Rows A15 to A17 of the attack matrix: the keyword elsewhere than first in the answer (A15), words that the page hides
(A16), letters that only look like the keyword's (A17). Beside them genuine answers, of which none may be refused.
"""

from __future__ import annotations

import base64
import itertools
import unicodedata

import pytest

from mailflow.approval.wording import KEYWORDS, Verb
from tests.inbound.replies import ATTRIBUTIONS, FORWARDS, HEADER_BLOCKS, REQUEST, html_replies, prefixed, text_replies
from tests.security.attempt import CHECKS, Target, reply
from tests.security.hiding import HIDING

APPROVALS = [word for words in KEYWORDS[Verb.APPROVE].values() for word in words]
REJECTIONS = [f"{word}: no contract" for words in KEYWORDS[Verb.REJECT].values() for word in words]
PLAIN = "Content-Type: text/plain; charset=utf-8"
HTML = "Content-Type: text/html; charset=utf-8"
LATER = "I will look at it tomorrow."


def decides(target: Target, body: str, *head: str, check: str = "dmarc") -> bool:
    return bool(target.attempt(reply(target.request, *(head or (PLAIN,)), body=body), check).done)


def page(html: str) -> str:
    return f"<html>{html}</html>" if html.startswith("<body") else f"<html><body>{html}</body></html>"


def both(text: str, html: str) -> tuple[str, str]:
    """Body and head of a mail in two forms."""
    parts = (f"--b\r\n{kind}\r\n\r\n{said}\r\n" for kind, said in ((PLAIN, text), (HTML, page(html))))
    return f"{''.join(parts)}--b--\r\n", "Content-Type: multipart/alternative; boundary=b"


ELSEWHERE = {
    **{f"quoted, {name}": f"{LATER}\n\n{line}\n> {{}}\n" for name, line in ATTRIBUTIONS.items()},
    **{
        f"below {name}": f"{LATER}\n\n{block or '-----Original Message-----'}\n\n{{}}\n"
        for name, block in HEADER_BLOCKS.items()
    },
    **{f"forwarded, {name}": f"{LATER}\n\n{begun}\n{{}}\n" for name, begun in FORWARDS.items()},
    "quoted alone": "> {}\n",
    "quoted twice": ">> {}\n> {}\n",
    "quoted with a bar": "| {}\n",
    "in our request": f"{LATER}\n\n{prefixed(REQUEST)}\n",
    "in a signature": f"{LATER}\n\n-- \nOlga Kim\n{{}}\n",
    "in a signature of a telephone": f"{LATER}\n\nSent from my iPhone\n{{}}\n",
    "in a disclaimer": f"{LATER}\n\nThis e-mail is confidential. {{}} if you are not the recipient.\n",
    "in a motto": f"{LATER}\n\nBest regards,\nOlga\n\n“{{}} quickly, fail often”\n",
    "after words": "I would say {}\n",
    "after a line": "Let me think.\n{}\n",
    "in brackets": "[{}]\n",
    "in a box": "☐ {}\n",
    "in a list": "1. {}\n2. something else\n",
    "as a link": "http://firm.example/{}\n",
    "as an address": "{}@firm.example\n",
    "as an address in angles": "<{}@firm.example>\n",
    "as a file": "{}.pdf\n",
    "glued": "{}it\n",
    "glued to a number": "{}1\n",
    "asked": "{}?\n",
    "asked of whom": "{}? Who ordered that?\n",
    "asked whether": "Should I write {}?\n",
    "negated before": "Do not {}\n",
    "not yet": "Not {} yet\n",
    "negated behind": "{} - not.\n",
    "negated in Russian": "Не {}\n",
    "not yet, in Russian": "Пока не {}\n",
    "not yet, behind": "{}, но не сейчас\n",
    "taken back": "{}\n\nStop, that was by mistake.\n",
    "taken back in Russian": "{}\n\nОтмена, ошибся письмом.\n",
    "conditional": "{} if the sum is right\n",
    "conditional in Russian": "{} при условии подписания договора\n",
    "conditional below": "{}\n\nOnly if signed.\n",
    "a part": "{}, but only 50%\n",
    "another": "{}\n\nSorry, wrong invoice.\n",
    "in code": "`{}`?\n",
    "in a tag": "<{}>\n",
    "struck out": "~~{}~~\n",
    "an absence": "Out of office until Monday.\n\n{}\n",
    "with a thumb down": "{} 👎\n",
}


@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_keyword_that_is_not_the_answer_decides_nothing(target: Target, place: str) -> None:
    for word in ("APPROVE", "Approved", "СОГЛАСОВАНО", "Утверждаю"):
        body = ELSEWHERE[place].replace("{}", word)
        assert not decides(target, body)
        if "<" not in body:
            assert not decides(target, page(body.replace("\n", "<br>\n")), HTML)


@pytest.mark.parametrize("word", [*APPROVALS, *REJECTIONS])
def test_a_subject_decides_nothing(target: Target, word: str) -> None:
    token = f"[INV-2026-0001 #{target.request.token}]"
    for subject, body, check in itertools.product(
        (f"{word} {token}", f"Re: {token} {word}", f"{word}: {token}"), ("", "\r\n\r\n", LATER, "--\r\nOlga"), CHECKS
    ):
        assert not target.attempt(reply(target.request, subject=subject, body=body), check).done


BOTH_WORDS = ("{a} {r}", "{r} {a}", "{a}\n{r}", "{r}\n{a}", "{a} / {r}", "{a} or {r}", "{a}, {r}", "{a}\n\n-\n\n{r}")


@pytest.mark.parametrize("form", BOTH_WORDS)
def test_both_words_decide_nothing(target: Target, form: str) -> None:
    for a, r in itertools.product(("APPROVE", "СОГЛАСОВАНО"), ("REJECT: no contract", "Отказ: нет договора")):
        assert not decides(target, form.format(a=a, r=r))


HIDDEN_FIRST = ("APPROVE", "REJECT: no contract")


@pytest.mark.parametrize("hiding", HIDING)
def test_what_a_page_hides_decides_nothing(target: Target, hiding: str) -> None:
    for hidden in HIDDEN_FIRST:
        written = hiding.format(hidden)
        assert not decides(target, page(f"{written}<p>{LATER}</p>"), HTML)
        assert not decides(target, page(f"<p>{LATER}</p>{written}"), HTML)
        assert not decides(target, page(written), HTML)
        for text in (LATER, ""):
            body, head = both(text, f"{written}<p>{LATER}</p>")
            assert not decides(target, body, head)


@pytest.mark.parametrize("hiding", HIDING)
def test_an_answer_whose_page_hides_the_opposite_decides_nothing_or_what_is_seen(target: Target, hiding: str) -> None:
    written = hiding.format("APPROVE")
    seen = "<p>REJECT: no contract</p>"
    for body, head in ((page(f"{written}{seen}"), HTML), both("REJECT: no contract", f"{written}{seen}")):
        assert "approved" not in target.attempt(reply(target.request, head, body=body)).done


TWO_FACED = (
    ("APPROVE", "<p>REJECT: no contract</p>"),
    ("REJECT: no contract", "<p>APPROVE</p>"),
    ("APPROVE", f"<p>{LATER}</p>"),
    (LATER, "<p>APPROVE</p>"),
    ("APPROVE", "<p></p>"),
    ("APPROVE", "<p>APPROVE</p><p>only if signed</p>"),
    ("APPROVE\n\nonly if signed", "<p>APPROVE</p>"),
    ("APPROVE", "<p>APPROVE?</p>"),
    ("APPROVE", "<p>APPROVE 50%</p>"),
    ("APPROVE", "<p>APPROVE 👎</p>"),
    ("APPROVE", "<p>DO NOT APPROVE</p>"),
    ("APPROVE", "<p><s>APPROVE</s></p>"),
    ("APPROVE", "<blockquote>APPROVE</blockquote>"),
    ("APPROVE", "<img src=cid:x>"),
    ("СОГЛАСОВАНО", "<p>НЕ СОГЛАСОВАНО: нет договора</p>"),
    ("APPROVE", "<p>AP<wbr>PROVED not</p>"),
)


@pytest.mark.parametrize(("text", "html"), TWO_FACED)
def test_two_forms_that_say_different_things_decide_nothing(target: Target, text: str, html: str) -> None:
    for check in CHECKS:
        body, head = both(text, html)
        assert not decides(target, body, head, check=check)


LOOKS = {
    "Cyrillic letters": str.maketrans("AEOPKCTMHX", "АЕОРКСТМНХ"),
    "Greek letters": str.maketrans("AEOPKTVMHX", "ΑΕΟΡΚΤνΜΗΧ"),
    "full width": {code: code + 0xFEE0 for code in range(0x21, 0x7F)},
    "bold": {ord("A") + i: 0x1D400 + i for i in range(26)},
    "script": {ord("A") + i: 0x1D4D0 + i for i in range(26)},
    "double-struck": {ord("A") + i: 0x1D538 + i for i in range(26)},
    "monospace": {ord("A") + i: 0x1D670 + i for i in range(26)},
    "in circles": {ord("A") + i: 0x24B6 + i for i in range(26)},
    "in squares": {ord("A") + i: 0x1F130 + i for i in range(26)},
    "flags": {ord("A") + i: 0x1F1E6 + i for i in range(26)},
    "tags": {ord("A") + i: 0xE0041 + i for i in range(26)},
    "small capitals": str.maketrans("APROVE", "ᴀᴘʀᴏᴠᴇ"),
    "Cherokee": str.maketrans("APRVE", "ᎪᏢᎡᏙᎬ"),
    "Latin in Russian": str.maketrans("СОАЕН", "COAEH"),
}
PUT_IN = {
    name: "\\N{" + name + "}"
    for name in (
        *("ZERO WIDTH SPACE", "ZERO WIDTH NON-JOINER", "ZERO WIDTH JOINER", "WORD JOINER", "SOFT HYPHEN"),
        *("RIGHT-TO-LEFT OVERRIDE", "RIGHT-TO-LEFT MARK", "LEFT-TO-RIGHT MARK", "COMBINING LOW LINE"),
        *("COMBINING LONG STROKE OVERLAY", "COMBINING ENCLOSING CIRCLE BACKSLASH", "HYPHEN", "MIDDLE DOT"),
        *(
            "INVISIBLE SEPARATOR",
            "VARIATION SELECTOR-16",
            "MONGOLIAN VOWEL SEPARATOR",
            "HANGUL FILLER",
            "NO-BREAK SPACE",
        ),
        *("ZERO WIDTH NO-BREAK SPACE", "SPACE", "REPLACEMENT CHARACTER", "FULL STOP", "LOW LINE"),
    )
}


@pytest.mark.parametrize("look", LOOKS)
def test_letters_that_look_alike_make_no_keyword(target: Target, look: str) -> None:
    words = [word for word in (*APPROVALS, "REJECT", "ОТКАЗ") if word.translate(LOOKS[look]) != word]
    assert words
    for word in words:
        spelled = word.translate(LOOKS[look])
        one_letter = next(
            word[:at] + spelled[at] + word[at + 1 :]
            for at in range(len(word))
            if len(spelled) == len(word) and spelled[at] != word[at]
        )
        for written in (spelled, one_letter):
            assert not decides(target, f"{written}: no contract")
            assert not decides(target, page(f"<p>{written}</p>"), HTML)


@pytest.mark.parametrize("put", PUT_IN)
def test_a_keyword_with_a_letter_put_in_is_none(target: Target, put: str) -> None:
    letter = unicodedata.lookup(put)
    for word, at in itertools.product(("APPROVE", "СОГЛАСОВАНО"), (1, 4, 6)):
        assert not decides(target, f"{word[:at]}{letter}{word[at:]}")


CASES = ("approv\u0119", "APPROV\u0130", "ÀPPROVE", "APPROVÉ", "APPROVΕ", "СОГЛАСОВАНѺ", "ЅОГЛАСОВАНО", "А\u0301PPROVE")


@pytest.mark.parametrize("written", CASES)
def test_another_letter_is_no_keyword(target: Target, written: str) -> None:
    assert not decides(target, written)


DAMAGED = {
    "letters beyond ASCII in ASCII": (PLAIN, "APPR\udcffVE"),
    "twice encoded": (f"{PLAIN}\r\nContent-Transfer-Encoding: base64", "QVBQ*Uk9WRQ=="[::-1]),
    "an unknown encoding": (
        f"{PLAIN}\r\nContent-Transfer-Encoding: x-uuencode",
        "begin 644 x\n'05!04D]610``\n`\nend\n",
    ),
    "rot13": (PLAIN.replace("utf-8", "rot13"), "NCCEBIR"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_text_that_can_be_decoded_in_two_ways_decides_nothing(target: Target, kind: str) -> None:
    head, text = DAMAGED[kind]
    request = target.request
    raw = reply(request, head, body=text.encode("utf-8", "surrogateescape"))
    assert not target.attempt(raw).done


GENUINE = [
    *((word, "approved") for word in APPROVALS),
    *((word.capitalize(), "approved") for word in APPROVALS),
    ("Approve, thanks", "approved"),
    ("Добрый день!\n\nСогласовано, оплачивайте", "approved"),
    *((word, "rejected") for word in REJECTIONS),
    ("ОТКАЗ\nНет договора", "rejected"),
]
STYLES = sorted(text_replies("x"))
PAGES = sorted(html_replies("x"))


@pytest.mark.parametrize("style", STYLES)
def test_no_genuine_answer_in_text_is_refused(target: Target, style: str) -> None:
    for answer, event in GENUINE[STYLES.index(style) % 4 :: 4]:
        assert event in target.attempt(reply(target.request, PLAIN, body=text_replies(answer)[style])).done


@pytest.mark.parametrize("style", PAGES)
def test_no_genuine_answer_in_html_is_refused(target: Target, style: str) -> None:
    for answer, event in GENUINE:
        html = html_replies(answer)[style]
        assert event in target.attempt(reply(target.request, HTML, body=page(html))).done


@pytest.mark.parametrize(("answer", "event"), GENUINE)
def test_no_genuine_answer_of_two_forms_is_refused(target: Target, answer: str, event: str) -> None:
    text = text_replies(answer)["Gmail, above"]
    for style in ("Gmail", "Apple Mail", "Outlook"):
        body, head = both(text, html_replies(answer)[style])
        for check in CHECKS:
            assert event in target.attempt(reply(target.request, head, body=body), check).done


CHARSETS = ("cp1251", "koi8-r", "iso-8859-5", "utf-8", "utf-16", "mac-cyrillic")


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize(("answer", "event"), GENUINE)
def test_no_genuine_answer_in_another_charset_is_refused(target: Target, answer: str, event: str, charset: str) -> None:
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64"
    body = base64.encodebytes(answer.encode(charset))
    assert event in target.attempt(reply(target.request, head, body=body)).done
