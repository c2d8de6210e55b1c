"""The whole way with the real engine: a notebook becomes a rank."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_challenge.core.bundle import make_bundle
from jupyter_challenge.engines.base import RunHandle
from jupyter_challenge.engines.local import LocalEngine
from jupyter_challenge.store.orm import RunRow
from tests.service.world import User, World
from tests.tiny import WRITE_ALL_EVEN, write_notebook, write_predictions

NOTEBOOK = {"kind": "notebook", "entry": "model.ipynb"}


@pytest.fixture
def real(make_world: Callable[..., World], tmp_path: Path) -> World:
    """A service with the engine of a laptop."""
    world = make_world(engine=LocalEngine(tmp_path / "runs", warm=False), parallel_runs=2)
    world.publish(phases=[{"id": "main", "split": {"public": 0.5}, "reveal": "never",
                           "quota": {"concurrent": 9, "per_day": 9}}])  # fmt: skip
    world.user("ana").enter()
    return world


def notebook(world: World, *cells: str) -> bytes:
    path = write_notebook(world.folder / "work" / "model.ipynb", *cells)
    return make_bundle(path.parent, "model.ipynb").data


def handle_of(world: World) -> RunHandle:
    with world.embedded.service.db.read() as session:
        return RunHandle.model_validate(session.query(RunRow).all()[-1].handle)


def alive(pid: int | None) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_a_notebook_becomes_a_rank(real: World) -> None:
    ana = real.user("ana")
    done = ana.submitted(bundle=notebook(real, WRITE_ALL_EVEN, "print('hello')"), request=NOTEBOOK)
    assert done["state"] == "scored", done["failure"]
    assert [step["state"] for step in done["steps"]] == ["succeeded"] * 3
    assert all(step["started_at"] and step["ended_at"] for step in done["steps"])
    (public,) = done["scores"]
    private = real.admin.show(done["id"])["scores"][1]
    # All even: half of all rows, however they are split.
    right = public["value"] * public["n"] + private["value"] * private["n"]
    assert (round(right), public["n"] + private["n"]) == (5, 10)
    assert ana.board()["mine"]["submission"] == done["id"]
    executed = json.loads(ana.get(f"/submissions/{done['id']}/notebook").content)
    assert "hello" in json.dumps(executed["cells"][1]["outputs"])
    assert ana.ask("GET", f"/submissions/{done['id']}/logs/run")["ended"]
    assert list((real.folder.parent / "runs").glob("[0-9a-f]*")) == []


def test_predictions_skip_the_run(real: World) -> None:
    ana = real.user("ana")
    path = write_predictions(real.folder / "work" / "predictions.csv")
    done = ana.submitted(bundle=make_bundle(path.parent, "predictions.csv").data)
    assert done["score"]["value"] == 1
    assert done["steps"][1]["state"] == "skipped"


def test_a_failing_cell_is_named(real: World) -> None:
    ana = real.user("ana")
    done = ana.submitted(bundle=notebook(real, "x = 1", "modle"), request=NOTEBOOK)
    assert done["failure"]["failure_class"] == "cell_error"
    assert "NameError" in done["failure"]["detail"]
    assert done["failure"]["cell"] == 2
    assert done["has_notebook"]
    assert ana.quota()["left_today"] == 9


def test_a_try_is_scored_on_the_sample(real: World) -> None:
    ana = real.user("ana")
    done = ana.submitted(
        bundle=notebook(real, WRITE_ALL_EVEN), request={**NOTEBOOK, "is_try": True}
    )
    assert (done["state"], done["score"]["value"]) == ("scored", 0.5), done["failure"]
    assert ana.board()["rows"] == []


def endless(world: World, ana: User) -> Any:
    made = ana.submit(bundle=notebook(world, "import time; time.sleep(600)"), request=NOTEBOOK)
    world.until(lambda: ana.show(made["id"])["steps"][1]["state"] == "running")
    return made


def test_cancel_leaves_no_process(real: World) -> None:
    ana = real.user("ana")
    made = endless(real, ana)
    child = psutil.Process(handle_of(real).pid)
    tree = [child, *child.children(recursive=True)]
    ana.ask("POST", f"/submissions/{made['id']}/cancel")
    assert ana.finished(made["id"])["state"] == "cancelled"
    assert [each.pid for each in tree if alive(each.pid)] == []


def test_a_killed_child_is_tried_once_more(real: World) -> None:
    ana = real.user("ana")
    made = endless(real, ana)
    psutil.Process(handle_of(real).pid).kill()
    real.until(lambda: ana.show(made["id"])["attempt"] == 2)
    ana.ask("POST", f"/submissions/{made['id']}/cancel")
    assert ana.finished(made["id"])["state"] == "cancelled"


def test_a_restart_loses_nothing(real: World, make_world: Callable[..., World]) -> None:
    """The service ends while a run is at work; the next one follows the same run to its end."""
    ana = real.user("ana")
    cell = "import time; time.sleep(2)"
    made = ana.submit(bundle=notebook(real, WRITE_ALL_EVEN, cell), request=NOTEBOOK)
    real.until(lambda: ana.show(made["id"])["steps"][1]["state"] == "running")
    real.embedded.stop()
    engine = LocalEngine(real.folder.parent / "runs", warm=False)
    again = make_world(folder=real.folder, engine=engine)
    done = again.user("ana").finished(made["id"])
    assert (done["state"], done["attempt"]) == ("scored", 1), done["failure"]
