"""A company's logo, read from its file: a picture that every mail program shows and nobody takes for an invoice."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

from mailflow.branding import Logo

MOST_BYTES = 100_000
"""It goes with every mail."""
MOST_PIXELS = 1200
LOW_PIXELS = 300
"""One side must be shorter: a larger picture that comes back with a reply could be a photographed invoice."""

_FORMATS = ("PNG", "JPEG", "GIF")


class UnfitLogo(Exception):
    """A file that is not sent as a logo. `what` and `mend` are sentences for the administrator."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


def read_logo(path: Path) -> Logo:
    """The logo of a file. Raises UnfitLogo."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnfitLogo(
            f"cannot be read ({error.strerror}).", f"Put the picture at {path}, or mend the path."
        ) from None
    if len(content) > MOST_BYTES:
        raise UnfitLogo(f"has more than {MOST_BYTES // 1000} kB, and goes with every mail.", "Give a smaller picture.")
    from PIL import Image  # only a company with a logo pays for it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
                kind, pixels = picture.format or "", picture.size
                picture.load()
    except (OSError, ValueError, SyntaxError, Warning):
        mend = "Give a PNG, a JPEG or a GIF; mail programs show no SVG."
        raise UnfitLogo("is no picture that mail programs show.", mend) from None
    if min(pixels) >= LOW_PIXELS or max(pixels) > MOST_PIXELS:
        mend = f"Give one that is less than {LOW_PIXELS} pixels high or wide, and nowhere more than {MOST_PIXELS}."
        raise UnfitLogo(f"has {pixels[0]} by {pixels[1]} pixels.", mend)
    return Logo(content, kind.lower(), pixels)
