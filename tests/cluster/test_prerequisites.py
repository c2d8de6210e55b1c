"""What a cluster lacks is said, and tests that need it are skipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cluster.kubectl import Cluster
from tests.cluster.prerequisites import (
    ALL,
    NEEDED,
    Missing,
    default_storage_class,
    images,
    kueue,
    lacking,
    resource,
    storage_class,
)

HERE = Path(__file__).parent


@pytest.mark.parametrize("who", NEEDED)
def test_whatever_needs_something_is_there(who: str) -> None:
    file, _, test = who.partition("::")
    text = (HERE / f"{file}.py").read_text(encoding="utf-8")
    assert not test or re.search(rf"^def {test}\(", text, re.MULTILINE)


LACKS: dict[str, tuple[Missing, str]] = {
    "a storage class": (storage_class, "storage class test-volumes"),
    "a default one": (default_storage_class, "default storage class"),
    "a GPU": (resource("nvidia.com/gpu"), "node with nvidia.com/gpu"),
    "Kueue": (kueue, "Kueue in kueue-system"),
}


@pytest.mark.parametrize("what", LACKS)
def test_a_bare_cluster_lacks(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that knows nothing but a node without anything."""
    node = '{"items": [{"status": {"allocatable": {"cpu": "2", "nvidia.com/gpu": "0"}}}]}'
    program = f"""#!/bin/sh
case "$*" in
  *'get nodes'*) echo '{node}' ;;
  *'get storageclasses'*) echo '{{"items": [{{"metadata": {{}}}}]}}' ;;
  *) exit 1 ;;
esac
"""
    (tmp_path / "kubectl").write_text(program)
    (tmp_path / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    asked, said = LACKS[what]

    assert asked(Cluster(tmp_path / "config")) == said


def test_what_no_node_has_and_none_can_pull_is_named(cluster: Cluster) -> None:
    nowhere = "cluster.test/nowhere:1"
    assert images(*ALL)(cluster) == ""
    assert images(*ALL, nowhere)(cluster) == f"image {nowhere}"
    assert resource("example.com/nothing")(cluster) == "node with example.com/nothing"
    assert lacking(str(cluster.kubeconfig), "test_runs", "any") == ""
