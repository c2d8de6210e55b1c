"""Run the migrations on the connection of whoever asks, else on the URL."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from jupyter_challenge.store.orm import Base


def _run(connection: sa.Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    engine = sa.create_engine(context.config.attributes["url"])
    with engine.begin() as own:
        _run(own)
    engine.dispose()
