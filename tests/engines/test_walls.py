"""What the probes of `doctor` are taken for: each wall can be seen to hold, and not to."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_challenge.core.walls import HINTS, SENTENCES, Wall
from jupyter_challenge.engines import walls
from jupyter_challenge.engines.jobs import ClusterSettings
from jupyter_challenge.steps import probe

SETTINGS = ClusterSettings(
    gateway_url="http://challenge-gateway:8791",
    gateway_address="10.96.0.9",
    steps_image="steps:1",
    notebook_image="notebook:1",
)
AROUND = walls.Surroundings({"a neighbour": "10.1.1.1:80"}, ("a.name",), "10.96.0.10", "1.2.3.4:1")
LOOK: dict[str, Any] = {
    "time": 0.0, "reached": {"the gateway": True, "a neighbour": False}, "resolved": [],
    "answered": False, "uid": 1000, "capabilities": 0, "no_new_privileges": True, "seccomp": "2",
    "written": [], "tokens": [], "environment": [], "gpus": [], "threads": 1000,
}  # fmt: skip
TOKEN = {"seconds": 3600, "audiences": ["run-gateway"], "pod": "uid-1"}


def test_every_wall_has_its_words() -> None:
    assert set(SENTENCES) == set(HINTS)


def test_a_run_that_can_do_nothing_stands_within_its_walls() -> None:
    assert [each.name for each in walls.of_look(LOOK) if not each.holds] == []


def test_where_couriers_carry_the_gateway_is_what_may_not_be_reached() -> None:
    def seen(**reached: bool) -> dict[str, bool | None]:
        found = {
            **LOOK,
            "reached": {name.replace("_", " "): each for name, each in reached.items()},
        }
        return {each.name: each.holds for each in walls.of_look(found, by_courier=True)}

    assert seen(the_gateway=False, a_neighbour=False)["nothing_else_reached"] is True
    assert seen(the_gateway=True, a_neighbour=False)["nothing_else_reached"] is False
    assert "gateway_reached" not in seen(the_gateway=False)


BREACHES: dict[str, tuple[str, dict[str, Any], bool | None]] = {
    "a neighbour": ("nothing_else_reached", {"reached": {"the gateway": True, "x": True}}, False),
    "a neighbour, and no gateway": ("nothing_else_reached", {"reached": {"x": True}}, False),
    "nothing at all": ("nothing_else_reached", {"reached": {"the gateway": False}}, None),
    "no gateway": ("gateway_reached", {"reached": {"the gateway": False}}, False),
    "a name": ("no_names", {"resolved": ["kubernetes.default"]}, False),
    "a resolver": ("no_names", {"answered": True}, False),
    "processes without end": ("process_limit", {"threads": None}, False),
    "a token": ("no_token", {"tokens": ["/var/run/secrets/token"]}, False),
    "root": ("no_rights", {"uid": 0}, False),
    "capabilities": ("no_rights", {"capabilities": 1}, False),
    "privileges": ("no_rights", {"no_new_privileges": False}, False),
    "no seccomp": ("no_rights", {"seccomp": "0"}, False),
    "a writable system": ("no_rights", {"written": ["/etc/probe"]}, False),
}


@pytest.mark.parametrize("case", BREACHES)
def test_a_breach_is_seen(case: str) -> None:
    name, found, holds = BREACHES[case]

    seen = {each.name: each for each in walls.of_look({**LOOK, **found})}

    assert seen[name].holds is holds
    assert seen[name].hint


def pod(**state: Any) -> dict[str, Any]:
    return {"status": {"containerStatuses": [{"state": state}]}}


VERDICTS: dict[str, tuple[Wall, bool | None]] = {
    "a token as it should be": (walls.of_token(TOKEN, "run-gateway", "uid-1"), True),
    "one for a year": (
        walls.of_token({**TOKEN, "seconds": 31_536_000}, "run-gateway", "uid-1"), False,
    ),
    "one for the API server": (walls.of_token({**TOKEN, "audiences": ["x"]}, "r", "uid-1"), False),
    "one of another pod": (walls.of_token(TOKEN, "run-gateway", "uid-2"), False),
    "dead in time": (walls.of_upload({"before": 9, "after": 9}), True),
    "alive at the end": (walls.of_upload({"before": 9, "after": 10}), False),
    "nobody left": (walls.of_upload({"before": 0, "after": 0}), None),
    "no GPU": (walls.of_gpus(LOOK, {"gpus": []}), True),
    "a GPU for the asking": (walls.of_gpus(LOOK, {"gpus": ["nvidia0"]}), False),
    "killed for memory": (walls.of_memory(pod(terminated={"reason": "OOMKilled"})), True),
    "got its memory": (walls.of_memory(pod(terminated={"reason": "Completed"})), False),
    "still there": (walls.of_memory(pod(running={})), None),
    "evicted": (walls.of_disk({"status": {"phase": "Failed", "reason": "Evicted"}}), True),
    "got its disk": (walls.of_disk({"status": {"phase": "Succeeded"}}), False),
    "not over": (walls.of_disk({"status": {"phase": "Running"}}), None),
    "one time": (walls.of_clocks((100.2, 100.0, 101.0), (100.2, 130.0, 150.0)), True),
    "another time on the node": (walls.of_clocks((100, 100, 101), (100, 400.0, 150)), False),
    "an earlier one on the node": (walls.of_clocks((100, 100, 101), (100, 90.0, 150)), False),
    "another time of the API server": (walls.of_clocks((100, 70, 101), (100, 101, 102)), False),
    "no clock of the node": (walls.of_clocks((100, 100, 101), None), None),
    "no report": (walls.of_upload(None), None),
}  # fmt: skip


@pytest.mark.parametrize("case", VERDICTS)
def test_verdict(case: str) -> None:
    found, holds = VERDICTS[case]
    assert found.holds is holds
    assert bool(found.hint) is not bool(holds)


def test_the_pod_that_tries_is_a_runs() -> None:
    from jupyter_challenge.engines import jobs

    tried = walls.run_like("somewhere", SETTINGS, AROUND)["spec"]
    real = jobs.run_job(walls.order(), SETTINGS)["spec"]["template"]["spec"]
    for spec in (tried, real):
        for each in [*spec["initContainers"], *spec["containers"]]:
            each.pop("command")
            each["resources"]["requests"].pop("cpu")

    assert tried == real


def test_a_report_is_found_in_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    probe.main(["gpus"])
    printed = b"a warning\n" + capsys.readouterr().out.encode()

    assert set(walls.report_of(printed) or {}) == {"gpus"}
    assert walls.report_of(b"nothing") is None
