"""My scores over time in a cell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_challenge.core.challenge import Direction
from jupyter_challenge.core.models import ChangeKind
from jupyter_challenge.widget.cell import Cell
from jupyter_challenge.widget.plot import Point, Step, plot
from jupyter_challenge.widget.still import iso

if TYPE_CHECKING:
    import pandas

    from jupyter_challenge.client import Client
    from jupyter_challenge.client.views import History
    from jupyter_challenge.core.models import HistoryPoint


@dataclass(frozen=True)
class Scores:
    """The history with the names that people know the challenge and its phase by."""

    history: History
    challenge: str
    phase: str

    def to_frame(self) -> pandas.DataFrame:
        """Make a pandas DataFrame of the history."""
        return self.history.to_frame()


class ScoreHistory(Cell):
    """My team's scores over time beside the leader's best, kept current in the cell.

    Examples:
        >>> from jupyter_challenge import ScoreHistory
        >>> history = ScoreHistory("iris")
        >>> history  # a live plot
        >>> history.to_frame()
    """

    kinds = Cell.kinds | {ChangeKind.SUBMISSION}

    def ask(self, client: Client) -> Scores:
        """Read my team's scores."""
        challenge = client.challenge(self.challenge)
        history = client.history(self.challenge, self.phase or challenge.phase.id, self.board)
        titles = {phase.id: phase.title for phase in challenge.phases}
        return Scores(history, challenge.title, titles.get(history.phase, history.phase))

    def draw(self, scores: Scores) -> dict[str, Any]:
        """Put the scores into words, shapes and rows."""
        view = scores.history
        metric = view.metric
        lower = metric.direction is Direction.MINIMIZE
        better = "less is better" if lower else "more is better"
        points = [p for p in view.points if math.isfinite(p.value)]
        drawing, empty = None, None
        if points or view.leader:
            last = view.best[-1] if view.best else None
            says = f"{len(points)} scores of mine" + (f", the best {last.display}" if last else "")
            if view.leader:
                says += f"; the leader's best is {view.leader[-1].display}"
            drawing = plot(
                [_point(p) for p in points],
                [Step(s.at, s.value) for s in view.best],
                [Step(s.at, s.value) for s in view.leader],
                f"{metric.label} over time",
                f"{says}.",
            )
        else:
            empty = "Nothing is scored yet; submit a notebook and its score appears here."
        legend = [
            {"look": "point", "text": "my entries", "if": points},
            {"look": "best", "text": "my best", "if": view.best},
            {"look": "leader", "text": "the leader's best", "if": view.leader},
        ]
        return {
            "title": f"{scores.challenge} · {scores.phase} · {view.board}",
            "facts": [f"{metric.label} ({better})"],
            "updated": iso(points[-1].at) if points else None,
            "plot": drawing,
            "legend": [{"look": e["look"], "text": e["text"]} for e in legend if e["if"]],
            "columns": [
                {"label": "Submission", "type": "text", "first": "ascending"},
                {"label": "Handed in", "type": "time", "first": "descending"},
                {"label": metric.label, "type": "number", "first": "descending"},
                {"label": "Remark", "type": "text", "first": "descending"},
            ],
            "rows": [_row(p) for p in reversed(points)],
            "mine": None,
            "notes": [],
            "empty": empty,
        }


def _point(point: HistoryPoint) -> Point:
    return Point(
        point.at,
        point.value,
        f"#{point.number}: {point.display}",
        best=point.is_best,
        error=point.stderr or 0.0,
    )


def _row(point: HistoryPoint) -> dict[str, Any]:
    error = f" ± {point.stderr:.2g}" if point.stderr else ""
    return {
        "cells": [
            {"text": f"#{point.number}", "by": point.number},
            {"at": iso(point.at), "by": point.at.timestamp()},
            {"text": f"{point.display}{error}", "by": point.value},
            {"text": "best" if point.is_best else "", "by": int(point.is_best)},
        ],
        "mine": False,
    }
