"""A board in a cell."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from jupyter_challenge.client.views import Board, move, ranks
from jupyter_challenge.core.challenge import Direction
from jupyter_challenge.core.models import StandingView
from jupyter_challenge.widget.cell import Cell
from jupyter_challenge.widget.still import iso

if TYPE_CHECKING:
    from jupyter_challenge.client import Client

MOST = 1000


class Leaderboard(Cell):
    """A challenge's board, kept current in the cell.

    Examples:
        >>> from jupyter_challenge import Leaderboard
        >>> board = Leaderboard("iris", limit=20)
        >>> board  # a live table
        >>> board.to_frame()
        >>> board.close()  # stop following
    """

    def __init__(
        self,
        challenge: str,
        phase: str | None = None,
        board: Literal["public", "private"] = "public",
        limit: int = 100,
        *,
        client: Client | None = None,
    ) -> None:
        """Look at a board and follow it.

        Args:
            challenge: Id of the challenge.
            phase: Id of the phase; the current one when left out.
            board: The private board is there for all once the phase reveals it.
            limit: Most rows to show, up to 1,000; my own row is always there.
            client: A client of `connect()` to use; by default it is made the same way.
        """
        if not 1 <= limit <= MOST:
            raise ValueError(f"limit is a number from 1 to {MOST}, not {limit}")
        self.limit = limit
        super().__init__(challenge, phase, board, client=client)

    @property
    def subject(self) -> Hashable:
        """Cells of the same subject show the same."""
        return (super().subject, self.limit)

    def ask(self, client: Client) -> Board:
        """Read the board."""
        return client.leaderboard(self.challenge, self.board, self.phase, self.limit)

    def draw(self, view: Board) -> dict[str, Any]:
        """Put the board into words, columns and rows."""
        columns: list[dict[str, Any]] = [
            {"label": "Rank", "type": "number", "first": "ascending"},
            {"label": "Move", "type": "number", "first": "descending"},
            {"label": "Team", "type": "text", "first": "ascending"},
        ]
        for metric in view.metrics:
            lower = metric.direction is Direction.MINIMIZE
            first = "ascending" if lower else "descending"
            columns.append({"label": metric.label, "type": "number", "first": first})
        columns += [
            {"label": "Entries", "type": "number", "first": "descending"},
            {"label": "Last", "type": "time", "first": "descending"},
        ]
        shown = any(row.mine for row in view.rows)
        notes = []
        if len(view.rows) < view.total:
            notes.append(f"Showing the first {len(view.rows):,} of {view.total:,} teams.")
        if view.practice:
            notes.append("Practice: scores here are your own word.")
        empty = None if view.total else "No team is on this board yet; the first score opens it."
        return {
            "title": f"{view.title} · {view.phase_title} · {view.board}",
            "facts": ["1 team" if view.total == 1 else f"{view.total:,} teams"],
            "updated": iso(view.updated_at),
            "columns": columns,
            "rows": [_row(view, row) for row in view.rows],
            "mine": _row(view, view.mine) if view.mine and not shown else None,
            "notes": notes,
            "empty": empty,
        }


def _row(view: Board, row: StandingView) -> dict[str, Any]:
    cells: list[dict[str, Any]] = [
        {"text": ranks(row), "by": row.rank},
        {"text": move(row), "by": row.move, "say": _said(row.move)},
        {"text": f"{row.team.name} (you)" if row.mine else row.team.name, "by": row.team.name},
    ]
    for metric in view.metrics:
        shown = row.display.get(metric.name, "")
        cells.append({"text": shown, "by": row.values.get(metric.name)})
    cells += [
        {"text": f"{row.entries:,}", "by": row.entries},
        {"at": iso(row.last_at), "by": _seconds(row.last_at)},
    ]
    return {"cells": cells, "mine": row.mine}


def _said(moved: int | None) -> str:
    """The arrows in words, for those who hear them."""
    if moved is None:
        return ""
    return f"up {moved}" if moved > 0 else f"down {-moved}" if moved else "unchanged"


def _seconds(at: datetime) -> float:
    return at.timestamp()
