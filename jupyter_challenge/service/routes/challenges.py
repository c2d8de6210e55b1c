"""Challenges as participants see and enter them."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response

from jupyter_challenge.core.models import (
    ChallengeSummary,
    ChallengeView,
    EntryRequest,
    Page,
    QuotaView,
)
from jupyter_challenge.service import challenge_views, files
from jupyter_challenge.service.answers import answer, attachment
from jupyter_challenge.service.routes.asking import Cursor, Here, Limit, Search, Who, file_answer

router = APIRouter()


@router.get("/challenges", tags=["challenges"], response_model=Page[ChallengeSummary])
def list_challenges(
    request: Request,
    service: Here,
    who: Who,
    state: Literal["soon", "open", "ended"] | None = None,
    q: Search = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Challenges that you may see: open ones first, those that end soonest first."""
    page = challenge_views.page(service, who, state=state, q=q, cursor=cursor, limit=limit)
    return answer(request, page)


@router.get("/challenges/{challenge}", tags=["challenges"], response_model=ChallengeView)
def get_challenge(request: Request, service: Here, who: Who, challenge: str) -> Response:
    """A challenge with all its pages."""
    return answer(request, challenge_views.show(service, who, challenge))


@router.get(
    "/challenges/{challenge}/files/{path:path}",
    tags=["challenges"],
    **file_answer("application/octet-stream"),
)
def get_file(request: Request, service: Here, who: Who, challenge: str, path: str) -> Response:
    """A file of the challenge that participants may have."""
    rest = request.headers.get("range", "")
    return attachment(request, files.challenge_file(service, who, challenge, path, rest))


@router.get("/challenges/{challenge}/quota", tags=["challenges"], response_model=QuotaView)
def get_quota(
    request: Request, service: Here, who: Who, challenge: str, phase: str | None = None
) -> Response:
    """What your team has left in a phase, and why it could not submit now."""
    return answer(request, challenge_views.quota(service, who, challenge, phase))


@router.put("/challenges/{challenge}/entry", tags=["challenges"], response_model=ChallengeView)
def enter(
    request: Request, service: Here, who: Who, challenge: str, wanted: EntryRequest
) -> Response:
    """Enter a challenge, accepting its terms where it has some."""
    return answer(request, challenge_views.enter(service, who, challenge, wanted))
