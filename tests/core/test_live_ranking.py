"""The ranking that is kept in order gives the ranks of the one that sorts."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone

import pytest

from jupyter_challenge.core.challenge import Direction, TieRule
from jupyter_challenge.core.live_ranking import LiveRanking
from jupyter_challenge.core.ranking import Entry, RankedBy, rank

BEGAN = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize("ties", TieRule)
@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("at_once", [1, 7, 250])
def test_it_is_the_same_after_every_change(
    ties: TieRule, direction: Direction, at_once: int
) -> None:
    draw = random.Random(f"{ties} {direction} {at_once}")
    by = RankedBy("a", direction, 2)
    second = [RankedBy("b", Direction.MINIMIZE, 1)]
    live = LiveRanking(by, ties, second)
    entries: dict[str, Entry] = {}
    for _ in range(30):
        new = {}
        for _ in range(at_once):
            name = f"team-{draw.randrange(300)}"
            value = draw.choice([None, float("nan"), *[draw.random() for _ in range(8)]])
            at = BEGAN + timedelta(seconds=draw.randrange(100))
            new[name] = Entry(name, {"a": value, "b": draw.choice([None, draw.random()])}, at)
        entries |= new
        before = list(live.places())
        following = live.with_entries(new.values())
        assert list(live.places()) == before
        live = following
        expected = rank(list(entries.values()), by, ties, second).places
        assert list(live.places()) == expected
        assert len(live) == len(expected)
        assert list(live.places(3, 9)) == expected[3:9]
        assert [live.place(each) for each in live.ids()] == expected
        ranked = {place.entry.id for place in expected}
        assert all(live.place(each) is None for each in entries if each not in ranked)
