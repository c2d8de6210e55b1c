"""Start the service inside this process."""

from __future__ import annotations

from typing import Any

from jupyter_challenge.core.errors import Unavailable


def start_embedded(config: Any, *, runs: bool = True, engine: Any = None) -> Any:
    """Start `service.app.EmbeddedService` on the config's data folder and return it.

    Imports what is heavy, so servers call it in a worker thread. Without `runs` it only reads
    and writes: another process, or the next one, looks after the runs. The local engine is used
    when none is given.

    Raises:
        Unavailable: The service's libraries are not installed.
    """
    try:
        from jupyter_challenge.service.app import EmbeddedService

        service = EmbeddedService(config, engine)
        service.start(runs=runs)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("jupyter_challenge"):
            raise
        raise Unavailable(
            f"The challenge service cannot run here: {error.name} is not installed.",
            hint='Run `pip install "jupyter-challenge[local]"`, or set the URL of a service.',
        ) from error
    return service


def app_for(service: Any, identity: Any = None) -> Any:
    """Return the service's ASGI app for one identity; the owner of this process by default."""
    from jupyter_challenge.service.auth import process_owner

    return service.app_for(process_owner() if identity is None else identity)
