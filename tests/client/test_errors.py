import json

import pytest

from jupyter_challenge.client.errors import error_from
from jupyter_challenge.core import errors


def every(kind: type[errors.ChallengeError]) -> list[type[errors.ChallengeError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in every(child))]


@pytest.mark.parametrize("kind", every(errors.ChallengeError), ids=lambda k: k.__name__)
def test_every_refusal_comes_back_as_what_it_was(kind: type[errors.ChallengeError]) -> None:
    sent = kind("what", hint="next", rows=3)
    body = {"code": kind.code, "message": "what", "hint": "next", "details": sent.details}
    back = error_from(kind.status, json.dumps({"error": body}).encode())
    assert type(back) is kind
    assert (back.message, back.hint, back.details) == ("what", "next", {"rows": 3})


def test_details_may_have_any_name() -> None:
    body = {"code": "conflict", "message": "m", "details": {"message": "x", "hint": "y"}}
    assert error_from(409, json.dumps({"error": body}).encode()).details["hint"] == "y"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        pytest.param(404, b"<html>", errors.NotFound, id="a web server's page"),
        pytest.param(502, b"", errors.Unavailable, id="a proxy without a backend"),
        pytest.param(500, b'{"detail": "x"}', errors.Unavailable, id="another program's JSON"),
        pytest.param(403, b'{"error": "no"}', errors.Forbidden, id="error is text"),
        pytest.param(418, b"[]", errors.ChallengeError, id="unknown status"),
        pytest.param(
            429,
            b'{"error": {"code": "of-tomorrow", "message": "m"}}',
            errors.ChallengeError,
            id="a code that is newer than this client",
        ),
    ],
)
def test_answers_that_are_not_ours(
    status: int, body: bytes, kind: type[errors.ChallengeError]
) -> None:
    assert type(error_from(status, body)) is kind
