"""The bearer token for a service: from a file that only its owner can read, or the hub's."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyter_challenge.core.errors import NotSignedIn

HUB_TOKEN = "JUPYTERHUB_API_TOKEN"
"""Where a notebook server of a JupyterHub finds the token that the hub gave it."""


def configured_token(config: Any) -> str | None:
    """The token for the service that the configuration names; None where it names none.

    Args:
        config: A `ChallengeConfig`.

    Raises:
        NotSignedIn: The token cannot be had.
    """
    if config.sign_in == "hub":
        token = os.environ.get(HUB_TOKEN)
        if not token:
            raise NotSignedIn(
                "No JupyterHub gave this process a token.",
                hint="Start it from a notebook server of the hub, or name a file with "
                "ChallengeConfig.token_file.",
            )
        return token
    return read_token(config.token_file) if config.token_file else None


def read_token(path: str | os.PathLike[str]) -> str:
    """Read the token in a file.

    Raises:
        NotSignedIn: The file is missing, empty, or readable to others than its owner.
    """
    file = Path(path).expanduser()
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            token = opened.read(4096).decode("ascii", "replace").strip()
    except OSError as error:
        raise NotSignedIn(
            f"The token file {file} cannot be read: {error.strerror}.",
            hint="Ask the service's admin for a token and save it there with `chmod 600`.",
        ) from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise NotSignedIn(
            f"The token file {file} can be read by others.",
            hint=f"Run `chmod 600 {file}`, and ask for a new token if others may have read it.",
        )
    if not token or any(c.isspace() or not c.isprintable() for c in token):
        raise NotSignedIn(
            f"The token file {file} does not hold one token.",
            hint="It must hold the token alone, on one line.",
        )
    return token


def on_loopback(url: str) -> bool:
    """Tell whether an address is on this machine, where no proxy has any business."""
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")
