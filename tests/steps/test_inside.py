"""The programs of a run's containers, as processes, against a gateway on loopback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.run import EvaluationResult, PodReport, Receipt, ReceiptKind, RunSpec
from jupyter_challenge.steps.disk_use import OVERFULL
from jupyter_challenge.steps.folder import RunFolder
from jupyter_challenge.store import challenges, receipts, submissions
from tests.bundles import bundle_of
from tests.service.gateway_world import GatewayWorld
from tests.service.world import World
from tests.small_api_server import small_api_server
from tests.tiny import WRITE_ALL_EVEN, write_notebook

SLOW = 110


class Pods:
    """Run a pod's containers one after the other, as the kubelet would."""

    def __init__(self, gate: GatewayWorld, url: str, folder: Path) -> None:
        self.gate = gate
        self.url = url
        self.folder = folder

    def start(
        self, step: str, folder: Path, token: str = "", stdout: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Start a container's program; only the platform's are given a token."""
        command = [sys.executable, "-m", "jupyter_challenge.steps.inside", step]
        command += ["--folder", str(folder)]
        env = dict(os.environ)
        if token:
            file = folder.with_suffix(".token")
            file.write_text(token)
            command += ["--token", str(file)]
            env["CHALLENGE_GATEWAY"] = self.url
        else:
            env |= {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
        return subprocess.Popen(command, env=env, stdout=stdout)

    def pod(
        self, spec: RunSpec, kind: ReceiptKind, after: Callable[[Path], None] | None = None
    ) -> Receipt | None:
        """Prepare, do, upload; `after` comes when the step has ended."""
        folder = self.folder / kind
        folder.mkdir()
        token = self.gate.token(spec, kind)
        first, main, last = {
            "run": ("prepare", "run", "upload"),
            "evaluate": ("evaluate-fetch", "evaluate", "evaluate-upload"),
        }[kind]
        if self.start(first, folder, token).wait(SLOW) == 0:
            sidecar = self.start(last, folder, token)
            step = self.start(main, folder)
            step.wait(SLOW)
            if after is not None:
                after(folder)
            sidecar.send_signal(signal.SIGTERM)
            assert sidecar.wait(SLOW) == 0
        with self.gate.gateway.db.read() as session:
            return receipts.get(session, spec.run_id, spec.attempt, kind)

    def content(self, receipt: Receipt | None, name: str) -> bytes:
        assert receipt is not None
        return self.gate.gateway.blobs.read(receipt.files[name].digest)

    def report(self, receipt: Receipt | None) -> PodReport:
        return PodReport.model_validate_json(self.content(receipt, "report.json"))

    def failure(self, receipt: Receipt | None) -> str:
        failure = self.report(receipt).failure
        assert failure is not None
        return failure.failure_class.value


@pytest.fixture
def pods(tmp_path: Path) -> Iterator[Pods]:
    (tmp_path / "world").mkdir()
    world = World(tmp_path / "world", runs=False)
    world.publish(limits={"time": "10 min"})
    world.publish("brief", limits={"time": "3s"})
    world.publish("narrow", limits={"time": "10 min", "disk": "20 MB"})
    for name in ("tiny", "brief", "narrow"):
        world.user("ana").enter(name)
    with small_api_server() as api:
        gate = GatewayWorld(world, api, tmp_path)
        # A short path, as in a pod: a socket's may not be long.
        with gate.served() as url, tempfile.TemporaryDirectory(prefix="pods-") as folder:
            yield Pods(gate, url, Path(folder))
    world.close()


def notebook(pods: Pods, *cells: str, challenge: str = "tiny") -> RunSpec:
    """Submit a notebook."""
    path = write_notebook(pods.folder / "model.ipynb", *cells)
    bundle = bundle_of("model.ipynb", {"model.ipynb": path.read_bytes()}).data
    request = {"kind": "notebook", "entry": "model.ipynb"}
    return pods.gate.submitted(bundle=bundle, request=request, challenge=challenge)


def test_a_notebook_from_its_bundle_to_its_score(pods: Pods) -> None:
    spec = notebook(pods, "print('hello')", WRITE_ALL_EVEN)

    ran = pods.pod(spec, "run")

    assert pods.report(ran) == PodReport(ended=True)
    assert ran is not None
    assert set(ran.files) == {
        "executed.ipynb", "predictions", "prepare.log", "report.json", "run.log"
    }  # fmt: skip
    assert "hello" in pods.content(ran, "run.log").decode()
    assert "input/test.csv" in pods.content(ran, "prepare.log").decode()
    executed = json.loads(pods.content(ran, "executed.ipynb"))
    assert executed["cells"][0]["outputs"][0]["text"] == "hello\n"
    assert pods.content(ran, "predictions").startswith(b"id,label\n1,even\n")

    scored = pods.pod(spec, "evaluate")

    result = EvaluationResult.model_validate_json(pods.content(scored, "result.json"))
    assert result.digest == spec.evaluation.digest
    assert result.boards["public"]["accuracy"].value == 0.5


def test_data_that_is_no_longer_there_fails_as_such(pods: Pods) -> None:
    """The gateway says so before it sends anything, and `prepare` hands that in."""
    spec = notebook(pods, "print('hello')")
    stored = {"train": {"prefix": "s3://datasets", "path": "train", "files": []}}
    with pods.gate.gateway.db.read() as session:  # which keeps versions
        submission = submissions.get(session, spec.submission_id)
        assert submission is not None
        version = challenges.version(session, submission.version)
        assert version is not None
        version.layout = {**version.layout, "stored": stored}

    receipt = pods.pod(spec, "run")

    assert pods.failure(receipt) == "data_missing"


def beside_an_image(
    pods: Pods, challenge: str = "tiny", stdout: int = subprocess.DEVNULL
) -> tuple[RunSpec, Path, subprocess.Popen[bytes]]:
    """The run of a submitted image, its folder, and the sidecar that waits for its end."""
    spec = notebook(pods, "pass", challenge=challenge)
    with pods.gate.gateway.db.write() as session:
        submission = submissions.get(session, spec.submission_id)
        assert submission is not None
        submission.kind = SubmissionKind.CONTAINER.value
    folder = pods.folder / "run"
    folder.mkdir()
    token = pods.gate.token(spec, "run")
    assert pods.start("prepare", folder, token).wait(SLOW) == 0
    return spec, folder, pods.start("upload", folder, token, stdout)


def test_an_images_own_program_is_judged_by_what_it_left(pods: Pods) -> None:
    """What it says in a report counts for nothing: the kubelet says how it ended."""
    spec, folder, sidecar = beside_an_image(pods)
    deadline = time.monotonic() + SLOW
    while not (folder / "ready").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    (folder / "work/output/predictions.csv").write_text("id,label\n1,even\n")
    (folder / "report.json").write_text(PodReport(ended=False).model_dump_json())
    sidecar.send_signal(signal.SIGTERM)
    assert sidecar.wait(SLOW) == 0

    with pods.gate.gateway.db.read() as session:
        receipt = receipts.get(session, spec.run_id, spec.attempt, "run")
    assert pods.report(receipt) == PodReport(ended=True)
    assert pods.content(receipt, "predictions") == b"id,label\n1,even\n"


@pytest.mark.parametrize("what", ["bytes", "files"])
def test_an_images_own_program_is_measured_by_the_sidecar(pods: Pods, what: str) -> None:
    """It ends with a status of its own, of which the kubelet tells the service."""
    spec, folder, sidecar = beside_an_image(pods, "narrow", stdout=subprocess.PIPE)
    many = folder / "work/deep"
    many.mkdir()
    if what == "bytes":
        (many / "full").write_bytes(bytes(30_000_000))
    else:
        for number in range(2_000):  # 16 kB each at least
            (many / str(number)).touch()

    said, _ = sidecar.communicate(timeout=SLOW)

    assert sidecar.returncode == OVERFULL
    assert "the limit is 0.02 GB" in json.loads(said.splitlines()[-1])["message"]
    with pods.gate.gateway.db.read() as session:
        assert receipts.get(session, spec.run_id, spec.attempt, "run") is None


def test_predictions_are_taken_by_prepare_and_run_does_nothing(pods: Pods) -> None:
    table = b"id,label\n" + b"".join(b"%d,odd\n" % n for n in range(1, 11))
    spec = pods.gate.submitted(bundle=bundle_of("p.csv", {"p.csv": table}).data,
                               request={"kind": "predictions", "entry": "p.csv"})  # fmt: skip

    ran = pods.pod(spec, "run")
    scored = pods.pod(spec, "evaluate")

    assert pods.content(ran, "predictions") == table
    result = EvaluationResult.model_validate_json(pods.content(scored, "result.json"))
    assert result.boards["public"]["accuracy"].value == 0.5


FAILURES = {
    "an error": ("1 / 0", "cell_error"),
    "no file": ("pass", "no_predictions"),
    "a link": (
        "import os; os.symlink('/etc/passwd', os.environ['CHALLENGE_OUTPUT'] + '/predictions.csv')",
        "unsafe_output",
    ),
    "a second name": (
        "import os; o = os.environ['CHALLENGE_OUTPUT']; open(o + '/a', 'w').close(); "
        "os.link(o + '/a', o + '/predictions.csv')",
        "unsafe_output",
    ),
    "too slow": ("import time; time.sleep(600)", "time_limit"),
    "too slow and deaf": (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "while True: time.sleep(1)",
        "time_limit",
    ),
    "its own end": ("import os; os._exit(1)", "kernel_died"),
    "half a character": ("raise ValueError('\\ud800 \\0')", "cell_error"),
    "a download": (
        "import urllib.request; urllib.request.urlopen('http://files.invalid/x')",
        "network_disabled",
    ),
    "a tree in the platform's way": (
        "import os; os.chdir('..'); os.mkdir('predictions'); os.chdir('predictions')\n"
        "for _ in range(2_000): os.mkdir('d'); os.chdir('d')",
        "no_predictions",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_what_goes_wrong_is_handed_in_by_its_class(pods: Pods, case: str) -> None:
    code, expected = FAILURES[case]

    challenge = "brief" if expected == "time_limit" else "tiny"

    ran = pods.pod(notebook(pods, code, challenge=challenge), "run")

    assert pods.failure(ran) == expected
    assert ran is not None
    assert "predictions" not in ran.files


def test_a_run_that_fills_its_disk_is_ended_and_its_log_and_notebook_arrive(pods: Pods) -> None:
    """What it wrote is gone by then: the kubelet must not find it, and end the sidecar too."""
    fill = "open('big', 'wb').write(bytes(60_000_000)); import time; time.sleep(600)"

    ran = pods.pod(notebook(pods, "print('hello')", fill, challenge="narrow"), "run")

    assert pods.failure(ran) == "disk_full"
    assert "hello" in pods.content(ran, "run.log").decode()
    assert b"hello" in pods.content(ran, "executed.ipynb")
    assert list((pods.folder / "run/work").rglob("big")) == []


def test_what_cannot_be_prepared_is_handed_in_by_prepare(pods: Pods) -> None:
    spec = notebook(pods, "pass")
    blob = pods.gate.gateway.blobs.put_bytes(b"not a zip")
    service = pods.gate.world.embedded.service
    with service.db.write() as session:
        from jupyter_challenge.store import submissions

        row = submissions.get(session, spec.submission_id, lock=True)
        assert row is not None
        row.bundle = blob

    assert pods.failure(pods.pod(spec, "run")) == "bad_format"


def test_wrong_predictions_are_told_by_the_evaluation(pods: Pods) -> None:
    bundle = bundle_of("p.csv", {"p.csv": b"id,label\n1,odd\n"}).data
    request = {"kind": "predictions", "entry": "p.csv"}
    spec = pods.gate.submitted(bundle=bundle, request=request)
    pods.pod(spec, "run")

    assert pods.failure(pods.pod(spec, "evaluate")) == "wrong_ids"


WORDS: dict[str, tuple[Any, str]] = {
    "the platform's fault": ({"failure_class": "platform_error"}, "kernel_died"),
    "the organiser's fault": ({"failure_class": "evaluator_error"}, "kernel_died"),
    "its own fault": ({"failure_class": "cell_error"}, "cell_error"),
}


@pytest.mark.parametrize("case", WORDS)
def test_a_run_may_accuse_only_itself(pods: Pods, case: str) -> None:
    """What participant code writes where the step's word is read, can't make a failure free."""
    said, expected = WORDS[case]

    def forge(folder: Path) -> None:
        (folder / "report.json").write_text(json.dumps({"ended": True, "failure": said}))

    ran = pods.pod(notebook(pods, WRITE_ALL_EVEN), "run", forge)

    assert pods.failure(ran) == expected


def test_a_step_that_says_nothing_has_not_ended(pods: Pods) -> None:
    ran = pods.pod(
        notebook(pods, WRITE_ALL_EVEN), "run", lambda folder: (folder / "report.json").unlink()
    )

    assert pods.report(ran) == PodReport(ended=False)
    assert ran is not None
    assert "predictions" not in ran.files
    assert "executed.ipynb" in ran.files


def test_a_step_that_is_told_to_end_does_so_at_once(pods: Pods) -> None:
    """The sidecar then has the grace period for itself."""
    spec = notebook(pods, "import time\nopen('begun', 'w').close()\ntime.sleep(600)")
    folder = pods.folder / "run"
    folder.mkdir()
    token = pods.gate.token(spec)
    assert pods.start("prepare", folder, token).wait(SLOW) == 0
    (folder / "ready").touch()
    step = pods.start("run", folder)
    until = time.monotonic() + SLOW
    while not (folder / "work" / "begun").exists():
        assert time.monotonic() < until
        time.sleep(0.05)

    step.send_signal(signal.SIGTERM)

    assert step.wait(SLOW) == 1
    assert not (folder / "report.json").exists()


@pytest.mark.parametrize("step", ["prepare", "upload", "evaluate-fetch", "bring"])
def test_a_line_that_comes_before_the_gateway_answers_says_whose_it_is(
    step: str, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("of a pod")
    folder = tmp_path / uuid.uuid4().hex[:12]  # its name may name a folder in /tmp
    folder.mkdir()
    about = {"submission": "s-1", "run": "r-1", "attempt": 2}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        env = {
            **os.environ,
            "CHALLENGE_GATEWAY": f"http://127.0.0.1:{taken.getsockname()[1]}",
            "CHALLENGE_ABOUT": json.dumps(about),
        }
        command = [sys.executable, "-m", "jupyter_challenge.steps.inside", step]
        command += ["--folder", str(folder), "--token", str(token)]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            first = json.loads(process.stdout.readline())
            process.kill()
    RunFolder(folder).remove()

    assert first["message"].startswith("The gateway does not answer")
    assert first["part"] == step
    assert {name: first[name] for name in about} == about
