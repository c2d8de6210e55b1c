"""Numbers of a service on a small cluster: how runs end, and who held GPUs for how long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.service.metrics import Metrics
from tests.service.cluster_world import PATIENCE, Cluster
from tests.service.test_status_port import numbers
from tests.small_api_server import Object, small_api_server
from tests.tiny import WRITE_ALL_EVEN

pytestmark = pytest.mark.timeout(600)

PROFILES = """
profiles:
- {id: cpu, name: CPU}
- {id: gpu, name: GPU, accelerator: {vendor: nvidia, count: 2}}
"""
A_WHILE = "import time; time.sleep(2)"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    file = tmp_path / "profiles.yaml"
    file.write_text(PROFILES)
    with small_api_server() as api:
        made = Cluster(tmp_path, api, "", profiles=str(file))
        service = made.world.embedded.service
        service.observer = Metrics(service.db)
        made.world.publish(
            "many", limits={"time": "10 min", "gpu": 4}, phases=[{"id": "main", "feedback": "full"}]
        )
        made.ana.enter("many")
        yield made
        made.close()


def scraped(cluster: Cluster, name: str) -> dict[tuple[tuple[str, str], ...], float]:
    observer = cluster.world.embedded.service.observer
    assert isinstance(observer, Metrics)
    return numbers(observer.text().decode()).get(name, {})


def of(challenge: str, **labels: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({"challenge": challenge, **labels}.items()))


def submitted(cluster: Cluster, *cells: str) -> Any:
    made = cluster.ana.submit(**cluster.notebook(*cells), challenge="many")
    assert made["profile"] == "gpu"
    return cluster.ended(made["id"])


def held(submission: Any) -> float:
    """Seconds of its pod until the notebook was over, as everybody sees them."""
    found = 0.0
    for step in submission["steps"]:
        if step["name"] != "evaluate":
            began, ended = (datetime.fromisoformat(step[f"{at}_at"]) for at in ("started", "ended"))
            found += (ended - began).total_seconds()
    return found


def test_who_held_how_many_gpus_for_how_long(cluster: Cluster) -> None:
    """As many as the profile has; of a team what failed too, and no verification."""
    good = submitted(cluster, A_WHILE, WRITE_ALL_EVEN)
    wrong = submitted(cluster, A_WHILE, "raise ValueError")
    assert (good["state"], wrong["state"]) == ("scored", "failed"), (good, wrong)

    team = of("many", team=good["team"]["id"])
    seconds = 2 * (held(good) + held(wrong))
    assert seconds >= 2 * (1 + 1)
    assert scraped(cluster, "challenge_gpu_seconds_total") == {team: pytest.approx(seconds)}

    admin = cluster.world.admin
    again = admin.ask("POST", f"/submissions/{good['id']}/verify", 201)["id"]
    verified = cluster.ended(again, admin)
    assert scraped(cluster, "challenge_gpu_seconds_total") == {
        team: pytest.approx(seconds),
        of("many", team="verification"): pytest.approx(2 * held(verified)),
    }


def test_where_the_time_of_a_run_went(cluster: Cluster) -> None:
    """What it waited, what was not its own, and its notebook are all of it."""
    done = submitted(cluster, A_WHILE, WRITE_ALL_EVEN)
    assert done["state"] == "scored", done

    label, (run,) = of("many"), [each for each in done["steps"] if each["name"] == "run"]
    waited = scraped(cluster, "challenge_queue_wait_seconds_sum")[label]
    overhead = scraped(cluster, "challenge_run_overhead_seconds_sum")[label]
    for name in ("queue_wait", "run_overhead"):
        assert scraped(cluster, f"challenge_{name}_seconds_count") == {label: 1}
    notebook, whole = between(run, "started_at"), between(done, "created_at")
    assert notebook >= 1  # of two, as pods tell times in whole seconds
    assert 0 <= waited < whole
    assert overhead > 0
    assert waited + overhead + notebook == pytest.approx(whole, abs=0.5)


def between(shown: Any, since: str) -> float:
    """Seconds from then to its end."""
    began, ended = (datetime.fromisoformat(shown[at]) for at in (since, "ended_at"))
    return (ended - began).total_seconds()


def without_image(status: Object) -> bool:
    waiting = {"waiting": {"reason": "ErrImageNeverPull", "message": "not here"}}
    status["initContainerStatuses"] = [{"name": "prepare", "state": waiting}]
    return True


def without_output(status: Object) -> bool:
    status["phase"] = "Succeeded"
    return True


def test_runs_are_counted_by_how_they_ended(cluster: Cluster) -> None:
    """Each attempt of its own: what the platform has to answer for is tried again."""
    ana, kubelet = cluster.ana, cluster.kubelet
    assert cluster.ended(ana.submit(**cluster.predictions())["id"])["state"] == "scored"
    for _ in range(2):
        cluster.ended(ana.submit(**cluster.predictions(b"id,label\n1,odd\n"))["id"])
    cluster.ended(ana.submit(**cluster.notebook("raise ValueError"))["id"])
    kubelet.before["run"] = without_image
    cluster.ended(ana.submit(**cluster.predictions())["id"])
    kubelet.before["run"] = without_output
    cluster.ended(ana.submit(**cluster.predictions())["id"])
    kubelet.before["run"] = lambda status: True
    made = ana.submit(**cluster.predictions())["id"]
    cluster.world.until(lambda: ana.show(made)["state"] == "running", PATIENCE)
    ana.ask("POST", f"/submissions/{made}/cancel")
    cluster.ended(made)

    assert scraped(cluster, "challenge_runs_ended_total") == {
        of("tiny", outcome="scored"): 1,
        of("tiny", outcome="wrong_ids"): 2,
        of("tiny", outcome="cell_error"): 1,
        of("tiny", outcome="platform_error"): 2,
        of("tiny", outcome="output_lost"): 2,
        of("tiny", outcome="cancelled"): 1,
    }
    assert scraped(cluster, "challenge_submissions") == {
        of("tiny", is_try="false", state=state): number
        for state, number in {"scored": 1, "failed": 5, "cancelled": 1}.items()
    }
    assert scraped(cluster, "challenge_gpu_seconds_total") == {}
