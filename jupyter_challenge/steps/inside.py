"""The program of the containers of a run's pods: `python -m jupyter_challenge.steps.inside STEP`.

`prepare` and `upload`, `evaluate-fetch` and `evaluate-upload` are the platform's own: they hold
the pod's token and talk to the gateway. `run` and `evaluate` do the step, without any. Where a run
may not reach the gateway, couriers do: `bring` before it, `take` after it.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.errors import FAILURES, FailureClass, Fault, RunFailed
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import EvaluationSpec, PodReport, RunFailure, RunSpec, most_state
from jupyter_challenge.core.tarball import Packed, pieces_of
from jupyter_challenge.steps import lean
from jupyter_challenge.steps.alone import alone, report_path
from jupyter_challenge.steps.context import StepContext, translated
from jupyter_challenge.steps.disk_use import MEASURE_EVERY, OVERFULL, DiskUse
from jupyter_challenge.steps.door import Door, Refused
from jupyter_challenge.steps.exchange import EXCHANGE, OUTPUT, STATE, Exchange
from jupyter_challenge.steps.exchange import bring as put_on_its_volume
from jupyter_challenge.steps.exchange import take as hand_in_from_its_volume
from jupyter_challenge.steps.folder import RunFolder, remove, replace
from jupyter_challenge.steps.lines import Lines, concerning
from jupyter_challenge.steps.readers import open_beneath
from jupyter_challenge.steps.state import kept

FOLDER = Path("/challenge")
TOOLS = Path("/challenge-tools")
TEMPORARY = Path("/challenge-tmp")
TOKEN = Path("/var/run/secrets/challenge/token")
GATEWAY = "CHALLENGE_GATEWAY"
EXCHANGED = "CHALLENGE_EXCHANGE"
READY_WITHIN = 120.0
EVALUATION_AT_LEAST = 60.0
MOST_SAID = 1_000
REPORT_SIZE = 100_000
RESULT_SIZE = 200_000_000
LOG_SLACK = 1_000


@dataclass(frozen=True)
class Inside:
    """Where a container finds what it needs."""

    folder: RunFolder
    token: Path = TOKEN
    tools: Path = TOOLS
    temporary: Path = TEMPORARY

    @property
    def version(self) -> Path:
        """What predictions are scored with."""
        return self.folder.path / "version"

    @property
    def ready(self) -> Path:
        """There when `upload` hears when it is told to end."""
        return self.folder.path / "ready"

    def door(self) -> Door | Exchange:
        """The way to the gateway, or what stands for it."""
        return self.gateway() if GATEWAY in os.environ else Exchange(self.exchange)

    @property
    def exchange(self) -> Path:
        """Where the volumes are of a run that may not reach the gateway."""
        return Path(os.environ.get(EXCHANGED, EXCHANGE))

    def gateway(self) -> Door:
        """The gateway itself."""
        return Door(os.environ[GATEWAY], self.token)

    def given(self) -> RunSpec:
        """What the container before this one was given by the gateway."""
        return RunSpec.model_validate_json(self.folder.spec.read_bytes())


def main(arguments: list[str] | None = None) -> int:
    """Do what a container is for; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=list(PROGRAMS))
    parser.add_argument("--folder", type=Path, default=FOLDER, help="The run's folder.")
    parser.add_argument("--token", type=Path, default=TOKEN, help="File with the pod's token.")
    options = parser.parse_args(arguments)
    os.umask(0o077)
    lean.keep_out()
    if options.step.endswith("upload"):
        # The very first thing: told to end before this, it would not hear it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    inside = Inside(RunFolder(options.folder.absolute()), options.token)
    with ExitStack() as stack:
        if options.step not in {StepName.RUN, StepName.EVALUATE}:
            stack.enter_context(contextlib.redirect_stdout(Lines(options.step, sys.stdout)))
        try:
            return PROGRAMS[options.step](inside)
        except Refused as error:
            # Such as of a run that was cancelled: there is nobody to tell but the log.
            print(f"The gateway refused: {error}", flush=True)
            return 1


def prepare(inside: Inside) -> int:
    """Fetch data and submission, and put them in place."""
    from jupyter_challenge.steps.prepare import prepare as put_in_place

    folder, door = inside.folder, inside.door()
    _make(folder)
    if isinstance(door, Exchange):
        door.take_back(OUTPUT)
    spec = RunSpec.model_validate_json(door.read("/run/spec"))
    concerning(spec)
    bundle = folder.path / "bundle.zip"
    # The data comes straight to its place; nothing of it is left to be copied there.
    spec = spec.model_copy(update={"bundle": bundle, "inputs": []})
    replace(folder.spec, spec.model_dump_json().encode())
    with _logged(folder.log(StepName.PREPARE)):
        try:
            began = time.monotonic()
            door.unpack("/run/inputs", folder.input)
            seconds, size = time.monotonic() - began, 0
            for path in sorted(each for each in folder.input.rglob("*") if each.is_file()):
                print(f"input/{path.relative_to(folder.input)}: {path.stat().st_size:,} bytes")
                size += path.stat().st_size
            print(f"The data came in {seconds:.2f} s, {size / 1e6 / max(seconds, 0.01):.0f} MB/s.")
            door.save("/run/bundle", bundle)
            put_in_place(StepContext(folder, spec, lambda _: None))
            bundle.unlink()
            door.unpack("/run/state", folder.state, mode=0o600)
            if spec.data_image is not None:
                from jupyter_challenge.steps import traveller

                traveller.pack(inside.tools)
        except (RunFailed, OSError, Refused) as error:
            if isinstance(error, Refused):
                if error.code != FailureClass.DATA_MISSING.value:
                    raise
                error = RunFailed(FailureClass.DATA_MISSING, str(error))
            failure = translated(error, StepName.PREPARE)
            print(failure.detail)
        else:
            return 0
    with ExitStack() as stack:
        files = [_report(PodReport(ended=True, failure=failure))]
        files += _there(stack, folder, "prepare.log", "prepare.log", spec.limits.log + LOG_SLACK)
        door.hand_in("/run/output", files)
    return 1


def run(inside: Inside) -> int:
    """Execute the notebook; of a predictions file nothing is left to do."""
    from jupyter_challenge.steps.run import run as execute

    spec = inside.given()
    if spec.kind is SubmissionKind.NOTEBOOK:
        # Before the wait: what the step needs is imported while the sidecar gets ready.
        importlib.import_module("jupyter_challenge.steps.notebook")
    _wait_for(inside.ready)
    if spec.kind is SubmissionKind.PREDICTIONS:
        replace(report_path(inside.folder), PodReport(ended=True).model_dump_json().encode())
        return 0
    context = StepContext(inside.folder, spec, lambda _: None, network=False)
    return alone(context, StepName.RUN, execute, spec.limits.time)


def upload(inside: Inside) -> int:
    """Wait until the step is dead, then hand in what it left."""
    door = inside.door()
    # Not from the folder: the step could have written there.
    spec = RunSpec.model_validate_json(door.read("/run/spec"))
    concerning(spec)
    own = spec.kind is SubmissionKind.CONTAINER
    if own and (failure := _measured_until_the_end(inside, spec)) is not None:
        # The step goes on: it is the service that ends it, once the kubelet told it of this.
        print(failure.detail, flush=True)
        return OVERFULL
    if not own:
        _wait_for_the_end(inside)
    folder, log = inside.folder, spec.limits.log + LOG_SLACK
    with ExitStack() as stack:
        # Of an image's own program only the kubelet knows how it ended.
        word = PodReport(ended=True) if own else _word(folder, own=True)
        report = _checked(folder, spec, word)
        files = [_report(report)]
        if report.ended and report.failure is None:
            found = f"{folder.predictions.name}/{spec.evaluation.output.file}"
            files += _there(stack, folder, found, "predictions", spec.evaluation.output.max_size)
        notebook = 2 * spec.limits.notebook + 1_000_000
        files += _there(stack, folder, "executed.ipynb", "executed.ipynb", notebook)
        for name in ("prepare.log", "run.log"):
            files += _there(stack, folder, name, name, log)
        try:
            if isinstance(door, Exchange) and not report.ended:
                # Whether it goes on in another pod is not known here: it can, with this.
                door.hand_in(STATE, kept(folder.state, most_state(spec.limits)))
            door.hand_in(OUTPUT, files)
        except Refused:
            if report.ended:
                raise
            # It had to make way, and goes on with this in another pod.
            door.hand_in(STATE, kept(folder.state, most_state(spec.limits)))
        print(f"Handed in {', '.join(file.name for file in files)}.")
    return 0


def bring(inside: Inside) -> int:
    """Put what the run needs on its volume."""
    door = inside.gateway()
    concerning(RunSpec.model_validate_json(door.read("/run/spec")))
    try:
        put_on_its_volume(door, inside.exchange)
    except Refused as error:
        if error.code != FailureClass.DATA_MISSING.value:
            raise
        failure = translated(RunFailed(FailureClass.DATA_MISSING, str(error)), StepName.PREPARE)
        door.hand_in(OUTPUT, [_report(PodReport(ended=True, failure=failure))])
        return 1
    print("What the run needs is on its volume.", flush=True)
    return 0


def take(inside: Inside) -> int:
    """Hand in what the run left on its volume."""
    door = inside.gateway()
    concerning(RunSpec.model_validate_json(door.read("/run/spec")))
    taken = hand_in_from_its_volume(door, inside.exchange)
    print(f"Handed in {', '.join(taken) or 'nothing: there is nothing'}.", flush=True)
    return 0


def evaluate_fetch(inside: Inside) -> int:
    """Fetch predictions and what they are scored with."""
    folder, door = inside.folder, inside.door()
    _make(folder)
    spec = RunSpec.model_validate_json(door.read("/evaluate/spec"))
    concerning(spec)
    spec = spec.model_copy(update={"evaluation": _placed(spec.evaluation, inside.version)})
    replace(folder.spec, spec.model_dump_json().encode())
    remove(inside.version)
    inside.version.mkdir()
    door.unpack("/evaluate/labels", inside.version)
    folder.predictions.mkdir(exist_ok=True)
    door.save("/evaluate/predictions", folder.predictions / spec.evaluation.output.file)
    print("Fetched predictions and what they are scored with.")
    return 0


def evaluate(inside: Inside) -> int:
    """Score the predictions."""
    from jupyter_challenge.steps.evaluate import evaluate as score

    _wait_for(inside.ready)
    spec = inside.given()
    context = StepContext(inside.folder, spec, lambda _: None)
    seconds = max(EVALUATION_AT_LEAST, spec.limits.time)
    return alone(context, StepName.EVALUATE, score, seconds)


def evaluate_upload(inside: Inside) -> int:
    """Wait until the evaluation is over, then hand in what it found."""
    door = inside.door()
    spec = RunSpec.model_validate_json(door.read("/evaluate/spec"))
    concerning(spec)
    _wait_for_the_end(inside)
    folder = inside.folder
    with ExitStack() as stack:
        report = _word(folder, own=False)
        files = [_report(report)]
        if report.ended and report.failure is None:
            files += _there(stack, folder, "result.json", "result.json", RESULT_SIZE)
        log = spec.limits.log + LOG_SLACK
        files += _there(stack, folder, "evaluate.log", "evaluate.log", log)
        door.hand_in("/evaluate/result", files)
        print(f"Handed in {', '.join(file.name for file in files)}.")
    return 0


PROGRAMS: dict[str, Callable[[Inside], int]] = {
    "bring": bring,
    "take": take,
    "prepare": prepare,
    "run": run,
    "upload": upload,
    "evaluate-fetch": evaluate_fetch,
    "evaluate": evaluate,
    "evaluate-upload": evaluate_upload,
}


def _make(folder: RunFolder) -> None:
    """Make the folders of a run in the volume; nothing of an attempt before is left."""
    for child in folder.path.iterdir():
        remove(child)
    for path in (folder.home, folder.work, folder.input, folder.output, folder.state, folder.tmp):
        path.mkdir(mode=0o700)


def _wait_for(path: Path) -> None:
    """Wait for the sidecar: before it is ready it would not hear that the step is over."""
    until = time.monotonic() + READY_WITHIN
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.02)


def _wait_for_the_end(inside: Inside) -> None:
    replace(inside.ready, b"")
    signal.sigwait({signal.SIGTERM})


def _measured_until_the_end(inside: Inside, spec: RunSpec) -> RunFailure | None:
    """Measure what an image's own program writes, as no process of ours is before it."""
    replace(inside.ready, b"")
    disk = DiskUse(inside.folder, spec.limits.disk, [inside.temporary])
    while signal.sigtimedwait({signal.SIGTERM}, MEASURE_EVERY) is None:
        failure = disk.beyond(StepName.RUN)
        if failure is not None:
            return failure
    return None


def _word(folder: RunFolder, *, own: bool) -> PodReport:
    """What the step's process said of its end.

    Args:
        folder: The run's folder.
        own: Whether participant code could have written it: then it may accuse itself alone, as
            only the platform knows what the platform did wrong.
    """
    try:
        with open_beneath(folder.path, report_path(folder).name, max_size=REPORT_SIZE) as file:
            said = PodReport.model_validate_json(file.read())
    except (RunFailed, ValueError, OSError):
        return PodReport(ended=False)
    failure = said.failure
    if failure is not None and own:
        kind = failure.failure_class
        if FAILURES[kind].fault is not Fault.PARTICIPANT:
            kind = FailureClass.KERNEL_DIED
        failure = failure.model_copy(
            update={
                "failure_class": kind,
                "step": StepName.RUN,
                "detail": failure.detail[:MOST_SAID],
            }
        )
    return said.model_copy(update={"failure": failure})


def _checked(folder: RunFolder, spec: RunSpec, word: PodReport) -> PodReport:
    """What is said of a run: its own word, and whether its predictions could be taken."""
    from jupyter_challenge.steps.collect import collect_output

    if not word.ended or word.failure is not None or spec.kind is SubmissionKind.PREDICTIONS:
        return word
    try:
        collect_output(StepContext(folder, spec, lambda _: None))
    except (RunFailed, OSError) as error:
        return word.model_copy(update={"failure": translated(error, StepName.RUN)})
    return word


def _there(
    stack: ExitStack, folder: RunFolder, path: str, name: str, most: int
) -> Iterator[Packed]:
    """A file of the folder that is to be handed in, where it is there and may be."""
    try:
        file = stack.enter_context(open_beneath(folder.path, path, max_size=most))
    except RunFailed as error:
        print(f"{name} is left out: {error.detail}", flush=True)
        return
    size = os.fstat(file.fileno()).st_size
    yield Packed(name, size, lambda: _from_its_start(file, size))


def _from_its_start(file: IO[bytes], size: int) -> Iterator[bytes]:
    file.seek(0)
    return pieces_of(file, size)


def _report(report: PodReport) -> Packed:
    data = report.model_dump_json().encode()
    return Packed("report.json", len(data), lambda: [data])


def _placed(spec: EvaluationSpec, version: Path) -> EvaluationSpec:
    """The same with the paths that files have here."""

    def moved(path: Path | None) -> Path | None:
        return version / path.relative_to(FOLDER / "version") if path is not None else None

    return spec.model_copy(
        update={
            "labels": moved(spec.labels),
            "evaluator_file": moved(spec.evaluator_file),
            "boards": {board: moved(path) for board, path in spec.boards.items()},
        }
    )


@contextlib.contextmanager
def _logged(path: Path) -> Iterator[None]:
    """Keep what is printed in a file too."""
    shown = sys.stdout
    with path.open("w", encoding="utf-8") as file:

        class Both:
            def write(self, text: str) -> int:
                shown.write(text)
                return file.write(text)

            def flush(self) -> None:
                shown.flush()
                file.flush()

        with contextlib.redirect_stdout(Both()):
            yield


if __name__ == "__main__":
    sys.exit(main())
