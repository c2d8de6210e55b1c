"""What a namespace for Jobs is made of, as plain values."""

from __future__ import annotations

from jupyter_challenge.engines.containers import Manifest
from jupyter_challenge.engines.couriers import COURIER
from jupyter_challenge.engines.jobs import DOMAIN, OWN, ClusterSettings

GATEWAY_LABELS = {"app.kubernetes.io/component": "gateway"}


def namespace_objects(
    name: str, account: str, settings: ClusterSettings
) -> list[tuple[str, Manifest]]:
    """What a namespace for Jobs needs, in the order in which it is made: resource and manifest."""
    return [
        ("namespaces", _namespace(name)),
        ("serviceaccounts", _account(name, account)),
        *(("networkpolicies", each) for each in network_policies(name, account, settings)),
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


def network_policies(namespace: str, account: str, settings: ClusterSettings) -> list[Manifest]:
    """Nothing comes in, and the gateway is all that is reached: by couriers, if there are any."""
    if account != "run" or not settings.exchange_class:
        return [_policy("gateway-only", namespace, {}, _to_the_gateway(settings))]
    couriers = {"matchLabels": {f"{DOMAIN}/step": COURIER}}
    return [
        _policy("nothing", namespace, {}, []),
        _policy("gateway-only", namespace, couriers, _to_the_gateway(settings)),
    ]


def _to_the_gateway(settings: ClusterSettings) -> list[Manifest]:
    gateway = {
        "namespaceSelector": {
            "matchLabels": {"kubernetes.io/metadata.name": settings.platform_namespace}
        },
        "podSelector": {"matchLabels": GATEWAY_LABELS},
    }
    ports = [{"protocol": "TCP", "port": settings.gateway_port}]
    return [{"to": [gateway], "ports": ports}]


def _policy(name: str, namespace: str, pods: Manifest, egress: list[Manifest]) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace, "labels": OWN},
        "spec": {
            "podSelector": pods,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [],
            "egress": egress,
        },
    }
