"""Where pods of Kubeflow Pipelines find the gateway."""

import pytest

from jupyter_challenge.engines.jobs import ClusterSettings
from jupyter_challenge.engines.kfp import gateway_from_elsewhere


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://challenge-gateway:8791", "http://challenge-gateway.platform:8791"),
        ("https://gateway", "https://gateway.platform"),
        ("http://gateway.elsewhere:8791", "http://gateway.elsewhere:8791"),
        ("http://10.0.0.7:8791", "http://10.0.0.7:8791"),
        ("http://[fd00::7]:8791", "http://[fd00::7]:8791"),
    ],
)
def test_a_name_gets_the_platforms_namespace(url: str, found: str) -> None:
    settings = ClusterSettings(url, "", "steps:1", "notebook:1", platform_namespace="platform")
    assert gateway_from_elsewhere(settings) == found
