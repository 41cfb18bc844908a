"""What pydantic found wrong, said to people: the key, the line, what it is, the mend."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from mailflow.settings_source import KeyPath, Source, key_name

_WHAT = {
    "missing": "is missing.",
    "string_too_short": "is empty.",
    "too_short": "is empty.",
    "int_parsing": "is no whole number.",
    "int_from_float": "is no whole number.",
    "float_parsing": "is no number.",
    "finite_number": "is no number.",
    "bool_parsing": "is neither true nor false.",
    "date_from_datetime_parsing": "is no date.",
    "date_parsing": "is no date.",
    "greater_than": "is too small.",
    "greater_than_equal": "is too small.",
    "less_than": "is too large.",
    "less_than_equal": "is too large.",
    "tuple_type": "is no list.",
    "model_type": "is no section of keys.",
    "dict_type": "is no section of keys.",
    "string_type": "is no single value.",
}
_SHAPES = ("tuple_type", "model_type", "dict_type")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant."""
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


def note(error: ValidationError, source: Source, model: type[BaseModel]) -> None:
    """Adds every error to the problems of the source; whatever is known to be wrong there already stays as it is."""
    for detail in error.errors(include_url=False, include_input=False):
        path = tuple(part for part in detail["loc"] if part != "[key]")
        if path[:-1] in source.texts:  # an entry that is given by its address alone
            path = path[:-1]
        if path not in source.problems:
            what, mend = _explain(detail, path, source, model)
            source.add(path, what, mend)


def _explain(detail: ErrorDetails, path: KeyPath, source: Source, model: type[BaseModel]) -> tuple[str, str]:
    if detail["type"] == "extra_forbidden":
        return "is not a known key.", _mend_unknown(path, model)
    if detail["loc"][-1] == "[key]":
        known = str(detail.get("ctx", {}).get("expected", "")).replace("'", "")
        return "is no verb that keywords can have.", f"Give one of: {known}."
    field = _field_at(path, model)
    own = detail.get("ctx", {}) if detail["type"] == "settings" else {}
    what = own.get("what") or _WHAT.get(detail["type"], "is not allowed.")
    mend = own.get("mend") or f"Give {field.description if field else 'another value'}."
    hidden = detail["type"] in _SHAPES or (field and SecretStr in _inner(field.annotation))
    shown = "" if hidden else source.texts.get(path)
    return f"{shown!r} {what}" if shown else what, mend


def _mend_unknown(path: KeyPath, model: type[BaseModel]) -> str:
    *section, key = path
    siblings = _section_at(tuple(section), model)
    known = list(_keys(siblings)) if siblings else []
    if guess := nearest(str(key), known):
        return f"Did you mean `{guess}`?"
    places = [key_name(place) for place in _all_sections(model) if str(key) in _fields(place, model)]
    if places:
        return f"It belongs below `{places[0]}`." if places[0] != "settings" else "It belongs at the top level."
    return f"Known here: {', '.join(known)}."


def _fields(place: KeyPath, model: type[BaseModel]) -> dict[str, FieldInfo]:
    section = _section_at(place, model)
    return _keys(section) if section else {}


def _all_sections(model: type[BaseModel], path: KeyPath = ()) -> list[KeyPath]:
    found: list[KeyPath] = [path]
    for name, field in _keys(model).items():
        for inner in _inner(field.annotation):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                found += _all_sections(inner, (*path, name))
    return found


def _field_at(path: KeyPath, model: type[BaseModel]) -> FieldInfo | None:
    names = [part for part in path if isinstance(part, str)]
    for end in range(len(names), 0, -1):
        section = _section_at(tuple(names[: end - 1]), model)
        if section and (field := _keys(section).get(names[end - 1])):
            return field
    return None


def _section_at(path: KeyPath, model: type[BaseModel]) -> type[BaseModel] | None:
    section: type[BaseModel] | None = model
    for name in path:
        if isinstance(name, str) and section:
            field = _keys(section).get(name)
            kinds = _inner(field.annotation) if field else []
            section = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
    return section


def _keys(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields by the names that they have in the file."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def _inner(annotation: Any) -> list[Any]:
    """The plain types inside an annotation: of `tuple[X, ...] | None` it is X and None."""
    parts = get_args(annotation)
    return [inner for part in parts for inner in _inner(part)] if parts else [annotation]
