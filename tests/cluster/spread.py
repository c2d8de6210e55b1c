"""Which tests a cluster gets where there are several: those on the same platform together."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("kfp", "queues")
"""Tests whose platform is deployed for them alone, by how their files' names begin."""
LONGEST = (*TOGETHER, "hub_story", "bad_luck", "replicas")
"""What takes longest, by how files' names begin."""


def family(path: str) -> str:
    """What a file of tests is handed out with: its name after `test_`, or how that begins."""
    name = PurePosixPath(path).stem.removeprefix("test_")
    return next((each for each in TOGETHER if name.startswith(each)), name)


def rank(path: str) -> tuple[int, bool]:
    """Where a file comes: the longest first, so that at the end there are small ones to share."""
    name = family(path)
    # What kills parts of a platform comes after what else wants it.
    return LONGEST.index(name) if name in LONGEST else len(LONGEST), "bad_luck" in path


class ByPlatform(LoadScopeScheduling):
    """Hands out families of files, each to the cluster that has the least to do."""

    def _split_scope(self, nodeid: str) -> str:
        return family(nodeid.partition("::")[0])
