"""Several processes on one data folder, and the one that looks after the runs is killed.

A Jupyter server, the command line and a process with `connect()` hand in together; whoever owns
the folder is ended by SIGKILL while runs are at work. Every submission reaches one end, its score
is stored once, and no process of a run is left.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jupyter_challenge import connect
from jupyter_challenge.client.configuration import load_config
from jupyter_challenge.core.models import SubmissionState
from tests.tiny import WRITE_ALL_EVEN, write_challenge, write_notebook

# Long enough that a run is at work when its owner is killed.
SLOW = "import time; time.sleep(0.5)"
TOKEN = "a-token-of-the-test"
SCRIPT = """
import sys
from jupyter_challenge import connect
with connect() as challenge:
    for number in range(int(sys.argv[2])):
        challenge.submit(sys.argv[1], "tiny", note=f"script {number}")
    print("handed in", flush=True)
    for each in challenge.submissions("tiny"):
        challenge.wait(each.id)
"""


class Processes:
    """Processes of a test, ended with it."""

    def __init__(self) -> None:
        self.all: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str, **options: object) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, start_new_session=True, **options)  # type: ignore[call-overload]
        self.all.append(process)
        return process

    def finish(self) -> None:
        """Tell what still runs to end, and wait for it."""
        for process in self.all:
            process.terminate()
        for process in self.all:
            process.wait(30)

    def end(self) -> None:
        for process in self.all:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()


@pytest.fixture
def processes() -> Iterator[Processes]:
    made = Processes()
    yield made
    made.end()


def owner_of(data: Path) -> int | None:
    """The process that holds the lock on the folder."""
    inode = (data / "owner.lock").stat().st_ino if (data / "owner.lock").exists() else -1
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if "->" not in fields and fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
            return int(fields[4])
    return None


def lab(processes: Processes, root: Path) -> tuple[str, subprocess.Popen[bytes]]:
    """Start a Jupyter server with the extension; return its address once it answers."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    log = (root.parent / f"server-{port}.log").open("wb")
    with log:
        process = processes.start(
            sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root",
            "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
            f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={TOKEN}",
            "--ServerApp.jpserver_extensions={'jupyter_challenge': True}",
            stdout=log, stderr=log,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    while True:
        try:
            ask(url, "GET", "/api")
            return url, process
        except OSError:
            assert process.poll() is None, (root.parent / f"server-{port}.log").read_text()
            time.sleep(0.05)


def ask(url: str, method: str, path: str, body: object = None) -> object:
    request = urllib.request.Request(
        url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return json.load(answer)


def run_at_work(data: Path) -> bool:
    """Whether a run is in its run step now."""
    for state in (data / "runs").glob("*/state.json"):
        try:
            steps = json.loads(state.read_bytes())["steps"]
        except (OSError, ValueError):
            continue
        if any(step["name"] == "run" and step["state"] == "running" for step in steps):
            return True
    return False


def processes_of_runs(data: Path) -> list[str]:
    """Command lines of processes that work in the folder's runs."""
    found = []
    for process in psutil.process_iter():
        try:
            where = [process.cwd(), *process.cmdline()]
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if any(str(data / "runs") in each for each in where):
            found.append(" ".join(process.cmdline()))
    return found


@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform != "linux", reason="/proc/locks says who owns the folder")
def test_the_owner_is_killed_while_three_kinds_of_processes_hand_in(
    challenge_data_dir: Path, tmp_path: Path, processes: Processes
) -> None:
    data = challenge_data_dir
    work = tmp_path / "work"
    notebook = write_notebook(work / "m.ipynb", SLOW, WRITE_ALL_EVEN)
    config = load_config(data)
    with connect(config=config, runs=False) as client:
        client.publish(write_challenge(tmp_path / "organiser"))
        client.enter("tiny")

    url, _ = lab(processes, work)
    second_url, _ = lab(processes, work)
    script = processes.start(
        sys.executable, "-c", SCRIPT, str(notebook), "2", stdout=subprocess.PIPE
    )
    commands = [
        processes.start(
            sys.executable, "-m", "jupyter_challenge.cli", "submit", str(notebook),
            "--challenge", "tiny", "--note", f"command {number}", stdout=subprocess.DEVNULL,
        )
        for number in range(2)
    ]  # fmt: skip
    for number, each in enumerate((url, url, second_url)):
        ask(
            each,
            "POST",
            "/jupyter-challenge/submit",
            {
                "path": "m.ipynb",
                "challenge": "tiny",
                "note": f"lab {number}",
                "idempotency_key": f"lab-{number}",
            },
        )
    assert script.stdout is not None
    script.stdout.readline()

    killed = kill_owners(data, times=2)
    assert killed, "nobody was killed while a run was at work"
    for process in [script, *commands]:
        if process.pid not in killed:
            assert process.wait(90) == 0, "who waits goes on waiting when another takes over"
    with connect(config=config) as client:
        ended = [client.wait(s.id, timeout=90) for s in client.submissions("tiny")]
        notes = Counter(s.note for s in ended)
        expected = {f"lab {n}" for n in range(3)} | {f"script {n}" for n in range(2)}
        assert expected <= set(notes) <= expected | {"command 0", "command 1"}
        assert set(notes.values()) == {1}, "a retry never submits twice"
        assert [s.number for s in ended] == list(range(len(ended), 0, -1))
        for each in ended:
            assert each.state is SubmissionState.SCORED, each.failure
            assert [s.value for s in each.scores] == [0.5]
        board = client.leaderboard("tiny")
        assert [row.entries for row in board.rows] == [len(ended)]
        quota = client.quota("tiny")
        assert quota.left_today == 50 - len(ended)
        assert quota.active == 0
    processes.finish()
    deadline = time.monotonic() + 30
    while processes_of_runs(data) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert processes_of_runs(data) == []


def kill_owners(data: Path, times: int) -> set[int]:
    """Kill whoever owns the folder, up to so many times, each time while a run is at work."""
    killed: set[int] = set()
    for _ in range(times):
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            owner = owner_of(data)
            if owner is not None and owner not in killed and run_at_work(data):
                os.kill(owner, signal.SIGKILL)
                killed.add(owner)
                break
            time.sleep(0.05)
        time.sleep(0.5)
    return killed
