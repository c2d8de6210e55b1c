"""Compute profiles: what one machine offers, who may choose, and how long one would wait."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.compute import Catalogue
from jupyter_challenge.engines.base import NoMachine
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.store import runs
from tests.service.quick_engine import QuickEngine
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
    waiting = [ana.submit(public=1)["id"] for _ in range(3)]
    found = profile(ben)
    assert (found["waiting"], found["running"], found["slots"]) == (3, 1, 1)
    # One after the run at work: a team that submits much does not hold up the others.
    assert found["wait_seconds"] == 10
    assert profile(ana)["wait_seconds"] >= found["wait_seconds"]
    # Each of hers after those before it, in whole steps as the last runs took.
    shown = [ana.show(each) for each in waiting]
    assert [each["position"] for each in shown] == [1, 2, 3]
    assert [each["wait_seconds"] for each in shown] == [10, 10, 10]
    assert ana.show(running["id"])["wait_seconds"] is None
    ana.ask("POST", f"/submissions/{running['id']}/cancel")


def test_the_wait_of_a_submission_grows_with_its_place_and_is_told_roughly_of_hidden_data(
    make_world: Callable[..., World],
) -> None:
    world = make_world(runs=False, parallel_runs=1)
    ana = world.user("ana")
    waits = {}
    for challenge in ("full", "class_only"):
        world.publish(
            challenge.replace("_", "-"),
            phases=[{"id": "main", "feedback": challenge, "quota": {"concurrent": 50}}],
        )
        where = {"challenge": challenge.replace("_", "-")}
        ana.enter(where["challenge"])
        done = ana.submitted(**where)
        with world.embedded.service.db.write() as session:
            run = runs.latest(session, [done["id"]])[done["id"]]
            assert run.ended_at is not None
            run.started_at = run.ended_at - timedelta(seconds=25)
        first = ana.submit(**where, sleep=60)["id"]
        world.until(lambda of=first: ana.show(of)["state"] == "running")  # type: ignore[misc]
        queued = [ana.submit(**where)["id"] for _ in range(3)]
        waits[challenge] = [ana.show(each)["wait_seconds"] for each in queued]
        for each in (*queued, first):
            ana.ask("POST", f"/submissions/{each}/cancel")
        ana.finished(first)

    # One after the other, each 25 s.
    assert waits == {"full": [30, 50, 80], "class_only": [60, 60, 120]}


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


OFFERED = Catalogue.model_validate(
    {
        "profiles": [
            {"id": "cpu", "name": "CPU", "cpu": 4, "memory": "8 GB"},
            {
                "id": "h100",
                "name": "NVIDIA H100",
                "description": "80 GB.",
                "accelerator": {"vendor": "nvidia", "count": 2},
                "groups": ["gpu"],
                "denied": "Ask gpu@example.org.",
            },
            {
                "id": "share",
                "name": "A share of a T4",
                "accelerator": {"vendor": "nvidia", "sharing": "mps"},
            },
        ]
    }
)


class Offering(QuickEngine):
    """An engine with compute profiles."""

    catalogue = OFFERED


@pytest.fixture
def offering(make_world: Callable[..., World], tmp_path: Path) -> World:
    return make_world(runs=False, engine=Offering(tmp_path / "quick"))


def ids(user: User, challenge: str = "tiny") -> list[str]:
    page = user.ask("GET", "/profiles", params={"challenge": challenge})
    defaults = [each["default"] for each in page["items"]]
    assert defaults == [True, *[False] * (len(defaults) - 1)][: len(defaults)]
    return [each["id"] for each in page["items"]]


def test_everybody_sees_what_they_may_use_and_the_challenge_can(offering: World) -> None:
    offering.publish("tiny", limits={"cpu": 1, "memory": "1 GB"})
    offering.publish("deep", limits={"cpu": 8, "memory": "1 GB", "gpu": 4})
    offering.publish("named", profiles=["h100"])
    ana, ben = offering.user("ana"), offering.user("ben", "gpu")

    assert (ids(ana), ids(ana, "deep"), ids(ana, "named")) == (["cpu"], ["share"], [])
    assert (ids(ben), ids(ben, "deep"), ids(ben, "named")) == (["cpu"], ["h100", "share"], ["h100"])
    page = ben.ask("GET", "/profiles", params={"challenge": "deep"})
    found = page["items"][0]
    assert (found["title"], found["cpu"], found["memory"], found["gpu"]) == (
        "NVIDIA H100", 8, 1_000_000_000, 2,
    )  # fmt: skip
    assert found["sentence"] == "80 GB. The challenge allows 4 GPU; there are 2."
    assert "no ranked runs" in page["items"][1]["sentence"]


def test_who_is_not_of_the_groups_is_told_whom_to_ask(offering: World) -> None:
    offering.publish(profiles=["cpu", "h100"])
    offering.publish("named", profiles=["h100"])
    ana, ben = offering.user("ana"), offering.user("ben", "gpu")
    for user in (ana, ben):
        for challenge in ("tiny", "named"):
            user.enter(challenge)

    error = ana.submit(403, request={"profile": "h100"})["error"]
    assert error["message"].endswith("is not open to you. Ask gpu@example.org.")
    assert error["hint"] == "Choose one of: cpu."
    error = ana.submit(403, challenge="named")["error"]
    assert (error["message"].endswith("Ask gpu@example.org."), error["hint"]) == (True, "")
    assert ana.submit()["profile"] == "cpu"
    assert ben.submit(request={"profile": "h100"})["profile"] == "h100"
    assert ben.submit(challenge="named")["profile"] == "h100"
    error = ben.submit(422, request={"profile": "local"})["error"]
    assert error["hint"] == "Choose one of: cpu, h100."


def test_a_share_takes_tries_and_no_ranked_runs(offering: World) -> None:
    offering.publish(profiles=["cpu", "share"])
    offering.publish("shared", profiles=["share"])
    ana = offering.user("ana")
    ana.enter()
    ana.enter("shared")

    error = ana.submit(422, request={"profile": "share"})["error"]
    assert "takes tries and no ranked runs" in error["message"]
    assert error["hint"] == "Choose one of: cpu."
    ana.submit(422, challenge="shared")
    assert ana.submit(request={"profile": "share", "is_try": True})["profile"] == "share"


def test_a_challenge_that_no_profile_fits_says_so(offering: World) -> None:
    offering.publish(profiles=["cpu"], limits={"gpu": 1})
    ana = offering.user("ana")
    ana.enter()
    error = ana.submit(422)["error"]
    assert (error["message"], error["details"]["profiles"]) == (
        "There is no compute profile here that the challenge allows.", [],
    )  # fmt: skip


def test_a_run_whose_profile_has_gone_costs_nothing(
    offering: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    offering.publish()
    ana = offering.user("ana")
    ana.enter()

    def gone(*_: Any) -> None:
        raise NoMachine("there is no compute profile 'cpu' any more")

    monkeypatch.setattr(offering.engine, "start", gone)
    ended = ana.submitted()
    assert (ended["state"], ended["failure"]["failure_class"]) == ("failed", "no_capacity")


def test_kinds_of_nodes_are_still_profiles_and_need_not_be_chosen(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    nodes = {
        "cpu": {"quota": {"cpu": 8, "memory": "32Gi"}},
        "a100": {
            "title": "NVIDIA A100",
            "quota": {"cpu": 16, "memory": "64Gi", "nvidia.com/gpu": 2},
        },
    }
    engine = Offering(tmp_path / "quick")
    engine.catalogue = ClusterConfig(queues=True, queue_nodes=nodes).settings("").catalogue
    world = make_world(runs=False, engine=engine)
    world.publish(limits={"gpu": 1})
    world.publish("named", profiles=["cpu"])
    ana = world.user("ana")

    assert (ids(ana), ids(ana, "named")) == (["local", "a100"], ["cpu"])
    ana.enter()
    assert ana.submit()["profile"] == "local"
    assert ana.submit(request={"profile": "a100"})["profile"] == "a100"
