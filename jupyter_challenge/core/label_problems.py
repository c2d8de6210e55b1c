"""Check that labels, test data, sample, baselines, metrics and splits agree with each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from jupyter_challenge.core.challenge import MetricSpec, Output
from jupyter_challenge.core.errors import RunFailed
from jupyter_challenge.core.examined_folder import Folder
from jupyter_challenge.core.marked_yaml import Loc
from jupyter_challenge.core.metrics import (
    METRICS,
    Needs,
    UnknownMetric,
    class_of_column,
    class_order,
    metric,
    options_of,
    truth_column,
)
from jupyter_challenge.core.splitting import split_labels

if TYPE_CHECKING:
    from jupyter_challenge.core.table import Column, Table

_LINE = re.compile(r"\bline (\d+)\b")


def check_labels(folder: Folder) -> None:
    """Note what does not agree."""
    draft = folder.draft
    data, output = draft.data, draft.output
    labels = None
    if data is not None and output is not None:
        labels = _read(folder, ("data", "labels"), data.labels, output)
        if labels is not None:
            _check_unique(folder, data.labels, labels)
            if data.test:
                _check_test(folder, ("data", "test"), data.test, labels, output)
        if data.sample is not None:
            loc: Loc = ("data", "sample", "labels")
            sample = _read(folder, loc, data.sample.labels, output)
            if sample is not None:
                _check_unique(folder, data.sample.labels, sample)
                test: Loc = ("data", "sample", "test")
                _check_test(folder, test, data.sample.test, sample, output)
                if labels is not None and list(sample.columns) != list(labels.columns):
                    folder.wrong(
                        loc,
                        "the sample's labels have other columns than the hidden ones",
                        f"give them the columns {', '.join(labels.columns)}",
                    )
        if labels is not None:
            _check_baselines(folder, labels, output)
            _check_splits(folder, folder.root / data.labels, output)
    for i, spec in draft.metrics:
        if draft.evaluator is not None:
            _check_own_metric(folder, i, spec)
        elif not draft.evaluator_is_wrong:
            _check_built_in(folder, i, spec, labels, output)


def _regular(folder: Folder, name: str) -> Path | None:
    """Find a file without a word; whoever names it has checked that it is there."""
    path = folder.root / name
    return path if path.is_file() and not path.is_symlink() else None


def _read(folder: Folder, loc: Loc, name: str, output: Output) -> Table | None:
    from jupyter_challenge.core.tables import format_of, read_table

    path = _regular(folder, name)
    if path is None:
        return None
    try:
        table = read_table(path, format_of(path, output.table_format), output.id)
    except OSError:
        return None
    except RunFailed as error:
        found = _LINE.search(error.detail)
        if found:
            folder.wrong_in(name, int(found.group(1)), error.detail, "mend this line")
        else:
            folder.wrong(
                loc, error.detail, f'write a table with the column "{output.id}" and the truth'
            )
        return None
    if not table.ids:
        folder.wrong(loc, f'"{name}" has no rows', "write one row for each test row")
        return None
    if not table.columns:
        folder.wrong(loc, f'"{name}" has only the id', "add the column with the truth")
        return None
    return table


def _check_unique(folder: Folder, name: str, table: Table) -> None:
    seen: dict[str, int] = {}
    for i, each in enumerate(table.ids):
        if each in seen:
            folder.wrong_in(
                name, i + 2, f'the id "{each}" is also on line {seen[each] + 2}', "use each id once"
            )
            return
        seen[each] = i
        if not each.strip():
            folder.wrong_in(name, i + 2, "the id is empty", "give every row an id")
            return


def _check_test(folder: Folder, loc: Loc, name: str, labels: Table, output: Output) -> None:
    """Compare the ids of a test table with the labels; a folder or another format is left alone."""
    from jupyter_challenge.core.challenge import TableFormat
    from jupyter_challenge.core.tables import format_of, read_table

    path = _regular(folder, name)
    if path is None or path.suffix.lower().lstrip(".") not in {f.value for f in TableFormat}:
        return
    # Of arrays only the ids: images and the like are no columns of a table.
    arrays = format_of(path) is TableFormat.NPZ
    try:
        test = read_table(path, format_of(path), output.id, [] if arrays else None)
    except (RunFailed, OSError) as error:
        detail = error.detail if isinstance(error, RunFailed) else str(error)
        folder.wrong(loc, detail, f'give every test row an id in the column "{output.id}"')
        return
    _check_unique(folder, name, test)
    _compare(folder, loc, f'"{name}"', test.ids, labels.ids, "the labels")
    for column in output.columns:
        answers = _one_column(path, test, column, output) if column in labels.columns else None
        if answers is not None:
            truth = dict(zip(labels.ids, labels.columns[column].classes(), strict=True))
            given = dict(zip(test.ids, answers.classes(), strict=True))
            if all(given.get(each) == value for each, value in truth.items()):
                folder.wrong(
                    loc,
                    f'"{name}", which participants get, has the answers in its column "{column}"',
                    "take the column out",
                )


def _one_column(path: Path, test: Table, name: str, output: Output) -> Column | None:
    """Return a column of the test data; from arrays it is read now, if it is there at all."""
    from jupyter_challenge.core.challenge import TableFormat
    from jupyter_challenge.core.tables import format_of, read_table

    if format_of(path) is TableFormat.NPZ:
        try:
            test = read_table(path, TableFormat.NPZ, output.id, [name])
        except RunFailed:
            return None
    return test.columns.get(name)


def _compare(
    folder: Folder, loc: Loc, what: str, ids: list[str], wanted: list[str], other: str
) -> None:
    missing = sorted(set(wanted) - set(ids))
    extra = sorted(set(ids) - set(wanted))
    for found, words in ((missing, f"lacks ids of {other}"), (extra, f"has ids that {other} lack")):
        if found:
            some = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
            folder.wrong(
                loc, f"{what} {words}: {len(found)} ({some})", "use the same ids in both, each once"
            )


def _check_baselines(folder: Folder, labels: Table, output: Output) -> None:
    from jupyter_challenge.core.tables import read_table

    for i, baseline in folder.draft.baselines:
        if baseline.predictions is None:
            continue
        loc: Loc = ("baselines", i, "predictions")
        path = folder.find(loc, baseline.predictions)
        if path is None:
            continue
        try:
            table = read_table(path, output.table_format, output.id, output.columns)
        except (RunFailed, OSError) as error:
            detail = error.detail if isinstance(error, RunFailed) else str(error)
            folder.wrong(loc, detail, "write it as submission.output asks")
            continue
        _compare(folder, loc, f'"{baseline.predictions}"', table.ids, labels.ids, "the labels")


def _check_splits(folder: Folder, labels: Path, output: Output) -> None:
    metrics = [spec for _, spec in folder.draft.metrics]
    for i, phase in folder.draft.phases:
        if phase.split is None:
            continue
        try:
            split_labels(labels, output, phase.split, metrics)
        except (RunFailed, OSError) as error:
            detail = error.detail if isinstance(error, RunFailed) else str(error)
            key = "stratify" if "column" in detail else "public"
            fix = "name a column of the labels" if key == "stratify" else "change the share"
            folder.wrong(("phases", i, "split", key), detail, fix)


def _check_own_metric(folder: Folder, i: int, spec: MetricSpec) -> None:
    if spec.direction is None:
        folder.wrong(
            ("metrics", i, "name"),
            f'"{spec.name}" comes from your evaluator, so its direction is not known',
            "add `direction: maximize` or `direction: minimize`",
        )
    if spec.options:
        folder.wrong(
            ("metrics", i, "options"),
            "options are for built-in metrics; your evaluator does not get them",
            "take them out",
        )


def _check_built_in(
    folder: Folder, i: int, spec: MetricSpec, labels: Table | None, output: Output | None
) -> None:
    loc: Loc = ("metrics", i, "name")
    try:
        known = metric(spec.name)
    except UnknownMetric as error:
        message, _, near = str(error).partition("; ")
        folder.wrong(loc, message, near or f"choose one of {', '.join(METRICS)}")
        return
    if spec.direction is not None and spec.direction is not known.direction:
        folder.wrong(
            ("metrics", i, "direction"),
            f"{spec.name} is to {known.direction.value}",
            "leave `direction` out: built-in metrics know theirs",
        )
    try:
        options_of(spec)
    except ValidationError as error:
        names = ", ".join(known.options.model_fields)
        for each in error.errors(include_url=False):
            name = str(each["loc"][0]) if each["loc"] else "options"
            said = "is missing" if each["type"] == "missing" else f"is wrong: {each['msg']}"
            said = "is not known" if each["type"] == "extra_forbidden" else said
            at: Loc = ("metrics", i, "options", name)
            folder.wrong(at, f'option "{name}" of {spec.name} {said}', f"its options are: {names}")
        return
    if labels is not None and output is not None:
        wrong = _disagreement(spec, labels, output)
        if wrong is not None:
            folder.wrong(loc, f"{spec.name}: {wrong[0]}", wrong[1])


def _disagreement(spec: MetricSpec, labels: Table, output: Output) -> tuple[str, str] | None:
    """Say why a metric cannot be computed from these labels and predictions, and what mends it."""
    known, options = metric(spec.name), options_of(spec)
    wanted = options.prediction
    columns = output.columns if wanted is None else [wanted] if isinstance(wanted, str) else wanted
    unknown = [column for column in columns if column not in output.columns]
    if unknown:
        return (
            f'there is no prediction column "{unknown[0]}"',
            "name columns of submission.output.prediction",
        )
    for key in ("weight", "group", "label"):
        name = getattr(options, key, None)
        if name is not None and name not in labels.columns:
            return f'the labels have no column "{name}"', f"they have {', '.join(labels.columns)}"
        if key == "weight" and name is not None and not _all_numbers(labels, name):
            return f'the weights "{name}" are not all numbers', "write a number in each row"
    truth = truth_column(list(labels.columns), columns, options)
    if truth is None:
        return (
            f"cannot tell which column of the labels is the truth ({', '.join(labels.columns)})",
            "add `options: {label: COLUMN}`",
        )
    numeric = {Needs.NUMBERS, Needs.RELEVANCE, Needs.MEAN_AND_SIGMA}
    if known.needs in numeric and not _all_numbers(labels, truth):
        return f'the labels\' "{truth}" must be numbers', "choose a metric of classes, or numbers"
    if known.needs is Needs.MEAN_AND_SIGMA and len(columns) != 2:
        return "it reads two prediction columns", "write `prediction: [mean, sigma]`"
    if known.needs is Needs.PROBABILITIES:
        return _probability_disagreement(labels, truth, columns, output)
    if known.needs is not Needs.MEAN_AND_SIGMA and len(columns) != 1:
        return "it reads one prediction column", "add `options: {prediction: COLUMN}`"
    return None


def _probability_disagreement(
    labels: Table, truth: str, columns: list[str], output: Output
) -> tuple[str, str] | None:
    classes = sorted(set(labels.columns[truth].classes()), key=class_order)
    listed = ", ".join(classes[:6])
    if len(classes) < 2:
        return f'the labels\' "{truth}" has one class only', "two are needed at least"
    if len(columns) == 1:
        if len(classes) > 2 and output.table_format.value != "npz":
            return (
                f"with {len(classes)} classes it needs a prediction column for each",
                f"write `prediction: [{listed}]`",
            )
        return None
    named = {class_of_column(column, classes) for column in columns}
    if None in named or len(named) != len(classes) or len(columns) != len(classes):
        return "prediction columns are not named after the classes", f"name them {listed}"
    return None


def _all_numbers(labels: Table, name: str) -> bool:
    import math

    try:
        values = labels.columns[name].numbers(labels.ids)
    except RunFailed:
        return False
    return all(math.isfinite(value) for value in values.ravel().tolist())
