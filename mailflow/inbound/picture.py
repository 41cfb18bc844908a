"""How large a picture is, from its first bytes: PNG, GIF and JPEG."""

from __future__ import annotations

import struct

_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_MOST_SEGMENTS = 500


def pixels(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None where the format is another or the file is damaged."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    if content.startswith((b"GIF87a", b"GIF89a")) and len(content) >= 10:
        width, height = struct.unpack("<HH", content[6:10])
        return width, height
    return _jpeg_pixels(content) if content.startswith(b"\xff\xd8") else None


def _jpeg_pixels(content: bytes) -> tuple[int, int] | None:
    """The frame header comes after some segments, each with its length (ITU-T T.81 annex B)."""
    position = 2
    for _ in range(_MOST_SEGMENTS):
        segment = content[position : position + 9]
        if len(segment) < 9 or segment[0] != 0xFF:
            return None
        if segment[1] in _START_OF_FRAME:
            height, width = struct.unpack(">HH", segment[5:9])
            return width, height
        position += 2 + int.from_bytes(segment[2:4], "big")
    return None
