"""Alembic's environment: migrations run on the connection that the store gives."""

from alembic import context
from sqlmodel import SQLModel

import mailflow.store.tables  # noqa: F401 - registers the tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
