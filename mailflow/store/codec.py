"""Aggregates and effects as JSON documents, read and written by their own types.

JSON writes a NUL as an escape, so a document is text that both databases take and gives back exactly what was put in:
decisions are bound to a digest of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

from pydantic import Discriminator, TypeAdapter

from mailflow.approval.effects import Effect, Invitation, Mail, PortalChange
from mailflow.approval.invoice import Invoice
from mailflow.approval.structure import Structure


@dataclass(frozen=True)
class _MailDocument:
    effect: Mail
    type: Literal["mail"] = "mail"


@dataclass(frozen=True)
class _InvitationDocument:
    effect: Invitation
    type: Literal["invitation"] = "invitation"


@dataclass(frozen=True)
class _PortalDocument:
    effect: PortalChange
    type: Literal["portal"] = "portal"


_EffectDocument = _MailDocument | _InvitationDocument | _PortalDocument


@cache
def _invoices() -> TypeAdapter[Invoice]:
    """What reads and writes a type is built at its first document, not at the start."""
    return TypeAdapter(Invoice)


@cache
def _structures() -> TypeAdapter[Structure]:
    return TypeAdapter(Structure)


@cache
def _effects() -> TypeAdapter[_EffectDocument]:
    return TypeAdapter(Annotated[_EffectDocument, Discriminator("type")])


def invoice_document(invoice: Invoice) -> str:
    """An invoice as text."""
    return _invoices().dump_json(invoice).decode()


def read_invoice(document: str) -> Invoice:
    """The invoice of a document; fields that came later have their defaults."""
    return _invoices().validate_json(document)


def effect_document(effect: Effect | PortalChange) -> str:
    """An effect as text, with its type beside it."""
    return _effects().dump_json(_document(effect)).decode()


def _document(effect: Effect | PortalChange) -> _EffectDocument:
    match effect:
        case Mail():
            return _MailDocument(effect)
        case Invitation():
            return _InvitationDocument(effect)
        case PortalChange():
            return _PortalDocument(effect)


def read_effect(document: str) -> Effect | PortalChange:
    """The effect of a document."""
    return _effects().validate_json(document).effect


def structure_document(structure: Structure) -> str:
    """The portal's structure as text."""
    return _structures().dump_json(structure).decode()


def read_structure(document: str) -> Structure:
    """The structure of a document."""
    return _structures().validate_json(document)
