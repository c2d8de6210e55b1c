"""Machine-learning challenges in JupyterLab."""

from typing import TYPE_CHECKING, Any

try:
    from ._version import __version__
except ImportError:  # a checkout that was never built
    __version__ = "0"

if TYPE_CHECKING:
    from jupyter_challenge import task
    from jupyter_challenge.client import connect
    from jupyter_challenge.widget import Leaderboard, ScoreHistory

__all__ = ["Leaderboard", "ScoreHistory", "__version__", "connect", "task"]


def __getattr__(name: str) -> Any:
    """Import what users ask for when they ask for it."""
    if name == "connect":
        from jupyter_challenge.client import connect

        return connect
    if name == "task":
        from importlib import import_module

        return import_module("jupyter_challenge.task")
    if name in ("Leaderboard", "ScoreHistory"):
        from jupyter_challenge import widget

        return getattr(widget, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-challenge"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from jupyter_challenge.server.extension import ChallengeExtension

    return [{"module": "jupyter_challenge.server.extension", "app": ChallengeExtension}]
