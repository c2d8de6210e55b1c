"""Parts of the platform die, or are removed, while submissions are under way: none is lost.

KILLS says how many (12 when left out), SEED which; the seed of each round is printed.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from jupyter_challenge.client import Client, connect
from jupyter_challenge.core.errors import FAILURES, Fault, Unavailable
from jupyter_challenge.core.models import StepState, SubmissionState, SubmissionView
from tests.cluster.bad_luck import BadLuck
from tests.cluster.platform import Deployments, Platform, forwarded
from tests.cluster.playing import Play
from tests.tiny import WRITE_ALL_EVEN, write_notebook

KILLS = int(os.environ.get("KILLS", "12"))
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
STATES = ("queued", "prepare", "run", "evaluate")
WHEN = {"sidecar": ("run",)}  # at other states there is none to kill
AGAIN = 240.0
END = 480.0
T = TypeVar("T")

pytestmark = pytest.mark.timeout(300 + KILLS * (AGAIN + END))


class Persistent:
    """A client that connects again when the service, or the way to it, was away."""

    def __init__(self, platform: Platform, token: str) -> None:
        self._platform = platform
        self._token = token
        self._stack = contextlib.ExitStack()
        self._client: Client | None = None

    def ask(self, question: Callable[[Client], T]) -> T:
        """Ask until there is an answer."""
        end = time.monotonic() + AGAIN
        while True:
            try:
                if self._client is None:
                    url = self._stack.enter_context(
                        forwarded(self._platform.cluster, "challenge", 8790)
                    )
                    made = connect(url=url, token=self._token)
                    self._client = self._stack.enter_context(made)
                return question(self._client)
            except (Unavailable, httpx.TransportError, RuntimeError):
                self.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)

    def struck(
        self,
        notebook: Path,
        key: str,
        state: str,
        luck: random.Random,
        name: str,
        strike: Callable[[str], bool],
    ) -> SubmissionView:
        """Hand a notebook in, strike once it is at a state, and see what becomes of it."""
        made = self.ask(lambda client: client.submit(notebook, "vault", idempotency_key=key))
        since = time.monotonic()
        while not reached(self.ask(lambda client: client.submission(made.id)), state):
            assert time.monotonic() < since + AGAIN
            time.sleep(0.1)
        time.sleep(luck.uniform(0, 1))
        since = time.monotonic()
        did = strike(made.id)
        while not (done := self.ask(lambda client: client.submission(made.id))).state.terminal:
            assert time.monotonic() < since + END, (name, state, done)
            time.sleep(0.3)
        said = done.failure.failure_class.value if done.failure else done.state.value
        print(
            f"  {name:19} at {state:9} {'' if did else 'missed '}-> {said}, attempt "
            f"{done.attempt}, {time.monotonic() - since:.0f} s",
            file=sys.stderr,
        )
        return done

    def close(self) -> None:
        """Let go of the connection."""
        self._client = None
        self._stack.close()


@pytest.fixture
def mallory(game: Play, deployments: Deployments) -> Iterator[Persistent]:
    client = Persistent(game.platform, game.tokens["mallory"])
    yield client
    client.close()
    deployments.let_go()


def state_of(submission: SubmissionView) -> str:
    """How far a submission is, in the words of STATES."""
    if submission.state.terminal:
        return "over"
    at = [step.name.value for step in submission.steps if step.state is StepState.RUNNING]
    return at[-1] if at else "queued"


def reached(submission: SubmissionView, wanted: str) -> bool:
    """Whether a submission is at a state, or beyond it."""
    now = state_of(submission)
    return now == "over" or STATES.index(now) >= STATES.index(wanted)


def in_database(platform: Platform, query: str) -> list[list[str]]:
    """What the database says, as soon as it is back."""
    found: list[list[str]] = []

    def says() -> bool:
        try:
            found[:] = platform.sql(query)
        except RuntimeError:
            return False
        return True

    platform.until(says, AGAIN)
    return found


def test_each_submission_has_one_end_whatever_dies(
    game: Play, mallory: Persistent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    luck = random.Random(SEED)
    bad = BadLuck(game.platform.cluster).kinds()
    kinds = luck.sample(sorted(bad), len(bad))
    drawn = [kinds[n] if n < len(kinds) else luck.choice(kinds) for n in range(KILLS)]
    schedule = [(kind, luck.choice(WHEN.get(kind, STATES))) for kind in drawn]
    with capsys.disabled():
        print(f"\nbad luck: SEED={SEED} KILLS={KILLS}", file=sys.stderr)
    ends: list[tuple[str, str, SubmissionView]] = []
    for number, (kind, state) in enumerate(schedule):
        notebook = write_notebook(
            tmp_path / str(number) / "model.ipynb", "import time\ntime.sleep(2)", WRITE_ALL_EVEN
        )
        key = f"bad-luck-{SEED}-{number}"
        with capsys.disabled():
            ends.append((kind, state, mallory.struck(notebook, key, state, luck, kind, bad[kind])))

    for kind, state, done in ends:
        seen = (kind, state, done.failure)
        # One misfortune is made good; a second one may be one too many, and is never theirs.
        if done.state is not SubmissionState.SCORED:
            assert done.failure is not None, seen
            assert FAILURES[done.failure.failure_class].fault is Fault.PLATFORM, seen
            assert done.attempt == 2, seen
        counted = in_database(
            game.platform,
            f"select board, metric, count(*) from score where submission_id = '{done.id}' "
            "group by board, metric",
        )
        scored = done.state is SubmissionState.SCORED
        assert counted == ([["public", "accuracy", "1"]] if scored else []), seen
    good = sum(done.state is SubmissionState.SCORED for _, _, done in ends)
    assert good >= len(ends) - 1, [(kind, state, done.failure) for kind, state, done in ends]
    open_runs = in_database(
        game.platform,
        "select count(*) from run join submission s on s.id = run.submission_id "
        "where s.state not in ('scored', 'failed', 'cancelled') and s.challenge_id = 'vault'",
    )
    assert open_runs == [["0"]]
    board = mallory.ask(lambda c: c.leaderboard("vault"))
    assert len({row.team.id for row in board.rows}) == len(board.rows)
