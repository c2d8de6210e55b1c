"""What the containers of a run import: they start anew for every run."""

import subprocess
import sys

import pytest

HEAVY = {"numpy", "nbformat", "nbclient", "jsonschema", "sklearn", "pandas", "kfp"}


def imported(code: str, names: set[str]) -> set[str]:
    """Which of these modules are there after code was run in a new Python."""
    code += f"\nimport sys\nprint(*[n for n in {names!r} if sys.modules.get(n)])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("needed", ["prepare", "collect"])
def test_the_platforms_own_containers_import_nothing_heavy(needed: str) -> None:
    code = f"import jupyter_challenge.steps.inside, jupyter_challenge.steps.{needed}"
    assert imported(code, HEAVY) == set()


def test_the_container_of_a_notebook_imports_no_grammar_of_addresses() -> None:
    code = (
        "from jupyter_challenge.steps import inside\n"
        "def step(_):\n"
        "    import jupyter_challenge.steps.notebook\n"
        "    return 0\n"
        "inside.PROGRAMS['run'] = step\n"
        "inside.main(['run'])"
    )
    assert imported(code, {"nbclient", "rfc3987_syntax", "isoduration"}) == {"nbclient"}
