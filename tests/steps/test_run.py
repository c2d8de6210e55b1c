"""The run step alone, in this process; whole runs are in tests/engines."""

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.steps.context import StepContext
from jupyter_challenge.steps.folder import RunFolder
from jupyter_challenge.steps.run import run
from tests.engines.small_challenge import SmallChallenge, notebook


@pytest.fixture
def challenge(tmp_path: Path) -> SmallChallenge:
    return SmallChallenge(tmp_path / "challenge")


def execute(folder: RunFolder, challenge: SmallChallenge, content: bytes, **spec: Any) -> list[str]:
    """Execute a notebook; returns the progress that was told."""
    (folder.work / "model.ipynb").write_bytes(content)
    told: list[str] = []
    context = StepContext(
        folder, challenge.spec(content, **spec), lambda message: told.append(message["detail"])
    )
    run(context)
    return told


def test_every_kind_of_cell(
    folder: RunFolder, challenge: SmallChallenge, capfd: pytest.CaptureFixture[str]
) -> None:
    content = json.loads(
        notebook("import sys; print('out'); print('err', file=sys.stderr)", "", "1 + 1", "x = 5")
    )
    content["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": "# Title"})
    content["cells"][3]["source"] = ["1 +", " 1"]  # as Jupyter writes it
    content["cells"][3]["metadata"] = {"tags": ["raises-exception"], "jupyter_challenge": {"x": 1}}
    content["cells"][4]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "old"}]
    content["cells"].append({"cell_type": "raw", "metadata": {}, "source": "raw"})
    content["cells"].append({"cell_type": "code", "source": "print('bare')"})
    told = execute(folder, challenge, json.dumps(content).encode())
    assert told == [f"cell {n}/5" for n in range(1, 6)]
    printed = capfd.readouterr().out
    for part in ("── cell 1/5 ──\nout\nerr\n", "── cell 3/5 ──\n2\n", "bare\n"):
        assert part in printed
    executed = json.loads(folder.executed.read_text())
    assert [c["cell_type"] for c in executed["cells"]] == [
        "markdown", "code", "code", "code", "code", "raw", "code",
    ]  # fmt: skip
    assert executed["cells"][4]["outputs"] == []
    assert executed["cells"][3]["outputs"][0]["data"]["text/plain"] == "2"
    assert "jupyter_challenge" not in executed["cells"][3]["metadata"]


def test_the_failing_cell_is_counted_among_code_cells_and_marked(
    folder: RunFolder, challenge: SmallChallenge
) -> None:
    content = json.loads(notebook("1", "1/0", "print('never')"))
    content["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": "# Title"})
    with pytest.raises(RunFailed) as caught:
        execute(folder, challenge, json.dumps(content).encode())
    error = caught.value
    assert (error.failure_class, error.cell, error.cell_index) == (FailureClass.CELL_ERROR, 2, 2)
    assert error.detail == "ZeroDivisionError: division by zero"
    executed = json.loads(folder.executed.read_text())
    assert executed["cells"][2]["metadata"]["jupyter_challenge"] == {"failed": True}
    assert executed["cells"][2]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert executed["cells"][3]["outputs"] == []


def test_an_error_that_a_cell_expects_is_none(folder: RunFolder, challenge: SmallChallenge) -> None:
    content = json.loads(notebook("1/0", "print('on')"))
    content["cells"][0]["metadata"]["tags"] = ["raises-exception"]
    assert execute(folder, challenge, json.dumps(content).encode()) == ["cell 1/2", "cell 2/2"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "is an empty file", id="empty"),
        pytest.param(b"{", "is not a notebook", id="not JSON"),
        pytest.param(b'{"nbformat": 3}', "format 3", id="old format"),
    ],
)
def test_what_is_no_notebook(
    folder: RunFolder, challenge: SmallChallenge, content: bytes, says: str
) -> None:
    with pytest.raises(RunFailed) as caught:
        execute(folder, challenge, content)
    assert says in caught.value.detail


def test_an_unknown_parameter_is_named(folder: RunFolder, challenge: SmallChallenge) -> None:
    content = json.loads(notebook("depth = 1"))
    content["cells"][0]["metadata"]["tags"] = ["parameters"]
    with pytest.raises(RunFailed) as caught:
        execute(folder, challenge, json.dumps(content).encode(), parameters={"dept": 2})
    assert 'Did you mean "depth"?' in caught.value.detail


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("for i in range(100): print('x' * 1000)", id="printed"),
        pytest.param(
            "from IPython.display import display, HTML\ndisplay(HTML('x' * 100_000))",
            id="displayed",
        ),
        pytest.param(
            "from IPython.display import display\nh = display('', display_id=True)\n"
            "for i in range(100): h.update('x' * 1000)",
            id="updated",
        ),
        pytest.param("raise ValueError('x' * 100_000)", id="raised"),
    ],
)
def test_too_much_output_of_any_kind(
    folder: RunFolder, challenge: SmallChallenge, cell: str
) -> None:
    with pytest.raises(RunFailed) as caught:
        execute(folder, challenge, notebook("print('kept')", cell), notebook=50_000)
    assert caught.value.failure_class is FailureClass.OUTPUT_LIMIT
    assert caught.value.cell == 2
    executed = folder.executed.read_text()
    assert "kept" in executed and len(executed) < 50_000


def test_a_display_is_updated_by_a_later_cell_and_a_long_line_takes_no_time(
    folder: RunFolder, challenge: SmallChallenge
) -> None:
    cells = (
        "for part in 'abc':\n    print(part, flush=True)\n"
        "handle = display({'text/plain': 'first'}, raw=True, display_id=True)\n"
        "print('x' * 2_000_000)",
        "handle.update({'text/plain': 'second'}, raw=True)",
    )
    execute(folder, challenge, notebook(*cells))
    outputs = json.loads(folder.executed.read_text())["cells"][0]["outputs"]
    assert [output["output_type"] for output in outputs] == ["stream", "display_data", "stream"]
    assert outputs[0]["text"] == "a\nb\nc\n"
    assert outputs[1]["data"]["text/plain"] == "second"
    assert len(outputs[2]["text"]) == 2_000_001
