"""A second reader of who wrote a mail, whether that is verified, and what it decides.

It shares no code with the product: written from RFC 5322, 8601 and 2045 with the standard library. It is stricter and
knows less: whatever the product takes for a decision, it must be able to confirm.
"""

from __future__ import annotations

import base64
import email
import email.policy
import re
from contextlib import suppress
from email.message import Message
from email.utils import getaddresses
from html.parser import HTMLParser

DECIDING = {
    "Approve": ["APPROVE", "APPROVED", "СОГЛАСОВАНО", "СОГЛАСОВАТЬ", "СОГЛАСЕН", "СОГЛАСНА", "УТВЕРЖДАЮ", "ОДОБРЕНО"],
    "Reject": [
        "REJECT",
        "REJECTED",
        "DECLINE",
        "DECLINED",
        "ОТКАЗ",
        "ОТКАЗАТЬ",
        "ОТКЛОНИТЬ",
        "ОТКЛОНЕНО",
        "НЕ СОГЛАСОВАНО",
    ],
    "Question": ["QUESTION", "ВОПРОС"],
    "Delegate": ["DELEGATE", "ПЕРЕДАТЬ", "ДЕЛЕГИРОВАТЬ"],
    "Paid": ["PAID", "ОПЛАЧЕНО", "ОПЛАТИЛ", "ОПЛАТИЛА"],
    "Withdraw": ["WITHDRAW", "WITHDRAWN", "ОТОЗВАТЬ", "ОТЗЫВ", "ОТЗЫВАЮ"],
    "Postpone": ["POSTPONE", "ПЕРЕНЕСТИ", "ОТЛОЖИТЬ"],
    "DuplicateOk": ["DUPLICATE OK", "ДУБЛИКАТ ОК", "ПОВТОР ОК"],
}
_ADDRESS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+"
_BARE = re.compile(_ADDRESS)
_NAMED = re.compile(rf'(?:"[^"\\]*"|[^<>()@,:;"\\\[\]\x00]*?)<({_ADDRESS})>')
_GREETING = re.compile(
    r"\W*(?:hi|hello|dear|good (?:morning|day)|привет|здравствуйте|добрый день|доброе утро|коллеги)\b"
    r"[^,.!:\n]{0,40}[,.!:]*\s*",
    re.IGNORECASE,
)
_BELOW_IS_QUOTED = re.compile(r"-- ?$|-{3,}|_{5,}|\*?(?:From|От|Von|De|Sent|Date)\b\*?\s*:", re.IGNORECASE)
_OF_THE_QUOTATION = re.compile(
    r"(?=.*\d)(?=.*(?:@|mailflow)).*|.*[:>]\s*$|.*(?:your reply above|ответ выше).*", re.IGNORECASE
)
_BLOCKS = frozenset({"p", "div", "br", "li", "tr", "td", "table", "blockquote", "body", "hr", "h1", "h2", "h3"})
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_TRACE = "authentication-results"


def fields(raw: bytes) -> list[tuple[str, str]]:
    """The header section: names as they are written, values unfolded."""
    found: list[tuple[str, str]] = []
    for line in _lines(raw):
        if not line:
            break
        text = line.decode("utf-8", "replace")
        if text[0] in " \t" and found:
            found[-1] = (found[-1][0], found[-1][1] + text)
        else:
            name, _, value = text.partition(":")
            found.append((name, value))
    return [(name, value.strip(" \t\r")) for name, value in found]


def _lines(raw: bytes) -> list[bytes]:
    """Lines end with LF, however many CR stand before it; where there is no LF at all, with CR."""
    return re.sub(rb"\r*\n", b"\n", raw if b"\n" in raw else raw.replace(b"\r", b"\n")).split(b"\n")


def sender(raw: bytes) -> str | None:
    """The address of the one From of one mailbox, None where anything about it is odd."""
    values = [value for name, value in fields(raw) if name.strip().lower() == "from"]
    if len(values) != 1:
        return None
    found = _NAMED.fullmatch(values[0]) or _BARE.fullmatch(values[0])
    if not found:
        return None
    address = (found[1] if found.re is _NAMED else found[0]).lower()
    standard = {a.lower() for _, a in getaddresses(values)}
    return address if standard == {address} and not _others(values[0], address) else None


def _others(value: str, address: str) -> bool:
    return any(other.lower() != address for other in _BARE.findall(value))


def is_verified(raw: bytes, domain: str, authserv: str) -> bool:
    """Whether all results of the server say that the very domain passed DMARC, or a signature of it where none does."""
    verdicts: list[tuple[str, str, str]] = []
    for name, value in fields(raw):
        if name.lower() != _TRACE:
            continue
        value = _CONTROLS.sub(" ", value).strip()
        plain = _without_comments(value)
        if plain is None:
            continue
        first, *results = plain.split(";")
        if first.lower().split()[:1] != [authserv] or not value.lower().startswith(authserv):
            continue
        verdicts += [verdict for result in results if (verdict := _verdict(result))]
    of_dmarc = [v for v in verdicts if v[0] == "dmarc"]
    if of_dmarc:
        return all(result == "pass" and about == domain for _, result, about in of_dmarc)
    return any(v[:2] == ("dkim", "pass") and v[2] and f".{domain}".endswith(f".{v[2]}") for v in verdicts)


def _without_comments(value: str) -> str | None:
    """A value without comments and the contents of quoted strings; None where one of them never ends."""
    kept, depth, quoted, at = "", 0, False, 0
    while at < len(value):
        c = value[at]
        if c == "\\":
            at += 1
        elif quoted:
            quoted = c != '"'
        elif c == '"' and not depth:
            quoted = True
        elif c == "(":
            depth += 1
        elif c == ")" and depth:
            depth -= 1
        elif not depth:
            kept += c
        at += 1
    return None if depth or quoted else kept


def _verdict(result: str) -> tuple[str, str, str] | None:
    words = re.sub(r"\s*([=])\s*", r"\1", result).lower().split()
    if not words or "=" not in words[0]:
        return None
    method, _, verdict = words[0].partition("=")
    about = [w.partition("=")[2] for w in words[1:] if w.startswith(("header.from=", "header.d="))]
    domain = about[0].rpartition("@")[2].rstrip(".") if len(about) == 1 else ""
    return method.partition("/")[0], verdict, domain


def decisions(raw: bytes) -> set[str]:
    """What the first words of the answer decide, in every way that the text of the mail can be read."""
    lines = {line for text in texts(raw) for block in _unquoted(text) for line in _first_lines(block)}
    return {kind for kind, words in DECIDING.items() for line in lines if any(_begins(line, word) for word in words)}


def _begins(line: str, word: str) -> bool:
    bare = line.strip().lstrip("*_\"'«“”„‘’`» \t\u00a0\u202f\ufeff")
    spaced = re.sub(r"[\s\u00a0]+", " ", bare[: len(word) + 8])
    return spaced[: len(word)].upper() == word and not re.match(r"[\w@]", spaced[len(word) : len(word) + 1])


def _unquoted(text: str) -> list[list[str]]:
    """The lines above, between and below the quoted ones, there a paragraph each."""
    blocks: list[list[str]] = [[]]
    for written in re.split(r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", text):
        line = written.strip(" \t\u00a0\ufeff\u202f")
        if line.startswith((">", "|")) or (not line and len(blocks) > 1):
            blocks.append([])
        else:
            blocks[-1].append(line)
    return blocks


def _first_lines(block: list[str]) -> list[str]:
    """The first line that is no greeting and introduces no quotation, or nothing."""
    for line in block:
        is_header = bool(_BELOW_IS_QUOTED.match(line))
        rest = _GREETING.sub("", line, count=1) if _GREETING.match(line) else line
        if is_header or not rest.strip() or (_OF_THE_QUOTATION.fullmatch(line) and not _is_word(rest)):
            continue
        return [rest]
    return []


def _is_word(line: str) -> bool:
    return any(_begins(line, word) for words in DECIDING.values() for word in words)


def texts(raw: bytes) -> list[str]:
    """The text of a mail by the standard library's reader, in every charset that it may be in."""
    tree: Message | None = None
    with suppress(Exception):
        tree = email.message_from_bytes(_with_plain_header(raw), policy=email.policy.compat32)
    if tree is None:
        return []
    parts = [part for part in _own(tree) if _is_text(part)]
    pages = [part for part in _own(tree) if part.get_content_type() == "text/html"]
    plain = [text for part in parts for text in _decoded(part)]
    if any(text.strip() for text in plain):
        return plain
    return [_shown(text) for part in pages for text in _decoded(part)]


def _with_plain_header(raw: bytes) -> bytes:
    """The mail without what makes the standard library end a header early.

    That is a CR, a blank before a colon, a quotation that never ends.
    """
    lines = _lines(raw)
    end = lines.index(b"") if b"" in lines else len(lines)
    head = (re.sub(rb"^([^\s:]+)[ \t]+:", rb"\1:", line.replace(b"\r", b" ")) for line in lines[:end])
    closed = (line + b'"' if line.count(b'"') == 1 and b'="' in line else line for line in head)
    plain = re.sub(rb"(?m)^(From|Authentication-Results) :", rb"\1:", b"\n".join([*closed, *lines[end:]]))
    return re.sub(rb"(?m)^([\w-]+:[^\r\n]*)\r", rb"\1 ", plain)


def _own(part: Message) -> list[Message]:
    if part.get_content_maintype() == "message":
        return []
    if part.is_multipart():
        return [leaf for child in part.get_payload() if isinstance(child, Message) for leaf in _own(child)]
    return [] if part.get_content_disposition() == "attachment" else [part]


def _is_text(part: Message) -> bool:
    """Whether the part is plain text, or says it is what it cannot be."""
    kind = part.get_content_type()
    return kind == "text/plain" or kind.startswith("multipart/") or not re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind)


def _decoded(part: Message) -> list[str]:
    data: object = b""
    with suppress(Exception):
        data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return []
    if re.match(r"\s*base64\b", str(part.get("content-transfer-encoding", "")), re.IGNORECASE):
        data = _of_base64(data, part)
    found = []
    for charset in (part.get_content_charset() or "utf-8", "utf-8", "cp1251", "koi8-r", "cp1252"):
        with suppress(Exception):
            found.append(data.decode(charset, "replace"))
    return found


def _of_base64(data: bytes, part: Message) -> bytes:
    """What stands for something in base64, whatever stands between."""
    written = re.sub(r"[^A-Za-z0-9+/]", "", str(part.get_payload()))
    with suppress(ValueError):
        return base64.b64decode(written[: len(written) // 4 * 4]) if written else data
    return data


class _Shown(HTMLParser):
    """The words of a page, a line for each block, without quotations."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.text += "\n"
        self._unseen += tag in {"style", "script", "title", "blockquote"}

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.text += "\n"
        self._unseen -= tag in {"style", "script", "title", "blockquote"} and self._unseen > 0

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.text += re.sub(r"[ \t\r\n]+", " ", data)


def _shown(html: str) -> str:
    parser = _Shown()
    with suppress(Exception):
        parser.feed(html)
        parser.close()
    return parser.text
