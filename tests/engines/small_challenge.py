"""A small real challenge on iris, and notebooks for it, as the tests of steps and engines need."""

import time
from pathlib import Path
from typing import Any

import nbformat

from jupyter_challenge.core.challenge import Limits, MetricSpec, Output, SubmissionKind
from jupyter_challenge.core.run import EvaluationSpec, InputMount, RunSpec
from jupyter_challenge.engines.base import RunHandle, RunStatus
from jupyter_challenge.engines.local import LocalEngine
from tests.bundles import bundle_of

LABELS = "id,prediction\n1,a\n2,b\n3,a\n4,b\n"
GOOD = (
    "import os\n"
    "with open(os.environ['CHALLENGE_OUTPUT'] + '/predictions.csv', 'w') as file:\n"
    "    file.write('id,prediction\\n1,a\\n2,b\\n3,a\\n4,a\\n')\n"
)


def notebook(*cells: str, kernel: str | None = "python3", **metadata: Any) -> bytes:
    """Write a notebook of code cells."""
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    for index, cell in enumerate(content.cells):
        cell.id = f"cell{index}"
    content.metadata.update(metadata)
    if kernel is not None:
        content.metadata["kernelspec"] = {"name": kernel, "display_name": kernel}
    return nbformat.writes(content).encode()


class SmallChallenge:
    """Files of a challenge below a folder, and the specs of runs of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.labels = folder / "hidden" / "labels.csv"
        self.test = folder / "public" / "test.csv"
        for path, text in ((self.labels, LABELS), (self.test, "id,x\n1,0\n2,1\n3,0\n4,1\n")):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def spec(
        self,
        entry: bytes,
        run_id: str = "run-1",
        *,
        name: str = "model.ipynb",
        kind: SubmissionKind = SubmissionKind.NOTEBOOK,
        files: dict[str, bytes] | None = None,
        parameters: dict[str, Any] | None = None,
        **limits: Any,
    ) -> RunSpec:
        """Make what a run is given."""
        bundle = self.folder / f"{run_id}.zip"
        bundle.write_bytes(bundle_of(name, {name: entry, **(files or {})}).data)
        return RunSpec(
            run_id=run_id,
            submission_id="submission",
            challenge_id="small",
            kind=kind,
            bundle=bundle,
            entry=name,
            parameters=parameters or {},
            inputs=[InputMount(source=self.test, target="test.csv")],
            evaluation=EvaluationSpec(
                labels=self.labels,
                output=Output(),
                metrics=[MetricSpec(name="accuracy")],
                boards={"public": None},
                digest="evaluator-1",
            ),
            limits=Limits(**{"time": 60, **limits}),
        )


def finished(engine: LocalEngine, handle: RunHandle, seconds: float = 60) -> RunStatus:
    """Wait until a run is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        status = engine.status(handle)
        if status.state.terminal:
            return status
        time.sleep(0.02)
    raise AssertionError(f"the run is not over: {status}")
