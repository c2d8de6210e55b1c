"""Parameters of a notebook in its own language: read the literals, write the assignments."""

from __future__ import annotations

import ast
import difflib
import json
import math
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_challenge.core.errors import InvalidSubmission

_ASSIGNMENT = re.compile(r"^\s*([A-Za-z_.][\w.]*)\s*(?:<-|=)\s*(.+?)\s*;?\s*$")
_NAME = re.compile(r"^[A-Za-z_]\w*$")
_WORDS: dict[str, Any] = {
    "TRUE": True, "true": True, "FALSE": False, "false": False,
    "NULL": None, "nothing": None,
}  # fmt: skip


def literals(source: str, language: str) -> dict[str, Any]:
    """Read the names that a cell gives literal values; what is computed is left out."""
    return _python_literals(source) if language == "python" else _line_literals(source)


def _python_literals(source: str) -> dict[str, Any]:
    lines = ["" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()]
    try:
        body = ast.parse("\n".join(lines)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[str, Any] = {}
    for statement in body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        else:
            continue
        try:
            literal = ast.literal_eval(value)
            json.dumps(literal, allow_nan=False)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue
        found.update({target.id: literal for target in targets if isinstance(target, ast.Name)})
    return found


def _line_literals(source: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in source.splitlines():
        match = _ASSIGNMENT.match(line.split(" #")[0])
        if match is None:
            continue
        name, text = match.groups()
        if text in _WORDS:
            found[name] = _WORDS[text]
            continue
        try:
            literal = ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            if not re.fullmatch(r"[\w./-]+", text):
                continue
            literal = text  # a bare word, as in bash
        if isinstance(literal, (bool, int, float, str)):
            found[name] = literal
    return found


def assignments(values: Mapping[str, Any], language: str, *, known: Mapping[str, Any]) -> str:
    """Write a cell that assigns `values` in a language.

    Args:
        values: JSON values by name.
        language: python, r, julia or bash.
        known: Parameters that the notebook has.

    Raises:
        InvalidSubmission: A name is unknown, or the language cannot be written.
    """
    write = _LANGUAGES.get(language)
    if write is None:
        raise InvalidSubmission(
            f"Parameters cannot be set in a notebook of language {language}.",
            hint=f"They can in {', '.join(sorted(_LANGUAGES))}; else edit the cell itself.",
        )
    lines = ["# Parameters"]
    for name, value in values.items():
        if name not in known or not _NAME.match(name):
            near = difflib.get_close_matches(name, list(known), n=1)
            also = f' Did you mean "{near[0]}"?' if near else ""
            have = ", ".join(known) or "none"
            raise InvalidSubmission(
                f'The notebook has no parameter "{name}".{also}',
                hint=f"Its tagged cell assigns: {have}.",
            )
        lines.append(write(name, value))
    return "\n".join(lines)


def _python(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {_python(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_python(v) for v in value) + "]"
    return repr(value)


def _quoted(value: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("$", r"\$")


def _r(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return f"{value}L" if abs(value) < 2**31 else repr(float(value))
    if isinstance(value, float):
        return {"inf": "Inf", "-inf": "-Inf", "nan": "NaN"}.get(repr(value), repr(value))
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "list(" + ", ".join(f"{_r(str(k))} = {_r(v)}" for k, v in value.items()) + ")"
    return "list(" + ", ".join(_r(v) for v in value) + ")"


def _julia(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return {"inf": "Inf", "-inf": "-Inf", "nan": "NaN"}.get(repr(value), repr(value))
    if isinstance(value, int):
        return repr(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        return "Dict(" + ", ".join(f"{_quoted(k)} => {_julia(v)}" for k, v in value.items()) + ")"
    return "[" + ", ".join(_julia(v) for v in value) + "]"


def _bash(value: Any) -> str:
    if value is None:
        return "''"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "(" + " ".join(_bash(v) for v in value) + ")"
    if isinstance(value, dict):
        return shlex.quote(json.dumps(value))
    return shlex.quote(str(value))


_LANGUAGES: dict[str, Callable[[str, Any], str]] = {
    "python": lambda name, value: f"{name} = {_python(value)}",
    "r": lambda name, value: f"{name} = {_r(value)}",
    "julia": lambda name, value: f"{name} = {_julia(value)}",
    "bash": lambda name, value: f"{name}={_bash(value)}",
}
