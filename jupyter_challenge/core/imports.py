"""What to do about an import that failed, from the error and what Lab's kernel holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")
_NO_NAME = re.compile(r"ImportError: cannot import name '([^']+)' from '([^']+)'")
_NO_R_PACKAGE = re.compile(r"there is no package called [‘'\"]([^’'\"]+)[’'\"]")

# What people import, where the package that brings it has another name.
_PACKAGES = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "faiss": "faiss-cpu",
    "git": "gitpython",
    "pil": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "yaml": "pyyaml",
}
_BESIDE = (
    "If it is a file of yours, declare it as one that travels; otherwise do without it or ask the "
    "organiser."
)


def import_hint(detail: str, environment: Mapping[str, Any]) -> str:
    """Say what is missing, whether the kernel in Lab has it, and what to do.

    Args:
        detail: The error, as `Name: message`.
        environment: What was captured of Lab's kernel with the submission.

    Returns:
        An empty text where no import failed.
    """
    packages = environment.get("packages")
    known = packages if isinstance(packages, dict) else {}
    name = _NO_NAME.search(detail)
    if name is not None:
        version = _version(name[2], known)
        here = f" Your kernel in Lab has {version}." if version else ""
        return (
            f'Where runs take place, "{name[2]}" is of a version without "{name[1]}".{here} '
            "Write it so that it works with both, or ask the organiser for that version."
        )
    module = _NO_MODULE.search(detail) or _NO_R_PACKAGE.search(detail)
    if module is None:
        return ""
    missing = module[1].split(".")[0]
    version = _version(missing, known)
    if version:
        return (
            f"Your kernel in Lab has {version}, but it is not installed where runs take place: "
            "do without it, put what you need of it into a file that travels, or ask the organiser."
        )
    if not known:
        return f'"{missing}" is not installed where runs take place. {_BESIDE}'
    package = _PACKAGES.get(missing.lower(), missing)
    return (
        f'"{missing}" is installed neither where runs take place nor in your kernel in Lab. '
        f"{_BESIDE} Where runs use this very kernel, as on a laptop, install it: "
        f"%pip install {package}."
    )


def _version(module: str, packages: Mapping[str, Any]) -> str:
    """The package that brings a module, with its version; empty where it is not there."""
    root = module.split(".")[0].lower()
    for name in (root, root.replace("_", "-"), _PACKAGES.get(root, "")):
        if name in packages:
            return f"{name} {packages[name]}"
    return ""
