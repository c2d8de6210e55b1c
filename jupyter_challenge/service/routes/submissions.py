"""Submissions and what their runs left."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Header, Query, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from jupyter_challenge.core.errors import FailureClass, Fault
from jupyter_challenge.core.models import (
    LogChunk,
    Page,
    StepName,
    SubmissionRequest,
    SubmissionState,
    SubmissionView,
    VerificationView,
)
from jupyter_challenge.service import outputs, submissions, verifying
from jupyter_challenge.service.answers import answer, attachment
from jupyter_challenge.service.routes.asking import Cursor, Here, Limit, Search, Who, file_answer

router = APIRouter()


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
    failure: FailureClass | None = None,
    fault: Fault | None = None,
    user: Annotated[str | None, Query(max_length=255)] = None,
    q: Search = "",
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
        failure=failure,
        fault=fault,
        user=user,
        q=q,
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


@router.post(
    "/submissions/{submission}/verify",
    tags=["submissions"],
    response_model=VerificationView,
    status_code=201,
    responses={200: {"model": VerificationView, "description": "One waits or runs already."}},
)
def verify(request: Request, service: Here, who: Who, submission: str) -> Response:
    """Run a scored submission again, for its organisers: it counts nowhere."""
    view, new = verifying.verify(service, who, submission)
    return answer(request, view, 201 if new else 200)


@router.get(
    "/submissions/{submission}/verifications",
    tags=["submissions"],
    response_model=Page[VerificationView],
)
def list_verifications(request: Request, service: Here, who: Who, submission: str) -> Response:
    """What came of running a submission again, the newest first."""
    return answer(request, verifying.page(service, who, submission))


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
    "/submissions/{submission}/notebook",
    tags=["submissions"],
    **file_answer("application/x-ipynb+json"),
)
def get_notebook(request: Request, service: Here, who: Who, submission: str) -> Response:
    """The notebook as it was run."""
    return attachment(request, outputs.notebook(service, who, submission))


@router.get(
    "/submissions/{submission}/bundle", tags=["submissions"], **file_answer("application/zip")
)
def get_bundle(request: Request, service: Here, who: Who, submission: str) -> Response:
    """What was handed in, as a zip."""
    return attachment(request, outputs.bundle(service, who, submission))


@router.get(
    "/submissions/{submission}/predictions",
    tags=["submissions"],
    **file_answer("application/octet-stream"),
)
def get_predictions(request: Request, service: Here, who: Who, submission: str) -> Response:
    """The predictions that were scored."""
    return attachment(request, outputs.predictions(service, who, submission))
