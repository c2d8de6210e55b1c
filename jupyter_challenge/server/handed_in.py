"""The notebook of a submission as it was handed in: to be read, or to go on from."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_challenge.client.session import with_client
from jupyter_challenge.core.errors import Conflict, NotFound, TooLarge
from jupyter_challenge.server.base import ChallengeHandler, named
from jupyter_challenge.server.paths import beneath, root_of, server_path

if TYPE_CHECKING:
    from jupyter_challenge.client import Client
    from jupyter_challenge.core.models import SubmissionView
    from jupyter_challenge.core.notebook import Notebook

MOST_FILES = 64_000_000


class CopyHandler(ChallengeHandler):
    """`/jupyter-challenge/copy`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Put the notebook beside the user's own and answer with its path; none is replaced."""
        submission = named(self.body_object(), "submission")
        root = root_of(self.contents_manager)

        def copy(client: Client) -> str:
            view = client.submission(submission)
            if view.kind.value != "notebook":
                raise Conflict(
                    f"{called(view)} is no notebook.",
                    hint="Its files can be downloaded from the run's page.",
                )
            folder = beneath(root, view.challenge)
            kind = "verification" if view.verifies else "try" if view.is_try else "submission"
            place = folder / f"{Path(view.name).stem}-{kind}-{abs(view.number)}.ipynb"
            if not place.exists():
                notebook = handed_in(client, view)
                folder.mkdir(parents=True, exist_ok=True)
                with place.open("xb") as file:
                    file.write(notebook.with_challenge(view.challenge, notebook.files).to_bytes())
            return json.dumps({"path": server_path(root, place)})

        self.answer(await self.unless_gone(with_client(self.upstream, copy)), 201)


def handed_in(client: Client, view: SubmissionView) -> Notebook:
    """The notebook as it was handed in.

    Raises:
        TooLarge: It travelled with files that are too large to look into.
        NotFound: It is not where it should be.
    """
    from jupyter_challenge.core.archive import unpack_archive
    from jupyter_challenge.core.notebook import read_notebook

    if sum(file.size or 0 for file in view.files) > MOST_FILES:
        raise TooLarge(
            f"The files of {called(view)} are too large to look into here.",
            hint="Look at the notebook as it ran.",
        )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        bundle = client.bundle(view.id, place / "bundle.zip")
        unpack_archive(bundle, place / "files", max_files=10_000, max_size=2 * MOST_FILES)
        named = [path for path in (place / "files").rglob("*") if path.name == view.name]
        if not named:
            raise NotFound(
                f"The notebook of {called(view)} cannot be read.",
                hint="Look at the notebook as it ran.",
            )
        return read_notebook(min(named, key=lambda path: len(path.parts)), complete=False)


def called(view: SubmissionView) -> str:
    """What people call a submission."""
    if view.verifies:
        return "The verification"
    return f"Try {view.number}" if view.is_try else f"#{view.number}"
