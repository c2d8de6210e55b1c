"""A service on a cluster whose loop is told what happens, and the programs as they are started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service.cluster_world import PATIENCE, Cluster
from tests.small_api_server import SmallApiServer, small_api_server

pytestmark = pytest.mark.timeout(PATIENCE + 60)


@pytest.fixture
def api() -> Iterator[SmallApiServer]:
    with small_api_server() as api:
        yield api


def test_a_run_is_followed_by_what_the_cluster_tells(tmp_path: Path, api: SmallApiServer) -> None:
    cluster = Cluster(tmp_path, api, "")
    try:
        embedded, world = cluster.world.embedded, cluster.world
        embedded.service.engine.watch(embedded.reconciler.wake)
        world.until(lambda: embedded.service.engine.news() is not None)
        before = api.lists
        embedded.reconciler.start()
        world.runs = True
        made = cluster.ana.submit(**cluster.predictions())
        assert cluster.ended(made["id"])["state"] == "scored"
        # `find` looks for the Job of a run that is claimed; nothing else lists.
        assert api.lists - before <= 5
    finally:
        cluster.close()


def test_the_gateway_as_it_is_started(tmp_path: Path, api: SmallApiServer) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "jupyter_challenge_config.py").write_text(
        f"c.ClusterConfig.kubeconfig = {api.kubeconfig(tmp_path / 'kube')!r}\n"
    )
    command = [sys.executable, "-m", "jupyter_challenge.cli", "gateway", "--port", "0"]
    (tmp_path / "data").mkdir()
    gateway = subprocess.Popen(
        [*command, "--status-port", "0", "--data-dir", str(tmp_path / "data")],
        env={**os.environ, "JUPYTER_CONFIG_PATH": str(tmp_path / "config")},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert gateway.stdout is not None
        ports = [gateway.stdout.readline().rstrip(".\n").rsplit(" ", 1)[1] for _ in range(2)]
        pods, status = (f"http://127.0.0.1:{port}" for port in ports)
        with httpx.Client(trust_env=False, timeout=30) as http:
            assert http.get(f"{pods}/run/spec").status_code == 401
            assert http.get(f"{status}/live").status_code == 200
            assert http.get(f"{status}/ready").json() == {"status": "ok", "failing": {}}
            counted = (
                'challenge_gateway_requests_total{method="GET",route="/run/spec",status="401"}'
            )
            assert f"{counted} 1.0" in http.get(f"{status}/metrics").text
            assert http.get(f"{pods}/metrics").status_code == 404
            api.away = True
            assert "cluster" in http.get(f"{status}/ready").json()["failing"]
        gateway.terminate()
        assert gateway.wait(60) == 0
    finally:
        if gateway.poll() is None:
            gateway.kill()
            gateway.wait()
        if gateway.stdout is not None:
            gateway.stdout.close()
