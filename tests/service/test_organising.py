"""What organisers see, and that what is said of publishing comes so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import Phrase, say_n
from tests.service.folders import zipped
from tests.service.world import User, World
from tests.tiny import write_challenge

PHASE: dict[str, Any] = {"id": "main", "quota": {"per_day": 50, "concurrent": 50}}
NOW = datetime.now(timezone.utc).replace(microsecond=0)


def preview(user: User, folder: Path, expect: int = 200) -> Any:
    files = {"folder": ("folder.zip", zipped(folder))}
    return user.ask("POST", "/challenges/preview", expect, files=files)


def codes(seen: Any) -> set[str]:
    return {each["code"] for each in seen["effects"]}


def text_of(seen: Any, code: str) -> str:
    return " ".join(each["text"] for each in seen["effects"] if each["code"] == code)


def rewritten(folder: Path, path: str, change: Callable[[str], str]) -> Path:
    file = folder / path
    before = file.read_text()
    file.write_text(change(before))
    assert file.read_text() != before
    return folder


class TestAPreview:
    def test_stores_nothing(self, world: World, tmp_path: Path) -> None:
        blobs = set(world.embedded.service.blobs.digests())
        folder = write_challenge(tmp_path / "new", title="Other")
        seen = preview(world.admin, folder)
        assert (seen["new"], seen["title"]) == (False, "Other")
        assert seen["digest"] != seen["current"]
        assert set(world.embedded.service.blobs.digests()) == blobs
        assert world.admin.ask("GET", "/challenges/tiny")["title"] == "Tiny"
        assert world.admin.publish(folder)["version"] == seen["digest"]

    def test_of_a_new_challenge_says_who_will_see_it(self, world: World, tmp_path: Path) -> None:
        folder = write_challenge(
            tmp_path / "new", id="closed", access={"mode": "group", "groups": ["class"]}
        )
        seen = preview(world.admin, folder)
        assert seen["new"] and seen["current"] is None
        assert "Members of class see it at once" in text_of(seen, "new_challenge")
        assert "challenge.yaml" in {each["path"] for each in seen["files"]}
        assert world.admin.get("/challenges/closed").status_code == 404

    def test_lists_mistakes_with_their_places(self, world: World, tmp_path: Path) -> None:
        folder = write_challenge(tmp_path / "bad", metrics=[{"name": "acuracy"}])
        seen = preview(world.admin, folder)
        assert seen["digest"] is None and seen["effects"] == []
        (problem,) = (each for each in seen["problems"] if "acuracy" in each["message"])
        assert problem["file"] == "challenge.yaml" and problem["line"] > 1 and problem["fix"]

    def test_shows_lines_but_never_labels(self, world: World, tmp_path: Path) -> None:
        folder = write_challenge(tmp_path / "new")
        rewritten(folder, "README.md", lambda text: text + "More.\n")
        rewritten(folder, "data/labels.csv", lambda text: text.replace("1,odd", "1,even", 1))
        (folder / "logo.png").write_bytes(b"\x89PNG\0\0")
        (folder / "data" / "sample.csv").unlink()
        (folder / "data" / "sample2.csv").write_text("id,x\n201,1\n202,2\n")
        rewritten(folder, "challenge.yaml", lambda t: t.replace("sample.csv", "sample2.csv"))
        files = {each["path"]: each for each in preview(world.admin, folder)["files"]}
        assert files["README.md"]["diff"].endswith("+More.")
        assert (files["data/labels.csv"]["diff"], files["data/labels.csv"]["why"]) == (
            None,
            "labels",
        )
        assert files["logo.png"]["why"] == "binary"
        assert files["data/sample.csv"]["change"] == "removed"
        assert files["data/sample2.csv"]["change"] == "added"
        assert "model.ipynb" not in files

    def test_names_fields_before_and_after(self, world: World, tmp_path: Path) -> None:
        folder = write_challenge(tmp_path / "new", limits={"time": "2 min", "memory": "2 GB"})
        fields = {each["path"]: each for each in preview(world.admin, folder)["fields"]}
        assert fields["limits.time"] == {
            "path": "limits.time",
            "before": "1 min",
            "after": "2 min",
        }
        assert fields["limits.memory"]["after"] == "2 GB"

    def test_is_for_organisers(self, world: World, tmp_path: Path) -> None:
        folder = write_challenge(tmp_path / "new", title="Other")
        assert preview(world.user("ana"), folder, 403)["error"]["code"] == "forbidden"


class TestWhatIsSaidElsewhere:
    def test_each_sentence_has_its_values_apart(self, world: World, tmp_path: Path) -> None:
        end = datetime(2030, 5, 1, 18, tzinfo=timezone.utc)
        folder = write_challenge(
            tmp_path / "new",
            metrics=[{"name": "accuracy"}, {"name": "f1"}],
            phases=[{**PHASE, "end": end.isoformat()}],
            limits={"time": "2 min"},
        )
        seen = preview(world.admin, folder)
        phrases = {each["code"]: each["phrase"] for each in seen["effects"]}
        assert phrases["end"]["text"] == "%1 ends on %2; it had no end."
        assert phrases["end"]["values"][1]["at"] == "2030-05-01T18:00:00Z"
        assert phrases["new_board"]["values"][0] == [
            {"text": "the metrics", "plural": None, "values": []}
        ]
        (limit,) = phrases["limits"]["values"][0]
        assert (limit["text"], limit["values"][1:]) == ("%1 %2 → %3", ["1 min", "2 min"])
        for each in seen["effects"]:
            assert str(Phrase.model_validate(each["phrase"])) == each["text"]
        said = [str(Phrase.model_validate(each)) for each in seen["warning_phrases"]]
        assert said == seen["warnings"]

    @pytest.mark.parametrize(("number", "said"), [(1, "1 team"), (0, "0 teams"), (7, "7 teams")])
    def test_a_number_chooses_the_form(self, number: int, said: str) -> None:
        assert str(say_n("1 team", "%1 teams", number)) == said


class TestWhatIsSaidComesSo:
    def test_nothing(self, scored: World, tmp_path: Path) -> None:
        seen = preview(scored.admin, write_challenge(tmp_path / "same"))
        assert codes(seen) == {"nothing"}
        scored.admin.publish(tmp_path / "same", 200)

    def test_texts(self, scored: World, tmp_path: Path) -> None:
        folder = write_challenge(tmp_path / "new", title="Other", summary="Words.")
        rewritten(folder, "README.md", lambda text: text + "More.\n")
        assert codes(preview(scored.admin, folder)) == {"texts"}
        before = scored.user("ana").board()["rows"]
        scored.admin.publish(folder)
        assert scored.user("ana").board()["rows"] == before

    def test_labels(self, scored: World, tmp_path: Path) -> None:
        folder = write_challenge(tmp_path / "new")
        rewritten(folder, "data/labels.csv", lambda text: text.replace("1,odd", "1,even", 1))
        seen = preview(scored.admin, folder)
        assert text_of(seen, "new_board") == (
            "Changed: the labels. A new board begins in Main; 3 scored submissions of 2 teams "
            "stay on the old one, which is not shown any more. Nothing is scored again by itself."
        )
        assert seen["effects"][0]["weight"] == "grave"
        scored.admin.publish(folder)
        assert scored.user("ana").board()["rows"] == []

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"metrics": [{"name": "accuracy"}, {"name": "f1"}]}, "Changed: the metrics"),
            (
                {"submission": {"output": {"prediction": "label", "extra_ids": "ignore"}}},
                "Changed: what predictions have to look like",
            ),
            (
                {"phases": [{**PHASE, "split": {"public": 0.5}, "reveal": "never"}]},
                "Changed: the split",
            ),
        ],
        ids=["metric", "output", "split"],
    )
    def test_another_evaluation(
        self, scored: World, tmp_path: Path, changes: dict[str, Any], said: str
    ) -> None:
        folder = write_challenge(tmp_path / "new", **changes)
        seen = preview(scored.admin, folder)
        assert text_of(seen, "new_board").startswith(said)
        scored.admin.publish(folder)
        assert scored.user("ana").board()["rows"] == []

    def test_an_evaluation_that_comes_back(self, scored: World, tmp_path: Path) -> None:
        old = write_challenge(tmp_path / "old")
        new = write_challenge(tmp_path / "new", metrics=[{"name": "accuracy"}, {"name": "f1"}])
        scored.admin.publish(new)
        assert scored.user("ana").board()["rows"] == []
        seen = preview(scored.admin, old)
        assert "again that of an earlier version, with 3 scored submissions" in text_of(
            seen, "old_board"
        )
        assert text_of(seen, "again") == "Version 1 becomes the current one again."
        scored.admin.publish(old)
        assert len(scored.user("ana").board()["rows"]) == 2

    def test_an_evaluation_that_comes_back_with_other_rules(
        self, make_world: Callable[..., World]
    ) -> None:
        world = make_world()
        coarse = {"metrics": [{"name": "accuracy", "precision": 1}]}
        world.publish(**coarse)
        ana = world.user("ana")
        ana.enter()
        first = ana.submitted(public=0.91)
        second = ana.submitted(public=0.93)
        assert ana.board()["mine"]["submission"] == first["id"]
        world.publish(metrics=[{"name": "accuracy", "precision": 2}, {"name": "f1"}])
        world.publish(metrics=[{"name": "accuracy", "precision": 2}])
        assert ana.board()["mine"]["submission"] == second["id"]

    def test_precision(self, scored: World, tmp_path: Path) -> None:
        folder = write_challenge(tmp_path / "new", metrics=[{"name": "accuracy", "precision": 0}])
        seen = preview(scored.admin, folder)
        assert "ranks by 0 decimals instead of 4: the ranks in Main are counted again" in text_of(
            seen, "precision"
        )
        assert "new_board" not in codes(seen)
        scored.admin.publish(folder)
        assert [row["rank"] for row in scored.user("ana").board()["rows"]] == [1, 1]

    def test_the_ranked_metric(self, make_world: Callable[..., World], tmp_path: Path) -> None:
        world = make_world()
        both = [{"name": "accuracy", "ranked": True}, {"name": "f1"}]
        world.publish(metrics=both)
        world.user("ana").enter()
        world.user("ana").submitted(public=0.8)
        folder = write_challenge(
            tmp_path / "new", metrics=[{"name": "accuracy"}, {"name": "f1", "ranked": True}]
        )
        seen = preview(world.admin, folder)
        assert "f1 decides the rank instead of accuracy" in text_of(seen, "ranked_metric")
        world.admin.publish(folder)
        assert len(world.user("ana").board()["rows"]) == 1

    def test_counting(self, scored: World, tmp_path: Path) -> None:
        ana = scored.user("ana")
        last = ana.submitted(public=0.1)
        folder = write_challenge(tmp_path / "new", phases=[{**PHASE, "counting": {"rule": "last"}}])
        seen = preview(scored.admin, folder)
        assert "the last submission instead of the best public score" in text_of(seen, "counting")
        scored.admin.publish(folder)
        shown = ana.board()["mine"]
        assert shown["entries"] == 3
        assert last["state"] == "scored"

    def test_a_quota(self, scored: World, tmp_path: Path) -> None:
        folder = write_challenge(
            tmp_path / "new", phases=[{"id": "main", "quota": {"per_day": 1, "concurrent": 50}}]
        )
        seen = preview(scored.admin, folder)
        assert "submissions a day: 1 instead of 50, at once" in text_of(seen, "quota")
        scored.admin.publish(folder)
        assert scored.user("ana").submit(429, public=1)["error"]["code"] == "quota_exceeded"

    def test_terms(self, scored: World, tmp_path: Path) -> None:
        folder = write_challenge(tmp_path / "new", terms="README.md")
        assert "terms" in codes(preview(scored.admin, folder))
        scored.admin.publish(folder)
        assert scored.user("ana").submit(409, public=1)["error"]["code"] == "not_entered"

    def test_other_inputs_beside_the_same_labels(self, scored: World, tmp_path: Path) -> None:
        folder = write_challenge(tmp_path / "new")
        rewritten(folder, "data/test.csv", lambda text: text.replace("1,1", "1,7", 1))
        seen = preview(scored.admin, folder)
        assert {"inputs", "files"} <= codes(seen)
        scored.admin.publish(folder)
        assert len(scored.user("ana").board()["rows"]) == 2

    def test_limits_are_for_new_submissions(
        self, make_world: Callable[..., World], tmp_path: Path
    ) -> None:
        world = make_world(runs=False)
        world.publish()
        ana = world.user("ana")
        ana.enter()
        waiting = ana.submit(public=0.5)
        folder = write_challenge(
            tmp_path / "new", limits={"time": "5 min"}, metrics=[{"name": "f1"}]
        )
        seen = preview(world.admin, folder)
        assert "time 1 min → 5 min" in text_of(seen, "limits")
        assert "1 submission in Main waits or runs" in text_of(seen, "active")
        world.admin.publish(folder)
        assert ana.finished(waiting["id"])["state"] == "scored"
        assert ana.board()["rows"] == []

    def test_phases_come_and_go(self, scored: World, tmp_path: Path) -> None:
        folder = write_challenge(tmp_path / "new", phases=[{"id": "final"}])
        seen = preview(scored.admin, folder)
        assert text_of(seen, "phase_added") == "Final is a new phase: its board begins empty."
        assert (
            text_of(seen, "phase_removed")
        ) == "Main is gone: its board is not shown any more; its 3 submissions are kept."
        scored.admin.publish(folder)
        assert scored.user("ana").get("/challenges/tiny/boards/main/public").status_code == 404
        page = scored.user("ana").ask("GET", "/submissions", params={"challenge": "tiny"})
        assert len(page["items"]) == 2

    @pytest.mark.parametrize(
        ("phase", "code", "status"),
        [
            ({"end": (NOW - timedelta(days=1)).isoformat()}, "phase_ended", 409),
            ({"start": (NOW + timedelta(days=1)).isoformat()}, "phase_soon", 409),
            ({"end": (NOW + timedelta(days=1)).isoformat()}, "end", 201),
        ],
        ids=["over", "soon", "later"],
    )
    def test_dates(
        self, scored: World, tmp_path: Path, phase: dict[str, str], code: str, status: int
    ) -> None:
        folder = write_challenge(tmp_path / "new", phases=[{**PHASE, **phase}])
        assert code in codes(preview(scored.admin, folder))
        scored.admin.publish(folder)
        assert scored.user("ana").hand_in(public=0.5).status_code == status

    def test_the_private_board(self, make_world: Callable[..., World], tmp_path: Path) -> None:
        world = make_world()
        split = {**PHASE, "split": {"public": 0.5}, "reveal": "never"}
        world.publish(phases=[split])
        ana = world.user("ana")
        ana.enter()
        ana.submitted(public=0.5, private=0.5)
        open_now = {**split, "reveal": (NOW - timedelta(hours=1)).isoformat()}
        folder = write_challenge(tmp_path / "new", phases=[open_now])
        seen = preview(world.admin, folder)
        assert "cannot be taken back" in text_of(seen, "revealed")
        assert ana.get("/challenges/tiny/boards/main/private").status_code == 403
        world.admin.publish(folder)
        assert ana.get("/challenges/tiny/boards/main/private").status_code == 200

    def test_who_locks_themselves_out(
        self, make_world: Callable[..., World], tmp_path: Path
    ) -> None:
        world = make_world()
        world.publish(access={"organisers": ["ola"]})
        folder = write_challenge(tmp_path / "new", access={"organisers": ["oli"]})
        ola = world.user("ola")
        assert {"locked_out", "organisers"} <= codes(preview(ola, folder))
        ola.publish(folder)
        assert ola.get("/challenges/tiny/overview").status_code == 404


class TestOnlyWhatWasLookedAt:
    def test_a_folder_that_changed_is_refused(self, world: World, tmp_path: Path) -> None:
        folder = write_challenge(tmp_path / "new", title="Other")
        seen = preview(world.admin, folder)
        rewritten(folder, "README.md", lambda text: text + "Later.\n")
        files = {"folder": ("f.zip", zipped(folder))}
        looked = {"digest": seen["digest"], "instead_of": seen["current"]}
        refused = world.admin.ask("POST", "/challenges", 409, files=files, data=looked)
        assert "changed after you looked" in refused["error"]["message"]

    def test_somebody_elses_version_is_not_taken_back(self, world: World, tmp_path: Path) -> None:
        folder = write_challenge(tmp_path / "new", title="Other")
        seen = preview(world.admin, folder)
        world.publish(title="Quicker")
        files = {"folder": ("f.zip", zipped(folder))}
        looked = {"digest": seen["digest"], "instead_of": seen["current"]}
        refused = world.admin.ask("POST", "/challenges", 409, files=files, data=looked)
        assert "another version after you looked" in refused["error"]["message"]
        dates = {"phases": [{"id": "main", "ends_at": None}], "instead_of": seen["current"]}
        dates["phases"][0]["ends_at"] = (NOW + timedelta(days=1)).isoformat()
        world.admin.ask("PATCH", "/challenges/tiny", 409, json=dates)


class TestTheOverview:
    def test_counts(self, scored: World) -> None:
        ana, ben = scored.user("ana"), scored.user("ben")
        ana.submitted(fail=FailureClass.WRONG_IDS.value)
        ben.submitted(fail=FailureClass.WRONG_IDS.value)
        ben.submitted(fail=FailureClass.CELL_ERROR.value)
        ana.submitted(request={"is_try": True}, fail=FailureClass.CELL_ERROR.value)
        seen = scored.admin.ask("GET", "/challenges/tiny/overview")
        assert (seen["teams"], seen["submissions"], seen["today"]) == (2, 6, 6)
        assert (seen["failed_today"], seen["active"], seen["tries"]) == (3, 0, 1)
        assert [
            (each["failure_class"], each["submissions"], each["teams"]) for each in seen["failures"]
        ] == [("wrong_ids", 2, 2), ("cell_error", 1, 1)]
        assert (seen["number"], seen["closed"]) == (1, False)

    def test_submissions_are_found(self, scored: World) -> None:
        ana, ben, root = scored.user("ana"), scored.user("ben"), scored.admin
        failed = ben.submitted(fail=FailureClass.WRONG_IDS.value)
        lost = ana.submitted(fail=FailureClass.OUTPUT_LOST.value)

        def found(asker: User = root, **query: Any) -> list[str]:
            params = {"challenge": "tiny", "team": "all", **query}
            page = asker.ask("GET", "/submissions", params=params)
            return [each["id"] for each in page["items"]]

        assert found(failure="wrong_ids") == [failed["id"]]
        assert found(fault="platform") == [lost["id"]]
        assert len(found(q="AN")) == 3
        assert found(q="an", state="failed") == [lost["id"]]
        assert found(q="%") == [] == found(q="_en")
        assert set(found(user="ben")) == set(found(q="ben"))
        assert len(found()) == 5
        # A participant finds nothing of others by any of them.
        assert found(ana, failure="wrong_ids") == []
        assert found(ana, q="ben") == [] == found(ana, user="ben")
        root.ask("GET", "/submissions", 422, params={"failure": "bad luck"})

    def test_versions_say_what_they_changed(self, world: World, tmp_path: Path) -> None:
        world.publish(title="Other", metrics=[{"name": "f1"}])
        folder = write_challenge(tmp_path / "new", title="Other", metrics=[{"name": "f1"}])
        rewritten(folder, "data/labels.csv", lambda text: text.replace("1,odd", "1,even", 1))
        world.admin.publish(folder)
        items = world.admin.ask("GET", "/challenges/tiny/versions")["items"]
        assert [(each["changed"], each["new_board"]) for each in items] == [
            (["labels"], True),
            (["texts", "metrics"], True),
            (["first"], False),
        ]
        path = f"/challenges/tiny/versions/{items[1]['digest']}/changes"
        seen = world.admin.ask("GET", path)
        assert {"title", "metrics[f1].name"} <= {each["path"] for each in seen["fields"]}
        assert "+title: Other" in seen["files"][0]["diff"]
        first = world.admin.ask("GET", f"/challenges/tiny/versions/{items[2]['digest']}/changes")
        assert first["before"] is None and first["files"] == []
        world.admin.ask("GET", f"/challenges/tiny/versions/{'0' * 64}/changes", 404)


def test_the_yaml_of_a_version_is_what_was_published(world: World, tmp_path: Path) -> None:
    folder = write_challenge(tmp_path / "new", title="Tiny: with a colon")
    view = world.admin.publish(folder)
    path = f"/challenges/tiny/versions/{view['version']}/challenge.yaml"
    answer = world.admin.get(path)
    assert answer.content == (folder / "challenge.yaml").read_bytes()
    assert yaml.safe_load(answer.text)["title"] == "Tiny: with a colon"
    world.publish("other")
    world.admin.ask("GET", path.replace("tiny", "other"), 404)
