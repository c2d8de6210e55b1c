"""What the command line says of a submission that waits."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import click
import pytest

from jupyter_challenge.cli.following import _live_text, _print_submission
from jupyter_challenge.client.views import Submission

NOW = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


def queued(**said: Any) -> Submission:
    of = {"challenge": "tiny", "version": "v", "phase": "main", "digest": "d", "created_at": NOW}
    team = {"id": "t", "name": "Ana"}
    who = {"id": "s1", "number": 3, "team": team, "user": "ana", "kind": "notebook", "name": "m"}
    return Submission.model_validate({**of, **who, "state": "queued", **said})


WAITS = {
    "nobody can say": ({}, "queued"),
    "the next": ({"position": 1, "wait_seconds": 0}, "queued, place 1"),
    "nobody knows how long": ({"position": 2}, "queued, place 2"),
    "seconds": ({"position": 2, "wait_seconds": 110}, "queued, place 2, in about 110 s"),
    "minutes": ({"position": 2, "wait_seconds": 200}, "queued, place 2, in about 3 min"),
    "hours": ({"position": 9, "wait_seconds": 7_500}, "queued, place 9, in about 2.1 h"),
    "again": (
        {"position": 2, "wait_seconds": 600, "interruptions": 1},
        "queued, had to make way and waits again, place 2, in about 10 min",
    ),
}


@pytest.mark.parametrize("case", WAITS)
def test_place_and_wait_are_said_while_it_is_followed_and_by_its_status(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said, expected = WAITS[case]

    assert _live_text(queued(**said), 65) == f"  ○ {expected}  1:05"
    _print_submission(queued(**said))
    assert click.unstyle(capsys.readouterr().out).splitlines()[1] == f"○ {expected}"


def test_the_image_is_said_where_it_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    image = f"registry.example.org/notebook@sha256:{'1' * 64}"
    _print_submission(queued(image=image))
    assert image in capsys.readouterr().out
    _print_submission(queued())
    assert "Image" not in capsys.readouterr().out
