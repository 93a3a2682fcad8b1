"""Alembic's entry: migrates over the connection that `core.store.database` hands it."""

from alembic import context

from core.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
