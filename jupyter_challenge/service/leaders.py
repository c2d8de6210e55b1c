"""The best so far of each board over time, in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime

from jupyter_challenge.core import ranking
from jupyter_challenge.core.ranking import RankedBy
from jupyter_challenge.store import scores
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.scores import Key

_KEEP = 64
# On PostgreSQL a line may become visible after one with a higher number: look back this far.
_OVERLAP = 1_000

Reached = tuple[datetime, float]
"""A value, and when what reached it was handed in."""


class Leaders:
    """The best so far of each board, in memory: only new lines of the standings' log are read."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: dict[tuple[Key, RankedBy], tuple[int, int, list[Reached]]] = {}
        self._lock = threading.Lock()

    def get(self, session: Session, key: Key, by: RankedBy) -> list[Reached]:
        """Every time at which the best of a board became better, oldest first."""
        seq = scores.newest_seq(session, key)
        with self._lock:
            known, last, steps = self._kept.get((key, by), (-1, 0, []))
            if known == seq:
                return steps
            new = scores.logged(session, key, max(0, last - _OVERLAP))
            reached = [
                (at, float(metrics[by.metric])) for _, at, metrics in new if by.metric in metrics
            ]
            # A slow run may end after one that was handed in later: put them in order again.
            steps = records([*steps, *reached], by)
            last = max((line for line, _, _ in new), default=last)
            if (key, by) not in self._kept and len(self._kept) >= _KEEP:
                del self._kept[next(iter(self._kept))]
            self._kept[key, by] = (max(known, seq), last, steps)
            return steps


def records(values: Iterable[Reached], by: RankedBy) -> list[Reached]:
    """Those that were better than all before them."""
    found: list[Reached] = []
    for at, value in sorted(values, key=lambda one: one[0]):
        if ranking.better(value, found[-1][1] if found else None, by):
            found.append((at, value))
    return found
