"""What organisers do with a challenge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from jupyter_challenge.core.models import (
    ChallengeOverview,
    ChallengeRequest,
    ChallengeView,
    DatesRequest,
    Page,
    PublishPreview,
    VersionChanges,
    VersionView,
)
from jupyter_challenge.service import exporting, organising, previewing, publishing
from jupyter_challenge.service.answers import answer, attachment, streamed
from jupyter_challenge.service.routes.asking import Here, Who, file_answer

router = APIRouter()

Folder = Annotated[UploadFile, File(description="Zip of the challenge folder.")]
Digest = Annotated[str | None, Form(max_length=64)]


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
    folder: Folder,
    digest: Digest = None,
    instead_of: Digest = None,
) -> Response:
    """Publish a challenge folder as an immutable version.

    With `digest` and `instead_of` of a preview only what was looked at is published.
    """
    looked = publishing.Looked(digest or None, instead_of or None)
    made, new = publishing.publish(service, who, folder.file, looked)
    return answer(request, made, 201 if new else 200)


@router.post("/challenges/preview", tags=["challenges"], response_model=PublishPreview)
def preview(request: Request, service: Here, who: Who, folder: Folder) -> Response:
    """Say what publishing a folder would change, its mistakes included; nothing is stored."""
    return answer(request, previewing.preview(service, who, folder.file))


@router.patch("/challenges/{challenge}", tags=["challenges"], response_model=ChallengeView)
def change_challenge(
    request: Request, service: Here, who: Who, challenge: str, wanted: ChallengeRequest
) -> Response:
    """Close a challenge or open it again, or give its phases other dates as a new version."""
    return answer(request, organising.change(service, who, challenge, wanted))


@router.post(
    "/challenges/{challenge}/dates/preview", tags=["challenges"], response_model=PublishPreview
)
def preview_dates(
    request: Request, service: Here, who: Who, challenge: str, wanted: DatesRequest
) -> Response:
    """Say what other dates of phases would change; nothing is stored."""
    return answer(request, organising.preview_dates(service, who, challenge, wanted.phases))


@router.get(
    "/challenges/{challenge}/overview", tags=["challenges"], response_model=ChallengeOverview
)
def get_overview(request: Request, service: Here, who: Who, challenge: str) -> Response:
    """The challenge in numbers, and how runs fail."""
    return answer(request, organising.overview(service, who, challenge))


@router.get(
    "/challenges/{challenge}/versions", tags=["challenges"], response_model=Page[VersionView]
)
def list_versions(request: Request, service: Here, who: Who, challenge: str) -> Response:
    """The published versions, newest first."""
    return answer(request, organising.versions(service, who, challenge))


@router.get(
    "/challenges/{challenge}/versions/{digest}/changes",
    tags=["challenges"],
    response_model=VersionChanges,
)
def get_changes(request: Request, service: Here, who: Who, challenge: str, digest: str) -> Response:
    """What a version changed of the one before it."""
    return answer(request, organising.changes(service, who, challenge, digest))


@router.get(
    "/challenges/{challenge}/versions/{digest}/challenge.yaml",
    tags=["challenges"],
    **file_answer("application/yaml"),
)
def get_spec(request: Request, service: Here, who: Who, challenge: str, digest: str) -> Response:
    """The challenge.yaml of a version."""
    return attachment(request, organising.spec_file(service, who, challenge, digest))


@router.get("/challenges/{challenge}/export", tags=["challenges"], **file_answer("application/zip"))
def export(service: Here, who: Who, challenge: str) -> Response:
    """Submissions, scores, predictions, notebooks and logs in a zip."""
    file = exporting.export(service, who, challenge)
    return streamed(_pieces(file), f"{challenge}-export.zip", "application/zip")


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(1 << 20):
            yield piece
