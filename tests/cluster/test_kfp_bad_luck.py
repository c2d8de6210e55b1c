"""Kubeflow Pipelines dies, forgets, or loses its pods while it conducts a submission's run.

It is the stand-in here. SEED says at which states; it is printed.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.core.models import SubmissionState, SubmissionView
from tests.cluster.bad_luck import STATES, WHEN, BadLuck
from tests.cluster.platform import Deployments, Platform
from tests.cluster.playing import Games, Play
from tests.cluster.test_bad_luck import AGAIN, END, Persistent, in_database, most_have_hit
from tests.tiny import WRITE_ALL_EVEN, write_notebook

SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
ENDS = {
    "good": (SubmissionState.SCORED.value, ""),
    "bad": (SubmissionState.FAILED.value, "cell_error"),
    "cancelled": (SubmissionState.CANCELLED.value, ""),
}
"""How each kind of submission ends, whatever dies meanwhile: its state, and why it failed."""
SCHEDULE = [
    ("server", "good"),
    ("server", "bad"),
    ("server", "cancelled"),
    ("server and database", "good"),
    ("step's process", "good"),
    ("step's pod", "good"),
    ("service", "good"),
]
CELLS = {
    "good": ("import time\ntime.sleep(2)", WRITE_ALL_EVEN),
    "bad": ("import time\ntime.sleep(2)", "raise ValueError('on purpose')"),
    "cancelled": ("import time\ntime.sleep(60)",),
}

pytestmark = pytest.mark.timeout(600 + len(SCHEDULE) * (AGAIN + END))


@pytest.fixture(scope="module")
def conducted(games: Games, kfp: Platform) -> Play:
    """Challenges and teams on the platform that Kubeflow Pipelines conducts."""
    return games.on(kfp)


@pytest.fixture
def mallory(conducted: Play, deployments: Deployments) -> Iterator[Persistent]:
    client = Persistent(conducted.platform, conducted.tokens["mallory"])
    yield client
    client.close()
    deployments.let_go()


def test_each_submission_has_one_end_whatever_becomes_of_pipelines(
    conducted: Play, mallory: Persistent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    luck = random.Random(SEED)
    bad = BadLuck(conducted.platform.cluster)
    kinds = {**bad.kinds(), **bad.of_pipelines()}
    with capsys.disabled():
        print(f"\nbad luck of Kubeflow Pipelines: SEED={SEED}", file=sys.stderr)
    ends: list[tuple[str, str, str, SubmissionView]] = []
    hits: list[bool] = []
    for number, (kind, what) in enumerate(SCHEDULE):
        # One that is cancelled or fails has no evaluation.
        at = WHEN.get(kind, STATES)
        state = luck.choice(at if what == "good" else [each for each in at if each != "evaluate"])
        notebook = write_notebook(tmp_path / str(number) / "model.ipynb", *CELLS[what])

        def strike(id: str, kind: str = kind, what: str = what) -> bool:
            did = kinds[kind](id)
            if what == "cancelled":
                mallory.ask(lambda client: client.cancel(id))
            return did

        with capsys.disabled():
            key = f"pipelines-{SEED}-{number}"
            done, did = mallory.struck(notebook, key, state, luck, kind, strike)
        ends.append((kind, what, state, done))
        hits.append(did)

    assert most_have_hit([kind for kind, *_ in ends], hits), list(zip(ends, hits, strict=True))

    platform = conducted.platform
    for kind, what, state, done in ends:
        seen = (kind, what, state, done.attempt, done.failure)
        failed = done.failure.failure_class.value if done.failure else ""
        assert (done.state.value, failed) == ENDS[what], seen
        counted = in_database(
            platform,
            f"select board, metric, count(*) from score where submission_id = '{done.id}' "
            "group by board, metric",
        )
        assert counted == ([["public", "accuracy", "1"]] if what == "good" else []), seen
        why = in_database(
            platform,
            "select coalesce(failure->>'failure_class', '') from run "
            f"where submission_id = '{done.id}' order by attempt",
        )
        # What was not theirs was tried again, and a server that comes back cost no attempt.
        assert [each for (each,) in why] == ["platform_error"] * (done.attempt - 1) + [failed], seen
        if kind in {"server", "service"}:
            assert done.attempt == 1, seen
    _nothing_is_left(platform)


def _nothing_is_left(platform: Platform) -> None:
    """Each run of Kubeflow Pipelines has ended, and so has every Job."""
    open_runs = (
        "select count(*) from pipeline join run on run.id = pipeline.run_id "
        "join submission s on s.id = run.submission_id "
        "where not run.cleared and s.challenge_id = 'vault'"
    )
    platform.until(lambda: in_database(platform, open_runs) == [["0"]], 300)
    selected = "challenge.jupyter.org/submission"
    platform.until(lambda: not platform.cluster.list("jobs", "-A", "-l", selected))
    platform.until(lambda: not BadLuck(platform.cluster).steps_at_work(), 120)
