#!/usr/bin/env python3
"""Write a container image as an OCI archive, without a daemon and without a registry.

The layers are those of `--on`, then each `--tar`, then one with every `--mkdir`, `--dir`, `--file`
and `--link`. Layers of `--on` are only referred to: that archive has to be imported first. Times
and owners are the same whoever builds, so that the same content gives the same digest.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import tarfile
import tempfile
from pathlib import Path
from typing import Any

CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
LONG_AGO = "1970-01-01T00:00:00Z"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Descriptor = dict[str, Any]


def main() -> None:
    """Read the arguments and write the archive."""
    wanted = arguments()
    out = Path(wanted.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    layers, settings = inherited(Path(wanted.on)) if wanted.on else ([], {"Env": [PATH]})
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        tars = [Path(name) for name in wanted.tar]
        if wanted.mkdir or wanted.dir or wanted.file or wanted.link:
            tars.append(Path(folder) / "layer.tar")
            write_layer(tars[-1], wanted)
        added = [described(LAYER, digest_of(path), path.stat().st_size) for path in tars]
        settings = changed(settings, wanted)
        unfinished = Path(folder) / "image.tar"
        with tarfile.open(unfinished, "w") as archive:
            for path, layer in zip(tars, added, strict=True):
                archive.add(path, arcname=blob(layer["digest"]), filter=anonymous)
            write_index(archive, wanted.names, [*layers, *added], settings)
        unfinished.replace(out)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", help="the archive")
    parser.add_argument("names", nargs="+", metavar="NAME", help="such as example.org/name:tag")
    parser.add_argument("--on", metavar="ARCHIVE", help="the image below this one")
    for option, metavar in {
        "--tar": "LAYER.tar",
        "--mkdir": "PATH[:MODE]",
        "--dir": "FOLDER:PATH",
        "--file": "FILE:PATH[:MODE]",
        "--link": "TARGET:PATH",
        "--env": "NAME=VALUE",
    }.items():
        parser.add_argument(option, action="append", default=[], metavar=metavar)
    parser.add_argument("--entrypoint", type=json.loads, metavar="JSON")
    parser.add_argument("--cmd", type=json.loads, metavar="JSON")
    parser.add_argument("--user", metavar="UID[:GID]")
    parser.add_argument("--workdir")
    return parser.parse_args()


def write_layer(path: Path, wanted: argparse.Namespace) -> None:
    """Write the layer of single folders, files and links."""
    with tarfile.open(path, "w") as layer:
        for text in wanted.mkdir:
            name, _, mode = text.partition(":")
            entry = tarfile.TarInfo(name.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, int(mode or "755", 8)
            layer.addfile(entry)
        for text in wanted.dir:
            folder, name = text.split(":")
            layer.add(folder, arcname=name.lstrip("/"), filter=anonymous)
        for text in wanted.file:
            file, name, *mode = text.split(":")
            entry = anonymous(layer.gettarinfo(os.path.realpath(file), name.lstrip("/")))
            entry.mode = int(mode[0], 8) if mode else entry.mode
            with open(file, "rb") as content:
                layer.addfile(entry, content)
        for text in wanted.link:
            target, name = text.split(":")
            entry = tarfile.TarInfo(name.lstrip("/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            layer.addfile(entry)


def inherited(archive: Path) -> tuple[list[Descriptor], dict[str, Any]]:
    """The layers and settings of an image that this program wrote."""
    with tarfile.open(archive) as opened:

        def read(name: str) -> dict[str, Any]:
            member = opened.extractfile(name)
            assert member is not None
            content: dict[str, Any] = json.load(member)
            return content

        manifest = read(blob(read("index.json")["manifests"][0]["digest"]))
        return manifest["layers"], read(blob(manifest["config"]["digest"]))["config"]


def changed(settings: dict[str, Any], wanted: argparse.Namespace) -> dict[str, Any]:
    """Settings of an image with what the command line says in place of what was there."""
    said = {
        "Entrypoint": wanted.entrypoint,
        "Cmd": wanted.cmd,
        "User": wanted.user,
        "WorkingDir": wanted.workdir,
    }
    named = {text.partition("=")[0] for text in wanted.env}
    kept = [text for text in settings["Env"] if text.partition("=")[0] not in named]
    return {
        **settings,
        **{key: value for key, value in said.items() if value is not None},
        "Env": [*kept, *wanted.env],
    }


def write_index(
    archive: tarfile.TarFile, names: list[str], layers: list[Descriptor], settings: dict[str, Any]
) -> None:
    """Write everything but the layers: one image under all names."""

    def put(name: str, content: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))

    def put_blob(kind: str, value: dict[str, Any]) -> Descriptor:
        content = json.dumps(value).encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        put(blob(digest), content)
        return described(kind, digest, len(content))

    config = put_blob(
        CONFIG,
        {
            "architecture": "amd64",
            "os": "linux",
            "created": LONG_AGO,
            "config": settings,
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
            "history": [{"created": LONG_AGO} for _ in layers],
        },
    )
    manifest = put_blob(
        MANIFEST,
        {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers},
    )
    named = [
        {**manifest, "annotations": {"io.containerd.image.name": name, **reference(name)}}
        for name in names
    ]
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": named}
    put("index.json", json.dumps(index).encode())
    put("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')


def reference(name: str) -> dict[str, str]:
    """The annotation with an image's tag that tools other than containerd read."""
    return {"org.opencontainers.image.ref.name": name.rpartition(":")[2]}


def described(kind: str, digest: str, size: int) -> Descriptor:
    """How one blob refers to another."""
    return {"mediaType": kind, "digest": digest, "size": size}


def blob(digest: str) -> str:
    """Where a blob is in an archive."""
    return f"blobs/{digest.replace(':', '/')}"


def digest_of(path: Path) -> str:
    """The digest of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            found.update(piece)
    return f"sha256:{found.hexdigest()}"


def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """An entry without what depends on who built it and when."""
    entry.mtime = entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main()
