import math
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_challenge.core.challenge import Counting, CountingRule, Direction, TieRule
from jupyter_challenge.core.ranking import (
    Entry,
    RankedBy,
    best,
    better,
    counting,
    counting_public,
    display,
    rank,
    rounded,
)

START = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
UP = RankedBy("acc", Direction.MAXIMIZE, 4)
DOWN = RankedBy("acc", Direction.MINIMIZE, 4)


def entry(ident: str, value: float | None, minute: int = 0, selected=False, **other) -> Entry:
    at = START + timedelta(minutes=minute)
    return Entry(ident, {"acc": value, **other}, at, selected)


def table(ranking) -> list[tuple[str, int, int]]:
    return [(p.entry.id, p.rank, p.rank_to) for p in ranking.places]


@pytest.mark.parametrize(
    ("value", "precision", "shown"),
    [
        pytest.param(0.96666, 4, "0.9667", id="plain"),
        pytest.param(2.675, 2, "2.68", id="as-people-compute-and-not-in-binary"),
        pytest.param(0.125, 2, "0.12", id="half-to-even-down"),
        pytest.param(0.375, 2, "0.38", id="half-to-even-up"),
        pytest.param(-0.00001, 4, "0.0000", id="negative-zero-by-rounding"),
        pytest.param(-0.0, 2, "0.00", id="negative-zero"),
        pytest.param(1, 2, "1.00", id="integer"),
        pytest.param(1234567.5, 0, "1234568", id="no-decimals"),
        pytest.param(123456789012345.0, 15, "123456789012345.000000000000000", id="many-digits"),
        pytest.param(1e300, 15, "1e+300", id="huge"),
        pytest.param(-1e22, 0, "-1e+22", id="huge-negative"),
        pytest.param(5e-324, 15, "0.000000000000000", id="tiny"),
        pytest.param(None, 4, "–", id="none"),
        pytest.param(math.nan, 4, "–", id="nan"),
        pytest.param(-math.inf, 4, "–", id="infinite"),
    ],
)
def test_a_value_is_shown_as_it_ranks(value, precision, shown):
    assert display(value, precision) == shown


def test_equal_at_the_precision_shares_a_range_of_ranks():
    entries = [
        entry("d", 0.5, 1), entry("c", 0.90002, 9), entry("b", 0.90001, 5), entry("a", 0.9, 7),
        entry("e", 0.1, 0),
    ]  # fmt: skip
    assert table(rank(entries, UP)) == [
        ("b", 1, 3), ("a", 1, 3), ("c", 1, 3), ("d", 4, 4), ("e", 5, 5),
    ]  # fmt: skip
    assert table(rank(entries, UP, TieRule.EARLIEST)) == [
        ("b", 1, 1), ("a", 2, 2), ("c", 3, 3), ("d", 4, 4), ("e", 5, 5),
    ]  # fmt: skip


def test_secondary_metrics_order_before_time_does():
    entries = [entry("slow", 0.9, 0, loss=0.5), entry("good", 0.9, 5, loss=0.1),
               entry("none", 0.9, 1, loss=None)]  # fmt: skip
    loss = RankedBy("loss", Direction.MINIMIZE, 4)
    order = [p.entry.id for p in rank(entries, UP, secondary=[loss]).places]
    assert order == ["good", "slow", "none"]
    assert {(p.rank, p.rank_to) for p in rank(entries, UP, secondary=[loss]).places} == {(1, 3)}
    assert table(rank(entries, UP, TieRule.EARLIEST, [loss]))[0] == ("good", 1, 1)


@pytest.mark.parametrize("direction", list(Direction), ids=lambda d: d.value)
@pytest.mark.parametrize(
    "value", [None, math.nan, math.inf, -math.inf], ids=["none", "nan", "inf", "minus-inf"]
)
def test_what_is_not_finite_is_unranked_in_either_direction(direction, value):
    entries = [entry("bad", value), entry("good", 0.1), entry("missing", None)]
    ranking = rank(entries, RankedBy("acc", direction))
    assert table(ranking) == [("good", 1, 1)]
    assert [e.id for e in ranking.unranked] == ["bad", "missing"]
    assert not better(value, 0.1, RankedBy("acc", direction))
    assert better(0.1, value, RankedBy("acc", direction))


values = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(0, 1).map(lambda x: round(x, 2)),
)


@given(st.lists(st.tuples(values, st.integers(0, 3)), max_size=25), st.randoms(),
       st.sampled_from(Direction), st.integers(0, 15))  # fmt: skip
def test_ranks_do_not_depend_on_the_order_of_arrival(rows, random, direction, precision):
    by = RankedBy("acc", direction, precision)
    entries = [entry(f"t{i:02}", value, minute) for i, (value, minute) in enumerate(rows)]
    shuffled = list(entries)
    random.shuffle(shuffled)
    ranking = rank(entries, by)
    assert rank(shuffled, by) == ranking
    assert len(ranking.places) + len(ranking.unranked) == len(entries)
    for place in ranking.places:
        one = rounded(place.entry.values["acc"], precision)
        others = [rounded(p.entry.values["acc"], precision) for p in ranking.places]
        if direction is Direction.MAXIMIZE:
            ahead = sum(other > one for other in others)
        else:
            ahead = sum(other < one for other in others)
        assert place.rank == ahead + 1
        assert place.rank_to == ahead + sum(other == one for other in others)
    earliest = rank(entries, by, TieRule.EARLIEST).places
    assert [p.rank for p in earliest] == list(range(1, len(earliest) + 1))


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 15))
def test_rounding_is_near_and_stays_rounded(value, precision):
    result = rounded(value, precision)
    assert abs(result - Decimal(repr(value))) <= Decimal(1).scaleb(-precision) / 2
    if abs(result) < 10**15:
        assert rounded(float(value), precision) == result
    assert not (result.is_zero() and result.is_signed())


@pytest.mark.parametrize(
    ("rule", "counts", "public"),
    [
        pytest.param(Counting(), ["b"], "b", id="best-public-of-equals-the-earliest"),
        pytest.param(Counting(rule=CountingRule.LAST), ["d"], "d", id="last-scored"),
        pytest.param(
            Counting(rule=CountingRule.SELECTED, max_selected=2), ["a", "d"], "b", id="selected"
        ),
        pytest.param(
            Counting(rule=CountingRule.SELECTED, max_selected=1), ["a"], "b", id="too-many-selected"
        ),
    ],
)
def test_which_submission_counts(rule, counts, public):
    entries = [
        entry("d", 0.2, 4, selected=True), entry("c", 0.9, 3), entry("b", 0.90001, 2),
        entry("a", 0.1, 1, selected=True), entry("invalid", math.nan, 9, selected=True),
    ]  # fmt: skip
    assert [e.id for e in counting(entries, rule, UP)] == counts
    assert counting_public(entries, rule, UP).id == public


def test_nothing_selected_means_the_best_public_counts():
    entries = [entry("a", 0.1, 1), entry("b", 0.2, 2)]
    rule = Counting(rule=CountingRule.SELECTED)
    assert [e.id for e in counting(entries, rule, UP)] == ["b"]
    assert [e.id for e in counting(entries, rule, DOWN)] == ["a"]


def test_nothing_scored_means_nothing_counts():
    assert best([], UP) is None and best([entry("a", None)], UP) is None
    assert counting([entry("a", None)], Counting(), UP) == []
    assert counting_public([], Counting(rule=CountingRule.LAST), UP) is None
