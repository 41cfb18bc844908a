"""A form filled in within the quotation: whatever stands there that we did not send was typed by the writer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from mailflow.approval.submission import Field, Form
from mailflow.inbound.submission_form import read_filled_form


def filled_in(form: Form, body: str, sent: str, missing: Collection[Field], today: date) -> Form:
    """The form of an answer, with the missing fields that were typed into the quotation of our own mail.

    `body` is the whole text of the answer, `sent` that of our mail. What is said above the quotation wins, and what
    cannot be read there is no problem of its own: the field just stays missing.
    """
    ours = [_squashed(line) for line in sent.splitlines()]
    typed = [line for line in body.splitlines() if not _is_ours(_squashed(line), ours)]
    quoted = read_filled_form("\n".join(typed), today)
    spoken = {problem.field for problem in form.problems}
    values = {
        field.value: getattr(quoted, field.value)
        for field in missing
        if field not in (Field.FILES, *spoken) and getattr(form, field.value) is None
    }
    return replace(form, **values)


def _is_ours(line: str, ours: list[str]) -> bool:
    """Whether a line of the answer is one of ours, or the beginning of one that was wrapped."""
    return any(mine.startswith(line) for mine in ours) if line else True


def _squashed(line: str) -> str:
    return " ".join(line.lstrip("> \t").split())
