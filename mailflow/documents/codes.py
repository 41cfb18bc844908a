"""Pictures, and the two-dimensional codes in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import zxingcpp
from PIL import Image, UnidentifiedImageError

from mailflow.documents.unreadable import Unreadable

_FORMATS = ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP")
_MOST_PIXELS = 60_000_000
_LONGEST_SIDE = 4000
_MOST_PICTURES = 3


@dataclass(frozen=True)
class Grey:
    """A picture of one byte a pixel; `stride` is the bytes from one row to the next."""

    pixels: bytes
    width: int
    height: int
    stride: int


def contents(picture: Grey) -> list[bytes]:
    """What the codes in a picture hold, as bytes: the charset is theirs to say."""
    image = memoryview(picture.pixels).cast("B", (picture.height, picture.stride))
    formats = zxingcpp.barcode_formats_from_str("QRCode|DataMatrix|Aztec")
    return [bytes(code.bytes) for code in zxingcpp.read_barcodes(image, formats=formats)]


def read_pictures(content: bytes) -> Iterator[Grey]:
    """The pictures of a file (a TIFF may hold several pages). Raises Unreadable where it is damaged or too large."""
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as image:
            for index in range(min(getattr(image, "n_frames", 1), _MOST_PICTURES)):
                image.seek(index)
                if image.width * image.height > _MOST_PIXELS:
                    raise Unreadable("too_large")
                grey = image.convert("L")
                grey.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
                yield Grey(grey.tobytes(), grey.width, grey.height, grey.width)
    except UnidentifiedImageError as failure:
        raise Unreadable("damaged") from failure
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as failure:
        raise Unreadable("damaged") from failure
