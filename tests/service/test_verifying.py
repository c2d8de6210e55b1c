"""Submissions that organisers have run again: they count nowhere, and say what they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete

from jupyter_challenge.service.versions import run_spec
from jupyter_challenge.store import challenges, runs, submissions
from jupyter_challenge.store.orm import ScoreRow
from tests.service.world import World

SPLIT = {"id": "main", "split": {"public": 0.4}, "reveal": "never"}


@pytest.fixture
def world(make_world: Callable[..., World], db_url: str) -> World:
    world = make_world(db_url=db_url)
    world.publish(phases=[SPLIT], access={"mode": "open", "organisers": ["ola"]})
    for name in ("ana", "ben"):
        world.user(name).enter()
    return world


def verified(world: World, submission: str) -> Any:
    """Have it run again, wait, and return what came of it."""
    ola = world.user("ola")
    made = ola.ask("POST", f"/submissions/{submission}/verify", 201)
    assert made["verdict"] is None
    ola.finished(made["id"])
    return ola.ask("GET", f"/submissions/{submission}/verifications")["items"][0]


def everything_shown(world: World) -> list[Any]:
    """All that says how a challenge stands, as its organiser and a team see it."""
    ana, ola = world.user("ana"), world.user("ola")
    shown = [ola.board(), ola.board(board="private"), ana.board(), ana.quota()]
    shown += [user.ask("GET", "/challenges/tiny/history") for user in (ana, ola)]
    shown += [ana.ask("GET", "/submissions"), ola.ask("GET", "/submissions?team=all")]
    return [*shown, ola.ask("GET", "/challenges/tiny/overview")]


def test_the_same_score_again_is_said_and_nothing_else_changes(world: World) -> None:
    world.user("ben").submitted(public=0.7, private=0.9)
    done = world.user("ana").submitted(public=0.8, private=0.25)
    before = everything_shown(world)

    found = verified(world, done["id"])

    assert (found["verdict"], found["submission"], found["by"]) == ("same", done["id"], "ola")
    scores = [(s["board"], s["before"], s["again"], s["difference"]) for s in found["scores"]]
    assert scores == [("public", "0.8000", "0.8000", 0.0), ("private", "0.2500", "0.2500", 0.0)]
    assert everything_shown(world) == before
    assert world.user("ana").submit(public=0.1)["number"] == done["number"] + 1


def test_another_score_is_said_and_the_board_keeps_the_first(world: World) -> None:
    done = world.user("ana").submitted(random=True)
    before = everything_shown(world)

    found = verified(world, done["id"])

    assert found["verdict"] == "different"
    first = found["scores"][0]
    assert first["before"] == done["score"]["display"] != first["again"]
    assert not first["same"]
    assert first["difference"] != 0
    assert everything_shown(world) == before
    # Once more: each is kept, the newest first.
    again = verified(world, done["id"])
    path = f"/submissions/{done['id']}/verifications"
    kept = world.user("ola").ask("GET", path)["items"]
    assert [each["id"] for each in kept] == [again["id"], found["id"]]


def test_a_score_without_its_counterpart_is_not_the_same(world: World) -> None:
    done = world.user("ana").submitted(public=0.8)
    found = verified(world, done["id"])
    assert found["verdict"] == "same"
    with world.embedded.service.db.write() as session:
        session.execute(
            delete(ScoreRow).where(
                ScoreRow.submission_id == found["id"], ScoreRow.board == "private"
            )
        )

    path = f"/submissions/{done['id']}/verifications"
    assert world.user("ola").ask("GET", path)["items"][0]["verdict"] == "different"


def test_its_team_does_not_see_it_and_its_organisers_do(world: World) -> None:
    ana, ola = world.user("ana"), world.user("ola")
    done = ana.submitted(public=0.8)
    seen = {user.name: user.ask("GET", "/changes")["next"] for user in (ana, ola)}

    found = verified(world, done["id"])["id"]

    for path in ("", "/logs/run", "/notebook", "/bundle", "/predictions"):
        assert ana.get(f"/submissions/{found}{path}").status_code == 404, path
        assert ola.get(f"/submissions/{found}{path}").status_code == 200, path
    assert ana.http.post(f"/submissions/{found}/cancel").status_code == 404
    news = {
        user.name: {
            change["object"]
            for change in user.ask("GET", f"/changes?after={seen[user.name]}")["changes"]
        }
        for user in (ana, ola)
    }
    assert found in news["ola"]
    assert found not in news["ana"]
    assert ola.show(found)["verifies"] == done["id"]
    for user in (ana, world.user("ben")):
        assert user.http.post(f"/submissions/{done['id']}/verify").status_code == 404
        assert user.get(f"/submissions/{done['id']}/verifications").status_code == 404


def test_only_what_has_a_score_can_be_verified(world: World) -> None:
    ana, ola = world.user("ana"), world.user("ola")
    wrong = {
        "failed": ana.submitted(fail="cell_error")["id"],
        "try": ana.submitted(public=0.1, request={"is_try": True})["id"],
        "verification": verified(world, ana.submitted(public=0.8)["id"])["id"],
    }
    for what, id in wrong.items():
        assert ola.http.post(f"/submissions/{id}/verify").status_code == 409, what
    assert ola.http.post("/submissions/none/verify").status_code == 404


def test_one_that_goes_on_is_found_again_and_may_be_cancelled(
    make_world: Callable[..., World], db_url: str
) -> None:
    world = make_world(db_url=db_url, runs=False)
    world.publish(access={"mode": "open", "organisers": ["ola"]})
    ana, ola = world.user("ana"), world.user("ola")
    ana.enter()
    done = ana.submitted(public=0.8)
    path = f"/submissions/{done['id']}/verify"
    made = ola.ask("POST", path, 201)

    assert ola.ask("POST", path, 200)["id"] == made["id"]

    ola.ask("POST", f"/submissions/{made['id']}/cancel")
    assert ola.ask("GET", path.replace("verify", "verifications"))["items"][0]["verdict"] == (
        "cancelled"
    )
    assert ola.ask("POST", path, 201)["id"] != made["id"]


def test_it_is_run_as_the_submission_was_and_before_what_waits(
    make_world: Callable[..., World], db_url: str
) -> None:
    world = make_world(db_url=db_url, runs=False, parallel_runs=1)
    world.publish(phases=[SPLIT], access={"mode": "open", "organisers": ["ola"]})
    for name in ("ana", "ben"):
        world.user(name).enter()
    done = world.user("ana").submitted(public=0.8)
    waits = world.user("ben").submit(public=0.1)
    made = world.user("ola").ask("POST", f"/submissions/{done['id']}/verify", 201)

    # A newer version of the challenge does not change how it is scored.
    world.publish(phases=[SPLIT], metrics=[{"name": "accuracy", "precision": 1}],
                  access={"mode": "open", "organisers": ["ola"]})  # fmt: skip
    service = world.embedded.service
    with service.db.read() as session:
        rows = [submissions.get(session, id) for id in (done["id"], made["id"])]
        latest = runs.latest(session, [row.id for row in rows if row])
        specs = []
        for row in rows:
            assert row is not None
            version = challenges.version(session, row.version)
            assert version is not None
            specs.append(run_spec(service, version, row, latest[row.id]))
    ranked, again = specs
    for name in type(ranked).model_fields:
        if name not in {"run_id", "submission_id", "is_verification"}:
            assert getattr(ranked, name) == getattr(again, name), name
    assert again.is_verification
    assert "verification" not in again.model_dump_json()

    assert world.user("ola").show(made["id"])["position"] == 1
    assert world.user("ben").show(waits["id"])["position"] == 2
    world.user("ben").finished(waits["id"])
    with service.db.read() as session:
        last = runs.latest(session, [waits["id"]])[waits["id"]]
    assert world.engine.started[-2:] == [again.run_id, last.id]  # type: ignore[attr-defined]
