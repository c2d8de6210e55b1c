"""Say in plain words what pydantic found in a file that people write, and what mends it."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from jupyter_challenge.core.marked_yaml import Loc, Marked

Found = tuple[Loc, str, str, bool]
"""Location, message, fix, and whether the place is the key's rather than the value's."""


@dataclass(frozen=True, order=True)
class Problem:
    """A mistake in a file that people write, or in a folder of them.

    Attributes:
        file: Its path.
        line: Counted from 1; 0 where the mistake is of the whole file.
        column: Counted from 1; 0 where the mistake is of the whole line.
        message: What is wrong.
        fix: What mends it.
    """

    file: str
    line: int
    column: int
    message: str
    fix: str


@dataclass(frozen=True)
class Words:
    """What is said of some keys in words of their own.

    Attributes:
        unions: Message and fix for values that may be of several types.
        patterns: What is said after a value that is not written as it should be, and a fix.
    """

    unions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    patterns: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def placed(marked: Marked, file: str, found: Found) -> Problem:
    """Give what was found its line in the file."""
    loc, message, fix, at_key = found
    mark = marked.mark(loc, key=at_key)
    return Problem(file, mark.line, mark.column, message, fix)


_NUMBERS = {"int": "a whole number", "float": "a number", "bool": "true or false"}
_LIMITS = {
    "greater_than": ("gt", "must be greater than"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be less than"),
    "less_than_equal": ("le", "must be at most"),
}


def model_problems(
    error: ValidationError, raw: dict[str, Any], root: type[BaseModel], words: Words
) -> Iterator[Found]:
    """Translate pydantic's errors; several about one value of several types become one.

    Args:
        error: What pydantic found.
        raw: What the file says.
        root: The model of the whole file.
        words: What is said of some of its keys.
    """
    told: set[Loc] = set()
    errors = error.errors(include_url=False)
    unknown = [each["loc"] for each in errors if each["type"] == "extra_forbidden"]
    # A misspelt key is missing too; saying it once is enough.
    meant = {(*loc[:-1], near) for loc in unknown if (near := _meant(loc, root))}
    for each in errors:
        loc = each["loc"]
        if each["type"] in {"missing", "extra_forbidden"}:
            if each["type"] != "missing" or loc not in meant:
                yield _key_problem(loc, each["type"], root)
            continue
        inside = _existing(raw, loc)
        if inside in told:
            continue
        told.add(inside)
        message, fix = _value_problem(inside, loc, dict(each), root, words)
        where = f"{inside[-1]}: " if inside and isinstance(inside[-1], str) else ""
        yield inside, where + message, fix, False


def _existing(raw: Any, loc: Loc) -> Loc:
    """Cut a location to what the file has; pydantic adds names of branches of a union."""
    at: list[str | int] = []
    for part in loc:
        in_list = isinstance(raw, list) and isinstance(part, int) and part < len(raw)
        if not in_list and not (isinstance(raw, dict) and part in raw):
            break
        raw = raw[part]
        at.append(part)
    return tuple(at)


def _key_problem(loc: Loc, kind: str, root: type[BaseModel]) -> Found:
    model, name = _model_at(loc[:-1], root), str(loc[-1])
    if kind == "missing":
        info = model.model_fields.get(name) if model else None
        about = f" ({info.description.rstrip('.')})" if info and info.description else ""
        where = f' in "{loc[-2]}"' if len(loc) > 1 and isinstance(loc[-2], str) else ""
        return loc[:-1], f'"{name}" is missing{where}', f"add `{name}:`{about}", True
    near = _meant(loc, root)
    known = ", ".join(model.model_fields) if model else ""
    fix = f'did you mean "{near}"?' if near else f"known here: {known}"
    return loc, f'there is no key "{name}" here', fix, True


def _meant(loc: Loc, root: type[BaseModel]) -> str | None:
    """Guess which key an unknown one was meant to be."""
    model = _model_at(loc[:-1], root)
    near = difflib.get_close_matches(str(loc[-1]), list(model.model_fields) if model else [], n=1)
    return near[0] if near else None


def _value_problem(
    inside: Loc, loc: Loc, each: dict[str, Any], root: type[BaseModel], words: Words
) -> tuple[str, str]:
    kind, context = each["type"], each.get("ctx") or {}
    name = inside[-1] if inside else ""
    if name in words.unions and (len(loc) > len(inside) or kind == "string_pattern_mismatch"):
        return words.unions[str(name)]
    if kind == "value_error":
        return _own_message(str(context.get("error", each["msg"])))
    if kind in {"enum", "literal_error"}:
        expected = str(context["expected"])
        allowed = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
        near = difflib.get_close_matches(str(each["input"]), allowed, n=1)
        fix = f'did you mean "{near[0]}"?' if near else f"write one of {', '.join(allowed)}"
        return f"must be one of {', '.join(allowed)}, not {_shown(each['input'])}", fix
    if kind in _LIMITS:
        key, rule = _LIMITS[kind]
        limit = context.get(key)
        return f"{rule} {limit}, it is {_shown(each['input'])}", f"choose a value: {rule} {limit}"
    if kind == "string_type":
        return f"must be text, not {_shown(each['input'])}", "put it in quotes"
    if kind == "string_pattern_mismatch":
        return _pattern_problem(inside, each, words)
    if kind in {"string_too_long", "string_too_short", "too_short", "too_long"}:
        return each["msg"].replace("String", "Text").replace(
            "List", "The list"
        ), "change its length"
    if kind in {"list_type", "tuple_type"}:
        one = each["input"] if isinstance(each["input"], str) else "first, second"
        return f"must be a list, not {_shown(each['input'])}", f"write [{one}]"
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        model = _model_at(inside, root)
        known = f": {', '.join(list(model.model_fields)[:8])}" if model else ""
        return f"must have keys below it, not {_shown(each['input'])}", f"write keys{known}"
    if kind.startswith("datetime"):
        return f"{_shown(each['input'])} is not a time", "write for example 2026-12-24T18:00"
    for start, number in _NUMBERS.items():
        if kind.startswith(start):
            return f"must be {number}, not {_shown(each['input'])}", f"write {number}"
    return each["msg"], "see the description of this key in the documentation"


def _own_message(text: str) -> tuple[str, str]:
    """Split a message of ours into what is wrong and what mends it."""
    message, _, fix = text.partition("; ")
    if not fix:
        message, _, fix = text.partition(": ")
    return message, fix or "change it or leave it out"


def _pattern_problem(inside: Loc, each: dict[str, Any], words: Words) -> tuple[str, str]:
    shown = _shown(each["input"])
    for name in reversed(inside):
        if name in words.patterns:
            said, fix = words.patterns[str(name)]
            return f"{shown} {said}", fix
    suggestion = "-".join(str(each["input"]).lower().replace("_", " ").split())
    plain = "".join(c for c in suggestion if c.isascii() and (c.isalnum() or c == "-")).strip("-")
    return (
        f"{shown} must be small letters, digits and hyphens, at most 63",
        f'write "{plain or "my-challenge"}"',
    )


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "empty"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f'"{text[:60]}"'


def _model_at(loc: Loc, root: type[BaseModel]) -> type[BaseModel] | None:
    """Find the model that describes what is at a location."""
    model: type[BaseModel] | None = root
    for part in loc:
        if isinstance(part, int):
            continue
        info: FieldInfo | None = model.model_fields.get(part) if model else None
        model = _model_in(info.annotation) if info else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in {list, typing.Union, types.UnionType, typing.Annotated}:
        for argument in typing.get_args(annotation):
            found = _model_in(argument)
            if found is not None:
                return found
    return None
