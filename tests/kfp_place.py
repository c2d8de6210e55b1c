"""The stand-in for Kubeflow Pipelines as a process of this machine, on a small cluster."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.small_api_server import SmallApiServer

NAMESPACE = "challenge-pipelines"
AUDIENCE = "pipelines.kubeflow.org"


@dataclass
class KfpPlace:
    """Where the stand-in is, and the file with a token that it takes."""

    token_file: Path
    command: list[str]
    process: subprocess.Popen[str] | None = None
    port: int = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        """Have it serve, where it did before."""
        command = [*self.command, "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        self.port = int(said.rstrip(".\n").rpartition(" ")[2])

    def kill(self) -> None:
        """Have it die; what it knows is in its file."""
        assert self.process is not None
        self.process.kill()
        self.process.communicate(timeout=30)


@contextmanager
def kfp_standin(api: SmallApiServer, folder: Path) -> Iterator[KfpPlace]:
    """Serve the stand-in: an account that may use it, one that may not, one for steps."""
    api.add("namespaces", "", {"metadata": {"name": NAMESPACE}})
    api.add("serviceaccounts", NAMESPACE, {"metadata": {"name": "challenge-step"}})
    api.may.add("system:serviceaccount:jupyter-challenge:challenge-service")
    token_file = folder / "kfp-token"
    token_file.write_text(
        api.add_account_token("jupyter-challenge:challenge-service", AUDIENCE) + "\n"
    )
    command = [
        *(sys.executable, "-m", "tests.cluster.kfp_standin"),
        *("--kubeconfig", api.kubeconfig(folder / "kfp-kube")),
        *("--state", str(folder / "kfp-known")),
    ]
    place = KfpPlace(token_file, command)
    place.begin()
    try:
        yield place
    finally:
        if place.process is not None and place.process.poll() is None:
            place.kill()
