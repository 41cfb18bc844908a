"""The visible text of an HTML body: what is hidden, and what the program marks as quoted or signed, taken off the tree."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree, html

MAX_HTML = 1_000_000
MAX_DEPTH_TAGS = 20_000

_QUOTES = (
    "//blockquote[not(contains(@class,'gmail_quote_not'))]",
    "//*[contains(concat(' ',normalize-space(@class),' '),' gmail_quote ')]",
    "//*[contains(concat(' ',normalize-space(@class),' '),' gmail_attr ')]",
    "//*[contains(concat(' ',normalize-space(@class),' '),' gmail_extra ')][.//blockquote]",
    "//*[contains(@class,'yahoo_quoted')]",
    "//*[contains(@class,'moz-cite-prefix')]",
    "//*[contains(@class,'moz-forward-container')]",
    "//*[contains(@class,'moz-signature')]",
    "//*[contains(@class,'gmail_signature')]",
    "//*[contains(@class,'OutlookMessageHeader')]",
    "//*[contains(@class,'mail-quote') or contains(@class,'protonmail_quote') or contains(@class,'zmail_extra')]",
    "//*[@data-signature-widget]",
    "//*[starts-with(@id,'mail-editor-reference-message')]",
    "//*[@id='isForwardContent' or @id='isReplyContent' or @id='OLK_SRC_BODY_SECTION']",
)
_QUOTES_AND_AFTER = (
    "//*[contains(@id,'divRplyFwdMsg')]",
    "//*[contains(@id,'appendonsend')]",
    "//*[contains(@id,'reply-intro')]",
    "//hr[contains(@id,'stopSpelling') or contains(@id,'zwchr')]",
    "//*[contains(translate(@style,'ABCDEF ','abcdef'),'border-top:solid#e1e1e1')]",
    "//*[contains(translate(@style,'ABCDEF ','abcdef'),'border-top:solid#b5c4df')]",
    "//*[contains(translate(@style,'ABCDEF ','abcdef'),'border:none;border-top:solid')]",
    "//*[@name='quote' or @class='quote']",
)
_HIDING = re.compile(
    r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|font-size\s{0,3}:\s{0,3}0*(?:\.0+)?[01]?(?:px|pt|em|%)?\s{0,3}(?:;|!|$)"
    r"|opacity\s{0,3}:\s{0,3}0(?:\.0+)?\s{0,3}(?:;|!|$)|mso-hide\s{0,3}:\s{0,3}all|text-indent\s{0,3}:\s{0,3}-\d{3,}"
    r"|(?:left|top)\s{0,3}:\s{0,3}-\d{3,}|(?:max-)?(?:height|width)\s{0,3}:\s{0,3}0(?:px)?\s{0,3}(?:;|!|$)"
    r"|(?<![-\w])color\s{0,3}:\s{0,3}(?:white|#fff(?:fff)?|transparent|rgba?\(\s{0,3}255\s{0,3},\s{0,3}255\s{0,3},\s{0,3}255[^)]{0,10}\))",
    re.IGNORECASE,
)
_UNSEEN = ("script", "style", "head", "title", "template", "noscript", "object", "meta", "link")
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)


@dataclass(frozen=True)
class HtmlText:
    """`text` is what a reader sees of the writer's own words, `hidden` what stands there unseen."""

    text: str
    hidden: str


def html_text(source: str) -> HtmlText:
    """The visible text; nothing for what cannot be read at all."""
    tree = _tree(source)
    if tree is None:
        return HtmlText("", "")
    _unlink(tree.xpath("|".join(f"//{name}" for name in _UNSEEN)) + tree.xpath("//comment()"))
    for node in tree.xpath("|".join(_QUOTES)):
        _remove(node)
    for node in tree.xpath("|".join(_QUOTES_AND_AFTER)):
        _remove_with_followers(node)
    hidden = [n for n in tree.xpath("//*[@style or @hidden or @color]") if _is_hidden(n)]
    hidden_text = " ".join(" ".join(n.itertext()) for n in hidden)
    for node in hidden:
        _remove(node)
    return HtmlText(_lines(tree), " ".join(hidden_text.split()))


def whole_text(source: str) -> str:
    """Everything that an HTML body shows, quotations too."""
    tree = _tree(source)
    if tree is None:
        return ""
    _unlink(tree.xpath("|".join(f"//{name}" for name in _UNSEEN)) + tree.xpath("//comment()"))
    return _lines(tree)


def _tree(source: str) -> html.HtmlElement | None:
    bounded = source[:MAX_HTML].replace("\x00", "")
    if bounded.count("<") > MAX_DEPTH_TAGS or not bounded.strip():
        return None
    try:
        parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
        return html.document_fromstring(bounded.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None


def _is_hidden(node: html.HtmlElement) -> bool:
    if node.tag in ("body", "html"):
        return False
    return (
        node.get("hidden") is not None
        or bool(_HIDING.search(node.get("style") or ""))
        or (node.tag == "font" and (node.get("color") or "").lower() in ("white", "#ffffff", "#fff"))
    )


def _remove(node: html.HtmlElement) -> None:
    """Takes a node off the tree; the text behind it stays."""
    if node.getparent() is not None:
        node.drop_tree()


def _remove_with_followers(node: html.HtmlElement) -> None:
    """Takes off a node and whatever comes after it in the document."""
    while node is not None and node.getparent() is not None and node.tag != "body":
        parent = node.getparent()
        for follower in list(node.itersiblings()):
            parent.remove(follower)
        following = parent
        if node.getparent() is not None and node is not following:
            node.tail = None
            parent.remove(node)
        node = following
        if node.tag == "body":
            return
        for follower in list(node.itersiblings()):
            node.getparent().remove(follower)
        node.tail = None
        return


def _unlink(nodes: list[html.HtmlElement]) -> None:
    for node in nodes:
        _remove(node)


def _lines(tree: html.HtmlElement) -> str:
    pieces: list[str] = []
    for event, node in etree.iterwalk(tree, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            if tag in _BLOCKS:
                pieces.append("\n")
            if node.text:
                pieces.append(node.text if tag == "pre" else _folded(node.text))
        else:
            if tag in _BLOCKS:
                pieces.append(" \t" if tag in ("td", "th") else "\n")
            elif tag == "br":
                pieces.append("\n")
            if node.tail and node is not tree:
                pieces.append(_folded(node.tail))
    lines = [re.sub(r"[ \t\u00a0]{1,10000}", _gap, line).strip() for line in "".join(pieces).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _folded(text: str) -> str:
    return re.sub(r"[ \t\r\n\f]+", " ", text)


def _gap(found: re.Match[str]) -> str:
    return "\t" if "\t" in found[0] else " "
