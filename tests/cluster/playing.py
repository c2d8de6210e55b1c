"""Challenges with canaries in them, and people who play: shared by all tests of hostile runs."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.client import Client, connect
from jupyter_challenge.core.models import StepName, SubmissionView
from tests.cluster.platform import NAMESPACE, Platform
from tests.tiny import write_challenge, write_notebook

LABEL_CANARY = f"canary{uuid.uuid4().hex}"
"""In the labels of the challenge `vault`."""
TEAM_CANARY = f"canary{uuid.uuid4().hex}"
"""In what another team handed in, in its outputs and its predictions."""
PLATFORM_SECRET = "runs-must-never-hold-this"
"""The password of database and store, as tests/cluster/deploy has it."""
HIDDEN = {
    LABEL_CANARY: "labels",
    TEAM_CANARY: "another team's files",
    PLATFORM_SECRET: "the platform's secret",
}
LIMITS = {
    "time": "4 min", "cpu": 1, "memory": "600 MB", "processes": 256, "disk": "100 MB",
    "log": "2 MB", "notebook": "5 MB",
}  # fmt: skip
WHERE = Path(__file__).parent
LOOKING = (WHERE / "looking.py").read_text(encoding="utf-8")
METADATA = "169.254.169.254:80"
"""Where clouds tell machines their credentials; the test cluster's node has a stand-in there."""
GATEWAY_STATUS = "status of the gateway"
OWN_EVALUATION = """
import time
LOOK = {looking!r}
BAD = {{"no number": float("nan"), "infinite": -float("inf"), "huge": 10**400, "text": "1",
       "truth": True, "list": [1.0]}}

def evaluate(labels, predictions):
    said = predictions["label"][0]
    if said == "look":
        exec(LOOK, {{"__name__": "looking"}})
        time.sleep(3)
    return {{"found": BAD.get(said, 1.0), "more": 2.0}} if said != "nothing" else {{}}
"""
LOOK_WHEN_JUDGED = """\
import os
with open(os.environ["CHALLENGE_OUTPUT"] + "/predictions.csv", "w") as file:
    print("id,label", *(f"{n},look" for n in range(1, 11)), sep="\\n", file=file)
"""


@dataclass(frozen=True)
class Play:
    """Who plays, and in what."""

    platform: Platform
    organiser: Client
    mallory: Client
    vera: Client
    tokens: dict[str, str]

    def submitted(
        self, folder: Path, *cells: str, challenge: str = "vault", by: Client | None = None
    ) -> SubmissionView:
        """Have a notebook submitted, by the attacker where nobody else is named."""
        notebook = write_notebook(folder / "model.ipynb", *cells)
        return (by or self.mallory).submit(notebook, challenge)

    def ended(
        self, folder: Path, *cells: str, challenge: str = "vault", by: Client | None = None
    ) -> SubmissionView:
        """The same, to its end."""
        made = self.submitted(folder, *cells, challenge=challenge, by=by)
        return (by or self.mallory).wait(made.id)

    def log(self, submission: SubmissionView, step: StepName = StepName.RUN) -> str:
        """A step's log, as the organiser may read it."""
        return "".join(self.organiser.logs(submission.id, step, follow=False))


def addresses(platform: Platform) -> dict[str, str]:
    """What a pod without a policy could connect to."""
    cluster = platform.cluster
    node = cluster.list("nodes")[0]["status"]["addresses"][0]["address"]
    found = {
        "API server": cluster.get("service", "kubernetes", "default")["spec"]["clusterIP"] + ":443",
        "kubelet": f"{node}:10250",
        "metadata of the cloud": METADATA,
    }
    for service in cluster.list("services", "-n", NAMESPACE):
        name, spec = service["metadata"]["name"], service["spec"]
        if name != "challenge-gateway":
            found[name] = f"{spec['clusterIP']}:{spec['ports'][0]['port']}"
    for pod in cluster.list("pods", "-n", NAMESPACE):
        ports = {
            each.get("name"): each["containerPort"]
            for each in pod["spec"]["containers"][0]["ports"]
        }
        if pod["metadata"]["labels"].get("app.kubernetes.io/component") != "gateway":
            port = next(iter(ports.values()))
            found[f"pod {pod['metadata']['name']}"] = f"{pod['status']['podIP']}:{port}"
        elif "podIP" in pod["status"]:
            # Its door is for runs; its numbers are not.
            found[GATEWAY_STATUS] = f"{pod['status']['podIP']}:{ports['status']}"
    return found


def looking(platform: Platform, hidden: Mapping[str, str] = HIDDEN, **more_addresses: str) -> str:
    """Code that looks for all that it must not find.

    Args:
        platform: What it looks for ways to.
        hidden: What to look for in files: texts, and what each is called.
        more_addresses: More to connect to than `addresses`, by name.
    """
    cluster = platform.cluster
    wanted = {
        "hidden": {needle[::-1]: what for needle, what in hidden.items()},
        "addresses": {**addresses(platform), **more_addresses},
        "names": ["kubernetes.default.svc.cluster.local", "elsewhere.invalid"],
        "resolver": cluster.get("service", "kube-dns", "kube-system")["spec"]["clusterIP"],
    }
    return f"WANTED = {wanted!r}\n{LOOKING}"


def reported(log: str) -> dict[str, Any]:
    """What that code found."""
    (line,) = (line for line in log.splitlines() if "REPORT {" in line)
    found: dict[str, Any] = json.loads(line[line.index("{") :])
    return found


def pod_of(
    platform: Platform, submission: SubmissionView, step: str, attempt: int = 1
) -> dict[str, Any]:
    """The pod of a submission once its step is at work."""
    marks = f"submission={submission.id},challenge.jupyter.org/step={step}"
    marks += f",challenge.jupyter.org/attempt={attempt}"
    found: list[dict[str, Any]] = []

    def works() -> bool:
        found[:] = platform.cluster.list("pods", "-A", "-l", f"challenge.jupyter.org/{marks}")
        states = [
            each["state"]
            for pod in found
            for each in pod["status"].get("containerStatuses", [])
            if each["name"] == step
        ]
        return any("running" in state for state in states)

    platform.until(works)
    return found[0]


class Games:
    """What is played on a platform, made once for all tests of it."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._open = contextlib.ExitStack()
        self._found: tuple[Platform, Play] | None = None

    def on(self, platform: Platform) -> Play:
        """Challenges and two teams in them."""
        if self._found is None or self._found[0] is not platform:
            self.close()
            made = self._open.enter_context(play(platform, self._folders.mktemp("organiser")))
            self._found = platform, made
        return self._found[1]

    def close(self) -> None:
        """Let go of the clients."""
        self._found = None
        self._open.close()


@contextlib.contextmanager
def play(platform: Platform, folder: Path) -> Iterator[Play]:
    """Publish challenges and let two teams enter: an attacker, and one that has something."""
    ranked = [{"id": "main", "ranked": True, "quota": {"per_day": 200, "concurrent": 100}}]
    silent = [{**ranked[0], "feedback": "class_only"}]
    folders = [
        write_challenge(folder / "vault", id="vault", limits=LIMITS, phases=ranked),
        write_challenge(
            folder / "brief", id="brief", limits={**LIMITS, "time": "20 s"}, phases=ranked
        ),
        write_challenge(
            folder / "wide", id="wide", limits={**LIMITS, "processes": 100_000}, phases=ranked
        ),
        write_challenge(folder / "silent", id="silent", limits=LIMITS, phases=silent),
        write_challenge(
            folder / "judged", id="judged", limits=LIMITS, phases=ranked,
            evaluator={"file": "evaluate.py"},
            metrics=[{"name": "found", "ranked": True, "direction": "maximize"}],
        ),
    ]  # fmt: skip
    labels = folders[0] / "data" / "labels.csv"
    labels.write_text(labels.read_text().replace("even", LABEL_CANARY))
    (folders[4] / "evaluate.py").write_text(OWN_EVALUATION.format(looking=looking(platform)))
    tokens = {
        "ivo": platform.token("ivo", admin=True),
        "mallory": platform.token("mallory"),
        "vera": platform.token("vera"),
    }
    with contextlib.ExitStack() as stack:
        organiser, mallory, vera = (
            stack.enter_context(connect(url=platform.url, token=token)) for token in tokens.values()
        )
        for each in folders:
            published = organiser.publish(each)
            for client in (mallory, vera):
                client.enter(published.id, published.terms_digest)
        yield Play(platform, organiser, mallory, vera, tokens)
