"""How long the panel, a run's page and a board of 10,000 teams take to be drawn, in a browser.

The service's answers are kept in the page, so that only drawing is timed: from the command until
the frame with the data in it was painted. What of ours moves by itself is added up as the browser
counts it (layout shift). An empty page, opened in turn with them, is the floor: what Lab alone
needs. Beside the clock stands the processor time of the page's main thread, which other programs
on the machine do not lengthen. Needs `jlpm install` in ui-tests and a Chromium.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.servers import TOKEN, jupyter

TEAMS = 10_000
GOAL, FRAME_GOAL, SHIFT_GOAL = 100.0, 33.0, 0.01
_ROOT = Path(__file__).parent.parent


def main(rounds: int) -> None:
    """Fill a store, start a Lab on it and have a browser open everything `rounds` times."""
    node = shutil.which("node")
    if node is None or not (_ROOT / "ui-tests/node_modules").is_dir():
        print("left out: it needs node and `jlpm install` in ui-tests")
        return
    with tempfile.TemporaryDirectory(prefix="bench-opening-") as name:
        root, data = Path(name, "root"), Path(name, "data")
        root.mkdir()
        subprocess.run(
            [sys.executable, "-m", "benchmarks.filling", data, "--me", f"--teams={TEAMS}"],
            cwd=_ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        options = (
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.news_url=None",
            f"--LabApp.workspaces_dir={name}/workspaces",
            f"--LabApp.user_settings_dir={name}/settings",
        )
        with jupyter("jupyterlab", root, data, options) as (server, _):
            done = subprocess.run(
                [node, "opening.cjs", server.url, TOKEN, str(rounds)],
                cwd=_ROOT / "ui-tests",
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
    found = json.loads(done.stdout)
    for view, times in found["views"].items():
        ms, shift = [one["ms"] for one in times], max(one["shift"] for one in times)
        median = statistics.median(ms)
        print(
            f"{view:<20} {median:6.1f} ms  [{min(ms):.1f}-{max(ms):.1f}]  n {len(ms)}  "
            f"(goal: under {GOAL:g} ms: {'met' if median < GOAL else 'MISSED'})  "
            f"layout shift {shift:.5f} "
            f"(goal: under {SHIFT_GOAL:g}: {'met' if shift < SHIFT_GOAL else 'MISSED'})"
        )
        print(f"{'':<20} {_work(times)}")
    for name, scroll in found["scrolling"].items():
        frames = scroll["frames"]
        p95 = statistics.quantiles(frames, n=100)[94]
        print(
            f"frames of {name:<20} p50 {statistics.median(frames):.1f} ms  p95 {p95:.1f} ms  "
            f"max {max(frames):.1f} ms  n {len(frames)}  "
            f"(goal: p95 under {FRAME_GOAL:g} ms: {'met' if p95 < FRAME_GOAL else 'MISSED'})"
        )
        print(f"{'':<20} {_work([scroll], len(frames))} a frame")
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _work(times: list[dict[str, float]], parts: int = 1) -> str:
    """The processor time of the page's main thread, in the median."""
    task, script, style, layout = (
        statistics.median(one[kind] for one in times) / parts
        for kind in ("task", "script", "style", "layout")
    )
    return (
        f"processor time {task:.1f} ms: scripts {script:.1f}, styles {style:.1f}, "
        f"layout {layout:.1f}, painting and the rest {task - script - style - layout:.1f}"
    )
