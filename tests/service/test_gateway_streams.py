"""The gateway passes on what comes, as it comes: nothing waits in it to be whole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_challenge.service import taking_in
from jupyter_challenge.store.blobs import Blobs
from tests.service.gateway_world import GatewayWorld, headers, report, tar
from tests.service.world import World
from tests.small_api_server import small_api_server

PATIENCE = 20.0


@pytest.fixture
def gate(make_world: Callable[..., World], tmp_path: Path) -> Iterator[GatewayWorld]:
    world = make_world(runs=False)
    world.publish()
    world.user("ana").enter()
    with small_api_server() as api:
        yield GatewayWorld(world, api, tmp_path)


@pytest.mark.parametrize("path", ["bundle", "inputs"])
def test_the_first_piece_is_there_before_the_last_was_read(
    gate: GatewayWorld, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    token = gate.token(gate.submitted())
    arrived = threading.Event()
    in_time: list[bool] = []
    read = Blobs.stream

    def slowly(blobs: Blobs, digest: str, start: int = 0) -> Iterator[bytes]:
        """The last byte only once somebody has the ones before it."""
        content = b"".join(read(blobs, digest, start))
        yield content[:-1]
        in_time.append(arrived.wait(PATIENCE))
        yield content[-1:]

    with gate.served() as url, httpx.Client(trust_env=False, timeout=60) as http:
        whole = http.get(f"{url}/run/{path}", headers=headers(token)).content
        monkeypatch.setattr(Blobs, "stream", slowly)
        with http.stream("GET", f"{url}/run/{path}", headers=headers(token)) as answer:
            pieces = answer.iter_raw()
            found = next(pieces)
            assert 0 < len(found) < len(whole)
            arrived.set()
            found += b"".join(pieces)

    assert in_time and all(in_time)
    assert found == whole


def test_what_is_sent_is_on_disk_before_all_of_it_was_sent(
    gate: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = gate.token(gate.submitted())
    written = threading.Event()
    spooled = taking_in.spooled

    def told() -> Any:
        """A file that says when something was written to it."""
        file = spooled()
        write = file.write

        class Told:
            def __enter__(self) -> Told:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

            def write(self, data: bytes) -> int:
                count = write(data)
                written.set()
                return count

            def __getattr__(self, name: str) -> Any:
                return getattr(file, name)

        return Told()

    monkeypatch.setattr(taking_in, "spooled", told)
    body = tar(report_json=report(), predictions=b"id,label\n1,odd\n")
    in_time: list[bool] = []

    def slowly() -> Iterator[bytes]:
        yield body[:-1]
        in_time.append(written.wait(PATIENCE))
        yield body[-1:]

    with gate.served() as url, httpx.Client(trust_env=False, timeout=60) as http:
        answer = http.post(f"{url}/run/output", content=slowly(), headers=headers(token))

    assert in_time == [True]
    assert answer.status_code == 200, answer.text
