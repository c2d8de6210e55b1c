"""The engine of a cluster with Kubeflow Pipelines: the same two Jobs, begun when KFP's steps ask.

KFP runs the pipeline; each of its steps asks the gateway for its Job and follows it. What a run
is, is still in its Jobs and receipts. KFP is asked for one thing only: whether its run goes on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import urlsplit

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.errors import FailureClass, Unavailable
from jupyter_challenge.core.models import StepName, StepState, StepView
from jupyter_challenge.core.run import RunFailure, RunSpec
from jupyter_challenge.engines import run_state
from jupyter_challenge.engines.base import NoMachine, NotNow, RunHandle, RunState, RunStatus
from jupyter_challenge.engines.cluster_jobs import Ref
from jupyter_challenge.engines.cluster_steps import closed, failed, pending, steps_of
from jupyter_challenge.engines.handed_in import SealedFiles
from jupyter_challenge.engines.jobs import ClusterSettings, Order
from jupyter_challenge.engines.judging import Look, hopeless_pod
from jupyter_challenge.engines.kfp_api import RUN_LABEL, KfpApi, KfpRefused, KfpRun, KfpSettings
from jupyter_challenge.engines.kubernetes import KubernetesEngine

log = logging.getLogger("jupyter_challenge")

FRESH = 1.0
"""Seconds for which one look at KFP's runs answers everybody; at least."""

SHARE = 5
"""How many times as long as a look took its answer is good for: each run's is 14 kB."""

ASK_WHY_AFTER = 5.0
"""Seconds after which the pods of a step are looked at that has not asked for its Job."""

LINGER = 120.0
"""Seconds that KFP's run may take to end by itself once the service is done with it."""

NOT_NOW = timedelta(minutes=10)
"""How long a Job is asked for that cannot be made yet, as somebody removes its namespace."""


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
        self._waits = _Waits()
        self._told: set[str] = set()
        self._closing: dict[str, float] = {}

    def start(self, spec: RunSpec) -> RunHandle:
        """Have KFP run the pipeline. Starting the same run again finds the same one."""
        order = Order.of(spec)
        self._settings.profile(order)  # one that is not offered any more is refused at once
        if self._memory.get(spec.run_id) is None:
            # Nothing keeps two runs of KFP from having one name: after a crash the first counts.
            name = f"submission-{spec.run_id}"
            made = self.kfp.named(name) or self._submitted(name, order)
            self._memory.add(spec.run_id, made, asdict(order))
            noted = self._memory.get(spec.run_id)
            if noted is not None and noted.kfp_run != made:
                # Another process, which took over meanwhile, had it made too.
                self._terminate(made, order)
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
            try:
                if not noted.begun and not self._begun(noted):
                    return pending(_steps(noted.order))
            except NoMachine as error:
                gone = RunFailure(failure_class=FailureClass.NO_CAPACITY, detail=str(error))
                self._end(ref, noted, gone)
                return closed(failed(_steps(noted.order), gone), gone)
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

    def forget(self, handle: RunHandle) -> None:
        """Remove the Jobs, and see to it that KFP's run ends too.

        Its steps hear how theirs went, and it ends by itself; but not where one of them still
        waits for an image, or where KFP was away when it was told to end.

        Raises:
            NotNow: It is given time to end by itself.
            Unavailable: KFP cannot be asked.
        """
        run_id = Ref.of(handle).run_id
        if run_id not in self._closing:
            super().forget(handle)
            self._waits.forget(run_id)
            self._closing[run_id] = time.monotonic()
        noted = self._memory.get(run_id)
        if noted is not None and noted.kfp_run not in self._told:
            run = self._runs.get(noted.kfp_run)
            if run is not None and not run.over:
                lingers = time.monotonic() - self._closing[run_id] < LINGER
                if noted.ended_at is None and lingers:
                    raise NotNow("the run of Kubeflow Pipelines is about to end")
                self.kfp.terminate(noted.kfp_run)
        if noted is not None:
            self._told.discard(noted.kfp_run)
        del self._closing[run_id]

    def _end(self, ref: Ref, noted: Conducted, why: RunFailure | None) -> None:
        self._memory.ended(ref.run_id, why)
        self._terminate(noted.kfp_run, noted.order)
        self._runs.forget()

    def _terminate(self, run: str, order: Order) -> None:
        """Have KFP end a run; while KFP is away, what the service knows of the run still counts."""
        try:
            self.kfp.terminate(run)
            self._told.add(run)
        except Unavailable as away:
            said = "Run %s of Kubeflow Pipelines could not be ended yet: %s"
            log.warning(said, run, away, extra=order.ids)

    def _begun(self, noted: Conducted) -> bool:
        """Make the run Job that a step asked for; says whether that could be done."""
        try:
            self._jobs.start_run(noted.order)
        except NotNow:
            if run_state.now() - noted.asked[StepName.PREPARE.value] > NOT_NOW:
                raise
            return False
        self._memory.begun(noted.run_id)
        return True

    def _submitted(self, name: str, order: Order) -> str:
        from jupyter_challenge.pipeline import concerning

        # Not the team: everybody may read it there, and its artifacts do not say it either.
        about = {key: value for key, value in order.ids.items() if key != "team"}
        compiled = _pipeline(
            SubmissionKind(order.kind),
            self._settings.steps_image,
            gateway_from_elsewhere(self._settings),
            self._where.one_step,
        )
        pipeline = concerning(compiled, about)
        parameters = {"run_key": order.run_id}

        def create() -> str:
            experiment = self.kfp.experiment(f"challenge-{order.challenge_id}")
            return self.kfp.create(name, experiment, pipeline, parameters, self._where.account)

        try:
            return create()
        except KfpRefused as refused:
            if refused.status != 404:
                raise
            return create()  # somebody removed the experiment: another one is made

    def _may_evaluate(self, ref: Ref) -> bool:
        """The evaluation's Job is made once KFP's step has asked for it."""
        noted = self._memory.get(ref.run_id)
        return noted is not None and StepName.EVALUATE.value in noted.asked

    def _stopped(self, noted: Conducted, status: RunStatus) -> RunFailure | None:
        """Why KFP will not take a run further; None as long as it may, or nobody says."""
        waits_for = _awaited(noted, status)
        waited = self._waits.seconds(noted.run_id, waits_for)
        try:
            run = self._runs.get(noted.kfp_run)
        except Unavailable:
            return None  # its Job goes on, and so does KFP's workflow: it is asked again
        if run is None:
            return _broken("Kubeflow Pipelines does not know the run any more")
        if run.over:
            return self._in_pods(noted, waits_for) or _broken(
                f"the run of Kubeflow Pipelines ended as {run.state}", waits_for
            )
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
        self._until = 0.0
        self._away = False
        self._found: dict[str, KfpRun] = {}

    def get(self, run: str) -> KfpRun | None:
        """A run; None when KFP does not know it.

        Raises:
            Unavailable: KFP does not answer.
        """
        with self._lock:
            began = time.monotonic()
            if began > self._until or run not in self._found:
                try:
                    self._found = self._api.runs({*self._memory.open(), run})
                except Unavailable as away:
                    if not self._away:
                        log.warning("%s", away)
                    self._away = True
                    raise
                self._away = False
                took = time.monotonic() - began
                self._until = began + took + max(FRESH, SHARE * took)
            return self._found.get(run)

    def forget(self) -> None:
        """Look again for the next who asks."""
        self._until = 0.0


class _Waits:
    """Since when a run has been waiting for a step of KFP's, as this process saw it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[str, tuple[StepName, float]] = {}

    def seconds(self, run_id: str, step: StepName | None) -> float:
        """How long a run has waited for this step to ask.

        Not since the step before asked: its Job may have waited in a queue for hours.
        """
        if step is None:
            self.forget(run_id)
            return 0.0
        known = self._since.get(run_id)
        if known is None or known[0] is not step:
            known = self._since[run_id] = (step, self._clock())
        return self._clock() - known[1]

    def forget(self, run_id: str) -> None:
        """A run waits no more."""
        self._since.pop(run_id, None)


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
