"""Sizes and durations as people write them: `"2 GB"` and `"10 min"`."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B?\s*$")
_TIME = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|sec|min|m|h|d)?\s*$")
_TIME_UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


def _parse_size(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _SIZE.match(value)
    if match is None:
        raise ValueError(f'"{value}" is not a size; write for example "500 MB" or "2 GB"')
    number, prefix, binary = match.groups()
    base = 1024 if binary else 1000
    return int(float(number) * base ** " kMGT".index(prefix or " "))


def _parse_duration(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _TIME.match(value)
    if match is None:
        raise ValueError(f'"{value}" is not a duration; write for example "90 s" or "10 min"')
    number, unit = match.groups()
    return float(number) * _TIME_UNITS[unit or "s"]


def _number_or_text(kind: str, limits: dict[str, Any], units: str, example: str) -> dict[str, Any]:
    """Describe what YAML may hold: a number, or a text with a unit."""
    text = {"type": "string", "pattern": rf"^\s*\d+(\.\d+)?\s*{units}\s*$", "examples": [example]}
    return {"anyOf": [{"type": kind, **limits}, text]}


Size = Annotated[
    int,
    BeforeValidator(_parse_size),
    Field(ge=1, description="bytes or '2 GB'"),
    WithJsonSchema(_number_or_text("integer", {"minimum": 1}, r"[kMGT]?i?B?", "2 GB")),
]
Duration = Annotated[
    float,
    BeforeValidator(_parse_duration),
    Field(gt=0, description="seconds or '10 min'"),
    WithJsonSchema(
        _number_or_text("number", {"exclusiveMinimum": 0}, r"(s|sec|min|m|h|d)?", "10 min")
    ),
]
