"""What comes with mailflow besides its code: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path


def packaged(name: str) -> Path:
    """The file or folder of this name, such as the templates."""
    package = Path(__file__).parent
    inside = package / name
    return inside if inside.exists() else package.parent / name


def command() -> str:
    """What starts mailflow here: the installed command, or run.py of a checkout."""
    return "python run.py" if (Path(__file__).parents[1] / "run.py").is_file() else "mailflow"
