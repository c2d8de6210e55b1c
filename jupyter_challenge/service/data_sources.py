"""Where a challenge's data is, beside its folder: what can be had at this place, and is pinned."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.challenge_data import S3Data
from jupyter_challenge.core.errors import DataMissing, InvalidChallenge, Unavailable
from jupyter_challenge.core.examined_folder import FILE
from jupyter_challenge.core.images import allowed
from jupyter_challenge.core.names import name_problem
from jupyter_challenge.core.validation import refused_at
from jupyter_challenge.service.layout import suffixes
from jupyter_challenge.service.state import Service
from jupyter_challenge.store.datasets import Datasets

_LAPTOP = (
    "publish it to the service of a cluster (--url); to try it here, put a small part of the data "
    "into the folder and name it by `test:`"
)


def pinned_sources(service: Service, challenge: Challenge, root: Path) -> dict[str, Any]:
    """The objects of a challenge's data in a store, as they are now; they stay part of the version.

    Args:
        service: Where.
        challenge: What is published.
        root: Its folder.

    Raises:
        InvalidChallenge: With the line that names data which is not to be had here.
    """
    data = challenge.data

    def refused(key: str, message: str, fix: str) -> InvalidChallenge:
        text = (root / FILE).read_text(encoding="utf-8-sig")
        return refused_at(text, ("data", *key.split(".")), message, fix)

    if service.place != "cluster" and data.volume is not None:
        raise refused("volume", "a volume can only be mounted on a cluster", _LAPTOP)
    if data.image is not None:
        if service.place != "cluster":
            raise refused("image", "data in an image can only be had on a cluster", _LAPTOP)
        if not allowed(data.image.name, service.data_images):
            raise refused(
                "image.name",
                f"data may not be taken from {data.image.name.partition('@')[0]}",
                "ask the admin to allow it by ClusterConfig.data_images",
            )
    if data.s3 is None:
        return {}
    if service.datasets is None:
        raise refused("s3", "data in a store can only be had on a cluster", _LAPTOP)
    if not service.datasets.may(data.s3.prefix):
        raise refused(
            "s3.prefix",
            f"data may not be taken from {data.s3.prefix}",
            "ask the admin to allow it by ClusterConfig.data_prefixes",
        )
    try:
        return {
            name: _pinned(service.datasets, data.s3, name, path)
            for name, path in (("train", data.s3.train), ("test", data.s3.test))
            if path is not None
        }
    except DataMissing as error:
        fix = "name an object, or what several begin with"
        raise refused("s3", error.message.rstrip("."), fix) from error
    except Unavailable as error:
        raise refused("s3.prefix", error.message.rstrip("."), "ask the admin for access") from error


def _pinned(datasets: Datasets, data: S3Data, name: str, path: str) -> dict[str, Any]:
    found = datasets.listed(data.prefix, path)
    base = "/".join(filter(None, [*data.prefix.split("/")[3:], path]))
    alone = len(found) == 1 and found[0].key == base
    target = name + ("".join(suffixes(path)) if alone else "")
    files = []
    for each in found:
        at = target + each.key.removeprefix(base)
        if name_problem(at) is not None:
            raise DataMissing(f"The name of {each.key} {name_problem(at)}.")
        files.append({**asdict(each), "target": at})
    return {"prefix": data.prefix, "path": path, "files": files}
