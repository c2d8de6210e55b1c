"""An engine whose runs are real processes that do at once what their predictions file says.

The label of its first row is JSON: `public` and `private` (values of every metric that is not
named itself), `random` (another value each time), `stderr` and `n` of them all, `sleep` (seconds),
`fail` (a failure class), `die` (the process kills itself), `digest` (of the evaluator it claims to
be).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from jupyter_challenge.core.models import LogChunk, StepName
from jupyter_challenge.core.run import EvaluationResult, RunSpec
from jupyter_challenge.engines.base import Engine, RunFiles, RunHandle, RunStatus

PROGRAM = """
import csv, io, json, os, pathlib, random, signal, sys, time, zipfile
folder = pathlib.Path(sys.argv[1])
spec = json.loads((folder / "spec.json").read_text())

def put(name, value):
    (folder / f".{name}").write_text(value if isinstance(value, str) else json.dumps(value))
    os.replace(folder / f".{name}", folder / name)

def state(state, *steps, **more):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    views = [{"name": n, "state": s, "started_at": now, "detail": "cell 1/1"}
             for n, s in zip(["prepare", "run", "evaluate"], steps)]
    put("state.json", {"state": state, "steps": views, "started_at": now, **more})

with zipfile.ZipFile(spec["bundle"]) as bundle:
    said = json.loads(list(csv.reader(io.StringIO(bundle.read(spec["entry"]).decode())))[1][1])
put("run.log", "hello from the run\\n")
put("evaluate.log", "the evaluation's secrets\\n")
put("executed.ipynb", "{}")
put("predictions.csv", json.dumps(said))
state("running", "succeeded", "running", "pending")
time.sleep(said.get("sleep", 0))
if said.get("die"):
    os.kill(os.getpid(), signal.SIGKILL)
if "fail" in said:
    failure = {"failure_class": said["fail"], "step": "run", "cell": 3, "detail": "secret"}
    state("failed", "succeeded", "failed", "skipped", failure=failure)
    sys.exit()
boards = {
    board: {m["name"]: {"value": random.random() if said.get("random")
                        else said.get(m["name"], said.get(board, 0.0)),
                        "stderr": said.get("stderr"), "n": said.get("n", 5)}
            for m in spec["evaluation"]["metrics"]}
    for board in spec["evaluation"]["boards"]
}
put("result.json", {"digest": said.get("digest", spec["evaluation"]["digest"]), "boards": boards,
                    "per_sample": {"accuracy": {"1": 1.0}}})
state("succeeded", "succeeded", "succeeded", "succeeded")
"""


class QuickEngine(Engine):
    """See the module; `held` runs do not begin before they are let go."""

    name = "quick"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.started: list[str] = []
        self.forgotten: list[str] = []
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, spec: RunSpec) -> RunHandle:
        found = self.find(spec.run_id)
        if found is not None:
            return found
        folder = self.folder / spec.run_id
        folder.mkdir()
        (folder / "spec.json").write_text(spec.model_dump_json())
        child = subprocess.Popen([sys.executable, "-I", "-S", "-c", PROGRAM, str(folder)])
        self._children[spec.run_id] = child
        self.started.append(spec.run_id)
        handle = RunHandle(
            engine=self.name,
            key=spec.run_id,
            pid=child.pid,
            pid_started=psutil.Process(child.pid).create_time(),
        )
        (folder / "handle.json").write_text(handle.model_dump_json())
        return handle

    def find(self, run_id: str) -> RunHandle | None:
        with suppress(FileNotFoundError):
            return RunHandle.model_validate_json((self.folder / run_id / "handle.json").read_text())
        return None

    def status(self, handle: RunHandle) -> RunStatus:
        alive = self._alive(handle)
        failure = {"failure_class": "platform_error", "detail": "the process is gone"}
        try:
            found = json.loads((self.folder / handle.key / "state.json").read_text())
        except FileNotFoundError:
            found = {"state": "pending", "steps": []}
        if not alive and found["state"] in {"pending", "running"}:
            found |= {"state": "failed", "failure": failure}
        return RunStatus.model_validate(found)

    def logs(self, handle: RunHandle, step: StepName, offset: int = 0) -> LogChunk:
        path = self.folder / handle.key / f"{step.value}.log"
        data = path.read_bytes()[offset:] if path.exists() else b""
        over = self.status(handle).state.terminal
        text = data.decode()
        return LogChunk(step=step, offset=offset, next=offset + len(data), text=text, ended=over)

    def result(self, handle: RunHandle) -> EvaluationResult | None:
        path = self.folder / handle.key / "result.json"
        return EvaluationResult.model_validate_json(path.read_text()) if path.exists() else None

    def files(self, handle: RunHandle) -> RunFiles:
        folder = self.folder / handle.key
        return RunFiles(
            notebook=folder / "executed.ipynb",
            predictions=folder / "predictions.csv",
            logs={StepName.RUN: folder / "run.log", StepName.EVALUATE: folder / "evaluate.log"},
        )

    def cancel(self, handle: RunHandle) -> None:
        if self._alive(handle):
            os.kill(handle.pid or 0, signal.SIGKILL)
        while self._alive(handle):
            time.sleep(0.005)

    def forget(self, handle: RunHandle) -> None:
        self.forgotten.append(handle.key)
        child = self._children.pop(handle.key, None)
        if child is not None:
            child.wait()
        shutil.rmtree(self.folder / handle.key, ignore_errors=True)

    def close(self) -> None:
        for child in self._children.values():
            child.kill()
            child.wait()

    def _alive(self, handle: RunHandle) -> bool:
        child = self._children.get(handle.key)
        if child is not None:
            return child.poll() is None
        try:
            process = psutil.Process(handle.pid)
            same = process.create_time() == handle.pid_started
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
