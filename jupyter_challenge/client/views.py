"""What the client hands out: the wire's models, with a face in notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from html import escape
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from jupyter_challenge.client.columns import in_columns
from jupyter_challenge.core.models import (
    BoardView,
    ChallengeSummary,
    ChallengeView,
    HistoryStep,
    HistoryView,
    QuotaView,
    StandingView,
    SubmissionState,
    SubmissionView,
)

if TYPE_CHECKING:
    import pandas

T = TypeVar("T")

# Word and shape of each state; the colour comes on top where there is one.
MARKS = {
    SubmissionState.QUEUED: "○",
    SubmissionState.RUNNING: "●",
    SubmissionState.SCORED: "✓",
    SubmissionState.FAILED: "✗",
    SubmissionState.CANCELLED: "–",
}


def table_html(caption: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Make an HTML table; every text is escaped, numbers stand right."""

    def cell(value: Any) -> str:
        align = "right" if isinstance(value, int | float) else "left"
        return f'<td style="text-align:{align}">{escape("" if value is None else str(value))}</td>'

    titles = "".join(f'<th scope="col" style="text-align:left">{escape(h)}</th>' for h in head)
    body = "".join(f"<tr>{''.join(cell(v) for v in row)}</tr>" for row in rows)
    return (
        f'<table><caption style="text-align:left">{escape(caption)}</caption>'
        f"<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"
    )


def ago(at: datetime | None, now: datetime | None = None) -> str:
    """Say how long ago, as people do."""
    if at is None:
        return ""
    seconds = ((now or datetime.now(timezone.utc)) - at).total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "now"


def left(quota: QuotaView | None) -> str:
    """Say what is left of a quota."""
    if quota is None:
        return ""
    if quota.per_day is not None:
        return f"{quota.left_today} of {quota.per_day} left today"
    if quota.total is not None:
        return f"{quota.left_total} of {quota.total} left"
    return "no limit"


def ranks(row: StandingView | SubmissionView) -> str:
    """Write a rank; those tied share a range."""
    is_shared = row.rank_to is not None and row.rank_to != row.rank
    return f"{row.rank}–{row.rank_to}" if is_shared else str(row.rank)


def move(row: StandingView) -> str:
    """Write the ranks that were gained or lost since a day ago."""
    if row.move is None:
        return ""
    return f"▲{row.move}" if row.move > 0 else f"▼{-row.move}" if row.move else "="


def one_line(text: str, width: int) -> str:
    """Write a text in one line; an error's message may be a page long."""
    return shorten(text, width, placeholder=" …")


def outcome(submission: SubmissionView, width: int = 100) -> str:
    """Say in a few words how a submission stands."""
    if submission.state is SubmissionState.SCORED and submission.score:
        return submission.score.display
    if submission.failure:
        failure = submission.failure
        where = f"cell {failure.cell}: " if failure.cell else ""
        return where + one_line(failure.detail or failure.sentence, width)
    if submission.state is SubmissionState.QUEUED and submission.position:
        again = "had to make way, " if submission.interruptions else ""
        return f"{again}place {submission.position} in the queue"
    running = next((s for s in submission.steps if s.state.value == "running"), None)
    return f"{running.name.value} {running.detail}".strip() if running else ""


def title(submission: SubmissionView) -> str:
    """Name a submission."""
    if submission.verifies:
        return "Verification"
    return "Try" if submission.is_try else f"#{submission.number}"


class Submission(SubmissionView):
    """A submission with its latest run."""

    def _repr_html_(self) -> str:
        name = f"{self.challenge_title or self.challenge} · {title(self)} · {self.name}"
        scores: list[tuple[str, Any]] = [(s.label, s.display) for s in self.scores]
        rows: list[tuple[str, Any]] = [
            ("State", f"{MARKS[self.state]} {self.state.value}"),
            ("", outcome(self) if not scores else None),
            *scores,
            ("Rank", f"{ranks(self)} of {self.teams}" if self.rank else None),
            ("Next", self.failure.hint if self.failure else None),
        ]
        return table_html(name, ("", ""), [r for r in rows if r[1]])

    def __str__(self) -> str:
        said = outcome(self)
        rank = f", rank {ranks(self)} of {self.teams}" if self.rank else ""
        return f"{title(self)} {self.name}: {self.state.value}{' · ' if said else ''}{said}{rank}"


class Challenge(ChallengeView):
    """A challenge with all its pages."""

    def _repr_html_(self) -> str:
        ends = self.phase.ends_at.strftime("%Y-%m-%d %H:%M UTC") if self.phase.ends_at else None
        rows = [
            ("State", self.state),
            ("Phase", self.phase.title),
            ("Ends", ends),
            ("Metrics", ", ".join(m.label for m in self.metrics)),
            ("Hand in", f"{self.output.file} ({', '.join(self.output.columns)})"),
            ("Quota", left(self.quota) if self.entered else "not entered"),
            ("Teams", self.teams),
        ]
        return table_html(f"{self.title}: {self.summary}", ("", ""), [r for r in rows if r[1]])


class Board(BoardView):
    """A board, with as many rows as were asked for."""

    def _columns(self) -> list[str]:
        return ["rank", "move", "team", *[m.label for m in self.metrics], "entries", "last"]

    def _cells(self, row: StandingView) -> list[Any]:
        name = f"{row.team.name} (you)" if row.mine else row.team.name
        shown = [row.display.get(m.name, "") for m in self.metrics]
        return [ranks(row), move(row), name, *shown, row.entries, ago(row.last_at)]

    @property
    def right(self) -> set[str]:
        """Columns of numbers, which stand right."""
        return {"rank", "move", "entries", *(m.label for m in self.metrics)}

    @property
    def heading(self) -> str:
        """Name of the board: challenge, phase, public or private, and how many teams."""
        teams = "1 team" if self.total == 1 else f"{self.total} teams"
        practice = " · practice" if self.practice else ""
        return f"{self.title} · {self.phase_title} · {self.board} · {teams}{practice}"

    def table(self) -> tuple[list[str], list[list[Any]]]:
        """Column titles and the cells as they are shown."""
        return self._columns(), [self._cells(row) for row in self.rows]

    def _repr_html_(self) -> str:
        return table_html(self.heading, *self.table())

    def __str__(self) -> str:
        return "\n".join([self.heading, *in_columns(*self.table(), self.right)])

    def to_frame(self) -> pandas.DataFrame:
        """Make a pandas DataFrame: one row per team, metrics as full numbers.

        `public_rank` is there on the private board, `rank_low` and `rank_high` where the
        challenge says between which ranks a team may stand.
        """
        import pandas

        more = ["public_rank"] if self.board == "private" else []
        if any(row.rank_low is not None for row in self.rows):
            more += ["rank_low", "rank_high"]
        return pandas.DataFrame(
            [
                {
                    "rank": row.rank,
                    "rank_to": row.rank_to,
                    "team": row.team.name,
                    **{m.name: row.values.get(m.name) for m in self.metrics},
                    "entries": row.entries,
                    "last_at": row.last_at,
                    "mine": row.mine,
                    **{name: getattr(row, name) for name in more},
                }
                for row in self.rows
            ],
            columns=["rank", "rank_to", "team", *[m.name for m in self.metrics]]
            + ["entries", "last_at", "mine", *more],
        )


class History(HistoryView):
    """My team's scores over time beside the leader's."""

    @property
    def heading(self) -> str:
        """What the history is of."""
        return f"{self.challenge} · {self.phase} · {self.board} · {self.metric.label}"

    def _repr_html_(self) -> str:
        rows = [
            [f"#{p.number}", p.display, "best" if p.is_best else "", ago(p.at)]
            for p in reversed(self.points)
        ]
        return table_html(self.heading, ["", self.metric.label, "", "handed in"], rows)

    def to_frame(self) -> pandas.DataFrame:
        """Make a pandas DataFrame: one row per submission, with the best so far of us and of all.

        `leader` is missing where nobody stood on the board yet when we handed in.
        """
        import pandas

        return pandas.DataFrame(
            [
                {
                    "number": point.number,
                    "at": point.at,
                    "value": point.value,
                    "stderr": point.stderr,
                    "best": _so_far(self.best, point.at),
                    "leader": _so_far(self.leader, point.at),
                    "counts": point.counts,
                    "submission": point.submission,
                }
                for point in self.points
            ],
            columns=["number", "at", "value", "stderr", "best", "leader", "counts", "submission"],
        )


def _so_far(steps: Sequence[HistoryStep], at: datetime) -> float | None:
    return next((step.value for step in reversed(steps) if step.at <= at), None)


class Rows(list[T], Generic[T]):
    """A list that shows itself as a table in a notebook."""

    def _repr_html_(self) -> str:
        if all(isinstance(item, ChallengeSummary) for item in self):
            return table_html(*challenge_table(self))  # type: ignore[arg-type]
        return table_html(*submission_table(self))  # type: ignore[arg-type]


def challenge_table(
    challenges: Sequence[ChallengeSummary],
) -> tuple[str, list[str], list[list[Any]]]:
    """Caption, titles and cells of a list of challenges."""
    rows = []
    for each in challenges:
        standing = each.standing
        rank = f"{ranks(standing)} of {each.teams}" if standing else ""
        quota = left(each.quota) if each.entered else "not entered"
        rows.append([each.id, each.title, each.state, each.phase.title, rank, quota])
    return "Challenges", ["id", "title", "state", "phase", "rank", "quota"], rows


def submission_table(
    submissions: Sequence[SubmissionView],
) -> tuple[str, list[str], list[list[Any]]]:
    """Caption, titles and cells of a list of submissions."""
    rows = [
        [
            title(each),
            f"{MARKS[each.state]} {each.state.value}",
            outcome(each, 40),
            "best" if each.is_best else "selected" if each.selected else "",
            each.name,
            each.challenge,
            ago(each.created_at),
            each.id,
        ]
        for each in submissions
    ]
    head = ["", "state", "result", "", "file", "challenge", "handed in", "id"]
    return "Submissions", head, rows
