"""What the doctor's pod plants: where it lies, who may have it, and that it is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from jupyter_challenge.client.asgi import AppTransport
from jupyter_challenge.core import canary
from jupyter_challenge.core.run import ReceiptKind
from jupyter_challenge.engines import jobs, probes
from jupyter_challenge.service import planted_world
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.gateway import create_gateway
from jupyter_challenge.store.blobs import Blobs
from tests.service.gateway_world import headers
from tests.small_api_server import SmallApiServer, small_api_server

RUNS, EVALUATIONS = "challenge-doctor-1", "challenge-doctor-1-evaluation"
SECRET = canary.fresh()
SOUGHT = canary.sought(SECRET)


class Kept:
    """A planted world and its gateway."""

    def __init__(self, folder: Path, api: SmallApiServer) -> None:
        self.api = api
        self.config = ChallengeConfig()
        self.config.data_dir = str(folder / "data")
        self.cluster = ClusterConfig()
        self.cluster.kubeconfig = api.kubeconfig(folder / "kube")

    @property
    def blobs(self) -> Blobs:
        return Blobs(self.config.root / "blobs")

    def token(self, kind: ReceiptKind) -> str:
        namespace = RUNS if kind == "run" else EVALUATIONS
        pod = self.api.add_pod(namespace, jobs.labels(probes.order(), kind))
        return self.api.add_token(pod, kind, f"{kind}-gateway")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with small_api_server() as api:
        yield Kept(tmp_path, api)


def seen(app: Any, token: str) -> dict[str, set[str]]:
    """What a token is given, by the route."""
    with httpx.Client(transport=AppTransport(app), base_url="http://gateway", timeout=60) as http:
        answers = {route: http.get(route, headers=headers(token)) for route in probes.ROUTES}
    return {
        route: found
        for route, answer in answers.items()
        if (found := canary.seen(answer.content, SOUGHT))
    }


def test_a_run_is_given_its_own_and_an_evaluation_the_labels(kept: Kept) -> None:
    with planted_world.planted(kept.config, kept.cluster, SECRET, RUNS, EVALUATIONS) as (
        gateway,
        told,
    ):
        app = create_gateway(gateway)
        run, evaluation = (seen(app, kept.token(kind)) for kind in ("run", "evaluate"))
        lie = {place for each in kept.blobs.digests()
               for place in canary.seen(kept.blobs.read(each), SOUGHT)}  # fmt: skip

    assert run == {"/run/bundle": {"own"}, "/run/inputs": {"own"}}
    assert evaluation == {"/evaluate/predictions": {"own"}, "/evaluate/labels": {"labels"}}
    assert lie == {"labels", "others", "own"}
    assert told == {"store": "", "url": "", "open": None}


def test_what_was_planted_is_taken_back_and_nothing_else(kept: Kept) -> None:
    blobs = kept.blobs
    there = blobs.put_bytes(b"of somebody's")
    with (
        pytest.raises(RuntimeError),
        planted_world.planted(kept.config, kept.cluster, SECRET, RUNS, EVALUATIONS),
    ):
        assert len(list(blobs.digests())) > 5
        raise RuntimeError

    assert list(blobs.digests()) == [there]


def test_what_was_there_before_stays(kept: Kept) -> None:
    blobs = kept.blobs
    there = blobs.put_bytes(b"the same")
    planting = planted_world.PlantedBlobs(blobs)
    assert planting.put_bytes(b"the same") == there
    planting.put_bytes(b"another")

    planting.take_back()

    assert list(blobs.digests()) == [there]


def test_all_that_the_gateway_answers_is_asked(kept: Kept) -> None:
    with planted_world.planted(kept.config, kept.cluster, SECRET, RUNS, EVALUATIONS) as (
        gateway,
        _,
    ):
        routes = create_gateway(gateway).routes
    answered = {
        each.path for each in routes if isinstance(each, APIRoute) and "GET" in each.methods
    }

    assert answered == set(probes.ROUTES)


def test_where_the_store_is_can_be_told_to_who_has_no_resolver(kept: Kept) -> None:
    kept.config.blob_url = "s3://challenge/below"
    kept.cluster.s3_endpoint = "http://localhost:9000"
    told = planted_world._store(kept.config, kept.cluster)
    assert told["url"] == f"http://{told['store']}/challenge"
    assert told["store"] in {"127.0.0.1:9000", "[::1]:9000"}
