import json
import sys
from pathlib import Path

import pytest

from jupyter_challenge.core.environment import capture


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "share" / "kernels"
    folder.mkdir(parents=True)
    monkeypatch.setenv("JUPYTER_PATH", str(folder.parent))
    return folder


def add_kernel(folder: Path, name: str, interpreter: str, language: str = "python") -> None:
    (folder / name).mkdir()
    spec = {
        "argv": [interpreter, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": name.upper(),
        "language": language,
    }
    (folder / name / "kernel.json").write_text(json.dumps(spec))


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_python_tells_its_version_and_packages(kernels: Path) -> None:
    add_kernel(kernels, "own", sys.executable)
    found = capture("own")
    assert found["kernel"] == "own"
    assert found["display_name"] == "OWN"
    assert found["language"] == "python"
    assert found["version"] == ".".join(map(str, sys.version_info[:3]))
    assert found["packages"]["ipykernel"]
    assert found["packages"]["scikit-learn"]
    assert "problem" not in found


def test_no_name_is_the_default_kernel() -> None:
    assert capture(None)["kernel"] == "python3"
    assert capture(None)["packages"]


def test_another_language_tells_what_its_kernelspec_says(kernels: Path) -> None:
    add_kernel(kernels, "rlang", "/nowhere/R", language="R")
    assert capture("rlang") == {"kernel": "rlang", "display_name": "RLANG", "language": "r"}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param("exec sleep 30", "did not answer within 0.3 s", id="hangs"),
        pytest.param("exit 3", "could not be asked", id="fails"),
        pytest.param("echo nonsense", "could not be asked", id="talks nonsense"),
        pytest.param("echo 5", "could not be asked", id="answers with a number"),
    ],
)
def test_an_interpreter_that_cannot_say(
    kernels: Path, tmp_path: Path, answer: str, says: str
) -> None:
    add_kernel(kernels, "odd", script(tmp_path / "python", answer))
    found = capture("odd", timeout=0.3 if "sleep" in answer else 10)
    assert says in found["problem"]
    assert found["language"] == "python"


def test_an_interpreter_that_is_gone(kernels: Path, tmp_path: Path) -> None:
    add_kernel(kernels, "gone", str(tmp_path / "python"))
    assert "could not be asked" in capture("gone")["problem"]


def test_a_kernel_that_is_not_installed() -> None:
    assert "not installed" in capture("no-such-kernel")["problem"]
