"""Where a step works."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.steps.folder import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[RunFolder]:
    """A run's folder; its name is nobody else's, as a part of it may be in /tmp by that name."""
    made = RunFolder(tmp_path / uuid.uuid4().hex[:12])
    made.create()
    yield made
    made.remove()
