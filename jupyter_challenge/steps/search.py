"""Look for planted words in all that a pod can read: files, processes, and whatever answers it."""

from __future__ import annotations

import contextlib
import html
import http.client
import os
import re
import ssl
import stat
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, urlsplit

from jupyter_challenge.core.canary import LONGEST, seen

PIECE = 1 << 22
PATIENCE = 3.0
MOST_READ = 20_000_000
SKIPPED = ("/proc", "/sys", "/dev")
MOST_PAGES = 50
MOST_OBJECTS = 100
_LISTED = re.compile(rb"<Contents>.*?<Key>([^<]+)</Key>.*?<LastModified>([^<]+)<", re.DOTALL)
_NEXT = re.compile(rb"<NextContinuationToken>([^<]+)<")
TOLD = ("environ", "cmdline", "mountinfo")
Found = list[list[str]]
"""Pairs: the place that a word was planted in, and where it was found."""


def in_files(sought: Mapping[str, str], roots: Iterable[str] = ("/", "/dev/shm")) -> Found:
    """Look through every file that can be read, and through what is told of processes."""
    return sorted(
        [place, path] for path in _paths(roots) for place in _in_file(path, sought)
    )  # fmt: skip


def in_answers(
    sought: Mapping[str, str], urls: Iterable[str], token: str = ""
) -> tuple[Found, dict[str, int]]:
    """Ask, and look through what is answered.

    Args:
        sought: Places by the digests of their words.
        urls: What to ask.
        token: What to show; nothing when empty.

    Returns:
        What was found, and by URL the status of each answer; 0 where there was none.
    """
    found: Found = []
    statuses: dict[str, int] = {}
    waiting, silent = list(urls), set[str]()
    while waiting:
        url = waiting.pop(0)
        at = urlsplit(url).netloc
        if at in silent:
            continue
        status, data = _answer(url, token)
        statuses[url] = status
        if not status:
            silent.add(at)  # the rest would only take time
        found += [[place, url] for place in sorted(seen(data, sought))]
        if b"<ListBucketResult" in data:
            waiting += _newest(url, data, token)
    return found, statuses


def _newest(url: str, listed: bytes, token: str) -> list[str]:
    """The newest objects of a bucket whose list anybody may have."""
    base, _, _ = url.partition("?")
    objects: list[tuple[bytes, bytes]] = []
    for _ in range(MOST_PAGES):
        objects += [(when, key) for key, when in _LISTED.findall(listed)]
        after = _NEXT.search(listed)
        if after is None:
            break
        more = quote(html.unescape(after[1].decode()), safe="")
        _, listed = _answer(f"{base}?list-type=2&continuation-token={more}", token)
    newest = sorted(objects, reverse=True)[:MOST_OBJECTS]
    return [f"{base}/{quote(html.unescape(key.decode()))}" for _, key in newest]


def _in_file(path: str, sought: Mapping[str, str]) -> set[str]:
    places: set[str] = set()
    with contextlib.suppress(OSError), open(path, "rb") as file:
        tail = b""
        while piece := file.read(PIECE):
            places |= seen(tail + piece, sought)
            tail = piece[-LONGEST:]
    return places


def _paths(roots: Iterable[str]) -> Iterator[str]:
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if os.path.join(folder, name) not in SKIPPED]
            for name in names:
                path = os.path.join(folder, name)
                with contextlib.suppress(OSError):
                    if stat.S_ISREG(os.stat(path).st_mode):
                        yield path
    for process in os.listdir("/proc"):
        if process.isdigit():
            yield from (f"/proc/{process}/{name}" for name in TOLD)


def _answer(url: str, token: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    if parts.scheme == "https":
        # Whoever steals asks nobody for a certificate.
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=context)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        connection.request("GET", url[url.index("/", len(parts.scheme) + 3) :], headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read(MOST_READ)
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
