"""Boards: who stands where, page by page."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jupyter_challenge.service.standings import Boards
from jupyter_challenge.store import challenges, scores
from jupyter_challenge.store.orm import StandingLogRow, StandingRow
from tests.bundles import bundle_of
from tests.service.world import World
from tests.tiny import ROWS, write_challenge

SCORES = {"ana": [0.5, 0.9], "ben": [0.9, 0.2], "carl": [0.7], "dora": [0.90004], "eli": [0.1]}


@pytest.fixture
def contest(make_world: Callable[..., World]) -> World:
    """Five teams with submissions."""
    world = make_world()
    world.publish()
    made = []
    for name, reached in SCORES.items():
        user = world.user(name)
        user.enter()
        made += [(user, user.submit(public=score)["id"]) for score in reached]
    for user, submission in made:
        user.finished(submission)
    return world


def places(board: Any) -> list[tuple[str, int, int]]:
    return [(row["team"]["name"], row["rank"], row["rank_to"]) for row in board["rows"]]


def test_ties_share_a_range_and_the_best_public_counts(contest: World) -> None:
    board = contest.user("carl").board()
    assert {name: (low, high) for name, low, high in places(board)} == {
        "ana": (1, 3),
        "ben": (1, 3),
        "dora": (1, 3),
        "carl": (4, 4),
        "eli": (5, 5),
    }
    assert board["total"] == 5
    assert board["practice"] is True
    assert board["rows"][0]["display"] == {"accuracy": "0.9000"}
    assert {row["entries"] for row in board["rows"]} == {1, 2}


def test_ties_may_go_to_the_earliest(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.publish(phases=[{"id": "main", "ties": "earliest"}])
    for name in ("ana", "ben"):
        world.user(name).enter()
        world.user(name).submitted(public=0.9)
    assert places(world.user("ana").board()) == [("ana", 1, 1), ("ben", 2, 2)]


def test_my_row_is_there_on_every_page(contest: World) -> None:
    eli = contest.user("eli")
    first = eli.board(limit=2)
    assert (len(first["rows"]), first["next"], first["offset"]) == (2, "2", 0)
    assert (first["mine"]["rank"], first["mine"]["mine"]) == (5, True)
    second = eli.board(limit=2, cursor=first["next"])
    third = eli.board(limit=2, cursor=second["next"])
    assert third["next"] is None
    names = [row["team"]["name"] for page in (first, second, third) for row in page["rows"]]
    assert sorted(names) == sorted(SCORES)


def test_any_place_of_the_list_is_read_at_once(contest: World) -> None:
    eli = contest.user("eli")
    whole = places(eli.board())
    assert places(eli.board(offset=3, limit=2)) == whole[3:5]
    assert eli.board(offset=2, limit=2)["next"] == "4"
    beyond = eli.board(offset=50)
    assert (beyond["rows"], beyond["total"], beyond["next"]) == ([], 5, None)
    eli.ask("GET", "/challenges/tiny/boards/main/public", 422, params={"offset": -1})


def test_my_place_in_the_list_is_told(contest: World) -> None:
    for name in SCORES:
        board = contest.user(name).board(limit=1)
        assert places(contest.user(name).board())[board["mine_at"]][0] == name
    assert contest.user("carl").board(q="CAR")["mine_at"] == 0
    assert contest.user("carl").board(q="ana")["mine_at"] is None
    assert contest.user("nobody").board()["mine_at"] is None


def test_another_metric_orders_the_rows_and_the_ranks_stay(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.publish(metrics=[{"name": "accuracy", "ranked": True}, {"name": "log_loss"}])
    for name, accuracy, loss in (("ana", 0.9, 0.3), ("ben", 0.8, 0.1), ("eli", 0.7, 0.2)):
        world.user(name).enter()
        world.user(name).submitted(accuracy=accuracy, log_loss=loss)
    ana = world.user("ana")
    by_loss = ana.board(sort="log_loss")
    assert places(by_loss) == [("ben", 2, 2), ("eli", 3, 3), ("ana", 1, 1)]
    assert (by_loss["sort"], by_loss["mine_at"]) == ("log_loss", 2)
    assert places(ana.board(sort="log_loss", limit=1, offset=1)) == [("eli", 3, 3)]
    assert places(ana.board(sort="log_loss", q="a")) == [("ana", 1, 1)]
    assert ana.board(sort="accuracy") == ana.board()
    path = "/challenges/tiny/boards/main/public"
    assert "log_loss" in ana.ask("GET", path, 400, params={"sort": "f1"})["error"]["hint"]


def test_search_keeps_the_ranks(contest: World) -> None:
    board = contest.user("ana").board(q="CAR")
    assert places(board) == [("carl", 4, 4)]
    assert board["total"] == 1


def test_the_counting_submission_is_named_to_its_own_team_only(contest: World) -> None:
    rows = contest.user("ana").board()["rows"]
    assert {row["team"]["name"] for row in rows if row["submission"]} == {"ana"}
    assert all(row["submission"] for row in contest.admin.board()["rows"])


def test_csv_has_every_row_and_no_formula(contest: World) -> None:
    evil = contest.user("=1+1")
    evil.enter()
    evil.submitted(public=0.05)
    response = contest.user("ana").get("/challenges/tiny/boards/main/public.csv")
    assert response.headers["content-type"].startswith("text/csv")
    assert "attachment" in response.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["team"] for row in rows][-1] == "'=1+1"
    assert rows[0]["accuracy"] == "0.9000"
    assert len(rows) == 6


def test_a_board_that_did_not_change_is_not_sent_again(contest: World) -> None:
    ana = contest.user("ana")
    path = "/challenges/tiny/boards/main/public"
    tag = ana.get(path).headers["etag"]
    again = ana.get(path, headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    ana.submitted(public=0.95)
    assert ana.get(path, headers={"if-none-match": tag}).status_code == 200


def test_who_moved_since_yesterday(contest: World) -> None:
    old = datetime.now(timezone.utc) - timedelta(days=3)
    with contest.embedded.service.db.write() as session:
        for row in session.query(StandingLogRow):
            row.at = old
    carl = contest.user("carl")
    contest.embedded.service.boards = Boards()
    carl.submitted(public=0.99)
    board = carl.board()
    moves = {row["team"]["name"]: row["move"] for row in board["rows"]}
    assert moves == {"carl": 3, "ana": -1, "ben": -1, "dora": -1, "eli": 0}


def test_lower_is_better_where_the_metric_says_so(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.publish(metrics=[{"name": "log_loss", "ranked": True}])
    for name, score in (("ana", 0.9), ("ben", 0.1)):
        world.user(name).enter()
        world.user(name).submitted(public=score)
    assert places(world.user("ana").board()) == [("ben", 1, 1), ("ana", 2, 2)]


SPLIT = {"id": "main", "split": {"public": 0.5}, "quota": {"concurrent": 50}}


def private(world: World) -> dict[str, float]:
    rows = world.admin.board(board="private")["rows"]
    return {row["team"]["name"]: row["values"]["accuracy"] for row in rows}


EASY = "id,label\n" + "".join(f"{row},even\n" for row in ROWS)


def standing_key(world: World, name: str) -> tuple[str, str, str, str, str]:
    """The key of a team's row on the public board."""
    submission = world.user(name).ask("GET", "/submissions")["items"][0]
    with world.embedded.service.db.read() as session:
        found = challenges.challenge(session, "tiny")
        assert found is not None
        return "tiny", "main", "public", found[1].evaluators["main"], submission["team"]["id"]


RULES = {
    "the best public one": ({"rule": "best_public"}, 0.3),
    "the last": ({"rule": "last"}, 0.5),
    "none selected: the best public": ({"rule": "selected"}, 0.3),
}


@pytest.mark.parametrize("name", RULES)
def test_the_private_board_counts_by_the_rule(make_world: Callable[..., World], name: str) -> None:
    counting, expected = RULES[name]
    world = make_world()
    world.publish(phases=[{**SPLIT, "reveal": "never", "counting": counting}])
    ana = world.user("ana")
    ana.enter()
    for public, hidden in ((0.8, 0.9), (0.9, 0.3), (0.7, 0.5)):
        ana.submitted(public=public, private=hidden)
    assert private(world) == {"ana": expected}


class TestSelection:
    @pytest.fixture
    def chosen(self, make_world: Callable[..., World]) -> tuple[World, list[str]]:
        world = make_world()
        counting = {"rule": "selected", "max_selected": 2}
        world.publish(phases=[{**SPLIT, "reveal": "never", "counting": counting}])
        ana = world.user("ana")
        ana.enter()
        made = [
            ana.submitted(public=public, private=hidden)["id"]
            for public, hidden in ((0.8, 0.9), (0.9, 0.3), (0.7, 0.95))
        ]
        return world, made

    def test_moves_the_private_standing_at_once(self, chosen: tuple[World, list[str]]) -> None:
        world, made = chosen
        ana = world.user("ana")
        assert ana.ask("PUT", f"/submissions/{made[0]}/selection")["selected"]
        assert private(world) == {"ana": 0.9}
        assert not ana.ask("DELETE", f"/submissions/{made[0]}/selection")["selected"]
        assert private(world) == {"ana": 0.3}

    def test_one_too_many_is_refused_when_it_is_chosen(
        self, chosen: tuple[World, list[str]]
    ) -> None:
        world, made = chosen
        ana = world.user("ana")
        for each in made[:2]:
            ana.ask("PUT", f"/submissions/{each}/selection")
        ana.ask("PUT", f"/submissions/{made[0]}/selection")  # again is harmless
        refused = ana.ask("PUT", f"/submissions/{made[2]}/selection", 409)
        assert sorted(refused["error"]["details"]["selected"]) == sorted(made[:2])
        assert private(world) == {"ana": 0.9}

    def test_only_what_was_scored(self, chosen: tuple[World, list[str]]) -> None:
        world, _ = chosen
        ana = world.user("ana")
        failed = ana.submitted(fail="cell_error")
        ana.ask("PUT", f"/submissions/{failed['id']}/selection", 409)


def test_nothing_to_select_where_the_best_counts(world: World) -> None:
    ana = world.user("ana")
    done = ana.submitted(public=1)
    ana.ask("PUT", f"/submissions/{done['id']}/selection", 409)


def test_the_private_board_opens_when_it_is_revealed(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.publish(phases=[{**SPLIT, "reveal": "2001-01-01T00:00:00Z"}])
    ana = world.user("ana")
    ana.enter()
    done = ana.submitted(public=0.5, private=0.25)
    assert {score["board"] for score in done["scores"]} == {"public", "private"}
    board = ana.board(board="private")
    assert board["mine"]["values"] == {"accuracy": 0.25}


def test_the_revealed_board_says_where_teams_stood_and_how_sure_ranks_are(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.publish(phases=[{**SPLIT, "reveal": "2001-01-01T00:00:00Z"}])
    for name, public, hidden in (("ana", 0.9, 0.5), ("ben", 0.8, 0.52), ("eli", 0.7, 0.9)):
        world.user(name).enter()
        world.user(name).submitted(public=public, private=hidden, stderr=0.05, n=100)
    rows = world.user("ana").board(board="private")["rows"]
    assert [
        (row["team"]["name"], row["rank"], row["public_rank"], row["rank_low"], row["rank_high"])
        for row in rows
    ] == [("eli", 1, 3, 1, 1), ("ben", 2, 2, 2, 3), ("ana", 3, 1, 2, 3)]
    response = world.user("ana").get("/challenges/tiny/boards/main/private.csv")
    lines = list(csv.DictReader(io.StringIO(response.text)))
    assert [
        (line["team"], line["public_rank"], line["rank_low"], line["rank_high"]) for line in lines
    ] == [("eli", "3", "1", "1"), ("ben", "2", "2", "3"), ("ana", "1", "2", "3")]
    public = world.user("ana").board()["rows"]
    assert {(row["public_rank"], row["rank_low"]) for row in public} == {(None, None)}
    # One score without a standard error that says something, and no rank is said to be sure.
    world.user("eli").submitted(public=0.95, private=0.95, stderr=0.05, n=3)
    rows = world.user("ana").board(board="private")["rows"]
    assert {row["rank_low"] for row in rows} == {None}


def test_a_baseline_is_known_by_what_was_handed_in(world: World) -> None:
    folder = write_challenge(
        world.folder / "based",
        baselines=[{"title": "All even", "predictions": "easy.csv"},
                   {"title": "The starter", "notebook": "model.ipynb"}],
    )  # fmt: skip
    (folder / "easy.csv").write_text(EASY)
    world.admin.publish(folder)
    world.admin.enter()
    handed_in = bundle_of("predictions.csv", {"predictions.csv": EASY.encode()}).data
    done = world.admin.hand_in(bundle=handed_in).json()
    world.user("ana").submitted(public=0.5)
    with world.embedded.service.db.write() as session:
        # What the evaluation says of it does not matter here.
        row = session.get(StandingRow, standing_key(world, "ana"))
        assert row is not None
        scores.put_standing(
            session, standing_key(world, "ana")[:4], world.admin.show(done["id"])["team"]["id"],
            submission=done["id"], value=0.4, metrics={"accuracy": 0.4}, entries=1,
            reached_at=row.reached_at, last_at=row.last_at,
        )  # fmt: skip
    rows = world.user("ana").board()["rows"]
    assert [(row["team"]["name"], row["baseline"]) for row in rows] == [
        ("ana", None),
        ("root", "All even"),
    ]


def test_there_is_no_private_board_without_a_split(world: World) -> None:
    for user in (world.user("ana"), world.admin):
        user.ask("GET", "/challenges/tiny/boards/main/private", 404)


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "9" * 20])
def test_a_cursor_of_somebody_elses_is_refused(world: World, cursor: str) -> None:
    path = "/challenges/tiny/boards/main/public"
    world.user("ana").ask("GET", path, 400, params={"cursor": cursor})


def test_a_version_with_other_rules_counts_anew(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.publish(phases=[{**SPLIT, "reveal": "never"}])
    ana = world.user("ana")
    ana.enter()
    for public, hidden in ((0.8, 0.9), (0.9, 0.3), (0.7, 0.5)):
        ana.submitted(public=public, private=hidden)
    assert private(world) == {"ana": 0.3}
    world.publish(phases=[{**SPLIT, "reveal": "never", "counting": {"rule": "last"}}])
    assert private(world) == {"ana": 0.5}


def test_no_more_digits_are_told_than_rank(world: World) -> None:
    ana = world.user("ana")
    ana.submitted(public=0.123456789)
    done = ana.submitted(public=0.987654321)
    assert done["score"]["value"] == 0.9877
    assert done["best_before"] == 0.1235
    assert ana.board()["mine"]["values"] == {"accuracy": 0.9877}
