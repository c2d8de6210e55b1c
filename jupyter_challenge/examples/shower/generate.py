"""Make the showers of the challenge with a simple model; the same arrays every time.

    python generate.py [FOLDER]

The model is explained in README.md. Two things make it repeatable: random numbers are the raw
64 bits of PCG64, whose stream NumPy keeps for good (it may change the streams of `normal` and the
like), and energies are whole numbers of MeV, so that the last bit of a logarithm, which differs
between machines, does not matter. Each shower has a stream of its own. The large arrays are packed
by bzip2, which gives the same bytes everywhere as zlib's many builds do not; NumPy reads both.
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

SEED = 1975
TRAIN, TEST, SAMPLE = 1600, 800, 100

CELLS, LAYERS = 12, 24  # cells across, each way, and along
CELL = 0.5  # width of a cell in Molière radii
LAYER = 1.0  # depth of a layer in radiation lengths
LOWEST, HIGHEST = 5.0, 100.0  # energies in GeV
CRITICAL = 0.0085  # critical energy in GeV
SPOT = 10.0  # MeV that one spot of a shower stands for: 10 %/sqrt(E/GeV)
CONSTANT = 0.01  # spread of the response from shower to shower
NOISE, THRESHOLD = 2.5, 7.5  # MeV in each cell
DEAD = 0.03  # share of the cells that are dead

Arrays = dict[str, Any]


class Stream:
    """Random numbers of one shower."""

    def __init__(self, number: int) -> None:
        self.bits = np.random.PCG64(np.random.SeedSequence([SEED, number]))

    def uniform(self, count: int) -> Any:
        """Numbers above 0 and below 1, of 53 random bits."""
        return ((self.bits.random_raw(count) >> np.uint64(11)) + 0.5) * 2.0**-53

    def normal(self, count: int) -> Any:
        """Normal numbers by Box and Muller."""
        radius = np.sqrt(-2 * np.log(self.uniform(count)))
        return radius * np.cos(2 * np.pi * self.uniform(count))


def dead_cells() -> Any:
    """The same cells in every shower."""
    count = CELLS * CELLS * LAYERS
    dead = Stream(0).uniform(count) < DEAD
    return dead.reshape(CELLS, CELLS, LAYERS)


def layer_shares(a: float, b: float, start: float) -> Any:
    """Integrate the longitudinal profile over each layer; what is left leaks out at the back.

    The profile is t^(a-1) exp(-bt), t being the depth behind the start of the shower.
    """
    steps = 20
    depth = (np.arange(4 * LAYERS * steps) + 0.5) / steps * LAYER
    t = np.maximum(depth - start, 0)
    profile = np.where(t > 0, t ** (a - 1) * np.exp(-b * t), 0)
    profile /= profile.sum()
    return profile.reshape(-1, steps).sum(axis=1)[:LAYERS]


def shower(number: int, dead: Any) -> tuple[Any, float, str]:
    """Make one shower: its energies in MeV, the particle's energy in GeV, and its kind."""
    stream = Stream(number)
    head, spread = stream.uniform(5), stream.normal(4)
    # As often between 5 and 10 GeV as between 50 and 100.
    energy = round(LOWEST * (HIGHEST / LOWEST) ** float(head[0]), 3)
    kind = "photon" if head[1] < 0.5 else "electron"
    x0, y0 = (head[2:4] - 0.5) * 8 * CELL  # anywhere on the 8 × 8 cells in the middle
    start = -9 / 7 * np.log(head[4]) if kind == "photon" else 0.0
    # Depth of the maximum and slope behind it, which differ from shower to shower.
    peak = np.log(energy / CRITICAL) + (0.5 if kind == "photon" else -0.5)
    peak *= 1 + 0.08 * np.clip(spread[0], -3, 3)
    b = 0.5 * (1 + 0.06 * np.clip(spread[1], -3, 3))
    shares = layer_shares(1 + b * peak, b, start)
    response = 1 + CONSTANT * spread[2]
    mean = energy * 1000 / SPOT * response
    spots = max(0, round(float(mean + np.sqrt(mean) * spread[3])))

    layer = np.searchsorted(np.cumsum(shares), stream.uniform(spots))
    # Distance from the axis in Molière radii: a core, and a tail that grows with the depth.
    u, v = stream.uniform(spots), stream.uniform(spots)
    in_core = stream.uniform(spots) < 0.85
    width = np.where(in_core, 0.15 + 0.01 * layer, 0.8 + 0.02 * layer)
    radius = width * np.sqrt(u / (1 - u))
    x = np.floor((x0 + radius * np.cos(2 * np.pi * v)) / CELL + CELLS / 2).astype(int)
    y = np.floor((y0 + radius * np.sin(2 * np.pi * v)) / CELL + CELLS / 2).astype(int)
    inside = (layer < LAYERS) & (x >= 0) & (x < CELLS) & (y >= 0) & (y < CELLS)
    cell = (x * CELLS + y) * LAYERS + layer
    seen = np.bincount(cell[inside], minlength=dead.size).reshape(dead.shape) * SPOT
    seen = seen + NOISE * stream.normal(dead.size).reshape(dead.shape)
    return np.where(dead | (seen < THRESHOLD), 0, np.rint(seen)), energy, kind


def showers(first: int, count: int, dead: Any) -> Arrays:
    """Make showers with the numbers from `first` on."""
    made = [shower(number, dead) for number in range(first, first + count)]
    return {
        "id": np.array([f"{number:04}" for number in range(first, first + count)]),
        "cells": np.array([cells for cells, _, _ in made]).astype(np.uint16),
        "energy": np.array([energy for _, energy, _ in made]),
        "kind": np.array([kind for _, _, kind in made]),
    }


def write_arrays(path: Path, arrays: Arrays, names: list[str]) -> None:
    """Write an npz with nothing in it that could differ."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            array = io.BytesIO()
            np.lib.format.write_array(array, arrays[name], version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            large = arrays[name].nbytes > 100_000
            info.compress_type = zipfile.ZIP_BZIP2 if large else zipfile.ZIP_STORED
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, array.getvalue())


def write_labels(path: Path, arrays: Arrays) -> None:
    """Write ids, energies and weights; the weights make a spectrum that falls as 1/E²."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["id", "energy", "weight"])
        for each, energy in zip(arrays["id"].tolist(), arrays["energy"].tolist(), strict=True):
            table.writerow([each, f"{energy:.3f}", f"{LOWEST / energy:.4f}"])


def generate(folder: Path) -> None:
    """Write every file that is made of the data."""
    dead = dead_cells()
    test = showers(1, TEST, dead)
    train = showers(TEST + 1, TRAIN, dead)
    sample = {name: array[:SAMPLE] for name, array in train.items()}
    write_arrays(folder / "data/train.npz", train, ["id", "cells", "energy", "kind"])
    write_arrays(folder / "data/test.npz", test, ["id", "cells"])
    write_arrays(folder / "data/sample/test.npz", sample, ["id", "cells"])
    write_labels(folder / "data/sample/labels.csv", sample)
    write_labels(folder / "hidden/labels.csv", test)


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
