"""The service itself: whether it answers, who asks, what changed."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from jupyter_challenge.core.models import Changes, Me
from jupyter_challenge.service.answers import answer
from jupyter_challenge.service.routes.asking import Here, Who

router = APIRouter()


class Health(BaseModel):
    """That the service answers."""

    status: Literal["ok"] = "ok"


@router.get("/health", tags=["service"])
def health() -> Health:
    """Whether the service answers."""
    return Health()


@router.get("/me", tags=["service"], response_model=Me)
def me(request: Request, service: Here, who: Who) -> Response:
    """Who asks, and how the service runs."""
    from jupyter_challenge import __version__

    found = Me(
        name=who.name,
        display_name=who.display_name or who.name,
        groups=sorted(who.groups),
        admin=who.admin,
        place=service.place,
        practice=service.practice,
        version=__version__,
    )
    return answer(request, found)


@router.get("/changes", tags=["service"], response_model=Changes)
async def get_changes(
    request: Request,
    service: Here,
    who: Who,
    after: Annotated[int | None, Query(ge=0, description="`next` of the answer before.")] = None,
    timeout: Annotated[float, Query(ge=0, le=55, description="Seconds to wait.")] = 25,
) -> Response:
    """What changed after a point; waits until there is something."""
    return answer(request, await service.feed.wait(who, after, timeout))
