"""What organisers do with a challenge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Annotated

from fastapi import APIRouter, File, Request, Response, UploadFile
from pydantic import BaseModel

from jupyter_challenge.core.models import ChallengeView, Page, VersionView
from jupyter_challenge.service import challenge_views, exporting, publishing
from jupyter_challenge.service.answers import answer, streamed
from jupyter_challenge.service.routes.asking import Here, Who, file_answer

router = APIRouter()


class Closing(BaseModel):
    """Whether a challenge takes submissions."""

    closed: bool


@router.post(
    "/challenges",
    tags=["challenges"],
    response_model=ChallengeView,
    status_code=201,
    responses={200: {"model": ChallengeView, "description": "That version is current already."}},
)
def publish(
    request: Request,
    service: Here,
    who: Who,
    folder: Annotated[UploadFile, File(description="Zip of the challenge folder.")],
) -> Response:
    """Publish a challenge folder as an immutable version."""
    made, new = publishing.publish(service, who, folder.file)
    return answer(request, made, 201 if new else 200)


@router.patch("/challenges/{challenge}", tags=["challenges"], response_model=ChallengeView)
def close_challenge(
    request: Request, service: Here, who: Who, challenge: str, wanted: Closing
) -> Response:
    """Close a challenge for submissions, or open it again."""
    return answer(request, challenge_views.close(service, who, challenge, wanted.closed))


@router.get(
    "/challenges/{challenge}/versions", tags=["challenges"], response_model=Page[VersionView]
)
def list_versions(request: Request, service: Here, who: Who, challenge: str) -> Response:
    """The published versions, newest first."""
    return answer(request, challenge_views.versions(service, who, challenge))


@router.get("/challenges/{challenge}/export", tags=["challenges"], **file_answer("application/zip"))
def export(service: Here, who: Who, challenge: str) -> Response:
    """Submissions, scores, predictions, notebooks and logs in a zip."""
    file = exporting.export(service, who, challenge)
    return streamed(_pieces(file), f"{challenge}-export.zip", "application/zip")


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(1 << 20):
            yield piece
