"""What a request of the browser names."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_challenge.core.errors import ChallengeError
from jupyter_challenge.server.base import named


@pytest.mark.parametrize("said", [{}, {"challenge": ""}, {"challenge": 3}, {"submission": "iris"}])
def test_who_names_nothing_is_told_what_to_send(said: dict[str, Any]) -> None:
    with pytest.raises(ChallengeError, match="Name the challenge") as refused:
        named(said, "challenge")
    assert '"challenge"' in refused.value.hint


def test_what_is_named_is_taken() -> None:
    assert named({"challenge": "iris"}, "challenge") == "iris"
