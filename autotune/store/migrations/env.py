"""What Alembic runs: the steps, on the connection it is given, in the transaction that is open on it."""

from __future__ import annotations

from alembic import context

from autotune.store.tables import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
