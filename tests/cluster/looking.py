"""What hostile code does: it looks for all it must not find, and prints what it found.

It runs inside a run's pod as it stands here; `WANTED` is put before it.
"""

import contextlib
import json
import os
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

WANTED: dict = globals().get("WANTED", {"hidden": {}, "addresses": {}, "names": [], "resolver": ""})
SKIPPED = ("/proc", "/sys", "/dev")
PIECE = 1 << 22


def files_with(needles: dict[bytes, str]) -> list[str]:
    """Every file that can be read and holds one of the needles, environments included."""
    found = []
    longest = max(len(needle) for needle in needles)
    for path in paths():
        with contextlib.suppress(OSError), open(path, "rb") as file:
            tail = b""
            while piece := file.read(PIECE):
                held = tail + piece
                found += [f"{what} in {path}" for needle, what in needles.items() if needle in held]
                tail = held[-longest:]
    return sorted(set(found))


def paths():
    """Every file to look at."""
    for folder, folders, names in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in SKIPPED]
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                yield path
    for process in os.listdir("/proc"):
        if process.isdigit():
            yield from (f"/proc/{process}/{name}" for name in ("environ", "cmdline", "mounts"))


def reached(address: str) -> str:
    """How an attempt to connect ends, and in how many seconds."""
    host, _, port = address.rpartition(":")
    since = time.monotonic()
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            return "connected"
    except OSError as error:
        return f"{type(error).__name__} after {time.monotonic() - since:.0f} s"


def answered(resolver: str, name: str) -> str:
    """Whether a resolver that is asked without the system's help answers."""
    question = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    packet = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + question + struct.pack(">BHH", 0, 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(1)
        try:
            asked.sendto(packet, (resolver, 53))
            return f"answered {len(asked.recv(512))} bytes"
        except OSError as error:
            return type(error).__name__


def resolved(name: str) -> str:
    """What the system's resolver makes of a name."""
    try:
        return str(socket.getaddrinfo(name, 80)[0][4])
    except OSError as error:
        return type(error).__name__


def account_files() -> list[str]:
    """Tokens of service accounts that are mounted."""
    return [
        os.path.join(folder, name)
        for top in ("/var/run/secrets", "/run/secrets")
        for folder, _, names in os.walk(top)
        for name in names
    ]


with ThreadPoolExecutor(8) as pool:  # each takes a second that is shut
    reached_there = list(pool.map(reached, WANTED["addresses"].values()))
# Needles come reversed, so that this code does not find itself.
needles = {text[::-1].encode(): what for text, what in WANTED["hidden"].items()}
with open("/proc/self/status") as status:
    capabilities = next(line.split()[1] for line in status if line.startswith("CapEff"))
report = {
    "files": files_with(needles) if needles else [],
    "tokens": account_files(),
    "environment": sorted(
        name
        for name in os.environ
        if any(word in name.upper() for word in ("TOKEN", "SECRET", "PASSWORD", "KEY"))
    ),
    "gpus": os.environ.get("NVIDIA_VISIBLE_DEVICES", ""),
    "reached": dict(zip(WANTED["addresses"], reached_there, strict=True)),
    "resolved": {name: resolved(name) for name in WANTED["names"]},
    "answered": answered(WANTED["resolver"], "kubernetes.default.svc.cluster.local")
    if WANTED["resolver"]
    else "",
    "user": os.getuid(),
    "capabilities": capabilities,
}
print("REPORT " + json.dumps(report))
