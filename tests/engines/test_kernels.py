"""Kernels that are not the default one: other languages, other environments, missing, none."""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import StepName
from jupyter_challenge.engines.local import LocalEngine
from tests.engines.small_challenge import GOOD, SmallChallenge, finished, notebook


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder for kernelspecs that only the server's environment names."""
    folder = tmp_path / "share" / "kernels"
    folder.mkdir(parents=True)
    monkeypatch.setenv("JUPYTER_PATH", str(folder.parent))
    return folder


def add_kernel(folder: Path, name: str, *argv: str, language: str = "python") -> None:
    (folder / name).mkdir()
    spec = {"argv": [*argv, "-f", "{connection_file}"], "display_name": name}
    (folder / name / "kernel.json").write_text(json.dumps({**spec, "language": language}))


@pytest.fixture
def foreign_python(tmp_path: Path) -> str:
    """An environment with ipykernel and all it needs, in which our package is missing."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    ours = Path(sysconfig.get_paths()["purelib"])
    (theirs,) = (tmp_path / "env" / "lib").glob("python3.*/site-packages")
    for found in ours.iterdir():
        if "jupyter_challenge" not in found.name and found.suffix != ".pth":
            (theirs / found.name).symlink_to(found)
    return str(tmp_path / "env" / "bin" / "python")


def test_a_bash_notebook(engine: LocalEngine, challenge: SmallChallenge, kernels: Path) -> None:
    add_kernel(kernels, "bash", sys.executable, "-m", "bash_kernel", language="bash")
    cells = (
        "echo $CHALLENGE_INPUT; ls input",
        "printf 'id,prediction\\n1,a\\n2,b\\n3,a\\n4,b\\n' > $CHALLENGE_OUTPUT/predictions.csv",
    )
    handle = engine.start(challenge.spec(notebook(*cells, kernel="bash")))
    status = finished(engine, handle)
    assert status.failure is None
    result = engine.result(handle)
    assert result is not None and result.boards["public"]["accuracy"].value == 1.0
    assert "work/input\ntest.csv" in engine.logs(handle, StepName.RUN).text


def test_a_python_whose_environment_lacks_our_package(
    engine: LocalEngine, challenge: SmallChallenge, kernels: Path, foreign_python: str
) -> None:
    add_kernel(kernels, "foreign", foreign_python, "-m", "ipykernel_launcher")
    cells = (
        "import sys; print(sys.prefix)",
        "import importlib.util\nassert importlib.util.find_spec('jupyter_challenge') is None",
        GOOD,
    )
    handle = engine.start(challenge.spec(notebook(*cells, kernel="foreign")))
    status = finished(engine, handle)
    assert status.failure is None
    assert str(Path(foreign_python).parents[1]) in engine.logs(handle, StepName.RUN).text


def test_a_notebook_without_kernel_is_python(
    engine: LocalEngine, challenge: SmallChallenge
) -> None:
    handle = engine.start(challenge.spec(notebook(GOOD, kernel=None)))
    assert finished(engine, handle).failure is None


@pytest.mark.parametrize(
    ("argv", "expected", "says"),
    [
        pytest.param(None, FailureClass.NO_KERNEL, "python3", id="not installed"),
        pytest.param(["/nowhere/python"], FailureClass.NO_KERNEL, "cannot start", id="gone"),
        pytest.param(
            [sys.executable, "-c", "raise SystemExit('no such luck')"],
            FailureClass.KERNEL_DIED,
            "no such luck",
            id="ends at once",
        ),
    ],
)
def test_a_kernel_that_cannot_start(
    engine: LocalEngine,
    challenge: SmallChallenge,
    kernels: Path,
    argv: list[str] | None,
    expected: FailureClass,
    says: str,
) -> None:
    if argv is not None:
        add_kernel(kernels, "odd", *argv)
    status = finished(engine, engine.start(challenge.spec(notebook(GOOD, kernel="odd"))))
    assert status.failure is not None
    assert status.failure.failure_class is expected
    assert says in status.failure.detail
    assert status.failure.step is StepName.RUN


def test_widgets_do_not_break_a_run(engine: LocalEngine, challenge: SmallChallenge) -> None:
    cell = (
        "from ipykernel.comm import Comm\n"
        "comm = Comm(target_name='jupyter.widget', data={'state': {'_model_name': 'Slider',"
        " '_model_module': 'controls', 'value': 1}})\n"
        "comm.send({'method': 'update', 'state': {'value': 2}})"
    )
    handle = engine.start(challenge.spec(notebook(cell, GOOD)))
    assert finished(engine, handle).failure is None
    executed = engine.files(handle).notebook
    assert executed is not None
    widgets = json.loads(executed.read_text())["metadata"]["widgets"]
    (state,) = widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    assert state["state"]["value"] == 2
