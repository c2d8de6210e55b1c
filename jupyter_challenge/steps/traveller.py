"""An interpreter in a folder, with the one program that it is for, to be run in a foreign image.

It needs nothing of the image that it runs in: its loader, its libraries and the few modules that
it starts with come along. Whoever runs it names the loader, so that the image's own is not asked.
"""

from __future__ import annotations

import encodings
import os
import shutil
import subprocess
import sys
from pathlib import Path

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.steps import copying

EMPTY = "empty"
"""A file with nothing in it."""

_PROGRAM = "copying.py"
_LOADER, _PYTHON, _LIBRARIES = "loader", "python3", "lib"
_ENCODINGS = ("__init__.py", "aliases.py", "ascii.py", "latin_1.py", "utf_8.py")


def command(folder: str) -> list[str]:
    """How `steps.copying` is started where the folder is there; its arguments follow."""
    return [
        *(f"{folder}/{_LOADER}", "--library-path", f"{folder}/{_LIBRARIES}"),
        *(f"{folder}/{_PYTHON}", "-I", "-S", "-B", f"{folder}/{_PROGRAM}"),
    ]


def pack(folder: Path) -> None:
    """Put everything into a folder that is there and empty.

    Raises:
        RunFailed: platform_error: this interpreter is of a kind that can't travel.
    """
    executable = os.path.realpath(sys.executable)
    libraries = folder / _LIBRARIES
    own = libraries / f"python{sys.version_info.major}.{sys.version_info.minor}"
    # By these two the interpreter finds where its modules are; the most are part of it.
    (own / "lib-dynload").mkdir(parents=True)
    (own / "os.py").touch()
    (own / "encodings").mkdir()
    for name in _ENCODINGS:
        shutil.copyfile(Path(encodings.__file__).with_name(name), own / "encodings" / name)
    shutil.copyfile(copying.__file__, folder / _PROGRAM)
    shutil.copy(executable, folder / _PYTHON)
    for path in _libraries(executable):
        loader = path.name.startswith("ld-")
        shutil.copy(path, folder / _LOADER if loader else libraries / path.name)
    if not (folder / _LOADER).exists():
        raise RunFailed(FailureClass.PLATFORM_ERROR, f"{executable} names no loader")
    (folder / EMPTY).touch()


def _libraries(executable: str) -> list[Path]:
    """The libraries that a program is started with, and its loader."""
    said = subprocess.run(["ldd", executable], capture_output=True, text=True, check=True).stdout
    paths = (word for line in said.splitlines() for word in line.split() if word.startswith("/"))
    return [Path(path) for path in dict.fromkeys(paths)]
