"""Make the data of the digits challenge from scikit-learn's copy; the same bytes every time.

    python generate.py [FOLDER]

Only sha256 shuffles, and the npz files are stored without compression, so the result depends on
no library's random numbers and on no version of zlib.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

SEED = "digits 1998"
TEST_PER_DIGIT = 60
SAMPLE_PER_DIGIT = 10

Arrays = dict[str, Any]


def images() -> Arrays:
    """All images, shuffled, so that neither place nor id tells the digit."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    count = len(digits.target)
    order = sorted(range(count), key=lambda i: hashlib.sha256(f"{SEED}:{i}".encode()).hexdigest())
    return {
        "id": np.array([f"{n:04}" for n in range(1, count + 1)]),
        "image": digits.images[order].astype(np.uint8),
        "digit": digits.target[order].astype(np.uint8),
    }


def first_of_each(arrays: Arrays, count: int) -> tuple[Arrays, Arrays]:
    """Take the first images of each digit; return them and the rest, both in order."""
    taken = np.zeros(len(arrays["digit"]), dtype=bool)
    for digit in range(10):
        taken[np.flatnonzero(arrays["digit"] == digit)[:count]] = True
    return {k: a[taken] for k, a in arrays.items()}, {k: a[~taken] for k, a in arrays.items()}


def write(path: Path, arrays: Arrays, names: list[str]) -> None:
    """Write an npz as `numpy.savez` does, with nothing in it that could differ."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            array = io.BytesIO()
            np.lib.format.write_array(array, arrays[name], version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, array.getvalue())


def generate(folder: Path) -> None:
    """Write every file that is made of the data."""
    test, train = first_of_each(images(), TEST_PER_DIGIT)
    sample, _ = first_of_each(train, SAMPLE_PER_DIGIT)
    write(folder / "data/train.npz", train, ["id", "image", "digit"])
    write(folder / "data/test.npz", test, ["id", "image"])
    write(folder / "data/sample/test.npz", sample, ["id", "image"])
    write(folder / "data/sample/labels.npz", sample, ["id", "digit"])
    write(folder / "hidden/labels.npz", test, ["id", "digit"])


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
