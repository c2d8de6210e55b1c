"""The engine of a cluster: a run is one Job that runs it, then one Job that scores it.

It keeps nothing: what a run is, is in its Jobs and in the receipts of what their pods handed in.
"""

from __future__ import annotations

import codecs
import json
import logging
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from pydantic import ValidationError

from jupyter_challenge.core.challenge import Limits, SubmissionKind
from jupyter_challenge.core.errors import FailureClass, Unavailable
from jupyter_challenge.core.models import LogChunk, StepName, StepState, StepView
from jupyter_challenge.core.run import (
    EvaluationResult,
    PodReport,
    Receipt,
    ReceiptKind,
    RunFailure,
    RunSpec,
)
from jupyter_challenge.engines import jobs, run_state
from jupyter_challenge.engines.base import RunFiles, RunHandle, RunState, RunStatus
from jupyter_challenge.engines.cluster_api import ApiRefused, ClusterApi
from jupyter_challenge.engines.jobs import ClusterSettings, Order, job_name, main_of
from jupyter_challenge.engines.judging import Look, Patience, Stage, ending, hopeless, moment
from jupyter_challenge.steps.capped_log import CUT

log = logging.getLogger("jupyter_challenge")

CHUNK = 1_000_000
FRESH = 0.2
"""Seconds for which one look at the cluster answers everybody."""

ASK_WHY_AFTER = 5.0
"""Seconds after which a Job without a pod is asked about."""

_SELECTOR = ",".join(f"{name}={value}" for name, value in jobs.OWN.items())
KINDS: tuple[ReceiptKind, ...] = ("run", "evaluate")
FILES = {
    StepName.PREPARE: ("run", "prepare.log"),
    StepName.RUN: ("run", "run.log"),
    StepName.EVALUATE: ("evaluate", "evaluate.log"),
}


class SealedFiles(Protocol):
    """What pods handed in."""

    def get(self, run_id: str, attempt: int, kind: ReceiptKind) -> Receipt | None:
        """The receipt of a run's attempt, if there is one."""
        ...

    def read(self, digest: str) -> bytes:
        """All of a small file."""
        ...

    def piece(self, digest: str, offset: int, length: int) -> bytes:
        """A part of a file."""
        ...

    def path(self, digest: str) -> Path:
        """A file with the content on this machine, not to be written to."""
        ...


@dataclass(frozen=True)
class Ref:
    """What a handle's key says: the namespace of the run Job, the run, the attempt."""

    namespace: str
    run_id: str
    attempt: int

    @classmethod
    def of(cls, handle: RunHandle) -> Ref:
        """Read a key."""
        namespace, run_id, attempt = handle.key.split("/")
        return cls(namespace, run_id, int(attempt))

    @property
    def key(self) -> str:
        """The key of a handle."""
        return f"{self.namespace}/{self.run_id}/{self.attempt}"


class KubernetesEngine:
    """Runs submissions as Jobs, hardened and cut off from everything but the gateway."""

    name = "kubernetes"

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
        self._given = settings
        self._sealed = sealed
        self._patience = Patience(patience, image_patience)
        self._seen = _Seen(self.api)
        self._ready: set[str] = set()
        self._lock = threading.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @cached_property
    def settings(self) -> ClusterSettings:
        """What manifests are made with, the gateway's address too."""
        if self._given.gateway_address:
            return self._given
        host = urlsplit(self._given.gateway_url).hostname or ""
        try:
            return replace(self._given, gateway_address=socket.gethostbyname(host))
        except OSError as error:
            raise Unavailable(
                f"The gateway's name {host} leads nowhere: {error}.",
                hint="Set ClusterConfig.gateway_url, or gateway_address beside it.",
            ) from error

    def allowance(self, limits: Limits) -> float:
        """Seconds from its beginning after which a run is over on any cluster that works."""
        seconds = limits.time + max(jobs.EVALUATION_AT_LEAST, limits.time)
        return seconds + 2 * self._given.start_seconds + self._patience.room

    def start(self, spec: RunSpec) -> RunHandle:
        """Make the run Job. Starting the same run again finds the same Job."""
        order = Order.of(spec)
        namespace = self.settings.run_namespace(spec.challenge_id)
        self._make(jobs.run_job(order, self.settings), "run")
        return self._handle(Ref(namespace, spec.run_id, spec.attempt))

    def status(self, handle: RunHandle) -> RunStatus:
        """Say how the run is, and take it a step further: its evaluation is begun here."""
        ref = Ref.of(handle)
        run = self._look(ref, "run")
        order = _order(run.job)
        steps = _steps(run, order)
        if run.stage in {Stage.WAITING, Stage.PREPARING, Stage.WORKING} and run.job is not None:
            return self._going_on(run, steps)
        report = self._report(ref, "run")
        if run.job is not None and run.stage is Stage.LEAVING and report is None:
            return _running(steps)
        if run.job is None and report is None:
            gone = RunFailure(
                failure_class=FailureClass.PLATFORM_ERROR, detail="the run's Job is gone"
            )
            return _closed(steps, gone)
        failure = ending(run, report, order.seconds if order is not None else float("inf"))
        if failure is not None:
            return _closed(_ended(steps, failure), failure)
        return self._evaluation(ref, order, _succeeded(steps))

    def _evaluation(
        self, ref: Ref, order: Order | None, steps: dict[StepName, StepView]
    ) -> RunStatus:
        look = self._look(ref, "evaluate")
        report = None
        if look.job is None or look.stage in {Stage.LEAVING, Stage.OVER}:
            report = self._report(ref, "evaluate")
        if look.job is None and report is None:
            if order is None:
                gone = RunFailure(
                    failure_class=FailureClass.PLATFORM_ERROR,
                    step=StepName.EVALUATE,
                    detail="the Jobs are gone",
                )
                return _closed(steps, gone)
            self._make(jobs.evaluate_job(order, self.settings), "evaluate")
            return _running(steps)
        steps = {**steps, StepName.EVALUATE: _step(look, StepName.EVALUATE)}
        if look.job is not None and look.stage in {
            Stage.WAITING, Stage.PREPARING, Stage.WORKING
        }:  # fmt: skip
            return self._going_on(look, steps)
        if look.stage is Stage.LEAVING and report is None:
            return _running(steps)
        seconds = max(jobs.EVALUATION_AT_LEAST, order.seconds) if order else float("inf")
        failure = ending(look, report, seconds)
        if failure is not None:
            return _closed(_ended(steps, failure), failure)
        return _closed(_succeeded(steps, StepName.EVALUATE), None)

    def _going_on(self, look: Look, steps: dict[StepName, StepView]) -> RunStatus:
        """A Job that is not over: running, unless it never will be."""
        if look.stage in {Stage.WAITING, Stage.PREPARING}:
            failure = hopeless(look, run_state.now(), self._patience, self._refusal(look))
            if failure is not None:
                return _closed(_ended(steps, failure), failure)
        if look.kind == "run" and look.stage is Stage.WAITING:
            return RunStatus(state=RunState.PENDING, steps=list(steps.values()))
        return _running(steps)

    def logs(self, handle: RunHandle, step: StepName, offset: int = 0) -> LogChunk:
        """Read a step's log from a byte offset: live from its pod, later what was handed in."""
        ref = Ref.of(handle)
        kind, name = FILES[step]
        receipt = self._sealed.get(ref.run_id, ref.attempt, _kind(kind))
        if receipt is not None:
            stored = receipt.files.get(name)
            data, over = b"", True
            if stored is not None:
                data = self._sealed.piece(stored.digest, offset, CHUNK)
                over = offset + len(data) >= stored.size
        else:
            look = self._look(ref, _kind(kind))
            data = self._printed(look, step, offset + CHUNK)[offset:]
            over = look.stage is Stage.OVER
        # A character that the piece cuts in two belongs to the next piece.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(data, final=over)
        held = 0 if over else len(decoder.getstate()[0])
        return LogChunk(
            step=step,
            offset=offset,
            next=offset + len(data) - held,
            text=text,
            ended=over,
            truncated=over and text.endswith(CUT),
        )

    def result(self, handle: RunHandle) -> EvaluationResult | None:
        """Read what the evaluation handed in, if the run succeeded."""
        ref = Ref.of(handle)
        receipt = self._sealed.get(ref.run_id, ref.attempt, "evaluate")
        stored = receipt.files.get("result.json") if receipt is not None else None
        if stored is None:
            return None
        try:
            return EvaluationResult.model_validate_json(self._sealed.read(stored.digest))
        except ValidationError:
            return None

    def files(self, handle: RunHandle) -> RunFiles:
        """Name the files that were handed in; of a step that could not, what its pod printed."""
        ref = Ref.of(handle)
        found: dict[str, Path] = {}
        for kind in KINDS:
            receipt = self._sealed.get(ref.run_id, ref.attempt, kind)
            if receipt is not None:
                for name, stored in receipt.files.items():
                    found[name] = self._sealed.path(stored.digest)
        logs = {step: found[name] for step, (_, name) in FILES.items() if name in found}
        for step in FILES:
            if step not in logs and (path := self._kept_print(ref, step)) is not None:
                logs[step] = path
        return RunFiles(
            notebook=found.get("executed.ipynb"), predictions=found.get("predictions"), logs=logs
        )

    def cancel(self, handle: RunHandle) -> None:
        """Remove the Jobs; their pods are told to end at once. Harmless when they are gone."""
        ref = Ref.of(handle)
        for kind in KINDS:
            name = job_name(kind, ref.run_id, ref.attempt)
            self.api.delete("jobs", name, self._namespace(ref, kind))
        self._seen.forget()

    def forget(self, handle: RunHandle) -> None:
        """Remove the Jobs; what was handed in stays."""
        self.cancel(handle)
        if self._folder is not None:
            ref = Ref.of(handle)
            shutil.rmtree(Path(self._folder.name, ref.run_id), ignore_errors=True)

    def find(self, run_id: str) -> RunHandle | None:
        """Find a run that was started but whose handle was not stored before a crash."""
        labels = f"{_SELECTOR},{jobs.DOMAIN}/run={run_id},{jobs.DOMAIN}/step=run"
        for job in self.api.all("jobs", labels=labels):
            order = _order(job)
            if order is not None:
                namespace = str(job["metadata"]["namespace"])
                return self._handle(Ref(namespace, run_id, order.attempt))
        return None

    def close(self) -> None:
        """Let go of copies on this machine; running runs go on."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _handle(self, ref: Ref) -> RunHandle:
        return RunHandle(engine=self.name, key=ref.key)

    def _namespace(self, ref: Ref, kind: ReceiptKind) -> str:
        return ref.namespace if kind == "run" else self._given.evaluation_namespace

    def _make(self, job: dict[str, Any], kind: ReceiptKind) -> None:
        """Make a Job, and what its namespace needs before the first one."""
        namespace = job["metadata"]["namespace"]
        with self._lock:
            if namespace not in self._ready:
                for resource, manifest in jobs.namespace_objects(namespace, kind, self.settings):
                    if resource == "networkpolicies":
                        self.api.replace_spec(resource, manifest)
                    else:
                        self.api.create(resource, manifest)
                self._ready.add(namespace)
        try:
            self.api.create("jobs", job)
        except Exception:
            # Somebody may have removed the namespace: the next attempt looks again.
            self._ready.discard(namespace)
            raise
        self._seen.forget()

    def _look(self, ref: Ref, kind: ReceiptKind) -> Look:
        namespace, name = self._namespace(ref, kind), job_name(kind, ref.run_id, ref.attempt)
        job = self._seen.job(namespace, name)
        if job is None:
            # What a look at all has not seen may have been made a moment ago.
            job = self.api.get("jobs", name, namespace)
        return Look(kind, job, self._seen.pod(namespace, name))

    def _report(self, ref: Ref, kind: ReceiptKind) -> PodReport | None:
        receipt = self._sealed.get(ref.run_id, ref.attempt, kind)
        if receipt is None:
            return None
        return PodReport.model_validate_json(self._sealed.read(receipt.files["report.json"].digest))

    def _refusal(self, look: Look) -> str:
        """Why a Job has no pod, as its events say."""
        if look.pod is not None or look.job is None:
            return ""
        meta = look.job["metadata"]
        made = moment(meta.get("creationTimestamp"))
        if made is None or (run_state.now() - made).total_seconds() < ASK_WHY_AFTER:
            return ""
        fields = f"involvedObject.uid={meta['uid']},reason=FailedCreate"
        try:
            events = self.api.all("events", str(meta["namespace"]), fields=fields)
        except ApiRefused:
            return ""  # this service may not read them
        return str(events[-1].get("message", "")) if events else ""

    def _printed(self, look: Look, step: StepName, most: int) -> bytes:
        if look.pod is None:
            return b""
        container = jobs.PREPARE["run"] if step is StepName.PREPARE else main_of(look.kind)
        meta = look.pod["metadata"]
        return self.api.log(str(meta["namespace"]), str(meta["name"]), container, most)

    def _kept_print(self, ref: Ref, step: StepName) -> Path | None:
        look = self._look(ref, _kind(FILES[step][0]))
        data = self._printed(look, step, CHUNK)
        if not data:
            return None
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="challenge-logs-")
        path = Path(self._folder.name, ref.run_id, f"{step.value}.log")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


class _Seen:
    """One look at all Jobs and pods of ours, for everybody who asks within a moment."""

    def __init__(self, api: ClusterApi) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._at = 0.0
        self._jobs: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._pods: dict[tuple[str, str], Mapping[str, Any]] = {}

    def job(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """A Job."""
        with self._lock:
            self._refresh()
            return self._jobs.get((namespace, name))

    def pod(self, namespace: str, job: str) -> Mapping[str, Any] | None:
        """The pod of a Job."""
        with self._lock:
            self._refresh()
            return self._pods.get((namespace, job))

    def forget(self) -> None:
        """Look again for the next who asks."""
        self._at = 0.0

    def _refresh(self) -> None:
        if time.monotonic() - self._at < FRESH:
            return
        # Jobs first: a Job that is over then has a pod that says why, if it has one at all.
        found = self._api.all("jobs", labels=_SELECTOR)
        pods = self._api.all("pods", labels=_SELECTOR)
        self._jobs = {_name(job["metadata"]): job for job in found}
        self._pods = {}
        for pod in sorted(pods, key=lambda each: str(each["metadata"]["creationTimestamp"])):
            meta = pod["metadata"]
            owner = str((meta.get("labels") or {}).get("batch.kubernetes.io/job-name", ""))
            self._pods[str(meta["namespace"]), owner] = pod
        self._at = time.monotonic()


def _name(meta: Mapping[str, Any]) -> tuple[str, str]:
    return str(meta["namespace"]), str(meta["name"])


def _kind(text: str) -> ReceiptKind:
    return "evaluate" if text == "evaluate" else "run"


def _order(job: Mapping[str, Any] | None) -> Order | None:
    """What a run Job was made from."""
    said = ((job or {}).get("metadata") or {}).get("annotations") or {}
    return Order(**json.loads(said[jobs.ORDER])) if jobs.ORDER in said else None


def _step(look: Look, name: StepName) -> StepView:
    """How a step is, of the containers of its Job."""
    container = jobs.PREPARE["run"] if name is StepName.PREPARE else main_of(look.kind)
    began, ended = look.times(container)
    state = StepState.PENDING
    if name is StepName.EVALUATE and began is None:
        began = look.times(jobs.PREPARE["evaluate"])[0]
    if ended is not None and name is StepName.PREPARE:
        state = StepState.SUCCEEDED
    elif began is not None:
        state, ended = StepState.RUNNING, None
    return StepView(name=name, state=state, started_at=began, ended_at=ended)


def _steps(run: Look, order: Order | None) -> dict[StepName, StepView]:
    steps = {
        StepName.PREPARE: _step(run, StepName.PREPARE),
        StepName.RUN: _step(run, StepName.RUN),
        StepName.EVALUATE: StepView(name=StepName.EVALUATE),
    }
    if order is not None and order.kind == SubmissionKind.PREDICTIONS.value:
        steps[StepName.RUN] = StepView(name=StepName.RUN, state=StepState.SKIPPED)
    return steps


def _running(steps: Mapping[StepName, StepView]) -> RunStatus:
    return RunStatus(state=RunState.RUNNING, steps=list(steps.values()), started_at=_began(steps))


def _began(steps: Mapping[StepName, StepView]) -> datetime | None:
    return next((step.started_at for step in steps.values() if step.started_at), None)


def _succeeded(steps: Mapping[StepName, StepView], *names: StepName) -> dict[StepName, StepView]:
    """The same with steps that have succeeded: prepare and run, or those that are named."""
    done = dict(steps)
    for name in names or (StepName.PREPARE, StepName.RUN):
        if done[name].state is not StepState.SKIPPED:
            done[name] = done[name].model_copy(
                update={
                    "state": StepState.SUCCEEDED,
                    "ended_at": done[name].ended_at or run_state.now(),
                }
            )
    return done


def _ended(steps: Mapping[StepName, StepView], failure: RunFailure) -> dict[StepName, StepView]:
    """The same with the step that failed."""
    done = dict(steps)
    for name, step in steps.items():
        if name is failure.step and step.state is not StepState.SKIPPED:
            ended = {"state": StepState.FAILED, "ended_at": run_state.now()}
            done[name] = step.model_copy(update=ended)
    return done


def _closed(steps: Mapping[StepName, StepView], failure: RunFailure | None) -> RunStatus:
    state = RunState.SUCCEEDED if failure is None else RunState.FAILED
    return run_state.closed(_running(steps), state, failure)
