"""How sure a rank is, from the standard errors of the scores: pure.

Team `i` is surely behind team `j` where the difference of their scores is larger than `z` times
the standard error of that difference. `z` is Bonferroni's over all other teams, so that with 95 %
confidence the whole interval of a rank is right (Mogstad, Romano, Shaikh and Wilhelm, "Inference
for Ranks", 2024, by the simplest of their tests). The errors are taken as independent; teams are
scored on the same rows, where they rather go together, so the intervals are wide rather than
narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from jupyter_challenge.core.challenge import Direction

CONFIDENCE = 0.95
# Below this the mean of rows is not near enough to a normal distribution.
MIN_ROWS = 30


class RankIntervals:
    """Intervals of ranks for one board; each costs one pass over the scores."""

    def __init__(
        self, values: Sequence[float], errors: Sequence[float], direction: Direction
    ) -> None:
        """Take over scores and their standard errors, both in the order of the board."""
        sign = 1.0 if direction is Direction.MAXIMIZE else -1.0
        self._values = sign * np.asarray(values, dtype=float)
        self._squares = np.square(np.asarray(errors, dtype=float))
        others = max(1, len(self._values) - 1)
        self._z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * others))

    def of(self, index: int) -> tuple[int, int]:
        """The best and the worst rank that a team may really have."""
        ahead = self._values - self._values[index]
        far = self._z * np.sqrt(self._squares + self._squares[index])
        best = 1 + int(np.count_nonzero(ahead > far))
        return best, len(self._values) - int(np.count_nonzero(ahead < -far))


def usable(error: float | None, rows: int | None) -> bool:
    """Whether a standard error says something: none of zero, none of a handful of rows."""
    return error is not None and error > 0 and rows is not None and rows >= MIN_ROWS
