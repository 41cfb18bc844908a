"""Alembic's environment: migrations run on the connection that the store gives."""

from typing import Any, Literal

from alembic import context
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

import mailflow.store.tables  # noqa: F401 - registers the tables


def render_item(kind: str, item: Any, autogenerate: Any) -> str | Literal[False]:
    """Migrations name plain column types, so that a later change in tables.py does not rewrite the past."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    render_item=render_item,
)
context.run_migrations()
