"""Real mail beside the project, where it is there; its manifest.tsv says what is known of each file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus of real mail beside the project")


TALLY = "tally of real mail"
Tell = Callable[[str, object], None]


def tally(tell: Tell, what: str, verdicts: Counter[str]) -> None:
    """Puts a line into the table at the end of the run; verdicts are right, asked, wrong."""
    counts = "".join(f"{verdicts[verdict]:>7}" for verdict in ("right", "asked", "wrong"))
    tell(TALLY, f"{what:24}{counts}")


def rows(folder: str) -> list[dict[str, str]]:
    """The lines of a folder's manifest; none where there is no corpus."""
    manifest = CORPUS / folder / "manifest.tsv"
    if not manifest.is_file():
        return []
    with manifest.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def raw(folder: str, row: dict[str, str]) -> bytes:
    """One file of the corpus; a bare calendar as the mail that its attendee would send."""
    content = (CORPUS / folder / row["file"]).read_bytes()
    if row["file"].endswith(".ics"):
        return f"From: {row['attendee']}\r\nContent-Type: text/calendar\r\n\r\n".encode() + content
    return content
