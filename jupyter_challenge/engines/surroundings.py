"""The environment variables that a run's processes get: a short list, never the server's own."""

from __future__ import annotations

import os
import shutil
import site
import sys
from collections.abc import Mapping
from pathlib import Path

from jupyter_challenge.steps.folder import MARKER, RunFolder

_PASSED = frozenset(
    {
        "PATH", "LANG", "LANGUAGE", "TZ", "USER", "LOGNAME", "SHELL", "TERM",
        "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "CONDA_EXE", "CONDA_PYTHON_EXE",
        "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
        "PYTHONPATH", "PYTHONHASHSEED", "PYTHONIOENCODING", "PYTHONUTF8",
        "R_HOME", "R_LIBS", "R_LIBS_USER", "R_LIBS_SITE", "JULIA_DEPOT_PATH", "JULIA_LOAD_PATH",
        "JAVA_HOME", "SPARK_HOME", "ROOTSYS", "MPLBACKEND", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER",
        "NVIDIA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES",
        "SYSTEMROOT",
    }
)  # fmt: skip
_PREFIXES = ("LC_",)


def child_environment(folder: RunFolder, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment of the engine's child for one run, from that of this process.

    Kernels, packages and caches that a user has in the home folder are named by their own
    variables, since `HOME` is a folder of the run.
    """
    base = os.environ if base is None else base
    env = {
        name: value for name, value in base.items() if name in _PASSED or name.startswith(_PREFIXES)
    }
    home = Path(base.get("HOME") or Path.home())
    env.setdefault("PATH", os.defpath)
    env.setdefault("PYTHONUSERBASE", base.get("PYTHONUSERBASE") or site.getuserbase())
    if (home / ".julia").is_dir():
        env.setdefault("JULIA_DEPOT_PATH", str(home / ".julia"))
    if (home / "R").is_dir():
        env.setdefault("R_LIBS_USER", str(home / "R" / "%p-library" / "%v"))
    env.update(
        HOME=str(folder.home),
        TMPDIR=str(folder.tmp),
        JUPYTER_PATH=os.pathsep.join(_jupyter_path()),
        IPYTHONDIR=str(folder.home / ".ipython"),
        # What the child itself computes is small; one thread also lets it fork (no pools).
        OPENBLAS_NUM_THREADS="1",
        JE_ARROW_MALLOC_CONF="background_thread:false",
        PYTHONSAFEPATH="1",
    )
    env[MARKER] = folder.key
    _keep_fonts(home, folder)
    return env


def _jupyter_path() -> list[str]:
    """Where kernelspecs are looked for, as this process sees it."""
    from jupyter_core.paths import jupyter_path

    return [str(path) for path in jupyter_path()]


def _keep_fonts(home: Path, folder: RunFolder) -> None:
    """Copy matplotlib's list of fonts, which it would else spend seconds on in every run."""
    name = ".matplotlib" if sys.platform == "darwin" else ".cache/matplotlib"
    try:
        for found in (home / name).glob("fontlist-*.json"):
            target = folder.home / name / found.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, target)
    except OSError:
        return
