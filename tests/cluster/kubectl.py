"""A cluster as the tests see it: through kubectl."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PROBE_IMAGE = "cluster.test/probe:1"

Manifest = Mapping[str, Any]


class Cluster:
    """The cluster of a kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig

    def kubectl(self, *arguments: str, stdin: str | None = None, limit: float = 90) -> str:
        """Run kubectl and return what it printed.

        Raises:
            RuntimeError: It failed; the message is what it said.
        """
        done = self.try_kubectl(*arguments, stdin=stdin, limit=limit)
        if done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr or done.stdout}")
        return done.stdout

    def try_kubectl(
        self, *arguments: str, stdin: str | None = None, limit: float = 90
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl, whether it succeeds or not."""
        return subprocess.run(
            ["kubectl", "--kubeconfig", str(self.kubeconfig), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )

    def apply(self, *manifests: Manifest) -> None:
        """Create objects, or change them to what is said here."""
        items = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self.kubectl("apply", "-f", "-", stdin=json.dumps(items))

    def get(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        """Read an object."""
        found: dict[str, Any] = json.loads(
            self.kubectl("-n", namespace, "get", kind, name, "-o", "json")
        )
        return found

    def list(self, kind: str, *selection: str) -> list[dict[str, Any]]:
        """List objects; `selection` are arguments such as `-n NAMESPACE` or `-l LABEL=VALUE`."""
        found = json.loads(self.kubectl("get", kind, *selection, "-o", "json"))
        items: list[dict[str, Any]] = found["items"]
        return items

    def wait(self, namespace: str, condition: str, *objects: str, limit: int = 60) -> None:
        """Wait for a condition such as `condition=Ready` or `jsonpath={.status.phase}=Failed`."""
        self.kubectl(
            *("-n", namespace, "wait", f"--for={condition}", f"--timeout={limit}s", *objects),
            limit=limit + 10,
        )

    def execute(
        self, namespace: str, pod: str, *command: str, container: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a pod's container."""
        chosen = ("-c", container) if container else ()
        return self.try_kubectl("-n", namespace, "exec", pod, *chosen, "--", *command)

    def logs(self, namespace: str, pod: str) -> str:
        """What a pod's container printed."""
        return self.kubectl("-n", namespace, "logs", pod)


def probe_pod(
    namespace: str,
    name: str,
    command: Sequence[str],
    *,
    labels: Mapping[str, str] | None = None,
    container: Mapping[str, Any] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """A pod with busybox and the kit's `probe`; the restricted standard lets it in.

    Args:
        namespace: Where it is.
        name: Its name.
        command: What runs in it.
        labels: Its labels.
        container: More of its container.
        spec: More of its spec.
    """
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels or {})},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "main",
                    "image": PROBE_IMAGE,
                    "imagePullPolicy": "IfNotPresent",
                    "command": list(command),
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    **(container or {}),
                }
            ],
            **spec,
        },
    }
