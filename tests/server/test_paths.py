"""Paths of a browser: beneath the server's root, or nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.errors import ChallengeError
from jupyter_challenge.server.paths import beneath, file_beneath, server_path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a file, a link that stays and a link that leaves."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.ipynb").write_text("{}")
    (root / "stays.ipynb").symlink_to("a.ipynb")
    (tmp_path / "secret.ipynb").write_text("{}")
    (root / "leaves.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (root / "out").symlink_to(tmp_path)
    return root


@pytest.mark.parametrize("path", ["a.ipynb", "/a.ipynb", "stays.ipynb", "./a.ipynb"])
def test_beneath(path: str, root: Path) -> None:
    place = file_beneath(root, path)
    assert server_path(root, place) == "a.ipynb"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.ipynb",
        "x/../../secret.ipynb",
        "leaves.ipynb",
        "out/secret.ipynb",
        "..",
        "",
        "a\0b",
        "..\\secret.ipynb",
        None,
        7,
    ],
)
def test_nowhere(path: Any, root: Path) -> None:
    with pytest.raises(ChallengeError):
        beneath(root, path)


def test_no_such_file(root: Path) -> None:
    with pytest.raises(ChallengeError, match="no file"):
        file_beneath(root, "b.ipynb")
