"""What comes with mailflow besides its code: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path


def packaged(name: str) -> Path:
    """The file or folder of this name, such as the templates."""
    package = Path(__file__).parent
    inside = package / name
    return inside if inside.exists() else package.parent / name
