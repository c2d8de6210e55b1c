"""An organiser's folders, as the browser asks for them."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tests.tiny import write_challenge

from .conftest import Ask, said


async def test_a_folder_is_looked_at_then_published(ask: Ask, tiny: str, jp_root_dir: Path) -> None:
    write_challenge(jp_root_dir / "mine" / "tiny", title="Other")
    seen = said(await ask("POST", "publish", {"folder": "mine/tiny", "preview": True}))
    assert (seen["challenge"], seen["new"]) == (tiny, False)
    assert [each["code"] for each in seen["effects"]] == ["texts"]
    assert said(await ask("GET", "api/v1/challenges/tiny"))["title"] == "Tiny"
    body = {"folder": "mine/tiny", "looked": seen}
    answer = await ask("POST", "publish", body)
    assert answer.code == 201
    assert said(answer)["version"] == seen["digest"]
    # What is published now is not what was looked at any more.
    (jp_root_dir / "mine" / "tiny" / "README.md").write_text("Later.")
    assert (await ask("POST", "publish", body)).code == 409
    assert (await ask("POST", "publish", {"folder": "mine/tiny", "looked": 1})).code == 400


async def test_mistakes_come_with_their_lines(ask: Ask, jp_root_dir: Path) -> None:
    write_challenge(jp_root_dir / "bad", metrics=[{"name": "acuracy"}])
    seen = said(await ask("POST", "publish", {"folder": "bad", "preview": True}))
    assert seen["problems"][0]["line"] > 1
    refused = await ask("POST", "publish", {"folder": "bad"})
    assert refused.code == 422


async def test_nothing_outside_the_root_travels(
    ask: Ask, tmp_path: Path, jp_root_dir: Path
) -> None:
    write_challenge(tmp_path / "secret")
    for folder in ("../secret", "", None, 1, "a\\b"):
        assert (await ask("POST", "publish", {"folder": folder, "preview": True})).code == 400
    assert (await ask("POST", "publish", {"folder": "none", "preview": True})).code == 404
    (jp_root_dir / "link").symlink_to(tmp_path / "secret")
    assert (await ask("POST", "publish", {"folder": "link", "preview": True})).code == 400
    folder = write_challenge(jp_root_dir / "tiny")
    (folder / "extra.csv").symlink_to(tmp_path / "secret" / "challenge.yaml")
    refused = await ask("POST", "publish", {"folder": "tiny", "preview": True})
    assert refused.code == 400
    assert "extra.csv" in said(refused)["error"]["message"]


async def test_a_folder_that_is_far_too_large(
    ask: Ask, jp_root_dir: Path, jp_serverapp: object
) -> None:
    folder = write_challenge(jp_root_dir / "large")
    with (folder / "video.bin").open("wb") as file:
        file.truncate(3_000_000_000)  # takes no room on the disk
    refused = await ask("POST", "publish", {"folder": "large", "preview": True})
    assert refused.code == 413
    assert "challenge.yaml" in said(refused)["error"]["hint"]


async def test_a_new_folder_works_as_it_is(ask: Ask, jp_root_dir: Path) -> None:
    answer = await ask("POST", "create", {"folder": "sub/solar", "title": "Solar: power"})
    assert answer.code == 201
    assert "challenge.yaml" in said(answer)["files"]
    assert (jp_root_dir / "sub" / "solar" / "challenge.yaml").is_file()
    seen = said(await ask("POST", "publish", {"folder": "sub/solar", "preview": True}))
    assert (seen["title"], seen["new"], seen["problems"]) == ("Solar: power", True, [])
    assert (await ask("POST", "create", {"folder": "sub/solar"})).code == 409
    for body in ({"folder": "../solar"}, {}, {"folder": "x", "title": 1}):
        assert (await ask("POST", "create", body)).code == 400


async def test_dates_go_into_the_folder(ask: Ask, tiny: str, jp_root_dir: Path) -> None:
    folder = write_challenge(jp_root_dir / "mine")
    spec = folder / "challenge.yaml"
    spec.write_text("# mine\n" + spec.read_text())
    before = spec.read_text()
    wanted = {"phases": [{"id": "main", "ends_at": "2031-02-03T04:05:00Z"}]}
    headers = {"Content-Type": "application/json"}
    answer = await ask("PATCH", "api/v1/challenges/tiny", wanted, headers=headers)
    assert answer.code == 200
    written = said(await ask("POST", "dates", {"challenge": tiny, "folder": "mine"}))
    assert written == {"path": "mine/challenge.yaml", "changed": True}
    after = spec.read_text()
    assert after.replace("  end: 2031-02-03T04:05\n", "") == before
    again = said(await ask("POST", "dates", {"challenge": tiny, "folder": "mine"}))
    assert again["changed"] is False
    write_challenge(jp_root_dir / "other", id="other")
    assert (await ask("POST", "dates", {"challenge": tiny, "folder": "other"})).code == 409
    (jp_root_dir / "empty").mkdir()
    assert (await ask("POST", "dates", {"challenge": tiny, "folder": "empty"})).code == 404


async def test_an_export_never_takes_the_place_of_another(
    ask: Ask, tiny: str, jp_root_dir: Path
) -> None:
    (jp_root_dir / "sub").mkdir()
    made = [said(await ask("POST", "export", {"challenge": tiny, "folder": "sub"})) for _ in "ab"]
    assert made[0]["path"] != made[1]["path"]
    with zipfile.ZipFile(jp_root_dir / made[0]["path"]) as archive:
        assert "submissions.csv" in archive.namelist()
    assert (await ask("POST", "export", {"challenge": "none"})).code == 404
    assert (await ask("POST", "export", {"challenge": tiny, "folder": "../x"})).code == 400
    assert [path.name for path in jp_root_dir.iterdir() if path.suffix == ".zip"] == []
