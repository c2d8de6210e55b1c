"""What the gateway hands to the pods of a run: specs, and files straight from the blobs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_challenge.core.errors import DataMissing, NotFound
from jupyter_challenge.core.run import RunSpec
from jupyter_challenge.core.tarball import Packed, pack
from jupyter_challenge.engines.containers import FOLDER
from jupyter_challenge.service.asking_pods import Asking, Gateway
from jupyter_challenge.service.versions import spec_in
from jupyter_challenge.store import receipts
from jupyter_challenge.store.datasets import Datasets, StoredObject

VERSION = Path(FOLDER) / "version"
BUNDLE = Path(FOLDER) / "bundle.zip"
PREDICTIONS = "predictions"

Stream = tuple[int, Iterator[bytes]]


def spec(asking: Asking) -> RunSpec:
    """The whole spec of a run, with paths as they are in a pod."""
    return spec_in(VERSION, BUNDLE, asking.version, asking.submission, asking.run)


def bundle(gateway: Gateway, asking: Asking) -> Stream:
    """What was handed in."""
    return _blob(gateway, asking.submission.bundle)


def inputs(gateway: Gateway, asking: Asking) -> Stream:
    """The challenge's data, by the names that it has under input/.

    Raises:
        DataMissing: What is in a store is not what was published.
    """
    layout = asking.version.layout
    found = dict(layout["inputs"])
    if asking.submission.sampled:
        found["test"] = layout["sample"]["test"]
    files = [
        (str(each["target"]) + place[len(each["at"]) :], digest)
        for each in found.values()
        for place, digest in _below(layout, each["at"])
    ]
    packed = [_packed(gateway, name, digest) for name, digest in files]
    for name, pinned in layout.get("stored", {}).items():
        if not (name == "test" and asking.submission.sampled):
            packed += _from_store(gateway.datasets, pinned)
    return pack(packed)


def _from_store(datasets: Datasets | None, pinned: dict[str, Any]) -> list[Packed]:
    """Objects of a store as they were when the challenge was published."""
    if datasets is None:
        raise DataMissing("Data in stores is not to be had here.")
    prefix = pinned["prefix"]
    wanted = {
        each["target"]: StoredObject(each["key"], each["size"], each["etag"])
        for each in pinned["files"]
    }
    # Before the first byte: what comes in the middle of an answer can't be told any more.
    if datasets.listed(prefix, pinned["path"]) != list(wanted.values()):
        raise DataMissing(f"What is at {prefix} is not what was published.")
    return [
        Packed(target, each.size, partial(datasets.stream, prefix, each))
        for target, each in wanted.items()
    ]


def kept(gateway: Gateway, asking: Asking) -> Stream:
    """What the run kept when it had to make way, as a tar; an empty one where it never had."""
    digest = asking.run.kept
    return pack([]) if digest is None else _blob(gateway, digest)


def predictions(gateway: Gateway, asking: Asking) -> Stream:
    """The predictions that the run's pod handed in.

    Raises:
        NotFound: There are none.
    """
    with gateway.db.read() as session:
        receipt = receipts.get(session, asking.run.id, asking.run.attempt, "run")
    stored = receipt.files.get(PREDICTIONS) if receipt is not None else None
    if stored is None:
        raise NotFound("The run has handed in no predictions.")
    return _blob(gateway, stored.digest)


def labels(gateway: Gateway, asking: Asking) -> Stream:
    """What predictions are scored with: labels, ids of the boards, the organiser's evaluator."""
    layout, evaluation = asking.version.layout, spec(asking).evaluation
    wanted = [evaluation.labels, *(path for path in evaluation.boards.values() if path)]
    if evaluation.evaluator_file is not None:
        wanted.append(evaluation.evaluator_file.parent)
    files: dict[str, str] = {}
    for path in wanted:
        files.update(_below(layout, path.relative_to(VERSION).as_posix()))
    return _tar(gateway, sorted(files.items()))


def _below(layout: dict[str, Any], at: str) -> list[tuple[str, str]]:
    """Place and digest of a file, or of all files of a folder."""
    return [
        (place, str(digest))
        for place, digest in sorted(layout["places"].items())
        if place == at or place.startswith(f"{at}/")
    ]


def _tar(gateway: Gateway, files: list[tuple[str, str]]) -> Stream:
    return pack([_packed(gateway, name, digest) for name, digest in files])


def _packed(gateway: Gateway, name: str, digest: str) -> Packed:
    size = gateway.blobs.size(digest)
    if size is None:
        raise NotFound("The stored content is missing.", digest=digest)
    return Packed(name, size, lambda: gateway.blobs.stream(digest))


def _blob(gateway: Gateway, digest: str) -> Stream:
    size = gateway.blobs.size(digest)
    if size is None:
        raise NotFound("The stored content is missing.", digest=digest)
    return size, gateway.blobs.stream(digest)
