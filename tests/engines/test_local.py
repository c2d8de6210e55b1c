"""Runs that go well and runs that fail, on real kernels."""

import json
import time
from typing import Any

import pytest

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import StepName, StepState
from jupyter_challenge.engines.base import RunState
from jupyter_challenge.engines.local import LocalEngine
from tests.engines.small_challenge import GOOD, SmallChallenge, finished, notebook

WAIT = "import time\nprint('waiting', flush=True)\ntime.sleep(600)"


def until_log(engine: LocalEngine, handle: Any, text: str) -> None:
    until = time.monotonic() + 60
    while text not in engine.logs(handle, StepName.RUN).text:
        assert time.monotonic() < until, engine.status(handle)
        time.sleep(0.02)


def test_a_notebook_is_scored(engine: LocalEngine, challenge: SmallChallenge) -> None:
    cells = (
        "import os, sys\nprint('to out')\nprint('to err', file=sys.stderr)",
        "print(sorted(os.listdir()), os.listdir('input'), open('input/test.csv').read())",
        "text = 'kernel python3 here'\nassert len(text) == 19, text\ntext",
        "{'a': 1}",
        GOOD,
    )
    handle = engine.start(challenge.spec(notebook(*cells), files={"lib.py": b"x = 1"}))
    status = finished(engine, handle)
    assert status.failure is None
    assert status.state is RunState.SUCCEEDED
    assert [s.state for s in status.steps] == [StepState.SUCCEEDED] * 3
    assert all(s.started_at and s.ended_at and s.started_at <= s.ended_at for s in status.steps)
    assert status.steps[1].detail == "cell 5/5"

    result = engine.result(handle)
    assert result is not None and result.digest == "evaluator-1"
    assert result.boards["public"]["accuracy"].value == 0.75

    files = engine.files(handle)
    assert files.predictions is not None and files.predictions.read_text().startswith("id,")
    assert files.notebook is not None
    executed = json.loads(files.notebook.read_text())
    assert executed["cells"][2]["outputs"][0]["data"]["text/plain"] == "'kernel python3 here'"
    assert executed["metadata"]["kernelspec"]["name"] == "python3"
    assert executed["metadata"]["language_info"]["name"] == "python"

    log = engine.logs(handle, StepName.RUN)
    assert log.ended and not log.truncated
    for part in ("── cell 1/5 ──", "to out", "to err", "'lib.py'", "{'a': 1}"):
        assert part in log.text
    again = engine.logs(handle, StepName.RUN, log.next)
    assert again.text == "" and again.ended

    assert engine.start(challenge.spec(notebook(*cells))).key == handle.key
    found = engine.find("run-1")
    assert found is not None and found.key == handle.key
    engine.cancel(handle)
    assert engine.status(handle).state is RunState.SUCCEEDED
    engine.forget(handle)
    assert engine.find("run-1") is None
    assert not (engine.runs / handle.key).exists()
    assert engine.status(handle).state is RunState.FAILED


def test_a_predictions_file_skips_the_run(engine: LocalEngine, challenge: SmallChallenge) -> None:
    spec = challenge.spec(
        b"id,prediction\n1,a\n2,b\n3,a\n4,b\n", name="mine.csv", kind=SubmissionKind.PREDICTIONS
    )
    handle = engine.start(spec)
    status = finished(engine, handle)
    assert status.failure is None
    assert [s.state for s in status.steps] == [
        StepState.SUCCEEDED, StepState.SKIPPED, StepState.SUCCEEDED,
    ]  # fmt: skip
    result = engine.result(handle)
    assert result is not None and result.boards["public"]["accuracy"].value == 1.0


def test_parameters_are_set_in_the_notebook(engine: LocalEngine, challenge: SmallChallenge) -> None:
    content = json.loads(notebook("depth = 1", "print('depth is', depth)", GOOD))
    content["cells"][0]["metadata"]["tags"] = ["parameters"]
    handle = engine.start(challenge.spec(json.dumps(content).encode(), parameters={"depth": 5}))
    assert finished(engine, handle).failure is None
    assert "depth is 5" in engine.logs(handle, StepName.RUN).text


@pytest.mark.parametrize(
    ("cells", "limits", "expected", "cell", "says"),
    [
        pytest.param(
            ["x = 1", "", "modle.fit()"], {}, FailureClass.CELL_ERROR, 3,
            "NameError: name 'modle' is not defined", id="a cell raises",
        ),
        pytest.param(
            ["input('name?')"], {}, FailureClass.CELL_ERROR, 1,
            "nobody can answer", id="a cell asks for input",
        ),
        pytest.param(
            ["import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"], {},
            FailureClass.KERNEL_DIED, 1, "the kernel died", id="the kernel is killed",
        ),
        pytest.param(
            ["raise MemoryError()"], {}, FailureClass.OUT_OF_MEMORY, 1,
            "MemoryError", id="a cell runs out of memory",
        ),
        pytest.param(
            ["import time\ndata = b'x' * 900_000_000\ntime.sleep(60)"], {"memory": 600_000_000},
            FailureClass.OUT_OF_MEMORY, None, "the limit is 0.6 GB", id="more memory than allowed",
        ),
        pytest.param(
            ["import time\nfor i in range(20):\n    open(f'f{i}', 'wb').write(b'x' * 1_000_000)\n"
             "time.sleep(60)"],
            {"disk": 10_000_000}, FailureClass.DISK_FULL, None,
            "the limit is 0.01 GB", id="more disk than allowed",
        ),
        pytest.param(
            ["import subprocess, time\n"
             "a = [subprocess.Popen(['sleep', '60']) for _ in range(12)]\ntime.sleep(60)"],
            {"processes": 8}, FailureClass.PROCESS_LIMIT, None,
            "the limit is 8", id="more processes than allowed",
        ),
        pytest.param(
            ["print('x' * 70_000_000)"], {"time": 110}, FailureClass.OUTPUT_LIMIT, 1,
            "larger than 50 MB", id="70 MB of output",
        ),
        pytest.param(
            ["x = 1"], {}, FailureClass.NO_PREDICTIONS, None,
            "predictions.csv was not written; the folder is empty", id="no predictions",
        ),
        pytest.param(
            ["open('output/mine.csv', 'w').close()"], {}, FailureClass.NO_PREDICTIONS, None,
            "there is: mine.csv", id="another name",
        ),
        pytest.param(
            ["while True: pass"], {"time": 4}, FailureClass.TIME_LIMIT, None,
            "the limit is 4 s", id="endless",
        ),
        pytest.param(
            ["import signal, os\nfor s in (2, 15, 1): signal.signal(s, signal.SIG_IGN)\n"
             "if os.fork() == 0:\n    os.setsid()\nwhile True: pass"],
            {"time": 4}, FailureClass.TIME_LIMIT, None,
            "the limit is 4 s", id="endless and deaf, with a daemon",
        ),
    ],
)  # fmt: skip
def test_a_run_fails_for_one_reason(
    engine: LocalEngine,
    challenge: SmallChallenge,
    cells: list[str],
    limits: dict[str, Any],
    expected: FailureClass,
    cell: int | None,
    says: str,
) -> None:
    handle = engine.start(challenge.spec(notebook(*cells), **limits))
    status = finished(engine, handle, 110)
    assert status.failure is not None
    assert (status.failure.failure_class, status.failure.cell) == (expected, cell)
    assert says in status.failure.detail
    assert status.failure.step is StepName.RUN
    assert [s.state for s in status.steps] == [
        StepState.SUCCEEDED, StepState.FAILED, StepState.SKIPPED,
    ]  # fmt: skip
    assert engine.result(handle) is None
    if cell is not None:
        assert status.failure.cell_index == cell - 1
        executed = json.loads((engine.runs / handle.key / "executed.ipynb").read_text())
        marked = [c["metadata"].get("jupyter_challenge") for c in executed["cells"]]
        assert marked == [None] * (cell - 1) + [{"failed": True}]


def test_cancel_ends_an_endless_run(engine: LocalEngine, challenge: SmallChallenge) -> None:
    handle = engine.start(challenge.spec(notebook("print('one')", WAIT)))
    until_log(engine, handle, "waiting")
    assert engine.status(handle).steps[1].detail == "cell 2/2"
    engine.cancel(handle)
    status = engine.status(handle)
    assert status.state is RunState.CANCELLED and status.failure is None
    assert [s.state for s in status.steps] == [
        StepState.SUCCEEDED, StepState.CANCELLED, StepState.SKIPPED,
    ]  # fmt: skip
    executed = engine.files(handle).notebook
    assert executed is not None and "one" in executed.read_text()


def test_cancel_from_another_process_than_started(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    handle = engine.start(challenge.spec(notebook(WAIT)))
    until_log(engine, handle, "waiting")
    other = LocalEngine(engine.runs, warm=False)
    found = other.find("run-1")
    assert found is not None and other.status(found).state is RunState.RUNNING
    other.cancel(found)
    assert other.status(found).state is RunState.CANCELLED
    assert engine.status(handle).state is RunState.CANCELLED


def test_runs_side_by_side(engine: LocalEngine, challenge: SmallChallenge) -> None:
    mine = "import os; print('I am', os.environ['JUPYTER_CHALLENGE_RUN'])"
    handles = [
        engine.start(challenge.spec(notebook(mine, GOOD), f"run-{number}")) for number in range(3)
    ]
    assert len({handle.key for handle in handles}) == 3
    for handle in handles:
        assert finished(engine, handle).failure is None
        assert f"I am {handle.key}" in engine.logs(handle, StepName.RUN).text


@pytest.mark.parametrize("kind", [SubmissionKind.NOTEBOOK, SubmissionKind.PREDICTIONS])
def test_steps_are_new_interpreters_where_the_child_cannot_fork(
    engine: LocalEngine,
    challenge: SmallChallenge,
    monkeypatch: pytest.MonkeyPatch,
    kind: SubmissionKind,
) -> None:
    never = (
        "import runpy\n"
        "from jupyter_challenge.engines import supervision\n"
        "supervision.may_fork = lambda: False\n"
        "runpy.run_module('jupyter_challenge.engines.local_child', run_name='__main__')"
    )
    monkeypatch.setattr("jupyter_challenge.engines.standby.PROGRAM", ("-c", never))
    if kind is SubmissionKind.NOTEBOOK:
        spec = challenge.spec(notebook("print('python3 here')", GOOD))
    else:
        spec = challenge.spec(b"id,prediction\n1,a\n2,b\n3,a\n4,a\n", name="m.csv", kind=kind)
    handle = engine.start(spec)
    assert finished(engine, handle).failure is None
    result = engine.result(handle)
    assert result is not None and result.boards["public"]["accuracy"].value == 0.75
    if kind is SubmissionKind.NOTEBOOK:
        assert "\npython3 here\n" in engine.logs(handle, StepName.RUN).text


def test_a_log_ends_at_its_cap_and_says_so(engine: LocalEngine, challenge: SmallChallenge) -> None:
    cell = "for i in range(3000): print('ä' * 100)"
    handle = engine.start(challenge.spec(notebook(cell, GOOD), log=100_001))
    assert finished(engine, handle).failure is None
    log = engine.logs(handle, StepName.RUN)
    assert log.truncated and log.ended
    assert "was cut here" in log.text
    assert log.next < 101_000


def test_the_input_is_read_only_and_large_files_are_not_copied(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    with challenge.test.open("r+b") as file:
        file.truncate(20_000_000)
    handle = engine.start(challenge.spec(notebook(GOOD)))
    assert finished(engine, handle).failure is None
    placed = engine.runs / handle.key / "work" / "input" / "test.csv"
    assert placed.stat().st_size == 20_000_000
    assert placed.parent.stat().st_mode & 0o222 == 0
    engine.forget(handle)
    assert challenge.test.stat().st_size == 20_000_000


def test_data_that_is_gone_is_the_organisers_fault(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    spec = challenge.spec(notebook(GOOD))
    challenge.test.unlink()
    status = finished(engine, engine.start(spec))
    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.DATA_MISSING
    assert status.failure.step is StepName.PREPARE
