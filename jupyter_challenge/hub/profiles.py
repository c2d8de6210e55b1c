"""Which compute profiles somebody is offered, and what KubeSpawner is told of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_challenge.core.compute import Catalogue, ComputeProfile, load_catalogue
from jupyter_challenge.core.compute.rendering import Manifest, as_kubespawner

NODES = "challenge.jupyter.org/nodes"
KEYED = ("volumes", "volume_mounts", "tolerations")
"""What a profile adds to, and may be a list in a hub's configuration."""


@cache
def catalogue_of(path: str) -> Catalogue:
    """The catalogue of a file, read once per hub."""
    return load_catalogue(Path(path))


def offered(catalogue: Catalogue, groups: Collection[str]) -> list[Manifest]:
    """KubeSpawner's `profile_list` for a member of these groups; the first is the default."""
    entries = [_entry(catalogue, profile) for profile in catalogue.usable_by(groups)]
    return [entry | {"default": at == 0} for at, entry in enumerate(entries)]


def _entry(catalogue: Catalogue, profile: ComputeProfile) -> Manifest:
    entry = as_kubespawner(catalogue, profile)
    if profile.queue is not None:
        # The taint by which `jupyter challenge cluster setup` keeps a kind of nodes for those that
        # chose a profile on it. No node has it; in other queues it changes nothing.
        only = {"key": NODES, "operator": "Equal", "effect": "NoSchedule"}
        tolerations = entry["kubespawner_override"].setdefault("tolerations", {})
        tolerations["challenge-nodes"] = only | {"value": catalogue.nodes_of(profile)}
    return entry


def chosen(
    catalogue: Catalogue, options: Mapping[str, Any], groups: Collection[str]
) -> ComputeProfile | str:
    """The profile that somebody asks for, or a sentence that says why they do not get it.

    Args:
        catalogue: All profiles.
        options: What they chose in the form, or sent to the hub's API: anything.
        groups: The groups that they are of.
    """
    usable = catalogue.usable_by(groups)
    asked = options.get("profile")
    if not usable:
        return "None of the compute profiles is for you. Ask an admin of this hub for a group."
    if not asked:
        return usable[0]
    found = catalogue.get(str(asked))
    if found is None:
        known = ", ".join(profile.id for profile in usable)
        return f'There is no compute profile "{asked}"; you may use {known}.'
    return found if found in usable else f"{found.name} is not for you. {found.refusal}"


def keyed(name: str, said: Any) -> Any:
    """A list as a dictionary, so that a profile adds to it instead of replacing it.

    KubeSpawner sorts such dictionaries by their keys: the list's order stays.
    """
    if not isinstance(said, list):
        return said
    return {f"hub-{name}-{at:03}": each for at, each in enumerate(said)}
