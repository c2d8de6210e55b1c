"""What kind of failure the error of a cell is, as far as its name and its words tell."""

from __future__ import annotations

from jupyter_challenge.core.errors import FailureClass

_NETWORK_NAMES = {
    "ConnectError",
    "ConnectTimeout",
    "ConnectTimeoutError",
    "LocalEntryNotFoundError",
    "MaxRetryError",
    "NameResolutionError",
    "NewConnectionError",
    "OfflineModeIsEnabled",
    "URLError",
    "gaierror",
}
_NETWORK_WORDS = (
    "Connection timed out",
    "Could not resolve host",
    "Failed to resolve",
    "Max retries exceeded with url",
    "Name or service not known",
    "Network is unreachable",
    "Temporary failure in name resolution",
    "couldn't connect to 'http",
)
_MISSING = {"FileNotFoundError", "ImportError", "ModuleNotFoundError"}
_NO_PROCESS = {
    "BlockingIOError": "Resource temporarily unavailable",
    "RuntimeError": "can't start new thread",
}


def classified(name: str, words: str, *, network: bool, offline: bool) -> FailureClass:
    """Say what kind of failure a cell's error is.

    Args:
        name: The error's name.
        words: What it says.
        network: Whether runs have a network here.
        offline: Whether something was said before that needed one.
    """
    if name == "MemoryError":
        return FailureClass.OUT_OF_MEMORY
    if name in _NO_PROCESS and _NO_PROCESS[name] in words:
        return FailureClass.PROCESS_LIMIT
    if not network:
        needed = name in _NETWORK_NAMES or without_network(words)
        # What could not be downloaded is missing later.
        if needed or (offline and name in _MISSING):
            return FailureClass.NETWORK_DISABLED
    return FailureClass.CELL_ERROR


def without_network(text: str) -> bool:
    """Whether a text says that something on the network could not be reached."""
    return any(words in text for words in _NETWORK_WORDS)
