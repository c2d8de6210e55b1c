"""Answers: models as JSON with an ETag, attachments, and errors in one shape."""

from __future__ import annotations

import errno
import hashlib
import logging
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from jupyter_challenge.core.errors import ChallengeError, StorageFull
from jupyter_challenge.core.models import ErrorBody, ErrorResponse
from jupyter_challenge.service.outputs import Attachment

log = logging.getLogger("jupyter_challenge")

_SAFE = {"x-content-type-options": "nosniff", "cache-control": "no-cache"}


def answer(request: Request, model: BaseModel, status: int = 200) -> Response:
    """A model as JSON; 304 to who has it already."""
    body = model.model_dump_json().encode()
    return tagged(request, body, "application/json", status)


def tagged(
    request: Request,
    body: bytes,
    media_type: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """A body with its ETag; 304 to who has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if request.method in {"GET", "HEAD"} and _matches(request, tag):
        return Response(status_code=304, headers={**_SAFE, "etag": tag})
    return Response(
        body, status, media_type=media_type, headers={**_SAFE, **(headers or {}), "etag": tag}
    )


def attachment(request: Request, file: Attachment) -> Response:
    """A file to be saved, never to be shown by a browser as a page."""
    tag = f'"{file.digest[:32]}"'
    if _matches(request, tag):
        return Response(status_code=304, headers={**_SAFE, "etag": tag})
    headers = {
        **disposition(file.name),
        "etag": tag,
        "content-length": str(file.size - file.start),
    }
    if file.start:
        headers["content-range"] = f"bytes {file.start}-{file.size - 1}/{file.size}"
    status = 206 if file.start else 200
    return StreamingResponse(file.pieces, status, media_type=file.media_type, headers=headers)


def streamed(pieces: Iterator[bytes], name: str, media_type: str) -> Response:
    """An attachment that was made for this answer."""
    return StreamingResponse(pieces, media_type=media_type, headers=disposition(name))


def disposition(name: str) -> dict[str, str]:
    """Headers of an attachment."""
    return {
        **_SAFE,
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "content-security-policy": "sandbox",
    }


def _matches(request: Request, tag: str) -> bool:
    sent = request.headers.get("if-none-match", "")
    return sent == "*" or tag in {each.strip().removeprefix("W/") for each in sent.split(",")}


def install_errors(app: FastAPI) -> None:
    """Have every error answered as an `ErrorResponse`."""

    @app.exception_handler(ChallengeError)
    async def _ours(_request: Request, error: ChallengeError) -> Response:
        return refusal(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> Response:
        problems = [
            {
                "field": ".".join(str(part) for part in each["loc"]),
                "message": str(each["msg"]),
            }
            for each in error.errors()
        ]
        first = problems[0] if problems else {"field": "request", "message": "is not valid"}
        return _error(
            422,
            "invalid_request",
            f"{first['field']}: {first['message']}",
            "Mend the fields that are named.",
            {"problems": problems},
        )

    @app.exception_handler(HTTPException)
    async def _plain(request: Request, error: HTTPException) -> Response:
        # FastAPI says so of whatever goes wrong while a form is read.
        cause = error.__cause__
        if isinstance(cause, ChallengeError):
            return refusal(cause)
        if isinstance(cause, OSError):
            return _of_system(request, cause)
        names = {404: "not_found", 405: "method_not_allowed"}
        code = names.get(error.status_code, "bad_request")
        text = "There is nothing at that address." if error.status_code == 404 else error.detail
        return _error(error.status_code, code, str(text), "", {}, dict(error.headers or {}))

    @app.exception_handler(OSError)
    async def _system(request: Request, error: OSError) -> Response:
        return _of_system(request, error)

    @app.exception_handler(Exception)
    async def _other(request: Request, error: Exception) -> Response:
        return unexpected(request, error)


def _of_system(request: Request, error: OSError) -> Response:
    if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return unexpected(request, error)
    return refusal(
        StorageFull(
            "The disk is full.",
            hint="Free some space and try again; nothing that was stored is lost.",
        )
    )


def refusal(error: ChallengeError) -> Response:
    """A refused request as an answer."""
    return _error(error.status, error.code, error.message, error.hint, error.details)


def unexpected(request: Request, error: Exception) -> Response:
    """An error of ours: it gets an id, under which the log says more than a client may know."""
    name = uuid.uuid4().hex[:12]
    said = "Error %s at %s %s"
    where = (request.method, request.url.path)
    log.error(said, name, *where, exc_info=error, extra=_concerned(request))
    return _error(
        500,
        "internal",
        f"Something went wrong in the service (error {name}).",
        "Try again; if it stays, tell the admin this number.",
        {"id": name},
    )


def _concerned(request: Request) -> dict[str, str | int]:
    """Whom a request was about: what was found out before the error, else what its path names."""
    found: dict[str, str | int] | None = getattr(request.state, "concerned", None)
    if found is not None:
        return found
    named = request.path_params.get("submission")
    return {"submission": str(named)} if named is not None else {}


def _error(
    status: int,
    code: str,
    message: str,
    hint: str,
    details: dict[str, Any],
    headers: dict[str, str] | None = None,
) -> Response:
    body = ErrorResponse(error=ErrorBody(code=code, message=message, hint=hint, details=details))
    return Response(
        body.model_dump_json(),
        status,
        media_type="application/json",
        headers={**_SAFE, **(headers or {})},
    )
