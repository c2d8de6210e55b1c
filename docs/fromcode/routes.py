"""The service's routes and what travels on them, from its OpenAPI document."""

from __future__ import annotations

import functools
import json
from typing import Any

from fromcode.tables import code, table
from jupyter_challenge.service.app import openapi_document
from jupyter_challenge.service.routes import API

_VERBS = ("get", "post", "put", "patch", "delete")


@functools.cache
def _document() -> dict[str, Any]:
    return openapi_document()


def routes() -> str:
    """Write a section for each route."""
    return "\n".join(
        _route(verb, path, operations[verb])
        for path, operations in _document()["paths"].items()
        for verb in _VERBS
        if verb in operations
    )


def _route(verb: str, path: str, operation: dict[str, Any]) -> str:
    parts = [f"## {verb.upper()} {path.removeprefix(API)}"]
    if said := operation.get("description") or operation.get("summary"):
        parts.append(said.strip())
    if rows := [_parameter(each) for each in operation.get("parameters", [])]:
        parts.append(table(["parameter", "where", "type", "meaning"], rows))
    if body := operation.get("requestBody"):
        parts.append("Body\n: " + _contents(body["content"]))
    for status, answer in sorted(operation["responses"].items()):
        parts.append(f"{status}\n: {_answer(answer)}")
    example = _example(operation)
    if example is not None:
        shown = json.dumps(example, indent=1, ensure_ascii=False)
        parts += ["<details><summary>An answer</summary>", f"```json\n{shown}\n```", "</details>"]
    return "\n\n".join(parts) + "\n"


def _parameter(parameter: dict[str, Any]) -> list[str]:
    name = code(parameter["name"]) + (" (required)" if parameter.get("required") else "")
    schema = parameter.get("schema", {})
    said = parameter.get("description") or schema.get("description", "")
    return [name, parameter["in"], _type(schema), said]


def _contents(content: dict[str, Any]) -> str:
    return "; ".join(
        f"{code(kind)}: {_type(body.get('schema', {}))}" for kind, body in content.items()
    )


def _answer(answer: dict[str, Any]) -> str:
    contents = _contents(answer.get("content", {}))
    said = answer.get("description", "").removeprefix("Successful Response")
    return " ".join(part for part in (said, contents) if part) or "Nothing more."


def _example(operation: dict[str, Any]) -> Any:
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            found = answer.get("content", {}).get("application/json", {}).get("example")
            if found is not None:
                return found
    return None


def models() -> str:
    """Write a section for each model."""
    schemas = _document()["components"]["schemas"]
    return "\n".join(_model(name, schemas[name]) for name in sorted(schemas))


def _model(name: str, model: dict[str, Any]) -> str:
    parts = [f"## {name}", model.get("description", "")]
    if "enum" in model:
        parts.append("One of " + ", ".join(code(value) for value in model["enum"]) + ".")
    if "properties" in model:
        required = model.get("required", [])
        rows = [
            [
                code(key),
                _type(field),
                "yes" if key in required else "",
                field.get("description", ""),
            ]
            for key, field in model["properties"].items()
        ]
        parts.append(table(["field", "type", "always there", "meaning"], rows))
    return "\n\n".join(part for part in parts if part) + "\n"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](/developers/models.md#{name.lower()})"
    if "enum" in schema:
        return " or ".join(code(value) for value in schema["enum"])
    if "const" in schema:
        return code(schema["const"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(each) for each in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}" if "items" in schema else "list"
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict) and extra:
        return f"object of {_type(extra)}"
    return str(schema.get("format") or schema.get("contentMediaType") or schema.get("type", "any"))
