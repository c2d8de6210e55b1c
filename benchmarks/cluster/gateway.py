"""How fast a run gets an input of 1 GB: from the store through the gateway to its volume."""

from __future__ import annotations

import os
import re
import statistics
import tempfile
from pathlib import Path

import obstore

from jupyter_challenge.client import Client
from jupyter_challenge.core.models import StepName
from tests.cluster.kubectl import Cluster
from tests.cluster.platform import deployed
from tests.cluster.test_volumes import LABELS, bucket
from tests.tiny import ROWS, write_challenge, write_predictions

SIZE = 1_000_000_000
PIECE = os.urandom(10_000_000)
MOST_ROUNDS = 3
_SAID = re.compile(r"came in ([\d.]+) s")


def main(rounds: int) -> None:
    """Put 1 GB into the store, have runs fetch it, print what their logs say."""
    cluster = Cluster(Path(os.environ["KUBECONFIG"]))
    with (
        deployed(cluster) as platform,
        tempfile.TemporaryDirectory() as folder,
        platform.client("olga", admin=True) as organiser,
        platform.client("pia") as client,
    ):
        with bucket(cluster) as store:
            test = "id,x\n" + "".join(f"{row},{row}\n" for row in ROWS)
            obstore.put(store, "numbers/large/test.csv", test.encode())
            obstore.put(
                store, "numbers/large/train.bin", (PIECE for _ in range(SIZE // len(PIECE)))
            )
        stored = {"prefix": "s3://datasets/numbers/large", "train": "train.bin", "test": "test.csv"}
        published = organiser.publish(
            write_challenge(
                Path(folder, "large"),
                id="large",
                data={**LABELS, "s3": stored},
                phases=[{"id": "main", "ranked": True, "feedback": "full"}],
            )
        )
        client.enter("large", published.terms_digest)
        table = write_predictions(Path(folder, "predictions.csv"))
        seconds = [_fetched(client, table) for _ in range(min(rounds, MOST_ROUNDS))]
    shown = ", ".join(f"{each:.1f}" for each in seconds)
    print(f"1 GB in {shown} s; {SIZE / 1e6 / statistics.median(seconds):.0f} MB/s")


def _fetched(client: Client, table: Path) -> float:
    done = client.wait(client.submit(table, "large").id)
    said = _SAID.search(client.log(done.id, StepName.PREPARE).text)
    if done.state.value != "scored" or said is None:
        raise RuntimeError(f"{done.state.value}: {done.failure}")
    return float(said[1])
