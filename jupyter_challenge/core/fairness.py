"""Who is next: one order of the queue that is fair between teams, for workers and for people."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Waiting:
    """A submission in the queue.

    Attributes:
        id: Of the submission.
        team: Whose it is.
        queued_at: When it was accepted, with a zone.
        first: Whether it comes before all teams': an organiser waits for it.
    """

    id: str
    team: str
    queued_at: datetime
    first: bool = False


def next_order(queued: Sequence[Waiting], running: Iterable[str] = ()) -> list[Waiting]:
    """Order the queue; the place in the list, counted from 1, is the position to show.

    The next is always of the team that has the fewest at work, counting what is ahead in the
    list; of several such teams the one whose oldest waits longest. So a team that submits a
    hundred times does not hold up one that submits once.

    Args:
        queued: What waits.
        running: Team of each run at work now, once per run.
    """
    first = sorted((w for w in queued if w.first), key=lambda w: (w.queued_at, w.id))
    queued = [w for w in queued if not w.first]
    ahead: Counter[str] = Counter(running)
    lines: dict[str, list[Waiting]] = {}
    for item in sorted(queued, key=lambda w: (w.queued_at, w.id), reverse=True):
        lines.setdefault(item.team, []).append(item)
    order = first

    def place(team: str) -> tuple[int, datetime, str, str]:
        oldest = lines[team][-1]
        return ahead[team], oldest.queued_at, oldest.id, team

    heap = [place(team) for team in lines]
    heapq.heapify(heap)
    # Only the popped team's count changes, and its place is made anew when it is pushed again.
    while heap:
        team = heapq.heappop(heap)[3]
        order.append(lines[team].pop())
        ahead[team] += 1
        if lines[team]:
            heapq.heappush(heap, place(team))
    return order
