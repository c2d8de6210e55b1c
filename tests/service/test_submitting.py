"""Handing in: what is accepted, once, and what is refused with a reason."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.bundles import bundle_of
from tests.service.world import World, predictions
from tests.tiny import write_notebook


def test_a_submission_goes_the_whole_way(world: World) -> None:
    ana = world.user("ana")
    made = ana.submit(public=0.8)
    assert (made["state"], made["number"], made["team"]["name"]) == ("queued", 1, "ana")
    done = ana.finished(made["id"])
    assert done["state"] == "scored"
    assert done["score"]["display"] == "0.8000"
    assert (done["rank"], done["teams"], done["is_best"], done["improved"]) == (1, 1, True, True)
    assert [step["state"] for step in done["steps"]] == ["succeeded"] * 3
    assert done["engine"] == "quick"


def test_a_second_one_says_whether_it_is_better(world: World) -> None:
    ana = world.user("ana")
    ana.submitted(public=0.8)
    worse, better = ana.submitted(public=0.5), ana.submitted(public=0.9)
    assert (worse["improved"], worse["best_before"], worse["is_best"]) == (False, 0.8, False)
    assert (better["improved"], better["best_before"], better["is_best"]) == (True, 0.8, True)


class TestIdempotency:
    def test_the_same_key_and_content_find_the_same_submission(self, world: World) -> None:
        ana = world.user("ana")
        first = ana.submit(key="k", public=0.8)
        again = ana.submit(200, key="k", public=0.8)
        assert again["id"] == first["id"]
        assert ana.quota()["left_today"] == 49

    def test_the_same_key_with_other_content_is_refused(self, world: World) -> None:
        ana = world.user("ana")
        ana.submit(key="k", public=0.8)
        refused = ana.submit(409, key="k", public=0.9)
        assert refused["error"]["code"] == "conflict"

    def test_a_key_is_the_teams_own(self, world: World) -> None:
        first = world.user("ana").submit(key="k", public=0.8)
        other = world.user("ben").submit(key="k", public=0.8)
        assert first["id"] != other["id"]

    def test_the_key_works_after_the_quota_is_used(self, make_world: Callable[..., World]) -> None:
        world = make_world()
        world.publish(phases=[{"id": "main", "quota": {"total": 1}}])
        ana = world.user("ana")
        ana.enter()
        first = ana.submit(key="k", public=0.8)
        assert ana.submit(200, key="k", public=0.8)["id"] == first["id"]
        assert ana.submit(429, key="l", public=0.8)["error"]["details"]["quota"] == "total"

    def test_many_retries_at_once_make_one(self, world: World) -> None:
        ana = world.user("ana")
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: ana.hand_in(key="k", public=0.5), range(16)))
        assert sorted({each.status_code for each in answers}) == [200, 201]
        assert len({each.json()["id"] for each in answers}) == 1
        assert [each.status_code for each in answers].count(201) == 1


def test_who_has_not_entered_is_told_to(world: World) -> None:
    refused = world.user("carl").submit(409, public=1)
    assert refused["error"]["code"] == "not_entered"


def test_terms_are_accepted_by_their_digest(make_world: Callable[..., World]) -> None:
    world = make_world()
    challenge = world.publish(terms="README.md")
    ana = world.user("ana")
    refused = ana.ask("PUT", "/challenges/tiny/entry", 409, json={"terms_digest": "0" * 64})
    assert refused["error"]["details"]["terms_digest"] == challenge["terms_digest"]
    assert ana.get("/challenges/tiny/files/input/train.csv").status_code == 409
    assert ana.enter(terms_digest=challenge["terms_digest"])["entered"]
    assert ana.get("/challenges/tiny/files/input/train.csv").status_code == 200
    assert ana.submit(public=1)["number"] == 1


PHASES = {
    "soon": ({"id": "main", "start": "2999-01-01T00:00:00Z"}, "phase_closed"),
    "ended": ({"id": "main", "end": "2001-01-01T00:00:00Z"}, "phase_closed"),
}


@pytest.mark.parametrize("name", PHASES)
def test_a_phase_that_is_not_open_takes_nothing(
    make_world: Callable[..., World], name: str
) -> None:
    phase, code = PHASES[name]
    world = make_world()
    world.publish(phases=[phase])
    ana = world.user("ana")
    ana.enter()
    assert ana.submit(409, public=1)["error"]["code"] == code
    assert ana.quota()["blocked"]["code"] == code


def test_a_closed_challenge_takes_nothing(world: World) -> None:
    world.admin.ask("PATCH", "/challenges/tiny", json={"closed": True})
    ana = world.user("ana")
    assert ana.submit(409, public=1)["error"]["code"] == "conflict"
    world.admin.ask("PATCH", "/challenges/tiny", json={"closed": False})
    ana.submit(public=1)


NOTEBOOK = {"kind": "notebook", "entry": "model.ipynb"}
CASES: dict[str, tuple[dict[str, str], bytes, int, str]] = {
    "not a zip": ({}, b"hello", 422, "not a zip"),
    "without the entry": ({"entry": "other.csv"}, predictions(), 422, "other.csv"),
    "predictions with friends": (
        {},
        bundle_of("predictions.csv", {"predictions.csv": b"1", "a.py": b"2"}).data,
        422,
        "one file",
    ),
    "empty predictions": (
        {},
        bundle_of("predictions.csv", {"predictions.csv": b""}).data,
        422,
        "empty",
    ),
    "not a notebook": (
        NOTEBOOK,
        bundle_of("model.ipynb", {"model.ipynb": b"{"}).data,
        422,
        "notebook",
    ),
    "empty notebook": (
        NOTEBOOK,
        bundle_of("model.ipynb", {"model.ipynb": b""}).data,
        422,
        "empty",
    ),
    "a container": ({"kind": "container"}, predictions(), 422, "container"),
    "an unknown phase": ({"phase": "nope"}, predictions(), 404, "nope"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_bundle_is_refused_and_costs_nothing(world: World, name: str) -> None:
    request, bundle, status, words = CASES[name]
    ana = world.user("ana")
    response = ana.hand_in(bundle, request=request)
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert words in error["message"]
    assert error["hint"]
    assert ana.quota()["left_today"] == 50


def test_a_notebook_without_kernel_is_refused(world: World, tmp_path: object) -> None:
    path = write_notebook(world.folder / "model.ipynb", "1", kernel=None)
    bundle = bundle_of("model.ipynb", {"model.ipynb": path.read_bytes()}).data
    response = world.user("ana").hand_in(bundle, request=NOTEBOOK)
    assert response.status_code == 422
    assert "kernel" in response.json()["error"]["message"]


def test_a_parameter_that_the_notebook_has_not_is_refused(world: World) -> None:
    path = write_notebook(world.folder / "model.ipynb", "1")
    bundle = bundle_of("model.ipynb", {"model.ipynb": path.read_bytes()}).data
    ana = world.user("ana")
    response = ana.hand_in(bundle, request={**NOTEBOOK, "parameters": {"epochs": 3}})
    assert response.status_code == 422
    assert 'tagged "parameters"' in response.json()["error"]["message"]
    assert ana.quota()["left_today"] == 50


def test_too_much_is_refused(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.publish(
        submission={"output": {"prediction": "label"}, "max_size": 100},
    )
    ana = world.user("ana")
    ana.enter()
    bundle = bundle_of("predictions.csv", {"predictions.csv": b"x" * 1000}).data
    assert ana.hand_in(bundle).status_code == 413


def test_a_field_that_is_wrong_is_named(world: World) -> None:
    response = world.user("ana").http.post(
        "/challenges/tiny/submissions",
        data={"request": json.dumps({"entry": 7, "note": "x" * 301})},
        files={"bundle": ("b.zip", predictions())},
    )
    assert response.status_code == 422
    fields = [each["field"] for each in response.json()["error"]["details"]["problems"]]
    assert fields == ["request.entry", "request.note"]


def test_tries_use_the_sample_no_quota_and_no_board(world: World) -> None:
    ana = world.user("ana")
    done = ana.submitted(public=1, request={"is_try": True})
    assert (done["state"], done["is_try"], done["number"]) == ("scored", True, 1)
    assert done["score"]["value"] == 1
    assert done["rank"] is None
    assert ana.quota()["left_today"] == 50
    assert ana.board()["rows"] == []
    assert ana.submit(public=0.5)["number"] == 1


def test_one_try_at_a_time(world: World) -> None:
    ana = world.user("ana")
    first = ana.submit(sleep=20, request={"is_try": True})
    refused = ana.submit(429, request={"is_try": True})
    assert refused["error"]["details"]["quota"] == "tries"
    ana.ask("POST", f"/submissions/{first['id']}/cancel")
    assert ana.finished(first["id"])["state"] == "cancelled"


def test_no_try_without_a_sample(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.publish(data={"test": "data/test.csv", "labels": "data/labels.csv"})
    ana = world.user("ana")
    ana.enter()
    assert ana.submit(409, request={"is_try": True})["error"]["code"] == "conflict"


def test_a_table_that_can_only_fail_uses_no_quota(make_world: Callable[..., World]) -> None:
    world = make_world(runs=False)
    world.publish(phases=[{"id": "main", "quota": {"per_day": 1, "failures_per_day": 1}}])
    ana = world.user("ana")
    ana.enter()
    wrong = bundle_of("predictions.csv", {"predictions.csv": b"id,label\n1,even\n2\n"}).data
    error = ana.submit(422, bundle=wrong)["error"]
    assert error["message"] == ('"predictions.csv", line 3: 1 values, where the header has 2.')
    assert [each["line"] for each in error["details"]["problems"]] == [3]
    assert (ana.quota()["left_today"], ana.quota()["failures_left_today"]) == (1, 1)
