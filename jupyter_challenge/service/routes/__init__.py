"""Every route of the service. Each says who asks, what is wanted, and hands on to who knows."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from jupyter_challenge.core.models import ErrorResponse
from jupyter_challenge.service.routes import (
    boards,
    challenges,
    general,
    organising,
    profiles,
    submissions,
)
from jupyter_challenge.service.routes.general import Health

__all__ = ["API", "ROUTES", "Health", "router"]

API = "/api/v1"
_REFUSED: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorResponse, "description": "Refused; says why and what to do."},
}
router = APIRouter(prefix=API, responses=_REFUSED)
_PARTS = (general, challenges, organising, boards, submissions, profiles)
# Path and verb without the prefix; an included router does not list what it holds.
ROUTES = [route for part in _PARTS for route in part.router.routes if isinstance(route, APIRoute)]
for _part in _PARTS:
    router.include_router(_part.router)
