"""Role by object, for every route: a route without a row here fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_challenge.service.routes import ROUTES
from tests.service.folders import zipped
from tests.service.world import World, client, predictions
from tests.tiny import write_challenge

# Who asks. ana handed in; ben is another team; ola organises; root is admin; eve may not see the
# challenge at all; nobody is not signed in.
WHO = ("nobody", "eve", "ben", "ana", "ola", "root")

# What each is answered, in the order of WHO.
EVERYBODY = (200,) * 6
SIGNED_IN = (401, 200, 200, 200, 200, 200)
MAY_SEE = (401, 404, 200, 200, 200, 200)
TEAM = (401, 404, 404, 200, 200, 200)
TEAM_ALONE = (401, 404, 404, 200, 404, 404)
ORGANISERS = (401, 404, 404, 404, 200, 200)

MATRIX: dict[str, tuple[int, ...]] = {
    "GET /health": EVERYBODY,
    "GET /me": SIGNED_IN,
    "GET /changes": SIGNED_IN,
    "GET /challenges": SIGNED_IN,
    "POST /challenges": (401, 403, 403, 403, 200, 200),
    "POST /challenges/preview": (401, 403, 403, 403, 200, 200),
    "GET /challenges/{challenge}": MAY_SEE,
    "PATCH /challenges/{challenge}": ORGANISERS,
    "POST /challenges/{challenge}/dates/preview": ORGANISERS,
    "GET /challenges/{challenge}/overview": ORGANISERS,
    "GET /challenges/{challenge}/versions": ORGANISERS,
    "GET /challenges/{challenge}/versions/{digest}/changes": ORGANISERS,
    "GET /challenges/{challenge}/versions/{digest}/challenge.yaml": ORGANISERS,
    "GET /challenges/{challenge}/files/{path:path}": MAY_SEE,
    "GET /challenges/{challenge}/quota": MAY_SEE,
    "PUT /challenges/{challenge}/entry": MAY_SEE,
    "GET /challenges/{challenge}/boards/{phase}/{board}.csv": MAY_SEE,
    "GET /challenges/{challenge}/boards/{phase}/{board}": MAY_SEE,
    "GET /challenges/{challenge}/history": MAY_SEE,
    "GET /challenges/{challenge}/export": ORGANISERS,
    "POST /challenges/{challenge}/submissions": (401, 404, 201, 201, 409, 409),
    "GET /profiles": SIGNED_IN,
    "GET /submissions": SIGNED_IN,
    "GET /submissions/{submission}": TEAM,
    "POST /submissions/{submission}/cancel": TEAM,
    "PUT /submissions/{submission}/selection": TEAM_ALONE,
    "DELETE /submissions/{submission}/selection": TEAM_ALONE,
    "POST /submissions/{submission}/verify": (401, 404, 404, 404, 201, 201),
    "GET /submissions/{submission}/verifications": ORGANISERS,
    "GET /submissions/{submission}/logs/{step}": TEAM,
    "GET /submissions/{submission}/notebook": TEAM,
    "GET /submissions/{submission}/bundle": TEAM,
    "GET /submissions/{submission}/predictions": TEAM,
}


def routes() -> list[str]:
    """Every verb and path of the app."""
    return sorted(f"{method} {route.path}" for route in ROUTES for method in route.methods)


def test_every_route_has_a_row() -> None:
    assert routes() == sorted(MATRIX)


def test_no_route_takes_a_score_or_a_callback() -> None:
    writing = [route for route in routes() if not route.startswith("GET ")]
    assert writing == [
        "DELETE /submissions/{submission}/selection",
        "PATCH /challenges/{challenge}",
        "POST /challenges",
        "POST /challenges/preview",
        "POST /challenges/{challenge}/dates/preview",
        "POST /challenges/{challenge}/submissions",
        "POST /submissions/{submission}/cancel",
        "POST /submissions/{submission}/verify",
        "PUT /challenges/{challenge}/entry",
        "PUT /submissions/{submission}/selection",
    ]


class Closed:
    """A challenge for a group, with a submission of ana's, and everybody who might ask."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.folder = write_challenge(
            folder / "tiny",
            access={"mode": "group", "groups": ["class"], "organisers": ["ola"]},
            phases=[
                {
                    "id": "main",
                    "split": {"public": 0.5},
                    "reveal": "never",
                    "counting": {"rule": "selected"},
                    "quota": {"concurrent": 50},
                }
            ],
        )
        self.users: dict[str, Any] = {
            "eve": self.world.user("eve"),
            "ben": self.world.user("ben", "class"),
            "ana": self.world.user("ana", "class"),
            "ola": self.world.user("ola"),
            "root": self.world.admin,
        }
        self.users["root"].publish(self.folder)
        for name in ("ana", "ben"):
            self.users[name].enter()
        self.done = self.users["ana"].submitted(public=0.5, private=0.25)
        self.anonymous = client(self.world.embedded.app)

    def ask(self, who: str, route: str) -> httpx.Response:
        method, template = route.split(" ")
        path = template.replace("{path:path}", "input/train.csv").format(
            challenge="tiny",
            phase="main",
            board="public",
            submission=self.done["id"],
            step="run",
            digest=self.done["version"],
        )
        http = self.anonymous if who == "nobody" else self.users[who].http
        options: dict[str, Any] = {}
        if route in {"POST /challenges", "POST /challenges/preview"}:
            options = {"files": {"folder": ("f.zip", zipped(self.folder))}}
        elif route == "PATCH /challenges/{challenge}":
            options = {"json": {"closed": False}}
        elif route == "POST /challenges/{challenge}/dates/preview":
            options = {"json": {"phases": [{"id": "main"}]}}
        elif route == "PUT /challenges/{challenge}/entry" and who in {"ola", "root"}:
            # Whoever enters has a team: asked as somebody whose team is of no further use.
            return self.as_manager(who).put(path, json={})
        elif route == "PUT /challenges/{challenge}/entry":
            options = {"json": {}}
        elif route == "POST /challenges/{challenge}/submissions":
            wanted = json.dumps({"kind": "predictions", "entry": "predictions.csv"})
            options = {
                "data": {"request": wanted},
                "files": {"bundle": ("b.zip", predictions(public=0.1))},
            }
        response = http.request(method, path, **options)
        if route.endswith("/verify") and response.is_success:
            self.users["ola"].finished(response.json()["id"])  # else the next finds it again
        return response

    def as_manager(self, who: str) -> httpx.Client:
        name = "ola2" if who == "ola" else "root2"
        groups = ("class",) if who == "ola" else ()
        return self.world.user(name, *groups, admin=who == "root").http

    def close(self) -> None:
        self.anonymous.close()
        self.world.close()


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    made = Closed(tmp_path_factory.mktemp("permissions"))
    yield made
    made.close()


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("route", MATRIX)
def test_role_by_object(closed: Closed, route: str, who: str) -> None:
    response = closed.ask(who, route)
    assert response.status_code == MATRIX[route][WHO.index(who)], response.text
    if response.is_error:
        assert set(response.json()["error"]) == {"code", "message", "hint", "details"}


def test_what_is_not_there_answers_like_what_is_not_yours(closed: Closed) -> None:
    """Neither words nor details tell a foreign submission from none."""
    for route in (each for each in MATRIX if "{submission}" in each):
        foreign = closed.ask("ben", route)
        method, template = route.split(" ")
        path = template.format(submission="0" * 36, step="run")
        none = closed.users["ben"].http.request(method, path)
        assert foreign.json() == none.json(), route


def test_a_hidden_challenge_answers_like_none(closed: Closed) -> None:
    hidden = closed.users["eve"].get("/challenges/tiny").json()
    none = closed.users["eve"].get("/challenges/none").json()
    assert json.dumps(hidden).replace("tiny", "none") == json.dumps(none)
    assert closed.users["eve"].ask("GET", "/challenges")["items"] == []


def test_lists_show_others_only_to_organisers(closed: Closed) -> None:
    def seen(who: str, team: str) -> set[str]:
        page = closed.users[who].ask("GET", "/submissions", params={"team": team})
        return {each["team"]["name"] for each in page["items"]}

    assert seen("ana", "all") == {"ana"}
    assert "ana" not in seen("ben", "all")
    assert seen("eve", "all") == set()
    assert "ana" in seen("ola", "all")
    assert seen("ola", "mine") == set()


def test_the_private_board_is_the_organisers_until_it_is_revealed(closed: Closed) -> None:
    path = "/challenges/tiny/boards/main/private"
    answers = {who: closed.users[who].get(path).status_code for who in ("ana", "ben", "ola")}
    assert answers == {"ana": 403, "ben": 403, "ola": 200}
    assert closed.users["ana"].get(f"{path}.csv").status_code == 403
    path = "/challenges/tiny/history?board=private"
    answers = {who: closed.users[who].get(path).status_code for who in ("ana", "ben", "ola", "eve")}
    assert answers == {"ana": 403, "ben": 403, "ola": 200, "eve": 404}
    boards = {score["board"] for score in closed.users["ana"].show(closed.done["id"])["scores"]}
    assert boards == {"public"}
    boards = {score["board"] for score in closed.users["ola"].show(closed.done["id"])["scores"]}
    assert boards == {"public", "private"}


def test_the_evaluations_log_is_the_organisers(closed: Closed) -> None:
    path = f"/submissions/{closed.done['id']}/logs/evaluate"
    assert closed.users["ana"].get(path).status_code == 404
    assert "secrets" in closed.users["ola"].ask("GET", path)["text"]


def test_hidden_files_are_not_handed_out_to_anybody(closed: Closed) -> None:
    for path in ("hidden/labels/labels.csv", "data/labels.csv", "../hidden/labels/labels.csv"):
        for who in ("ana", "ola", "root"):
            http = closed.users[who].http
            assert http.get(f"/challenges/tiny/files/{path}").status_code == 404


def test_identity_headers_say_nothing(closed: Closed) -> None:
    for name in ("kubeflow-userid", "x-forwarded-user", "remote-user", "x-jupyterhub-user"):
        assert closed.anonymous.get("/me", headers={name: "root"}).status_code == 401
        assert closed.users["ana"].ask("GET", "/me", headers={name: "root"})["name"] == "ana"
