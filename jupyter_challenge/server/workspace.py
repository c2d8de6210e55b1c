"""What would travel with a notebook, and an example to begin with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_challenge.client.session import with_client
from jupyter_challenge.core.errors import ChallengeError
from jupyter_challenge.core.examples import EXAMPLES, example
from jupyter_challenge.server.base import ChallengeHandler
from jupyter_challenge.server.paths import file_beneath, root_of
from jupyter_challenge.server.submit import checked_names

if TYPE_CHECKING:
    from jupyter_challenge.client import Client


def names_in(text: str | None) -> list[str] | None:
    """Read a JSON list of names; None stays None."""
    try:
        names = None if text is None else json.loads(text)
    except ValueError as error:
        raise ChallengeError('"files" must be a JSON list of paths.') from error
    return checked_names(names)


class InspectHandler(ChallengeHandler):
    """`/jupyter-challenge/inspect?path=…`; `&files=["a.py"]` stands for the declared files.

    With `&challenge=…` the challenge's limits count, and the columns that it asks for.
    """

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Say what would travel with a notebook; nothing leaves this machine."""
        path = self.get_query_argument("path")
        named = names_in(self.get_query_argument("files", None))
        challenge = self.get_query_argument("challenge", None)
        root = root_of(self.contents_manager)

        def inspect(client: Client) -> str:
            seen = client.inspect(file_beneath(root, path), named, challenge or None)
            return seen.model_copy(update={"path": path}).model_dump_json()

        self.answer(await self.unless_gone(with_client(self.upstream, inspect)))


class ExampleHandler(ChallengeHandler):
    """`/jupyter-challenge/example`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Publish a challenge that comes with the package, iris where the body names none."""
        asked = self.body_object() if self.request.body else {}
        name = asked.get("name", EXAMPLES[0])
        if not isinstance(name, str):
            raise ChallengeError('"name" must be the name of an example.')

        def publish(client: Client) -> str:
            with example(name) as folder:
                return client.publish(folder).model_dump_json()

        self.answer(await self.unless_gone(with_client(self.upstream, publish)), 201)
