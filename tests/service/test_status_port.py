"""Probes, numbers and the log of a real service."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.service.status_port import StatusPort
from tests.bundles import bundle_of
from tests.service.folders import zipped
from tests.tiny import ROWS, write_challenge

pytestmark = pytest.mark.timeout(300)


def numbers(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """What a scrape says, by name and labels."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


class Served:
    """`jupyter challenge serve` in a process of its own, with its status port."""

    def __init__(self, folder: Path) -> None:
        (folder / "config").mkdir()
        (folder / "config" / "jupyter_challenge_config.py").write_text(
            "c.ChallengeConfig.log_format = 'json'\nc.ChallengeConfig.warm = False\n"
        )
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyter_challenge.cli", "serve", "--port", "0"),
                    *("--status-port", "0", "--drain", "3", "--data-dir", str(folder / "data")),
                ],
                env={**os.environ, "JUPYTER_CONFIG_PATH": str(folder / "config")},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.status = httpx.Client(base_url=f"http://127.0.0.1:{self._word(-1)}", trust_env=False)
        address = next(w for w in self._line().split() if w.startswith("http://")).rstrip(",")
        token = Path(self._word(-1)).read_text().strip()
        self.http = httpx.Client(
            base_url=f"{address}/api/v1",
            trust_env=False,
            timeout=60,
            headers={"Authorization": f"Bearer {token}"},
        )

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def _word(self, number: int) -> str:
        return self._line().split(" ")[number].rstrip(".")

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def close(self) -> None:
        self.http.close()
        self.status.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with closing(Served(tmp_path)) as served:
        yield served


def test_probes_numbers_log_and_end(served: Served, tmp_path: Path) -> None:
    http, status = served.http, served.status
    assert status.get("/live").json() == {"status": "ok", "failing": {}}
    assert status.get("/ready").json() == {"status": "ok", "failing": {}}
    assert status.get("/api/v1/me").status_code == 404
    assert http.get(str(http.base_url).replace("/api/v1/", "/metrics")).status_code == 404

    folder = write_challenge(tmp_path / "tiny")
    http.post("/challenges", files={"folder": ("f.zip", zipped(folder))}).raise_for_status()
    http.put("/challenges/tiny/entry", json={}).raise_for_status()
    rows = "id,label\n" + "".join(f"{row},{label}\n" for row, label in ROWS.items())
    bundle = bundle_of("predictions.csv", {"predictions.csv": rows.encode()}).data
    made = http.post(
        "/challenges/tiny/submissions",
        data={"request": json.dumps({"kind": "predictions", "entry": "predictions.csv"})},
        files={"bundle": ("bundle.zip", bundle)},
        headers={"Idempotency-Key": uuid.uuid4().hex},
    ).json()
    until = time.monotonic() + 200
    while http.get(f"/submissions/{made['id']}").json()["state"] != "scored":
        assert time.monotonic() < until
        time.sleep(0.3)

    found = numbers(status.get("/metrics").text)
    of = (("challenge", "tiny"),)
    state = (("challenge", "tiny"), ("is_try", "false"), ("state", "scored"))
    assert found["challenge_submissions"] == {state: 1.0}
    assert found["challenge_runs_ended_total"] == {(*of, ("outcome", "scored")): 1.0}
    assert found["challenge_queue_wait_seconds_count"][of] == 1
    assert found["challenge_run_overhead_seconds_count"][of] == 1
    assert 0 < found["challenge_run_overhead_seconds_sum"][of] < 200
    assert time.time() - found["challenge_loop_last_turn_timestamp_seconds"][()] < 60

    said = {line["message"]: line for line in served.lines()}
    for message in ("Submission accepted.", "Run claimed.", "Run started.", "Run ended: scored."):
        assert said[message]["submission"] == made["id"]
        assert (said[message]["part"], said[message]["level"]) == ("service", "info")
    assert said["Run ended: scored."]["run"] == said["Run claimed."]["run"]

    os.kill(served.process.pid, signal.SIGTERM)
    while status.get("/ready").status_code == 200:
        time.sleep(0.02)
    assert status.get("/ready").json()["failing"] == {"process": "It is about to end."}
    last = http.get("/health")  # who has not heard of it is still answered
    assert (last.status_code, last.headers["connection"]) == (200, "close")
    assert served.process.wait(60) == 0


def test_a_probe_that_waits_no_longer_leaves_no_traceback(
    capfd: pytest.CaptureFixture[str],
) -> None:
    asked, go, answered = threading.Event(), threading.Event(), threading.Event()

    def slow() -> bytes:
        asked.set()
        go.wait(60)
        return b"n 1\n" * 100_000

    port = StatusPort("127.0.0.1", 0, live={}, ready={}, metrics=slow)
    shutdown = port._server.shutdown_request

    def noted(*given: Any) -> None:
        shutdown(*given)
        answered.set()

    port._server.shutdown_request = noted  # type: ignore[method-assign]
    try:
        with socket.create_connection(("127.0.0.1", port.port)) as probe:
            probe.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            assert asked.wait(60)
            # Closed at once, as by a kubelet whose time is over.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        go.set()
        assert answered.wait(60)
    finally:
        go.set()
        port.close()
    assert capfd.readouterr().err == ""


def test_what_fails_is_named() -> None:
    def away() -> None:
        raise Unavailable("The database cannot be reached.")

    port = StatusPort("127.0.0.1", 0, live={}, ready={"database": away}, metrics=lambda: b"n 1\n")
    try:
        url = f"http://127.0.0.1:{port.port}"
        with httpx.Client(base_url=url, trust_env=False) as http:
            assert http.get("/live").status_code == 200
            answer = http.get("/ready")
            assert answer.status_code == 503
            assert answer.json()["failing"] == {"database": "The database cannot be reached."}
            assert http.get("/metrics").text == "n 1\n"
    finally:
        port.close()
