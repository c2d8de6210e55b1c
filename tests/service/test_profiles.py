"""Compute profiles: what one machine offers, who may choose, and how long one would wait."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.service.world import User, World


def profile(user: User, challenge: str | None = "tiny", **query: Any) -> Any:
    params = {"challenge": challenge, **query} if challenge else query
    page = user.ask("GET", "/profiles", params=params)
    assert page["total"] == 1
    return page["items"][0]


def test_one_machine_is_one_profile(make_world: Callable[..., World]) -> None:
    world = make_world(runs=False)
    world.publish(limits={"cpu": 1, "memory": "1 GB", "gpu": 0})
    found = profile(world.user("ana"))
    assert (found["id"], found["default"], found["cpu"]) == ("local", True, 1)
    assert found["memory"] == 1_000_000_000
    assert (found["waiting"], found["running"], found["slots"]) == (0, 0, 4)
    assert (found["wait_seconds"], found["sentence"]) == (0, "")
    assert profile(world.user("ana"), challenge=None)["cpu"] >= 1


def test_what_the_machine_has_not_is_said(make_world: Callable[..., World]) -> None:
    world = make_world(runs=False)
    world.publish(limits={"cpu": 4096, "memory": "900 TB", "gpu": 0}, profiles=["h100"])
    found = profile(world.user("ana"))
    assert found["cpu"] < 4096
    assert found["memory"] < 900e12
    for part in ("4096 cores", "900000 GB of memory".replace("900000", "9e+05"), "h100"):
        assert part in found["sentence"]


def test_only_for_a_challenge_that_one_may_see(make_world: Callable[..., World]) -> None:
    world = make_world(runs=False)
    world.publish(access={"mode": "group", "groups": ["class"]})
    world.user("eve").ask("GET", "/profiles", 404, params={"challenge": "tiny"})
    assert profile(world.user("ben", "class"))["id"] == "local"


def test_the_queue_and_the_wait(make_world: Callable[..., World]) -> None:
    world = make_world(runs=False, parallel_runs=1)
    world.publish(phases=[{"id": "main", "quota": {"concurrent": 50}}])
    ana, ben = world.user("ana"), world.user("ben")
    ana.enter()
    ben.enter()
    first = ana.submit(sleep=60)
    world.until(lambda: ana.show(first["id"])["state"] == "running")
    # Nobody knows yet how long a run takes.
    assert profile(ben)["wait_seconds"] is None
    ana.ask("POST", f"/submissions/{first['id']}/cancel")
    ana.finished(first["id"])
    assert profile(ben)["wait_seconds"] == 0
    ana.submitted(sleep=0.1)
    running = ana.submit(sleep=60)
    world.until(lambda: ana.show(running["id"])["state"] == "running")
    for _ in range(3):
        ana.submit(public=1)
    found = profile(ben)
    assert (found["waiting"], found["running"], found["slots"]) == (3, 1, 1)
    # One after the run at work: a team that submits much does not hold up the others.
    assert found["wait_seconds"] == 10
    assert profile(ana)["wait_seconds"] >= found["wait_seconds"]
    ana.ask("POST", f"/submissions/{running['id']}/cancel")


def test_an_unknown_profile_is_refused_with_the_list(make_world: Callable[..., World]) -> None:
    world = make_world(runs=False)
    world.publish(profiles=["h100", "cpu"])
    ana = world.user("ana")
    ana.enter()
    for name in ("v100", "", "h100"):
        error = ana.submit(422, request={"profile": name})["error"]
        assert (error["details"]["profiles"], error["hint"]) == (["local"], "Choose one of: local.")
    assert ana.submit(request={"profile": "local"})["profile"] == "local"
    assert ana.submit()["profile"] == "local"


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for kernelspecs of the test's own, where the service finds them."""
    folder = tmp_path / "share" / "kernels"
    for name, language, command in (
        ("own", "python", sys.executable),
        ("rlang", "R", "/nowhere/R"),
        ("gone", "python", "/nowhere/python"),
    ):
        (folder / name).mkdir(parents=True)
        argv = [command, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = {"argv": argv, "display_name": name.upper(), "language": language}
        (folder / name / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(folder.parent))
    return folder


def test_the_kernels_are_those_of_the_services_machine(
    make_world: Callable[..., World], kernels: Path
) -> None:
    world = make_world(runs=False)
    world.publish()
    found = profile(world.user("ana"))["environments"]
    assert found["own"]["packages"]["pydantic"]
    assert found["own"]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert found["rlang"] == {
        "display_name": "RLANG", "language": "r", "version": None, "packages": {}, "problem": "",
    }  # fmt: skip
    assert "could not be asked" in found["gone"]["problem"]
    one = profile(world.user("ana"), kernel="rlang")["environments"]
    assert set(one) >= {"own", "rlang", "gone"}
    assert one["own"]["packages"] == {}


def test_what_is_installed_later_is_seen(
    make_world: Callable[..., World], kernels: Path, tmp_path: Path
) -> None:
    world = make_world(runs=False)
    world.publish()
    packages = tmp_path / "packages"
    packages.mkdir()
    spec = json.loads((kernels / "own" / "kernel.json").read_text())
    spec["env"] = {"PYTHONPATH": os.fspath(packages)}
    (kernels / "own" / "kernel.json").write_text(json.dumps(spec))

    def version() -> str | None:
        found = profile(world.user("ana"), kernel="own")["environments"]["own"]["packages"]
        return found.get("quark-model")

    assert version() is None
    (packages / "quark_model-1.5.dist-info").mkdir()
    assert version() == "1.5"
    (packages / "quark_model-1.5.dist-info").rmdir()
    assert version() is None
