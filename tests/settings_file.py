"""A settings.yaml as an administrator leaves it: nobody else can read the secrets in it."""

from __future__ import annotations

from pathlib import Path


def write_settings_file(file: Path, text: str) -> Path:
    """Writes the settings; returns the file."""
    file.touch()
    file.chmod(0o600)
    file.write_text(text, encoding="utf-8")
    return file
