"""The catalogue of compute profiles: `profiles.yaml`, as pydantic models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field, model_validator

from jupyter_challenge.core.challenge_parts import Part
from jupyter_challenge.core.compute.profile import Arch, ComputeProfile, Image, Toleration
from jupyter_challenge.core.model_problems import Found


@dataclass(frozen=True)
class Nodes:
    """A kind of nodes: that of a profile with a quota, and of those without that are on the same.

    Attributes:
        name: The id of the profile.
        labels: What its nodes are labelled.
        tolerations: Their taints.
        quota: How much of it runs may use all together, by resource.
    """

    name: str
    labels: Mapping[str, str]
    tolerations: tuple[Toleration, ...]
    quota: Mapping[str, str]


class Catalogue(Part):
    """The compute profiles of an installation, in the order in which people see them."""

    images: dict[Arch, Image] = Field(
        default_factory=dict,
        description="Image of servers and runs by architecture, for profiles without their own.",
    )
    first_free: bool = Field(
        default=False,
        description="Whether a run without a chosen profile gets whichever nodes have room first, "
        "in the order of the profiles (needs Kueue's queues). Else it gets the first profile that "
        "its challenge and its owner's groups allow.",
    )
    profiles: list[ComputeProfile] = Field(
        default_factory=list, description="The profiles; the first is the default."
    )

    @model_validator(mode="after")
    def _agrees(self) -> Catalogue:
        for _, message, fix, _ in disagreements(
            list(enumerate(self.profiles)), first_free=self.first_free
        ):
            raise ValueError(f"{message}; {fix}")
        return self

    def get(self, id: str) -> ComputeProfile | None:
        """The profile with an id."""
        return next((profile for profile in self.profiles if profile.id == id), None)

    def usable_by(self, groups: Iterable[str]) -> list[ComputeProfile]:
        """The profiles that members of these groups may use."""
        mine = frozenset(groups)
        return [profile for profile in self.profiles if profile.usable_by(mine)]

    def image(self, profile: ComputeProfile) -> str | None:
        """The image of a profile's servers and runs, where the catalogue says one.

        A profile on any architecture has the image of a single entry: it has to be made for all.
        """
        images = profile.images or self.images
        if profile.arch is not None:
            return images.get(profile.arch)
        return next(iter(images.values())) if len(images) == 1 else None

    @property
    def nodes(self) -> list[Nodes]:
        """The kinds of nodes that the profiles are on."""
        owners = {_owner(profile, self.profiles).id for profile in self.profiles}
        return [
            Nodes(each.id, each.labels, tuple(each.tolerations), each.quota)
            for each in self.profiles
            if each.id in owners
        ]

    def nodes_of(self, profile: ComputeProfile) -> str:
        """The name of the kind of nodes that a profile is on."""
        return _owner(profile, self.profiles).id


def _owner(profile: ComputeProfile, profiles: Sequence[ComputeProfile]) -> ComputeProfile:
    """The profile whose nodes and quota are another's too: itself, where it has a quota."""
    if profile.quota:
        return profile
    same = [each for each in profiles if _place(each) == _place(profile)]
    return next((each for each in same if each.quota), same[0])


def _place(profile: ComputeProfile) -> tuple[object, ...]:
    return tuple(sorted(profile.labels.items())), tuple(profile.tolerations)


def disagreements(
    profiles: Sequence[tuple[int, ComputeProfile]], *, first_free: bool
) -> Iterator[Found]:
    """Find what is wrong between profiles that are well in themselves.

    Args:
        profiles: The profiles with their index in the file.
        first_free: What the catalogue says.
    """
    seen: set[str] = set()
    for at, profile in profiles:
        if profile.id in seen:
            message = f'two profiles have the id "{profile.id}"'
            yield ("profiles", at, "id"), message, "give each its own", False
        seen.add(profile.id)
        if first_free and profile.groups:
            yield (
                ("profiles", at, "groups"),
                f'with `first_free` a run may get "{profile.id}" without being of its groups',
                "leave `first_free` out, or the groups",
                True,
            )
    yield from _missing_quotas(profiles)


def _missing_quotas(profiles: Sequence[tuple[int, ComputeProfile]]) -> Iterator[Found]:
    if not any(profile.quota for _, profile in profiles):
        return
    every = [profile for _, profile in profiles]
    for at, profile in profiles:
        owner = _owner(profile, every)
        asked = ["cpu", "memory"]
        if profile.accelerator is not None:
            asked.append(profile.accelerator.resource)
        for name in asked:
            if name not in owner.quota:
                whose = f'the quota of "{owner.id}"' if owner.quota else f'"{profile.id}"'
                yield (
                    ("profiles", at, "quota"),
                    f"{whose} says nothing of {name}, which runs on it ask for",
                    f"add `{name}:` to the `quota:`, with what runs may use all together",
                    True,
                )
                break
