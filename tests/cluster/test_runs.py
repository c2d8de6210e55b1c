"""Submissions that are run on a cluster, from a client's request to the score."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.client import Client
from jupyter_challenge.core.examples import example
from jupyter_challenge.core.models import SubmissionView
from tests.cluster.platform import EVALUATION, Platform

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def participant(platform: Platform) -> Iterator[Client]:
    """Somebody who entered the iris challenge."""
    with platform.client("olga", admin=True) as organiser, example("iris") as source:
        published = organiser.publish(source)
    with platform.client("pia") as client:
        client.enter("iris", published.terms_digest)
        yield client


def ended(client: Client, path: Path, **options: object) -> SubmissionView:
    """Submit and wait for the end."""
    submitted = client.submit(path, "iris", **options)  # type: ignore[arg-type]
    return client.wait(submitted.id)


def public_accuracy(done: SubmissionView) -> float:
    assert done.state.value == "scored", done.failure
    (score,) = (s for s in done.scores if s.metric == "accuracy" and s.board == "public")
    assert score.value is not None
    return score.value


def test_starter_notebook_gets_a_score(
    platform: Platform, participant: Client, tmp_path: Path
) -> None:
    got = participant.get("iris", tmp_path / "iris")
    assert got.notebook is not None

    done = ended(participant, got.notebook)

    assert public_accuracy(done) >= 0.85
    for before, step in itertools.pairwise(done.steps):
        assert before.ended_at is not None and step.started_at is not None
        assert before.ended_at <= step.started_at, done.steps
    executed = participant.notebook(done.id, tmp_path / "executed.ipynb")
    assert '"execution_count": 1' in executed.read_text(encoding="utf-8")
    namespaces = {
        pod["metadata"]["namespace"]  # type: ignore[index]
        for pod in platform.cluster.list(
            "pods", "-A", "-l", f"challenge.jupyter.org/submission={done.id}"
        )
    }
    assert namespaces <= {"challenge-run-iris", EVALUATION}


def test_predictions_get_a_score(participant: Client) -> None:
    with example("iris") as source:
        done = ended(participant, source / "baselines" / "stump.csv")

    assert 0.5 < public_accuracy(done) < 0.9
