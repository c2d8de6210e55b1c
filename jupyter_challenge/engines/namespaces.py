"""What a namespace for Jobs is made of, as plain values."""

from __future__ import annotations

from jupyter_challenge.engines.containers import Manifest
from jupyter_challenge.engines.jobs import OWN, ClusterSettings

GATEWAY_LABELS = {"app.kubernetes.io/component": "gateway"}


def namespace_objects(
    name: str, account: str, settings: ClusterSettings
) -> list[tuple[str, Manifest]]:
    """What a namespace for Jobs needs, in the order in which it is made: resource and manifest."""
    return [
        ("namespaces", _namespace(name)),
        ("serviceaccounts", _account(name, account)),
        ("networkpolicies", network_policy(name, settings)),
    ]


def _namespace(name: str) -> Manifest:
    secured = {
        f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")
    }
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {**OWN, **secured}},
    }


def _account(namespace: str, name: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace, "labels": OWN},
        "automountServiceAccountToken": False,
    }


def network_policy(namespace: str, settings: ClusterSettings) -> Manifest:
    """Nothing comes in, and the gateway is all that can be reached."""
    gateway = {
        "namespaceSelector": {
            "matchLabels": {"kubernetes.io/metadata.name": settings.platform_namespace}
        },
        "podSelector": {"matchLabels": GATEWAY_LABELS},
    }
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "gateway-only", "namespace": namespace, "labels": OWN},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [],
            "egress": [
                {
                    "to": [gateway],
                    "ports": [{"protocol": "TCP", "port": settings.gateway_port}],
                }
            ],
        },
    }
