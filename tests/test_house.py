"""The house rules that no other tool holds."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "jupyter_challenge"
LINE_LIMIT = 500
VERBS = {"delete", "get", "head", "options", "patch", "post", "put"}
HEAVY = {
    "alembic",
    "fastapi",
    "kfp",
    "kubernetes",
    "nbclient",
    "numpy",
    "obstore",
    "pandas",
    "pyarrow",
    "sklearn",
    "sqlalchemy",
    "uvicorn",
}
IMPORTED_LATE = {
    "jupyter_challenge": HEAVY | {"httpx", "jupyter_server", "nbformat", "pydantic", "tornado"},
    "jupyter_challenge.cli": HEAVY,
    "jupyter_challenge.client": HEAVY,
    "jupyter_challenge.server.extension": HEAVY,
}


def sources(*suffixes: str) -> list[Path]:
    """Return the files that we wrote, of all languages named."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        files = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:  # an unpacked sdist
        files = [*PACKAGE.rglob("*"), *ROOT.joinpath("tests").rglob("*"), *ROOT.glob("src/**/*")]
    return sorted(file for file in files if file.suffix in suffixes and file.is_file())


def decorator(node: ast.expr) -> str:
    """Return the last part of a decorator's name."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_rooms_know_only_what_they_may() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", sorted(IMPORTED_LATE))
def test_import_stays_light(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert set(done.stdout.split()) & IMPORTED_LATE[module] == set()


def test_no_module_is_a_catch_all() -> None:
    catch_alls = {"common", "helper", "helpers", "misc", "util", "utils"}

    found = [file for file in sources(".py", ".ts", ".tsx") if file.stem in catch_alls]

    assert found == []


def test_no_file_is_too_long_to_read() -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for file in sources(".py", ".ts", ".tsx")
        if file != ROOT / "src" / "schema.ts"
        and (lines := len(file.read_text(encoding="utf-8").splitlines())) > LINE_LIMIT
    }

    assert long == {}


def test_every_verb_of_the_jupyter_server_asks_who_is_there() -> None:
    open_verbs = [
        f"{file.name}:{method.lineno} {cls.name}.{method.name}"
        for file in sorted((PACKAGE / "server").glob("**/*.py"))
        for cls in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(cls, ast.ClassDef) and cls.name.endswith("Handler")
        for method in cls.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.name in VERBS
        if not {"authenticated", "authorized"}
        <= {decorator(node) for node in method.decorator_list}
    ]

    assert open_verbs == []


def test_version_is_written_once() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert 'dynamic = ["version"' in text
