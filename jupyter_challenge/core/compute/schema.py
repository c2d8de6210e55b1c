"""The JSON Schema of `profiles.yaml`, by which editors complete and check it while one types.

Written beside the code: `python -m jupyter_challenge.core.compute.schema`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyter_challenge.core.compute.catalogue import Catalogue

PATH = Path(__file__).with_name("profiles.schema.json")


def schema() -> dict[str, Any]:
    """Make the schema of the models."""
    made = Catalogue.model_json_schema(mode="validation")
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "profiles.yaml"
    return made


def write_schema(path: Path = PATH) -> None:
    """Write the schema beside the code."""
    text = json.dumps(schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    write_schema()
