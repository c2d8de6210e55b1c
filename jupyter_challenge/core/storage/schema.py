"""The JSON Schema of `storage.yaml`, by which editors complete and check it while one types.

Written beside the code: `python -m jupyter_challenge.core.storage.schema`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyter_challenge.core.storage.model import Storage

PATH = Path(__file__).with_name("storage.schema.json")


def schema() -> dict[str, Any]:
    """Make the schema of the models."""
    made = Storage.model_json_schema(mode="validation")
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "storage.yaml"
    return made


def write_schema(path: Path = PATH) -> None:
    """Write the schema beside the code."""
    text = json.dumps(schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    write_schema()
