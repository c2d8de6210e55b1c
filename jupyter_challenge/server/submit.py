"""Submit a notebook of this server's, with the files that it declares."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_challenge.client.session import with_client
from jupyter_challenge.core.errors import ChallengeError
from jupyter_challenge.server.base import ChallengeHandler
from jupyter_challenge.server.paths import file_beneath, root_of

if TYPE_CHECKING:
    from jupyter_challenge.client import Client


class SubmitHandler(ChallengeHandler):
    """`/jupyter-challenge/submit`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Hand in the notebook as it is on disk and answer with the submission."""
        asked = self.body_object()
        root = root_of(self.contents_manager)

        def submit(client: Client) -> str:
            path = file_beneath(root, asked.get("path"))
            files = checked_names(asked.get("files"))
            submission = client.submit(
                path,
                _text(asked, "challenge"),
                _text(asked, "phase"),
                files,
                _object(asked, "parameters"),
                bool(asked.get("is_try")),
                _text(asked, "note") or "",
                _text(asked, "profile"),
                _text(asked, "idempotency_key"),
            )
            # It is handed in, whatever becomes of the notebook's metadata.
            with contextlib.suppress(OSError, ChallengeError):
                remember(path, submission.challenge, files)
            return submission.model_dump_json()

        self.answer(await self.unless_gone(with_client(self.upstream, submit)), 201)


def remember(path: Path, challenge: str, files: list[str] | None) -> None:
    """Write into a notebook which challenge it belongs to, where it does not say so yet."""
    from jupyter_challenge.client.folder import replaced
    from jupyter_challenge.core.notebook import read_notebook

    if path.suffix.lower() != ".ipynb" or not os.access(path, os.W_OK):
        return
    notebook = read_notebook(path)
    wanted = notebook.files if files is None else files
    if notebook.challenge == challenge and notebook.files == wanted:
        return
    with replaced(path.resolve()) as file:
        file.write(notebook.with_challenge(challenge, wanted).to_bytes())


def _text(asked: Mapping[str, Any], key: str) -> str | None:
    value = asked.get(key)
    if value is not None and not isinstance(value, str):
        raise ChallengeError(f'"{key}" must be text.')
    return value


def _object(asked: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = asked.get(key)
    if value is not None and not isinstance(value, dict):
        raise ChallengeError(f'"{key}" must be an object.')
    return value or {}


def checked_names(value: Any) -> list[str] | None:
    """Return a list of file names, or None for none given."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ChallengeError('"files" must be a list of paths relative to the notebook.')
    return value
