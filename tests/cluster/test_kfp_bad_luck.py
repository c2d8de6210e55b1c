"""Kubeflow Pipelines dies, forgets, or loses its pods while it conducts a submission's run; so do
the Jobs that its steps follow, and what these need.

It is the stand-in here. SEED says what is drawn; it is printed.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from jupyter_challenge.core.models import SubmissionState, SubmissionView
from tests.cluster.bad_luck import AT_WORK, FITS, STATES, WHEN, BadLuck
from tests.cluster.platform import Deployments, Platform
from tests.cluster.playing import Games, Play
from tests.cluster.test_bad_luck import AGAIN, END, Persistent, in_database, most_have_hit
from tests.tiny import WRITE_ALL_EVEN, write_notebook

SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
ENDS = {
    "good": (SubmissionState.SCORED.value, ""),
    "cancelled": (SubmissionState.CANCELLED.value, ""),
}
"""How each kind of submission ends, whatever dies meanwhile: its state, and why it failed."""
OF_PIPELINES = [
    ("server", "good"),
    ("server", "cancelled"),
    ("server and database", "good"),
    ("service", "good"),
]
"""What dies, and how the submission would have ended; at which state is drawn."""
STEPS = ("step's process", "step's pod")
"""One of them is drawn: to the service either is a run of Kubeflow Pipelines that failed."""
OF_RUNS = [("Job", "run"), ("pod", "run"), ("gateway", "run"), ("Job", "evaluate")]
"""What a step follows, and by what way, gone while it does so."""
MORE = 1
"""How many more are drawn of what can befall a run, whoever conducts it."""
CASES = len(OF_PIPELINES) + 1 + len(OF_RUNS) + MORE
NEVER = ("cancelled", "evaluate")
CELLS = {
    "good": ("import time\ntime.sleep(2)", WRITE_ALL_EVEN),
    "cancelled": ("import time\ntime.sleep(60)",),
}

pytestmark = pytest.mark.timeout(600 + CASES * (AGAIN + END))


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


def drawn(luck: random.Random, kinds: Collection[str]) -> list[tuple[str, str, str]]:
    """What dies, how the submission would have ended, and the state at which it happens.

    Args:
        luck: Who draws.
        kinds: What can befall a run, whoever conducts it.
    """
    cases = [
        (kind, what, luck.choice([each for each in STATES if (what, each) != NEVER]))
        for kind, what in OF_PIPELINES
    ]
    step = luck.choice(STEPS)
    cases.append((step, "good", luck.choice(WHEN[step])))
    others = set(kinds) - {kind for kind, _ in OF_RUNS} - {kind for kind, _ in OF_PIPELINES}
    more = [(kind, luck.choice(WHEN.get(kind, AT_WORK))) for kind in sorted(others)]
    cases += [(kind, "good", at) for kind, at in [*OF_RUNS, *luck.sample(more, MORE)]]
    luck.shuffle(cases)
    return cases


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
    for number, (kind, what, state) in enumerate(drawn(luck, bad.kinds())):
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
        assert done.attempt <= 2, seen
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
        *before, last = [each for (each,) in why]
        assert len(before) == done.attempt - 1, seen
        assert last == failed, (seen, why)
        assert set(before) <= FITS.get(kind, {"platform_error"}), (seen, why)
        if kind in {"server", "service"}:
            assert done.attempt == 1, seen
    _nothing_is_left(platform)


@pytest.mark.parametrize("seed", [11, *range(1_000, 1_100)])
def test_what_a_step_follows_dies_while_it_does_whatever_the_seed(seed: int) -> None:
    kinds = set(FITS) - {"server", "server and database"}

    cases = drawn(random.Random(seed), kinds)

    assert len(cases) == CASES
    assert {(kind, at) for kind, _, at in cases} >= set(OF_RUNS)
    # One that is cancelled has no evaluation.
    assert NEVER not in {(what, at) for _, what, at in cases}
    assert len({kind for kind, *_ in cases} - set(OF_RUNS)) >= 8
    assert drawn(random.Random(seed), kinds) == cases


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
