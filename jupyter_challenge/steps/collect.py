"""Take the predictions out of the folder that participant code wrote to, after it has ended."""

from __future__ import annotations

import os
from itertools import islice

from jupyter_challenge.core.challenge import Output
from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.steps.context import StepContext
from jupyter_challenge.steps.folder import RunFolder, remove
from jupyter_challenge.steps.readers import copy_out

MOST_LOOKED_AT = 1_000


def collect(folder: RunFolder, name: str, output: Output) -> None:
    """Copy one file below work/ safely into a new folder of predictions.

    It is opened from the run's folder down: work/ and output/ may be links by now, too.

    Raises:
        RunFailed: no_predictions, unsafe_output or too_large.
    """
    # Whatever is there was not put there by us: participant code ran before.
    remove(folder.predictions)
    folder.predictions.mkdir(mode=0o700)
    copy_out(
        folder.path,
        f"{folder.work.name}/{name}",
        folder.predictions / output.file,
        output.max_size,
    )


def collect_output(context: StepContext) -> None:
    """Copy the predictions of a notebook; the engine calls it when the run's processes are dead.

    Raises:
        RunFailed: no_predictions names what there is instead; unsafe_output; too_large.
    """
    folder, output = context.folder, context.spec.evaluation.output
    try:
        collect(folder, f"{folder.output.name}/{output.file}", output)
    except RunFailed as error:
        if error.failure_class is not FailureClass.NO_PREDICTIONS:
            raise
        there = []
        if folder.output.is_dir() and not folder.output.is_symlink():
            # Bounded: somebody may have made millions of files.
            with os.scandir(folder.output) as entries:
                there = sorted(entry.name for entry in islice(entries, MOST_LOOKED_AT))[:5]
        found = f"; there is: {', '.join(there)}" if there else "; the folder is empty"
        raise RunFailed(
            FailureClass.NO_PREDICTIONS, f"output/{output.file} was not written{found}"
        ) from error
