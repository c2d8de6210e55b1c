"""What arrives of a run, whatever it does: by its sidecar, after its processes are dead."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.models import SubmissionState, SubmissionView
from tests.cluster.playing import Play, pod_of
from tests.tiny import WRITE_ALL_EVEN

pytestmark = pytest.mark.timeout(300)

RUNS = "challenge-run-vault"
BEFORE = "print('it was here')"
OUTPUT = "import os\nout = os.environ['CHALLENGE_OUTPUT']\nfile = out + '/predictions.csv'\n"
BOMB = """
import subprocess, sys, time
bomb = "import os, time\\nfor n in range(9): os.fork()\\ntime.sleep(300)"
subprocess.Popen([sys.executable, "-c", bomb], start_new_session=True)
time.sleep(100)
"""
TO_THE_WALL = """
import os
started = 0
try:
    for _ in range(20_000):
        os.posix_spawn("/bin/sleep", ["sleep", "300"], {})
        started += 1
except OSError as error:
    print("the wall is at", started, error.strerror)
else:
    print("there is no wall")
"""
THREADS = """
import threading
threading.stack_size(65_536)
over, started = threading.Event(), []
try:
    for _ in range(20_000):
        started.append(threading.Thread(target=over.wait, daemon=True))
        started[-1].start()
except RuntimeError as error:
    print("threads end at", len(started), error)
else:
    print("there is no wall")
over.set()
for each in started[:-1]:
    each.join()
"""
SLEEPER = "import subprocess\nsubprocess.run(['sleep', str(2**64)])"
ALLOCATE = """
import os, time
with open({path!r}, "wb") as full:
    os.posix_fallocate(full.fileno(), 0, {size})
time.sleep(100)
"""
FILL = """
import time
with open("more", "wb") as file:
    while True:
        file.write(bytes(2_000_000))
        file.flush()
        time.sleep(0.05)
"""
MANY = """
import time
for n in range(20_000):
    open(str(n), "w").close()
time.sleep(100)
"""
# Out of sight of who asks by paths, and in a folder that its owner has closed.
HIDDEN_AWAY = """
import os, time
top = os.path.abspath("many")
os.makedirs("many")
os.chdir("many")
for _ in range(2_500):
    os.mkdir("dd")
    os.chdir("dd")
for n in range(20_000):
    open(str(n), "w").close()
os.chmod(".", 0)
os.chmod(top, 0)
time.sleep(100)
"""
SHARED_MEMORY = """
def used():
    try:
        return int(open("/sys/fs/cgroup/memory/memory.usage_in_bytes").read())
    except OSError:
        return int(open("/sys/fs/cgroup/memory.current").read())
held, before = 0, used()
try:
    with open("/dev/shm/full", "wb") as file:
        while held < 2_000_000_000:
            file.write(bytes(1_000_000))
            file.flush()
            held += 1_000_000
except OSError as error:
    print(error.strerror)
print("shared memory held", held, "grown by", used() - before)
"""
DEEP = """
import os
os.makedirs("/challenge/predictions", exist_ok=True)
os.chdir("/challenge/predictions")
for _ in range(3_000):
    os.mkdir("d")
    os.chdir("d")
"""
# A double fork into a session of its own; each round changes the predictions, then says so.
DAEMON = """
import os, subprocess, sys, time
code = '''
import os, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
n = 0
while True:
    n += 1
    rows = "".join(f"{row},{'even' if n >> (row - 1) & 1 else 'odd'}\\\\n" for row in range(1, 11))
    with open("/challenge/work/draft", "w") as file:
        file.write("id,label\\\\n" + rows)
    os.rename("/challenge/work/draft", "/challenge/work/output/predictions.csv")
    with open("/challenge/run.log", "a") as file:
        file.write(f"beat {n} {time.time()}\\\\n")
    time.sleep(0.002)
'''
subprocess.Popen([sys.executable, "-c", code], cwd="/", start_new_session=True).wait()
time.sleep(0.5)
print("done", time.time())
"""
Case = tuple[str, tuple[str, ...], str]
MISBEHAVIOUR: dict[str, Case] = {
    "19: deaf to SIGTERM until its time is up": (
        "brief",
        ("import signal, time\nsignal.signal(15, signal.SIG_IGN)\nwhile True: time.sleep(1)",),
        "time_limit",
    ),
    "20: more memory than it has": ("vault", ("held = b'x' * 2_000_000_000",), "out_of_memory"),
    "20: more than fits into its temporary folder": (
        "vault", (ALLOCATE.format(path="/tmp/full", size=300_000_000),), "disk_full",
    ),
    "20: more than fits into its output": (
        "vault",
        (ALLOCATE.format(path="/challenge/work/output/full", size=2_000_000_000),),
        "disk_full",
    ),
    "20: more and more in its working folder": ("vault", (FILL,), "disk_full"),
    "20: more empty files than it may have": ("vault", (MANY,), "disk_full"),
    "20: empty files where nobody looks": ("vault", (HIDDEN_AWAY,), "disk_full"),
    "20: all of its shared memory": ("vault", (SHARED_MEMORY, WRITE_ALL_EVEN), "scored"),
    "19: a fork bomb": ("vault", (BOMB,), "process_limit"),
    "19: forks until the process limit": ("wide", (TO_THE_WALL, WRITE_ALL_EVEN), "scored"),
    "19: threads until the process limit": ("wide", (THREADS, WRITE_ALL_EVEN), "scored"),
    "19: a sleep for longer than the sun": ("brief", (SLEEPER,), "time_limit"),
    "11: a symbolic link": (
        "vault",
        (OUTPUT + "os.symlink('/etc/passwd', file)",),
        "unsafe_output",
    ),
    "11: a hard link": (
        "vault",
        (OUTPUT + "open('mine', 'w').close()\nos.link('mine', file)",),
        "unsafe_output",
    ),
    "11: a pipe": ("vault", (OUTPUT + "os.mkfifo(file)",), "unsafe_output"),
    "11: a device": (
        "vault",
        (OUTPUT + "os.mknod(file, 0o20666, os.makedev(1, 5))",),
        "cell_error",
    ),
    "11: a linked folder": (
        "vault",
        (OUTPUT + "os.rmdir(out)\nos.symlink('/etc', out)",),
        "unsafe_output",
    ),
    "a tree in the platform's way": ("vault", (WRITE_ALL_EVEN, DEEP), "scored"),
    "its own end": ("vault", ("import os; os._exit(1)",), "kernel_died"),
    "half a character as an error": ("vault", ("raise ValueError('\\ud800 \\0')",), "cell_error"),
}  # fmt: skip


@pytest.fixture(scope="module")
def misbehaving(game: Play, tmp_path_factory: pytest.TempPathFactory) -> dict[str, SubmissionView]:
    """All of them, handed in at once: what one does is no concern of another."""
    return {
        case: game.submitted(
            tmp_path_factory.mktemp("bad"), BEFORE, *cells, challenge=challenge, by=game.vera
        )
        for case, (challenge, cells, _) in MISBEHAVIOUR.items()
    }


@pytest.mark.parametrize("case", MISBEHAVIOUR)
def test_log_and_notebook_arrive_whatever_a_run_does(
    game: Play, misbehaving: dict[str, SubmissionView], case: str, tmp_path: Path
) -> None:
    done = game.vera.wait(misbehaving[case].id)

    said = done.failure.failure_class.value if done.failure else done.state.value
    assert said == MISBEHAVIOUR[case][2], done.failure
    assert done.attempt == 1
    assert "it was here" in game.log(done)
    executed = json.loads(game.vera.notebook(done.id, tmp_path / "executed.ipynb").read_text())
    assert executed["cells"][0]["outputs"][0]["text"] == "it was here\n"


@pytest.mark.parametrize("what", ["forks", "threads"])
def test_19_processes_and_threads_have_a_wall_in_the_kernel(
    game: Play, misbehaving: dict[str, SubmissionView], what: str
) -> None:
    done = game.vera.wait(misbehaving[f"19: {what} until the process limit"].id)

    said = {"forks": "the wall is at", "threads": "threads end at"}[what]
    assert said in game.log(done)


def test_20_shared_memory_has_an_end_and_counts_as_memory(
    game: Play, misbehaving: dict[str, SubmissionView]
) -> None:
    """So whoever fills it has the less beside it, and is ended by the limit of memory."""
    done = game.vera.wait(misbehaving["20: all of its shared memory"].id)

    said = next(line for line in game.log(done).splitlines() if "shared memory held" in line)
    held, grown = (int(word) for word in said.split() if word.isdigit())
    assert 0 < held < 600_000_000
    assert grown > 0.8 * held


def test_21_what_lives_on_after_the_notebook_is_dead_before_the_output_is_taken(
    game: Play, tmp_path: Path
) -> None:
    done = game.ended(tmp_path, WRITE_ALL_EVEN, DAEMON)

    assert done.state is SubmissionState.SCORED, done.failure
    log = game.log(done)
    beats = [line.split()[1:] for line in log.splitlines() if line.startswith("beat ")]
    over = float(next(line.split()[1] for line in log.splitlines() if line.startswith("done ")))
    assert float(beats[-1][1]) > over  # it did outlive the notebook
    taken = game.mallory.predictions(done.id, tmp_path / "taken.csv").read_text()
    rows = dict(line.split(",") for line in taken.split()[1:])
    changes = sum(1 << (int(row) - 1) for row, label in rows.items() if label == "even")
    # The log was taken after the predictions: alive, it had counted on in between.
    assert (changes - int(beats[-1][0])) % 1024 in {0, 1}
    (sealed,) = game.platform.sql(
        "select r.files::json->'predictions'->>'digest', extract(epoch from r.at) from receipt r "
        f"join run on run.id = r.run_id where run.submission_id = '{done.id}' and r.kind = 'run'"
    )
    assert sealed[0] == hashlib.sha256(taken.encode()).hexdigest()
    assert float(sealed[1]) > float(beats[-1][1])


def test_the_pods_deadline_ends_what_does_not_end(game: Play, tmp_path: Path) -> None:
    deaf = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nwhile True: time.sleep(1)"
    made = game.submitted(tmp_path, BEFORE, deaf)
    pod = pod_of(game.platform, made, "run")
    game.platform.until(lambda: "it was here" in game.log(made))
    game.platform.cluster.kubectl(
        *("-n", RUNS, "patch", "pod", pod["metadata"]["name"]),
        *("-p", json.dumps({"spec": {"activeDeadlineSeconds": 1}})),
    )

    done = game.mallory.wait(made.id)

    assert done.failure is not None
    assert done.failure.failure_class.value == "time_limit"
    assert "it was here" in game.log(done)
    executed = game.mallory.notebook(done.id, tmp_path / "executed.ipynb").read_text()
    assert '"text": "it was here\\n"' in executed


def removed(game: Play, pod: dict[str, Any]) -> None:
    """Take a pod away at once, so that its sidecar can't hand in."""
    name = pod["metadata"]["name"]
    game.platform.cluster.kubectl(
        "-n", RUNS, "delete", "pod", name, "--grace-period=0", "--force"
    )  # fmt: skip


def evicted(game: Play, pod: dict[str, Any]) -> None:
    """Have the API server evict a pod, as when its node is drained."""
    name = {"name": pod["metadata"]["name"], "namespace": RUNS}
    game.platform.cluster.kubectl(
        *("create", "--raw", f"/api/v1/namespaces/{RUNS}/pods/{name['name']}/eviction", "-f", "-"),
        stdin=json.dumps({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": name}),
    )


GO_ON = """
import os, time
mark = os.environ["CHALLENGE_STATE"] + "/mark"
print("goes on" if os.path.exists(mark) else "begins")
open(mark, "w").close()
time.sleep(8)
"""
TAKEN = {"output_lost": (removed, "begins"), "preempted": (evicted, "goes on")}


@pytest.mark.parametrize("case", TAKEN)
def test_a_run_whose_pod_is_taken_away_is_run_again_for_free(
    game: Play, tmp_path: Path, case: str
) -> None:
    """A pod that is told to end hands in what the run keeps; one that is torn away can't."""
    take_away, how = TAKEN[case]
    left = game.mallory.quota("vault").left_today
    made = game.submitted(tmp_path, GO_ON, WRITE_ALL_EVEN)
    pod = pod_of(game.platform, made, "run")
    game.platform.until(lambda: "begins" in game.log(made))
    take_away(game, pod)

    done = game.mallory.wait(made.id)

    assert done.state is SubmissionState.SCORED, done.failure
    assert done.attempt == 2
    assert len(done.scores) == 1
    assert how in game.log(done)
    assert left is not None
    assert game.mallory.quota("vault").left_today == left - 1
    attempts = game.platform.sql(
        "select attempt, failure::json->>'failure_class' from run "
        f"where submission_id = '{done.id}' order by attempt"
    )
    assert attempts == [["1", case], ["2", ""]]
