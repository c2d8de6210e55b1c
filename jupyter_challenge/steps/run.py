"""The run step: execute the notebook and leave it as run."""

from __future__ import annotations

import asyncio

from jupyter_challenge.core.errors import ChallengeError, FailureClass, RunFailed
from jupyter_challenge.core.notebook import Notebook, read_notebook
from jupyter_challenge.steps.context import StepContext


def run(context: StepContext) -> None:
    """Execute the notebook in work/; output is collected later, when its processes are dead.

    Raises:
        RunFailed: Why it stopped; cell and cell_index where a cell is to blame.
    """
    from jupyter_challenge.steps.notebook import Execution

    spec = context.spec
    path = context.folder.work / spec.entry
    try:
        notebook: Notebook = read_notebook(path, complete=False)
        notebook = notebook.with_parameters(spec.parameters)
    except ChallengeError as error:
        raise RunFailed(FailureClass.CELL_ERROR, error.message) from error
    asyncio.run(Execution(context, notebook).execute())
