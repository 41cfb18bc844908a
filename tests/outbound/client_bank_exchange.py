"""A reader of 1CClientBankExchange that shares no code with mailflow: as a bank's program takes a file in."""

from __future__ import annotations


def read(content: bytes) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The header and the documents. Asserts what the format asks for; a key may stand once in each."""
    assert content.endswith(b"\r\n")
    assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
    first, *lines, last = content.decode("cp1251").split("\r\n")[:-1]
    assert first == "1CClientBankExchange"
    assert last == "КонецФайла"
    header: dict[str, str] = {}
    documents: list[dict[str, str]] = []
    section = header
    for line in lines:
        if line == "КонецДокумента":
            assert section is not header
            section = header
            continue
        key, equals, value = line.partition("=")
        assert equals, f"the line {line!r} is neither a key nor the end of a section"
        if key == "СекцияДокумент":
            assert section is header, "a section within a section"
            section = {"kind": value}
            documents.append(section)
            continue
        assert key not in section, f"{key} stands twice"
        section[key] = value
    assert section is header, "a section without an end"
    return header, documents
