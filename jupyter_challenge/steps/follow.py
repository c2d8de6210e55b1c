"""What a step does whose Job somebody else runs: it asks the service for it and follows it.

It runs in a pod that Kubeflow Pipelines made, and proves with that pod's own token which run it is
for. It is told how its step is and nothing else: what KFP keeps of it, anybody may read.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Protocol

from jupyter_challenge.core.run import FollowedStep
from jupyter_challenge.steps.door import Door
from jupyter_challenge.steps.lines import Lines

GATEWAY = "CHALLENGE_GATEWAY"
TOKEN_FILE = "CHALLENGE_TOKEN_FILE"
TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
"""What every pod has that KFP makes."""

PAUSE = 0.5
LONGEST_PAUSE = 5.0
SHARE = 0.02
"""What a pause may be of the time that a step has taken: each question is two for the cluster."""

PATIENCE = 600.0
"""Seconds for which the gateway may be away while a step is followed."""

Ids = dict[str, str | int]


class StepFailed(SystemExit):
    """The step that was followed has failed; why is for the service to say.

    It ends the program without a traceback, which would be no line of a structured log.
    """

    def __init__(self) -> None:
        """Have the program end with status 1."""
        super().__init__(1)


class Artifact(Protocol):
    """An output of a step, as KFP hands it to the step."""

    metadata: dict[str, Any]
    path: str


def follow(step: str, run: str) -> Ids:
    """Ask for a step's Job and return when it is done: whose it was, for what KFP keeps of it.

    Args:
        step: The step.
        run: The run's id, as KFP was given it: for the log alone, until the gateway says more.

    Raises:
        StepFailed: It failed, or nobody says how it is.
    """
    lines = Lines(f"follow-{step}", sys.stdout)
    lines.about(run=run)
    ids: Ids = {"run": run}
    with redirect_stdout(lines):
        try:
            found = _followed(step, lines, ids)
        except Exception as error:
            lines.line(f"{step}: {type(error).__name__}: {error}", level="error")
            raise StepFailed from error
        if not found.well:
            lines.line(f"{step} did not end well; the service says why", level="error")
            raise StepFailed
    return ids


def _followed(step: str, lines: Lines, ids: Ids) -> FollowedStep:
    """The last that is said of a step; what is learnt of whose it is goes into `ids`."""
    door = Door(os.environ[GATEWAY], Path(os.environ.get(TOKEN_FILE) or TOKEN), PATIENCE)
    began, said = time.monotonic(), ""
    while True:
        found = FollowedStep.model_validate_json(door.ask(f"/step/{step}"))
        ids.update(submission=found.submission, attempt=found.attempt, challenge=found.challenge)
        lines.about(**ids)
        if found.state.value != said:
            said = found.state.value
            lines.line(f"{step}: {said}")
        if found.over:
            return found
        time.sleep(min(LONGEST_PAUSE, max(PAUSE, SHARE * (time.monotonic() - began))))


def note(artifact: Artifact, what: str, ids: Ids, *, labelled: bool = True) -> None:
    """Fill an artifact of KFP's, which only stands for what the platform itself keeps.

    The same is in its metadata and in the file that it names: other tools of KFP expect one.

    Args:
        artifact: The artifact.
        what: What it stands for.
        ids: Whose it is.
        labelled: Whether its metadata says so too: KFP takes all metadata of metrics for metrics.
    """
    said = {"stands_for": what, **ids}
    if labelled:
        artifact.metadata.update(said)
    Path(artifact.path).write_text(json.dumps(said) + "\n", encoding="utf-8")
