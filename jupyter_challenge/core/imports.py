"""What to do about an import that failed, from the error and what Lab's kernel holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jupyter_challenge.core.models.phrases import Phrase, say

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


def import_hint(detail: str, environment: Mapping[str, Any]) -> Phrase | None:
    """Say what is missing, whether the kernel in Lab has it, and what to do.

    Args:
        detail: The error, as `Name: message`.
        environment: What was captured of Lab's kernel with the submission.

    Returns:
        None where no import failed.
    """
    packages = environment.get("packages")
    known = packages if isinstance(packages, dict) else {}
    name = _NO_NAME.search(detail)
    if name is not None:
        version = _version(name[2], known)
        if not version:
            return say(
                'Where runs take place, "%1" is of a version without "%2". '
                "Write it so that it works with both, or ask the organiser for that version.",
                name[2],
                name[1],
            )
        return say(
            'Where runs take place, "%1" is of a version without "%2". Your kernel in Lab has %3. '
            "Write it so that it works with both, or ask the organiser for that version.",
            name[2],
            name[1],
            version,
        )
    module = _NO_MODULE.search(detail) or _NO_R_PACKAGE.search(detail)
    if module is None:
        return None
    missing = module[1].split(".")[0]
    version = _version(missing, known)
    if version:
        return say(
            "Your kernel in Lab has %1, but it is not installed where runs take place: "
            "do without it, put what you need of it into a file that travels, or ask the "
            "organiser.",
            version,
        )
    if not known:
        return say(
            '"%1" is not installed where runs take place. If it is a file of yours, declare it as '
            "one that travels; otherwise do without it or ask the organiser.",
            missing,
        )
    return say(
        '"%1" is installed neither where runs take place nor in your kernel in Lab. If it is a '
        "file of yours, declare it as one that travels; otherwise do without it or ask the "
        "organiser. Where runs use this very kernel, as on a laptop, install it: %pip install %2.",
        missing,
        _PACKAGES.get(missing.lower(), missing),
    )


def _version(module: str, packages: Mapping[str, Any]) -> str:
    """The package that brings a module, with its version; empty where it is not there."""
    root = module.split(".")[0].lower()
    for name in (root, root.replace("_", "-"), _PACKAGES.get(root, "")):
        if name in packages:
            return f"{name} {packages[name]}"
    return ""
