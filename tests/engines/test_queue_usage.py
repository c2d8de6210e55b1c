"""What makes Kueue's queues unfair, as its configuration says."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from jupyter_challenge.engines.queue_usage import configuration, shortcomings
from tests.engines.test_queues import QUEUES

FAIR = {
    "usageHalfLifeTime": "168h",
    "resourceWeights": {"cpu": 1, "memory": 0, "nvidia.com/gpu": 100},
}


def in_a_map(sharing: dict[str, Any] | None) -> dict[str, Any]:
    """Kueue's ConfigMap, as its manifests make it."""
    said: dict[str, Any] = {"apiVersion": "config.kueue.x-k8s.io/v1beta2", "kind": "Configuration"}
    if sharing is not None:
        said["admissionFairSharing"] = sharing
    return {"data": {"controller_manager_config.yaml": yaml.safe_dump(said)}}


@pytest.mark.parametrize(
    ("sharing", "told"),
    [
        pytest.param(FAIR, [], id="as documented"),
        pytest.param(None, ["counts nobody's usage"], id="as it is shipped"),
        pytest.param(
            {**FAIR, "usageHalfLifeTime": "0s"}, ["counts nobody's"], id="forgets at once"
        ),
        pytest.param(
            {"usageHalfLifeTime": "10m"}, ["byte of memory", "nvidia.com/gpu"], id="no weights"
        ),
        pytest.param(
            {**FAIR, "resourceWeights": {"memory": 1e-10, "nvidia.com/gpu": 1}},
            [],
            id="memory by the gigabyte",
        ),
    ],
)
def test_what_makes_queues_unfair_is_told(sharing: dict[str, Any] | None, told: list[str]) -> None:
    found = configuration([{}, {"data": {"a": "{", "b": "kind: x"}}, in_a_map(sharing)])

    assert found is not None
    said = shortcomings(found, QUEUES)
    assert len(said) == len(told)
    assert all(word in sentence for word, sentence in zip(told, said, strict=True))


def test_what_is_no_configuration_of_kueues_is_none() -> None:
    assert configuration([{"data": {"config.yaml": "kind: Configuration"}}]) is None
