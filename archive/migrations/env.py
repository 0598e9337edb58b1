"""Alembic's environment: migrates on the connection and in the transaction that `archive.schema` holds."""

from alembic import context

from archive.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
