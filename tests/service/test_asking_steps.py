"""29: whoever is not a pod of a pipeline has no Job made and hears of no run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_challenge.client.asgi import AppTransport
from jupyter_challenge.core.run import FollowedStep, RunSpec
from jupyter_challenge.engines.jobs import Order
from jupyter_challenge.engines.kfp_api import KfpSettings
from jupyter_challenge.service.conducted import Remembered
from jupyter_challenge.service.gateway import create_gateway
from tests.service.gateway_world import GatewayWorld, headers
from tests.service.world import World
from tests.small_api_server import OWN_AUDIENCE, SmallApiServer, made_up_token, small_api_server

PIPELINES = KfpSettings("http://kfp", "pipelines", "step")
KNOWN = {"pipeline/runid": "kfp-1"}


@pytest.fixture(scope="module")
def api() -> Iterator[SmallApiServer]:
    with small_api_server() as server:
        yield server


@pytest.fixture
def gate(
    make_world: Callable[..., World], api: SmallApiServer, tmp_path: Path, db_url: str
) -> GatewayWorld:
    world = make_world(runs=False, db_url=db_url)
    world.publish()
    world.user("ana").enter()
    return GatewayWorld(world, api, tmp_path)


@pytest.fixture
def run(gate: GatewayWorld) -> RunSpec:
    """A run that Kubeflow Pipelines conducts as `kfp-1`."""
    spec = gate.submitted()
    Remembered(gate.gateway.db).add(spec.run_id, "kfp-1", Order.of(spec).as_json())
    return spec


def asked(
    gate: GatewayWorld, token: str, step: str = "run", kfp: Any = PIPELINES
) -> httpx.Response:
    with httpx.Client(
        transport=AppTransport(create_gateway(gate.gateway, kfp)), base_url="http://gateway"
    ) as http:
        return http.post(f"/step/{step}", headers=headers(token) if token else {})


def token_of(
    api: SmallApiServer,
    namespace: str = "pipelines",
    account: str = "step",
    audience: str = OWN_AUDIENCE,
    labels: dict[str, str] | None = None,
) -> str:
    pod = api.add_pod(namespace, KNOWN if labels is None else labels)
    return api.add_token(pod, account, audience)


def jobs_asked_for(gate: GatewayWorld, run: RunSpec) -> set[str]:
    noted = Remembered(gate.gateway.db).get(run.run_id)
    assert noted is not None
    return set(noted.asked)


REFUSED: dict[str, tuple[dict[str, Any], int]] = {
    "another account": ({"account": "default"}, 403),
    "another namespace": ({"namespace": "challenge-run-tiny"}, 403),
    "of no pipeline": ({"labels": {}}, 403),
    "for another audience": ({"audience": "run-gateway"}, 401),
    "of a pipeline that nobody knows": ({"labels": {"pipeline/runid": "kfp-2"}}, 503),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_pod_that_is_not_of_a_known_pipeline_is_refused(
    gate: GatewayWorld, api: SmallApiServer, run: RunSpec, case: str
) -> None:
    changes, status = REFUSED[case]

    answer = asked(gate, token_of(api, **changes))

    assert answer.status_code == status
    assert run.submission_id not in answer.text
    assert jobs_asked_for(gate, run) == set()


def test_nobody_elses_token_is_one(gate: GatewayWorld, api: SmallApiServer, run: RunSpec) -> None:
    runs_own = gate.token(run)
    of_no_pod = api.add_account_token("pipelines:step", OWN_AUDIENCE)
    for token in ("", "made-up", made_up_token(OWN_AUDIENCE), runs_own, of_no_pod):
        assert asked(gate, token).status_code == 401
    assert jobs_asked_for(gate, run) == set()


def test_a_pod_that_is_gone_is_another_one(
    gate: GatewayWorld, api: SmallApiServer, run: RunSpec
) -> None:
    token = token_of(api)
    (_, namespace, name) = next(reversed(api.objects))
    del api.objects["pods", namespace, name]
    assert asked(gate, token).status_code == 403
    api.add_pod(namespace, KNOWN, name)
    assert asked(gate, token).status_code == 403
    assert jobs_asked_for(gate, run) == set()


def test_without_pipelines_there_is_no_such_pod(
    gate: GatewayWorld, api: SmallApiServer, run: RunSpec
) -> None:
    assert asked(gate, token_of(api), kfp=None).status_code == 401
    assert jobs_asked_for(gate, run) == set()


def test_an_audience_of_its_own_is_the_only_one(
    gate: GatewayWorld, api: SmallApiServer, run: RunSpec
) -> None:
    kfp = replace(PIPELINES, audience="steps")
    assert asked(gate, token_of(api), kfp=kfp).status_code == 401
    assert asked(gate, token_of(api, audience="steps"), kfp=kfp).status_code == 200


def test_a_pipelines_own_pod_has_its_runs_job_made(
    gate: GatewayWorld, api: SmallApiServer, run: RunSpec
) -> None:
    answer = asked(gate, token_of(api))

    heard = FollowedStep.model_validate_json(answer.content)
    assert (heard.submission, heard.over) == (run.submission_id, False)
    assert jobs_asked_for(gate, run) == {"run"}
    assert asked(gate, token_of(api), "another").status_code == 422
    assert jobs_asked_for(gate, run) == {"run"}
