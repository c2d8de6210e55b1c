"""What cells say and draw, without a kernel."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge import Leaderboard, ScoreHistory
from jupyter_challenge.client import Client
from jupyter_challenge.client.views import Board, History
from jupyter_challenge.core.challenge import Direction
from jupyter_challenge.core.models import (
    HistoryPoint,
    HistoryStep,
    MetricView,
    StandingView,
    TeamRef,
)
from jupyter_challenge.widget.plot import nice
from jupyter_challenge.widget.still import cell_html, cell_text
from tests.widget.conftest import score

HOSTILE = "<img src=x onerror=alert(1)>&\"'</title><script>x</script>"
NOW = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
METRIC = MetricView(
    name="accuracy", label="Accuracy", direction=Direction.MAXIMIZE, precision=4, ranked=True
)


def standing(rank: int, name: str, *, mine: bool = False) -> StandingView:
    return StandingView(
        rank=rank,
        rank_to=rank,
        team=TeamRef(id=f"t{rank}", name=name),
        mine=mine,
        values={"accuracy": 1 - rank / 10_000},
        display={"accuracy": f"{1 - rank / 10_000:.4f}"},
        entries=1,
        last_at=NOW,
    )


def board(rows: list[StandingView], total: int, mine: StandingView | None = None) -> Board:
    return Board(
        challenge="tiny",
        title=HOSTILE,
        phase="main",
        phase_title="Main",
        board="public",
        practice=False,
        metrics=[METRIC],
        rows=rows,
        total=total,
        mine=mine,
        updated_at=NOW,
    )


def test_names_are_text_and_my_row_is_there(client: Client, tiny: str) -> None:
    cell = Leaderboard(tiny, client=client)
    mine = standing(8000, "us", mine=True)
    cell.take(board([standing(n, HOSTILE) for n in range(1, 101)], 8123, mine))
    html = cell._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;img src=x" in html
    assert "Showing the first 100 of 8,123 teams." in html
    assert "us (you)" in html
    assert repr(cell).splitlines()[-1].split()[:3] == ["8000", "us", "(you)"]
    assert len(cell.to_frame()) == 100
    cell.close()


def test_scores_are_drawn_without_anything_from_elsewhere(client: Client, tiny: str) -> None:
    cell = ScoreHistory(tiny, client=client)
    points = [
        HistoryPoint(
            submission=str(n),
            number=n,
            at=NOW + timedelta(hours=n),
            value=n / 10,
            display=f"{n / 10:.1f}" if n < 3 else HOSTILE,
            stderr=0.05,
            is_best=n == 3,
        )
        for n in range(1, 4)
    ]
    steps = [HistoryStep(at=p.at, value=p.value, display=p.display) for p in points]
    history = History(
        challenge=tiny,
        phase="main",
        board="public",
        metric=METRIC,
        points=points,
        best=steps,
        leader=steps[:1],
    )
    scores = type(cell._view)(history, HOSTILE, "Main")
    cell.take(scores)
    html = cell._repr_html_()
    assert html.count("<circle") == 3
    for forbidden in ("<script", "<img", "href", "url(", "@import", "<style"):
        assert forbidden not in html
    cell.close()


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (0.9333, 0.9333), (-5.0, 1e6), (0.0, 0.0), (1e-9, 2e-9)]
)
def test_ticks_hold_all_values(low: float, high: float) -> None:
    ticks = nice(low, high)
    assert 2 <= len(ticks) <= 7
    assert ticks[0] <= low <= high <= ticks[-1]


def test_a_lost_service_leaves_what_was_read(client: Client, tiny: str, tmp_path: Path) -> None:
    from jupyter_challenge.core.errors import Unavailable

    score(client, tmp_path, 7)
    cell = Leaderboard(tiny, client=client)
    cell.fail(Unavailable("The service cannot be reached.", hint="Try again."))
    assert "Not up to date since" in cell._repr_html_()
    assert "0.7000" in cell._repr_html_()
    cell.refresh()
    assert "Not up to date" not in cell._repr_html_()
    cell.close()


@pytest.mark.parametrize("limit", [0, 1001])
def test_the_number_of_rows_is_bounded(limit: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 1000"):
        Leaderboard("tiny", limit=limit)


def test_nothing_at_all_is_words() -> None:
    state: dict[str, Any] = {"title": "tiny", "facts": []}
    assert cell_text(state) == "tiny"
    assert "<strong>tiny</strong>" in cell_html(state)


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_without_anywidget_it_is_a_table_and_says_what_to_install() -> None:
    done = run(
        "import sys; sys.modules['anywidget'] = None\n"
        "from jupyter_challenge import Leaderboard\n"
        "bundle = Leaderboard('none')._repr_mimebundle_()\n"
        "print(sorted(bundle)); print(bundle['text/html'])"
    )
    assert done.returncode == 0, done.stderr
    first, html = done.stdout.splitlines()
    assert first == "['text/html', 'text/plain']"
    assert "There is no challenge" in html
    assert "pip install &quot;jupyter-challenge[widget]&quot;" in html


def test_a_process_with_a_live_cell_ends_quietly() -> None:
    done = run("from jupyter_challenge import Leaderboard\nprint(Leaderboard('none'))")
    assert (done.returncode, done.stderr) == (0, "")
