"""Taking part in the challenges that come with the package, through the real service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.client import connect
from jupyter_challenge.client.api import Client
from jupyter_challenge.client.configuration import load_config
from jupyter_challenge.core.examples import example
from jupyter_challenge.core.models import SubmissionView
from jupyter_challenge.core.run import EvaluationSpec, MetricResult
from jupyter_challenge.core.validation import load_challenge
from jupyter_challenge.steps.scoring import evaluate


class TakingPart:
    """An example that is published and entered, and the participant's folder of it."""

    def __init__(self, client: Client, name: str, folder: Path) -> None:
        with example(name) as self.source:
            self.view = client.publish(self.source)
        self.client = client
        client.enter(name, self.view.terms_digest)
        got = client.get(name, folder / name)
        assert got.notebook is not None
        self.folder, self.starter = got.folder, got.notebook

    def submit(self, path: Path, **options: Any) -> SubmissionView:
        """Submit and wait for the end."""
        return self.client.wait(self.client.submit(path, self.view.id, **options).id)

    def scored(self, path: Path) -> SubmissionView:
        """Submit what must get a score."""
        return self._scored(self.submit(path))

    def tried_and_scored(self, path: Path) -> tuple[SubmissionView, SubmissionView]:
        """Try and submit what must get a score, both at once."""
        tried = self.client.submit(path, self.view.id, is_try=True)
        done = self.submit(path)
        return self._scored(self.client.wait(tried.id)), self._scored(done)

    @staticmethod
    def _scored(done: SubmissionView) -> SubmissionView:
        assert done.state.value == "scored", done.failure
        return done

    def refused(self, path: Path) -> str:
        """Submit what must not get a score; return the words that say why."""
        done = self.submit(path)
        assert done.failure is not None, done.state
        return done.failure.detail


@pytest.fixture(scope="module")
def taking_part(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], TakingPart]]:
    """Take part in an example, on a data folder of its own."""
    config = load_config(tmp_path_factory.mktemp("data"))
    config.warm, config.parallel_runs = False, 2
    folder = tmp_path_factory.mktemp("mine")
    with connect(config=config) as client:
        yield lambda name: TakingPart(client, name, folder)


def boards(done: SubmissionView, metric: str) -> dict[str, Any]:
    """The scores of one metric by board."""
    return {score.board: score for score in done.scores if score.metric == metric}


def evaluated(source: Path, predictions: Path) -> dict[str, MetricResult]:
    """Evaluate a predictions file on all test rows, as the evaluate step does."""
    challenge = load_challenge(source)
    own = challenge.evaluator
    spec = EvaluationSpec(
        labels=source / challenge.data.labels, output=challenge.submission.output,
        metrics=challenge.metrics, boards={"public": None}, digest="d", evaluator=own,
        evaluator_file=source / own.file if own else None,
    )  # fmt: skip
    return evaluate(spec, predictions).boards["public"]
