"""An older version becomes current again, and other dates make a new one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tests.service.world import World
from tests.tiny import write_challenge

PHASE: dict[str, Any] = {"id": "main", "quota": {"per_day": 50, "concurrent": 50}}
NOW = datetime.now(timezone.utc).replace(microsecond=0)


class TestAnOlderVersion:
    def test_becomes_current_again(self, scored: World, tmp_path: Path) -> None:
        root, ana = scored.admin, scored.user("ana")
        first = root.ask("GET", "/challenges/tiny")["version"]
        before = ana.board()["rows"]
        folder = write_challenge(tmp_path / "new", metrics=[{"name": "f1"}])
        second = root.publish(folder)["version"]
        assert ana.board()["rows"] == []
        after = root.ask("PATCH", "/challenges/tiny", json={"version": first})
        assert after["version"] == first
        assert [row["team"] for row in ana.board()["rows"]] == [row["team"] for row in before]
        lines = root.get("/challenges/tiny/versions").json()["items"]
        assert [(each["digest"], each["number"], each["current"]) for each in lines] == [
            (second, 2, False),
            (first, 1, True),
        ]

    def test_only_one_of_this_challenge(self, world: World, tmp_path: Path) -> None:
        other = write_challenge(tmp_path / "other", id="other")
        digest = world.admin.publish(other)["version"]
        for wanted in (digest, "f" * 64):
            refused = world.admin.ask("PATCH", "/challenges/tiny", 404, json={"version": wanted})
            assert "no such version" in refused["error"]["message"]

    def test_not_in_place_of_what_nobody_looked_at(self, world: World, tmp_path: Path) -> None:
        first = world.admin.ask("GET", "/challenges/tiny")["version"]
        world.admin.publish(write_challenge(tmp_path / "new", title="Other"))
        wanted = {"version": first, "instead_of": first}
        world.admin.ask("PATCH", "/challenges/tiny", 409, json=wanted)


class TestDates:
    def test_make_a_version_with_only_other_dates(self, scored: World, tmp_path: Path) -> None:
        root, end = scored.admin, (NOW + timedelta(days=2)).isoformat()
        before = root.ask("GET", "/challenges/tiny")
        wanted = {"phases": [{"id": "main", "ends_at": end}]}
        seen = root.ask("POST", "/challenges/tiny/dates/preview", json=wanted)
        assert {each["code"] for each in seen["effects"]} == {"end"}
        assert [each["path"] for each in seen["files"]] == ["challenge.yaml"]
        assert [each["path"] for each in seen["fields"]] == ["phases[main].end"]
        assert root.ask("GET", "/challenges/tiny") == before
        after = root.ask("PATCH", "/challenges/tiny", json=wanted)
        assert after["version"] == seen["digest"] != before["version"]
        assert datetime.fromisoformat(after["phases"][0]["ends_at"]) == datetime.fromisoformat(end)
        assert len(scored.user("ana").board()["rows"]) == 2
        text = root.get(f"/challenges/tiny/versions/{after['version']}/challenge.yaml")
        assert "attachment" in text.headers["content-disposition"]
        # Who publishes the same text from a folder publishes the same version.
        folder = write_challenge(tmp_path / "same")
        (folder / "challenge.yaml").write_bytes(text.content)
        assert root.publish(folder, 200)["version"] == after["version"]
        lines = root.get("/challenges/tiny/versions").json()["items"]
        assert [(each["number"], each["changed"]) for each in lines] == [
            (2, ["dates"]),
            (1, ["first"]),
        ]
        scored.user("ana").submitted(public=1)
        assert scored.user("ana").board()["rows"][0]["display"]["accuracy"] == "1.0000"

    def test_are_checked(self, world: World) -> None:
        root = world.admin
        for phase, said in (
            ({"starts_at": "2030-01-02T00:00Z", "ends_at": "2030-01-01T00:00Z"}, "end before"),
            ({"reveals_at": "2030-01-01T00:00Z"}, "no private board"),
        ):
            wanted = {"phases": [{"id": "main", **phase}]}
            for method, path in (
                ("POST", "/challenges/tiny/dates/preview"),
                ("PATCH", "/challenges/tiny"),
            ):
                refused = root.ask(method, path, 422, json=wanted)
                assert said in refused["error"]["message"]
        unknown = {"phases": [{"id": "final", "ends_at": "2030-01-01T00:00Z"}]}
        root.ask("PATCH", "/challenges/tiny", 400, json=unknown)

    def test_are_audited(self, world: World) -> None:
        wanted = {"phases": [{"id": "main", "ends_at": "2030-01-01T00:00Z"}]}
        world.admin.ask("PATCH", "/challenges/tiny", json=wanted)
        from jupyter_challenge.store import audit

        with world.embedded.service.db.read() as session:
            actions = [line.action for line in audit.lines(session, "tiny")]
        assert actions[-1] == "dates"

    def test_the_split_stays(self, make_world: Callable[..., World]) -> None:
        world = make_world()
        phases = [{**PHASE, "split": {"public": 0.5}, "end": "2030-01-01T00:00:00Z"}]
        world.publish(phases=phases)
        ana = world.user("ana")
        ana.enter()
        ana.submitted(public=0.5, private=0.25)
        wanted = {"phases": [{"id": "main", "ends_at": "2031-01-01T00:00Z"}]}
        view = world.admin.ask("PATCH", "/challenges/tiny", json=wanted)
        assert view["phases"][0]["public_rows"] == 5
        assert len(ana.board()["rows"]) == 1
        ana.submitted(public=0.75, private=0.25)
        assert len(world.admin.board(board="private")["rows"]) == 1
