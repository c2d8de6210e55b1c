"""Kueue's objects as plain values: queues, priorities, and how a Job waits in one.

Quotas are the cohort's: all challenges wait in one ClusterQueue that has nothing by itself and
borrows. In it every team of a challenge has a LocalQueue, and Kueue admits first whose has used
least. Between ClusterQueues it would be who handed in first, and a small challenge would wait for
all that a large one has waiting. A challenge that the settings give a share has a ClusterQueue of
its own. The evaluation's queue is outside the cohort, so that no run takes its place.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

from jupyter_challenge.core.run import ReceiptKind
from jupyter_challenge.engines.jobs import DOMAIN, OWN, UPLOAD_RATE, ClusterSettings, Order
from jupyter_challenge.engines.queue_settings import Amounts, NodeKind, QueueSettings

Manifest = dict[str, Any]

VERSION = "kueue.x-k8s.io/v1beta2"
QUEUE = "kueue.x-k8s.io/queue-name"
PRIORITY = "kueue.x-k8s.io/priority-class"
EVALUATIONS = "evaluations"
VERIFICATIONS = "verifications"
"""The queue of what organisers have run again: no team's usage grows by it."""
ANY_NODE = "challenge-any"
NODES = f"{DOMAIN}/nodes"
"""Key of the taint by which Kueue keeps a kind of nodes for those that chose a profile on it."""

TRY, RANKED, VERIFICATION = "challenge-try", "challenge-ranked", "challenge-verification"
PRIORITIES = {TRY: 0, RANKED: 1_000, VERIFICATION: 2_000}
"""A run makes way for one of a higher class; Kueue gives it its place back in the queue."""


def installation(queues: QueueSettings, settings: ClusterSettings) -> list[tuple[str, Manifest]]:
    """What belongs to no challenge, in the order in which it is made: resource and manifest."""
    evaluation = settings.evaluation_namespace
    return [
        *(("workloadpriorityclasses", priority(name)) for name in PRIORITIES),
        *(("resourceflavors", flavor(kind)) for kind in queues.kinds),
        ("resourceflavors", _object("ResourceFlavor", ANY_NODE, {})),
        ("cohorts", cohort(queues)),
        ("clusterqueues", evaluation_queue(queues, evaluation)),
        ("clusterqueues", shared_queue(queues)),
        # What is its own is lent from the beginning, not only from its first submission on.
        *(
            ("clusterqueues", challenge_queue(queues, settings.run_namespace(id), id))
            for id in queues.shares
        ),
    ]


def of_run(
    queues: QueueSettings, namespace: str, name: str, challenge_id: str = ""
) -> list[tuple[str, Manifest]]:
    """The queues that a run's Job needs: its challenge's, and the one of that name in it."""
    if challenge_id in queues.shares:
        waits_in = challenge_queue(queues, namespace, challenge_id)
    else:
        waits_in = shared_queue(queues)
    return [
        ("clusterqueues", waits_in),
        ("localqueues", local_queue(namespace, name, waits_in["metadata"]["name"])),
    ]


def queue_of_run(order: Order) -> str:
    """The name of the queue in which a run waits: its team's, unless it is no run of theirs."""
    return VERIFICATIONS if order.is_verification else team_queue_name(order.team_id)


def priority_of(order: Order) -> str:
    """The priority of a run and of its evaluation."""
    if order.is_verification:
        return VERIFICATION
    return TRY if order.is_try else RANKED


def of_evaluation(namespace: str) -> list[tuple[str, Manifest]]:
    """The queue that an evaluation's Job needs."""
    return [("localqueues", local_queue(namespace, EVALUATIONS, namespace))]


def queued(job: Manifest, order: Order, kind: ReceiptKind, settings: ClusterSettings) -> Manifest:
    """A Job that waits until Kueue lets it go; the same Job where there are no queues.

    By the labels of its profile's nodes, which it has already, Kueue knows which it may get.
    """
    queues = settings.queues
    if queues is None:
        return job
    meta, spec = job["metadata"], job["spec"]
    marked = {
        **meta["labels"],
        QUEUE: queue_of_run(order) if kind == "run" else EVALUATIONS,
        PRIORITY: priority_of(order),
    }
    nodes = queues.kind(settings.nodes_of(order)) if kind == "run" else None
    pod = spec["template"]["spec"]
    if kind == "run":
        # Who makes way hands in its state too.
        seconds = pod["terminationGracePeriodSeconds"] + math.ceil(order.state / UPLOAD_RATE)
        pod = {**pod, "terminationGracePeriodSeconds": seconds}
    if nodes is not None and nodes.chosen:
        pod = {**pod, "tolerations": [*pod.get("tolerations", ()), _only_on(nodes)]}
    template = {**spec["template"], "spec": pod}
    return {
        **job,
        "metadata": {**meta, "labels": marked},
        "spec": {**spec, "suspend": True, "template": template},
    }


def in_a_queue(job: Mapping[str, Any] | None) -> bool:
    """Whether Kueue decides when a Job may begin."""
    return QUEUE in (((job or {}).get("metadata") or {}).get("labels") or {})


def held(job: Mapping[str, Any] | None) -> bool:
    """Whether a Job waits in a queue: it never began, or it had to make way."""
    return in_a_queue(job) and ((job or {}).get("spec") or {}).get("suspend") is True


def gone(job: Mapping[str, Any] | None, pod: Mapping[str, Any] | None) -> bool:
    """Whether a pod is not the Job's any more: it was told to end when the Job made way."""
    if pod is None or not in_a_queue(job):
        return False
    return held(job) or "deletionTimestamp" in (pod.get("metadata") or {})


def team_queue_name(team_id: str) -> str:
    """The name of a team's queue: it says nothing of who they are."""
    return f"team-{hashlib.sha256(team_id.encode()).hexdigest()[:16]}"


def priority(name: str) -> Manifest:
    """A priority; it orders the queues alone, the scheduler knows nothing of it."""
    made = _object("WorkloadPriorityClass", name)
    return {**made, "value": PRIORITIES[name]}


def flavor(kind: NodeKind) -> Manifest:
    """A kind of nodes."""
    spec: Manifest = {}
    if kind.labels:
        spec["nodeLabels"] = dict(kind.labels)
    if kind.chosen:
        # No node has this taint: Kueue alone looks at it, and what tolerates it is there already.
        spec["nodeTaints"] = [
            {"key": NODES, "value": kind.name, "effect": "NoSchedule"},
        ]
    elif kind.tolerations:
        spec["tolerations"] = [dict(each) for each in kind.tolerations]
    return _object("ResourceFlavor", flavor_name(kind), spec)


def _only_on(kind: NodeKind) -> Manifest:
    """The toleration by which Kueue gives a run nodes of a kind that has to be chosen."""
    return {"key": NODES, "operator": "Equal", "value": kind.name, "effect": "NoSchedule"}


def flavor_name(kind: NodeKind) -> str:
    """What a kind of nodes is called among others' in the cluster."""
    return f"challenge-{kind.name}"


def cohort(queues: QueueSettings) -> Manifest:
    """What all challenges share: everything that is nobody's own."""
    shared = {kind.name: queues.shared(kind) for kind in queues.kinds}
    return _object("Cohort", queues.cohort, {"resourceGroups": _groups(queues, shared)})


def shared_queue(queues: QueueSettings) -> Manifest:
    """The queue of all challenges that have no share of their own."""
    return _queue_of_runs(queues, f"{queues.cohort}-runs", {"matchLabels": dict(OWN)}, {})


def challenge_queue(queues: QueueSettings, namespace: str, challenge_id: str = "") -> Manifest:
    """The queue of a challenge with a share, named like the namespace of its runs."""
    own = queues.shares.get(challenge_id, {})
    return _queue_of_runs(queues, namespace, _only(namespace), own)


def _queue_of_runs(
    queues: QueueSettings, name: str, namespaces: Manifest, own: Mapping[str, Amounts]
) -> Manifest:
    return _object(
        "ClusterQueue",
        name,
        {
            "cohortName": queues.cohort,
            "namespaceSelector": namespaces,
            "queueingStrategy": "BestEffortFIFO",
            "admissionScope": {"admissionMode": "UsageBasedAdmissionFairSharing"},
            "preemption": {
                "withinClusterQueue": "LowerPriority",
                "reclaimWithinCohort": "LowerPriority",
                # The tries of challenges with another queue make way too, their ranked runs never.
                "borrowWithinCohort": {
                    "policy": "LowerPriority",
                    "maxPriorityThreshold": PRIORITIES[TRY],
                },
            },
            "resourceGroups": _groups(queues, own),
        },
    )


def evaluation_queue(queues: QueueSettings, namespace: str) -> Manifest:
    """The queue of all evaluations, with what is theirs alone."""
    amounts = queues.evaluation
    group = {
        "coveredResources": list(amounts),
        "flavors": [_quota(ANY_NODE, list(amounts), amounts)],
    }
    spec = {"namespaceSelector": _only(namespace), "resourceGroups": [group]}
    return _object("ClusterQueue", namespace, {**spec, "queueingStrategy": "BestEffortFIFO"})


def local_queue(namespace: str, name: str, cluster_queue: str) -> Manifest:
    """A queue in a namespace."""
    made = _object("LocalQueue", name, {"clusterQueue": cluster_queue})
    return {**made, "metadata": {**made["metadata"], "namespace": namespace}}


def _groups(queues: QueueSettings, amounts: Mapping[str, Amounts]) -> list[Manifest]:
    """The quotas of all kinds, by their names; what is not said is nothing, and borrowed."""
    resources = queues.resources
    flavors = [
        _quota(flavor_name(kind), resources, amounts.get(kind.name, {})) for kind in queues.kinds
    ]
    return [{"coveredResources": resources, "flavors": flavors}]


def _quota(flavor: str, resources: list[str], amounts: Amounts) -> Manifest:
    quotas = [{"name": name, "nominalQuota": amounts.get(name, "0")} for name in resources]
    return {"name": flavor, "resources": quotas}


def _only(namespace: str) -> Manifest:
    return {"matchLabels": {"kubernetes.io/metadata.name": namespace}}


def _object(kind: str, name: str, spec: Manifest | None = None) -> Manifest:
    made: Manifest = {
        "apiVersion": VERSION,
        "kind": kind,
        "metadata": {"name": name, "labels": OWN},
    }
    return made if spec is None else {**made, "spec": spec}
