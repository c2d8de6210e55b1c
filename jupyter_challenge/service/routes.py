"""Every route of the service. Each says who asks, what is wanted, and hands on to who knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Form, Header, Query, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from jupyter_challenge.core.models import (
    BoardView,
    ChallengeSummary,
    ChallengeView,
    Changes,
    EntryRequest,
    ErrorResponse,
    LogChunk,
    Me,
    Page,
    QuotaView,
    StepName,
    SubmissionRequest,
    SubmissionState,
    SubmissionView,
    VersionView,
)
from jupyter_challenge.service import (
    boards,
    challenge_views,
    exporting,
    files,
    outputs,
    publishing,
    submissions,
)
from jupyter_challenge.service.answers import answer, attachment, disposition, streamed, tagged
from jupyter_challenge.service.auth import Identity, identity_of
from jupyter_challenge.service.state import Service

API = "/api/v1"
_REFUSED: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorResponse, "description": "Refused; says why and what to do."},
}
router = APIRouter(prefix=API, responses=_REFUSED)


# Both are asynchronous, as FastAPI would send each plain function to a thread of its own.
async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _identity(request: Request) -> Identity:
    return identity_of(request.scope)


Here = Annotated[Service, Depends(_service)]
Who = Annotated[Identity, Depends(_identity)]


def _file(*media_types: str) -> dict[str, Any]:
    """What a route says of itself that answers with a file."""
    content: dict[str, Any] = {each: {} for each in media_types}
    return {
        "response_class": Response,
        "responses": {200: {"description": "The file.", "content": content}},
    }


Cursor = Annotated[str | None, Query(description="`next` of the page before.", max_length=200)]
Limit = Annotated[int, Query(ge=1, le=200, description="Items on a page.")]
Search = Annotated[str, Query(max_length=100, description="Part of a name.")]
BoardName = Literal["public", "private"]


class Health(BaseModel):
    """That the service answers."""

    status: Literal["ok"] = "ok"


class Closing(BaseModel):
    """Whether a challenge takes submissions."""

    closed: bool


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


@router.get("/challenges/{challenge}", tags=["challenges"], response_model=ChallengeView)
def get_challenge(request: Request, service: Here, who: Who, challenge: str) -> Response:
    """A challenge with all its pages."""
    return answer(request, challenge_views.show(service, who, challenge))


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


@router.get(
    "/challenges/{challenge}/files/{path:path}",
    tags=["challenges"],
    **_file("application/octet-stream"),
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


@router.get(
    "/challenges/{challenge}/boards/{phase}/{board}.csv", tags=["boards"], **_file("text/csv")
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
    limit: Limit = 50,
) -> Response:
    """One page of a board, with your own row."""
    page = boards.page(service, who, challenge, phase, board, cursor=cursor, limit=limit, q=q)
    return answer(request, page)


@router.get("/challenges/{challenge}/export", tags=["challenges"], **_file("application/zip"))
def export(service: Here, who: Who, challenge: str) -> Response:
    """Submissions, scores, predictions, notebooks and logs in a zip."""
    file = exporting.export(service, who, challenge)
    return streamed(_pieces(file), f"{challenge}-export.zip", "application/zip")


@router.post(
    "/challenges/{challenge}/submissions",
    tags=["submissions"],
    response_model=SubmissionView,
    status_code=201,
    responses={200: {"model": SubmissionView, "description": "The key was used before."}},
)
def submit(
    request: Request,
    service: Here,
    who: Who,
    challenge: str,
    wanted: Annotated[
        str, Form(alias="request", max_length=1_000_000, description="SubmissionRequest as JSON.")
    ],
    bundle: Annotated[UploadFile, File(description="Zip with the entry and its files.")],
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Response:
    """Hand in a notebook or predictions; a try where the request says so."""
    try:
        said = SubmissionRequest.model_validate_json(wanted)
    except ValidationError as error:
        problems = [{**each, "loc": ("request", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(problems) from error
    view, new = submissions.hand_in(service, who, challenge, said, bundle.file, idempotency_key)
    return answer(request, view, 201 if new else 200)


@router.get("/submissions", tags=["submissions"], response_model=Page[SubmissionView])
def list_submissions(
    request: Request,
    service: Here,
    who: Who,
    challenge: str | None = None,
    phase: str | None = None,
    team: Literal["mine", "all"] = "mine",
    state: SubmissionState | None = None,
    tries: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Submissions, newest first: your team's, or all of the challenges that you manage."""
    page = submissions.page(
        service,
        who,
        challenge=challenge,
        phase=phase,
        everybody=team == "all",
        state=state,
        tries=tries,
        cursor=cursor,
        limit=limit,
    )
    return answer(request, page)


@router.get("/submissions/{submission}", tags=["submissions"], response_model=SubmissionView)
def get_submission(request: Request, service: Here, who: Who, submission: str) -> Response:
    """A submission with its latest run."""
    return answer(request, submissions.show(service, who, submission))


@router.post(
    "/submissions/{submission}/cancel", tags=["submissions"], response_model=SubmissionView
)
def cancel(request: Request, service: Here, who: Who, submission: str) -> Response:
    """End a submission; harmless when it is over."""
    return answer(request, submissions.cancel(service, who, submission))


@router.put(
    "/submissions/{submission}/selection", tags=["submissions"], response_model=SubmissionView
)
def select(request: Request, service: Here, who: Who, submission: str) -> Response:
    """Choose a submission to count on the private board."""
    return answer(request, submissions.select(service, who, submission))


@router.delete(
    "/submissions/{submission}/selection", tags=["submissions"], response_model=SubmissionView
)
def deselect(request: Request, service: Here, who: Who, submission: str) -> Response:
    """Take that choice back."""
    return answer(request, submissions.deselect(service, who, submission))


@router.get("/submissions/{submission}/logs/{step}", tags=["submissions"], response_model=LogChunk)
def get_log(
    request: Request,
    service: Here,
    who: Who,
    submission: str,
    step: StepName,
    offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
) -> Response:
    """A piece of a step's log; ask again from `next`."""
    return answer(request, outputs.logs(service, who, submission, step, offset))


@router.get(
    "/submissions/{submission}/notebook", tags=["submissions"], **_file("application/x-ipynb+json")
)
def get_notebook(request: Request, service: Here, who: Who, submission: str) -> Response:
    """The notebook as it was run."""
    return attachment(request, outputs.notebook(service, who, submission))


@router.get("/submissions/{submission}/bundle", tags=["submissions"], **_file("application/zip"))
def get_bundle(request: Request, service: Here, who: Who, submission: str) -> Response:
    """What was handed in, as a zip."""
    return attachment(request, outputs.bundle(service, who, submission))


@router.get(
    "/submissions/{submission}/predictions",
    tags=["submissions"],
    **_file("application/octet-stream"),
)
def get_predictions(request: Request, service: Here, who: Who, submission: str) -> Response:
    """The predictions that were scored."""
    return attachment(request, outputs.predictions(service, who, submission))


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


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(1 << 20):
            yield piece
