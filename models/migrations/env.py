"""Alembic's entry: runs on the connection that the caller already holds and locks."""

from alembic import context

from models.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
