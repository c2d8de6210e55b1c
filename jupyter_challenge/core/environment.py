"""What a kernel's environment holds: language, version and packages.

The kernelspec's own interpreter is asked, in a process with a time limit; never a kernel, which
may be busy for hours and whose state is nobody else's. Other interpreters than Python's are not
asked: what the kernelspec says about itself is all that is told of them.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

DEFAULT_KERNEL = "python3"
MAX_AGE = 600.0
"""Seconds after which an interpreter is asked again, although nothing of it seems changed."""

# Names of folders tell name and version; reading every package's metadata takes ten times as long.
_PROBE = """
import json, os, platform, sys
found, folders = {}, []
for folder in sys.path:
    try:
        names = os.listdir(folder)
    except OSError:
        continue
    folders.append(folder)
    for name in names:
        stem, ending = os.path.splitext(name)
        if ending in (".dist-info", ".egg-info") and "-" in stem:
            package, version = stem.split("-")[:2]
            found.setdefault(package.replace("_", "-").lower(), version)
print(json.dumps({
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "packages": dict(sorted(found.items())),
    "folders": folders,
}))
"""


# What was captured last by kernel: when, the state of its folders then, and what was told.
_captured: dict[str, tuple[float, list[tuple[str, int]], dict[str, Any]]] = {}


def capture(kernel_name: str | None, timeout: float = 10.0) -> dict[str, Any]:
    """Read the environment of a kernelspec.

    An interpreter is asked again only when something was installed or removed since.

    Args:
        kernel_name: Name of the kernelspec; Python's default one when left out.
        timeout: Seconds that its interpreter may take.

    Returns:
        `kernel`, `display_name` and `language`; `version`, `implementation` and `packages`
        (version by name) where the interpreter could say; `problem`, a sentence, where it could
        not or where there is no such kernel. Never raises.
    """
    name = kernel_name or DEFAULT_KERNEL
    # By name, so that the core needs it only where kernels are: every Jupyter server has it.
    kernelspec = importlib.import_module("jupyter_client.kernelspec")
    try:
        spec = kernelspec.KernelSpecManager().get_kernel_spec(name)
    except (kernelspec.NoSuchKernel, OSError, ValueError) as error:
        return {"kernel": name, "problem": f'Kernel "{name}" is not installed here: {error}.'}
    told: dict[str, Any] = {
        "kernel": name,
        "display_name": spec.display_name,
        "language": spec.language.lower(),
    }
    if told["language"] != "python" or not spec.argv:
        return told
    key = json.dumps([name, spec.argv, spec.env])
    at, state, known = _captured.get(key, (0.0, [], {}))
    if known and time.monotonic() - at < MAX_AGE and state == _state_of([f for f, _ in state]):
        return {**told, **known}
    try:
        answer = _asked(spec.argv, spec.env, timeout)
    except subprocess.TimeoutExpired:
        problem = f"Its interpreter did not answer within {timeout:g} s."
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        problem = f"Its interpreter could not be asked: {error}."
    else:
        _captured[key] = (time.monotonic(), _state_of(answer.pop("folders", [])), answer)
        return {**told, **answer}
    return told | {"problem": problem}


def installed() -> dict[str, dict[str, str]]:
    """List the kernels that are installed here: `display_name` and `language` by name."""
    kernelspec = importlib.import_module("jupyter_client.kernelspec")
    manager = kernelspec.KernelSpecManager()
    found = {}
    for name in sorted(manager.find_kernel_specs()):
        try:
            spec = manager.get_kernel_spec(name)
        except (kernelspec.NoSuchKernel, OSError, ValueError):
            continue  # a folder without a kernelspec that can be read is no kernel
        found[name] = {"display_name": spec.display_name, "language": spec.language.lower()}
    return found


def _state_of(folders: Sequence[str]) -> list[tuple[str, int]]:
    """When something was last added to or taken from each folder."""
    state = []
    for folder in folders:
        try:
            state.append((folder, os.stat(folder).st_mtime_ns))
        except OSError:
            state.append((folder, 0))
    return state


def _asked(argv: Sequence[str], env: dict[str, str] | None, timeout: float) -> dict[str, Any]:
    # `conda run -n name python -m ipykernel_launcher …`: what stands before -m is the interpreter.
    command = list(argv[: argv.index("-m")]) if "-m" in argv[1:] else [argv[0]]
    if command[0] in {"python", "python3", f"python3.{sys.version_info[1]}"}:
        command[0] = sys.executable  # as Jupyter does when it starts the kernel
    done = subprocess.run(
        [*command, "-c", _PROBE],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        check=True,
        env={**os.environ, **(env or {})},
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    if not isinstance(answer, dict):
        raise ValueError("it did not answer as Python does")
    return answer
