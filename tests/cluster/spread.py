"""Which tests a cluster gets where there are several: those on the same platform together."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

OWN_PLATFORM = (
    ("kfp_contract", "kfp_runs", "kfp_bad_luck"),
    ("queues",),
    ("hub_story", "hub_service"),
    ("couriers",),
)
"""Tests whose platform is another one than most tests', those on the same one together."""
LONGEST = ("bad_luck", "replicas")
"""What takes longest of the others."""


def family(path: str) -> str:
    """What a file of tests is handed out with: the first of those on its platform, or itself."""
    name = PurePosixPath(path).stem.removeprefix("test_")
    return next((together[0] for together in OWN_PLATFORM if name in together), name)


def rank(path: str) -> tuple[int, int]:
    """Where a file comes.

    Those on a platform of their own come first, so that each cluster changes to the one of all
    others once; then the longest, so that at the end there are small ones to share.
    """
    name = PurePosixPath(path).stem.removeprefix("test_")
    for place, together in enumerate(OWN_PLATFORM):
        if name in together:
            return place, together.index(name)
    place = LONGEST.index(name) if name in LONGEST else len(LONGEST)
    return len(OWN_PLATFORM), place


class ByPlatform(LoadScopeScheduling):
    """Hands out families of files, each to the cluster that has the least to do."""

    def _split_scope(self, nodeid: str) -> str:
        return family(nodeid.partition("::")[0])
