"""Kueue's manifests as the tests want them, from stdin to stdout: Jobs, and the pods of servers.

Its webhooks for other pods and for deployments would stand in the way of everything else in the
cluster whenever Kueue itself is ended: that for pods is asked in the namespaces of a hub's servers
alone. Shares are those of a short time, so that tests see them change.
"""

from __future__ import annotations

import sys
from typing import Any

import yaml

OWN = ("clusterqueue", "cohort", "localqueue", "resourceflavor", "workload")
WEBHOOKS = {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}
IN_A_QUEUE = {"matchExpressions": [{"key": "kueue.x-k8s.io/queue-name", "operator": "Exists"}]}
OF_SERVERS = {"matchLabels": {"challenge.jupyter.org/servers": "true"}}
SHARES = {
    "usageHalfLifeTime": "10m",
    "usageSamplingInterval": "5s",
    "resourceWeights": {"cpu": 1.0, "memory": 0.0, "nvidia.com/gpu": 100.0},
}


def wanted(found: dict[str, Any]) -> dict[str, Any]:
    """An object as it is applied."""
    if found["kind"] in WEBHOOKS:
        found["webhooks"] = [each for each in found["webhooks"] if _wanted(each)]
        for each in found["webhooks"]:
            if _about_pods(each):
                each["namespaceSelector"] = OF_SERVERS
            if any("batch" in rule["apiGroups"] for rule in each["rules"]):
                each["objectSelector"] = IN_A_QUEUE
    if found["kind"] == "Deployment":
        for container in found["spec"]["template"]["spec"]["containers"]:
            container["resources"] = {"requests": {"cpu": "50m", "memory": "128Mi"}}
    data = found.get("data") or {}
    for name, text in data.items():
        if name.endswith("config.yaml"):
            settings = yaml.safe_load(text)
            settings["integrations"] = {"frameworks": ["batch/job", "pod"]}
            settings["admissionFairSharing"] = SHARES
            settings["leaderElection"] = {"leaderElect": False}  # there is but one
            data[name] = yaml.safe_dump(settings)
    return found


def _about_pods(webhook: dict[str, Any]) -> bool:
    return any(rule["resources"] == ["pods"] for rule in webhook["rules"])


def _wanted(webhook: dict[str, Any]) -> bool:
    rules = webhook["rules"]
    return _about_pods(webhook) or any(
        "batch" in rule["apiGroups"]
        or ("kueue.x-k8s.io" in rule["apiGroups"] and rule["resources"][0].startswith(OWN))
        for rule in rules
    )


if __name__ == "__main__":
    yaml.safe_dump_all((wanted(each) for each in yaml.safe_load_all(sys.stdin) if each), sys.stdout)
