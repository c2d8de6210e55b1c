"""A registry for container images, the real one (Debian: docker-registry), on a loopback port."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

START_LIMIT = 30.0
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def find_registry() -> str | None:
    """The program, or None where there is none."""
    return shutil.which("docker-registry")


class Registry:
    """One that runs; images are put into it as `docker push` would."""

    def __init__(self, host: str, auth: tuple[str, str] | None) -> None:
        self.host = host
        self._client = httpx.Client(base_url=f"http://{host}/v2", trust_env=False, auth=auth)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def push(self, name: str, *layers: bytes, arch: str = "amd64") -> str:
        """Push an image and return its name with its digest."""
        config = self._blob(name, b'{"architecture": "%s", "os": "linux"}' % arch.encode())
        found = [self._blob(name, layer) for layer in layers]
        return self._manifest(name, MANIFEST, config=config, layers=found)

    def push_index(self, name: str, platforms: Mapping[str, str]) -> str:
        """Push an image of several machines, such as `linux` or `linux/arm64`, by pushed one."""
        parts = [
            {"mediaType": MANIFEST, "digest": image.partition("@")[2], "size": 1,
             "platform": {"os": system.partition("/")[0],
                          "architecture": system.partition("/")[2] or "amd64"}}
            for image, system in platforms.items()
        ]  # fmt: skip
        return self._manifest(name, INDEX, manifests=parts)

    def _blob(self, name: str, content: bytes) -> dict[str, Any]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        begun = self._client.post(f"/{name}/blobs/uploads/")
        begun.raise_for_status()
        where = httpx.URL(begun.headers["Location"]).copy_merge_params({"digest": digest})
        self._client.put(where, content=content).raise_for_status()
        kind = "application/vnd.oci.image.layer.v1.tar"
        return {"mediaType": kind, "digest": digest, "size": len(content)}

    def _manifest(self, name: str, kind: str, **parts: Any) -> str:
        content = json.dumps({"schemaVersion": 2, "mediaType": kind, **parts}).encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self._client.put(
            f"/{name}/manifests/{digest}", content=content, headers={"Content-Type": kind}
        ).raise_for_status()
        return f"{self.host}/{name}@{digest}"


@contextlib.contextmanager
def image_registry(
    folder: Path, auth: Mapping[str, Any] | None = None, push_as: tuple[str, str] | None = None
) -> Iterator[Registry]:
    """Start a registry in a folder, and stop it.

    Args:
        folder: Empty.
        auth: The part `auth` of its configuration.
        push_as: Name and password of who pushes.

    Raises:
        RuntimeError: It is not installed, or does not come up.
    """
    program = find_registry()
    if program is None:
        raise RuntimeError("There is no registry (Debian: docker-registry)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    said = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
        "http": {"addr": host},
        **({"auth": auth} if auth else {}),
    }
    (folder / "config.yml").write_text(json.dumps(said))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "serve", str(folder / "config.yml")], stdout=log, stderr=log
        )
    try:
        _wait(process, host, folder / "log")
        registry = Registry(host, push_as)
        yield registry
        registry.close()
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], host: str, log: Path) -> None:
    until = time.monotonic() + START_LIMIT
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"http://{host}/v2/", trust_env=False).status_code in {200, 401}:
                return
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(log.read_text())
        time.sleep(0.05)
