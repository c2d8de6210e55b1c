"""Every route of the service. Each says who asks, what is wanted, and hands on to who knows."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from jupyter_challenge.core.models import ErrorResponse
from jupyter_challenge.service.routes import boards, challenges, general, organising, submissions
from jupyter_challenge.service.routes.general import Health

__all__ = ["API", "ROUTES", "Health", "router"]

API = "/api/v1"
_REFUSED: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorResponse, "description": "Refused; says why and what to do."},
}
router = APIRouter(prefix=API, responses=_REFUSED)
# Path and verb without the prefix; an included router does not list what it holds.
ROUTES = [
    route
    for part in (general, challenges, organising, boards, submissions)
    for route in part.router.routes
    if isinstance(route, APIRoute)
]
for _part in (general, challenges, organising, boards, submissions):
    router.include_router(_part.router)
