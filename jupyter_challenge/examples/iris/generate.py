"""Make the data of the iris challenge from scikit-learn's copy; the same bytes every time.

    python generate.py [FOLDER]

Only sha256 shuffles, so the result does not depend on any library's random numbers.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path

SEED = "iris 1936"
TEST_PER_SPECIES = 20
SAMPLE_PER_SPECIES = 5
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]

Row = dict[str, str]


def flowers() -> list[Row]:
    """All flowers, shuffled, so that neither place nor id tells the species."""
    from sklearn.datasets import load_iris

    iris = load_iris()
    rows = [
        {f: f"{x:.1f}" for f, x in zip(FEATURES, sizes, strict=True)}
        | {"species": str(iris.target_names[target])}
        for sizes, target in zip(iris.data, iris.target, strict=True)
    ]
    order = sorted(
        range(len(rows)), key=lambda i: hashlib.sha256(f"{SEED}:{i}".encode()).hexdigest()
    )
    return [{"id": f"{n:03}", **rows[i]} for n, i in enumerate(order, start=1)]


def first_of_each(rows: list[Row], count: int) -> tuple[list[Row], list[Row]]:
    """Take the first rows of each species; return them and the rest, both in order."""
    seen: dict[str, int] = {}
    taken, rest = [], []
    for row in rows:
        seen[row["species"]] = seen.get(row["species"], 0) + 1
        (taken if seen[row["species"]] <= count else rest).append(row)
    return taken, rest


def stump(train: list[Row], test: list[Row]) -> list[Row]:
    """Predict by the one cut on the petal length that is most often right on the training data."""
    lengths = sorted({float(row["petal_length"]) for row in train})
    cuts = [(a + b) / 2 for a, b in zip(lengths, lengths[1:], strict=False)]

    def majority(rows: list[Row]) -> str:
        names = [row["species"] for row in rows]
        return min(set(names), key=lambda name: (-names.count(name), name))

    def fitted(cut: float) -> tuple[str, str]:
        low = [row for row in train if float(row["petal_length"]) < cut]
        return majority(low), majority([row for row in train if row not in low])

    def right(cut: float) -> int:
        low, high = fitted(cut)
        return sum(
            row["species"] == (low if float(row["petal_length"]) < cut else high) for row in train
        )

    cut = max(cuts, key=lambda c: (right(c), -c))
    low, high = fitted(cut)
    return [
        {"id": row["id"], "species": low if float(row["petal_length"]) < cut else high}
        for row in test
    ]


def write(path: Path, columns: list[str], rows: list[Row]) -> None:
    """Write a table with Unix line ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def generate(folder: Path) -> None:
    """Write every file that is made of the data."""
    test, train = first_of_each(flowers(), TEST_PER_SPECIES)
    sample, _ = first_of_each(train, SAMPLE_PER_SPECIES)
    write(folder / "data/train.csv", ["id", *FEATURES, "species"], train)
    write(folder / "data/test.csv", ["id", *FEATURES], test)
    write(folder / "data/sample/test.csv", ["id", *FEATURES], sample)
    write(folder / "data/sample/labels.csv", ["id", "species"], sample)
    write(folder / "hidden/labels.csv", ["id", "species"], test)
    write(folder / "baselines/stump.csv", ["id", "species"], stump(train, test))


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
