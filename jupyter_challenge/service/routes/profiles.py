"""The kinds of machine that runs are offered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from jupyter_challenge.core.models import Page, ProfileView
from jupyter_challenge.service import profiles
from jupyter_challenge.service.answers import answer
from jupyter_challenge.service.routes.asking import Here, Who

router = APIRouter()


@router.get("/profiles", tags=["profiles"], response_model=Page[ProfileView])
def list_profiles(
    request: Request,
    service: Here,
    who: Who,
    challenge: str | None = None,
    kernel: Annotated[
        str | None, Query(max_length=200, description="Read the packages of this kernel alone.")
    ] = None,
) -> Response:
    """The compute profiles that you may choose from, each with its queue and its kernels."""
    return answer(request, profiles.page(service, who, challenge, kernel))
