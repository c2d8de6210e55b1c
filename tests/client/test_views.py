from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jupyter_challenge.client.views import Board, History, Rows, Submission, ago, outcome, ranks
from jupyter_challenge.core.models import StandingView

NOW = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
EVIL = "<script>alert(1)</script>"


def standing(**changes: Any) -> dict[str, Any]:
    return {
        "rank": 1,
        "rank_to": 3,
        "team": {"id": "t", "name": EVIL},
        "values": {"accuracy": 0.96666},
        "display": {"accuracy": "0.9667"},
        "entries": 2,
        "last_at": NOW,
        **changes,
    }


def board() -> Board:
    return Board.model_validate(
        {
            "challenge": "iris",
            "title": "Iris",
            "phase": "final",
            "phase_title": "Final",
            "board": "public",
            "practice": True,
            "metrics": [
                {"name": "accuracy", "label": "a", "direction": "maximize", "precision": 4}
            ],
            "rows": [standing(), standing(rank=4, rank_to=4, mine=True)],
            "total": 2,
        }
    )


def history() -> History:
    def step(hours: int, value: float) -> dict[str, Any]:
        return {"at": NOW + timedelta(hours=hours), "value": value, "display": f"{value:.4f}"}

    return History.model_validate(
        {
            "challenge": EVIL,
            "phase": "final",
            "board": "public",
            "metric": {"name": "a", "label": "a", "direction": "maximize", "precision": 4},
            "points": [
                {**step(0, 0.5), "submission": "s1", "number": 1},
                {**step(3, 0.4), "submission": "s2", "number": 2},
                {**step(4, 0.7), "submission": "s3", "number": 3, "counts": True, "is_best": True},
            ],
            "best": [step(0, 0.5), step(4, 0.7)],
            "leader": [step(1, 0.6), step(4, 0.7)],
        }
    )


def submission(**changes: Any) -> Submission:
    return Submission.model_validate(
        {
            "id": "s",
            "number": 14,
            "challenge": "iris",
            "version": "v",
            "phase": "final",
            "team": {"id": "t", "name": "ana"},
            "user": "ana",
            "kind": "notebook",
            "name": EVIL,
            "digest": "d",
            "state": "queued",
            "position": 2,
            "created_at": NOW,
            **changes,
        }
    )


def test_a_board_becomes_a_frame() -> None:
    frame = board().to_frame()
    assert list(frame.columns) == [
        "rank", "rank_to", "team", "accuracy", "entries", "last_at", "mine",
    ]  # fmt: skip
    assert frame["accuracy"].tolist() == [0.96666, 0.96666]
    assert frame["mine"].tolist() == [False, True]


def test_a_private_board_says_more_of_ranks() -> None:
    rows = [standing(public_rank=3, rank_low=1, rank_high=2), standing(rank=4, rank_to=4)]
    said = {**board().model_dump(), "board": "private", "rows": rows}
    frame = Board.model_validate(said).to_frame()
    assert list(frame.columns)[-3:] == ["public_rank", "rank_low", "rank_high"]
    assert frame.iloc[0][-3:].tolist() == [3, 1, 2]


def test_a_history_becomes_a_frame_with_the_best_so_far() -> None:
    frame = history().to_frame()
    assert frame["value"].tolist() == [0.5, 0.4, 0.7]
    assert frame["best"].tolist() == [0.5, 0.5, 0.7]
    assert frame["leader"].isna().tolist() == [True, False, False]
    assert frame["leader"].tolist()[1:] == [0.6, 0.7]
    assert history().model_copy(update={"points": []}).to_frame().columns.tolist() == (
        frame.columns.tolist()
    )


def test_an_empty_board_keeps_its_columns() -> None:
    frame = board().model_copy(update={"rows": []}).to_frame()
    assert len(frame) == 0
    assert "accuracy" in frame.columns


@pytest.mark.parametrize(
    "shown",
    [board(), history(), submission(), Rows([submission()])],
    ids=["board", "history", "submission", "list"],
)
def test_names_cannot_bring_markup_into_a_notebook(shown: Any) -> None:
    page = shown._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_submission_in_one_line() -> None:
    assert "queued · place 2 in the queue" in str(submission(name="model.ipynb"))
    failed = submission(
        state="failed",
        failure={
            "failure_class": "cell_error",
            "sentence": "A cell raised.",
            "hint": "Mend it.",
            "fault": "participant",
            "cell": 4,
            "detail": "NameError: x",
        },
    )
    assert "cell 4: NameError: x" in str(failed)
    assert "Mend it." in failed._repr_html_()


def test_an_error_that_is_a_page_long_stays_one_line() -> None:
    detail = "ValueError: \nAll fits failed.\n" + "  File somewhere\n" * 50

    said = outcome(
        submission(
            state="failed",
            failure={
                "failure_class": "cell_error",
                "sentence": "A cell raised.",
                "hint": "Mend it.",
                "fault": "participant",
                "cell": 4,
                "detail": detail,
            },
        )
    )

    assert said.startswith("cell 4: ValueError: All fits failed. File somewhere")
    assert len(said) < 120


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=5), "now"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=5, minutes=59), "5 h ago"),
        (timedelta(days=2), "2 d ago"),
    ],
    ids=str,
)
def test_how_long_ago(passed: timedelta, said: str) -> None:
    assert ago(NOW - passed, NOW) == said


def test_tied_ranks_are_a_range() -> None:
    assert ranks(StandingView.model_validate(standing())) == "1–3"
    assert str(submission(rank=4, rank_to=6, teams=44)).endswith(", rank 4–6 of 44")
    assert ranks(StandingView.model_validate(standing(rank_to=1))) == "1"
