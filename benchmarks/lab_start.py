"""JupyterLab's start with and without the extension, and how large the extension is."""

from __future__ import annotations

import gzip
import statistics
import tempfile
from importlib.resources import files
from pathlib import Path

from benchmarks.servers import jupyter

_OFF = "--ServerApp.jpserver_extensions={'jupyter_challenge': False}"


def main(rounds: int) -> None:
    """Start it in turn, `rounds` times each, and add up the bundle's compressed size."""
    seconds: dict[str, list[float]] = {"without": [], "with": []}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        root = Path(name, "root")
        root.mkdir()
        for number in range(rounds + 1):
            for which, options in (("without", [_OFF]), ("with", [])):
                with jupyter("jupyterlab", root, Path(name, "data"), options) as (server, took):
                    on = "jupyter_challenge | extension was successfully loaded" in "".join(
                        log.read_text()
                        for log in root.parent.glob(f"*-{server.url.rsplit(':', 1)[1]}.log")
                    )
                    if on != (which == "with"):
                        raise RuntimeError(f"the extension should be loaded {which}")
                if number:
                    seconds[which].append(took)
    for which, each in seconds.items():
        low, high = min(each), max(each)
        print(f"{which:<8} {statistics.median(each):6.3f} s  [{low:.3f}-{high:.3f}]")
    more = 1000 * (statistics.median(seconds["with"]) - statistics.median(seconds["without"]))
    print(f"the extension adds {more:+.0f} ms (goal: at most +50 ms)")
    folder = Path(str(files("jupyter_challenge"))) / "labextension" / "static"
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in folder.glob("*.js")}
    print(
        f"the Lab extension has {sum(sizes.values()) / 1000:.1f} kB compressed (goal: under 150 kB)"
    )
