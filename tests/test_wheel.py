"""What people install: a wheel that needs neither Node nor the checkout."""

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not (ROOT / "package.json").exists(), reason="not a checkout"),
]


def without_node(**extra: str) -> dict[str, str]:
    """Return an environment in which no program but those of the system's base is found."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
    for key in ("PYTHONPATH", "NODE_OPTIONS"):
        kept.pop(key, None)
    return kept | {"PATH": ""} | extra


def run(command: list[str | Path], environment: dict[str, str], cwd: Path) -> str:
    """Run a command and return what it printed on both channels."""
    done = subprocess.run(
        command,
        env=environment,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist and, from nothing but the sdist, the wheel."""
    assert (ROOT / "jupyter_challenge/labextension/static/style.js").exists(), (
        "the Lab extension is not built: run make environment"
    )
    folder = tmp_path_factory.mktemp("dist")
    run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT],
        without_node(),
        cwd=folder,
    )
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Install the wheel into a fresh environment and return that environment's Python.

    The libraries come from the environment of the tests; its `.pth` files, and with them the
    checkout, do not count there.
    """
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", wheel],
        without_node(PIP_NO_INDEX="1", PIP_DISABLE_PIP_VERSION_CHECK="1"),
        cwd=folder,
    )
    site = run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        without_node(),
        cwd=folder,
    )
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(site.strip(), "libraries.pth").write_text("\n".join(sorted(libraries)))
    yield python


def test_wheel_holds_every_part(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        data = wheel.name.removesuffix("-py3-none-any.whl") + ".data/data"
        lab = f"{data}/share/jupyter/labextensions/jupyter-challenge"

        assert f"{lab}/package.json" in names
        assert f"{lab}/install.json" in names
        assert f"{lab}/schemas/jupyter-challenge/plugin.json" in names
        assert any(name.startswith(f"{lab}/static/remoteEntry.") for name in names)
        config = json.loads(
            archive.read(f"{data}/etc/jupyter/jupyter_server_config.d/jupyter_challenge.json")
        )
        assert config["ServerApp"]["jpserver_extensions"] == {"jupyter_challenge": True}
        assert "jupyter_challenge/py.typed" in names
        assert not [name for name in names if name.startswith(("tests/", "src/"))]


def test_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "jupyter_challenge"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if tracked.returncode:
        pytest.skip("not a git checkout")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    expected = {name for name in tracked.stdout.split("\0") if name and (ROOT / name).exists()}

    assert expected - names == set()


def test_wheel_holds_the_migrations(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert [
        name for name in names if name.startswith("jupyter_challenge/store/migrations/versions/")
    ]
    assert not [name for name in names if name.endswith("alembic.ini")]


def test_sdist_holds_the_built_extension_and_no_rubbish(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]

    assert "jupyter_challenge/labextension/package.json" in names
    assert "LICENSE" in names
    assert not [name for name in names if "node_modules/" in name or "/.venv/" in f"/{name}"]


def test_metadata_names_what_the_extension_manager_lists_by(wheel: Path) -> None:
    version = json.loads((ROOT / "package.json").read_text())["version"]
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode()

    for classifier in ("JupyterLab :: 4", "JupyterLab :: Extensions :: Prebuilt"):
        assert f"Classifier: Framework :: Jupyter :: {classifier}\n" in metadata
    assert f"\nVersion: {version}\n" in metadata
    assert "\nLicense-Expression: BSD-3-Clause\n" in metadata


def test_package_comes_from_the_wheel(installed: Path) -> None:
    program = "import jupyter_challenge as package; print(package.__version__, package.__file__)"

    said = run([installed, "-c", program], without_node(), cwd=installed.parent)

    version, file = said.split()
    assert version == json.loads((ROOT / "package.json").read_text())["version"]
    assert Path(file).is_relative_to(installed.parent.parent)


@pytest.mark.parametrize(
    ("main", "line"),
    [
        pytest.param("jupyterlab.labextensions", "jupyter-challenge v", id="lab"),
        pytest.param("jupyter_server.extension.serverextension", "jupyter_challenge ", id="server"),
    ],
)
def test_jupyter_finds_the_extension(installed: Path, tmp_path: Path, main: str, line: str) -> None:
    program = f"import sys; from {main} import main; sys.argv = ['jupyter', 'list']; main()"
    environment = without_node(HOME=str(tmp_path), NO_COLOR="1")

    said = run([installed, "-c", program], environment, cwd=tmp_path)

    ours = [text for text in said.splitlines() if text.strip().startswith(line)]
    assert any("enabled" in text for text in ours), said
    assert any("OK" in text for text in ours), said
