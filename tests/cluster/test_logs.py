"""Logs of runs: live from the pod, afterwards from the store, for who may see them, and capped."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_challenge.core.errors import NotFound
from jupyter_challenge.core.models import LogChunk, StepName, SubmissionState, SubmissionView
from jupyter_challenge.steps.capped_log import CUT
from tests.cluster.playing import Play, pod_of
from tests.tiny import WRITE_ALL_EVEN

pytestmark = pytest.mark.timeout(300)

UNTIL_TOLD = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.1)"
LIVE_LINES, LIVE_BYTES, KEPT_BYTES = 20_000, 2_000_000, 2_000_000


def held(game: Play, folder: Path, code: str, challenge: str = "vault") -> SubmissionView:
    """A run that has done something, and waits at work."""
    made = game.submitted(folder, code, UNTIL_TOLD, WRITE_ALL_EVEN, challenge=challenge)
    pod_of(game.platform, made, "run")
    return made


def told(game: Play, made: SubmissionView) -> None:
    """Have it go on to its end."""
    pod = pod_of(game.platform, made, "run")["metadata"]
    game.platform.cluster.execute(
        pod["namespace"], pod["name"], "touch", "/challenge/work/go", container="run"
    )


def go_on(game: Play, made: SubmissionView) -> SubmissionView:
    """Have it come to its end."""
    told(game, made)
    return game.mallory.wait(made.id)


def whole(game: Play, made: SubmissionView) -> tuple[str, LogChunk]:
    """A log as it is now, and its last piece."""
    piece = game.mallory.log(made.id, StepName.RUN)
    text = piece.text
    while piece.text and not piece.ended:
        piece = game.mallory.log(made.id, StepName.RUN, piece.next)
        text += piece.text
    return text, piece


def test_a_log_is_read_while_it_is_written_and_afterwards_from_the_store(
    game: Play, tmp_path: Path
) -> None:
    made = held(game, tmp_path, "print('so far')")
    game.platform.until(lambda: "so far" in game.mallory.log(made.id, StepName.RUN).text)
    assert not game.mallory.log(made.id, StepName.RUN).ended
    with pytest.raises(NotFound):
        game.vera.log(made.id, StepName.RUN)

    done = go_on(game, made)

    assert done.state is SubmissionState.SCORED, done.failure
    mark = f"challenge.jupyter.org/submission={done.id}"
    cluster = game.platform.cluster
    game.platform.until(lambda: not cluster.list("pods", "-A", "-l", mark))
    text, last = whole(game, done)
    assert "so far" in text
    assert last.ended
    with pytest.raises(NotFound):
        game.vera.log(done.id, StepName.RUN)


def test_a_hidden_phase_shows_no_log_while_a_run_goes_on(game: Play, tmp_path: Path) -> None:
    made = held(game, tmp_path, "print('so far')", challenge="silent")
    game.platform.until(lambda: "so far" in game.log(made))

    with pytest.raises(NotFound):
        game.mallory.log(made.id, StepName.RUN)
    go_on(game, made)


def test_a_log_is_capped_in_lines_and_bytes(game: Play, tmp_path: Path) -> None:
    short, long = "print('n\\n' * 25_000)", "print(('x' * 1_000 + '\\n') * 3_000)"
    many, much = held(game, tmp_path / "many", short), held(game, tmp_path / "much", long)
    for made, most in ((many, 2 * LIVE_LINES + 100), (much, LIVE_BYTES)):
        game.platform.until(lambda made=made: whole(game, made)[1].truncated)  # type: ignore[misc]
        text, _ = whole(game, made)
        assert len(text) <= most
        assert text.count("\n") <= LIVE_LINES
        told(game, made)

    text, last = whole(game, game.mallory.wait(much.id))

    assert last.truncated
    assert "The log was cut here" in text[-100:]
    assert len(text) <= KEPT_BYTES + 100
    done = game.mallory.wait(many.id)
    assert done.state is SubmissionState.SCORED
    text, last = whole(game, done)
    assert last.truncated
    assert text.count("\n") == LIVE_LINES + CUT.count("\n")
    assert text.endswith(CUT)
    stored = game.platform.sql(
        "select r.files::json->'run.log'->>'size' from receipt r join run on run.id = r.run_id "
        f"where run.submission_id = '{much.id}' and r.kind = 'run'"
    )
    assert int(stored[0][0]) <= KEPT_BYTES + 1_000
