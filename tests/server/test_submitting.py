"""What the browser is told before something is handed in, and what handing in leaves behind."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.tiny import WRITE_ALL_EVEN, write_notebook, write_predictions

from .conftest import Ask, said


async def test_the_limits_are_the_challenges(ask: Ask, tiny: str, jp_root_dir: Path) -> None:
    write_notebook(jp_root_dir / "mine.ipynb", WRITE_ALL_EVEN)
    for n in range(101):
        (jp_root_dir / f"f{n}.py").write_text("x")
    params = {
        "path": "mine.ipynb",
        "challenge": tiny,
        "files": json.dumps([f"f{n}.py" for n in range(101)]),
    }
    seen = said(await ask("GET", "inspect", params=params))
    assert [each["code"] for each in seen["problems"]] == ["limit"]
    assert len(seen["files"]) == 102
    params["files"] = json.dumps(["f0.py"])
    seen = said(await ask("GET", "inspect", params=params))
    assert (seen["problems"], seen["declared"], seen["writable"]) == ([], ["f0.py"], True)
    assert seen["size"] == sum(each["size"] for each in seen["files"])


async def test_a_table_is_read_with_the_challenges_eyes(
    ask: Ask, tiny: str, jp_root_dir: Path
) -> None:
    write_predictions(jp_root_dir / "good.csv")
    (jp_root_dir / "bad.csv").write_text("id,label\n1,even\n1,odd\n")
    for name, lines in (("good.csv", []), ("bad.csv", [3])):
        params = {"path": name, "challenge": tiny}
        seen = said(await ask("GET", "inspect", params=params))
        assert seen["kind"] == "predictions"
        assert [each["line"] for each in seen["table"]] == lines
        assert [each["code"] for each in seen["problems"]] == ["table"] * len(lines)
    # Without a challenge there is nothing to compare it with.
    assert said(await ask("GET", "inspect", params={"path": "bad.csv"}))["problems"] == []


async def test_a_challenge_that_is_not_there(ask: Ask, jp_root_dir: Path) -> None:
    write_notebook(jp_root_dir / "mine.ipynb", WRITE_ALL_EVEN)
    params = {"path": "mine.ipynb", "challenge": "none"}
    assert (await ask("GET", "inspect", params=params)).code == 404


async def test_profiles_are_forwarded(ask: Ask, tiny: str) -> None:
    params = {"challenge": tiny, "kernel": "python3"}
    (profile,) = said(await ask("GET", "api/v1/profiles", params=params))["items"]
    assert profile["environments"]["python3"]["packages"]["ipykernel"]


async def test_a_read_only_notebook_stays_as_it_is(
    ask: Ask, tiny: str, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_notebook(jp_root_dir / "mine.ipynb", WRITE_ALL_EVEN)
    before = path.read_bytes()
    path.chmod(0o444)
    if os.geteuid() == 0:  # nothing is read-only to root
        may = os.access

        def access(at: str | os.PathLike[str], mode: int) -> bool:
            return not (Path(at).name == path.name and mode == os.W_OK) and may(at, mode)

        monkeypatch.setattr(os, "access", access)
    seen = said(await ask("GET", "inspect", params={"path": "mine.ipynb"}))
    assert seen["writable"] is False
    answer = await ask("POST", "submit", {"path": "mine.ipynb", "challenge": tiny, "files": []})
    assert answer.code == 201
    assert path.read_bytes() == before


async def test_numbers_keep_their_type(ask: Ask, tiny: str, jp_root_dir: Path) -> None:
    path = write_notebook(jp_root_dir / "mine.ipynb", "rate = 0.5\nn = 1", WRITE_ALL_EVEN)
    content = json.loads(path.read_text())
    content["cells"][0]["metadata"]["tags"] = ["parameters"]
    path.write_text(json.dumps(content))
    request = {
        "path": "mine.ipynb",
        "challenge": tiny,
        "files": [],
        "parameters": {"rate": 2, "n": 3},
    }
    answer = await ask("POST", "submit", request)
    assert answer.code == 201
    assert b'"rate":2.0' in answer.body
    assert b'"n":3' in answer.body
    assert b'"n":3.0' not in answer.body
