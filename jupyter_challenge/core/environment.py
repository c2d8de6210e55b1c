"""What a kernel's environment holds: language, version and packages.

The kernelspec's own interpreter is asked, in a process with a time limit; never a kernel, which
may be busy for hours and whose state is nobody else's. Other interpreters than Python's are not
asked: what the kernelspec says about itself is all that is told of them.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from typing import Any

DEFAULT_KERNEL = "python3"

# Names of folders tell name and version; reading every package's metadata takes ten times as long.
_PROBE = """
import json, os, platform, sys
found = {}
for folder in sys.path:
    try:
        names = os.listdir(folder)
    except OSError:
        continue
    for name in names:
        stem, ending = os.path.splitext(name)
        if ending in (".dist-info", ".egg-info") and "-" in stem:
            package, version = stem.split("-")[:2]
            found.setdefault(package.replace("_", "-").lower(), version)
print(json.dumps({
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "packages": dict(sorted(found.items())),
}))
"""


def capture(kernel_name: str | None, timeout: float = 10.0) -> dict[str, Any]:
    """Read the environment of a kernelspec.

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
    try:
        return told | _asked(spec.argv[0], timeout)
    except subprocess.TimeoutExpired:
        problem = f"Its interpreter did not answer within {timeout:g} s."
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        problem = f"Its interpreter could not be asked: {error}."
    return told | {"problem": problem}


def _asked(interpreter: str, timeout: float) -> dict[str, Any]:
    if interpreter in {"python", "python3", f"python3.{sys.version_info[1]}"}:
        interpreter = sys.executable  # as Jupyter does when it starts the kernel
    done = subprocess.run(
        [interpreter, "-c", _PROBE],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        check=True,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    if not isinstance(answer, dict):
        raise ValueError("it did not answer as Python does")
    return answer
