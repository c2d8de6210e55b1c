"""Databases with tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_challenge.store import schema
from jupyter_challenge.store.database import Database


@pytest.fixture
def db(db_url: str) -> Iterator[Database]:
    """A database with empty tables."""
    made = Database(db_url)
    schema.prepare(made)
    yield made
    made.close()
