"""Parts of the platform die, or are removed, while submissions are under way: none is lost.

KILLS says how many (12 when left out), SEED which; the seed of each round is printed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from jupyter_challenge.client import Client, connect
from jupyter_challenge.core.errors import FAILURES, Fault, Unavailable
from jupyter_challenge.core.models import StepState, SubmissionState, SubmissionView
from tests.cluster.bad_luck import FITS, NEEDED_AT_WORK, PARTS, STATES, BadLuck, schedule
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import Deployments, Platform, forwarded
from tests.cluster.playing import Play
from tests.tiny import WRITE_ALL_EVEN, write_notebook

KILLS = int(os.environ.get("KILLS", "12"))
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
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
    ) -> tuple[SubmissionView, bool]:
        """Hand a notebook in, strike once it is at a state, and see what becomes of it.

        Returns:
            How it ended, and whether the strike hit anything.
        """
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
        return done, did

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


def most_have_hit(kinds: list[str], hits: list[bool]) -> bool:
    """Whether enough was killed: each part of the platform, which is there at any time, and half
    of what may be gone by the time that somebody comes for it.
    """
    struck = list(zip(kinds, hits, strict=True))
    fleeting = [did for kind, did in struck if kind not in PARTS]
    return all(did for kind, did in struck if kind in PARTS) and 2 * sum(fleeting) >= len(fleeting)


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
    with capsys.disabled():
        print(f"\nbad luck: SEED={SEED} KILLS={KILLS}", file=sys.stderr)
    ends: list[tuple[str, str, SubmissionView]] = []
    hits: list[bool] = []
    for number, (kind, state) in enumerate(schedule(luck, bad, KILLS)):
        notebook = write_notebook(
            tmp_path / str(number) / "model.ipynb", "import time\ntime.sleep(2)", WRITE_ALL_EVEN
        )
        key = f"bad-luck-{SEED}-{number}"
        with capsys.disabled():
            done, did = mallory.struck(notebook, key, state, luck, kind, bad[kind])
        ends.append((kind, state, done))
        hits.append(did)

    assert most_have_hit([kind for kind, _, _ in ends], hits), list(zip(ends, hits, strict=True))
    for kind, state, done in ends:
        seen = (kind, state, done.failure)
        # One misfortune is made good; a second one may be one too many, and is never theirs.
        if done.state is not SubmissionState.SCORED:
            assert done.failure is not None, seen
            assert FAILURES[done.failure.failure_class].fault is Fault.PLATFORM, seen
            assert done.attempt == 2, seen
        why = in_database(
            game.platform,
            "select attempt, coalesce(failure->>'failure_class', '') from run "
            f"where submission_id = '{done.id}' order by attempt",
        )
        assert [int(attempt) for attempt, _ in why] == list(range(1, done.attempt + 1)), seen
        assert {each for _, each in why} - {""} <= FITS[kind], (seen, why)
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


@pytest.mark.parametrize("seed", [11, *range(1_000, 1_100)])
def test_what_a_job_needs_dies_while_one_is_at_work_whatever_the_seed(seed: int) -> None:
    kinds = set(FITS) - {"server", "server and database"}

    drawn = schedule(random.Random(seed), kinds, 12)

    assert len(drawn) == 12
    assert {kind for kind, _ in drawn} == kinds
    states = {kind: {at for each, at in drawn if each == kind} for kind in NEEDED_AT_WORK}
    assert all(at & {"run", "evaluate"} for at in states.values())
    assert any("run" in at for at in states.values())
    assert {state for kind, state in drawn if kind == "sidecar"} == {"run"}
    assert schedule(random.Random(seed), kinds, 12) == drawn


def test_a_round_that_hits_nothing_is_none() -> None:
    assert most_have_hit(["gateway", "pod", "Job"], [True, True, False])
    assert not most_have_hit(["gateway", "pod", "Job"], [False, True, True])
    assert not most_have_hit(["gateway", "pod", "Job", "namespace"], [True, True, False, False])


def test_where_no_process_can_be_killed_its_pod_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a cluster whose nodes are other machines than this one."""
    (tmp_path / "kubectl").write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\ncat {tmp_path}/pods'
    )
    (tmp_path / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    containers = [
        {"name": name, "containerID": f"containerd://{uuid.uuid4().hex}", "state": state}
        for name, state in (("minio", {"running": {}}), ("beside", {"running": {}}))
    ]
    pods = [{"metadata": {"name": "it"}, "status": {"containerStatuses": containers}}]
    (tmp_path / "pods").write_text(json.dumps({"items": pods}))
    bad = BadLuck(Cluster(tmp_path / "config"))

    assert bad.kinds()["store"]("")
    assert "delete pod it --grace-period=0 --force" in (tmp_path / "asked").read_text()
    containers[0]["state"] = {"waiting": {}}
    (tmp_path / "pods").write_text(json.dumps({"items": pods}))
    (tmp_path / "asked").unlink()
    assert not bad.kinds()["store"]("")
    assert "delete" not in (tmp_path / "asked").read_text()
