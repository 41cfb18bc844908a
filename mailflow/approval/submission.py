"""What a submitter said about an invoice: the fields, as read, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum

from mailflow.approval.document import Facts
from mailflow.approval.money import Money


class Field(StrEnum):
    """What an invoice is asked for (process section 1)."""

    TITLE = "title"
    COUNTERPARTY = "counterparty"
    AMOUNT = "amount"
    PAY_DATE = "pay_date"
    COMMENT = "comment"
    ROUTE = "route"
    FILES = "files"


REQUIRED = (Field.COUNTERPARTY, Field.AMOUNT, Field.PAY_DATE, Field.FILES)


class RouteKind(StrEnum):
    """The approval type (тип согласования)."""

    SEQUENTIAL = "sequential"
    HIERARCHY = "hierarchy"


class Source(StrEnum):
    """Where a field was taken from; shown to the submitter with the field."""

    LINE = "line"
    SUBJECT = "subject"
    SETTINGS = "settings"
    XML = "xml"
    QR = "qr"
    TEXT = "text"
    OCR = "ocr"


@dataclass(frozen=True)
class Problem:
    """A field that is missing or could not be read.

    `code` says why: missing, unreadable, ambiguous, no_currency, not_positive, too_precise, past, two_values,
    empty_file; of a file: doubtful (it may say so), overdue (its day is over), several (more than one invoice).
    `text` is what was written, "" where nothing was.
    """

    field: Field
    code: str
    text: str = ""


@dataclass(frozen=True)
class Attachment:
    """A file of the invoice. Its bytes are kept by their SHA-256 (hex); `size` is in bytes.

    `facts` is what it says; `trouble`: why it could not be read: damaged, password, too_large, too_slow.
    """

    filename: str
    media_type: str
    size: int
    sha256: str
    facts: tuple[Facts, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class Form:
    """The fields that one mail gave. None: the mail did not say.

    `one_invoice`: all files belong to one invoice. `problems` are lines that could not be read; `unknown_labels` look
    like labelled lines, but nobody knows the label.
    """

    title: str | None = None
    counterparty: str | None = None
    amount: Money | None = None
    pay_date: date | None = None
    comment: str | None = None
    route: RouteKind | None = None
    one_invoice: bool | None = None
    problems: tuple[Problem, ...] = ()
    unknown_labels: tuple[str, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether the mail had any labelled line, readable or not."""
        return self != Form(unknown_labels=self.unknown_labels)

    def over(self, earlier: Form) -> Form:
        """These fields, and the earlier ones where this form is silent."""
        silent = {
            f.name: getattr(earlier, f.name)
            for f in fields(self)
            if f.name not in ("problems", "unknown_labels") and getattr(self, f.name) is None
        }
        return replace(self, **silent)
