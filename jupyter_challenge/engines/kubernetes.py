"""The engine of a cluster: a run is one Job that runs it, then one Job that scores it.

It keeps nothing: what a run is, is in its Jobs and in the receipts of what their pods handed in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

from jupyter_challenge.core.challenge import Limits
from jupyter_challenge.core.errors import FailureClass, Unavailable
from jupyter_challenge.core.models import LogChunk, StepName, StepView
from jupyter_challenge.core.run import EvaluationResult, RunFailure, RunSpec
from jupyter_challenge.engines import jobs, queues, run_state
from jupyter_challenge.engines.base import Engine, NotNow, RunFiles, RunHandle, RunStatus
from jupyter_challenge.engines.cluster_api import ApiRefused, ClusterApi
from jupyter_challenge.engines.cluster_jobs import ClusterJobs, Ref, order_of
from jupyter_challenge.engines.cluster_steps import (
    closed,
    failed,
    pending,
    running,
    step_of,
    steps_of,
    succeeded,
)
from jupyter_challenge.engines.handed_in import HandedIn, SealedFiles
from jupyter_challenge.engines.jobs import ClusterSettings, Order
from jupyter_challenge.engines.judging import (
    Look,
    Patience,
    Stage,
    ending,
    hopeless,
    overdue,
    overfull,
    settled,
    uncarried,
)

GOING_ON = {Stage.WAITING, Stage.PREPARING, Stage.WORKING}


class KubernetesEngine(Engine):
    """Runs submissions as Jobs, hardened and cut off from everything but the gateway."""

    name = "kubernetes"
    quiet = 2.0

    def __init__(
        self,
        settings: ClusterSettings,
        sealed: SealedFiles,
        *,
        kubeconfig: str = "",
        patience: float = 3_600,
        image_patience: float = 120,
    ) -> None:
        """Make an engine; nothing is asked of the cluster yet.

        Args:
            settings: What manifests are made with.
            sealed: What pods handed in.
            kubeconfig: The file that says how to reach the cluster; empty inside of it.
            patience: Seconds that a run may wait for a node or a quota.
            image_patience: Seconds that an image may fail to be pulled.
        """
        self.api = ClusterApi(kubeconfig)
        self._settings = settings
        self._jobs = ClusterJobs(self.api, settings)
        self._handed_in = HandedIn(sealed, self._jobs)
        self._patience = Patience(patience, image_patience)
        self.queues = self._jobs.queueing.on
        self.catalogue = settings.catalogue

    def allowance(self, limits: Limits) -> float:
        """Seconds from its beginning after which a run is over on any cluster that works."""
        seconds = limits.time + max(jobs.EVALUATION_AT_LEAST, limits.time)
        pods = 4 if self._jobs.by_courier else 2
        return seconds + pods * self._settings.start_seconds + self._patience.room

    def places(self) -> Mapping[str, tuple[str, int]]:
        """The queue and the place of each run that waits in such, by the run's id: 1 is next."""
        try:
            return self._jobs.queueing.places()
        except ApiRefused as refused:
            raise Unavailable(f"The cluster does not tell who waits where: {refused}") from refused

    def reachable(self) -> None:
        """Ask whether the cluster's API server answers, and knows this service."""
        try:
            self.api.reachable()
        except ApiRefused as refused:
            raise Unavailable(f"The cluster does not let this service in: {refused}") from refused

    def watch(self, wake: Callable[[], None]) -> None:
        """Have the cluster tell what happens to runs; `wake()` is called when it did."""
        self._jobs.watch(wake)

    def news(self) -> set[str] | None:
        """The runs that have news since this was asked last; None where nothing is told."""
        return self._jobs.news()

    def start(self, spec: RunSpec) -> RunHandle:
        """Make the run Job. Starting the same run again finds the same Job."""
        return self._handle(self._jobs.start_run(Order.of(spec)))

    def status(self, handle: RunHandle) -> RunStatus:
        """Say how the run is, and take it a step further: its evaluation is begun here."""
        ref = Ref.of(handle)
        run = self._jobs.look(ref, "run")
        return self._judged(ref, run).model_copy(update={"image": run.image})

    def _judged(self, ref: Ref, run: Look) -> RunStatus:
        order = order_of(run.job)
        steps = steps_of(run, order)
        if run.stage in GOING_ON and run.job is not None:
            beyond = overfull(run)
            if beyond is None and order is not None:
                beyond = overdue(run, run_state.now(), order.seconds)
            if beyond is not None:
                return closed(failed(steps, beyond), beyond)
            return self._going_on(run, steps)
        report = self._handed_in.report(ref, "run")
        if self._jobs.by_courier and report is None:
            carried = self._carried(ref, run, order, steps)
            if carried is not None:
                return carried
        if not settled(run, report):
            return running(steps)
        if run.job is None and report is None:
            gone = RunFailure(
                failure_class=FailureClass.PLATFORM_ERROR, detail="the run's Job is gone"
            )
            return closed(steps, gone)
        failure = ending(run, report, order.seconds if order is not None else float("inf"))
        if failure is not None:
            return closed(failed(steps, failure), failure)
        return self._evaluation(ref, order, succeeded(steps, run))

    def _carried(
        self, ref: Ref, run: Look, order: Order | None, steps: dict[StepName, StepView]
    ) -> RunStatus | None:
        """How far the couriers are of a run without receipt; None where they have nothing to do."""
        if run.job is not None:
            if run.stage is not Stage.OVER or order is None:
                return None
            taking = self._jobs.courier("take", ref)
            if taking.job is None:
                with contextlib.suppress(NotNow):
                    self._jobs.send("take", order)
            return running(steps) if taking.job is None or not taking.over else None
        bringing = self._jobs.courier("bring", ref)
        order = order_of(bringing.job)
        if order is None:
            return None
        steps = steps_of(run, order)
        failure = uncarried(bringing, run_state.now(), self._patience)
        if failure is not None:
            return closed(failed(steps, failure), failure)
        if bringing.over:
            with contextlib.suppress(NotNow):
                self._jobs.make_run(order)
        return pending(steps)

    def _evaluation(
        self, ref: Ref, order: Order | None, steps: dict[StepName, StepView]
    ) -> RunStatus:
        look = self._jobs.look(ref, "evaluate")
        report = None
        if look.job is None or look.stage in {Stage.LEAVING, Stage.OVER}:
            report = self._handed_in.report(ref, "evaluate")
        if look.job is None and report is None:
            if order is None:
                gone = RunFailure(
                    failure_class=FailureClass.PLATFORM_ERROR,
                    step=StepName.EVALUATE,
                    detail="the Jobs are gone",
                )
                return closed(steps, gone)
            if self._may_evaluate(ref):
                with contextlib.suppress(NotNow):
                    self._jobs.start_evaluation(order)
            return running(steps)
        steps = {**steps, StepName.EVALUATE: step_of(look, StepName.EVALUATE)}
        if look.job is not None and look.stage in GOING_ON:
            return self._going_on(look, steps)
        if not settled(look, report):
            return running(steps)
        seconds = max(jobs.EVALUATION_AT_LEAST, order.seconds) if order else float("inf")
        failure = ending(look, report, seconds)
        if failure is not None:
            return closed(failed(steps, failure), failure)
        return closed(succeeded(steps, look), None)

    def _may_evaluate(self, ref: Ref) -> bool:
        """Whether a run that has succeeded may be evaluated now."""
        return True

    def _going_on(self, look: Look, steps: dict[StepName, StepView]) -> RunStatus:
        """A Job that is not over: running, unless it never will be."""
        if look.stage in {Stage.WAITING, Stage.PREPARING}:
            self._jobs.stay_queued(look)
            refusal = self._jobs.refusal(look)
            failure = hopeless(look, run_state.now(), self._patience, refusal)
            if failure is not None:
                return closed(failed(steps, failure), failure)
        if look.kind == "run" and look.stage is Stage.WAITING:
            return pending(steps, queued=queues.held(look.job))
        return running(steps)

    def logs(self, handle: RunHandle, step: StepName, offset: int = 0) -> LogChunk:
        """Read a step's log from a byte offset: live from its pod, later what was handed in."""
        return self._handed_in.log(Ref.of(handle), step, offset)

    def result(self, handle: RunHandle) -> EvaluationResult | None:
        """Read what the evaluation handed in, if the run succeeded."""
        return self._handed_in.result(Ref.of(handle))

    def files(self, handle: RunHandle) -> RunFiles:
        """Name the files that were handed in; of a step that could not, what its pod printed."""
        return self._handed_in.files(Ref.of(handle))

    def cancel(self, handle: RunHandle) -> None:
        """Remove the Jobs; their pods are told to end at once. Harmless when they are gone."""
        self._jobs.remove(Ref.of(handle))

    def forget(self, handle: RunHandle) -> None:
        """Remove the Jobs; what was handed in stays."""
        ref = Ref.of(handle)
        self._jobs.remove(ref)
        self._handed_in.forget(ref)

    def find(self, run_id: str) -> RunHandle | None:
        """Find a run that was started but whose handle was not stored before a crash."""
        ref = self._jobs.find(run_id)
        return self._handle(ref) if ref is not None else None

    def close(self) -> None:
        """Let go of copies on this machine; running runs go on."""
        self._jobs.close()
        self._handed_in.close()

    def _handle(self, ref: Ref) -> RunHandle:
        return RunHandle(engine=self.name, key=ref.key)
