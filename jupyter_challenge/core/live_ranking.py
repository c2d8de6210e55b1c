"""A ranking that is kept in order while single entries change: the same ranks as `ranking.rank`.

A board of ten thousand teams changes by one team at a time; to sort all of them anew for every
score would cost more than all else that a page of the board needs.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from jupyter_challenge.core.challenge import TieRule
from jupyter_challenge.core.ranking import Entry, Key, Place, RankedBy, order_key, rounded


class LiveRanking:
    """Ranked entries, best first. It never changes: `with_entries` makes the next one."""

    def __init__(
        self, metric: RankedBy, ties: TieRule = TieRule.SHARED, secondary: Sequence[RankedBy] = ()
    ) -> None:
        """Begin without entries; the arguments are those of `ranking.rank`."""
        self.metric = metric
        self.ties = ties
        self.secondary = tuple(secondary)
        self._keys: list[Key] = []
        self._by_id: dict[str, tuple[Key, Entry]] = {}

    def __len__(self) -> int:
        """How many entries are ranked; those without a finite value are not."""
        return len(self._keys)

    def with_entries(self, entries: Iterable[Entry]) -> LiveRanking:
        """The ranking with these entries added, or put in place of those with the same id."""
        made = LiveRanking(self.metric, self.ties, self.secondary)
        made._keys, made._by_id = self._keys.copy(), self._by_id.copy()
        new = list(entries)
        # Many at once are sorted at once; few find their places one by one.
        many = len(new) > 100
        if many:
            known = {entry.id for entry in new}
            made._keys = [key for key in made._keys if key[3] not in known]
        for entry in new:
            old = made._by_id.pop(entry.id, None)
            if old is not None and not many:
                del made._keys[bisect_left(made._keys, old[0])]
            if rounded(entry.values.get(self.metric.metric), self.metric.precision) is None:
                continue
            key = order_key(entry, self.metric, self.secondary)
            made._by_id[entry.id] = (key, entry)
            if many:
                made._keys.append(key)
            else:
                insort(made._keys, key)
        if many:
            made._keys.sort()
        return made

    def place(self, entry_id: str) -> Place | None:
        """The place of an entry; None where it is not ranked."""
        found = self._by_id.get(entry_id)
        return None if found is None else self._place(bisect_left(self._keys, found[0]))

    def index(self, entry_id: str) -> int | None:
        """How many entries stand before one in the list; None where it is not ranked."""
        found = self._by_id.get(entry_id)
        return None if found is None else bisect_left(self._keys, found[0])

    def places(self, start: int = 0, stop: int | None = None) -> Iterator[Place]:
        """Places from `start` to before `stop`, best first."""
        for index in range(start, min(len(self), len(self) if stop is None else stop)):
            yield self._place(index)

    def ids(self) -> Iterator[str]:
        """Ids of all ranked entries, best first."""
        return (key[3] for key in self._keys)

    def _place(self, index: int) -> Place:
        key = self._keys[index]
        entry = self._by_id[key[3]][1]
        if self.ties is TieRule.EARLIEST:
            return Place(entry, index + 1, index + 1)
        first = bisect_left(self._keys, key[0], key=_value)
        last = bisect_right(self._keys, key[0], key=_value)
        return Place(entry, first + 1, last)


def _value(key: Key) -> Decimal:
    return key[0]
