"""The engine of a cluster with Kubeflow Pipelines: the same two Jobs, begun when KFP's steps ask.

KFP runs the pipeline; each of its steps asks the gateway for its Job and follows it. What a run
is, is still in its Jobs and receipts. KFP is asked for one thing only: whether its run goes on.
"""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import urlsplit

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import StepName, StepState, StepView
from jupyter_challenge.core.run import RunFailure, RunSpec
from jupyter_challenge.engines import run_state
from jupyter_challenge.engines.base import RunHandle, RunState, RunStatus
from jupyter_challenge.engines.cluster_jobs import Ref
from jupyter_challenge.engines.cluster_steps import closed, failed, pending, steps_of
from jupyter_challenge.engines.handed_in import SealedFiles
from jupyter_challenge.engines.jobs import ClusterSettings, Order
from jupyter_challenge.engines.judging import Look, hopeless_pod
from jupyter_challenge.engines.kfp_api import RUN_LABEL, KfpApi, KfpRun, KfpSettings
from jupyter_challenge.engines.kubernetes import KubernetesEngine

FRESH = 1.0
"""Seconds for which one look at KFP's runs answers everybody."""

ASK_WHY_AFTER = 5.0
"""Seconds after which the pods of a step are looked at that has not asked for its Job."""


@dataclass(frozen=True)
class Conducted:
    """What is remembered of a run that KFP conducts."""

    run_id: str
    kfp_run: str
    order: Order
    asked: dict[str, datetime]
    begun: bool
    created_at: datetime
    ended_at: datetime | None
    why: RunFailure | None

    @property
    def last_at(self) -> datetime:
        """When a step asked last, or the run was made."""
        return max(self.asked.values(), default=self.created_at)


class Memory(Protocol):
    """What outlives this process of the runs that KFP conducts."""

    def add(self, run_id: str, kfp_run: str, order: dict[str, Any]) -> None:
        """Note which of KFP's runs conducts a run."""
        ...

    def get(self, run_id: str) -> Conducted | None:
        """What is noted of a run."""
        ...

    def open(self) -> list[str]:
        """KFP's runs of all runs that are not cleared."""
        ...

    def begun(self, run_id: str) -> None:
        """Note that the run Job was made."""
        ...

    def ended(self, run_id: str, why: RunFailure | None) -> None:
        """Note that KFP was told to end a run; what was noted first stays."""
        ...


class KfpEngine(KubernetesEngine):
    """Runs submissions as the same Jobs, in the order in which KFP's steps ask for them."""

    name = "kfp"
    quiet = 0.3  # what its steps ask for is in the database, of which the cluster tells nothing

    def __init__(
        self,
        settings: ClusterSettings,
        sealed: SealedFiles,
        *,
        kfp: KfpSettings,
        memory: Memory,
        **options: Any,
    ) -> None:
        """Make an engine; nothing is asked of the cluster yet.

        Args:
            settings: What manifests are made with.
            sealed: What pods handed in.
            kfp: Where KFP is.
            memory: What outlives this process.
            options: As of `KubernetesEngine`.
        """
        super().__init__(settings, sealed, **options)
        self.kfp = KfpApi(kfp.endpoint, kfp.namespace, kfp.token_file, kfp.ca_file)
        self._where = kfp
        self._memory = memory
        self._runs = _Runs(self.kfp, memory)

    def start(self, spec: RunSpec) -> RunHandle:
        """Have KFP run the pipeline. Starting the same run again finds the same one."""
        order = Order.of(spec)
        if self._memory.get(spec.run_id) is None:
            # Nothing keeps two runs of KFP from having one name: after a crash the first counts.
            name = f"submission-{spec.run_id}"
            made = self.kfp.named(name) or self._submitted(name, order)
            self._memory.add(spec.run_id, made, asdict(order))
        namespace = self._settings.run_namespace(order.challenge_id)
        return self._handle(Ref(namespace, order.run_id, order.attempt))

    def find(self, run_id: str) -> RunHandle | None:
        """Find a run that was started but whose handle was not stored before a crash."""
        noted = self._memory.get(run_id)
        if noted is None:
            return None
        namespace = self._settings.run_namespace(noted.order.challenge_id)
        return self._handle(Ref(namespace, run_id, noted.order.attempt))

    def status(self, handle: RunHandle) -> RunStatus:
        """Say how the run is; a Job that a step asked for is made here."""
        ref = Ref.of(handle)
        noted = self._memory.get(ref.run_id)
        if noted is None:
            return closed(_steps(None), _broken("the run was never handed to Kubeflow Pipelines"))
        if noted.ended_at is not None:
            if noted.why is None:
                return run_state.closed(pending(_steps(noted.order)), RunState.CANCELLED)
            return closed(failed(_steps(noted.order), noted.why), noted.why)
        if StepName.PREPARE.value not in noted.asked:
            status = pending(_steps(noted.order))
        else:
            if not noted.begun:
                self._jobs.start_run(noted.order)
                self._memory.begun(ref.run_id)
            status = super().status(handle)
        failure = None if status.state.terminal else self._stopped(noted, status)
        if failure is None:
            return status
        self._end(ref, noted, failure)
        return closed(failed({step.name: step for step in status.steps}, failure), failure)

    def cancel(self, handle: RunHandle) -> None:
        """Have KFP end its run, and remove the Jobs. Harmless when they are gone.

        KFP says FAILED of a run that it was told to end: only the memory knows better.
        """
        ref = Ref.of(handle)
        noted = self._memory.get(ref.run_id)
        if noted is not None:
            self._end(ref, noted, None)
        super().cancel(handle)

    def _end(self, ref: Ref, noted: Conducted, why: RunFailure | None) -> None:
        self._memory.ended(ref.run_id, why)
        self.kfp.terminate(noted.kfp_run)
        self._runs.forget()

    def _submitted(self, name: str, order: Order) -> str:
        pipeline = _pipeline(
            SubmissionKind(order.kind),
            self._settings.steps_image,
            gateway_from_elsewhere(self._settings),
            self._where.one_step,
        )
        experiment = self.kfp.experiment(f"challenge-{order.challenge_id}")
        parameters = {"run_key": order.run_id}
        return self.kfp.create(name, experiment, pipeline, parameters, self._where.account)

    def _may_evaluate(self, ref: Ref) -> bool:
        """The evaluation's Job is made once KFP's step has asked for it."""
        noted = self._memory.get(ref.run_id)
        return noted is not None and StepName.EVALUATE.value in noted.asked

    def _stopped(self, noted: Conducted, status: RunStatus) -> RunFailure | None:
        """Why KFP will not take a run further; None as long as it may."""
        run = self._runs.get(noted.kfp_run)
        if run is None:
            return _broken("Kubeflow Pipelines does not know the run any more")
        waits_for = _awaited(noted, status)
        if run.over:
            return self._in_pods(noted, waits_for) or _broken(
                f"the run of Kubeflow Pipelines ended as {run.state}", waits_for
            )
        waited = (run_state.now() - noted.last_at).total_seconds()
        if waits_for is None or waited < ASK_WHY_AFTER:
            return None
        found = self._in_pods(noted, waits_for)
        if found is None and waited > self._patience.room + noted.order.seconds:
            return RunFailure(
                failure_class=FailureClass.NO_CAPACITY,
                step=waits_for,
                detail="no step of Kubeflow Pipelines began",
            )
        return found

    def _in_pods(self, noted: Conducted, step: StepName | None) -> RunFailure | None:
        """What the pods of a run of KFP wait for in vain: KFP itself says nothing of it."""
        where = self._where
        pods = self.api.all("pods", where.namespace, labels=f"{RUN_LABEL}={noted.kfp_run}")
        for pod in pods:
            found = hopeless_pod(pod, None, run_state.now(), self._patience)
            if found is not None:
                kind, detail = found
                if kind is FailureClass.IMAGE_UNAVAILABLE:
                    kind = FailureClass.PLATFORM_ERROR  # the steps' image is nobody's but ours
                return RunFailure(failure_class=kind, step=step, detail=detail[:1_000])
        if not pods and self.api.get("serviceaccounts", where.account, where.namespace) is None:
            return _broken(f"there is no account {where.namespace}/{where.account}", step)
        return None


class _Runs:
    """One look at all open runs of KFP, for everybody who asks within a moment."""

    def __init__(self, api: KfpApi, memory: Memory) -> None:
        self._api = api
        self._memory = memory
        self._lock = threading.Lock()
        self._at = 0.0
        self._found: dict[str, KfpRun] = {}

    def get(self, run: str) -> KfpRun | None:
        """A run; None when KFP does not know it."""
        with self._lock:
            if time.monotonic() - self._at > FRESH or run not in self._found:
                self._found = self._api.runs({*self._memory.open(), run})
                self._at = time.monotonic()
            return self._found.get(run)

    def forget(self) -> None:
        """Look again for the next who asks."""
        self._at = 0.0


def _awaited(noted: Conducted, status: RunStatus) -> StepName | None:
    """The step that has to ask before the run goes on; None while a Job is at work."""
    if StepName.PREPARE.value not in noted.asked:
        return StepName.PREPARE
    done = {StepState.SUCCEEDED, StepState.SKIPPED}
    state = {step.name: step.state for step in status.steps}
    if StepName.EVALUATE.value not in noted.asked and state.get(StepName.RUN) in done:
        # A predictions file skips the step from the beginning on.
        return StepName.EVALUATE if state.get(StepName.PREPARE) in done else None
    return None


def _steps(order: Order | None) -> dict[StepName, StepView]:
    return steps_of(Look("run"), order)


def _broken(detail: str, step: StepName | None = None) -> RunFailure:
    return RunFailure(failure_class=FailureClass.PLATFORM_ERROR, step=step, detail=detail)


def gateway_from_elsewhere(settings: ClusterSettings) -> str:
    """The gateway's address as pods of another namespace find it, which have a resolver."""
    found = urlsplit(settings.gateway_url)
    host = found.hostname or ""
    if "." in host or ":" in host:
        return settings.gateway_url
    port = f":{found.port}" if found.port is not None else ""
    return found._replace(netloc=f"{host}.{settings.platform_namespace}{port}").geturl()


@lru_cache(maxsize=16)
def _pipeline(kind: SubmissionKind, image: str, gateway: str, one_step: bool) -> dict[str, Any]:
    from jupyter_challenge.pipeline import following

    return following(kind, image, gateway, one_step=one_step)
