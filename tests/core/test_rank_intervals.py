"""How sure a rank is."""

from __future__ import annotations

import random

import pytest

from jupyter_challenge.core.challenge import Direction
from jupyter_challenge.core.rank_intervals import CONFIDENCE, RankIntervals, usable


def test_far_apart_is_sure_and_near_is_not() -> None:
    found = RankIntervals([0.9, 0.5, 0.49], [0.01, 0.01, 0.01], Direction.MAXIMIZE)
    assert [found.of(index) for index in range(3)] == [(1, 1), (2, 3), (2, 3)]
    losses = RankIntervals([0.1, 0.5, 0.51], [0.01, 0.01, 0.01], Direction.MINIMIZE)
    assert [losses.of(index) for index in range(3)] == [(1, 1), (2, 3), (2, 3)]


def test_a_team_alone_is_first() -> None:
    assert RankIntervals([0.5], [0.1], Direction.MAXIMIZE).of(0) == (1, 1)


def test_intervals_hold_the_true_rank_as_often_as_they_say() -> None:
    draw = random.Random(5)
    true = [draw.random() for _ in range(12)]
    ranks = [1 + sum(other > value for other in true) for value in true]
    error, rounds, held, narrow = 0.02, 400, 0, 0
    for _ in range(rounds):
        seen = [draw.gauss(value, error) for value in true]
        found = RankIntervals(seen, [error] * len(seen), Direction.MAXIMIZE)
        intervals = [found.of(index) for index in range(len(seen))]
        held += sum(low <= rank <= high for (low, high), rank in zip(intervals, ranks, strict=True))
        narrow += sum(high - low < len(true) // 2 for low, high in intervals)
    assert held / (rounds * len(true)) >= CONFIDENCE
    assert narrow / (rounds * len(true)) > 0.9


@pytest.mark.parametrize(
    ("error", "rows", "expected"),
    [(0.1, 100, True), (None, 100, False), (0.0, 100, False), (0.1, 5, False), (0.1, None, False)],
)
def test_an_error_that_says_nothing_is_not_used(
    error: float | None, rows: int | None, expected: bool
) -> None:
    assert usable(error, rows) is expected
