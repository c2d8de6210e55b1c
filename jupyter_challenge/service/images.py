"""Which image a submission is run in: what a team names itself has to be allowed here."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.compute import Arch
from jupyter_challenge.core.compute.profile import ARCH_LABEL
from jupyter_challenge.core.errors import InvalidSubmission
from jupyter_challenge.core.images import HOW_TO_PIN, allowed, pinned
from jupyter_challenge.core.models import SubmissionRequest
from jupyter_challenge.engines.cluster_api import ApiRefused
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.state import Service

USER = "hub.jupyter.org/username"
CONTAINER = "notebook"
"""What KubeSpawner calls a server's user, and its container."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
log = logging.getLogger(__name__)


def of_server(
    service: Service, identity: Identity, request: SubmissionRequest, arch: Arch | None
) -> str | None:
    """The image of the notebook server that a notebook was handed in from.

    The request says a pod's name and no more. Whose it is and what runs in it the API server says.

    Args:
        service: The service.
        identity: Whose server it has to be.
        request: What is handed in.
        arch: The architecture of the machine that it is to run on, where that is known.

    Returns:
        None where it is not known, or the server is on another kind of machine: then the notebook
        is run in the image of the configuration.
    """
    servers = service.servers
    if servers is None or request.kind is not SubmissionKind.NOTEBOOK:
        return None
    if not request.pod or _NAME.fullmatch(request.pod) is None:
        return None
    for namespace in servers.namespaces:
        try:
            pod = servers.api.get("pods", request.pod, namespace)
        except ApiRefused as refused:
            log.warning("Pods of %s cannot be read: %s", namespace, refused)
            continue
        if pod is None or (arch is not None and _arch_of(pod) not in {None, arch.value}):
            continue
        image = _running_in(pod, identity.name)
        if image is not None and allowed(image, servers.images):
            return image
    return None


def _arch_of(pod: Mapping[str, Any]) -> str | None:
    """The architecture of a server's machine, where its profile says one."""
    wanted = (pod.get("spec") or {}).get("nodeSelector") or {}
    return str(wanted[ARCH_LABEL]) if ARCH_LABEL in wanted else None


def _running_in(pod: Mapping[str, Any], user: str) -> str | None:
    """The image of a user's running server; None of anybody else's pod."""
    meta, status = pod.get("metadata") or {}, pod.get("status") or {}
    # The hub writes the whole name as an annotation; as a label it may have to be another.
    if (meta.get("annotations") or {}).get(USER) != user or meta.get("deletionTimestamp"):
        return None
    for each in status.get("containerStatuses") or []:
        if each.get("name") == CONTAINER and "running" in (each.get("state") or {}):
            try:
                return pinned(str(each.get("imageID", "")).rpartition("://")[2])
            except ValueError:
                return None
    return None


def named(service: Service, request: SubmissionRequest) -> str | None:
    """The image of a container submission, as it is run; None of other kinds.

    Raises:
        InvalidSubmission: It can't be run here, has no digest, or is not allowed.
    """
    if request.kind is not SubmissionKind.CONTAINER:
        if request.image is not None:
            raise InvalidSubmission(
                "Only a container submission names its image.",
                hint="Leave the image out, or hand in the image alone.",
            )
        return None
    if service.place != "cluster":
        raise InvalidSubmission(
            "Container images can only run on a cluster.",
            hint="Submit them to a service on a cluster (--url); here, submit a notebook or "
            "predictions, such as those that the container writes when you run it yourself.",
        )
    if request.parameters:
        raise InvalidSubmission(
            "Parameters are for notebooks.", hint="Put what the container needs into its image."
        )
    try:
        image = pinned(request.image or "")
    except ValueError as error:
        raise InvalidSubmission(f"{error}.", hint=HOW_TO_PIN) from error
    if not allowed(image, service.submitted_images):
        places = ", ".join(service.submitted_images)
        raise InvalidSubmission(
            f"Images of {image.partition('@')[0]} may not be run here.",
            hint=f"Push it where images may come from: {places}."
            if places
            else "The admin allows places for images by ClusterConfig.submitted_images.",
        )
    return image
