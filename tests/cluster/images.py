"""Images by their digests, as whoever has a cluster finds them: of a pod that ran them."""

from __future__ import annotations

import time
from collections.abc import Iterable

from tests.cluster.kubectl import Cluster, probe_pod

OVER = {"Succeeded", "Failed"}


def by_digest(cluster: Cluster, namespace: str, images: Iterable[str]) -> dict[str, str]:
    """Name images by their digests.

    Args:
        cluster: Where.
        namespace: In which a pod may run.
        images: With tags.
    """
    pod = probe_pod(namespace, "digests", ["true"])
    (one,) = pod["spec"]["containers"]
    wanted = {f"image-{number}": image for number, image in enumerate(images)}
    pod["spec"]["containers"] = [
        {**one, "name": name, "image": image} for name, image in wanted.items()
    ]
    cluster.apply(pod)
    # Whether there is a `true` in them or not: a container was made of each.
    until = time.monotonic() + 90
    while cluster.get("pod", "digests", namespace)["status"]["phase"] not in OVER:
        if time.monotonic() > until:
            raise TimeoutError(cluster.kubectl("-n", namespace, "describe", "pod", "digests"))
        time.sleep(0.5)
    found = cluster.get("pod", "digests", namespace)["status"]["containerStatuses"]
    return {
        wanted[each["name"]]: each["imageID"].removeprefix("docker-pullable://") for each in found
    }
