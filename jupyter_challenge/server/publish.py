"""What organisers do with folders of this server's: make one, publish it, write into it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_challenge.core.errors import ChallengeError, Conflict, NotFound
from jupyter_challenge.server.base import ChallengeHandler, named
from jupyter_challenge.server.paths import beneath, root_of, server_path

if TYPE_CHECKING:
    from jupyter_challenge.client import Client

T = TypeVar("T")
_SPEC = "challenge.yaml"


class OrganisingHandler(ChallengeHandler):
    """What these routes have in common."""

    async def by_client(self, work: Callable[[Client], T]) -> T:
        """Call `work` in a thread with a client that sends and reads piece by piece."""
        client = await self.upstream.streaming_client()

        def call() -> T:
            with client:
                return work(client)

        # Whoever goes away does not break off what was begun: it is whole or not there at all.
        return await asyncio.to_thread(call)

    def folder_beneath(self, root: Path, path: Any) -> Path:
        """The folder that a request names; the server's own folder is called by "/".

        Raises:
            NotFound: There is no such folder.
        """
        folder = root if path == "/" else beneath(root, path)
        if not folder.is_dir():
            raise NotFound(f'There is no folder "{path}".', hint="Choose one that is there.")
        return folder


class PublishHandler(OrganisingHandler):
    """`/jupyter-challenge/publish`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Publish a folder, or say what that would change: `{folder, preview}`.

        With `looked`, the answer of a preview, only what was looked at is published.
        """
        asked = self.body_object()
        root = root_of(self.contents_manager)
        folder = self.folder_beneath(root, asked.get("folder"))
        limit = self.upstream.config.max_upload

        def publish(client: Client) -> str:
            if asked.get("preview"):
                return client.preview(folder, limit).model_dump_json()
            return client.publish(folder, _looked(asked.get("looked")), limit).model_dump_json()

        self.answer(await self.by_client(publish), 200 if asked.get("preview") else 201)


def _looked(value: Any) -> Any:
    from pydantic import ValidationError

    from jupyter_challenge.core.models import PublishPreview

    if value is None:
        return None
    try:
        return PublishPreview.model_validate(value)
    except ValidationError as error:
        raise ChallengeError('"looked" must be what a preview answered.') from error


class CreateHandler(OrganisingHandler):
    """`/jupyter-challenge/create`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Make a working challenge folder from the template: `{folder, title}`."""
        asked = self.body_object()
        title = asked.get("title")
        if title is not None and not isinstance(title, str):
            raise ChallengeError('"title" must be text.')
        root = root_of(self.contents_manager)
        folder = beneath(root, asked.get("folder"))

        def create() -> dict[str, Any]:
            from jupyter_challenge.core.template import create_challenge

            return {
                "files": create_challenge(folder, title=title or None),
                "folder": server_path(root, folder),
            }

        self.answer(await asyncio.to_thread(create), 201)


class DatesHandler(OrganisingHandler):
    """`/jupyter-challenge/dates`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Write the dates of the published challenge into its folder: `{challenge, folder}`."""
        asked = self.body_object()
        challenge = named(asked, "challenge")
        root = root_of(self.contents_manager)
        folder = self.folder_beneath(root, asked.get("folder"))
        spec = beneath(root, f"{server_path(root, folder)}/{_SPEC}")

        def write(client: Client) -> dict[str, Any]:
            return {"path": server_path(root, spec), "changed": _redate(client, challenge, spec)}

        self.answer(await self.by_client(write))


def _redate(client: Client, challenge: str, spec: Path) -> bool:
    """Put the published dates into a challenge.yaml; false where it has them already."""
    from jupyter_challenge.client.folder import replaced
    from jupyter_challenge.core.dates import with_dates
    from jupyter_challenge.core.validation import read_challenge

    if not spec.is_file():
        raise NotFound(
            f"There is no {_SPEC} in that folder.", hint="Choose the challenge's folder."
        )
    before = spec.read_bytes().decode("utf-8")
    there = read_challenge(before.removeprefix("\ufeff"))
    if there.id != challenge:
        raise Conflict(
            f'That is the folder of "{there.id}", not of "{challenge}".',
            hint="Choose the challenge's own folder.",
        )
    known = {phase.id for phase in there.phases}
    dates = {each.id: each for each in client.dates(challenge) if each.id in known}
    after = with_dates(before, dates)
    if after == before:
        return False
    with replaced(spec.resolve()) as file:
        file.write(after.encode())
    return True


class ExportHandler(OrganisingHandler):
    """`/jupyter-challenge/export`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Save all that was submitted as a zip beside the user's files: `{challenge, folder}`."""
        asked = self.body_object()
        challenge = named(asked, "challenge")
        root = root_of(self.contents_manager)
        folder = self.folder_beneath(root, asked.get("folder") or "/")

        def export(client: Client) -> dict[str, Any]:
            view = client.challenge(challenge)
            target = _new_file(folder, f"{view.id}-export-{datetime.now(timezone.utc):%Y-%m-%d}")
            client.export(view.id, target)
            return {"path": server_path(root, target), "size": target.stat().st_size}

        self.answer(await self.by_client(export), 201)


def _new_file(folder: Path, name: str) -> Path:
    """A name that no file has: an export never takes the place of another."""
    target, number = folder / f"{name}.zip", 1
    while target.exists():
        number += 1
        target = folder / f"{name}-{number}.zip"
    return target
