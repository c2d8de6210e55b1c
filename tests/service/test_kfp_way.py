"""Submissions through KFP's engine: service, gateway, and the stand-in for Kubeflow Pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.engines.kfp import KfpEngine
from tests.kfp_place import KfpPlace, kfp_standin
from tests.service.cluster_world import PATIENCE, Cluster
from tests.small_api_server import small_api_server
from tests.tiny import WRITE_ALL_EVEN


class KfpCluster(Cluster):
    """The same with KFP as conductor."""

    kfp: KfpPlace

    @property
    def engine(self) -> KfpEngine:
        engine = self.world.embedded.service.engine
        assert isinstance(engine, KfpEngine)
        return engine


Opened = Callable[..., KfpCluster]


@pytest.fixture
def opened(tmp_path: Path, db_url: str) -> Iterator[Opened]:
    """Opens the cluster, with settings of ClusterConfig."""
    with ExitStack() as stack:
        api = stack.enter_context(small_api_server())
        kfp = stack.enter_context(kfp_standin(api, tmp_path))

        def with_settings(**settings: Any) -> KfpCluster:
            made = KfpCluster(
                tmp_path, api, db_url,
                engine="kfp", kfp_endpoint=kfp.endpoint, kfp_token_file=str(kfp.token_file),
                **settings,
            )  # fmt: skip
            made.kfp = kfp
            stack.callback(made.close)
            return made

        yield with_settings


@pytest.mark.timeout(300)
def test_a_ranked_notebook_gets_its_score(opened: Opened) -> None:
    cluster = opened()
    made = cluster.ana.submit(**cluster.notebook("print('hello')", WRITE_ALL_EVEN))
    seen: list[tuple[str, ...]] = []

    def over() -> bool:
        shown = cluster.ana.show(made["id"])
        seen.append(tuple(step["state"] for step in shown["steps"]))
        return shown["state"] in {"scored", "failed"}

    cluster.world.until(over, PATIENCE)
    done = cluster.ana.show(made["id"])

    assert done["state"] == "scored", done
    assert [score["value"] for score in done["scores"]] == [0.5]


@pytest.mark.timeout(300)
def test_a_cancelled_run_is_cancelled_though_pipelines_says_that_it_failed(opened: Opened) -> None:
    cluster = opened()
    made = cluster.ana.submit(**cluster.notebook("import time; time.sleep(100)"))
    cluster.world.until(lambda: "pipelines" in pods(cluster), PATIENCE)

    cluster.ana.ask("POST", f"/submissions/{made['id']}/cancel")

    assert cluster.ended(made["id"])["state"] == "cancelled"
    cluster.world.until(lambda: pods(cluster) == "", PATIENCE)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("cells", "state"),
    [
        pytest.param([WRITE_ALL_EVEN], "scored", id="scored"),
        pytest.param(["raise ValueError('on purpose')"], "failed", id="failed"),
    ],
)
def test_a_server_that_dies_and_comes_back_costs_no_attempt(
    opened: Opened, cells: list[str], state: str
) -> None:
    cluster = opened()
    made = cluster.ana.submit(**cluster.notebook("import time; time.sleep(2)", *cells))
    cluster.world.until(lambda: "challenge-run" in pods(cluster), PATIENCE)

    cluster.kfp.kill()
    cluster.world.until(lambda: _ran(cluster.ana.show(made["id"])), PATIENCE)
    cluster.kfp.begin()

    done = cluster.ended(made["id"])
    assert (done["state"], done["attempt"]) == (state, 1), done
    cluster.world.until(lambda: _over(cluster), PATIENCE)


@pytest.mark.timeout(300)
def test_a_job_that_somebody_removes_while_a_step_follows_it_is_made_again(opened: Opened) -> None:
    """By another run of pipelines: the first one's step hears that there is nothing to follow."""
    cluster = opened()
    made = cluster.ana.submit(**cluster.notebook("import time; time.sleep(3)", WRITE_ALL_EVEN))
    running = {"prepare": "succeeded", "run": "running", "evaluate": "pending"}
    cluster.world.until(lambda: _states(cluster.ana.show(made["id"])) == running, PATIENCE)

    for kind, namespace, name in list(cluster.api.objects):
        if kind == "jobs" and namespace.startswith("challenge-run"):
            cluster.engine.api.delete(kind, name, namespace)

    done = cluster.ended(made["id"])
    assert (done["state"], done["attempt"], len(done["scores"])) == ("scored", 2, 1), done
    cluster.world.until(lambda: _over(cluster), PATIENCE)


def _states(shown: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["state"] for step in shown["steps"]}


def _ran(shown: dict[str, Any]) -> bool:
    """Whether the notebook has been executed; while the server is away, that is seen too."""
    return _states(shown)["run"] in {"succeeded", "failed"}


def _over(cluster: KfpCluster) -> bool:
    """Whether the pods of pipelines have ended, each by itself."""
    found = [v for k, v in cluster.api.objects.items() if k[:2] == ("pods", "challenge-pipelines")]
    return all(pod["status"]["phase"] in {"Succeeded", "Failed"} for pod in found)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("settings", "detail"),
    [
        pytest.param({"steps_image": "steps:missing"}, "steps:missing", id="image"),
        pytest.param({"kfp_service_account": "nobody"}, "challenge-pipelines/nobody", id="account"),
    ],
)
def test_what_pipelines_says_nothing_of_is_noticed_and_not_the_participants_fault(
    opened: Opened, settings: dict[str, str], detail: str
) -> None:
    cluster = opened(image_patience_seconds=1, **settings)
    made = cluster.ana.submit(**cluster.notebook(WRITE_ALL_EVEN))

    done = cluster.ended(made["id"])

    assert done["state"] == "failed"
    assert done["failure"]["failure_class"] == "platform_error"
    assert detail in done["failure"]["detail"]


def pods(cluster: KfpCluster) -> str:
    """The namespaces of pods that there are."""
    return " ".join(key[1] for key in cluster.api.objects if key[0] == "pods")
