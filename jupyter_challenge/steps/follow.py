"""What a step does whose Job somebody else runs: it asks the service for it and follows it.

It runs in a pod that Kubeflow Pipelines made, and proves with that pod's own token which run it is
for. It is told how its step is and nothing else: what KFP keeps of it, anybody may read.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from jupyter_challenge.core.run import FollowedStep
from jupyter_challenge.steps.door import Door

GATEWAY = "CHALLENGE_GATEWAY"
TOKEN_FILE = "CHALLENGE_TOKEN_FILE"
TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
"""What every pod has that KFP makes."""

PAUSE = 0.5
PATIENCE = 600.0
"""Seconds for which the gateway may be away while a step is followed."""


class StepFailed(Exception):
    """The step that was followed has failed; why is for the service to say."""


def follow(step: str) -> None:
    """Ask for a step's Job and return when it is done.

    Raises:
        StepFailed: It failed.
        Refused: This pod belongs to no run.
    """
    door = Door(os.environ[GATEWAY], Path(os.environ.get(TOKEN_FILE) or TOKEN), PATIENCE)
    said = ""
    while True:
        found = FollowedStep.model_validate_json(door.ask(f"/step/{step}"))
        if found.state.value != said:
            said = found.state.value
            print(f"{step}: {said}", flush=True)
        if found.over:
            break
        time.sleep(PAUSE)
    if not found.well:
        raise StepFailed(f"{step} did not end well; the service says why")
