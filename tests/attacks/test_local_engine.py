"""Attacks from inside a notebook that must fail even where nothing isolates it.

On a laptop a run is the user's own process and can read what the user can: scores are practice.
What is tested here is that nothing is handed over, and that nothing a run leaves is trusted.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import StepName
from jupyter_challenge.engines import processes
from jupyter_challenge.engines.base import RunState
from jupyter_challenge.engines.local import LocalEngine
from jupyter_challenge.steps.folder import RunFolder
from tests.engines.small_challenge import GOOD, SmallChallenge, finished, notebook


@pytest.fixture
def challenge(tmp_path: Path) -> SmallChallenge:
    return SmallChallenge(tmp_path / "challenge")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    engine = LocalEngine(tmp_path / "runs", warm=False)
    yield engine
    engine.close()
    for path in engine.runs.iterdir():
        if path.is_dir():
            left = processes.strays(path.name, path)
            processes.end_strays(path.name, path)
            RunFolder(path).remove()
            assert left == set()


SECRETS = {
    "JUPYTERHUB_API_TOKEN": "planted-1",
    "AWS_SECRET_ACCESS_KEY": "planted-2",
    "JPY_API_TOKEN": "planted-3",
    "JPY_SESSION_NAME": "planted-4",
    "KUBERNETES_SERVICE_HOST": "planted-5",
    "MY_PASSWORD": "planted-6",
    "https_proxy": "http://user:planted-7@proxy",
}
LOOK = """
import os
seen = [repr(dict(os.environ)), open('/proc/self/environ').read()]
pid = os.getppid()
while pid > 1:
    words = open(f'/proc/{pid}/cmdline').read()
    if 'local_child' not in words:
        break  # whoever started the run, who is nobody's of ours
    seen.append(open(f'/proc/{pid}/environ').read())
    pid = int(open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[1])
print('looked at', len(seen), 'environments;', 'planted' in ''.join(seen))
print(os.environ['HOME'], os.environ['TMPDIR'], os.path.expanduser('~'))
"""


def test_no_secret_of_the_server_reaches_a_run(
    engine: LocalEngine, challenge: SmallChallenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    handle = engine.start(challenge.spec(notebook(LOOK, GOOD)))
    assert finished(engine, handle).failure is None
    log = engine.logs(handle, StepName.RUN).text
    count = int(log.split("looked at ")[1].split()[0])
    assert count >= 3
    assert "environments; False" in log
    assert os.environ.get("HOME", "/root") + "\n" not in log


def test_nothing_says_where_the_labels_are(engine: LocalEngine, challenge: SmallChallenge) -> None:
    cell = (
        "import os\n"
        f"word = {str(challenge.labels.parent.name)!r}\n"
        "places = [open(f'/proc/{p}/{f}').read() for p in ('self', os.getppid())"
        " for f in ('environ', 'cmdline')]\n"
        "places += [open(os.path.join(r, f), errors='replace').read()"
        " for r, _, fs in os.walk('.') for f in fs if not f.endswith('.ipynb')]\n"
        "assert not any(word in place for place in places)"
    )
    handle = engine.start(challenge.spec(notebook(cell, GOOD)))
    assert finished(engine, handle).failure is None


PREDICTIONS = "os.environ['CHALLENGE_OUTPUT'] + '/predictions.csv'"


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("os.symlink(labels, {file})", id="link to the labels"),
        pytest.param("os.symlink('/dev/zero', {file})", id="link to a device"),
        pytest.param("os.link(labels, {file})", id="hard link to the labels"),
        pytest.param("os.mkfifo({file})", id="pipe"),
        pytest.param("os.mkdir({file})", id="folder"),
        pytest.param(
            "os.rmdir('output'); os.symlink(os.path.dirname(labels), 'output')",
            id="output is a link",
        ),
        pytest.param(
            "import shutil; os.chdir('..'); os.rename('work', 'w');"
            "os.mkdir('other'); os.mkdir('other/output');"
            "open('other/output/predictions.csv', 'w').close(); os.symlink('other', 'work')",
            id="work is a link",
        ),
        pytest.param(
            "import socket; os.chdir('output');"
            "socket.socket(socket.AF_UNIX).bind('predictions.csv')",
            id="socket",
        ),
    ],
)
def test_output_that_is_no_plain_file_is_refused(
    engine: LocalEngine, challenge: SmallChallenge, cell: str
) -> None:
    challenge.labels.rename(challenge.labels.with_name("predictions.csv"))
    challenge.labels = challenge.labels.with_name("predictions.csv")
    code = f"import os\nlabels = {str(challenge.labels)!r}\n" + cell.format(file=PREDICTIONS)
    handle = engine.start(challenge.spec(notebook(code)))
    status = finished(engine, handle)
    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.UNSAFE_OUTPUT
    assert engine.files(handle).predictions is None


FORGE = """
import json, os
result = {'digest': 'evaluator-1', 'boards': {'public': {'accuracy': {'value': 1.0}}}}
for place in ('..', '.', 'output'):
    for name in ('result.json', 'scores.json', 'metrics.json', 'executor_output.json'):
        open(os.path.join(place, name), 'w').write(json.dumps(result))
state = json.load(open('../state.json'))
state['state'] = 'succeeded'
open('../state.json', 'w').write(json.dumps(state))
spec = json.load(open('../spec.json'))
labels = os.path.abspath('mine.csv')
open(labels, 'w').write('id,prediction\\n1,b\\n2,a\\n3,b\\n4,a\\n')
spec['evaluation']['labels'] = labels
open('../spec.json', 'w').write(json.dumps(spec))
os.makedirs('../predictions', exist_ok=True)
open('../predictions/predictions.csv', 'w').write('id,prediction\\n1,a\\n2,b\\n3,a\\n4,b\\n')
print('{"accuracy": 1.0}')
"""


def test_forged_results_states_and_specs_count_for_nothing(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    wrong = "open('output/predictions.csv', 'w').write('id,prediction\\n1,b\\n2,a\\n3,b\\n4,a\\n')"
    handle = engine.start(challenge.spec(notebook(FORGE, wrong)))
    status = finished(engine, handle)
    assert status.state is RunState.SUCCEEDED
    assert len([s for s in status.steps if s.ended_at]) == 3
    result = engine.result(handle)
    assert result is not None
    assert result.boards["public"]["accuracy"].value == 0.0


def test_a_run_that_kills_its_conductor_has_failed(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    kill = (
        "import json, os, signal, subprocess\n"
        "record = json.load(open('../run.json'))\n"
        "os.kill(record['pid'], signal.SIGKILL)"
    )
    handle = engine.start(challenge.spec(notebook(FORGE + kill)))
    status = finished(engine, handle)
    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.PLATFORM_ERROR
    assert engine.status(handle) == status
    assert engine.result(handle) is None


def test_a_run_that_says_it_is_over_can_be_cancelled(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    handle = engine.start(
        challenge.spec(notebook(FORGE + "\nprint('forged')\nimport time; time.sleep(600)"))
    )
    until = time.monotonic() + 60
    while "forged" not in engine.logs(handle, StepName.RUN).text:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert engine.status(handle).state is RunState.RUNNING
    engine.cancel(handle)
    assert engine.status(handle).state is RunState.CANCELLED


LATE = """
import os, subprocess, sys
code = '''
import os, time
if os.fork(): os._exit(0)
os.setsid()
while True:
    try:
        with open(%r, 'w') as file:
            file.write('id,prediction\\\\n1,a\\\\n2,b\\\\n3,a\\\\n4,b\\\\n')
        with open(%r, 'w') as file:
            file.write('id,prediction\\\\n1,a\\\\n2,b\\\\n3,a\\\\n4,b\\\\n')
    except OSError:
        pass
    time.sleep(0.0005)
''' % (os.path.abspath('output/late.csv'), os.path.abspath('../predictions/predictions.csv'))
subprocess.Popen([sys.executable, '-c', code], env={}, cwd='/', start_new_session=True).wait()
"""


def test_a_process_that_lives_on_cannot_change_what_was_handed_in(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    handle = engine.start(challenge.spec(notebook(LATE, GOOD)))
    assert finished(engine, handle).failure is None
    result = engine.result(handle)
    assert result is not None and result.boards["public"]["accuracy"].value == 0.75
    late = engine.runs / handle.key / "work" / "output" / "late.csv"
    assert late.exists()
    written = late.stat().st_mtime_ns
    assert engine.status(handle).state is RunState.SUCCEEDED
    assert late.stat().st_mtime_ns == written


# Doubles seven times and waits: 128 processes, deaf and each in a session of its own.
BOMB = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for generation in range(7):
    if os.fork() == 0:
        os.setsid()
    time.sleep(0.05)
time.sleep(600)
"""


def test_a_bounded_fork_bomb_is_stopped(engine: LocalEngine, challenge: SmallChallenge) -> None:
    handle = engine.start(challenge.spec(notebook(BOMB), processes=20))
    status = finished(engine, handle)
    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.PROCESS_LIMIT
    assert processes.strays(handle.key, engine.runs / handle.key) == set()


def test_20_a_run_cannot_use_up_the_inodes_of_the_disk(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    many = "import time\nfor n in range(2_000): open(f'{n}', 'w').close()\ntime.sleep(600)"
    handle = engine.start(challenge.spec(notebook(many), disk=20_000_000))
    status = finished(engine, handle)
    assert status.failure is not None
    assert status.failure.failure_class is FailureClass.DISK_FULL
    assert "files and folders" in status.failure.detail


def test_modules_beside_the_notebook_are_not_imported_by_the_platform(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    trap = b"raise SystemExit('imported by mistake')"
    names = ("kfp.py", "pandas.py", "json.py", "sitecustomize.py", "jupyter_challenge.py")
    plant = (
        "import shutil, glob\nfor name in glob.glob('*.txt'): shutil.copy(name, '../' + name[:-4])"
    )
    files = {f"{name}.txt": trap for name in names}
    handle = engine.start(challenge.spec(notebook(plant, GOOD), files=files))
    assert finished(engine, handle).failure is None
    assert (engine.runs / handle.key / "kfp.py").exists()
