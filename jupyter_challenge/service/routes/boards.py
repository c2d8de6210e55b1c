"""Boards."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from jupyter_challenge.core.models import BoardView, HistoryView
from jupyter_challenge.service import boards, history
from jupyter_challenge.service.answers import answer, disposition, tagged
from jupyter_challenge.service.routes.asking import (
    BoardName,
    Cursor,
    Here,
    Limit,
    Search,
    Who,
    file_answer,
)

router = APIRouter()


@router.get(
    "/challenges/{challenge}/boards/{phase}/{board}.csv", tags=["boards"], **file_answer("text/csv")
)
def get_board_csv(
    request: Request, service: Here, who: Who, challenge: str, phase: str, board: BoardName
) -> Response:
    """A whole board as CSV."""
    text = boards.as_csv(service, who, challenge, phase, board)
    name = disposition(f"{challenge}-{phase}-{board}.csv")
    return tagged(request, text.encode(), "text/csv; charset=utf-8", headers=name)


@router.get(
    "/challenges/{challenge}/boards/{phase}/{board}", tags=["boards"], response_model=BoardView
)
def get_board(
    request: Request,
    service: Here,
    who: Who,
    challenge: str,
    phase: str,
    board: BoardName,
    q: Search = "",
    cursor: Cursor = None,
    offset: Annotated[
        int | None, Query(ge=0, le=10**9, description="Any place in the list, not by cursor.")
    ] = None,
    limit: Limit = 50,
    sort: Annotated[
        str, Query(max_length=100, description="Metric that orders the rows; the rank if empty.")
    ] = "",
) -> Response:
    """One page of a board, with your own row."""
    page = boards.page(
        service,
        who,
        challenge,
        phase,
        board,
        cursor=cursor,
        offset=offset,
        limit=limit,
        q=q,
        sort=sort,
    )
    return answer(request, page)


@router.get("/challenges/{challenge}/history", tags=["boards"], response_model=HistoryView)
def get_history(
    request: Request,
    service: Here,
    who: Who,
    challenge: str,
    phase: Annotated[str | None, Query(description="The current one when left out.")] = None,
    board: BoardName = "public",
) -> Response:
    """How my team's scores and the leader's came to be, by the ranked metric."""
    return answer(request, history.history(service, who, challenge, phase, board))
