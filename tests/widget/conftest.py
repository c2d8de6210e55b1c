"""A real service in this process with the tiny challenge in it, and a real kernel beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from jupyter_challenge import connect
from jupyter_challenge.client import Client
from jupyter_challenge.client.configuration import load_config
from tests.tiny import write_challenge, write_predictions

PATIENCE = 60.0


@pytest.fixture
def client(challenge_data_dir: Path) -> Iterator[Client]:
    """A client of a service with the tiny challenge."""
    config = load_config(challenge_data_dir)
    config.warm = False
    with connect(config=config) as made:
        yield made


@pytest.fixture
def tiny(client: Client, tmp_path: Path) -> str:
    """The tiny challenge, published and entered."""
    client.publish(write_challenge(tmp_path / "organiser"))
    client.enter("tiny")
    return "tiny"


def score(client: Client, folder: Path, right: int) -> None:
    """Hand in predictions of which `right` of ten are right, and wait for their score."""
    handed_in = client.submit(write_predictions(folder / "predictions.csv", right), "tiny")
    client.wait(handed_in.id, timeout=PATIENCE)


class Kernel:
    """A kernel and what it says on IOPub."""

    def __init__(self, folder: Path) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.heard: list[dict[str, Any]] = []

    def run(self, code: str) -> list[dict[str, Any]]:
        """Run a cell to its end and return what was heard meanwhile."""
        before = len(self.heard)
        cell = self.client.execute(code)
        self.until(
            lambda message: (
                message["msg_type"] == "status"
                and message["content"]["execution_state"] == "idle"
                and message["parent_header"].get("msg_id") == cell
            )
        )
        heard = self.heard[before:]
        for message in heard:
            assert message["msg_type"] != "error", "\n".join(message["content"]["traceback"])
        return heard

    def until(self, wanted: Any) -> dict[str, Any]:
        """Listen until a message is the wanted one."""
        end = time.monotonic() + PATIENCE
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.1, end - time.monotonic()))
            self.heard.append(message)
            if wanted(message):
                return message

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(tmp_path: Path, challenge_data_dir: Path) -> Iterator[Kernel]:
    """A kernel on the same data folder."""
    made = Kernel(tmp_path)
    yield made
    made.close()
