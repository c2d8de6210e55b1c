"""From an engine's start to its result, against papermill of the same notebook."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import uuid
from importlib.resources import as_file, files
from pathlib import Path

import yaml

from benchmarks.timing import interleaved, report
from jupyter_challenge.core.bundle import make_bundle
from jupyter_challenge.core.challenge import Challenge, SubmissionKind
from jupyter_challenge.core.run import EvaluationSpec, InputMount, RunSpec
from jupyter_challenge.engines.base import RunHandle
from jupyter_challenge.engines.local import LocalEngine
from tests.engines.standing_ready import standby_ready


def spec_of(example: Path, bundle: Path) -> RunSpec:
    """Make what a run of the iris starter is given."""
    challenge = Challenge.model_validate(yaml.safe_load((example / "challenge.yaml").read_text()))
    assert challenge.data.train is not None and challenge.data.test is not None
    return RunSpec(
        run_id=uuid.uuid4().hex,
        submission_id="benchmark",
        challenge_id=challenge.id,
        kind=SubmissionKind.NOTEBOOK,
        bundle=bundle,
        entry="starter.ipynb",
        inputs=[
            InputMount(source=example / challenge.data.train, target="train.csv"),
            InputMount(source=example / challenge.data.test, target="test.csv"),
        ],
        evaluation=EvaluationSpec(
            labels=example / challenge.data.labels,
            output=challenge.submission.output,
            metrics=challenge.metrics,
            boards={"public": None},
            digest="benchmark",
        ),
        limits=challenge.limits,
    )


def main(rounds: int) -> None:
    """Measure with a child kept ready and without one, and say where the time goes."""
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-") as name,
        as_file(files("jupyter_challenge") / "examples" / "iris") as example,
    ):
        folder = Path(name)
        bundle = folder / "bundle.zip"
        bundle.write_bytes(make_bundle(example, "starter.ipynb").data)
        (folder / "input").symlink_to(example / "data")
        warm = LocalEngine(folder / "warm")
        cold = LocalEngine(folder / "cold", warm=False)
        steps: dict[str, list[float]] = {}

        def papermill() -> None:
            command = [*(sys.executable, "-m", "papermill", "--no-progress-bar"), "/dev/null"]
            command.insert(-1, str(example / "starter.ipynb"))
            silent = subprocess.DEVNULL
            subprocess.run(command, cwd=folder, stdout=silent, stderr=silent, check=True)

        def run(engine: LocalEngine) -> RunHandle:
            handle = engine.start(spec_of(example, bundle))
            while not (status := engine.status(handle)).state.terminal:
                time.sleep(0.01)
            if engine.result(handle) is None:
                raise RuntimeError(f"no result: {status.failure}")
            for step in status.steps:
                if step.started_at and step.ended_at and engine is warm:
                    seconds = (step.ended_at - step.started_at).total_seconds()
                    steps.setdefault(step.name.value, []).append(seconds)
            return handle

        def ready() -> None:
            warm.prepare_standby()
            if not standby_ready(warm, 60):
                raise RuntimeError("no child stands ready")

        seconds = interleaved(
            {
                "papermill": papermill,
                "getting ready": ready,
                "engine, ready": lambda: run(warm),
                "getting ready again": ready,  # so that it does not disturb the next rival
                "engine, cold": lambda: run(cold),
            },
            rounds,
        )
        warm.close()
        cold.close()
    report(seconds, "papermill", {"engine, ready": "at most 1.0, better 0.5"})
    for step, each in steps.items():
        print(f"  {step:<9} {sorted(each)[len(each) // 2]:.3f} s")
