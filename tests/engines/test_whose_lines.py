"""Containers of the platform are told whom the lines concern that they print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_challenge.engines.jobs import Order
from tests.engines.small_challenge import SmallChallenge
from tests.engines.test_jobs import MAKERS, SETTINGS, containers, environment, pod


@pytest.mark.parametrize("kind", MAKERS)
def test_the_platforms_containers_are_told_whom_their_lines_concern_and_nobody_else(
    kind: str, tmp_path: Path
) -> None:
    spec = SmallChallenge(tmp_path).spec(b"")
    order = Order.of(spec.model_copy(update={"team_id": "team-1"}))
    job = MAKERS[kind](order, SETTINGS)

    told = {
        each["name"]: json.loads(environment(each)["CHALLENGE_ABOUT"])
        for each in containers(job)
        if "CHALLENGE_ABOUT" in environment(each)
    }

    assert set(told) == {each["name"] for each in pod(job)["initContainers"]}
    assert [each for each in told.values() if each != order.ids] == []
