"""Notebooks of other styles than an example's: what the log, the detail and the notebook keep."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.errors import RunFailed
from jupyter_challenge.server.shown import as_shown
from jupyter_challenge.steps.context import StepContext
from jupyter_challenge.steps.folder import RunFolder
from jupyter_challenge.steps.run import run
from tests.engines.small_challenge import SmallChallenge, notebook

Log = pytest.CaptureFixture[str]


class Style:
    """A notebook that was executed: its log, its details, its cells as they are shown."""

    def __init__(self, folder: Path, capture: Log, *cells: str) -> None:
        place = RunFolder(folder / uuid.uuid4().hex[:12])
        place.create()
        content = notebook(*cells)
        (place.work / "model.ipynb").write_bytes(content)
        spec = SmallChallenge(folder / "challenge").spec(content)
        self.details: list[str] = []
        self.failed: RunFailed | None = None
        context = StepContext(place, spec, lambda told: self.details.append(told["detail"]))
        try:
            run(context)
        except RunFailed as error:
            self.failed = error
        self.log = capture.readouterr().out
        self.executed: dict[str, Any] = json.loads(place.executed.read_text())
        self.shown = as_shown(self.executed)["cells"]
        place.remove()


def test_one_that_prints_a_lot(tmp_path: Path, capfd: Log) -> None:
    ran = Style(
        tmp_path, capfd, "for n in range(20_000): print('line', n)", "print('y' * 1_000_000)"
    )
    assert "line 0\n" in ran.log
    assert "line 19999\n" in ran.log
    assert "980,000 more characters in this line" in ran.log
    whole, seen = ran.executed["cells"][0]["outputs"], ran.shown[0]["outputs"]
    assert whole[0]["text"].count("\n") == 20_000
    assert seen[0]["text"].startswith("line 0\n")
    assert seen[0]["text"].endswith("line 19999\n")


def test_one_with_plots_and_widgets(tmp_path: Path, capfd: Log) -> None:
    ran = Style(
        tmp_path,
        capfd,
        "display({'image/png': 'iVBORw0KGgo=', 'text/plain': '<Figure>'}, raw=True)",
        "import ipywidgets as w\n"
        "bar = w.FloatProgress(max=4)\ndisplay(w.HBox([w.Label('epoch'), bar]))\nbar.value = 3",
        "raise ValueError('after the widgets')",
    )
    assert "<Figure>\n" in ran.log
    assert ran.shown[0]["outputs"][0]["data"]["image/png"] == "iVBORw0KGgo="
    # Also where a later cell failed.
    assert ran.shown[1]["outputs"][0]["data"] == {"text/plain": "epoch ███████████████░░░░░"}
    assert ran.failed is not None
    assert ran.failed.cell == 3


def test_one_with_figures_that_need_a_script(tmp_path: Path, capfd: Log) -> None:
    drawn = "<div id='a'></div><script>draw('a', 'words < of > a script')</script>"
    ran = Style(
        tmp_path,
        capfd,
        "display({'application/vnd.plotly.v1+json': {'data': []}}, raw=True)",
        f'display({{"text/html": "{drawn}"}}, raw=True)',
        f'display({{"text/html": "<b>Loss</b>{drawn}"}}, raw=True)',
    )
    first, second, third = [cell["outputs"][0]["data"] for cell in ran.shown]
    assert "download the notebook" in first["text/plain"]
    assert second == first
    assert third["text/html"].startswith("<b>Loss</b>")


def test_one_with_a_long_loop_and_a_bar(tmp_path: Path, capfd: Log) -> None:
    ran = Style(
        tmp_path,
        capfd,
        "import sys, time\n"
        "for n in range(0, 101, 5):\n"
        "    print(f'\\r{n:3}%|#####| {n}/100', end='', file=sys.stderr, flush=True)\n"
        "    time.sleep(0.07)\n"
        "print(file=sys.stderr)\nprint('done')",
    )
    assert ran.details[0] == "cell 1/1"
    assert any(detail.startswith("cell 1/1 · ") for detail in ran.details)
    last = [line.split("\r")[-1] for line in ran.log.split("\n")]
    # The two streams come as they like.
    assert last[0] == "── cell 1/1 ──"
    assert "100%|#####| 100/100" in last[1:]
    assert "done" in last[1:]
    assert len(last) <= 5
    texts = {output["name"]: output["text"] for output in ran.executed["cells"][0]["outputs"]}
    assert texts == {"stderr": "100%|#####| 100/100\n", "stdout": "done\n"}


def test_one_with_bars_below_a_bar(tmp_path: Path, capfd: Log) -> None:
    ran = Style(
        tmp_path,
        capfd,
        "import sys\n"
        "def say(text): print(text, end='', file=sys.stderr, flush=True)\n"
        "for epoch in range(4):\n"
        "    say(f'\\repoch {epoch}/3')\n"
        "    for batch in range(20):\n"
        "        say('\\n'); say(f'\\rbatch {batch}/19'); say('\\x1b[A')\n"
        "say('\\n')",
    )
    assert ran.executed["cells"][0]["outputs"][0]["text"] == "epoch 3/3\n"
    lines = [line.split("\r")[-1] for line in ran.log.strip().split("\n")]
    assert lines[-1] == "epoch 3/3"
    assert len(lines) < 5


def test_one_of_a_shell_that_fails(tmp_path: Path, capfd: Log) -> None:
    """A kernel that names no error: what it said last is what the participant learns."""
    ran = Style(
        tmp_path,
        capfd,
        "import sys\n"
        "def as_a_shell(self, *args, **kwargs):\n"
        "    print('bash: modle: command not found', file=sys.stderr)\n"
        "    return ['']\n"
        "class Quiet(Exception): pass\n"
        "Quiet.__name__ = ''\n"
        "get_ipython().set_custom_exc((Quiet,), as_a_shell)",
        "raise Quiet('127')",
    )
    assert ran.failed is not None
    assert ran.failed.detail == "bash: modle: command not found"


def test_one_that_fails_in_an_import(tmp_path: Path, capfd: Log) -> None:
    ran = Style(tmp_path, capfd, "x = 1", "import no_such_module_anywhere")
    assert ran.failed is not None
    assert ran.failed.detail == "ModuleNotFoundError: No module named 'no_such_module_anywhere'"
    assert "\x1b" not in ran.log
