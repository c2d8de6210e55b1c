"""What a pod can do that it must not: `python -m jupyter_challenge.steps.probe WHAT [JSON]`.

`jupyter challenge doctor --cluster` puts it in the place of the programs of a run's containers.
Each prints one line of JSON; none prints a token.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jupyter_challenge.core import canary
from jupyter_challenge.steps import search

FOLDER = Path("/challenge")
DEVICES = Path("/dev")
TOKEN = Path("/var/run/secrets/challenge/token")
MARK = "PROBED "
PATIENCE = 2.0
SECRETS = ("TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")
THREADS = 4_096
"""Threads that are tried before a pod is said to have no process limit."""

MANY = """\
import os, time
for number in range({files}):
    open(os.path.join("output", str(number)), "w").close()
time.sleep({seconds})
"""


def look(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """In the place of participant code: try everything.

    Args:
        wanted: `addresses` by what they are, `names`, the cluster's `resolver`; `asked`, what to
            ask of those addresses that can be reached, and `sought`, the places of planted words
            by the digests of these.
    """
    _leave_something_alive()
    with ThreadPoolExecutor(max(1, len(wanted["addresses"]))) as pool:
        answered = pool.map(reached, wanted["addresses"].values())
        there = dict(zip(wanted["addresses"], answered, strict=True))
    told = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines()
        if ":\t" in line
    )  # fmt: skip
    return {
        "time": time.time(),
        "reached": there,
        "search": _search(wanted, [what for what, yes in there.items() if yes]),
        "resolved": [name for name in wanted["names"] if _resolves(name)],
        "answered": _answers(wanted["resolver"]),
        "uid": os.getuid(),
        "capabilities": int(told["CapBnd"], 16),
        "no_new_privileges": told["NoNewPrivs"] == "1",
        "seccomp": told["Seccomp"],
        "written": [path for path in ("/probe", "/etc/probe", "/usr/probe") if _writable(path)],
        "tokens": _token_files(),
        "environment": sorted(
            name for name in os.environ if any(word in name.upper() for word in SECRETS)
        ),
        "gpus": gpus({})["gpus"],
        "threads": _threads(),
    }


def _search(wanted: Mapping[str, Any], there: list[str]) -> dict[str, Any]:
    """Look for planted words, and for one that is planted here: who can't find that is blind."""
    if not wanted["sought"]:
        return {"found": [], "asked": 0, "blind": False}
    mine = canary.fresh()
    kept = FOLDER / "planted"
    kept.write_text(mine)
    found = search.in_files({**wanted["sought"], canary.digest(mine): "here"})
    more, statuses = search.in_answers(
        wanted["sought"], [url for what in there for url in wanted["asked"].get(what, [])]
    )
    return {
        "found": [each for each in found if each[0] != "here"] + more,
        "asked": len(statuses),
        "blind": ["here", os.fspath(kept)] not in found,
    }


def carry(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """In the place of a container with the pod's token: what it says of itself, what it opens.

    Args:
        wanted: `urls` to ask with the token, `sought` as for `look`, and `gateway`, an address.
    """
    token = TOKEN.read_text().strip()
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    found, statuses = search.in_answers(wanted["sought"], wanted["urls"], token)
    return {
        "reached": reached(wanted["gateway"]),
        "search": {"found": found, "asked": len(statuses), "blind": False},
        "statuses": sorted(set(statuses.values())),
        "seconds": claims["exp"] - claims["iat"],
        "audiences": claims["aud"],
        "pod": claims.get("kubernetes.io", {}).get("pod", {}).get("uid"),
    }


def wait(_: Mapping[str, Any]) -> dict[str, Any]:
    """In the place of `upload`: whether anything lives on when it is this one's turn."""
    signal.sigwait({signal.SIGTERM})
    beats = FOLDER / "beats"
    before = beats.stat().st_size if beats.exists() else 0
    time.sleep(0.5)
    return {"before": before, "after": beats.stat().st_size if beats.exists() else 0}


def gpus(_: Mapping[str, Any]) -> dict[str, Any]:
    """Devices of GPUs that are there: NVIDIA's, AMD's (`kfd`), and any maker's (`dri`)."""
    found = [name for name in os.listdir(DEVICES) if name.startswith("nvidia") or name == "kfd"]
    rendering = DEVICES / "dri"
    found += [f"dri/{name}" for name in (os.listdir(rendering) if rendering.is_dir() else [])]
    return {"gpus": sorted(found)}


def memory(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Use more memory than there is."""
    held = [b"x" * 1_000_000 for _ in range(int(wanted["megabytes"]))]
    return {"held": len(held)}


def disk(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Use more of a volume than there is, and wait to be ended."""
    with (FOLDER / "full").open("wb") as full:
        os.posix_fallocate(full.fileno(), 0, int(wanted["megabytes"]) * 1_000_000)
        time.sleep(float(wanted["seconds"]))
    return {"held": wanted["megabytes"]}


def lay(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """In the place of `prepare`: lay out a run whose notebook makes very many files."""
    from jupyter_challenge.core.challenge import Limits, Output, SubmissionKind
    from jupyter_challenge.core.run import EvaluationSpec, RunSpec
    from jupyter_challenge.steps.folder import RunFolder

    os.umask(0o077)
    folder = RunFolder(FOLDER)
    for path in (folder.home, folder.work, folder.input, folder.output, folder.state, folder.tmp):
        path.mkdir(mode=0o700)
    cell: dict[str, Any] = {
        "cell_type": "code", "id": "many", "metadata": {}, "execution_count": None, "outputs": [],
        "source": MANY.format(files=wanted["files"], seconds=wanted["seconds"]),
    }  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python", "language": "python"}
    notebook = {
        "nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": [cell],
    }  # fmt: skip
    (folder.work / "many.ipynb").write_text(json.dumps(notebook))
    nowhere = Path("/nonexistent")
    spec = RunSpec(
        run_id="doctor", submission_id="doctor", challenge_id="doctor", bundle=nowhere,
        kind=SubmissionKind.NOTEBOOK, entry="many.ipynb", inputs=[],
        evaluation=EvaluationSpec(
            labels=nowhere, output=Output(prediction="label"), metrics=[], boards={}, digest=""
        ),
        limits=Limits.model_validate({"time": wanted["seconds"], "disk": wanted["bytes"]}),
    )  # fmt: skip
    folder.spec.write_text(spec.model_dump_json())
    (FOLDER / "ready").touch()
    return {"files": wanted["files"]}


def verdict(_: Mapping[str, Any]) -> dict[str, Any]:
    """In the place of `upload`: what a run's first process said of its end."""
    signal.sigwait({signal.SIGTERM})
    said = FOLDER / "report.json"
    report = json.loads(said.read_text()) if said.exists() else {}
    return {"failure": (report.get("failure") or {}).get("failure_class", "")}


def serve(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Listen, so that others can try to connect; `look` of other pods is told where."""
    connected = 0
    until = time.monotonic() + float(wanted["seconds"])
    with socket.create_server(("0.0.0.0", int(wanted["port"]))) as opened:
        # Who is told where has to wait for this: what does not listen yet is no wall.
        print(MARK + json.dumps({"listening": True}), flush=True)
        while (left := until - time.monotonic()) > 0:
            opened.settimeout(left)
            try:
                opened.accept()[0].close()
            except TimeoutError:
                break
            connected += 1
    return {"connected": connected}


PROBES: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "look": look,
    "carry": carry,
    "wait": wait,
    "lay": lay,
    "verdict": verdict,
    "gpus": gpus,
    "memory": memory,
    "disk": disk,
    "serve": serve,
}


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked and print what was found."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[0] in {"wait", "verdict"}:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    found = PROBES[words[0]](json.loads(words[1]) if len(words) > 1 else {})
    print(MARK + json.dumps(found), flush=True)
    return 0


def reached(address: str) -> bool:
    """Whether a connection can be made."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE):
            return True
    except OSError:
        return False


def _resolves(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, 80))
    except OSError:
        return False


def _answers(resolver: str) -> bool:
    """Whether a resolver that is asked directly says anything."""
    if not resolver:
        return False
    name = b"\x0akubernetes\x07default\x03svc\x07cluster\x05local\x00"
    question = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + name + struct.pack(">HH", 1, 1)
    family = socket.AF_INET6 if ":" in resolver else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        asked.settimeout(PATIENCE)
        try:
            asked.sendto(question, (resolver, 53))
            return bool(asked.recv(512))
        except OSError:
            return False


def _writable(path: str) -> bool:
    try:
        with open(path, "wb"):
            return True
    except OSError:
        return False


def _token_files() -> list[str]:
    tops = ("/var/run/secrets", "/run/secrets")
    found = [os.path.join(folder, name) for top in tops for folder, _, names in os.walk(top)
             for name in names]  # fmt: skip
    return sorted(found)


def _threads() -> int | None:
    """How many threads a process may start; None when there is no end of it."""
    threading.stack_size(65_536)
    over = threading.Event()
    started = []
    try:
        for _ in range(THREADS):
            thread = threading.Thread(target=over.wait, daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError:
        return len(started)
    finally:
        over.set()
    return None


def _leave_something_alive() -> None:
    """Start a process that outlives this one, as long as anything in the container may."""
    if os.fork():
        return
    os.setsid()
    with (FOLDER / "beats").open("ab", buffering=0) as beats:
        while True:
            beats.write(b".")
            time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main())
