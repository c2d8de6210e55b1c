"""Start the service inside this process."""

from __future__ import annotations

from typing import Any

from jupyter_challenge.core.errors import Unavailable


def start_embedded(config: Any) -> Any:
    """Start `service.app.EmbeddedService` on the config's data folder and return it.

    Imports what is heavy, so servers call it in a worker thread.

    Raises:
        Unavailable: The service's libraries are not installed.
    """
    try:
        from jupyter_challenge.service.app import EmbeddedService
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("jupyter_challenge"):
            raise
        raise Unavailable(
            f"The challenge service cannot run here: {error.name} is not installed.",
            hint='Run `pip install "jupyter-challenge[local]"`, or set the URL of a service.',
        ) from error
    service = EmbeddedService(config)
    service.start()
    return service
