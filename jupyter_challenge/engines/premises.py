"""What a namespace needs before the first Job of ours is in it, made when it is needed."""

from __future__ import annotations

import threading
from typing import Any

from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.engines.cluster_api import ClusterApi
from jupyter_challenge.engines.jobs import OWN, ClusterSettings
from jupyter_challenge.engines.namespaces import namespace_objects


class Premises:
    """Namespaces with their accounts and network policies; each is looked after once."""

    def __init__(self, api: ClusterApi) -> None:
        """Begin without knowing any."""
        self._api = api
        self._ready: set[str] = set()
        self._lock = threading.Lock()

    def make(self, namespace: str, account: str, settings: ClusterSettings) -> None:
        """Make a namespace ready, unless this was done before.

        Args:
            namespace: Its name.
            account: The service account of its pods.
            settings: What manifests are made with.
        """
        with self._lock:
            if namespace in self._ready:
                return
            for resource, manifest in namespace_objects(namespace, account, settings):
                if resource == "networkpolicies":
                    self._api.replace_spec(resource, manifest)
                    continue
                found = self._api.create(resource, manifest)
                if resource == "namespaces" and not _ours(found):
                    raise Unavailable(
                        f"The namespace {namespace} was not made for runs.",
                        hint="Somebody else made it: give it the labels that the documentation "
                        "of data on volumes names.",
                    )
            self._ready.add(namespace)

    def doubt(self, namespace: str) -> None:
        """Look again at the next call whether everything is there."""
        self._ready.discard(namespace)


def _ours(namespace: dict[str, Any]) -> bool:
    """Whether it is one for Jobs of ours, into which the API server lets only what is hardened."""
    labels = namespace["metadata"].get("labels") or {}
    return {**OWN, "pod-security.kubernetes.io/enforce": "restricted"}.items() <= labels.items()
