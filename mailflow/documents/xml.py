"""XML that comes from outside, parsed without what makes it dangerous: no DTD, no entity, no file, no network."""

from __future__ import annotations

from lxml import etree

Element = etree._Element

_PARSER_LIMITS = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


def root_of(content: bytes) -> Element | None:
    """The document's root; None where it is no XML, or one that declares a document type."""
    try:
        root = etree.fromstring(content, etree.XMLParser(**_PARSER_LIMITS))  # type: ignore[arg-type]
    except (etree.XMLSyntaxError, ValueError):
        return None
    document = root.getroottree()
    return None if document.docinfo.internalDTD is not None else root


def local(element: Element) -> str:
    """The element's name without its namespace: standards of one family differ in that alone."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def find(element: Element | None, *path: str) -> Element | None:
    """The first element below, step by step by local names."""
    for name in path:
        if element is None:
            return None
        element = next((child for child in element if local(child) == name), None)
    return element


def words(element: Element | None, *path: str) -> str:
    """The text of the first element below, on one line; "" where there is none."""
    found = find(element, *path)
    return " ".join((found.text or "").split()) if found is not None else ""


def every(element: Element | None, *path: str) -> list[Element]:
    """All elements below that the path leads to."""
    level = [element] if element is not None else []
    for name in path:
        level = [child for parent in level for child in parent if local(child) == name]
    return level
