"""The server extension: routes, and the service's life beside the Jupyter server's."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.utils import url_path_join
from traitlets import Float

from jupyter_challenge.client.forwarding import API, Upstream
from jupyter_challenge.core.errors import ChallengeError
from jupyter_challenge.server.compare import CompareHandler
from jupyter_challenge.server.forward import ForwardHandler
from jupyter_challenge.server.getting import GetHandler, GetJobHandler, GetJobs
from jupyter_challenge.server.handed_in import CopyHandler
from jupyter_challenge.server.idling import Idling
from jupyter_challenge.server.kept_tokens import TokenKeeper, keeper_of
from jupyter_challenge.server.open import OpenHandler
from jupyter_challenge.server.publish import (
    CreateHandler,
    DatesHandler,
    ExportHandler,
    PublishHandler,
)
from jupyter_challenge.server.storage import StorageHandler
from jupyter_challenge.server.submit import SubmitHandler
from jupyter_challenge.server.workspace import ExampleHandler, InspectHandler
from jupyter_challenge.service.config import ChallengeConfig

PREFIX = "jupyter-challenge"


class ChallengeExtension(ExtensionApp):
    """Machine-learning challenges in this Jupyter server."""

    name = "jupyter_challenge"
    extension_url = "/lab"
    load_other_extensions = True
    classes = [ChallengeConfig]

    settle_after = Float(
        3.0,
        help="""Seconds after the start at which runs of before a restart are looked after.
        Only where there is a data folder; 0 leaves it to the first request.""",
    ).tag(config=True)

    idle_timeout = Float(
        0.0,
        help="""Seconds after which this server ends, if meanwhile no kernel worked, no terminal
        wrote or was written to, and no request changed anything. Looking counts for nothing, so
        that a JupyterLab left open keeps no server. A hub's compute profiles set it. 0: never.""",
    ).tag(config=True)

    _upstream: Upstream | None = None
    _settling: asyncio.Task[None] | None = None
    _keeper: TokenKeeper | None = None
    _idling: Idling | None = None

    @property
    def upstream(self) -> Upstream:
        """The service, which is started by the first request."""
        if self._upstream is None:
            self.challenge_config = ChallengeConfig(parent=self)
            self._upstream = Upstream(self.challenge_config)
        return self._upstream

    def initialize_handlers(self) -> None:
        """Called by jupyter_server while it starts."""
        routed = {"upstream": self.upstream}
        for pattern, handler in (
            (r"api/v1/(.*)", ForwardHandler),
            (r"inspect", InspectHandler),
            (r"submit", SubmitHandler),
            (r"open", OpenHandler),
            (r"compare", CompareHandler),
            (r"copy", CopyHandler),
            (r"example", ExampleHandler),
            (r"publish", PublishHandler),
            (r"create", CreateHandler),
            (r"dates", DatesHandler),
            (r"export", ExportHandler),
        ):
            self.handlers.append((url_path_join("/", PREFIX, pattern), handler, routed))
        self._keeper = keeper_of(os.environ, self.log)
        kept = {**routed, "keeper": self._keeper}
        self.handlers.append((url_path_join("/", PREFIX, "storage"), StorageHandler, kept))
        if self._keeper is not None and self.serverapp is not None:
            # Lab asks about tokens only where there are any.
            page = self.serverapp.web_app.settings.setdefault("page_config_data", {})
            page["challengeStorage"] = True
        self.get_jobs = GetJobs(self.upstream)
        watched = {**routed, "jobs": self.get_jobs}
        self.handlers += [
            (url_path_join("/", PREFIX, "get"), GetHandler, watched),
            (url_path_join("/", PREFIX, r"get/([0-9a-f]+)"), GetJobHandler, watched),
        ]

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Called by jupyter_server once its loop runs."""
        if self._keeper is not None:
            self._keeper.start()
        if self.idle_timeout > 0:
            self._idling = Idling(serverapp, self.idle_timeout)
            self._idling.start()
        if self.settle_after > 0:
            self._settling = asyncio.create_task(self._settle())

    async def _settle(self) -> None:
        """Start the service a little later, so that runs of before a restart reach their end."""
        await asyncio.sleep(self.settle_after)
        config = self.challenge_config
        if config.address or not await asyncio.to_thread(config.root.is_dir):
            return
        try:
            await self.upstream.request("GET", f"{API}/health")
        except ChallengeError as error:
            self.log.warning("Challenges: %s %s", error.message, error.hint)
        except Exception:
            self.log.exception("Challenges: the service could not be started")

    async def stop_extension(self) -> None:
        """Called by jupyter_server when it shuts down: the service stops, runs go on."""
        if self._settling is not None:
            self._settling.cancel()
        if self._idling is not None:
            self._idling.stop()
        self.get_jobs.stop()
        if self._keeper is not None:
            await self._keeper.stop()
        if self._upstream is not None:
            await self._upstream.close()
