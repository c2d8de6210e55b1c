"""Submissions through service, gateway and the cluster's engine; only the cluster is small."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.engines.cluster_api import ApiRefused
from jupyter_challenge.engines.kubernetes import KubernetesEngine
from tests.service.cluster_world import PATIENCE, Cluster
from tests.small_api_server import Object, small_api_server
from tests.tiny import WRITE_ALL_EVEN


@pytest.fixture
def cluster(tmp_path: Path, db_url: str) -> Iterator[Cluster]:
    with small_api_server() as api:
        made = Cluster(tmp_path, api, db_url)
        yield made
        made.close()


def failure(submission: Any) -> str:
    assert submission["state"] == "failed", submission
    return str(submission["failure"]["failure_class"])


@pytest.mark.timeout(300)
def test_a_ranked_notebook_gets_its_score(cluster: Cluster) -> None:
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
    assert cluster.ana.board()["rows"][0]["submission"] == made["id"]
    assert ("succeeded", "running", "pending") in seen
    assert ("succeeded", "succeeded", "succeeded") in seen
    log = cluster.ana.ask("GET", f"/submissions/{made['id']}/logs/run")
    assert "hello" in log["text"]
    assert log["ended"] is True
    executed = cluster.ana.get(f"/submissions/{made['id']}/notebook").json()
    assert executed["cells"][0]["outputs"][0]["text"] == "hello\n"
    cluster.world.embedded.reconciler.step()
    assert [key for key in cluster.api.objects if key[0] == "jobs"] == []


@pytest.mark.timeout(300)
def test_predictions_get_their_score_and_a_wrong_file_its_class(cluster: Cluster) -> None:
    good = cluster.ana.submit(**cluster.predictions())
    wrong = cluster.ana.submit(**cluster.predictions(b"id,label\n1,odd\n"))

    done = cluster.ended(good["id"])
    assert [score["value"] for score in done["scores"]] == [0.5], done
    assert [step["state"] for step in done["steps"]] == ["succeeded", "skipped", "succeeded"]
    assert failure(cluster.ended(wrong["id"])) == "wrong_ids"


def evicted(status: Object) -> bool:
    status |= {"phase": "Failed", "reason": "Evicted"}
    status["message"] = 'Usage of EmptyDir volume "run" exceeds the limit'
    # While it runs: what is too large before that is the data.
    times = {"startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:01Z"}
    ended = {"terminated": {"exitCode": 137, **times}}
    status["containerStatuses"] = [{"name": "run", "state": ended}]
    return True


def without_image(status: Object) -> bool:
    waiting = {"waiting": {"reason": "ErrImageNeverPull", "message": "not here"}}
    status["initContainerStatuses"] = [{"name": "prepare", "state": waiting}]
    return True


def without_node(status: Object) -> bool:
    status["conditions"] = [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
         "lastTransitionTime": "2026-01-01T00:00:00Z", "message": "0/1 nodes are available"},
    ]  # fmt: skip
    return True


def lost(status: Object) -> bool:
    status["phase"] = "Succeeded"
    return True


SPOILT = {
    "an eviction": (evicted, "disk_full"),
    "an image that is nowhere": (without_image, "platform_error"),
    "no node": (without_node, "no_capacity"),
    "an output that never came": (lost, "output_lost"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_what_the_cluster_does_to_a_run_has_its_class(cluster: Cluster, case: str) -> None:
    spoil, expected = SPOILT[case]
    cluster.kubelet.before["run"] = spoil

    assert failure(cluster.ended(cluster.ana.submit(**cluster.predictions())["id"])) == expected


def test_a_job_that_somebody_removed_is_made_again(cluster: Cluster) -> None:
    """The platform's fault: a new attempt, without another submission."""
    cluster.kubelet.before["run"] = lambda status: True
    made = cluster.ana.submit(**cluster.predictions())
    cluster.world.until(lambda: any(key[0] == "jobs" for key in cluster.api.objects))
    for key in [key for key in cluster.api.objects if key[0] in {"jobs", "pods"}]:
        del cluster.api.objects[key]
    del cluster.kubelet.before["run"]

    done = cluster.ended(made["id"])

    assert done["state"] == "scored"
    assert len(done["scores"]) == 1


REFUSALS = {
    "is being removed": ApiRefused(403, "Forbidden", "because it is being terminated"),
    "is gone": ApiRefused(404, "NotFound", 'namespaces "challenge-run-tiny" not found'),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_namespace_that_somebody_removed_costs_no_attempt(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    engine = cluster.world.embedded.service.engine
    assert isinstance(engine, KubernetesEngine)
    create, left = engine.api.create, [REFUSALS[case]] * (3 if "being" in case else 1)

    def refusing(resource: str, manifest: Object, **options: Any) -> Object:
        if resource == "jobs" and left:
            raise left.pop()
        return create(resource, manifest, **options)

    monkeypatch.setattr(engine.api, "create", refusing)
    done = cluster.ended(cluster.ana.submit(**cluster.predictions())["id"])

    assert (done["state"], done["attempt"], left) == ("scored", 1, [])


def test_a_cancelled_runs_jobs_are_gone(cluster: Cluster) -> None:
    cluster.kubelet.before["run"] = lambda status: True
    made = cluster.ana.submit(**cluster.predictions())
    cluster.world.until(lambda: any(key[0] == "jobs" for key in cluster.api.objects))

    cluster.ana.ask("POST", f"/submissions/{made['id']}/cancel")

    assert cluster.ended(made["id"])["state"] == "cancelled"
    assert [key for key in cluster.api.objects if key[0] in {"jobs", "pods"}] == []


def test_an_api_server_that_is_away_ends_no_run(cluster: Cluster) -> None:
    """However often it is asked meanwhile."""
    from jupyter_challenge.core.errors import Unavailable

    made = cluster.ana.submit(**cluster.predictions())
    cluster.world.until(lambda: any(key[0] == "jobs" for key in cluster.api.objects))
    cluster.api.away = True
    for _ in range(40):
        with pytest.raises(Unavailable):
            cluster.world.embedded.service.engine.find("x")
            cluster.world.embedded.reconciler.step()
    cluster.api.away = False

    assert cluster.ended(made["id"])["state"] in {"scored", "failed"}
    assert cluster.ana.show(made["id"])["failure"] is None


def test_a_run_is_found_again_by_who_takes_over(cluster: Cluster) -> None:
    cluster.kubelet.before["run"] = lambda status: True
    engine = cluster.world.embedded.service.engine
    cluster.ana.submit(**cluster.predictions())
    cluster.world.until(lambda: any(key[0] == "jobs" for key in cluster.api.objects))
    (run,) = (
        found["metadata"]["labels"]["challenge.jupyter.org/run"]
        for key, found in cluster.api.objects.items()
        if key[0] == "jobs"
    )

    found = engine.find(run)

    assert found is not None
    assert found.key == f"challenge-run-tiny/{run}/1"
    assert engine.find("another") is None


def test_namespaces_are_made_with_their_walls(cluster: Cluster) -> None:
    cluster.ended(cluster.ana.submit(**cluster.predictions())["id"])

    made = {key for key in cluster.api.objects if key[0] != "pods"}
    assert {
        ("namespaces", "", "challenge-run-tiny"),
        ("serviceaccounts", "challenge-run-tiny", "run"),
        ("networkpolicies", "challenge-run-tiny", "gateway-only"),
        ("namespaces", "", "challenge-evaluation"),
        ("serviceaccounts", "challenge-evaluation", "evaluate"),
        ("networkpolicies", "challenge-evaluation", "gateway-only"),
    } <= made
