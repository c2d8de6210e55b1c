"""The catalogue imports in a hub's own image, where there is nothing of the service."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

# What JupyterHub and KubeSpawner bring along.
THERE = {"annotated_types", "jupyter_challenge", "pydantic", "pydantic_core",
         "typing_extensions", "typing_inspection", "yaml", "_yaml"}

class Bare(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        own = first in sys.stdlib_module_names or first.startswith("_sysconfigdata")
        if first not in THERE and not own:
            raise ModuleNotFoundError(f"there is no {name} in a hub's image", name=name)

sys.meta_path.insert(0, Bare())
try:
    import fastapi
except ModuleNotFoundError:
    pass
else:
    sys.exit("nothing is kept away")

from jupyter_challenge.core.compute import load_catalogue
from jupyter_challenge.core.compute.rendering import RENDERERS, rendered

catalogue = load_catalogue(Path("deploy/profiles.yaml"))
print([len(rendered(catalogue, kind)) for kind in RENDERERS])
"""


def test_it_needs_pydantic_and_yaml_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "[10, 10, 10]\n"
