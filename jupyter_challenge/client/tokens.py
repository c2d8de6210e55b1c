"""Where a service is and the bearer token for it, from a file that only its owner can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_challenge.core.errors import NotSignedIn


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
