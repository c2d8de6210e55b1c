"""What routes have in common: who asks, of which service, and the usual questions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request, Response

from jupyter_challenge.service.auth import Identity, identity_of
from jupyter_challenge.service.state import Service


# Both are asynchronous, as FastAPI would send each plain function to a thread of its own.
async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _identity(request: Request) -> Identity:
    return identity_of(request.scope)


Here = Annotated[Service, Depends(_service)]
Who = Annotated[Identity, Depends(_identity)]
Cursor = Annotated[str | None, Query(description="`next` of the page before.", max_length=200)]
Limit = Annotated[int, Query(ge=1, le=200, description="Items on a page.")]
Search = Annotated[str, Query(max_length=100, description="Part of a name.")]
BoardName = Literal["public", "private"]


def file_answer(*media_types: str) -> dict[str, Any]:
    """What a route says of itself that answers with a file."""
    content: dict[str, Any] = {each: {} for each in media_types}
    return {
        "response_class": Response,
        "responses": {200: {"description": "The file.", "content": content}},
    }
