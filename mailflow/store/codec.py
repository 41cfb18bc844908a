"""Aggregates and effects as JSON documents, read and written by their own types."""

from __future__ import annotations

from pydantic import TypeAdapter

from mailflow.approval.effects import Effect, Invitation, Mail
from mailflow.approval.invoice import Invoice

_INVOICE = TypeAdapter(Invoice)
_EFFECTS: dict[str, TypeAdapter[Mail] | TypeAdapter[Invitation]] = {
    "mail": TypeAdapter(Mail),
    "invitation": TypeAdapter(Invitation),
}


def invoice_document(invoice: Invoice) -> str:
    """An invoice as text for the database: no NUL, which PostgreSQL refuses."""
    return storable(_INVOICE.dump_json(invoice).decode())


def read_invoice(document: str) -> Invoice:
    """The invoice of a document; fields that came later have their defaults."""
    return _INVOICE.validate_json(document)


def effect_document(effect: Effect) -> tuple[str, str]:
    """The type of an effect and the effect as text."""
    name = "invitation" if isinstance(effect, Invitation) else "mail"
    adapter: TypeAdapter[Effect] = _EFFECTS[name]  # type: ignore[assignment]
    return name, storable(adapter.dump_json(effect).decode())


def read_effect(name: str, document: str) -> Effect:
    """The effect of a document."""
    return _EFFECTS[name].validate_json(document)


def storable(text: str) -> str:
    """Text that both databases take: PostgreSQL has no NUL, in JSON written as \\u0000."""
    return text.replace("\x00", "").replace("\\u0000", "")
