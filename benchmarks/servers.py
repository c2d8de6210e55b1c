"""Real Jupyter servers to measure against, started and stopped as a user would."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOKEN = "benchmark"


@dataclass
class Server:
    """A running Jupyter server."""

    url: str
    process: subprocess.Popen[bytes]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request and read the JSON that comes back."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
        )
        with _opener.open(request, timeout=120) as answer:
            return json.load(answer)


# No proxy: everything here is on loopback.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    """Find a port that is free now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def jupyter(
    app: str, root: Path, data: Path, options: Sequence[str] = ()
) -> Iterator[tuple[Server, float]]:
    """Start `jupyter APP`; yield it with the seconds until /api answered."""
    port = free_port()
    command = [
        sys.executable, "-m", f"jupyter_{app}" if app == "server" else app, "--no-browser",
        "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
        f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={TOKEN}", *options,
    ]  # fmt: skip
    environment = {**os.environ, "JUPYTER_CHALLENGE_DATA_DIR": str(data)}
    log = root.parent / f"{app}-{port}.log"
    began = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    server = Server(f"http://127.0.0.1:{port}", process)
    try:
        while True:
            try:
                server.ask("GET", "/api")
                break
            except (urllib.error.URLError, ConnectionError):
                if process.poll() is not None:
                    raise RuntimeError(log.read_text()) from None
                time.sleep(0.005)
        yield server, time.perf_counter() - began
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
