"""Machine-learning challenges in JupyterLab."""

from typing import Any

try:
    from ._version import __version__
except ImportError:  # a checkout that was never built
    __version__ = "0"

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-challenge"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "jupyter_challenge"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    server_app.log.debug("jupyter_challenge is loaded")
