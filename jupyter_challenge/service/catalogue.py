"""The compute profiles of a cluster: from `profiles.yaml`, or from settings that are older."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jupyter_challenge.core.compute import (
    Accelerator,
    Catalogue,
    ComputeProfile,
    Toleration,
    Vendor,
    load_catalogue,
)
from jupyter_challenge.core.errors import InvalidProfiles, Unavailable

log = logging.getLogger("jupyter_challenge")

_KEYS = ("quota", "labels", "tolerations", "title", "gpu")


def from_file(path: str) -> Catalogue:
    """The profiles of a file.

    Raises:
        Unavailable: It has mistakes; `details["problems"]` lists them.
    """
    try:
        return load_catalogue(Path(path))
    except InvalidProfiles as error:
        raise Unavailable(
            error.message,
            hint=f"{error.hint} `jupyter challenge profiles validate` lists all of them.",
            **error.details,
        ) from error


def from_nodes(nodes: Mapping[str, Mapping[str, Any]], gpu_resource: str) -> Catalogue:
    """The profiles that `ClusterConfig.queue_nodes` stands for; none where it has one kind alone.

    Of such a profile a run gets what its challenge allows.

    Raises:
        ValueError: It is not of the shape that the setting's help describes.
    """
    profiles = [_profile(name, said, gpu_resource) for name, said in nodes.items()]
    try:
        return Catalogue(first_free=True, profiles=profiles)
    except ValidationError as error:
        raise ValueError(_words(error)) from error


def moved(catalogue: Catalogue) -> None:
    """Say that `ClusterConfig.queue_nodes` has a better place now."""
    names = ", ".join(profile.id for profile in catalogue.profiles)
    log.warning(
        "ClusterConfig.queue_nodes is read as compute profiles (%s). Write them to a file with "
        "`jupyter challenge profiles show --yaml > profiles.yaml`, name it in "
        "ClusterConfig.profiles and leave queue_nodes out.",
        names,
    )


def _profile(name: str, said: Mapping[str, Any], gpu_resource: str) -> ComputeProfile:
    where = f"queue_nodes[{name!r}]"
    unknown = sorted(set(said) - {*_KEYS})
    if unknown:
        raise ValueError(f"{where} has {unknown[0]!r}: it may have {', '.join(_KEYS)}")
    quota = {str(key): str(amount) for key, amount in (said.get("quota") or {}).items()}
    missing = [key for key in ("cpu", "memory") if key not in quota]
    if missing:
        raise ValueError(f"{where} says nothing of {missing[0]}: runs ask for cpu and memory")
    resource = str(said.get("gpu") or gpu_resource)
    gpus = quota.get(resource, "0")
    try:
        return ComputeProfile(
            id=name,
            name=str(said.get("title") or name),
            accelerator=_accelerator(resource, int(gpus)) if gpus != "0" else None,
            node_labels={str(k): str(v) for k, v in (said.get("labels") or {}).items()},
            tolerations=[Toleration(**each) for each in said.get("tolerations") or ()],
            quota=quota,
        )
    except ValidationError as error:
        raise ValueError(f"{where}: {_words(error)}") from error


def _accelerator(resource: str, count: int) -> Accelerator:
    vendor = {"nvidia.com": Vendor.NVIDIA, "amd.com": Vendor.AMD}.get(resource.split("/")[0])
    sharing = "mig" if resource.startswith("nvidia.com/mig-") else "none"
    return Accelerator.model_validate(
        {
            "vendor": vendor or Vendor.OTHER,
            "resource": resource,
            "count": count,
            "sharing": sharing,
        }
    )


def _words(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
