"""Say in plain words what pydantic found in `challenge.yaml`, and what mends it."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from jupyter_challenge.core.challenge import (
    Access,
    Baseline,
    Challenge,
    Evaluator,
    MetricSpec,
    Output,
    Phase,
)
from jupyter_challenge.core.challenge_data import Data
from jupyter_challenge.core.marked_yaml import Loc

Found = tuple[Loc, str, str, bool]
"""Location, message, fix, and whether the place is the key's rather than the value's."""

_UNIONS = {
    "reveal": ("must be end, never or a time", "write end, never or 2026-12-24T18:00"),
    "prediction": ("must be a column or a list of columns", "write a name, or [first, second]"),
    "stratify": ("must be true, false or a column", "write true, false or a column of the labels"),
    "name": (
        "must be a metric's name: small letters, digits and underscores",
        "write for example balanced_accuracy",
    ),
    "bounds": ("must be two numbers", "write [lowest, highest], with null where there is none"),
}
_NUMBERS = {"int": "a whole number", "float": "a number", "bool": "true or false"}
_LIMITS = {
    "greater_than": ("gt", "must be greater than"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be less than"),
    "less_than_equal": ("le", "must be at most"),
}


def spec_problems(error: ValidationError, raw: dict[str, Any]) -> Iterator[Found]:
    """Translate pydantic's errors; several about one value of several types become one."""
    told: set[Loc] = set()
    errors = error.errors(include_url=False)
    unknown = [each["loc"] for each in errors if each["type"] == "extra_forbidden"]
    # A misspelt key is missing too; saying it once is enough.
    meant = {(*loc[:-1], near) for loc in unknown if (near := _meant(loc))}
    for each in errors:
        loc = each["loc"]
        if each["type"] in {"missing", "extra_forbidden"}:
            if each["type"] != "missing" or loc not in meant:
                yield _key_problem(loc, each["type"])
            continue
        inside = _existing(raw, loc)
        if inside in told:
            continue
        told.add(inside)
        message, fix = _value_problem(inside, loc, dict(each))
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


def _key_problem(loc: Loc, kind: str) -> Found:
    model, name = model_at(loc[:-1]), str(loc[-1])
    if kind == "missing":
        info = model.model_fields.get(name) if model else None
        about = f" ({info.description.rstrip('.')})" if info and info.description else ""
        where = f' in "{loc[-2]}"' if len(loc) > 1 and isinstance(loc[-2], str) else ""
        return loc[:-1], f'"{name}" is missing{where}', f"add `{name}:`{about}", True
    near = _meant(loc)
    known = ", ".join(model.model_fields) if model else ""
    fix = f'did you mean "{near}"?' if near else f"known here: {known}"
    return loc, f'there is no key "{name}" here', fix, True


def _meant(loc: Loc) -> str | None:
    """Guess which key an unknown one was meant to be."""
    model = model_at(loc[:-1])
    near = difflib.get_close_matches(str(loc[-1]), list(model.model_fields) if model else [], n=1)
    return near[0] if near else None


def _value_problem(inside: Loc, loc: Loc, each: dict[str, Any]) -> tuple[str, str]:
    kind, context = each["type"], each.get("ctx") or {}
    name = inside[-1] if inside else ""
    if name in _UNIONS and (len(loc) > len(inside) or kind == "string_pattern_mismatch"):
        return _UNIONS[str(name)]
    if kind == "value_error":
        return _own_message(str(context.get("error", each["msg"])))
    if kind in {"enum", "literal_error"}:
        expected = str(context["expected"])
        allowed = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
        near = difflib.get_close_matches(str(each["input"]), allowed, n=1)
        fix = f'did you mean "{near[0]}"?' if near else f"write one of {', '.join(allowed)}"
        return f"must be one of {', '.join(allowed)}, not {_shown(each['input'])}", fix
    if kind in _LIMITS:
        key, words = _LIMITS[kind]
        limit = context.get(key)
        return f"{words} {limit}, it is {_shown(each['input'])}", f"choose a value: {words} {limit}"
    if kind == "string_type":
        return f"must be text, not {_shown(each['input'])}", "put it in quotes"
    if kind == "string_pattern_mismatch":
        return _pattern_problem(str(name), each)
    if kind in {"string_too_long", "string_too_short", "too_short", "too_long"}:
        return each["msg"].replace("String", "Text").replace(
            "List", "The list"
        ), "change its length"
    if kind in {"list_type", "tuple_type"}:
        one = each["input"] if isinstance(each["input"], str) else "first, second"
        return f"must be a list, not {_shown(each['input'])}", f"write [{one}]"
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        model = model_at(inside)
        known = f": {', '.join(list(model.model_fields)[:8])}" if model else ""
        return f"must have keys below it, not {_shown(each['input'])}", f"write keys{known}"
    if kind.startswith("datetime"):
        return f"{_shown(each['input'])} is not a time", "write for example 2026-12-24T18:00"
    for start, words in _NUMBERS.items():
        if kind.startswith(start):
            return f"must be {words}, not {_shown(each['input'])}", f"write {words}"
    return each["msg"], "see the description of this key in the documentation"


def _own_message(text: str) -> tuple[str, str]:
    """Split a message of ours into what is wrong and what mends it."""
    message, _, fix = text.partition("; ")
    if not fix:
        message, _, fix = text.partition(": ")
    return message, fix or "change it or leave it out"


def _pattern_problem(name: str, each: dict[str, Any]) -> tuple[str, str]:
    shown = _shown(each["input"])
    if name == "file":
        return f"{shown} is not a plain file name", "write for example predictions.csv"
    if name == "function":
        return f"{shown} is not the name of a function", "write for example evaluate"
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


def model_at(loc: Loc) -> type[BaseModel] | None:
    """Find the model that describes what is at a location."""
    model: type[BaseModel] | None = Challenge
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


@dataclass(frozen=True)
class Draft:
    """The parts of a challenge that are well in themselves, whatever is wrong with others.

    None is a part that is not there or not well; lists keep the index in the file.
    """

    texts: dict[str, str] = field(default_factory=dict)
    data: Data | None = None
    output: Output | None = None
    evaluator: Evaluator | None = None
    evaluator_is_wrong: bool = False
    metrics: list[tuple[int, MetricSpec]] = field(default_factory=list)
    phases: list[tuple[int, Phase]] = field(default_factory=list)
    baselines: list[tuple[int, Baseline]] = field(default_factory=list)
    access: Access | None = None

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Draft:
        """Read each part by itself."""
        texts = {"description": "README.md"}
        for name in ("description", "terms", "starter"):
            path = _part(_path_type(name), raw.get(name))
            if path is not None:
                texts[name] = path
        evaluator = _part(Evaluator, raw.get("evaluator"))
        rules = raw.get("submission", {})
        return cls(
            texts=texts,
            data=_part(Data, raw.get("data")),
            output=_part(Output, rules.get("output", {})) if isinstance(rules, dict) else None,
            evaluator=evaluator,
            evaluator_is_wrong=evaluator is None and raw.get("evaluator") is not None,
            metrics=_parts(MetricSpec, raw.get("metrics")),
            phases=_parts(Phase, raw.get("phases")),
            baselines=_parts(Baseline, raw.get("baselines")),
            access=_part(Access, raw.get("access", {})),
        )

    def problems(self) -> Iterator[Found]:
        """Find what pydantic cannot say, or says without a place."""
        for part, names in (
            ("metrics", [(i, "name", m.name) for i, m in self.metrics]),
            ("phases", [(i, "id", p.id) for i, p in self.phases]),
        ):
            seen: set[str] = set()
            for i, key, name in names:
                if name in seen:
                    yield (
                        (part, i, key),
                        f'"{name}" is named twice',
                        "give each its own name",
                        False,
                    )
                seen.add(name)
        ranked = [i for i, metric in self.metrics if metric.ranked]
        for i in ranked[1:]:
            yield (
                ("metrics", i, "ranked"),
                "a second metric is ranked",
                "mark one metric; the others show beside it",
                False,
            )
        access = self.access
        if access and access.mode == "group" and not access.groups:
            yield ("access", "mode"), "no group may enter", "add `groups: [name]`", False
        if access and access.mode == "invitation" and not access.invited:
            yield ("access", "mode"), "nobody is invited", "add `invited: [user]`", False


def _path_type(name: str) -> Any:
    return Challenge.model_fields[name].rebuild_annotation()


def _part(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return None


def _parts(kind: Any, values: Any) -> list[tuple[int, Any]]:
    if not isinstance(values, list):
        return []
    read = [(i, _part(kind, value)) for i, value in enumerate(values)]
    return [(i, part) for i, part in read if part is not None]
