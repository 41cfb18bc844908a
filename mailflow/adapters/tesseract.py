"""Tesseract, the program that reads scanned pages, where it is installed."""

from __future__ import annotations

import shutil
import subprocess

from mailflow.documents.codes import Grey
from mailflow.errors import PermanentFailure

LANGUAGES = ("rus", "eng")
INSTALL = "On Debian and Ubuntu: apt install tesseract-ocr tesseract-ocr-rus"
_SECONDS = 8.0


def read_scan(page: Grey) -> str:
    """The text of a page; "" where the program cannot read it, takes too long or is not there."""
    program = shutil.which("tesseract")
    if program is None:
        return ""
    rows = (page.pixels[row * page.stride : row * page.stride + page.width] for row in range(page.height))
    picture = b"P5 %d %d 255\n" % (page.width, page.height) + b"".join(rows)
    command = [program, "stdin", "stdout", "-l", "+".join(LANGUAGES)]
    try:
        done = subprocess.run(command, input=picture, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace")


def version() -> str:
    """The program's version, with the languages that are needed. Raises PermanentFailure where anything lacks."""
    program = shutil.which("tesseract")
    if program is None:
        raise PermanentFailure(f"the program tesseract is not installed. {INSTALL}")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    known = subprocess.run([program, "--list-langs"], capture_output=True, text=True, check=False)  # noqa: S603
    if lacking := [language for language in LANGUAGES if language not in known.stdout.split()]:
        raise PermanentFailure(f"tesseract lacks {', '.join(lacking)}. {INSTALL}")
    return (said.stdout or said.stderr).partition("\n")[0].strip()
