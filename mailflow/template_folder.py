"""Templates in a folder of one's own, laid over those that come with mailflow: what is not there comes from these.

A language is a folder with `_words.j2`, named as CLDR names it (de, pt_BR). Of a language that does not come with
mailflow, what is not there is in English.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mailflow.errors import PermanentFailure
from mailflow.packaged import packaged

if TYPE_CHECKING:
    import jinja2

ENGLISH = "en"
RECORD = ".copied.json"
"""Beside copied templates: what each was when it was copied, by SHA-256 (hex)."""

_WORDS = "_words.j2"


@dataclass(frozen=True)
class Outdated:
    """A template that mailflow now brings otherwise than when it was copied; `edited`: the copy was changed too."""

    file: str
    edited: bool


def loader_of(folder: Path) -> jinja2.BaseLoader:
    """Finds templates by their path below the folder."""
    import jinja2

    shipped = packaged("templates")
    more = [language for language in languages_in(folder) if not (shipped / language).is_dir()]
    in_english = {language: jinja2.FileSystemLoader(shipped / ENGLISH) for language in more}
    return jinja2.ChoiceLoader([jinja2.FileSystemLoader([folder, shipped]), jinja2.PrefixLoader(in_english)])


def languages_in(folder: Path) -> tuple[str, ...]:
    """The languages that mails can be written in."""
    from babel.localedata import exists

    found = {words.parent.name for base in (packaged("templates"), folder) for words in base.glob(f"*/{_WORDS}")}
    return tuple(sorted(language for language in found if exists(language)))


def not_languages_in(folder: Path) -> list[str]:
    """Folders that were meant to be a language and are none, each with the reason."""
    from babel.localedata import exists

    known = {*languages_in(folder), *(path.name for path in packaged("templates").iterdir())}
    folders = [path.name for path in sorted(folder.iterdir()) if path.is_dir() and path.name not in known]
    return [
        f"{name}: {f'there is no {_WORDS}' if exists(name) else 'no language is named so; de or pt_BR is one'}"
        for name in folders
    ]


def export(folder: Path) -> int:
    """Copies the templates that come with mailflow; how many files these are.

    Raises PermanentFailure where the folder is not empty or cannot be written.
    """
    shipped = packaged("templates")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise PermanentFailure(f"{folder} is not empty and was left as it is. Name a new folder.")
        files = _templates_in(shipped)
        for file in files:
            copy = folder / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(shipped / file, copy)
        record = {file: _digest(shipped / file) for file in files}
        (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise PermanentFailure(f"The templates cannot be written to {folder}: {error.strerror}.") from error
    return len(files)


def outdated(folder: Path) -> list[Outdated]:
    """The copies in the folder that an upgrade has left behind; none where there is no record of the copying."""
    shipped = packaged("templates")
    copied = _record_of(folder)
    return [
        Outdated(file, edited=_digest(folder / file) != copied[file])
        for file in _templates_in(folder)
        if file in copied and (not (shipped / file).is_file() or _digest(shipped / file) != copied[file])
        if not _same(folder / file, shipped / file)
    ]


def in_english(folder: Path) -> dict[str, list[str]]:
    """For each language that does not come with mailflow, what of it is missing and so is in English."""
    shipped = packaged("templates")
    english = [file.removeprefix(f"{ENGLISH}/") for file in _templates_in(shipped) if file.startswith(f"{ENGLISH}/")]
    return {
        language: missing
        for language in languages_in(folder)
        if not (shipped / language).is_dir()
        if (missing := [file for file in english if not (folder / language / file).is_file()])
    }


def _templates_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.j2"))


def _record_of(folder: Path) -> dict[str, str]:
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()
