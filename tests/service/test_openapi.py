"""The OpenAPI document describes every route, with examples that the models accept."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from jupyter_challenge.core.models import ErrorResponse, SubmissionRequest
from jupyter_challenge.service.app import openapi_document
from jupyter_challenge.service.routes import API, ROUTES
from tests.service.world import World

VERBS = [(method, route) for route in ROUTES for method in sorted(route.methods)]
DOCUMENT = openapi_document()


def operation(method: str, route: APIRoute) -> dict[str, Any]:
    path = API + route.path.replace(":path}", "}")
    found: dict[str, Any] = DOCUMENT["paths"][path][method.lower()]
    return found


@pytest.mark.parametrize(("method", "route"), VERBS, ids=lambda each: getattr(each, "name", each))
def test_every_answer_has_an_example_that_its_model_accepts(method: str, route: APIRoute) -> None:
    found = operation(method, route)
    assert found["summary"]
    assert found["description"]
    for status, response in found["responses"].items():
        content = response["content"]
        if "application/json" not in content:
            assert content, f"{status} says nothing of what comes"
            continue
        model = ErrorResponse if status == "4XX" else route.response_model
        TypeAdapter(model).validate_python(content["application/json"]["example"])


def test_what_travels_beside_the_bundle_is_described() -> None:
    schema = DOCUMENT["components"]["schemas"]["SubmissionRequest"]
    assert set(schema["properties"]) == set(SubmissionRequest.model_fields)


def test_it_is_the_same_every_time() -> None:
    assert openapi_document() == DOCUMENT


def test_fastapis_own_error_is_not_in_it() -> None:
    assert "HTTPValidationError" not in DOCUMENT["components"]["schemas"]


def test_the_service_gives_the_same_document(world: World) -> None:
    assert world.user("ana").ask("GET", "/openapi.json") == DOCUMENT
