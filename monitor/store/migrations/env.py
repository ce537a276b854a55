"""Runs the steps on the connection that `monitor.store.migrating` opened, inside its transaction."""

from alembic import context

from monitor.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can undo DDL; Alembic believes otherwise unless told, and would commit between steps.
    transactional_ddl=True,
)
context.run_migrations()
