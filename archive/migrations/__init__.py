"""Alembic's migrations; `archive.schema` runs them."""
