from collections import Counter
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from jupyter_challenge.core.fairness import Waiting, next_order

START = datetime(2026, 11, 21, tzinfo=timezone.utc)


def waiting(ident: str, team: str, second: int) -> Waiting:
    return Waiting(ident, team, START + timedelta(seconds=second))


def ids(queue: list[Waiting]) -> list[str]:
    return [w.id for w in queue]


def test_a_team_that_submits_often_does_not_hold_up_the_others():
    queue = [waiting(f"a{i}", "a", i) for i in range(4)] + [waiting("b0", "b", 10),
             waiting("c0", "c", 11), waiting("b1", "b", 12)]  # fmt: skip
    assert ids(next_order(queue)) == ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]


def test_a_team_with_runs_at_work_comes_after_those_without():
    queue = [waiting("a0", "a", 0), waiting("a1", "a", 1), waiting("b0", "b", 5)]
    assert ids(next_order(queue, running=["a"])) == ["b0", "a0", "a1"]
    assert ids(next_order(queue, running=["a", "b", "b"])) == ["a0", "a1", "b0"]


def test_what_an_organiser_waits_for_comes_first_and_counts_for_no_team():
    queue = [waiting("a0", "a", 0), waiting("b0", "b", 5)]
    first = [Waiting(each, "a", START + timedelta(seconds=s), first=True)
             for each, s in (("v1", 9), ("v0", 8))]  # fmt: skip
    assert ids(next_order([*queue, *first])) == ["v0", "v1", "a0", "b0"]


def test_one_team_is_served_in_its_own_order():
    queue = [waiting("late", "a", 9), waiting("z", "a", 1), waiting("b", "a", 1)]
    assert ids(next_order(queue)) == ["b", "z", "late"]


teams = st.sampled_from(["a", "b", "c", "d"])


@given(st.lists(st.tuples(teams, st.integers(0, 5)), max_size=30), st.lists(teams, max_size=8),
       st.randoms())  # fmt: skip
def test_each_step_serves_a_team_with_the_fewest_and_the_oldest(rows, running, random):
    queue = [waiting(f"s{i:02}", team, second) for i, (team, second) in enumerate(rows)]
    order = next_order(queue, running)
    assert sorted(ids(order)) == sorted(ids(queue))
    shuffled = list(queue)
    random.shuffle(shuffled)
    assert next_order(shuffled, running) == order
    load, left = Counter(running), list(queue)
    for served in order:
        fewest = min(load[w.team] for w in left)
        candidates = [w for w in left if load[w.team] == fewest]
        assert served == min(candidates, key=lambda w: (w.queued_at, w.id))
        load[served.team] += 1
        left.remove(served)
