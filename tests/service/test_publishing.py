"""Publishing: what a folder becomes, and what a second version never changes."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_challenge.service.versions import folder_of
from jupyter_challenge.store import challenges
from tests.service.folders import zipped
from tests.service.world import World
from tests.tiny import write_challenge


def test_the_same_content_is_the_same_version(world: World, tmp_path: Path) -> None:
    root = world.admin
    first = root.ask("GET", "/challenges/tiny")
    again = root.publish(write_challenge(tmp_path / "same"), 200)
    assert again["version"] == first["version"]
    assert len(root.ask("GET", "/challenges/tiny/versions")["items"]) == 1


def test_what_an_editor_leaves_is_no_part_of_it(world: World, tmp_path: Path) -> None:
    folder = write_challenge(tmp_path / "same")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "model-checkpoint.ipynb").write_text("{}")
    world.admin.publish(folder, 200)


def test_an_older_version_becomes_current_again(world: World, tmp_path: Path) -> None:
    root = world.admin
    first = root.ask("GET", "/challenges/tiny")["version"]
    world.publish(title="Other")
    assert root.ask("GET", "/challenges/tiny")["title"] == "Other"
    assert root.publish(write_challenge(tmp_path / "same"))["version"] == first
    versions = root.ask("GET", "/challenges/tiny/versions")["items"]
    assert {each["digest"] for each in versions if each["current"]} == {first}
    assert len(versions) == 2


class TestASecondVersion:
    def test_keeps_scores_where_the_evaluation_is_the_same(self, world: World) -> None:
        ana = world.user("ana")
        done = ana.submitted(public=0.8)
        phases = [{"id": "main", "quota": {"per_day": 9, "concurrent": 9}}]
        world.publish(title="Tiny, with other words", phases=phases)
        assert ana.board()["mine"]["submission"] == done["id"]
        assert ana.show(done["id"])["version"] == done["version"]
        assert ana.show(done["id"])["rank"] == 1

    def test_does_not_mix_scores_of_another_evaluation(self, world: World, tmp_path: Path) -> None:
        ana, ben = world.user("ana"), world.user("ben")
        old = ana.submitted(public=0.8)
        folder = write_challenge(tmp_path / "new")
        labels = folder / "data" / "labels.csv"
        labels.write_text(labels.read_text().replace("1,odd", "1,even", 1))
        world.admin.publish(folder)
        assert ana.board()["rows"] == []
        shown = ana.show(old["id"])
        assert (shown["score"], shown["version"]) == (old["score"], old["version"])
        assert shown["rank"] is None
        ben.submitted(public=0.1)
        assert [row["team"]["name"] for row in ben.board()["rows"]] == ["ben"]

    def test_does_not_touch_what_waits(self, make_world: Callable[..., World]) -> None:
        world = make_world(runs=False)
        first = world.publish()
        ana = world.user("ana")
        ana.enter()
        waiting = ana.submit(public=0.5)
        world.publish(title="Other")
        done = ana.finished(waiting["id"])
        assert (done["state"], done["version"]) == ("scored", first["version"])

    def test_asks_for_changed_terms_again(self, make_world: Callable[..., World]) -> None:
        world = make_world()
        first = world.publish(terms="README.md")
        ana = world.user("ana")
        ana.enter(terms_digest=first["terms_digest"])
        ana.submit(public=1)
        folder = write_challenge(world.folder / "terms", terms="README.md")
        (folder / "README.md").write_text("Other terms.")
        world.admin.publish(folder)
        refused = ana.submit(409, public=1)
        assert refused["error"]["code"] == "not_entered"
        ana.enter(terms_digest=refused["error"]["details"]["terms_digest"])
        ana.submit(public=1)


def test_every_mistake_is_named_at_once(world: World, tmp_path: Path) -> None:
    folder = write_challenge(tmp_path / "bad", metrics=[{"name": "acuracy"}])
    (folder / "data" / "test.csv").unlink()
    refused = world.admin.publish(folder, 422)
    problems = refused["error"]["details"]["problems"]
    assert len(problems) >= 2
    assert all({"file", "message", "fix"} <= set(each) for each in problems)


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil", "a\\b"])
def test_a_zip_that_climbs_out_is_refused(world: World, name: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), "x")
    files = {"folder": ("f.zip", out.getvalue())}
    world.admin.ask("POST", "/challenges", 422, files=files)
    assert list((world.config.root / "uploads").iterdir()) == []


def test_a_folder_over_the_limit_is_refused(make_world: Callable[..., World]) -> None:
    world = make_world(max_upload=2000)
    world.admin.publish(write_challenge(world.folder / "tiny"), 413)


def test_the_folder_of_a_version(world: World) -> None:
    service = world.embedded.service
    with service.db.read() as session:
        found = challenges.challenge(session, "tiny")
    assert found is not None
    folder = folder_of(service, found[1])
    names = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    assert names == [
        "hidden/labels/labels.csv",
        "public/input/test.csv",
        "public/input/train.csv",
        "public/model.ipynb",
        "public/sample/labels.csv",
        "public/sample/test.csv",
    ]
    assert stat.S_IMODE((folder / "hidden").stat().st_mode) == 0o700
    assert not any(p.stat().st_mode & 0o222 for p in folder.rglob("*") if p.is_file())


def test_hidden_test_data_is_not_handed_out(make_world: Callable[..., World]) -> None:
    world = make_world()
    data = {
        "train": "data/train.csv",
        "test": "data/test.csv",
        "labels": "data/labels.csv",
        "hide_test": True,
    }
    challenge = world.publish(data=data)
    paths = [each["path"] for each in challenge["files"]]
    assert paths == ["input/train.csv", "model.ipynb"]
    ana = world.user("ana")
    ana.enter()
    assert ana.get("/challenges/tiny/files/input/test.csv").status_code == 404
    assert challenge["phase"]["feedback"] == "class_only"


def test_files_are_handed_out_with_the_digest_as_etag(world: World) -> None:
    ana = world.user("ana")
    file = next(
        each
        for each in ana.ask("GET", "/challenges/tiny")["files"]
        if each["path"] == "model.ipynb"
    )
    response = ana.get("/challenges/tiny/files/model.ipynb")
    assert len(response.content) == file["size"]
    assert file["sha256"].startswith(response.headers["etag"].strip('"'))
    assert response.headers["x-content-type-options"] == "nosniff"
    tag = response.headers["etag"]
    again = ana.get("/challenges/tiny/files/model.ipynb", headers={"if-none-match": tag})
    assert again.status_code == 304


def test_the_split_is_chosen_once_and_shown(make_world: Callable[..., World]) -> None:
    world = make_world()
    phases = [{"id": "main", "split": {"public": 0.4}, "reveal": "never"}]
    challenge = world.publish(phases=phases)
    phase = challenge["phase"]
    assert (phase["public_rows"], phase["private_rows"]) == (4, 6)
    assert phase["has_private"]
    assert phase["reveals_at"] is None


def test_only_organisers_publish(world: World, tmp_path: Path) -> None:
    ana = world.user("ana")
    ana.publish(write_challenge(tmp_path / "new", id="new"), 403)
    ana.publish(write_challenge(tmp_path / "same"), 403)
    world.publish("tiny", access={"organisers": ["ana", "group:staff"]})
    ana.publish(write_challenge(tmp_path / "mine"))
    staff = world.user("stan", "staff")
    staff.publish(write_challenge(tmp_path / "theirs"), 403)  # ana's version names nobody


def test_the_list_is_searched_filtered_and_paged(make_world: Callable[..., World]) -> None:
    world = make_world()
    soon = [{"id": "main", "start": "2999-01-01T00:00:00Z"}]
    ended = [{"id": "main", "end": "2001-01-01T00:00:00Z"}]
    ends = [{"id": "main", "end": "2998-01-01T00:00:00Z"}]
    world.publish("alpha", phases=soon)
    world.publish("beta", phases=ended, tags=["physics"])
    world.publish("gamma")
    world.publish("delta", phases=ends)
    ana = world.user("ana")

    def names(**query: str | int) -> list[str]:
        return [each["id"] for each in ana.ask("GET", "/challenges", params=query)["items"]]

    assert names() == ["delta", "gamma", "alpha", "beta"]
    assert names(state="open") == ["delta", "gamma"]
    assert names(q="PHYS") == ["beta"]
    first = ana.ask("GET", "/challenges", params={"limit": 3})
    assert (first["total"], len(first["items"])) == (4, 3)
    assert names(cursor=first["next"]) == ["beta"]


def test_many_may_publish_the_same_at_once(make_world: Callable[..., World], db_url: str) -> None:
    world = make_world(db_url=db_url, runs=False)
    files = {"folder": ("f.zip", zipped(write_challenge(world.folder / "tiny")))}
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda _: world.admin.http.post("/challenges", files=files), range(6))
        )
    assert sorted(each.status_code for each in answers) == [200] * 5 + [201]
    assert len(world.admin.ask("GET", "/challenges/tiny/versions")["items"]) == 1


def test_many_may_enter_at_once(make_world: Callable[..., World], db_url: str) -> None:
    world = make_world(db_url=db_url, runs=False)
    world.publish()
    ana = world.user("ana")
    with ThreadPoolExecutor(6) as pool:
        teams = list(pool.map(lambda _: ana.enter()["team"]["id"], range(6)))
    assert len(set(teams)) == 1
