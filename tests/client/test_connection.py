"""`connect()`: to here or to a URL, and what a lost connection does."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

import jupyter_challenge
from jupyter_challenge import connect
from jupyter_challenge.client.configuration import load_config
from jupyter_challenge.core.errors import ChallengeError, NotSignedIn, Unavailable


class Flaky(BaseHTTPRequestHandler):
    """Breaks the first connections off, then answers."""

    breaks: ClassVar[int] = 0
    asked: ClassVar[list[tuple[str, str | None, str | None]]] = []

    def answer(self) -> None:
        """Answer, or not."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append(
            (self.command, self.headers.get("Authorization"), self.headers.get("Idempotency-Key"))
        )
        if len(self.asked) <= self.breaks:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        me = {"name": "ana", "place": "serve", "practice": True, "version": "1"}
        content = json.dumps(me).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr("jupyter_challenge.client.http._AGAIN_AFTER", (0.0, 0.0))
    monkeypatch.setattr(Flaky, "asked", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), Flaky) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def private(folder: Path, token: str) -> Path:
    file = folder / "token"
    file.write_text(token)
    file.chmod(0o600)
    return file


def test_a_lost_connection_is_tried_again(
    flaky: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Flaky, "breaks", 2)
    with connect(flaky, token_file=private(tmp_path, "t")) as client:
        assert client.me().name == "ana"
    assert Flaky.asked == [("GET", "Bearer t", None)] * 3


def test_it_gives_up_in_the_end(flaky: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Flaky, "breaks", 99)
    with connect(flaky) as client, pytest.raises(Unavailable, match="cannot be reached") as caught:
        client.me()
    assert "nothing that you submitted is lost" in caught.value.hint
    assert len(Flaky.asked) == 3


def test_a_post_is_sent_again_only_with_its_key(
    flaky: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Flaky, "breaks", 1)
    with connect(flaky) as client:
        with pytest.raises(Unavailable):
            client.cancel("x")
        assert len(Flaky.asked) == 1
        Flaky.asked.clear()
        client._channel.send("POST", "/x", headers={"Idempotency-Key": "k"}, content=b"y")
    assert [key for _, _, key in Flaky.asked] == ["k", "k"]


def test_where_nothing_was_sent_anything_may_be_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []
    monkeypatch.setattr("jupyter_challenge.client.http.time.sleep", tries.append)
    with connect("http://127.0.0.1:9") as client, pytest.raises(Unavailable):
        client.cancel("x")
    assert len(tries) == 4


def test_the_variable_names_the_address(flaky: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Flaky, "breaks", 0)
    monkeypatch.setenv("JUPYTER_CHALLENGE_URL", flaky)
    with connect() as client:
        assert flaky in repr(client)
        assert client.me().name == "ana"


def test_the_configuration_names_address_and_token(flaky: str, tmp_path: Path) -> None:
    config = load_config()
    config.service_url, config.token_file = flaky, str(private(tmp_path, "of-the-file"))
    with connect(config=config) as client:
        client.me()
    assert Flaky.asked[-1][1] == "Bearer of-the-file"


def test_a_notebook_server_of_a_hub_signs_in_as_its_owner(
    flaky: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Flaky, "breaks", 0)
    monkeypatch.setenv("JUPYTER_CHALLENGE_URL", flaky)
    monkeypatch.setenv("JUPYTER_CHALLENGE_SIGN_IN", "hub")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "of-the-hub")
    with connect() as client:
        client.me()
    assert Flaky.asked[-1][1] == "Bearer of-the-hub"


def test_the_hubs_token_is_sent_to_its_own_service_alone(
    flaky: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Flaky, "breaks", 0)
    monkeypatch.setenv("JUPYTER_CHALLENGE_URL", "http://challenge:8790")
    monkeypatch.setenv("JUPYTER_CHALLENGE_SIGN_IN", "hub")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "of-the-hub")
    with connect(flaky) as client:
        client.me()
    assert not Flaky.asked[-1][1]


def test_outside_of_a_hub_there_is_no_token_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_CHALLENGE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("JUPYTER_CHALLENGE_SIGN_IN", "hub")
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN", raising=False)
    with pytest.raises(NotSignedIn, match="No JupyterHub"):
        connect()


@pytest.mark.parametrize("url", ["nonsense", "ftp://x", "http://"], ids=repr)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ChallengeError, match="not the address"):
        connect(url)


def test_a_token_file_that_others_can_read(tmp_path: Path) -> None:
    file = private(tmp_path, "t")
    file.chmod(0o644)
    with pytest.raises(NotSignedIn):
        connect("http://127.0.0.1:9", token_file=file)


def test_the_configuration_of_jupyter_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JUPYTER_CHALLENGE_DATA_DIR")
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    (tmp_path / "jupyter_server_config.py").write_text(
        "c.ChallengeConfig.data_dir = '/srv/python'\nc.ChallengeConfig.parallel_runs = 3\n"
    )
    assert load_config().data_dir == "/srv/python"
    assert load_config().parallel_runs == 3
    assert load_config("/srv/named").data_dir == "/srv/named"
    (tmp_path / "jupyter_jupyter_challenge_config.json").write_text(
        '{"ChallengeConfig": {"data_dir": "/srv/json"}}'
    )
    assert load_config().data_dir == "/srv/json"


def test_the_short_names() -> None:
    assert jupyter_challenge.connect is connect
    with pytest.raises(AttributeError):
        _ = jupyter_challenge.nothing


def test_closing_twice_is_harmless(challenge_data_dir: Path) -> None:
    before = threading.active_count()
    config = load_config(challenge_data_dir)
    config.warm = False
    client = connect(config=config)
    client.me()
    client.close()
    client.close()
    assert threading.active_count() == before
