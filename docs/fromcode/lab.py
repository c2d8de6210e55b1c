"""What the extension adds to JupyterLab: its commands and its settings."""

from __future__ import annotations

import json
import re
from pathlib import Path

from fromcode.tables import code, table

ROOT = Path(__file__).parents[2]
_COMMAND = re.compile(
    r"(?:/\*\*(?P<said>(?:(?!\*/).)+)\*/\s*)?"
    r"export const \w+\s*=\s*'(?P<id>jupyter-challenge:[a-z]+-[a-z-]+)'",
    re.DOTALL,
)


def all_commands() -> dict[str, str]:
    """Return the ids of the commands with what their comments say."""
    return {
        found["id"]: " ".join((found["said"] or "").replace("*", " ").split())
        for file in sorted((ROOT / "src").rglob("*ids.ts"))
        for found in _COMMAND.finditer(file.read_text("utf-8"))
    }


def commands() -> str:
    """Write a table of the commands."""
    rows = ([code(id), said] for id, said in all_commands().items())
    return table(["command", "what it does"], rows)


def all_settings() -> dict[str, dict[str, object]]:
    """Return the settings as the schema has them."""
    schema = json.loads((ROOT / "schema" / "plugin.json").read_text("utf-8"))
    found: dict[str, dict[str, object]] = schema["properties"]
    return found


def settings() -> str:
    """Write a table of the settings."""
    found = all_settings()
    if not found:
        return "There is nothing to set yet.\n"
    return table(
        ["setting", "name", "default", "meaning"],
        (
            [
                str(field.get("title", name)),
                code(name),
                code(json.dumps(field.get("default"))),
                str(field.get("description", "")),
            ]
            for name, field in found.items()
        ),
    )
