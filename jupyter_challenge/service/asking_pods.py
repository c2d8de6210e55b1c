"""Which pod asks the gateway: its token, its namespace, its run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from jupyter_challenge.core.errors import Conflict, Forbidden, NotSignedIn
from jupyter_challenge.core.models import SubmissionState
from jupyter_challenge.core.run import ReceiptKind
from jupyter_challenge.engines.cluster_api import account_of, pod_of
from jupyter_challenge.engines.couriers import COURIER
from jupyter_challenge.engines.jobs import DOMAIN, ClusterSettings
from jupyter_challenge.service.reviewing import Reviews
from jupyter_challenge.store import challenges, runs, submissions
from jupyter_challenge.store.blobs import Blobs
from jupyter_challenge.store.database import Database
from jupyter_challenge.store.datasets import Datasets
from jupyter_challenge.store.orm import RunRow, SubmissionRow, VersionRow


class PodApi(Protocol):
    """What the gateway asks the API server."""

    def review_token(self, token: str, audience: str) -> dict[str, Any] | None:
        """Whose token it is; None when it is not one for us."""
        ...

    def get(self, resource: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        """One object, or None when it is not there."""
        ...


@dataclass(frozen=True)
class Gateway:
    """What the gateway works on."""

    db: Database
    blobs: Blobs
    api: PodApi
    settings: ClusterSettings
    datasets: Datasets | None = None
    reviews: Reviews = field(default_factory=Reviews)


@dataclass(frozen=True)
class Asking:
    """A pod that asks, and the open run that it belongs to.

    `leaving` says that somebody had the pod removed, such as a queue that needs its place.
    """

    kind: ReceiptKind
    namespace: str
    uid: str
    run: RunRow
    submission: SubmissionRow
    version: VersionRow
    leaving: bool = False


def asking(
    gateway: Gateway, authorization: str | None, kind: ReceiptKind, sender: str = ""
) -> Asking:
    """The pod that sent a request, from the address of `sender`.

    Nothing in the request says which run it is for: the token names the pod, and the labels of
    the pod, which only the service can write, name the run.

    Raises:
        NotSignedIn: The token is not one of a pod's for this audience.
        Forbidden: The pod is not one of this kind, or not of that challenge's namespace.
        Conflict: The run is over.
        Unavailable: Too many tokens that are none came from that address.
    """
    meta = _pod(gateway, authorization, kind, sender)
    namespace, uid, marked = meta["namespace"], meta["uid"], meta["labels"]
    with gateway.db.read() as session:
        run = runs.get(session, marked.get(f"{DOMAIN}/run", ""))
        submission = submissions.get(session, run.submission_id) if run is not None else None
        version = challenges.version(session, submission.version) if submission else None
    if run is None or submission is None or version is None:
        raise Forbidden("The pod belongs to no run.")
    home = gateway.settings.evaluation_namespace
    if kind == "run":
        home = gateway.settings.run_namespace(submission.challenge_id)
    if namespace != home or marked.get(f"{DOMAIN}/attempt") != str(run.attempt):
        raise Forbidden("The pod is not where pods of its run are.")
    if run.ended_at is not None or SubmissionState(submission.state).terminal:
        raise Conflict("The run is over.")
    leaving = "deletionTimestamp" in meta
    return Asking(kind, namespace, uid, run, submission, version, leaving)


def _pod(
    gateway: Gateway, authorization: str | None, kind: ReceiptKind, sender: str
) -> Mapping[str, Any]:
    """The metadata of the pod whose token was sent."""
    audience = gateway.settings.audience(kind)
    user = gateway.reviews.user(gateway.api, authorization, audience, sender)
    account, bound = account_of(user), pod_of(user)
    if account is None or bound is None:
        raise NotSignedIn("That is not the token of a pod of a run.")
    (namespace, name), (pod_name, uid) = account, bound
    pod = gateway.api.get("pods", pod_name, namespace)
    meta = (pod or {}).get("metadata") or {}
    marked = meta.get("labels") or {}
    # Of a run without a way to the gateway its courier asks.
    steps = {kind, COURIER} if kind == "run" else {kind}
    if name != kind or meta.get("uid") != uid or marked.get(f"{DOMAIN}/step") not in steps:
        raise Forbidden("The pod is not one that may ask for this.")
    return {**meta, "namespace": namespace}
