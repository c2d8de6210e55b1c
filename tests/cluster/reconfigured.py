"""The platform with other settings for a while: the service is started again with them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from tests.cluster.kubectl import Cluster
from tests.cluster.platform import NAMESPACE, Platform, forwarded, ready

FILE = "jupyter_challenge_config.json"
SERVICE = "challenge-service"


@contextlib.contextmanager
def reconfigured(platform: Platform, **settings: Any) -> Iterator[Platform]:
    """Set `ClusterConfig`'s settings of a platform that has a file for them, in the service."""
    cluster = platform.cluster
    before = _settings(cluster)
    restarted(cluster, {**before, **settings})
    try:
        with forwarded(cluster, "challenge", 8790) as url:
            yield Platform(cluster, url)
    finally:
        restarted(cluster, before)


def restarted(cluster: Cluster, settings: dict[str, Any]) -> None:
    """Have the service start again with these settings of ClusterConfig."""
    said = json.dumps({"data": {FILE: json.dumps({"ClusterConfig": settings})}})
    cluster.kubectl("-n", NAMESPACE, "patch", "configmap", _config_map(cluster), "-p", said)
    # All at once: one that still has the settings of before must not take up a run.
    here, service = ("-n", NAMESPACE), f"deploy/{SERVICE}"
    replicas = cluster.get("deployment", SERVICE, NAMESPACE)["spec"]["replicas"]
    cluster.kubectl(*here, "scale", service, "--replicas=0")
    pods = "app.kubernetes.io/component=service"
    cluster.kubectl(*here, "wait", "pod", "-l", pods, "--for=delete", "--timeout=80s")
    cluster.kubectl(*here, "scale", service, f"--replicas={replicas}")
    ready(cluster, SERVICE)


def _settings(cluster: Cluster) -> dict[str, Any]:
    data = cluster.get("configmap", _config_map(cluster), NAMESPACE)["data"]
    found: dict[str, Any] = json.loads(data[FILE])["ClusterConfig"]
    return found


def _config_map(cluster: Cluster) -> str:
    pod = cluster.get("deployment", SERVICE, NAMESPACE)["spec"]["template"]["spec"]
    volume = next(each for each in pod["volumes"] if each["name"] == "config")
    return str(volume["configMap"]["name"])
