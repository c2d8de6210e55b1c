"""Say in plain words what is wrong with a `challenge.yaml`, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

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
from jupyter_challenge.core.model_problems import Found, Words, model_problems

_WORDS = Words(
    unions={
        "reveal": ("must be end, never or a time", "write end, never or 2026-12-24T18:00"),
        "prediction": ("must be a column or a list of columns", "write a name, or [first, second]"),
        "stratify": (
            "must be true, false or a column",
            "write true, false or a column of the labels",
        ),
        "name": (
            "must be a metric's name: small letters, digits and underscores",
            "write for example balanced_accuracy",
        ),
        "bounds": ("must be two numbers", "write [lowest, highest], with null where there is none"),
    },
    patterns={
        "file": ("is not a plain file name", "write for example predictions.csv"),
        "function": ("is not the name of a function", "write for example evaluate"),
    },
)


def spec_problems(error: ValidationError, raw: dict[str, Any]) -> Iterator[Found]:
    """Translate what pydantic says of a challenge."""
    return model_problems(error, raw, Challenge, _WORDS)


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
