"""The extension's part in the server's life."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.server.extension import ChallengeExtension

from .conftest import Ask

HEAVY = ["fastapi", "sqlalchemy", "kfp", "pandas", "sklearn", "nbformat", "httpx", "obstore"]


def test_loading_it_imports_nothing_heavy() -> None:
    program = (
        "import sys; import jupyter_server.serverapp; before = set(sys.modules);"
        "import jupyter_challenge; jupyter_challenge._jupyter_server_extension_points();"
        f"print([m for m in {HEAVY!r} if m in set(sys.modules) - before])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def extension_of(serverapp: Any) -> ChallengeExtension:
    """The extension of a running server."""
    (app,) = serverapp.extension_manager.extension_apps["jupyter_challenge"]
    assert isinstance(app, ChallengeExtension)
    return app


async def test_it_stops_the_service(ask: Ask, jp_serverapp: Any) -> None:
    extension = extension_of(jp_serverapp)
    await ask("GET", "api/v1/me")
    service = extension.upstream._service
    await extension.stop_extension()
    with pytest.raises(RuntimeError, match="not started"):
        _ = service.app


async def test_it_settles_only_where_there_is_a_data_folder(
    jp_serverapp: Any, challenge_data_dir: Path
) -> None:
    extension = extension_of(jp_serverapp)
    challenge_data_dir.rmdir()
    await extension._settle()
    assert extension.upstream._service is None
    challenge_data_dir.mkdir()
    await extension._settle()
    assert extension.upstream._service is not None


async def test_it_says_why_the_service_cannot_start(ask: Ask, challenge_data_dir: Path) -> None:
    (challenge_data_dir / "challenge.db").write_bytes(b"this is no database" * 100)
    answer = await ask("GET", "api/v1/me")
    assert answer.code in {500, 503}
    await asyncio.sleep(0)
    assert b"error" in answer.body
