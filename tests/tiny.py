"""A challenge that is as small as one can be, with real files, for tests of the whole way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

ROWS = {str(n): "even" if n % 2 == 0 else "odd" for n in range(1, 11)}
WRITE_ALL_EVEN = """\
import csv, os
out = os.environ.get("CHALLENGE_OUTPUT", "output")
src = os.environ.get("CHALLENGE_INPUT", "input")
ids = [row["id"] for row in csv.DictReader(open(src + "/test.csv"))]
with open(out + "/predictions.csv", "w") as file:
    print("id,label", file=file)
    for each in ids:
        print(each + ",even", file=file)
"""


def write_notebook(
    path: Path, *cells: str, kernel: str | None = "python3", ours: dict[str, Any] | None = None
) -> Path:
    """Write a notebook with code cells."""
    metadata: dict[str, Any] = {"language_info": {"name": "python"}}
    if kernel:
        metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
    if ours is not None:
        metadata["jupyter_challenge"] = ours
    written = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(cells)
    ]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": written}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def write_predictions(path: Path, right: int = 10) -> Path:
    """Write predictions of which `right` are right."""
    other = {"even": "odd", "odd": "even"}
    lines = [
        f"{row},{label if number < right else other[label]}"
        for number, (row, label) in enumerate(ROWS.items())
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("id,label\n" + "\n".join(lines) + "\n")
    return path


def write_challenge(folder: Path, **changes: Any) -> Path:
    """Write the challenge's folder; `changes` replace keys of challenge.yaml."""
    data = folder / "data"
    data.mkdir(parents=True)
    (data / "train.csv").write_text("id,x,label\n101,1,odd\n102,2,even\n")
    (data / "test.csv").write_text("id,x\n" + "".join(f"{i},{i}\n" for i in ROWS))
    (data / "labels.csv").write_text(
        "id,label\n" + "".join(f"{i},{label}\n" for i, label in ROWS.items())
    )
    (data / "sample.csv").write_text("id,x\n201,1\n202,2\n")
    (data / "sample_labels.csv").write_text("id,label\n201,odd\n202,even\n")
    (folder / "README.md").write_text("Tell odd from even.\n")
    write_notebook(folder / "model.ipynb", WRITE_ALL_EVEN)
    described = {
        "id": "tiny",
        "title": "Tiny",
        "data": {
            "train": "data/train.csv",
            "test": "data/test.csv",
            "labels": "data/labels.csv",
            "sample": {"test": "data/sample.csv", "labels": "data/sample_labels.csv"},
        },
        "submission": {"output": {"prediction": "label"}},
        "metrics": [{"name": "accuracy", "ranked": True}],
        "phases": [{"id": "main", "quota": {"per_day": 50, "concurrent": 50}}],
        "limits": {"time": "1 min"},
        "starter": "model.ipynb",
        **changes,
    }
    (folder / "challenge.yaml").write_text(yaml.safe_dump(described, sort_keys=False))
    return folder
