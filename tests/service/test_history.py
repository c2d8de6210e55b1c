"""How scores came to be: mine, and the leader's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jupyter_challenge.service.leaders import Leaders
from tests.service.world import World


def history(world: World, name: str, **query: Any) -> Any:
    return world.user(name).ask("GET", "/challenges/tiny/history", params=query)


def values(steps: Any) -> list[float]:
    return [step["value"] for step in steps]


@pytest.fixture
def contest(world: World) -> World:
    """Two teams, one after the other."""
    for name, score in (("ben", 0.4), ("ana", 0.5), ("ana", 0.3), ("ben", 0.8), ("ana", 0.6)):
        world.user(name).submitted(public=score)
    return world


def test_my_points_my_best_and_the_leaders(contest: World) -> None:
    found = history(contest, "ana")
    assert (found["phase"], found["board"], found["metric"]["name"]) == (
        "main",
        "public",
        "accuracy",
    )
    assert [(p["number"], p["display"]) for p in found["points"]] == [
        (1, "0.5000"),
        (2, "0.3000"),
        (3, "0.6000"),
    ]
    assert [p["is_best"] for p in found["points"]] == [False, False, True]
    assert [p["counts"] for p in found["points"]] == [False, False, True]
    assert values(found["best"]) == [0.5, 0.6]
    assert values(found["leader"]) == [0.4, 0.5, 0.8]
    assert [step["at"] for step in found["best"]] == [
        found["points"][0]["at"],
        found["points"][2]["at"],
    ]


def test_the_leaders_best_is_kept_current_and_the_same_when_read_anew(contest: World) -> None:
    history(contest, "ana")
    contest.user("ana").submitted(public=0.9)
    contest.user("ben").submitted(public=0.90001)  # the same at the precision that ranks
    kept = history(contest, "ben")["leader"]
    assert values(kept) == [0.4, 0.5, 0.8, 0.9]
    contest.embedded.service.leaders = Leaders()
    assert history(contest, "ben")["leader"] == kept


def test_less_is_better_where_the_metric_says_so(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.publish(metrics=[{"name": "log_loss", "ranked": True}])
    world.user("ana").enter()
    for score in (0.5, 0.7, 0.2):
        world.user("ana").submitted(public=score)
    found = history(world, "ana")
    assert values(found["best"]) == values(found["leader"]) == [0.5, 0.2]
    assert [p["is_best"] for p in found["points"]] == [False, False, True]


def test_the_earliest_of_equals_is_the_best(world: World) -> None:
    for score in (0.5, 0.5):
        world.user("ana").submitted(public=score)
    assert [p["is_best"] for p in history(world, "ana")["points"]] == [True, False]


def test_tries_and_failures_are_no_points(world: World) -> None:
    ana = world.user("ana")
    ana.submitted(fail="cell_error")
    ana.submitted(public=0.5)
    ana.submitted(public=0.9, request={"is_try": True})
    assert values(history(world, "ana")["points"]) == [0.5]


def test_somebody_without_a_team_sees_the_leader_alone(contest: World) -> None:
    found = history(contest, "carl")
    assert (found["points"], found["best"]) == ([], [])
    assert values(found["leader"]) == [0.4, 0.5, 0.8]


def test_nothing_yet(world: World) -> None:
    found = history(world, "ana")
    assert (found["points"], found["best"], found["leader"]) == ([], [], [])


def test_another_phase_and_board_must_be_there(world: World) -> None:
    for query in ({"phase": "none"}, {"board": "private"}):
        world.user("ana").ask("GET", "/challenges/tiny/history", 404, params=query)
    world.user("ana").ask("GET", "/challenges/tiny/history", 422, params={"board": "secret"})


def test_the_private_history_opens_with_its_board(make_world: Callable[..., World]) -> None:
    split = {"id": "main", "split": {"public": 0.5}, "quota": {"concurrent": 50}}
    world = make_world()
    world.publish(phases=[{**split, "reveal": "never"}])
    ana = world.user("ana")
    ana.enter()
    for public, hidden in ((0.8, 0.9), (0.9, 0.3)):
        ana.submitted(public=public, private=hidden)
    ana.ask("GET", "/challenges/tiny/history", 403, params={"board": "private"})
    world.publish(phases=[{**split, "reveal": "2001-01-01T00:00:00Z"}])
    found = history(world, "ana", board="private")
    assert values(found["points"]) == [0.9, 0.3]
    # The best public one counts, whatever the private board thinks of it.
    assert [(p["counts"], p["is_best"]) for p in found["points"]] == [(False, True), (True, False)]
