"""The built-in metrics, family by family."""

from __future__ import annotations

import typing
from typing import Any

from fromcode.tables import code, table
from jupyter_challenge.core.metrics import METRICS, Bounds, Metric, Needs, Options

_NEEDS = {
    Needs.CLASSES: "one class per row",
    Needs.PROBABILITIES: "probabilities or scores: one column, or one for each class",
    Needs.NUMBERS: "one number per row",
    Needs.MEAN_AND_SIGMA: "two columns, `mean` and `sigma`",
    Needs.RELEVANCE: "one number per row by which its list is ordered",
}
_BETTER = {"maximize": "higher", "minimize": "lower"}


def metrics() -> str:
    """Write a table for each family of metrics, and then the options."""
    families: dict[str, list[Metric]] = {}
    for metric in METRICS.values():
        families.setdefault(metric.family, []).append(metric)
    tables = [_family(name, rows) for name, rows in families.items()]
    return "\n".join([*tables, "## Options\n", _common(), _own()])


def _family(name: str, rows: list[Metric]) -> str:
    return f"## {name.capitalize()}\n\n" + table(
        ["name", "what it measures", "better", "values", "predictions are"],
        (
            [
                code(row.name),
                row.summary,
                _BETTER[row.direction.value],
                _range(row.bounds),
                _NEEDS[row.needs],
            ]
            for row in rows
        ),
    )


def _range(bounds: Bounds) -> str:
    low, high = ("" if bound is None else f"{bound:g}" for bound in bounds)
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"up to {high}" if high else "any"


def _common() -> str:
    return "Every metric has these.\n\n" + _options(Options, without=set())


def _own() -> str:
    by_options: dict[type[Options], list[str]] = {}
    for metric in METRICS.values():
        by_options.setdefault(metric.options, []).append(metric.name)
    return "\n".join(
        f"### {', '.join(f'`{name}`' for name in names)}\n\n"
        + _options(options, without=_same_as_common(options))
        for options, names in by_options.items()
        if options is not Options
    )


def _same_as_common(options: type[Options]) -> set[str]:
    return {
        name
        for name, field in Options.model_fields.items()
        if options.model_fields[name].is_required() == field.is_required()
    }


def _options(options: type[Options], without: set[str]) -> str:
    return table(
        ["option", "type", "default", "meaning"],
        (
            [
                code(name),
                _type(field.annotation),
                "required" if field.is_required() else code(_yaml(field.default)),
                field.description or "",
            ]
            for name, field in options.model_fields.items()
            if name not in without
        ),
    )


def _yaml(value: Any) -> str:
    return {None: "null", True: "true", False: "false"}.get(value, str(value))


def _type(annotation: Any) -> str:
    arguments = [each for each in typing.get_args(annotation) if each is not type(None)]
    if typing.get_origin(annotation) is typing.Literal:
        return ", ".join(code(each) for each in arguments)
    if typing.get_origin(annotation) is list:
        return f"list of {_type(arguments[0])}"
    if arguments:
        return " or ".join(_type(each) for each in arguments)
    return {str: "text", int: "whole number", float: "number", bool: "yes or no"}[annotation]
