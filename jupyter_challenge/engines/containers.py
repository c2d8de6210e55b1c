"""Containers of a run's pods, as plain values: hardened alike, with a token or without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_challenge.core.compute.rendering import NO_GPU
from jupyter_challenge.steps.lines import told

Manifest = dict[str, Any]

FOLDER = "/challenge"
TOKEN_FOLDER = "/var/run/secrets/challenge"
PROGRAM = ("python3", "-I", "-m", "jupyter_challenge.steps.inside")
"""Isolated: no module is found in a folder that a step can write to."""


def container(
    name: str,
    image: str,
    does: str,
    *,
    resources: dict[str, Any],
    gpu: int = 0,
    writes: bool = False,
) -> Manifest:
    """A container without token.

    Args:
        name: Its name.
        image: Its image.
        does: What `steps.inside` is told to do.
        resources: Requests and limits.
        gpu: How many it is given.
        writes: Whether it has a home and a temporary folder, which a step can write to. The
            platform's containers have none: what a step leaves there must not run in them.
    """
    env: list[dict[str, str]] = []
    mounts: list[dict[str, Any]] = [{"name": "run", "mountPath": FOLDER}]
    if writes:
        env += [
            {"name": "HOME", "value": f"{FOLDER}/home"},
            {"name": "TMPDIR", "value": f"{FOLDER}/tmp"},
        ]
        mounts.append({"name": "tmp", "mountPath": "/tmp"})
    else:
        env.append({"name": "HOME", "value": "/nonexistent"})
    if not gpu:
        env += [{"name": variable, "value": value} for variable, value in NO_GPU.items()]
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": [*PROGRAM, does],
        "workingDir": "/",
        "env": env,
        "resources": resources,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    }


def own_program(main: Manifest, image: str) -> Manifest:
    """The container of a run with an image's own entry point in place of ours.

    It sees of the run's volume what its program needs, and nothing of what the platform keeps
    there: what it says of itself is its exit status alone.
    """
    folders = {name: f"{FOLDER}/work/{name}" for name in ("input", "output", "state")}
    own = {name: value for name, value in main.items() if name not in {"command", "workingDir"}}
    return {
        **own,
        "image": image,
        "env": [
            *main["env"],
            *({"name": f"CHALLENGE_{n.upper()}", "value": at} for n, at in folders.items()),
        ],
        "volumeMounts": [
            *(
                {"name": "run", "mountPath": f"{FOLDER}/{part}", "subPath": part}
                for part in ("work", "home", "tmp")
            ),
            *(mount for mount in main["volumeMounts"] if mount["name"] != "run"),
        ],
    }


def platform_container(
    name: str, image: str, does: str, gateway_url: str, about: Mapping[str, str | int]
) -> Manifest:
    """A container of the platform's: it alone has the token, and what the gateway's address is.

    Args:
        name: Its name.
        image: Its image.
        does: What `steps.inside` is told to do.
        gateway_url: Address of the gateway.
        about: Whom the lines that it prints concern.
    """
    made = container(name, image, does, resources=platform_resources())
    made["env"] += [{"name": "CHALLENGE_GATEWAY", "value": gateway_url}, told(about)]
    made["volumeMounts"].append({"name": "token", "mountPath": TOKEN_FOLDER, "readOnly": True})
    made["terminationMessagePolicy"] = "FallbackToLogsOnError"
    return made


def platform_resources() -> dict[str, Any]:
    """What a container of the platform's, which only moves files, is given."""
    return {
        "requests": {"cpu": "20m", "memory": "64Mi"},
        "limits": {"cpu": "1", "memory": "512Mi"},
    }
