"""Two submissions side by side, as the browser asks for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_challenge.client import connect
from jupyter_challenge.client.configuration import load_config
from tests.tiny import WRITE_ALL_EVEN, write_challenge, write_notebook, write_predictions

from .conftest import Ask, said

SHOUT = "print('hello')\nfrom IPython.display import HTML\nHTML('<b>bold</b>')"


@pytest.fixture
def handed_in(tiny: str, challenge_data_dir: Path, tmp_path: Path) -> dict[str, str]:
    """Two notebooks that ran, a predictions file, and a notebook of another challenge."""
    config = load_config(challenge_data_dir)
    config.warm = False
    ids = {}
    with connect(config=config) as client:
        first = write_notebook(tmp_path / "a" / "m.ipynb", "n = 1", WRITE_ALL_EVEN)
        second = write_notebook(tmp_path / "b" / "m.ipynb", "n = 2", WRITE_ALL_EVEN, SHOUT)
        other = write_challenge(tmp_path / "other", id="other", title="Other")
        client.publish(other)
        client.enter("other")
        ids["predictions"] = client.submit(write_predictions(tmp_path / "p.csv"), tiny).id
        ids["other"] = client.submit(first, "other").id
        ids["first"] = client.submit(first, tiny, files=[]).id
        ids["second"] = client.submit(second, tiny, files=[]).id
        for id in ids.values():
            client.wait(id, timeout=90)
    return ids


async def test_two_submissions_side_by_side_and_a_copy_of_one(
    ask: Ask, handed_in: dict[str, str], jp_root_dir: Path
) -> None:
    pair = {"first": handed_in["first"], "second": handed_in["second"]}
    answer = await ask("POST", "compare", pair)
    assert answer.code == 200
    told = said(answer)
    assert [cell["source"] for cell in told["base"]["cells"]] == ["n = 1", WRITE_ALL_EVEN]
    (patch,) = told["diff"]
    assert [each["op"] for each in patch["diff"]] == ["patch", "addrange"]
    assert patch["diff"][1]["valuelist"][0]["source"] == SHOUT
    assert patch["diff"][1]["valuelist"][0]["outputs"] == []

    told = said(await ask("POST", "compare", {**pair, "outputs": True}))
    added = told["diff"][0]["diff"][1]["valuelist"][0]["outputs"]
    assert added[0]["text"] == "hello\n"
    assert [*added[1]["data"]] == ["text/plain"]  # no HTML of a participant's in there

    same = said(await ask("POST", "compare", {**pair, "second": pair["first"]}))
    assert same["diff"] == []

    for second, code, words in (
        ("other", 409, "different challenges: Tiny and Other"),
        ("predictions", 409, "is no notebook"),
        (None, 400, "two submissions"),
        (7, 400, "two submissions"),
        ("none", 404, ""),
    ):
        known = handed_in.get(second, second) if isinstance(second, str) else second
        refused = await ask("POST", "compare", {"first": pair["first"], "second": known})
        assert refused.code == code, second
        assert words in said(refused)["error"]["message"]
    assert (await ask("POST", "compare", json.dumps([1]))).code == 400

    copied = said(await ask("POST", "copy", {"submission": pair["second"]}))["path"]
    assert copied == "tiny/m-submission-3.ipynb"
    written = json.loads((jp_root_dir / copied).read_text())
    assert written["cells"][0]["source"] == "n = 2"
    (jp_root_dir / copied).write_text("changed since")
    assert said(await ask("POST", "copy", {"submission": pair["second"]}))["path"] == copied
    assert (jp_root_dir / copied).read_text() == "changed since"
    assert (await ask("POST", "copy", {"submission": handed_in["predictions"]})).code == 409
    assert (await ask("POST", "copy", {})).code == 400
