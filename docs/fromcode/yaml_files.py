"""Every field of challenge.yaml, profiles.yaml and storage.yaml, from the models behind them."""

from __future__ import annotations

import json
from typing import Any

from fromcode.tables import code, table
from jupyter_challenge.core import schema
from jupyter_challenge.core.compute import schema as profiles_schema
from jupyter_challenge.core.storage import schema as storage_schema

_TYPES = {
    "array": "list",
    "boolean": "yes or no",
    "integer": "whole number",
    "null": "nothing",
    "number": "number",
    "object": "keys and values",
    "string": "text",
}
_SIZE = "[kMGT]?i?B?"


def challenge() -> str:
    """Write what challenge.yaml may say."""
    return _fields(schema.schema())


def profiles() -> str:
    """Write what profiles.yaml may say."""
    return _fields(profiles_schema.schema())


def storage() -> str:
    """Write what storage.yaml may say."""
    return _fields(storage_schema.schema())


def _fields(document: dict[str, Any]) -> str:
    """Write a table for the whole file and one for each part, in the order of the file."""
    parts = document["$defs"]
    sections = ["## The file\n", document["description"] + "\n", _table(document, "", parts)]
    for name, path in _order(document, "", parts):
        part = parts[name]
        sections += [f"## {path}\n", part["description"] + "\n", _table(part, path, parts)]
    return "\n".join(sections)


def _order(model: dict[str, Any], path: str, parts: dict[str, Any]) -> list[tuple[str, str]]:
    """Name the parts below a model with their paths, each once."""
    found: list[tuple[str, str]] = []
    for key, field in model["properties"].items():
        for name in _references(field):
            here = f"{path}{key}" + ("[]" if field.get("type") == "array" else "")
            if "properties" in parts[name] and name not in [each for each, _ in found]:
                found.append((name, here))
                found += _order(parts[name], f"{here}.", parts)
    return found


def _references(field: dict[str, Any]) -> list[str]:
    options = [field, field.get("items", {}), *field.get("anyOf", [])]
    return [each["$ref"].rsplit("/", 1)[-1] for each in options if "$ref" in each]


def _table(model: dict[str, Any], path: str, parts: dict[str, Any]) -> str:
    required = model.get("required", [])
    start = f"{path}." if path else ""
    return table(
        ["field", "type", "default", "meaning"],
        (
            [
                code(start + key),
                _type(field, parts),
                "required" if key in required else _default(field),
                _meaning(field, parts),
            ]
            for key, field in model["properties"].items()
        ),
    )


def _default(field: dict[str, Any]) -> str:
    value = field.get("default")
    return "" if value in (None, "", [], {}) else code(json.dumps(value, ensure_ascii=False))


def _meaning(field: dict[str, Any], parts: dict[str, Any]) -> str:
    said = field.get("description", "")
    if not said:
        said = " ".join(parts[name].get("description", "") for name in _references(field))
    return said


def _type(field: dict[str, Any], parts: dict[str, Any]) -> str:
    if "$ref" in field:
        part = parts[_references(field)[0]]
        return "its own keys" if "properties" in part else _type(part, parts)
    if "enum" in field:
        return " or ".join(code(value) for value in field["enum"])
    if "const" in field:
        return code(field["const"])
    if "anyOf" in field:
        pattern = str(field["anyOf"][-1].get("pattern", ""))
        if _SIZE in pattern:
            return "size: bytes or `2 GB`"
        if "min" in pattern:
            return "duration: seconds or `10 min`"
        kinds = [_type(each, parts) for each in field["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if field.get("format") == "date-time":
        return "time"
    if field.get("type") == "array" and "items" in field:
        return f"list of {_type(field['items'], parts)}"
    return _TYPES[field["type"]] + _limits(field)


def _limits(field: dict[str, Any]) -> str:
    said = [
        words.format(field[key])
        for key, words in (
            ("minimum", "at least {}"),
            ("exclusiveMinimum", "above {}"),
            ("maximum", "at most {}"),
            ("exclusiveMaximum", "below {}"),
            ("maxLength", "at most {} characters"),
        )
        if key in field
    ]
    return f" ({', '.join(said)})" if said else ""
