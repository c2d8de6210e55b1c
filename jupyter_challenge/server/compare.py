"""Two submissions side by side: what their notebooks have in common and where they differ."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_challenge.client.session import with_client
from jupyter_challenge.core.errors import ChallengeError, Conflict, TooLarge
from jupyter_challenge.server.base import ChallengeHandler
from jupyter_challenge.server.handed_in import called, handed_in

if TYPE_CHECKING:
    from jupyter_challenge.client import Client
    from jupyter_challenge.core.models import SubmissionView
    from jupyter_challenge.core.notebook import Notebook

MOST_SOURCE = 2_000_000
MOST_CELLS = 2_000


class CompareHandler(ChallengeHandler):
    """`/jupyter-challenge/compare`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Answer with the first notebook and what makes the second of it."""
        asked = self.body_object()
        first, second = asked.get("first"), asked.get("second")
        if not (isinstance(first, str) and isinstance(second, str) and first and second):
            raise ChallengeError("Name two submissions.")
        outputs = asked.get("outputs") is True

        def compare(client: Client) -> str:
            return json.dumps(compared(client, first, second, outputs))

        self.answer(await self.unless_gone(with_client(self.upstream, compare)))


def compared(client: Client, first: str, second: str, outputs: bool) -> dict[str, Any]:
    """Compare two submissions of one challenge; with `outputs` as they ran.

    Raises:
        Conflict: They cannot be compared.
        TooLarge: A notebook is too large to be shown beside another.
    """
    from jupyter_challenge.core.notebook_diff import diff_notebooks

    both = client.submission(first), client.submission(second)
    if both[0].challenge != both[1].challenge:
        raise Conflict(
            f"These submissions belong to different challenges: {both[0].challenge_title} and "
            f"{both[1].challenge_title}.",
            hint="Choose two submissions to the same challenge.",
        )
    for view in both:
        if view.kind.value != "notebook":
            raise Conflict(
                f"{called(view)} is no notebook, so there is nothing to lay side by side.",
                hint="Their scores can be compared.",
            )
    read = _as_run if outputs else _handed_in
    notebooks = read(client, both[0]), read(client, both[1])
    base, diff = diff_notebooks(*notebooks, outputs=outputs)
    return {"base": base, "diff": diff}


def _handed_in(client: Client, view: SubmissionView) -> Notebook:
    """The notebook as it was handed in."""
    return _bounded(handed_in(client, view), view)


def _as_run(client: Client, view: SubmissionView) -> Notebook:
    """The notebook as it ran, with outputs that can do no harm."""
    from jupyter_challenge.core.notebook import Notebook, read_notebook
    from jupyter_challenge.server.shown import as_shown

    with tempfile.TemporaryDirectory() as folder:
        path = client.notebook(view.id, Path(folder) / "executed.ipynb")
        notebook = read_notebook(path, complete=False)
    return _bounded(Notebook(as_shown(notebook.content, plain=True), view.name), view)


def _bounded(notebook: Notebook, view: SubmissionView) -> Notebook:
    from jupyter_challenge.core.notebook import source_of

    size = sum(len(source_of(cell)) for cell in notebook.cells)
    if size > MOST_SOURCE or len(notebook.cells) > MOST_CELLS:
        raise TooLarge(
            f"The notebook of {called(view)} is too large to be laid beside another.",
            hint="Download both and compare them with a program for that.",
        )
    return notebook
