"""What the probes of `doctor` are taken for: each wall can be seen to hold, and not to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from jupyter_challenge.core import canary
from jupyter_challenge.core.run import ReceiptKind
from jupyter_challenge.core.walls import EVALUATIONS, HINTS, SENTENCES, Wall
from jupyter_challenge.engines import couriers, jobs, probes, walls
from jupyter_challenge.engines.jobs import ClusterSettings
from jupyter_challenge.steps import probe

SETTINGS = ClusterSettings(
    gateway_url="http://challenge-gateway:8791",
    gateway_address="10.96.0.9",
    steps_image="steps:1",
    notebook_image="notebook:1",
)
AROUND = probes.Surroundings(
    {"a neighbour": "10.1.1.1:80"}, ("a.name",), "10.96.0.10", {"the gateway": "1.2.3.4:1"}
)
LOOK: dict[str, Any] = {
    "time": 0.0, "reached": {"the gateway": True, "a neighbour": False}, "resolved": [],
    "answered": False, "uid": 1000, "capabilities": 0, "no_new_privileges": True, "seccomp": "2",
    "written": [], "tokens": [], "environment": [], "gpus": [], "threads": 1000,
}  # fmt: skip
TOKEN = {"seconds": 3600, "audiences": ["run-gateway"], "pod": "uid-1"}


def test_every_wall_has_its_words() -> None:
    assert set(SENTENCES) == set(HINTS)
    assert set(EVALUATIONS) < set(HINTS)


def test_a_run_that_can_do_nothing_stands_within_its_walls() -> None:
    assert [each.name for each in walls.of_look(LOOK) if not each.holds] == []


@pytest.mark.parametrize(
    ("run", "courier", "holds"),
    [(False, True, True), (True, True, False), (False, False, None), (False, None, None)],
    ids=["a policy", "no policy", "a broken network", "a courier that says nothing"],
)
def test_where_couriers_carry_only_they_may_reach_the_gateway(
    run: bool, courier: bool | None, holds: bool | None
) -> None:
    carrier = None if courier is None else {"reached": courier}
    look = {**LOOK, "reached": {"the gateway": run, "a neighbour": False}}

    found = {each.name: each for each in walls.of_look(look, carrier=carrier, by_courier=True)}

    assert found["nothing_else_reached"].holds is holds
    assert found["courier_reaches"].holds is courier
    assert "gateway_reached" not in found


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
    "counted": (walls.of_files({"failure": "disk_full"}, None), True),
    "counted by the kubelet": (walls.of_files(None, {"status": {"reason": "Evicted"}}), True),
    "not counted": (walls.of_files({"failure": ""}, {"status": {"phase": "Failed"}}), False),
    "something else": (walls.of_files({"failure": "time_limit"}, None), False),
    "no word of files": (walls.of_files(None, None), None),
    "inodes": (walls.of_inodes({"a": {"evictionHard": {"nodefs.inodesFree": "5%"}}}), True),
    "no inodes": (walls.of_inodes({"a": {"evictionHard": {"nodefs.available": "5%"}}}), False),
    "0 inodes": (walls.of_inodes({"a": {"evictionHard": {"nodefs.inodesFree": "0%"}}}), False),
    "inodes of one": (
        walls.of_inodes({"a": {"evictionHard": {"nodefs.inodesFree": "5%"}}, "b": {"x": 1}}), False,
    ),
    "a kubelet that says nothing": (walls.of_inodes({"a": {}}), None),
    "a store that is shut": (walls.of_store([]), True),
    "a store that is open": (walls.of_store(["read"]), False),
    "a folder": (walls.of_store(None), None),
}  # fmt: skip


@pytest.mark.parametrize("case", VERDICTS)
def test_verdict(case: str) -> None:
    found, holds = VERDICTS[case]
    assert found.holds is holds
    assert bool(found.hint) is not bool(holds)


def searched(*found: tuple[str, str], blind: bool = False) -> dict[str, Any]:
    return {"search": {"found": [list(each) for each in found], "asked": 3, "blind": blind}}


OWN = ("own", "http://gateway/run/inputs")
CANARIES: dict[str, tuple[list[dict[str, Any] | None], bool | None, str]] = {
    "its own alone": ([searched(OWN), searched()], True, "6 answers"),
    "labels": ([searched(OWN), searched(("labels", "/mnt/x"))], False, "labels at /mnt/x"),
    "labels, and nothing of its own": ([searched(("labels", "/x")), None], False, "labels at /x"),
    "credentials": ([searched(OWN, ("secret", "/x"))], False, "the platform's credentials at /x"),
    "another's": ([searched(OWN, ("others", "/x"))], False, "what another team handed in at /x"),
    "not even its own": ([searched(), searched()], None, "its own data, which it may see"),
    "who is blind": ([searched(OWN), searched(blind=True)], None, "was not found"),
    "who says nothing": ([searched(OWN), None], None, "did not report"),
    "many": ([searched(*(("labels", f"/{n}") for n in range(9)))], False, "4 more"),
}


@pytest.mark.parametrize("case", CANARIES)
def test_words_that_were_found(case: str) -> None:
    reports, holds, detail = CANARIES[case]

    found = walls.of_canary(reports, {"own"}, "own", "runs")

    assert found.holds is holds
    assert detail in found.detail


def test_an_evaluation_has_labels_by_right() -> None:
    found = walls.of_canary(
        [searched(("labels", "/x"))], {"own", "labels"}, "labels", "evaluations"
    )
    assert found.holds
    assert found.sentence == EVALUATIONS["no_canary"]


@pytest.mark.parametrize("kind", ["run", "evaluate"])
def test_the_pod_that_tries_is_as_the_real_one(kind: ReceiptKind) -> None:
    tried = probes.looking(kind, "somewhere", SETTINGS, AROUND)["spec"]
    made = jobs.run_job if kind == "run" else jobs.evaluate_job
    real = made(probes.order(), SETTINGS)["spec"]["template"]["spec"]
    for spec in (tried, real):
        for each in [*spec["initContainers"], *spec["containers"]]:
            each.pop("command")
            each["resources"]["requests"].pop("cpu")

    assert tried == real


def test_where_couriers_carry_the_pods_are_theirs_but_for_the_volumes() -> None:
    settings = replace(SETTINGS, exchange_class="fast")
    tried = probes.looking("run", "somewhere", settings, AROUND)["spec"]
    courier = probes.courier("somewhere", settings, AROUND)
    real = couriers.job("bring", probes.order(), settings)["spec"]["template"]

    assert [volume for volume in tried["volumes"] if "projected" in volume] == []
    assert [each["name"] for each in tried["initContainers"]] == ["upload"]
    assert courier["metadata"]["labels"] == real["metadata"]["labels"]
    assert [each for each in courier["spec"]["volumes"] if "projected" in each]
    assert courier["spec"]["serviceAccountName"] == real["spec"]["serviceAccountName"]
    claims = [*tried["volumes"], *courier["spec"]["volumes"]]
    assert [each for each in claims if "persistentVolumeClaim" in each] == []
    assert probes.holder_of_token("run", settings) == ("doctor-courier", "bring")
    assert probes.holder_of_token("evaluate", settings) == ("doctor-evaluate", "fetch")


def test_a_run_is_told_no_word_that_it_looks_for() -> None:
    secret = canary.fresh()
    around = replace(AROUND, sought=canary.sought(secret))
    pod = json.dumps(probes.looking("run", "somewhere", SETTINGS, around))

    words = [canary.word(secret, place) for place in canary.PLACES]
    assert [word for word in words if word in pod] == []
    assert canary.seen(pod.encode(), canary.sought(secret)) == set()


def test_a_report_is_found_in_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    probe.main(["gpus"])
    printed = b"a warning\n" + capsys.readouterr().out.encode()

    assert set(walls.report_of(printed) or {}) == {"gpus"}
    assert walls.report_of(b"nothing") is None
