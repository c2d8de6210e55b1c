"""Whatever is killed, whenever: one terminal state, no process left, no folder in the way."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import StepName, StepState
from jupyter_challenge.engines import processes, run_state
from jupyter_challenge.engines.base import RunHandle, RunState
from jupyter_challenge.engines.local import LocalEngine
from jupyter_challenge.engines.standby import new_folder
from tests.engines.small_challenge import GOOD, SmallChallenge, finished, notebook

SLOW_EVALUATION = """
import time
def evaluate(labels, predictions):
    time.sleep(600)
"""
SLEEP = "import time\ntime.sleep(600)"
FORK = b"local_child"
DAEMON = """
import os, subprocess, sys
subprocess.Popen(
    [sys.executable, '-c', 'import os, time\\nif os.fork(): os._exit(0)\\ntime.sleep(600)'],
    start_new_session=True, cwd='/', env={},
).wait()
"""


def until_running(engine: LocalEngine, handle: RunHandle, step: StepName, detail: str) -> None:
    until = time.monotonic() + 60
    while True:
        status = engine.status(handle)
        view = next(s for s in status.steps if s.name is step)
        if view.state is StepState.RUNNING and view.detail == detail:
            return
        assert not status.state.terminal and time.monotonic() < until, status
        time.sleep(0.01)


def slow_in(step: StepName, challenge: SmallChallenge) -> tuple[bytes, dict[str, object]]:
    """A notebook and changes of the spec that make one step last."""
    if step is StepName.EVALUATE:
        from jupyter_challenge.core.challenge import Evaluator

        file = challenge.folder / "hidden" / "evaluate.py"
        file.write_text(SLOW_EVALUATION)
        return notebook(GOOD), {"evaluator": Evaluator(), "evaluator_file": file}
    return notebook(SLEEP), {}


@pytest.mark.parametrize("step", [StepName.RUN, StepName.EVALUATE], ids=lambda s: s.value)
def test_the_child_is_killed(
    engine: LocalEngine, challenge: SmallChallenge, step: StepName
) -> None:
    content, changes = slow_in(step, challenge)
    spec = challenge.spec(content)
    spec = spec.model_copy(update={"evaluation": spec.evaluation.model_copy(update=changes)})
    handle = engine.start(spec)
    until_running(engine, handle, step, "cell 1/1" if step is StepName.RUN else "")
    assert handle.pid is not None
    os.kill(handle.pid, signal.SIGKILL)
    # Another engine, as after a restart of the service.
    other = LocalEngine(engine.runs, warm=False)
    until = time.monotonic() + 10
    while not other.status(handle).state.terminal:
        assert time.monotonic() < until
    status = other.status(handle)
    assert status.state is RunState.FAILED and status.failure is not None
    assert status.failure.failure_class is FailureClass.PLATFORM_ERROR
    assert status.failure.step is step
    assert processes.strays(handle.key, engine.runs / handle.key) == set()
    assert finished(engine, handle) == status
    assert engine.result(handle) is None


def test_the_child_is_killed_in_prepare(engine: LocalEngine, challenge: SmallChallenge) -> None:
    pipe = challenge.folder / "public" / "pipe.csv"
    os.mkfifo(pipe)  # reading it waits for ever
    spec = challenge.spec(notebook(GOOD))
    mount = spec.inputs[0].model_copy(update={"source": pipe})
    handle = engine.start(spec.model_copy(update={"inputs": [mount]}))
    until_running(engine, handle, StepName.PREPARE, "")
    assert handle.pid is not None
    os.kill(handle.pid, signal.SIGKILL)
    status = finished(engine, handle)
    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.PLATFORM_ERROR
    assert [s.state for s in status.steps] == [
        StepState.FAILED, StepState.SKIPPED, StepState.SKIPPED,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        pytest.param(StepName.RUN, FailureClass.KERNEL_DIED, id="run"),
        pytest.param(StepName.EVALUATE, FailureClass.PLATFORM_ERROR, id="evaluate"),
    ],
)
def test_the_process_of_a_step_is_killed(
    engine: LocalEngine, challenge: SmallChallenge, step: StepName, expected: FailureClass
) -> None:
    content, changes = slow_in(step, challenge)
    spec = challenge.spec(content)
    spec = spec.model_copy(update={"evaluation": spec.evaluation.model_copy(update=changes)})
    handle = engine.start(spec)
    until_running(engine, handle, step, "cell 1/1" if step is StepName.RUN else "")
    assert handle.pid is not None
    until = time.monotonic() + 20
    while not (forks := [p for p in processes.descendants(handle.pid) if FORK in _command(p)]):
        assert time.monotonic() < until
    os.kill(min(forks), signal.SIGKILL)
    status = finished(engine, handle)
    assert status.failure is not None
    assert status.failure.failure_class is expected
    assert status.failure.step is step


def test_a_child_that_hangs_is_ended_after_its_deadline(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    engine.grace = 0.5
    handle = engine.start(challenge.spec(notebook(SLEEP), time=5))
    until_running(engine, handle, StepName.RUN, "cell 1/1")
    assert handle.pid is not None
    os.kill(handle.pid, signal.SIGSTOP)
    status = finished(engine, handle)
    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.TIME_LIMIT


def test_a_run_outlives_who_started_it(engine: LocalEngine, challenge: SmallChallenge) -> None:
    spec = challenge.spec(notebook("import time; time.sleep(1)", GOOD))
    (challenge.folder / "spec.json").write_text(spec.model_dump_json())
    starter = f"""
import os, sys
from pathlib import Path
from jupyter_challenge.engines.local import LocalEngine
from jupyter_challenge.engines.base import RunSpec
engine = LocalEngine(Path({str(engine.runs)!r}))
engine.start(RunSpec.model_validate_json(open({str(challenge.folder / "spec.json")!r}).read()))
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", starter], check=False)
    assert done.returncode == -signal.SIGKILL
    handle = engine.find("run-1")
    assert handle is not None
    assert finished(engine, handle).state is RunState.SUCCEEDED


def test_a_run_that_was_written_down_and_never_begun_fails(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    folder = new_folder(engine.runs)
    run_state.write_record(folder, "run-1", None, None)
    handle = engine.start(challenge.spec(notebook(GOOD)))
    assert handle.key == folder.key
    assert engine.status(handle).state is RunState.PENDING
    os.utime(folder.record, (0, 0))
    status = engine.status(handle)
    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.PLATFORM_ERROR


def test_a_pid_that_another_process_got_is_not_the_run(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    folder = new_folder(engine.runs)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        run_state.write_record(folder, "run-1", stranger.pid, 1.0)
        handle = engine.find("run-1")
        assert handle is not None
        assert engine.status(handle).state is RunState.FAILED
        engine.cancel(handle)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_daemon_is_dead_before_the_output_is_taken(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    # Its environment is empty and it has left session, parent and folder.
    handle = engine.start(
        challenge.spec(notebook(DAEMON, "print(open('/proc/1/stat').read())", GOOD))
    )
    assert finished(engine, handle).failure is None
    sleeping = [
        pid for pid in processes.descendants(1) if b"os._exit(0)\ntime.sleep(600)" in _command(pid)
    ]
    assert sleeping == []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
