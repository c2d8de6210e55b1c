"""What people are told instead of a traceback when a server does not start."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from kubernetes_asyncio.client.exceptions import ApiException
from tornado.web import HTTPError

try:
    from jupyterhub.spawner import SpawnException
except ImportError:  # JupyterHub 5
    SpawnException = None

_Base: Any = SpawnException or HTTPError
ALL_COUNT = SpawnException is None
"""Whether the hub counts whatever does not start as a failure of its own."""
LONGEST = 400


class NotStarted(_Base):  # type: ignore[misc]
    """A server does not start for a reason that is no failure of the hub: HTTP 4xx.

    Attributes:
        jupyterhub_message: The sentence, where the hub's pages look for it.
        jupyterhub_html_message: The same for the page of a server that starts.
        reason: Which kind of reason it is, in a word: for the log and the metrics.
    """

    def __init__(self, message: str, *, reason: str, status_code: int = 400) -> None:
        if SpawnException is None:
            super().__init__(status_code, message, reason=reason)
        else:
            super().__init__(message, reason=reason, status_code=status_code)
        self.jupyterhub_message = message
        self.jupyterhub_html_message = html.escape(message)

    def __str__(self) -> str:
        """JupyterHub 5 puts it into the form as it is; a newer one knows where the sentence is."""
        return self.jupyterhub_message if SpawnException is None else str(super().__str__())


def of_the_cluster(error: ApiException, *secrets: str) -> NotStarted | None:
    """What the API server's no means for whoever wanted a server.

    Args:
        error: What it answered when a pod, or what belongs to it, was to be made.
        secrets: What must not be repeated, whatever it said.

    Returns:
        Nothing for what is a failure of the hub or of the API server.
    """
    said = said_by(error)
    for secret in secrets:
        said = said.replace(secret, "…") if secret else said
    full = re.search(r"exceeded quota: (\S+?),", said)
    if error.status == 403 and full is not None:
        return NotStarted(_full(said, full[1]), reason="quota", status_code=403)
    why = _denial(said, error.status)
    if why:
        status = 403 if error.status == 403 else 400
        return NotStarted(_denied(why), reason="admission", status_code=status)
    if error.status in {400, 422}:
        return NotStarted(
            "The cluster does not take your server as it is configured. Tell an admin: "
            f"{_cut(said)}",
            reason="invalid",
        )
    return None


def said_by(error: ApiException) -> str:
    """The message in an API server's answer, and nothing else of it."""
    try:
        said = json.loads(error.body)["message"] if error.body else ""
    except (ValueError, KeyError, TypeError):
        said = ""
    return str(said or error.reason or f"HTTP {error.status}")


def _denial(said: str, status: int) -> str:
    """Why an admission refused something; nothing if it was none.

    Webhooks choose the status themselves. Admission plugins forbid what has a name by now; rights
    are looked at before, and tell of a user.
    """
    denied = re.search(r"denied (?:the )?request: (.*)", said, re.DOTALL)
    if denied is not None:
        return denied[1]
    if "denied the request without explanation" in said:
        return said
    forbidden = re.match(r'\S+ "[^"]*" is forbidden: (?!User ")(.*)', said, re.DOTALL)
    if status != 403 or forbidden is None:
        return ""
    return forbidden[1].replace("violates PodSecurity", "it violates PodSecurity", 1)


def _cut(said: str) -> str:
    """As much as fits a page; cut only after the secrets are gone, or a part of one would stay."""
    said = said.strip()
    return said if len(said) <= LONGEST else f"{said[:LONGEST].rstrip()} …"


def _full(said: str, quota: str) -> str:
    asked = re.search(r"requested: (.*?), used:", said)
    used = re.search(r"used: (.*?), limited:", said)
    limited = re.search(r"limited: (.*)", said)
    numbers = (
        f" ({used[1]} of {limited[1]} in use, your server asks for {asked[1]})"
        if asked and used and limited
        else ""
    )
    return (
        f'There is no room for another server: the quota "{quota}" is full{numbers}. Try again '
        "when somebody has ended theirs, or choose a smaller profile."
    )


def _denied(why: str) -> str:
    return (
        f"The cluster's rules refuse your server: {_cut(why).rstrip('.')}. Choose another profile, "
        "or tell an admin."
    )
