"""A server that ends once nobody does anything: a JupyterLab left open alone keeps no GPU.

A visible JupyterLab asks for kernels, sessions and files every 10 s. To a Jupyter server each of
these is activity, and so is a terminal for as long as it is there, so that its own
`shutdown_no_activity_timeout` is never reached.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado.ioloop import PeriodicCallback

LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods of requests that only look."""
_TERMINALS = "jupyter_server_terminals"
_OFTEN = 60.0


class _Changes:
    """Whether a request changes something; of a handler that says so itself, its own word."""

    def __get__(self, handler: APIHandler, _: type[APIHandler]) -> bool:
        # There is no `__set__`, so that a handler can have an attribute of this name.
        return handler.request.method not in LOOKS


class Idling:
    """Ends a server after a time in which no kernel worked, no terminal wrote, nothing changed."""

    def __init__(self, serverapp: Any, limit: float) -> None:
        """Have requests count only where they change something.

        Args:
            serverapp: The Jupyter server.
            limit: Seconds of doing nothing after which it ends.
        """
        self._server = serverapp
        self._limit = limit
        # Jupyter's own word for it. The hub is told of the same activity.
        APIHandler._track_activity = _Changes()  # type: ignore[assignment]
        self._looking = PeriodicCallback(self.look, 1000 * min(_OFTEN, max(1, limit / 10)))

    def start(self) -> None:
        """Look every now and then."""
        self._looking.start()

    def stop(self) -> None:
        """Look no more."""
        self._looking.stop()

    def look(self) -> None:
        """End the server if it is time; its kernels and terminals end with it."""
        if self._works():
            return
        idle = (datetime.now(timezone.utc) - self.last_activity()).total_seconds()
        if idle > self._limit:
            self.stop()
            self._server.log.warning("Nobody did anything here for %d s: the server ends.", idle)
            self._server.stop()

    def last_activity(self) -> datetime:
        """When somebody or something did something last."""
        web: Any = self._server.web_app
        terminals = getattr(web.settings.get("terminal_manager"), "terminals", {})
        kernels = self._server.kernel_manager
        seen = [getattr(each, "last_activity", None) for each in terminals.values()]
        seen += [getattr(each, "last_activity", None) for each in _running(kernels)]
        latest: datetime = max([web.last_activity(), *filter(None, seen)])
        return latest

    def _works(self) -> bool:
        """Whether a kernel computes, or another extension says that it is at work."""
        kernels = _running(self._server.kernel_manager)
        if any(getattr(each, "execution_state", "") == "busy" for each in kernels):
            return True
        apps = self._server.extension_manager.extension_apps
        others = (app for name in apps if name != _TERMINALS for app in apps[name])
        return any(app.current_activity() for app in others)


def _running(kernels: Any) -> list[Any]:
    return [kernels.get_kernel(each) for each in kernels.list_kernel_ids()]
