"""Parts of the manifests that the engine makes, and the settings that it makes them with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jupyter_challenge.engines.jobs import ClusterSettings

SETTINGS = ClusterSettings(
    gateway_url="http://challenge-gateway:8791",
    gateway_address="10.96.0.9",
    steps_image="steps:1",
    notebook_image="notebook:1",
)


def pod(job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = job["spec"]["template"]["spec"]
    return found


def containers(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from pod(job)["initContainers"]
    yield from pod(job)["containers"]


def container(job: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in containers(job) if each["name"] == name)


def environment(container: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container["env"]}
