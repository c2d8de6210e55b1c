"""Submissions through KFP's engine: service, gateway, and the stand-in for Kubeflow Pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_challenge.engines.kfp import KfpEngine
from tests.kfp_place import kfp_standin
from tests.service.cluster_world import PATIENCE, Cluster
from tests.small_api_server import small_api_server
from tests.tiny import WRITE_ALL_EVEN


class KfpCluster(Cluster):
    """The same with KFP as conductor."""

    @property
    def engine(self) -> KfpEngine:
        engine = self.world.embedded.service.engine
        assert isinstance(engine, KfpEngine)
        return engine


@pytest.fixture
def cluster(tmp_path: Path, db_url: str) -> Iterator[KfpCluster]:
    with small_api_server() as api, kfp_standin(api, tmp_path) as kfp:
        made = KfpCluster(
            tmp_path, api, db_url,
            engine="kfp", kfp_endpoint=kfp.endpoint, kfp_token_file=str(kfp.token_file),
        )  # fmt: skip
        yield made
        made.close()


@pytest.mark.timeout(300)
def test_a_ranked_notebook_gets_its_score(cluster: KfpCluster) -> None:
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
