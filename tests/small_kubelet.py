"""Runs the pods of Jobs as plain processes of this machine, where no cluster is at hand.

It keeps the order of a kubelet: init containers, sidecar, main, then the sidecar's end. It
isolates nothing; what holds on a cluster is tested on one, in tests/cluster.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.small_api_server import OWN_AUDIENCE, Key, Object, SmallApiServer, meta_name, now

FOLDER = "/challenge"
Change = Callable[[Object], None]


class SmallKubelet:
    """Follows the Jobs of a small API server."""

    def __init__(self, api: SmallApiServer) -> None:
        self.api = api
        self.folder = Path(tempfile.mkdtemp(prefix="pods-"))
        self.before: dict[str, Callable[[Object], bool]] = {}
        self.images: dict[str, str] = {}
        self._threads: list[threading.Thread] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        api.made = self._made

    def close(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
        for thread in self._threads:
            thread.join(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _made(self, key: Key, job: Object) -> None:
        if key[0] == "jobs":
            thread = threading.Thread(target=self._run, args=(key, job), daemon=True)
            self._threads.append(thread)
            thread.start()
        if key[0] == "pods" and "spec" in job:
            thread = threading.Thread(target=self._alone, args=(key, job), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _alone(self, key: Key, pod: Object) -> None:
        """Run a pod of one container that belongs to no Job, with its account's token."""
        status = pod["status"] = {"phase": "Pending", "startTime": now(), "conditions": []}
        (main,) = pod["spec"]["containers"]
        state: Object = {"name": main["name"], "state": {}}
        status["containerStatuses"] = [state]
        if "missing" in main["image"]:
            message = f"no image {main['image']}"
            state["state"] = {"waiting": {"reason": "ErrImagePull", "message": message}}
            return
        folder = self.folder / pod["metadata"]["uid"][:8]
        folder.mkdir()
        token = folder / "token"
        account = pod["spec"]["serviceAccountName"]
        token.write_text(self.api.add_token(pod["metadata"], account, OWN_AUDIENCE))
        given = {each["name"]: each["value"] for each in main.get("env", [])}
        env = {**os.environ, **given, "CHALLENGE_TOKEN_FILE": str(token), "TMPDIR": str(folder)}
        path = Path(folder, "log")
        self.api.logs[key[1], key[2], main["name"]] = path.read_bytes
        with path.open("wb") as file:
            command = [sys.executable, *main["command"][1:]]
            process = subprocess.Popen(
                command, cwd=folder, env=env, stdout=file, stderr=file, start_new_session=True
            )
        self._processes.append(process)
        status["phase"] = "Running"
        while process.poll() is None:
            if key not in self.api.objects:
                os.killpg(process.pid, signal.SIGKILL)
            threading.Event().wait(0.05)
        status["phase"] = "Failed" if process.returncode else "Succeeded"

    def _run(self, key: Key, job: Object) -> None:
        name = meta_name(job)
        template = job["spec"]["template"]
        labels = {**template["metadata"]["labels"], "batch.kubernetes.io/job-name": name}
        meta = self.api.add_pod(key[1], labels, f"{name}-pod")
        pod = self.api.objects["pods", key[1], meta["name"]]
        status: Object = {"phase": "Pending", "startTime": now(), "conditions": []}
        status |= {"initContainerStatuses": [], "containerStatuses": []}
        pod["status"] = status
        kind = labels["challenge.jupyter.org/step"]
        spoil = self.before.get(kind)
        if spoil is not None and spoil(status):
            return
        self._containers(pod, template["spec"], meta, kind)

    def _containers(self, pod: Object, spec: Object, meta: Object, kind: str) -> None:
        folder = self.folder / meta["uid"][:8]
        folder.mkdir()
        token = folder.with_suffix(".token")
        (source,) = spec["volumes"][2]["projected"]["sources"]
        token.write_text(
            self.api.add_token(
                meta, spec["serviceAccountName"], source["serviceAccountToken"]["audience"]
            )
        )
        status = pod["status"]
        first, sidecar = spec["initContainers"]
        (main,) = spec["containers"]
        init = status["initContainerStatuses"]
        if self._wait(first, folder, token, meta, init) != 0:
            status["phase"] = "Failed"
            return
        beside = self._start(sidecar, folder, token, meta)
        status["phase"] = "Running"
        code = self._wait(main, folder, None, meta, status["containerStatuses"])
        beside.send_signal(signal.SIGTERM)
        beside.wait()
        status["phase"] = "Failed" if code else "Succeeded"

    def _wait(
        self, container: Object, folder: Path, token: Path | None, meta: Object, told: list[Any]
    ) -> int:
        began = now()
        state: Object = {"name": container["name"], "state": {"running": {"startedAt": began}}}
        state["imageID"] = self.images.get(container["image"], container["image"])
        told.append(state)
        code = self._start(container, folder, token, meta).wait()
        state["state"] = {"terminated": {"exitCode": code, "startedAt": began, "finishedAt": now()}}
        return code

    def _start(
        self, container: Object, folder: Path, token: Path | None, meta: Object
    ) -> subprocess.Popen[bytes]:
        program = container["command"][2:]  # without -I: the code is where the tests' is
        command = [sys.executable, *program, "--folder", str(folder)]
        given = {each["name"]: each["value"] for each in container["env"]}
        env = {**os.environ, **given}
        for name in ("HOME", "TMPDIR"):
            if name in given:
                env[name] = given[name].replace(FOLDER, str(folder))
        if token is not None:
            command += ["--token", str(token)]
        log = folder.with_name(f"{folder.name}.{container['name']}.log")
        key = (meta["namespace"], meta["name"], container["name"])
        self.api.logs[key] = log.read_bytes
        with log.open("wb") as file:
            process = subprocess.Popen(command, env=env, stdout=file, stderr=file)
        self._processes.append(process)
        return process
