"""Compute profiles: the kinds of machine that servers, runs and training jobs are offered.

There is one catalogue of them. It imports in a hub's own image, which has pydantic and PyYAML.
"""

from jupyter_challenge.core.compute.catalogue import Catalogue, Nodes
from jupyter_challenge.core.compute.profile import (
    Accelerator,
    Arch,
    ComputeProfile,
    Fabric,
    Sharing,
    Toleration,
    Topology,
    Vendor,
)
from jupyter_challenge.core.compute.reading import as_yaml, check_catalogue, load_catalogue

__all__ = [
    "Accelerator",
    "Arch",
    "Catalogue",
    "ComputeProfile",
    "Fabric",
    "Nodes",
    "Sharing",
    "Toleration",
    "Topology",
    "Vendor",
    "as_yaml",
    "check_catalogue",
    "load_catalogue",
]
