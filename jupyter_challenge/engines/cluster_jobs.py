"""The two Jobs of a run on a cluster: start them, look at them, read what they print, remove them.

Whoever conducts a run uses this, and only this, to have something run.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.core.models import StepName
from jupyter_challenge.core.run import ReceiptKind
from jupyter_challenge.engines import couriers, jobs, queues, run_state
from jupyter_challenge.engines.base import NotNow, RunHandle
from jupyter_challenge.engines.cluster_api import ApiRefused, ClusterApi
from jupyter_challenge.engines.cluster_seen import SELECTOR, Seen
from jupyter_challenge.engines.couriers import COURIERS, Courier, courier_name
from jupyter_challenge.engines.jobs import ClusterSettings, Order, job_name, main_of
from jupyter_challenge.engines.judging import Look, moment
from jupyter_challenge.engines.premises import Premises
from jupyter_challenge.engines.queueing import Queueing
from jupyter_challenge.steps.lines import messages

BEING_REMOVED = ("being terminated", "being deleted", "being removed")
"""What is said of a namespace, or of a Job, that somebody removed a moment ago."""

ASK_WHY_AFTER = 5.0
"""Seconds after which a Job without a pod is asked about."""

KINDS: tuple[ReceiptKind, ...] = ("run", "evaluate")


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


class ClusterJobs:
    """Jobs of runs on one cluster."""

    def __init__(self, api: ClusterApi, settings: ClusterSettings) -> None:
        """Prepare; nothing is asked of the cluster yet."""
        self.api = api
        self._given = settings
        self._seen = Seen(api)
        self._premises = Premises(api)
        self.queueing = Queueing(api, settings)

    @property
    def settings(self) -> ClusterSettings:
        """What manifests are made with, the gateway's address too: asked for anew each time.

        Whoever removes the gateway's Service and makes it again gives it another address.
        """
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

    @property
    def by_courier(self) -> bool:
        """Whether what runs need and make is carried, as they may not reach the gateway."""
        return bool(self._given.exchange_class)

    def start_run(self, order: Order) -> Ref:
        """Make the run Job, or send its courier first; the same order finds the same."""
        if self.by_courier:
            self.send("bring", order)
        else:
            self.make_run(order)
        return Ref(self._given.run_namespace(order.challenge_id), order.run_id, order.attempt)

    def make_run(self, order: Order) -> None:
        """Make the run Job; the same order finds the same Job."""
        job = jobs.run_job(order, self.settings)
        self._make(couriers.cut_off(job, order) if self.by_courier else job, order, "run")

    def send(self, which: Courier, order: Order) -> None:
        """Send a courier; the same order finds the same one."""
        job = couriers.job(which, order, self.settings)
        namespace = str(job["metadata"]["namespace"])

        def made() -> None:
            sent = self.api.create("jobs", job)
            for claim in couriers.claims(order, self._given, sent) if which == "bring" else ():
                self.api.create("persistentvolumeclaims", claim)

        self._prepared(namespace, "run", made)

    def courier(self, which: Courier, ref: Ref) -> Look:
        """A courier's Job with its pod, as they are now."""
        return self._look(ref.namespace, courier_name(which, ref.run_id, ref.attempt), "run")

    def start_evaluation(self, order: Order) -> None:
        """Make the evaluate Job; the same order finds the same Job."""
        self._make(jobs.evaluate_job(order, self.settings), order, "evaluate")

    def look(self, ref: Ref, kind: ReceiptKind) -> Look:
        """A Job of a run with its pod, as they are now."""
        name = job_name(kind, ref.run_id, ref.attempt)
        return self._look(self._namespace(ref, kind), name, kind)

    def _look(self, namespace: str, name: str, kind: ReceiptKind) -> Look:
        job = self._seen.job(namespace, name)
        if job is None:
            # What a look at all has not seen may have been made a moment ago.
            job = self.api.get("jobs", name, namespace)
        pod = self._seen.pod(namespace, name)
        look = Look(kind, job, None if queues.gone(job, pod) else pod)
        if look.pod_is_behind:
            # They are told of apart: what the Job knows the pod's own news may not say yet.
            pods = self.api.all("pods", namespace, labels=f"batch.kubernetes.io/job-name={name}")
            pods.sort(key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
            look = Look(kind, job, pods[-1] if pods else look.pod)
        return look

    def watch(self, wake: Callable[[], None]) -> None:
        """Have the cluster tell what happens; `wake()` is called when a run has news."""
        self._seen.watch(wake)

    def news(self) -> set[str] | None:
        """The runs that have news since this was asked last; None where nothing is told."""
        return self._seen.news() if self._seen.watching else None

    def close(self) -> None:
        """Be told no more."""
        self._seen.close()

    def refusal(self, look: Look) -> str:
        """Why a Job has no pod, as its events say, or why it waits in a queue in vain."""
        if look.pod is not None or look.job is None:
            return ""
        if queues.held(look.job):
            return self.queueing.in_vain(look.job)
        meta = look.job["metadata"]
        told = self._seen.refusal(look.job)
        if told is not None:
            return told
        made = moment(meta.get("creationTimestamp"))
        if made is None or (run_state.now() - made).total_seconds() < ASK_WHY_AFTER:
            return ""
        fields = f"involvedObject.uid={meta['uid']},reason=FailedCreate"
        try:
            events = self.api.all("events", str(meta["namespace"]), fields=fields)
        except ApiRefused:
            return ""  # this service may not read them
        return str(events[-1].get("message", "")) if events else ""

    def stay_queued(self, look: Look) -> None:
        """See to it that a Job that is held has a queue to be held in."""
        order = order_of(look.job)
        if order is not None and queues.held(look.job):
            self.queueing.make(order, look.kind)

    def printed(self, look: Look, step: StepName, most: int) -> bytes:
        """What a step has printed so far, up to `most` bytes."""
        if look.pod is None:
            return b""
        container = jobs.PREPARE["run"] if step is StepName.PREPARE else main_of(look.kind)
        meta = look.pod["metadata"]
        data = self.api.log(str(meta["namespace"]), str(meta["name"]), container, most)
        return messages(data) if step is StepName.PREPARE else data

    def remove(self, ref: Ref) -> None:
        """Remove the Jobs; their pods are told to end at once. Harmless when they are gone."""
        for kind in KINDS:
            name = job_name(kind, ref.run_id, ref.attempt)
            self.api.delete("jobs", name, self._namespace(ref, kind))
        for which in COURIERS if self.by_courier else ():
            name = courier_name(which, ref.run_id, ref.attempt)
            self.api.delete("jobs", name, ref.namespace)
        self._seen.forget()

    def find(self, run_id: str) -> Ref | None:
        """The run Job of a run, or its courier's, wherever it is."""
        for step in ("run", couriers.COURIER) if self.by_courier else ("run",):
            labels = f"{SELECTOR},{jobs.DOMAIN}/run={run_id},{jobs.DOMAIN}/step={step}"
            for job in self.api.all("jobs", labels=labels):
                order = order_of(job)
                if order is not None:
                    return Ref(str(job["metadata"]["namespace"]), run_id, order.attempt)
        return None

    def _namespace(self, ref: Ref, kind: ReceiptKind) -> str:
        return ref.namespace if kind == "run" else self._given.evaluation_namespace

    def _make(self, job: dict[str, Any], order: Order, kind: ReceiptKind) -> None:
        self._prepared(job["metadata"]["namespace"], kind, lambda: self._queue(job, order, kind))

    def _prepared(self, namespace: str, kind: ReceiptKind, make: Callable[[], None]) -> None:
        """Make something in a namespace that has what it needs."""
        try:
            self._premises.make(namespace, kind, self.settings)
            try:
                make()
            except ApiRefused as refused:
                self._doubt(namespace)
                if refused.status != 404:
                    raise
                # Somebody removed the namespace: it is made again.
                self._premises.make(namespace, kind, self.settings)
                make()
        except ApiRefused as refused:
            self._doubt(namespace)
            if any(words in refused.message for words in BEING_REMOVED):
                raise NotNow(f"{namespace}: {refused.message}") from refused
            raise
        self._seen.forget()

    def _queue(self, job: dict[str, Any], order: Order, kind: ReceiptKind) -> None:
        self.queueing.make(order, kind)
        self.api.create("jobs", queues.queued(job, order, kind, self._given))

    def _doubt(self, namespace: str) -> None:
        self._premises.doubt(namespace)
        self.queueing.doubt(namespace)


def order_of(job: Mapping[str, Any] | None) -> Order | None:
    """What a run Job was made from."""
    said = ((job or {}).get("metadata") or {}).get("annotations") or {}
    return Order(**json.loads(said[jobs.ORDER])) if jobs.ORDER in said else None
