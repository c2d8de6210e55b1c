"""What people are told instead of a traceback when a server does not start."""

from __future__ import annotations

from typing import Any

from tornado.web import HTTPError

try:
    from jupyterhub.spawner import SpawnException
except ImportError:  # JupyterHub 5
    SpawnException = None

_Base: Any = SpawnException or HTTPError


class NotStarted(_Base):  # type: ignore[misc]
    """A server does not start for a reason that is no failure of the hub: HTTP 4xx.

    Attributes:
        jupyterhub_message: The sentence, where the hub's pages look for it.
        reason: Which kind of reason it is, in a word: for the log and the metrics.
    """

    def __init__(self, message: str, *, reason: str, status_code: int = 400) -> None:
        if SpawnException is None:
            super().__init__(status_code, message.replace("%", "%%"), reason=reason)
        else:
            super().__init__(message, reason=reason, status_code=status_code)
        self.jupyterhub_message = message
