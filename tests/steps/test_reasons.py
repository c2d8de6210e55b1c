"""What kind of failure the error of a cell is taken for."""

from __future__ import annotations

import pytest

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.run import RunFailure
from jupyter_challenge.steps.reasons import classified, without_network

PIP = (
    "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError: Failed to "
    "establish a new connection: [Errno -3] Temporary failure in name resolution'"
)
ERRORS = {
    "of a download": ("URLError", "<urlopen error [Errno -3] …>", False, "network_disabled"),
    "of requests": (
        "ConnectionError", "HTTPSConnectionPool: Max retries exceeded with url: /", False,
        "network_disabled",
    ),
    "of an address": ("OSError", "[Errno 101] Network is unreachable", False, "network_disabled"),
    "of R": ("", "cannot open URL: Could not resolve host", False, "network_disabled"),
    "what pip could not bring": ("ModuleNotFoundError", "No module", True, "network_disabled"),
    "a module that nobody asked for": ("ModuleNotFoundError", "No module", False, "cell_error"),
    "another error after pip": ("ValueError", "no", True, "cell_error"),
    "a service of its own": ("ConnectionRefusedError", "[Errno 111]", False, "cell_error"),
    "memory": ("MemoryError", "", False, "out_of_memory"),
    "a process too many": (
        "BlockingIOError", "[Errno 11] Resource temporarily unavailable", False, "process_limit",
    ),
    "a file that is not ready": ("BlockingIOError", "[Errno 11] write", False, "cell_error"),
    "a thread too many": ("RuntimeError", "can't start new thread", False, "process_limit"),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS)
def test_class_of_an_error_without_network(case: str) -> None:
    name, words, offline, expected = ERRORS[case]
    assert classified(name, words, network=False, offline=offline).value == expected


def test_where_there_is_a_network_it_is_to_blame_for_nothing() -> None:
    assert classified("URLError", "", network=True, offline=True) is FailureClass.CELL_ERROR


def test_words_of_pip_are_known() -> None:
    assert without_network(PIP)
    assert not without_network("Successfully installed torch")


@pytest.mark.parametrize("text", ["half a character: \ud800", "\0"], ids=["surrogate", "zero"])
def test_every_text_of_an_error_can_be_stored(text: str) -> None:
    failure = RunFailure(failure_class=FailureClass.CELL_ERROR, detail=text)

    assert RunFailure.model_validate_json(failure.model_dump_json()) == failure
    assert "\0" not in failure.detail
