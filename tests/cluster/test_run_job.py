"""The run Job and the evaluate Job on a cluster: each promise of theirs, with a test."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_challenge.core.models import StepName, SubmissionState, SubmissionView
from jupyter_challenge.core.run import PodReport
from jupyter_challenge.core.tarball import Packed, pack
from tests.cluster.platform import EVALUATION, forwarded
from tests.cluster.playing import LABEL_CANARY, LOOK_WHEN_JUDGED, Play, pod_of, reported
from tests.tiny import ROWS, WRITE_ALL_EVEN

pytestmark = pytest.mark.timeout(300)

TOKEN = "/var/run/secrets/challenge/token"
RUNS = "challenge-run-vault"
UNTIL_TOLD = """
import os, time
until = time.time() + 150
while not os.path.exists("go") and time.time() < until:
    time.sleep(0.1)
"""


@dataclass
class Held:
    """A run that stays at work until it is told to go on."""

    play: Play
    submission: SubmissionView
    pod: dict[str, Any]
    gateway: httpx.Client

    @property
    def name(self) -> str:
        """The pod's name."""
        return str(self.pod["metadata"]["name"])

    def says(self, container: str, *command: str) -> str:
        """What a command prints in a container of the pod."""
        cluster = self.play.platform.cluster
        return cluster.execute(RUNS, self.name, *command, container=container).stdout

    @cached_property
    def token(self) -> str:
        """The token of the platform's containers, as long as there is one."""
        return self.says("upload", "cat", TOKEN)

    def ask(self, verb: str, path: str, token: str, **options: Any) -> httpx.Response:
        """Ask the gateway."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.gateway.request(verb, path, headers=headers, **options)

    def container(self, name: str) -> dict[str, Any]:
        """A container of the pod, as the API server has it."""
        return next(each for each in containers(self.pod) if each["name"] == name)


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod["spec"]["initContainers"], *pod["spec"]["containers"]]


@pytest.fixture(scope="module")
def held(game: Play, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    submission = game.submitted(tmp_path_factory.mktemp("held"), UNTIL_TOLD, WRITE_ALL_EVEN)
    pod = pod_of(game.platform, submission, "run")
    with (
        forwarded(game.platform.cluster, "challenge-gateway", 8791) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=30) as gateway,
    ):
        yield Held(game, submission, pod, gateway)
        if not game.mallory.submission(submission.id).state.terminal:
            game.mallory.cancel(submission.id)


def test_only_containers_of_the_platforms_image_hold_a_token(held: Held) -> None:
    holders = {
        each["name"]
        for each in containers(held.pod)
        if any(mount["name"] == "token" for mount in each["volumeMounts"])
    }

    assert holders == {"prepare", "upload"}
    assert {held.container(name)["image"] for name in holders} == {"jupyter-challenge/steps:test"}
    mounted = [
        mount["mountPath"] for each in containers(held.pod) for mount in each["volumeMounts"]
    ]
    assert [path for path in mounted if "serviceaccount" in path] == []
    assert held.says("run", "find", "/run/secrets", "/var/run/secrets", "-type", "f") == ""
    assert held.token.count(".") == 2


def test_the_token_is_bound_to_its_pod_for_the_gateway_and_short(held: Held) -> None:
    payload = held.token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

    assert claims["aud"] == ["run-gateway"]
    assert claims["kubernetes.io"]["pod"]["uid"] == held.pod["metadata"]["uid"]
    assert claims["exp"] - claims["iat"] <= 3_600


def test_the_pod_names_the_run_and_its_attempt(held: Held) -> None:
    marked = held.pod["metadata"]["labels"]

    spec = held.ask("GET", "/run/spec", held.token).json()

    assert spec["run_id"] == marked["challenge.jupyter.org/run"]
    assert str(spec["attempt"]) == marked["challenge.jupyter.org/attempt"]
    assert spec["submission_id"] == held.submission.id


def test_the_token_opens_nothing_else(held: Held) -> None:
    config = held.play.platform.cluster.kubectl("config", "view", "--raw", "-o", "json")
    server = json.loads(config)["clusters"][0]["cluster"]["server"]
    with httpx.Client(verify=False, trust_env=False) as api:
        answer = api.get(f"{server}/api", headers={"Authorization": f"Bearer {held.token}"})

    assert answer.status_code == 401
    for path in ("spec", "predictions", "labels"):
        assert held.ask("GET", f"/evaluate/{path}", held.token).status_code == 401


def test_the_gateway_tells_a_run_nothing_of_the_labels(held: Held) -> None:
    told = [held.ask("GET", f"/run/{path}", held.token) for path in ("spec", "bundle", "inputs")]

    assert [answer.status_code for answer in told] == [200, 200, 200]
    assert not any(LABEL_CANARY.encode() in answer.content for answer in told)
    assert b"test.csv" in told[2].content


def hardened(pod: dict[str, Any]) -> None:
    """Check that a pod, as the API server has it, is one of the restricted."""
    spec = pod["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert (spec["dnsPolicy"], spec["dnsConfig"]) == ("None", {"nameservers": ["127.0.0.1"]})
    assert [alias["hostnames"] for alias in spec["hostAliases"]] == [["challenge-gateway"]]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for each in containers(pod):
        context = each["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["allowPrivilegeEscalation"] is False
        void = {"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}
        assert void in each["env"]


def test_the_pod_is_hardened_as_the_api_server_has_it(held: Held) -> None:
    hardened(held.pod)


def test_the_hardening_is_what_the_process_lives_with(held: Held) -> None:
    status = held.says("run", "cat", "/proc/1/status")
    told = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)

    assert told["Uid"].split() == ["1000"] * 4
    assert int(told["CapBnd"], 16) == int(told["CapEff"], 16) == 0
    assert (told["NoNewPrivs"], told["Seccomp"]) == ("1", "2")
    assert held.says("run", "sh", "-c", "touch /opt/x /etc/x /x 2>&1 | grep -c Read-only") == "3\n"
    assert held.says("run", "cat", "/etc/resolv.conf").split() == ["nameserver", "127.0.0.1"]
    assert "challenge-gateway" in held.says("run", "cat", "/etc/hosts")
    environment = held.says("run", "env")
    assert "NVIDIA_VISIBLE_DEVICES=void\n" in environment
    assert not [word for word in ("GATEWAY", "TOKEN", "SECRET") if word in environment.upper()]


WEAKER: dict[str, dict[str, Any]] = {
    "the network of the node": {"hostNetwork": True},
    "processes of the node": {"hostPID": True},
    "a folder of the node": {"volumes": [{"name": "run", "hostPath": {"path": "/"}}]},
    "root": {"securityContext": {"runAsUser": 0, "runAsNonRoot": False}},
    "no seccomp": {"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
}


@pytest.mark.parametrize("case", WEAKER)
def test_22_the_namespace_refuses_the_same_pod_with_a_wall_less(held: Held, case: str) -> None:
    pod = copy.deepcopy(held.pod)
    pod["metadata"] = {"name": "weaker", "namespace": RUNS}
    pod["spec"].pop("nodeName")
    cluster = held.play.platform.cluster

    def refusal() -> str:
        manifest = json.dumps(pod)
        return cluster.try_kubectl("create", "--dry-run=server", "-f", "-", stdin=manifest).stderr

    assert refusal() == ""
    for key, value in WEAKER[case].items():
        known = pod["spec"].get(key)
        if isinstance(known, list):
            value = [*value, *(each for each in known if each["name"] != value[0]["name"])]
        pod["spec"][key] = {**known, **value} if isinstance(known, dict) else value
    if case == "root":
        for each in containers(pod):
            each["securityContext"]["runAsNonRoot"] = False

    assert 'violates PodSecurity "restricted' in refusal()


def test_limits_are_those_of_the_challenge_down_to_the_kernel(held: Held) -> None:
    limits = held.container("run")["resources"]["limits"]
    memory = held.says(
        "run", "sh", "-c",
        "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null",
    )  # fmt: skip
    volumes = {
        each["name"]: each["emptyDir"]["sizeLimit"]
        for each in held.pod["spec"]["volumes"]
        if "emptyDir" in each
    }

    assert limits == {"cpu": "1", "memory": "600M"}
    assert 0 <= 600_000_000 - int(memory) < 4096
    # Beyond 100 MB the run's first process ends it; the kubelet is the wall behind.
    assert volumes["tmp"] == "300M"
    assert set(volumes) == {"run", "tmp"}


def tar(files: dict[str, bytes]) -> bytes:
    packed = [
        Packed(name, len(data), lambda data=data: [data])  # type: ignore[misc]
        for name, data in files.items()
    ]
    return b"".join(pack(packed)[1])


def test_the_gateway_takes_no_more_than_it_said(held: Held) -> None:
    """Each file has its cap, told by what the tar says of it, and there are no other names."""
    report = PodReport(ended=True).model_dump_json().encode()
    cap = held.play.organiser.challenge("vault").output.max_size
    sent = {
        413: tar({"report.json": report, "predictions": bytes(cap + 1)})[:20_000],
        422: tar({"report.json": report, "predictions": b"id,label\n", "state.json": b"{}"}),
    }
    for status, content in sent.items():
        assert held.ask("POST", "/run/output", held.token, content=content).status_code == status
    assert held.play.platform.sql(
        f"select 1 from receipt r join run on run.id = r.run_id "
        f"where run.submission_id = '{held.submission.id}'"
    ) == []  # fmt: skip


def test_the_first_output_of_an_attempt_is_sealed_and_counts(held: Held) -> None:
    """Also where whoever comes second is the pod's own sidecar."""
    token, report = held.token, PodReport(ended=True).model_dump_json().encode()
    lines = [f"{row},{'even' if row == '2' else 'odd'}\n" for row in ROWS]
    first = tar({"report.json": report, "predictions": ("id,label\n" + "".join(lines)).encode()})
    other = tar({"report.json": report, "predictions": b"id,label\n1,odd\n"})

    answers = [
        held.ask("POST", "/run/output", token, content=sent) for sent in (first, first, other)
    ]
    held.says("run", "touch", "/challenge/work/go")
    done = held.play.mallory.wait(held.submission.id)

    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert answers[0].json() == answers[1].json()
    assert done.state is SubmissionState.SCORED, done.failure
    sealed = held.play.platform.sql(
        "select r.kind, r.pod_uid from receipt r join run on run.id = r.run_id "
        f"where run.submission_id = '{held.submission.id}' and r.kind = 'run'"
    )
    assert sealed == [["run", held.pod["metadata"]["uid"]]]
    # Its labels are canaries, so that only odd rows can be right: all of them are.
    assert [score.value for score in done.scores] == [0.5]


def test_the_token_of_a_pod_that_is_gone_opens_nothing(held: Held) -> None:
    token = held.token
    if not held.play.mallory.submission(held.submission.id).state.terminal:
        held.says("run", "touch", "/challenge/work/go")
        held.play.mallory.wait(held.submission.id)
    cluster = held.play.platform.cluster
    held.play.platform.until(
        lambda: cluster.try_kubectl("-n", RUNS, "get", "pod", held.name).returncode != 0
    )

    assert held.ask("GET", "/run/spec", token).status_code in {401, 403}
    assert held.ask("POST", "/run/output", token, content=b"").status_code in {401, 403}


def test_36_an_evaluation_is_hardened_and_cut_off_in_a_namespace_of_its_own(
    game: Play, tmp_path: Path
) -> None:
    made = game.submitted(tmp_path, LOOK_WHEN_JUDGED, challenge="judged")
    pod = pod_of(game.platform, made, "evaluate")
    where, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    token = game.platform.cluster.execute(where, name, "cat", TOKEN, container="upload").stdout
    with (
        forwarded(game.platform.cluster, "challenge-gateway", 8791) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=30) as gateway,
    ):
        sent = {"headers": {"Authorization": f"Bearer {token}"}, "params": {"challenge": "vault"}}
        labels = gateway.get("/evaluate/labels", **sent)
        as_a_run = gateway.get("/run/inputs", **sent)
    done = game.mallory.wait(made.id)

    assert done.state is SubmissionState.SCORED, game.log(done, StepName.EVALUATE)
    assert (labels.status_code, as_a_run.status_code) == (200, 401)
    assert b"labels.csv" in labels.content
    assert LABEL_CANARY.encode() not in labels.content
    hardened(pod)
    assert pod["metadata"]["namespace"] == EVALUATION
    assert pod["spec"]["serviceAccountName"] == "evaluate"
    policies = game.platform.cluster.list("networkpolicies", "-n", EVALUATION)
    assert [each["spec"]["podSelector"] for each in policies] == [{}]
    found = reported(game.log(done, StepName.EVALUATE))
    assert found["files"] == found["tokens"] == found["environment"] == []
    assert [what for what, how in found["reached"].items() if how == "connected"] == []
    assert set(found["resolved"].values()) == {"gaierror"}
    assert (found["user"], int(found["capabilities"], 16)) == (1000, 0)
