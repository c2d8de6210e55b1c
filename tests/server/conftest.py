"""A Jupyter server with the extension, a real service behind it and the tiny challenge in that."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPResponse

from jupyter_challenge.client import connect
from jupyter_challenge.client.configuration import load_config
from tests.tiny import write_challenge

Ask = Callable[..., Awaitable[HTTPResponse]]


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    """The server of these tests keeps no process warm and settles nothing by itself."""
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_challenge": True},
            "allow_unauthenticated_access": False,
        },
        "ChallengeExtension": {"settle_after": 0},
        "ChallengeConfig": {"warm": False},
    }


@pytest.fixture
def ask(jp_fetch: Any) -> Ask:
    """Ask below /jupyter-challenge; a refusal is an answer too."""

    async def fetch(method: str, path: str, body: Any = None, **options: Any) -> HTTPResponse:
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        elif body is None and method in {"POST", "PUT", "PATCH"}:
            body = "{}"
        try:
            return await jp_fetch(
                "jupyter-challenge", *path.split("/"), method=method, body=body, **options
            )
        except HTTPClientError as error:
            assert error.response is not None
            return error.response

    return fetch


@pytest.fixture
def tiny(challenge_data_dir: Path, tmp_path: Path) -> str:
    """The tiny challenge, published and entered by the one who runs the tests."""
    config = load_config(challenge_data_dir)
    config.warm = False
    with connect(config=config, runs=False) as client:
        client.publish(write_challenge(tmp_path / "organiser"))
        client.enter("tiny")
    return "tiny"


def said(response: HTTPResponse) -> Any:
    """Read an answer's JSON."""
    return json.loads(response.body)
