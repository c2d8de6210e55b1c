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


@dataclass(frozen=True)
class KfpPlace:
    """Where the stand-in is, and the file with a token that it takes."""

    endpoint: str
    token_file: Path


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
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.cluster.kfp_standin"),
            *("--kubeconfig", api.kubeconfig(folder / "kfp-kube")),
        ],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().rstrip(".\n").rpartition(" ")[2]
        yield KfpPlace(f"http://127.0.0.1:{int(port)}", token_file)
    finally:
        process.terminate()
        process.communicate(timeout=30)
