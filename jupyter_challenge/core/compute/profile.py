"""A compute profile: a kind of machine that servers, runs and training jobs are offered."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from jupyter_challenge.core.challenge_parts import Part, Slug
from jupyter_challenge.core.units import Duration, Size

ARCH_LABEL = "kubernetes.io/arch"
SHARING_LABEL = "nvidia.com/gpu.sharing-strategy"

LabelKey = Annotated[
    str,
    StringConstraints(pattern=r"^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$"),
]
LabelValue = Annotated[
    str, StringConstraints(pattern=r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$")
]
ResourceName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9.-]+/[A-Za-z0-9][A-Za-z0-9._-]*$")
]
ObjectName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", max_length=253)
]
Image = Annotated[str, StringConstraints(pattern=r"^\S+$")]


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


Quantity = Annotated[
    str,
    BeforeValidator(_as_text, json_schema_input_type=str | int | float),
    StringConstraints(pattern=r"^\d+(\.\d+)?(m|k|[KMGTPE]i?)?$"),
]
"""An amount as Kubernetes writes it: 64, 500m, 256Gi."""


class Arch(str, Enum):
    """Architectures of nodes, as Kubernetes calls them."""

    AMD64 = "amd64"
    ARM64 = "arm64"
    PPC64LE = "ppc64le"


class Vendor(str, Enum):
    """Who makes an accelerator."""

    NVIDIA = "nvidia"
    AMD = "amd"
    INTEL = "intel"
    OTHER = "other"


_DOMAINS = {Vendor.NVIDIA: "nvidia.com/", Vendor.AMD: "amd.com/", Vendor.INTEL: "gpu.intel.com/"}
_RESOURCES = {"nvidia": "nvidia.com/gpu", "amd": "amd.com/gpu", "intel": "gpu.intel.com/i915"}


class Sharing(str, Enum):
    """How an accelerator is shared with others."""

    NONE = "none"
    MIG = "mig"
    MPS = "mps"
    TIME_SLICING = "time-slicing"


class Accelerator(Part):
    """GPUs, or what else a device plugin offers."""

    vendor: Vendor = Field(description="Who makes it.")
    resource: str = Field(
        default="",
        description="What pods ask for, such as nvidia.com/mig-1g.10gb. Default: nvidia.com/gpu, "
        "amd.com/gpu or gpu.intel.com/i915.",
    )
    count: int = Field(default=1, ge=1, description="How many a server or a run gets.")
    sharing: Sharing = Field(
        default=Sharing.NONE,
        description="Alone, a MIG slice, or a share by MPS or time-slicing. Only a MIG slice has "
        "memory of its own: shares take servers and tries, and no ranked run.",
    )
    product_labels: dict[LabelKey, LabelValue] = Field(
        default_factory=dict,
        description="What nodes with it are labelled, such as nvidia.com/gpu.product: Tesla-T4.",
    )

    @model_validator(mode="before")
    @classmethod
    def _resource_of_the_vendor(cls, said: Any) -> Any:
        if isinstance(said, dict) and not said.get("resource"):
            vendor = said.get("vendor")
            known = _RESOURCES.get(vendor.value if isinstance(vendor, Vendor) else str(vendor))
            return {**said, "resource": known} if known else said
        return said

    @model_validator(mode="after")
    def _agrees(self) -> Accelerator:
        if not self.resource:
            raise ValueError(
                'an accelerator of vendor "other" has no resource of its own; '
                "add `resource:` with what its device plugin offers, such as google.com/tpu"
            )
        domain = _DOMAINS.get(self.vendor)
        if domain is not None and not self.resource.startswith(domain):
            raise ValueError(
                f"{self.resource} is not a resource of vendor {self.vendor.value}; "
                f"name one that begins with {domain}, or write `vendor: other`"
            )
        if self.resource.startswith("nvidia.com/mig-") and self.sharing is not Sharing.MIG:
            raise ValueError(f"{self.resource} is a MIG slice; write `sharing: mig`")
        if self.shared and self.count > 1:
            raise ValueError(
                f"{self.count} shares of one accelerator are no more than one; write `count: 1`"
            )
        return self

    @property
    def shared(self) -> bool:
        """Whether several programs are in its memory with nothing between them."""
        return self.sharing in {Sharing.MPS, Sharing.TIME_SLICING}

    @property
    def labels(self) -> dict[str, str]:
        """What nodes with it are labelled; NVIDIA's own label says how they share it."""
        own = {SHARING_LABEL: self.sharing.value}
        return {
            **(own if self.shared and self.vendor is Vendor.NVIDIA else {}),
            **self.product_labels,
        }


class Toleration(Part):
    """A taint of nodes in spite of which pods may be put on them."""

    key: LabelKey | None = Field(default=None, description="Key of the taint; all when left out.")
    operator: Literal["Exists", "Equal"] = Field(
        default="Exists", description="Whether any value is meant or that of `value`."
    )
    value: LabelValue | None = Field(default=None, description="For operator Equal.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="Effect of the taint; all when left out."
    )

    @model_validator(mode="after")
    def _agrees(self) -> Toleration:
        if self.operator == "Equal" and (self.key is None or self.value is None):
            raise ValueError("operator Equal compares a value; add `key:` and `value:`")
        if self.operator == "Exists" and self.value is not None:
            raise ValueError("operator Exists means any value; write `operator: Equal`")
        return self


class Fabric(Part):
    """The network between the nodes of a training job, beside the cluster's own."""

    name: str = Field(description="What people read, such as InfiniBand HDR.")
    resource: ResourceName = Field(
        description="What pods ask for, such as rdma/rdma_shared_device_a."
    )
    count: int = Field(default=1, ge=1, description="How many of it each pod gets.")
    networks: list[str] = Field(
        default_factory=list, description="Networks of Multus that pods are attached to."
    )


class Topology(Part):
    """How near to each other the nodes of a training job are."""

    label: LabelKey = Field(
        description="Label of nodes that are near: topology.kubernetes.io/zone, or a rack's."
    )
    required: bool = Field(
        default=True, description="Whether it waits for such nodes, or takes others too."
    )
    by: Literal["affinity", "kueue"] = Field(
        default="affinity",
        description="Who sees to it: the scheduler, or Kueue, where its ResourceFlavors have a "
        "topologyName.",
    )


class ComputeProfile(Part):
    """A named kind of machine."""

    id: Slug = Field(description="Short name in commands, addresses and challenges.")
    name: Annotated[str, StringConstraints(min_length=1, max_length=120)] = Field(
        description="What people read."
    )
    description: Annotated[str, StringConstraints(max_length=300)] = Field(
        default="", description="A sentence on what it is good for."
    )
    arch: Arch | None = Field(
        default=None, description="Architecture of its nodes; any when left out."
    )
    accelerator: Accelerator | None = Field(default=None, description="GPUs, if it has any.")
    cpu: float | None = Field(
        default=None,
        gt=0,
        description="Cores of a server, and the most that a run gets. Left out, the hub's own "
        "settings count for servers and the challenge's limits alone for runs.",
    )
    memory: Size | None = Field(
        default=None, description="Memory of a server, and the most that a run gets."
    )
    shm: Size | None = Field(
        default=None,
        description="Shared memory (/dev/shm), a part of `memory`: data loaders with several "
        "processes want some. Left out, the container runtime's 64 MB.",
    )
    images: dict[Arch, Image] = Field(
        default_factory=dict,
        description="Image of servers and runs by architecture, instead of the catalogue's. It "
        "has to hold jupyter-challenge.",
    )
    node_labels: dict[LabelKey, LabelValue] = Field(
        default_factory=dict, description="More labels of its nodes."
    )
    tolerations: list[Toleration] = Field(
        default_factory=list, description="Taints that do not keep it away from its nodes."
    )
    quota: dict[str, Quantity] = Field(
        default_factory=dict,
        description="How much of its nodes runs may use all together, by resource, where they "
        "wait in Kueue's queues. Left out, it is that of the profile with the same labels and "
        "tolerations.",
    )
    queue: ObjectName | None = Field(
        default=None,
        description="Kueue's LocalQueue in which servers and training jobs wait. Runs of "
        "challenges wait in their team's.",
    )
    priority: ObjectName | None = Field(
        default=None,
        description="WorkloadPriorityClass of servers and training jobs in a queue; without a "
        "queue the PriorityClass of their pods.",
    )
    idle_timeout: Duration | None = Field(
        default=None,
        description="How long a server may do nothing before it is ended: no kernel works, no "
        "terminal writes, nothing is saved or sent. A JupyterLab left open keeps none.",
    )
    max_lifetime: Duration | None = Field(
        default=None, description="How long a server or a training job may live."
    )
    fabric: Fabric | None = Field(
        default=None, description="Fast network between the nodes of training jobs."
    )
    topology: Topology | None = Field(
        default=None, description="Nearness of the nodes of training jobs."
    )
    groups: list[Annotated[str, StringConstraints(min_length=1)]] = Field(
        default_factory=list, description="Who may use it; everybody when left out."
    )
    denied: Annotated[str, StringConstraints(max_length=300)] = Field(
        default="", description="What others are told: whom to ask, and where."
    )

    @model_validator(mode="after")
    def _agrees(self) -> ComputeProfile:
        if self.denied and not self.groups:
            raise ValueError("nobody is denied; name those who may use it by `groups:`")
        if self.images and self.arch is not None and self.arch not in self.images:
            raise ValueError(
                f"there is no image for {self.arch.value}; add `{self.arch.value}:` to `images:`"
            )
        if self.shm is not None and self.memory is not None and self.shm > self.memory:
            raise ValueError("shm is a part of memory and larger than it; make it smaller")
        return self

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its nodes."""
        arch = {ARCH_LABEL: self.arch.value} if self.arch is not None else {}
        accelerator = self.accelerator.labels if self.accelerator is not None else {}
        return {**arch, **accelerator, **self.node_labels}

    @property
    def shared(self) -> bool:
        """Whether its accelerator is shared with nothing between the programs on it."""
        return self.accelerator is not None and self.accelerator.shared

    def usable_by(self, groups: Iterable[str]) -> bool:
        """Whether a member of these groups may use it."""
        return not self.groups or not set(self.groups).isdisjoint(groups)

    @property
    def refusal(self) -> str:
        """What those are told who may not use it."""
        return self.denied or f"It is for members of {', '.join(self.groups)}."
