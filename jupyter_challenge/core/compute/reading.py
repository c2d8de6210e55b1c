"""Read a `profiles.yaml` and name every mistake at once, with its line and what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from jupyter_challenge.core.checked_file import text_of, told
from jupyter_challenge.core.compute.catalogue import Catalogue, disagreements
from jupyter_challenge.core.compute.profile import ComputeProfile
from jupyter_challenge.core.errors import InvalidProfiles
from jupyter_challenge.core.marked_yaml import read_marked
from jupyter_challenge.core.model_problems import Found, Problem, Words, model_problems, placed

_LABEL = ("is no label of Kubernetes", "write for example nvidia.com/gpu.product: Tesla-T4")
_NAME = ("is no name of an object in Kubernetes", "write small letters, digits and hyphens")
_WORDS = Words(
    patterns={
        "product_labels": _LABEL,
        "node_labels": _LABEL,
        "tolerations": ("is no key or value of a taint", "write for example key: nvidia.com/gpu"),
        "topology": ("is no label of nodes", "write for example topology.kubernetes.io/zone"),
        "fabric": ("is no resource", "write for example rdma/rdma_shared_device_a"),
        "quota": ("is no amount", "write for example 64, 500m or 256Gi"),
        "images": ("is no image", "write for example registry.example.org/notebook:1"),
        "queue": _NAME,
        "priority": _NAME,
    },
)


def load_catalogue(path: Path) -> Catalogue:
    """Read and check a catalogue.

    Raises:
        InvalidProfiles: `details["problems"]` lists every mistake as a dictionary of
            file, line, column, message and fix.
    """
    catalogue, problems = check_catalogue(path)
    if catalogue is None or problems:
        raise InvalidProfiles(**told(problems, "The compute profiles have"))
    return catalogue


def check_catalogue(path: Path) -> tuple[Catalogue | None, list[Problem]]:
    """Read a catalogue and list its mistakes, by line."""
    text = text_of(path, "the compute profiles")
    if isinstance(text, Problem):
        return None, [text]
    return read_catalogue(text, str(path))


def read_catalogue(
    text: str, file: str = "profiles.yaml"
) -> tuple[Catalogue | None, list[Problem]]:
    """Read the text of a catalogue and list its mistakes, by line.

    Args:
        text: What the file says.
        file: What it is called in the mistakes.
    """
    marked = read_marked(text)
    problems = [
        Problem(file, m.mark.line, m.mark.column, m.message, m.fix) for m in marked.mistakes
    ]
    raw = marked.value
    if not isinstance(raw, dict):
        if not problems:
            problems = [Problem(file, 1, 1, "there are no profiles here", "begin with `profiles:`")]
        return None, problems
    catalogue: Catalogue | None = None
    found = list(_between(raw))
    try:
        catalogue = Catalogue.model_validate(raw)
    except ValidationError as error:
        said = model_problems(error, raw, Catalogue, _WORDS)
        # What pydantic says of the whole was found above with a place.
        found += [each for each in said if each[0] or each[3] or not found]
    if not raw.get("profiles"):
        found.append((("profiles",), "there are no profiles", "add one: `- id: cpu`", True))
    problems += [placed(marked, file, each) for each in found]
    return catalogue, sorted(set(problems))


def _between(raw: dict[str, Any]) -> Iterator[Found]:
    """What is wrong between the profiles that are well in themselves."""
    said = raw.get("profiles")
    well: list[tuple[int, ComputeProfile]] = []
    for at, each in enumerate(said if isinstance(said, list) else []):
        try:
            well.append((at, ComputeProfile.model_validate(each)))
        except ValidationError:
            return  # quotas of some say nothing of all
    yield from disagreements(well, first_free=raw.get("first_free") is True)


def as_yaml(catalogue: Catalogue) -> str:
    """Write a catalogue as a `profiles.yaml`; what is left out is as it is by default."""
    said = catalogue.model_dump(mode="json", exclude_defaults=True)
    for profile in said.get("profiles", ()):
        profile.update(
            {k: _in_units(profile[k], _SIZES) for k in ("memory", "shm") if k in profile}
        )
        times = ("idle_timeout", "max_lifetime")
        profile.update({k: _in_units(profile[k], _TIMES) for k in times if k in profile})
        if isinstance(profile.get("cpu"), float) and profile["cpu"].is_integer():
            profile["cpu"] = int(profile["cpu"])
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=100)


_SIZES = {"TiB": 1 << 40, "GiB": 1 << 30, "MiB": 1 << 20, "TB": 10**12, "GB": 10**9, "MB": 10**6}
_TIMES = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


def _in_units(number: float, units: Mapping[str, int]) -> float | str:
    """Write a size or a duration as people do, where it comes out even."""
    for unit, size in units.items():
        if number % size == 0:
            return f"{number // size:g} {unit}"
    return number
