"""Runs that Kubeflow Pipelines conducts: what the engine remembers, and what its steps ask."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jupyter_challenge.core.errors import Forbidden, NotSignedIn, Unavailable
from jupyter_challenge.core.models import StepName, StepState, StepView
from jupyter_challenge.core.run import FollowedStep, RunFailure
from jupyter_challenge.engines.cluster_api import account_of, pod_of
from jupyter_challenge.engines.jobs import Order
from jupyter_challenge.engines.kfp import Conducted
from jupyter_challenge.engines.kfp_api import RUN_LABEL, KfpSettings
from jupyter_challenge.service.asking_pods import Gateway
from jupyter_challenge.service.observing import ids
from jupyter_challenge.store import pipelines, runs, submissions
from jupyter_challenge.store.database import Database
from jupyter_challenge.store.orm import PipelineRow, RunRow, SubmissionRow, utc_now

log = logging.getLogger("jupyter_challenge")

_DONE = {StepState.SUCCEEDED, StepState.SKIPPED}


@dataclass(frozen=True)
class Remembered:
    """The engine's memory, in the database."""

    db: Database

    def add(self, run_id: str, kfp_run: str, order: dict[str, Any]) -> None:
        """Note which of KFP's runs conducts a run."""
        with self.db.write() as session:
            pipelines.add(session, run_id, kfp_run, order, utc_now())

    def get(self, run_id: str) -> Conducted | None:
        """What is noted of a run."""
        with self.db.read() as session:
            row = pipelines.get(session, run_id)
        return _conducted(row) if row is not None else None

    def open(self) -> list[str]:
        """KFP's runs of all runs that are not cleared."""
        with self.db.read() as session:
            return [row.kfp_run for row in pipelines.of_open_runs(session)]

    def begun(self, run_id: str) -> None:
        """Note that the run Job was made."""
        with self.db.write() as session:
            row = pipelines.get(session, run_id, lock=True)
            if row is not None:
                row.begun = True

    def ended(self, run_id: str, why: RunFailure | None) -> None:
        """Note that KFP was told to end a run; what was noted first stays."""
        with self.db.write() as session:
            row = pipelines.get(session, run_id, lock=True)
            if row is not None and row.ended_at is None:
                row.ended_at = utc_now()
                row.why = why.model_dump(mode="json") if why is not None else None


def follow(
    gateway: Gateway,
    kfp: KfpSettings | None,
    authorization: str | None,
    step: StepName,
    sender: str = "",
) -> FollowedStep:
    """Note that a step's pod asks for its Job, and say how the step is.

    Which run it is for says the pod's own label, which KFP writes. Whoever could forge that can
    have a Job made early that would be made anyway, and hear how it goes: nothing else.

    Raises:
        NotSignedIn: The token is not one of a step's pod.
        Forbidden: It is of a pod that belongs to no run.
        Unavailable: The run is not known yet.
    """
    kfp_run = _kfp_run(gateway, kfp, authorization, sender)
    with gateway.db.read() as session:
        noted = pipelines.conducted_by(session, kfp_run)
        run = runs.get(session, noted.run_id) if noted is not None else None
        owner = submissions.get(session, run.submission_id) if run is not None else None
    if noted is None or run is None or owner is None:
        # KFP may begin before the service has stored what it began.
        raise Unavailable("No run is known that this pod belongs to.", hint="Ask again.")
    if step.value not in noted.asked and run.ended_at is None:
        with gateway.db.write() as session:
            row = pipelines.get(session, noted.run_id, lock=True)
            if row is not None:
                pipelines.ask(row, step.value, utc_now())
        log.info("Step %s asked for its Job.", step.value, extra=ids(owner, run))
    return _followed(run, owner, step)


def _followed(run: RunRow, owner: SubmissionRow, step: StepName) -> FollowedStep:
    views = [StepView.model_validate(each) for each in run.steps]
    state = next((view.state for view in views if view.name is step), StepState.PENDING)
    over, well = run.ended_at is not None, False
    if over:
        # Of this run: another attempt's score is not its own, and without one nothing is scored.
        well = run.state == "succeeded" or (
            state is StepState.SUCCEEDED and step is not StepName.EVALUATE
        )
    elif step is not StepName.EVALUATE:
        # The score is the service's to take: until then an evaluation is not done.
        over = well = state in _DONE
    return FollowedStep(
        submission=owner.id,
        attempt=run.attempt,
        challenge=owner.challenge_id,
        state=state,
        over=over,
        well=well,
    )


def _kfp_run(
    gateway: Gateway, kfp: KfpSettings | None, authorization: str | None, sender: str
) -> str:
    """The run of KFP that the pod belongs to whose token was sent."""
    if kfp is None:
        raise NotSignedIn("That is not the token of a step's pod.")
    user = gateway.reviews.user(gateway.api, authorization, kfp.audience, sender)
    account, bound = account_of(user), pod_of(user)
    if account is None or bound is None:
        raise NotSignedIn("That is not the token of a step's pod.")
    (namespace, name), (pod_name, uid) = account, bound
    if (namespace, name) != (kfp.namespace, kfp.account):
        raise Forbidden("The account is not that of the pipelines' steps.")
    meta: Mapping[str, Any] = (gateway.api.get("pods", pod_name, namespace) or {}).get(
        "metadata"
    ) or {}
    found = str((meta.get("labels") or {}).get(RUN_LABEL, ""))
    if meta.get("uid") != uid or not found:
        raise Forbidden("The pod is not one of a pipeline.")
    return found


def _conducted(row: PipelineRow) -> Conducted:
    return Conducted(
        run_id=row.run_id,
        kfp_run=row.kfp_run,
        order=Order(**row.order),
        asked={name: datetime.fromisoformat(at) for name, at in row.asked.items()},
        begun=row.begun,
        created_at=row.created_at,
        ended_at=row.ended_at,
        why=RunFailure.model_validate(row.why) if row.why is not None else None,
    )
