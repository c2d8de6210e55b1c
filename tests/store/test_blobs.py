"""Content by its digest: once, whole, and not too much."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jupyter_challenge.core.errors import NotFound, TooLarge
from jupyter_challenge.store.blobs import CHUNK, Blobs


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


SIZES = {"nothing": 0, "a little": 5, "a chunk": CHUNK, "more than a chunk": 3 * CHUNK + 7}


@pytest.mark.parametrize("name", SIZES)
def test_what_is_put_is_read(blobs: Blobs, name: str) -> None:
    content = os.urandom(SIZES[name])
    digest, size = blobs.put(io.BytesIO(content))
    assert (digest, size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert blobs.read(digest) == content
    assert blobs.local_path(digest).read_bytes() == content
    assert blobs.size(digest) == len(content)


def test_the_same_content_is_stored_once(blobs: Blobs, tmp_path: Path) -> None:
    digest = blobs.put_bytes(b"hello")
    path = blobs.local_path(digest)
    stamp = path.stat().st_mtime_ns, path.stat().st_ino
    assert blobs.put_bytes(b"hello") == digest
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == stamp
    assert list(blobs.digests()) == [digest]


def test_too_much_is_refused_and_not_kept(blobs: Blobs) -> None:
    with pytest.raises(TooLarge):
        blobs.put(io.BytesIO(b"x" * 11), max_size=10)
    assert blobs.put(io.BytesIO(b"x" * 10), max_size=10)[1] == 10
    assert len(list(blobs.digests())) == 1


def test_half_of_what_was_there_is_replaced(blobs: Blobs) -> None:
    """A file of the wrong size, from a crash of the file system, is not taken for the blob."""
    digest = blobs.put_bytes(b"hello")
    path = blobs.local_path(digest)
    path.chmod(0o644)
    path.write_bytes(b"he")
    assert blobs.put_bytes(b"hello") == digest
    assert blobs.read(digest) == b"hello"


@pytest.mark.parametrize("name", ["", "0" * 63, "../../../etc/passwd", "Z" * 64, "0" * 64])
def test_what_is_not_there_is_not_found(blobs: Blobs, name: str) -> None:
    for ask in (blobs.read, blobs.local_path):
        with pytest.raises(NotFound):
            ask(name)


PIECES = [(0, 5, b"01234"), (8, 5, b"89"), (10, 5, b""), (99, 5, b""), (3, 0, b"")]


@pytest.mark.parametrize(("offset", "length", "expected"), PIECES)
def test_a_piece(blobs: Blobs, offset: int, length: int, expected: bytes) -> None:
    digest = blobs.put_bytes(b"0123456789")
    assert blobs.piece(digest, offset, length) == expected


def test_others_cannot_look_in(blobs: Blobs, tmp_path: Path) -> None:
    assert (tmp_path / "blobs").stat().st_mode & 0o077 == 0


def test_a_copy_is_a_store(blobs: Blobs, tmp_path: Path) -> None:
    digests = {blobs.put_bytes(str(n).encode()) for n in range(5)}
    assert blobs.copy_all(tmp_path / "copy") == 5
    assert blobs.copy_all(tmp_path / "copy") == 0
    assert set(Blobs(tmp_path / "copy").digests()) == digests


def test_a_store_by_url_hands_out_local_files(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    blobs = Blobs((tmp_path / "store").as_uri())
    digest = blobs.put_bytes(b"hello")
    copy = blobs.local_path(digest)
    assert copy.read_bytes() == b"hello"
    assert blobs.local_path(digest) == copy
    blobs.close()
    assert not copy.exists()


FULL = """
import os, sys
from pathlib import Path
from jupyter_challenge.core.errors import StorageFull
from jupyter_challenge.store.blobs import Blobs
blobs = Blobs(Path(sys.argv[1]))
kept = blobs.put_bytes(b"small")
big = Path(sys.argv[2])
try:
    blobs.put_file(big)
except StorageFull:
    assert blobs.read(kept) == b"small"
    assert list(blobs.digests()) == [kept]
    sys.exit(0)
sys.exit("it was stored")
"""


NAMESPACE = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"])


def full_disks() -> list[str]:
    """Ways to fill a disk that this system has: a limit of the process always, a real one."""
    found = ["ulimit -f 1000 && trap '' XFSZ"]
    if shutil.which("unshare"):
        mounted = "mount -t tmpfs -o size=1m tmpfs {disk}"
        probe = [*NAMESPACE, "sh", "-c", mounted.format(disk="/mnt")]
        if subprocess.run(probe, check=False, capture_output=True).returncode == 0:
            found.append(mounted)
    return found


@pytest.mark.parametrize("way", full_disks(), ids=lambda way: way.split()[0])
def test_a_full_disk_says_so_and_keeps_what_it_had(tmp_path: Path, way: str) -> None:
    big = tmp_path / "big"
    big.write_bytes(os.urandom(4_000_000))
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f"{way.format(disk=disk)} && exec {sys.executable} -c '{FULL}' {disk}/blobs {big}"
    command = [*(NAMESPACE if way.startswith("mount") else []), "sh", "-c", script]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@contextmanager
def bucket(everybody: set[str]) -> Iterator[Blobs]:
    """A store with keys, of which everybody may use some verbs without any."""
    objects: dict[str, bytes] = {}
    empty = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
    denied = b"<Error><Code>AccessDenied</Code></Error>"

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path, _, query = self.path.partition("?")
            verb = "list" if "list-type" in query else self.command
            status, data = 200, objects.get(path, b"")
            if "Authorization" not in self.headers and verb not in everybody:
                status, data = 403, denied
            elif verb == "PUT":
                objects[path] = sent
            elif verb == "list":
                data = empty
            elif path not in objects:
                status = 404
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("ETag", '"1"')
            self.send_header("Last-Modified", "Mon, 30 Nov 2026 00:00:00 GMT")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_PUT = do_HEAD = answer  # noqa: N815

        def log_message(self, *said: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    config = {
        "aws_region": "us-east-1", "aws_access_key_id": "key", "aws_secret_access_key": "secret",
        "aws_endpoint": f"http://127.0.0.1:{server.server_port}",
    }  # fmt: skip
    try:
        yield Blobs("s3://kept", {"config": config, "client_options": {"allow_http": True}})
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("everybody", "may"),
    [
        (set(), []),
        ({"HEAD", "GET"}, ["read"]),
        ({"PUT"}, ["write"]),
        ({"list"}, ["list"]),
        ({"HEAD", "GET", "PUT", "list"}, ["read", "write", "list"]),
    ],
    ids=["nothing", "reading", "writing", "listing", "all"],
)
def test_what_somebody_without_keys_may_do_is_found(everybody: set[str], may: list[str]) -> None:
    with bucket(everybody) as blobs:
        digest = blobs.put_bytes(b"labels")
        assert blobs.without_keys(digest) == may
        assert blobs.read(digest) == b"labels"


def test_a_folder_knows_no_keys(blobs: Blobs) -> None:
    assert blobs.without_keys(blobs.put_bytes(b"labels")) is None


def test_what_is_removed_is_gone_and_may_be_removed_again(blobs: Blobs) -> None:
    digest, kept = blobs.put_bytes(b"labels"), blobs.put_bytes(b"kept")
    blobs.remove(digest)
    blobs.remove(digest)
    assert list(blobs.digests()) == [kept]
