"""From a challenge to a score, as the browser asks for it."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_challenge.core.examples import EXAMPLES
from tests.tiny import WRITE_ALL_EVEN, write_notebook

from .conftest import Ask, said


async def test_the_folder_is_made_and_completed(ask: Ask, tiny: str, jp_root_dir: Path) -> None:
    answer = await ask("POST", "get", {"challenge": tiny})
    assert answer.code == 201
    assert said(answer)["notebook"] == "tiny/model.ipynb"
    assert (jp_root_dir / "tiny" / "input" / "test.csv").is_file()
    (jp_root_dir / "tiny" / "input" / "test.csv").unlink()
    again = said(await ask("POST", "get", {"challenge": tiny}))
    assert again["new"] == ["input/test.csv"]


async def test_no_folder_outside_the_root(ask: Ask, tiny: str, jp_root_dir: Path) -> None:
    for folder in ("../elsewhere", "a/../../b"):
        answer = await ask("POST", "get", {"challenge": tiny, "folder": folder})
        assert answer.code == 400, folder
    assert [path.name for path in jp_root_dir.parent.iterdir() if path.name in "elsewhere b"] == []


async def test_what_would_travel(ask: Ask, tiny: str, jp_root_dir: Path) -> None:
    ours = {"challenge": tiny, "files": ["features.py"]}
    write_notebook(jp_root_dir / "sub" / "mine.ipynb", WRITE_ALL_EVEN, ours=ours)
    (jp_root_dir / "sub" / "features.py").write_text("x = 1\n")
    seen = said(await ask("GET", "inspect", params={"path": "sub/mine.ipynb"}))
    assert seen["path"] == "sub/mine.ipynb"
    assert (seen["challenge"], seen["problems"]) == (tiny, [])
    assert {file["path"] for file in seen["files"]} == {"mine.ipynb", "features.py"}
    params = {"path": "sub/mine.ipynb", "files": json.dumps(["missing.py"])}
    other = said(await ask("GET", "inspect", params=params))
    assert [f["path"] for f in other["files"] if f["missing"]] == ["missing.py"]
    assert other["problems"]


async def test_what_cannot_be_inspected(ask: Ask) -> None:
    for params, code in (
        ({"path": "../x.ipynb"}, 400),
        ({"path": "none.ipynb"}, 404),
        ({}, 400),
        ({"path": "none.ipynb", "files": "{"}, 400),
    ):
        assert (await ask("GET", "inspect", params=params)).code == code, params


async def test_from_submit_to_score(ask: Ask, tiny: str, jp_root_dir: Path) -> None:
    path = write_notebook(jp_root_dir / "mine.ipynb", WRITE_ALL_EVEN)
    request = {"path": "mine.ipynb", "challenge": tiny, "files": [], "idempotency_key": "k1"}
    answer = await ask("POST", "submit", request)
    assert answer.code == 201
    submission = said(answer)
    assert (await ask("POST", "submit", request)).body  # the same key
    remembered = json.loads(path.read_text())["metadata"]["jupyter_challenge"]
    assert remembered["challenge"] == tiny

    after = 0
    while submission["state"] in {"queued", "running"}:
        changes = said(
            await ask("GET", "api/v1/changes", params={"after": str(after), "timeout": "25"})
        )
        after = changes["next"]
        submission = said(await ask("GET", f"api/v1/submissions/{submission['id']}"))
    assert submission["score"]["display"] == "0.5000"
    assert submission["rank"] == 1
    listed = said(await ask("GET", "api/v1/submissions", params={"challenge": tiny}))
    assert len(listed["items"]) == 1

    notebook = said(await ask("POST", "open", {"submission": submission["id"]}))
    assert notebook["cells"][0]["execution_count"] == 1


async def test_what_cannot_be_submitted(ask: Ask, tiny: str, jp_root_dir: Path) -> None:
    write_notebook(jp_root_dir / "mine.ipynb", WRITE_ALL_EVEN)
    for change, code in (
        ({"path": "../mine.ipynb"}, 400),
        ({"path": "none.ipynb"}, 404),
        ({"path": None}, 400),
        ({"challenge": "none"}, 404),
        ({"challenge": 7}, 400),
        ({"files": "a.py"}, 400),
        ({"files": ["missing.py"]}, 422),
        ({"files": ["../outside.py"]}, 422),
        ({"parameters": []}, 400),
    ):
        answer = await ask("POST", "submit", {"path": "mine.ipynb", "challenge": tiny, **change})
        assert answer.code == code, change
        assert said(answer)["error"]["message"]
    listed = said(await ask("GET", "api/v1/submissions", params={"challenge": tiny}))
    assert listed["items"] == []


async def test_bodies_that_are_no_object(ask: Ask) -> None:
    for path in ("submit", "get", "open"):
        for body in ("[]", "{", "7"):
            answer = await ask("POST", path, body)
            assert answer.code == 400, (path, body)
            assert said(answer)["error"]["code"] == "bad_request"


async def test_the_example_is_published_once(ask: Ask) -> None:
    assert (await ask("POST", "example")).code == 201
    assert (await ask("POST", "example")).code == 201
    listed = said(await ask("GET", "api/v1/challenges"))
    assert [challenge["id"] for challenge in listed["items"]] == ["iris"]


async def test_other_examples_by_name(ask: Ask) -> None:
    for name in EXAMPLES:
        assert said(await ask("POST", "example", {"name": name}))["id"] == name
    refused = await ask("POST", "example", {"name": "../template"})
    assert refused.code == 404
    assert "iris, digits, shower" in said(refused)["error"]["hint"]
    assert (await ask("POST", "example", {"name": ["iris"]})).code == 400


async def test_no_notebook_of_nothing(ask: Ask) -> None:
    assert (await ask("POST", "open", {"submission": "none"})).code == 404
