"""Attacks on whose a submission is and on the rules that it is under, by number and name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from jupyter_challenge.store import audit
from jupyter_challenge.store.orm import ScoreRow
from tests.service.world import World, predictions
from tests.tiny import write_challenge


def listed(world: World, name: str) -> list[str]:
    """The submissions that somebody's team has."""
    found = world.user(name).ask("GET", "/submissions", params={"challenge": "tiny"})
    return [each["id"] for each in found["items"]]


NAMED = ("team", "team_id", "user", "owner", "submission", "challenge", "run")


@pytest.mark.parametrize("field", NAMED)
def test_28_a_request_cannot_say_whose_it_is(world: World, field: str) -> None:
    """Neither in what is sent, nor in the address, nor in a header."""
    ana, ben = world.user("ana"), world.user("ben")
    hers = ana.submit(public=0.5)

    for value in (hers["team"]["id"], hers["id"], "ana"):
        sent = ben.http.post(
            "/challenges/tiny/submissions",
            params={field: value},
            headers={"Idempotency-Key": f"{field}-{value}", f"X-{field}": value},
            data={
                "request": json.dumps(
                    {"kind": "predictions", "entry": "predictions.csv", field: value}
                ),
                field: value,
            },
            files={"bundle": ("bundle.zip", predictions(public=1))},
        )
        assert sent.status_code == 201, sent.text
        made = sent.json()
        assert (made["team"]["name"], made["user"], made["challenge"]) == ("ben", "ben", "tiny")

    assert listed(world, "ana") == [hers["id"]]
    assert len(listed(world, "ben")) == 3
    assert ana.show(hers["id"])["digest"] == hers["digest"]


def test_28_anothers_key_finds_nothing_of_theirs(world: World) -> None:
    hers = world.user("ana").submit(key="the-same", public=0.5)

    mine = world.user("ben").submit(key="the-same", public=0.5)

    assert mine["id"] != hers["id"]
    assert (listed(world, "ana"), listed(world, "ben")) == ([hers["id"]], [mine["id"]])


DEEDS = [("POST", "cancel"), ("PUT", "selection"), ("DELETE", "selection"), ("POST", "verify")]


@pytest.mark.parametrize(("verb", "what"), DEEDS)
def test_28_nobody_enqueues_or_changes_what_is_anothers(world: World, verb: str, what: str) -> None:
    hers = world.user("ana").submitted(public=0.5)
    before = world.admin.show(hers["id"])

    sent = world.user("ben").http.request(verb, f"/submissions/{hers['id']}/{what}")

    assert sent.status_code == 404
    assert sent.json()["error"]["code"] == "not_found"
    assert world.admin.show(hers["id"]) == before
    # Who may is answered otherwise, so that it is there.
    may = world.admin if what == "verify" else world.user("ana")
    assert may.http.request(verb, f"/submissions/{hers['id']}/{what}").status_code != 404


WRONG_PHASES = {
    "over": ("first", 409),
    "to come": ("last", 409),
    "of another challenge": ("elsewhere", 404),
    "of none": ("", 404),
}


@pytest.mark.parametrize("case", WRONG_PHASES)
def test_28_the_phase_is_one_that_is_open_whatever_is_asked_for(
    make_world: Callable[..., World], case: str
) -> None:
    world = make_world()
    world.publish(
        phases=[
            {"id": "first", "end": "2001-01-01T00:00:00Z"},
            {"id": "main"},
            {"id": "last", "start": "2999-01-01T00:00:00Z"},
        ]
    )
    world.publish("other", phases=[{"id": "elsewhere"}])
    ana = world.user("ana")
    ana.enter()
    ana.enter("other")
    phase, status = WRONG_PHASES[case]

    ana.submit(status, public=1, request={"phase": phase})

    assert listed(world, "ana") == []
    assert ana.submit(public=1)["phase"] == "main"


def rows(world: World) -> list[tuple[Any, ...]]:
    """All scores, as they are stored."""
    with world.embedded.service.db.read() as session:
        columns = list(ScoreRow.__table__.columns)
        return [tuple(row) for row in session.execute(sa.select(*columns).order_by(ScoreRow.id))]


def test_36_other_rules_are_another_version_and_leave_scores_as_they_are(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    world = make_world()
    world.publish(access={"organisers": ["ola"]})
    ana, ola = world.user("ana"), world.user("ola")
    ana.enter()
    done = ana.submitted(public=0.8)
    before = rows(world)

    changed = write_challenge(
        tmp_path / "new", access={"organisers": ["ola"]}, metrics=[{"name": "f1", "ranked": True}]
    )
    (changed / "data" / "labels.csv").write_text(
        "id,label\n" + "".join(f"{n},odd\n" for n in range(1, 11))
    )
    published = ola.publish(changed)

    after = ana.show(done["id"])
    assert after["version"] == done["version"] != published["version"]
    assert after["scores"] == done["scores"]
    assert rows(world) == before
    assert ana.board()["rows"] == []  # what was scored by other rules stands on no board of these
    with world.embedded.service.db.read() as session:
        told = [(line.user, line.action) for line in audit.lines(session, "tiny")]
    assert told.count(("ola", "publish")) == 1


def test_36_what_is_noted_in_the_audit_stays(scored: World) -> None:
    """By any route that an organiser has: lines are added, none is changed or gone."""

    def told() -> list[tuple[Any, ...]]:
        with scored.embedded.service.db.read() as session:
            return [
                (line.id, line.at, line.user, line.action, line.object, line.details)
                for line in audit.lines(session, "tiny")
            ]

    before = told()
    scored.admin.ask("PATCH", "/challenges/tiny", json={"closed": True})
    scored.admin.ask("PATCH", "/challenges/tiny", json={"closed": False})
    scored.publish(limits={"time": "3 min"})

    assert told()[: len(before)] == before
    assert len(told()) == len(before) + 3
