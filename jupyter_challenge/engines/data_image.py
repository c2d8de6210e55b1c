"""What a run's pod has more where the challenge's data is in a container image, as plain values.

Nothing of that image is ever run. A container of it is needed to see its files, so `prepare` puts
an interpreter and a copying program into a volume (`steps.traveller`), and the container runs
those alone: without token, and without anything of the submission. An image with nothing but
files will do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jupyter_challenge.core.run import ImageFiles
from jupyter_challenge.engines.containers import FOLDER, Manifest, container, platform_resources
from jupyter_challenge.steps.traveller import EMPTY, command

NAME = "data"
"""Of the container that copies."""
TOOLS = "/challenge-tools"
COPIES = "/challenge-data"
PRELOADED = "/etc/ld.so.preload"
"""Names libraries that the loader would put into every process; the image's own is covered."""
NO_LIBRARIES = ("LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "GLIBC_TUNABLES")
"""Variables by which an image's settings could have its own code loaded."""
TOOLS_SIZE = 100_000_000
SLACK = 50_000_000
"""Bytes that folders take beside the files in them."""

_TOOLS, _COPIES = "data-tools", "data-copies"


def added(
    pod: dict[str, Any],
    main: Manifest,
    said: Mapping[str, Any] | None,
    about: Mapping[str, str | int],
) -> dict[str, Any]:
    """The pod with what copies the data, after `prepare` and before all that follows.

    Args:
        pod: A run's pod.
        main: Its container that does the step, which gets the data, read-only.
        said: The `ImageFiles` of the order, as plain values.
        about: Whom the lines that it prints concern.
    """
    if said is None:
        return pod
    files = ImageFiles.model_validate(said)
    prepare, *rest = pod["initContainers"]
    prepare["volumeMounts"].append({"name": _TOOLS, "mountPath": TOOLS})
    main["volumeMounts"] += [
        {
            "name": _COPIES,
            "mountPath": f"{FOLDER}/work/input/{each.target}",
            "subPath": each.target,
            "readOnly": True,
        }
        for each in files.files
    ]
    volumes = [
        {"name": _TOOLS, "emptyDir": {"sizeLimit": str(TOOLS_SIZE)}},
        {"name": _COPIES, "emptyDir": {"sizeLimit": str(files.size + SLACK)}},
    ]
    return {
        **pod,
        "initContainers": [prepare, _copying(files, about), *rest],
        "volumes": [*pod["volumes"], *volumes],
    }


def _copying(files: ImageFiles, about: Mapping[str, str | int]) -> Manifest:
    made = container(NAME, files.image, "", resources=platform_resources())
    wanted = [text for each in files.files for text in (each.path, each.target)]
    return {
        **made,
        "command": [*command(TOOLS), json.dumps(about), COPIES, str(files.size), *wanted],
        "env": [*made["env"], *({"name": name, "value": ""} for name in NO_LIBRARIES)],
        "volumeMounts": [
            {"name": _TOOLS, "mountPath": TOOLS, "readOnly": True},
            {"name": _TOOLS, "mountPath": PRELOADED, "subPath": EMPTY, "readOnly": True},
            {"name": _COPIES, "mountPath": COPIES},
        ],
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
