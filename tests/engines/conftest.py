from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.engines import processes
from jupyter_challenge.engines.jobs import Order
from jupyter_challenge.engines.local import LocalEngine
from jupyter_challenge.steps.folder import RunFolder
from tests.engines.small_challenge import SmallChallenge


@pytest.fixture
def challenge(tmp_path: Path) -> SmallChallenge:
    return SmallChallenge(tmp_path / "challenge")


@pytest.fixture
def order(tmp_path: Path) -> Order:
    """What the Jobs of a run in the small challenge are made from."""
    spec = SmallChallenge(tmp_path).spec(
        b"", time=90, cpu=1.5, memory=3_000_000_000, disk=1_000_000, gpu=0, log=1_000_000,
        notebook=2_000_000,
    )  # fmt: skip
    return Order.of(spec.model_copy(update={"team_id": "team-1", "data_size": 500}))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    """An engine without a child kept ready, that must leave no process behind."""
    engine = LocalEngine(tmp_path / "runs", warm=False)
    yield engine
    engine.close()
    for path in engine.runs.iterdir() if engine.runs.is_dir() else []:
        if path.is_dir():
            left = processes.strays(path.name, path)
            processes.end_strays(path.name, path)
            RunFolder(path).remove()
            assert left == set()
