"""A real Jupyter server with the arguments of a profile's idle timeout: what keeps it, what not."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from jupyter_challenge.core.compute.rendering import idle_arguments
from tests.hub.local_hub import free_ports

LIMIT = 5.0
LOOKED_AT = ("api/kernels", "api/sessions", "api/terminals", "api/contents",
             "jupyter-challenge/api/v1/me", "jupyter-challenge/storage")  # fmt: skip

pytestmark = pytest.mark.timeout(180)


class Server:
    """A Jupyter server of this machine, and a JupyterLab that is open and does nothing."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.folder, self.process = folder, process
        self.url = f"http://127.0.0.1:{port}"
        self.looked: set[str] = set()

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text("utf-8", "replace")

    def ask(self, method: str, path: str, **said: Any) -> Any:
        answer = httpx.request(method, f"{self.url}/{path}", timeout=60, **said)
        answer.raise_for_status()
        return answer.json()

    def looks(self, seconds: float) -> float:
        """Look as JupyterLab does until the server ends or the time is over; how long it was."""
        began = time.monotonic()
        while self.process.poll() is None and time.monotonic() < began + seconds:
            with contextlib.suppress(httpx.TransportError):
                for path in LOOKED_AT:
                    self.ask("GET", path)
                    self.looked.add(path)
            time.sleep(0.2)
        return time.monotonic() - began


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One that starts with the arguments that the hub gives a server on a profile."""
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "JUPYTER_CHALLENGE_DATA": str(tmp_path / "data"),
    }
    (tmp_path / "files").mkdir()
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser"),
                *(f"--port={port}", "--IdentityProvider.token=", "--ServerApp.port_retries=0"),
                *(f"--ServerApp.root_dir={tmp_path / 'files'}", "--ServerApp.disable_check_xsrf=1"),
                *("--ServerApp.jpserver_extensions", "jupyter_challenge=True"),
                *idle_arguments(LIMIT),
            ],
            stdout=log,
            stderr=log,
            env=environment,
        )  # fmt: skip
    found = Server(tmp_path, port, process)
    try:
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.TransportError):
                found.ask("GET", "api/status")
                break
            assert process.poll() is None and time.monotonic() < until, found.log
            time.sleep(0.1)
        yield found
    finally:
        process.kill()
        process.wait(10)


def test_a_lab_left_open_with_a_terminal_and_a_kernel_keeps_no_server(server: Server) -> None:
    server.ask("POST", "api/terminals")
    server.ask("POST", "api/kernels", json={"name": "python3"})

    server.looks(60)

    assert server.process.poll() == 0, server.log
    assert "Nobody did anything here" in server.log
    assert server.looked == set(LOOKED_AT), "who was not answered did not look"


def test_a_kernel_that_computes_and_requests_that_change_something_keep_it(
    server: Server,
) -> None:
    began = time.monotonic()
    while time.monotonic() < began + 1.6 * LIMIT:
        server.ask(
            "PUT", "api/contents/notes.txt", json={"type": "file", "format": "text", "content": ""}
        )
        time.sleep(0.5)
    kernel = server.ask("POST", "api/kernels", json={"name": "python3"})["id"]
    client = BlockingKernelClient(
        connection_file=str(server.folder / f"runtime/kernel-{kernel}.json")
    )
    client.load_connection_file()
    client.start_channels()
    try:
        client.execute("import time; time.sleep(600)")
        waited = server.looks(2.5 * LIMIT)
        state = server.ask("GET", f"api/kernels/{kernel}")["execution_state"]
    finally:
        client.stop_channels()

    assert (server.process.poll(), state) == (None, "busy"), server.log
    assert waited > 2 * LIMIT
