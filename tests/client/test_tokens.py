from pathlib import Path

import pytest

from jupyter_challenge.client.tokens import on_loopback, read_token
from jupyter_challenge.core.errors import NotSignedIn


def token_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    file = folder / "token"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def test_a_private_file_is_read(tmp_path: Path) -> None:
    assert read_token(token_file(tmp_path, b"abc123\n")) == "abc123"


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        pytest.param(b"abc\n", 0o644, "can be read by others", id="readable to all"),
        pytest.param(b"abc\n", 0o640, "can be read by others", id="readable to the group"),
        pytest.param(b"\n", 0o600, "does not hold one token", id="empty"),
        pytest.param(b"a b", 0o600, "does not hold one token", id="two words"),
        pytest.param(b"a\x00b", 0o600, "does not hold one token", id="control character"),
        pytest.param("tökén".encode(), 0o600, None, id="not ASCII"),
    ],
)
def test_other_files_are_refused(
    tmp_path: Path, content: bytes, mode: int, said: str | None
) -> None:
    if said is None:
        assert not read_token(token_file(tmp_path, content, mode)).isascii()
        return
    with pytest.raises(NotSignedIn, match=said) as caught:
        read_token(token_file(tmp_path, content, mode))
    assert content.decode().strip() not in caught.value.message or not content.strip()


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotSignedIn, match="cannot be read") as caught:
        read_token(tmp_path / "none")
    assert "chmod 600" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:8790", True),
        ("http://127.0.0.1/x", True),
        ("http://[::1]:80", True),
        ("https://hub.example.org/services/challenge", False),
        ("https://localhost.example.org", False),
    ],
)
def test_loopback(url: str, local: bool) -> None:
    assert on_loopback(url) is local
