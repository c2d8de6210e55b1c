"""The way that the Jupyter server takes, in process and to a URL."""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.client.configuration import load_config
from jupyter_challenge.client.forwarding import API, Upstream
from jupyter_challenge.core.errors import NotSignedIn, Unavailable
from jupyter_challenge.service.config import ChallengeConfig


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_POST(self) -> None:
        """Echo."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        told = {
            "path": self.path,
            "headers": {k.lower(): v for k, v in self.headers.items()},
            "body": body.decode(),
        }
        content = json.dumps(told).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"x"')
        self.send_header("Set-Cookie", "a=b")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def at(url: str, token_file: object = "") -> Upstream:
    return Upstream(ChallengeConfig(service_url=url, token_file=str(token_file)))


async def test_only_what_matters_reaches_the_service(url: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t0ken\n")
    token.chmod(0o600)
    upstream = at(url, token)
    sent = {
        "Cookie": "session=secret",
        "X-Forwarded-User": "admin",
        "Kubeflow-Userid": "admin",
        "Authorization": "token of-the-jupyter-server",
        "Host": "evil",
        "Content-Type": "text/plain",
        "Idempotency-Key": "k",
        "If-None-Match": '"x"',
    }
    answer = await upstream.request("POST", f"{API}/a%2Fb", "q=1%202", sent, b"body")
    await upstream.close()
    told = json.loads(answer.body)
    assert told["path"] == "/api/v1/a%2Fb?q=1%202"
    assert told["body"] == "body"
    assert told["headers"]["authorization"] == "Bearer t0ken"
    assert told["headers"]["idempotency-key"] == "k"
    assert told["headers"]["host"] != "evil"
    assert not {"cookie", "x-forwarded-user", "kubeflow-userid"} & set(told["headers"])
    assert answer.status == 201
    assert answer.headers["etag"] == '"x"'
    assert "set-cookie" not in answer.headers


async def test_without_a_usable_token_nothing_is_sent(url: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t0ken\n")
    token.chmod(0o644)
    with pytest.raises(NotSignedIn, match="can be read by others"):
        await at(url, token).request("POST", f"{API}/x")


async def test_a_service_that_is_not_there() -> None:
    upstream = at("http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="cannot be reached"):
        await upstream.request("GET", f"{API}/health")
    await upstream.close()


async def test_the_embedded_service_is_the_owners(challenge_data_dir: Path) -> None:
    config = load_config(challenge_data_dir)
    config.warm = False
    upstream = Upstream(config)
    assert not (challenge_data_dir / "challenge.db").exists()
    answer = await upstream.request("GET", f"{API}/me")
    assert json.loads(answer.body)["admin"] is True
    refused = await upstream.request("GET", f"{API}/challenges/none")
    assert refused.status == 404
    assert json.loads(refused.body)["error"]["code"] == "not_found"
    await upstream.close()
    await upstream.close()


async def test_other_identities_are_told_apart(challenge_data_dir: Path) -> None:
    from jupyter_challenge.service.auth import Identity

    config = load_config(challenge_data_dir)
    config.warm = False
    upstream = Upstream(config)
    answer = await upstream.request("GET", f"{API}/me", identity=Identity("ana"))
    assert json.loads(answer.body)["name"] == "ana"
    assert json.loads(answer.body)["admin"] is False
    await upstream.close()


async def test_missing_libraries_are_named(
    challenge_data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [m for m in sys.modules if m.startswith("jupyter_challenge.service.app")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    with pytest.raises(Unavailable, match="fastapi is not installed") as caught:
        await Upstream(load_config(challenge_data_dir)).request("GET", f"{API}/health")
    assert "jupyter-challenge[local]" in caught.value.hint
