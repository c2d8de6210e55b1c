"""Ranks, ties, precision and which submission counts: pure functions, one place for all boards.

A value is first rounded to the metric's precision, then compared: two teams that show the same
number share a rank, and noise below the precision decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import groupby

from jupyter_challenge.core.challenge import Counting, CountingRule, Direction, TieRule

_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class RankedBy:
    """What decides an order.

    Attributes:
        metric: Key in `Entry.values`.
        direction: Which way is better.
        precision: Decimals that count.
    """

    metric: str
    direction: Direction
    precision: int = 4


@dataclass(frozen=True)
class Entry:
    """A team's counting submission on a board, or one submission among a team's.

    Attributes:
        id: Of the team or submission; the last resort of the order, so that it never depends
            on how entries came out of a database.
        values: Scores by metric; None, NaN and infinite ones are as good as missing.
        submitted_at: When it was accepted, with a zone.
        selected: Whether the team chose it to count.
    """

    id: str
    values: Mapping[str, float | None]
    submitted_at: datetime
    selected: bool = False


@dataclass(frozen=True)
class Place:
    """An entry with the ranks that it shares: `rank` to `rank_to`, 1 is best."""

    entry: Entry
    rank: int
    rank_to: int


@dataclass(frozen=True)
class Ranking:
    """A whole board.

    Attributes:
        places: Ranked entries, best first.
        unranked: Entries without a finite value, by time and id.
    """

    places: list[Place] = field(default_factory=list)
    unranked: list[Entry] = field(default_factory=list)


def rounded(value: float | None, precision: int) -> Decimal | None:
    """Round half to even in decimal, from the shortest decimal that is this float.

    So 2.675 at two decimals is 2.68, as people compute it, and not 2.67 as its binary
    neighbour; -0.0 becomes 0. None for what is not a finite number.
    """
    if value is None or isinstance(value, bool) or not math.isfinite(value):
        return None
    exact = Decimal(repr(float(value)))
    # A float that is so large has no decimals worth rounding.
    if exact.adjusted() >= 15:
        return exact
    result = exact.quantize(Decimal((0, (1,), -precision)), context=_CONTEXT)
    return result.copy_abs() if result.is_zero() else result


def display(value: float | None, precision: int) -> str:
    """Write a value as it ranks, with all its decimals; a dash where there is none."""
    result = rounded(value, precision)
    if result is None:
        return "–"
    return f"{result:f}" if result.adjusted() < 21 else f"{float(result):g}"


def better(first: float | None, second: float | None, by: RankedBy) -> bool:
    """Say whether `first` is better than `second` at the precision that counts."""
    one, two = rounded(first, by.precision), rounded(second, by.precision)
    if one is None or two is None:
        return one is not None
    return one > two if by.direction is Direction.MAXIMIZE else one < two


def value_key(values: Mapping[str, float | None], by: RankedBy) -> Decimal:
    """Sorts best first; a missing value sorts last."""
    value = rounded(values.get(by.metric), by.precision)
    if value is None:
        return Decimal("Infinity")
    return value.copy_negate() if by.direction is Direction.MAXIMIZE else value


Key = tuple[Decimal, tuple[Decimal, ...], datetime, str]


def order_key(entry: Entry, metric: RankedBy, secondary: Sequence[RankedBy] = ()) -> Key:
    """Sorts ranked entries best first, by the one order that there is.

    Equal first parts are ties. The entry must have a finite value of `metric`.
    """
    return (
        value_key(entry.values, metric),
        tuple(value_key(entry.values, by) for by in secondary),
        entry.submitted_at,
        entry.id,
    )


def rank(
    entries: Sequence[Entry],
    metric: RankedBy,
    ties: TieRule = TieRule.SHARED,
    secondary: Sequence[RankedBy] = (),
) -> Ranking:
    """Rank entries.

    With shared ties, equal values share the range of ranks that they fill (1–3), and secondary
    metrics, then time, then id only order the rows. With `earliest`, secondary metrics and then
    the earlier submission win the better rank, and no rank is shared.
    """
    ranked: list[Entry] = []
    unranked: list[Entry] = []
    for entry in entries:
        finite = rounded(entry.values.get(metric.metric), metric.precision) is not None
        (ranked if finite else unranked).append(entry)
    ranked.sort(key=lambda e: order_key(e, metric, secondary))
    unranked.sort(key=lambda e: (e.submitted_at, e.id))
    places: list[Place] = []
    if ties is TieRule.EARLIEST:
        places = [Place(entry, i, i) for i, entry in enumerate(ranked, start=1)]
    else:
        for _, group in groupby(ranked, key=lambda e: value_key(e.values, metric)):
            tied = list(group)
            first = len(places) + 1
            places += [Place(entry, first, first + len(tied) - 1) for entry in tied]
    return Ranking(places, unranked)


def best(entries: Sequence[Entry], metric: RankedBy) -> Entry | None:
    """Find the best entry; of equal ones the earliest. None where none has a finite value."""
    ranked = rank(entries, metric, TieRule.EARLIEST).places
    return ranked[0].entry if ranked else None


def counting(entries: Sequence[Entry], rule: Counting, public: RankedBy) -> list[Entry]:
    """Choose which of a team's scored submissions count on the private board.

    Of those that are returned the best private one stands on the board.

    Args:
        entries: The team's scored submissions; `values` are public scores.
        rule: The phase's counting rule.
        public: Metric by which the best public one is found.
    """
    scored = [
        e for e in entries if rounded(e.values.get(public.metric), public.precision) is not None
    ]
    if not scored:
        return []
    if rule.rule is CountingRule.LAST:
        return [max(scored, key=lambda e: (e.submitted_at, e.id))]
    if rule.rule is CountingRule.SELECTED:
        chosen = sorted((e for e in scored if e.selected), key=lambda e: (e.submitted_at, e.id))
        # A team that chose too many is not dropped: choosing is refused when it is asked for,
        # so this happens only when the organiser lowers the number; the earliest choices stand.
        if chosen:
            return chosen[: rule.max_selected]
    found = best(scored, public)
    return [found] if found else []


def counting_public(entries: Sequence[Entry], rule: Counting, public: RankedBy) -> Entry | None:
    """Choose which of a team's submissions the public board shows: the last, or the best."""
    if rule.rule is CountingRule.LAST:
        chosen = counting(entries, rule, public)
        return chosen[0] if chosen else None
    return best(entries, public)
