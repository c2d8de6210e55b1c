"""A real service in this process with the tiny challenge in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge import connect
from jupyter_challenge.client import Client
from jupyter_challenge.client.configuration import load_config
from tests.tiny import write_challenge


@pytest.fixture
def client(challenge_data_dir: Path) -> Iterator[Client]:
    """A client of a service that is empty."""
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
