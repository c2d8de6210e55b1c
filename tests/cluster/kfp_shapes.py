"""What answers of a Kubeflow Pipelines server look like, whatever they say: names and types."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent / "kfp_samples"

FREE = {"pipeline_spec", "plugins_output", "parameters"}
"""What depends on the pipeline or on the installation."""


def sample(name: str) -> dict[str, Any]:
    """A real server's answer."""
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def all_runs() -> list[dict[str, Any]]:
    """Every run of the samples, and one of which no state is said, as for a while may be."""
    stateless = sample("get_run.PENDING")
    del stateless["state"]
    found = [stateless]
    for path in sorted(SAMPLES.glob("*.json")):
        said = sample(path.stem)
        found += said.get("runs", [said])
    return found


def unlike(said: Any, examples: list[Any], at: str = "") -> Iterator[str]:
    """Name each field that no example has, that each has and this has not, or of another type."""
    if not {type(said)} <= {type(each) for each in examples}:
        yield f"{at or 'it'} is {type(said).__name__}"
    elif isinstance(said, dict):
        always = set.intersection(*(set(each) for each in examples))
        yield from (f"{at}.{name} is missing" for name in sorted(always - set(said) - FREE))
        for name, value in said.items():
            if name in FREE:
                continue
            found = [each[name] for each in examples if name in each]
            if found:
                yield from unlike(value, found, f"{at}.{name}")
            else:
                yield f"{at}.{name} is in no sample"
    elif isinstance(said, list):
        items = [item for each in examples for item in each]
        for item in said:
            yield from unlike(item, items, f"{at}[]")
