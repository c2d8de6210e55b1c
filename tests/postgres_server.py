"""A PostgreSQL server for tests, from the system's own binaries, on a loopback port of its own."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

START_LIMIT = 30.0
STOP_LIMIT = 20.0


def find_binaries() -> Path | None:
    """Return the folder with the newest `initdb` and `postgres`, or None where there is none."""
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    newest_first = sorted(debian, key=lambda folder: float(folder.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    candidates = newest_first + ([Path(on_path).resolve().parent] if on_path else [])
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


@contextlib.contextmanager
def postgres_server(database: str = "challenge") -> Iterator[str]:
    """Start a server, yield the SQLAlchemy URL of an empty database, stop the server.

    Raises:
        RuntimeError: if PostgreSQL is not installed or does not come up.
    """
    binaries = find_binaries()
    if binaries is None:
        raise RuntimeError("PostgreSQL is not installed (Debian: postgresql)")
    # A short path: the name of a unix socket has to fit into 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        data, log = folder / "data", folder / "log"
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        as_owner = _as_unprivileged_user()
        _run(
            [
                *as_owner,
                str(binaries / "initdb"),
                *("--pgdata", str(data), "--username", "challenge", "--auth", "trust"),
                *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
            ],
            cwd=folder,
        )
        port = _free_port()
        with log.open("wb") as output:
            server = subprocess.Popen(
                [
                    *as_owner,
                    str(binaries / "postgres"),
                    *("-D", str(data), "-k", str(folder), "-p", str(port)),
                    *("-c", "listen_addresses=127.0.0.1"),
                    *("-c", "max_connections=200"),
                    # A test's server may forget everything when the machine goes down.
                    *("-c", "fsync=off", "-c", "synchronous_commit=off"),
                    *("-c", "full_page_writes=off"),
                ],
                cwd=folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait_until_ready(server, data, log)
            _run(
                [
                    *as_owner,
                    str(binaries / "createdb"),
                    *("-h", str(folder), "-p", str(port), "-U", "challenge", database),
                ],
                cwd=folder,
            )
            yield f"postgresql+psycopg://challenge@127.0.0.1:{port}/{database}"
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_unprivileged_user() -> list[str]:
    """Return what to put before a command, as PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    ids = ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--init-groups"]
    return ["setpriv", *ids, "--"]


def _run(command: list[str], cwd: Path) -> None:
    """Run a command and raise with its output where it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(f"{command} failed:\n{done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(server: subprocess.Popen[bytes], data: Path, log: Path) -> None:
    """Wait until the server says in its pid file that it is ready."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError):
            if (data / "postmaster.pid").read_text().splitlines()[-1].strip() == "ready":
                return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Stop the server by its own pid: sessions are ended, and after a while it is killed."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        try:
            server.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)  # its immediate shutdown, children too
            server.wait(STOP_LIMIT)
