"""Challenges from Python: `connect()` gives a client of the service, here or at a URL."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_challenge.client.connection import Client, connect

__all__ = ["Client", "connect"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from jupyter_challenge.client import connection

        return getattr(connection, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
