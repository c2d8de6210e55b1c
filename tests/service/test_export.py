"""The organiser's export."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable

from tests.service.world import World


def test_everything_of_a_challenge_is_in_it(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.publish(phases=[{"id": "main", "split": {"public": 0.5}, "reveal": "never"}])
    for name in ("ana", "=cmd()"):
        world.user(name).enter()
    good = world.user("ana").submitted(public=0.5, private=0.25)
    bad = world.user("=cmd()").submitted(fail="cell_error")
    response = world.admin.get("/challenges/tiny/export")
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        rows = list(csv.DictReader(io.StringIO(archive.read("submissions.csv").decode())))
        assert [(row["id"], row["team"], row["state"], row["failure"]) for row in rows] == [
            (good["id"], "ana", "scored", ""),
            (bad["id"], "'=cmd()", "failed", "cell_error"),
        ]
        scores = list(csv.DictReader(io.StringIO(archive.read("scores.csv").decode())))
        assert {(row["board"], row["value"]) for row in scores} == {
            ("public", "0.5"),
            ("private", "0.25"),
        }
        deeds = [line["action"] for line in json.loads(archive.read("audit.json"))]
        assert deeds[:3] == ["publish", "enter", "enter"]
        names = set(archive.namelist())
        folder = f"submissions/{good['id']}"
        for name in ("bundle.zip", "notebook.ipynb", "predictions", "run.log", "evaluation.json"):
            assert f"{folder}/{name}" in names
    assert not list(world.config.root.glob("tmp*"))
