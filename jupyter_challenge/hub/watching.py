"""What is in the cluster, kept up to date: a list, then what changes.

One watch per kind and hub. Whatever goes wrong, it begins again; what it knew stays until then.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import aiohttp
from kubernetes_asyncio.client import ApiClient
from kubernetes_asyncio.client.exceptions import ApiException

Object = dict[str, Any]

PAGE = 500
"""How many objects come with one answer."""
WATCH_SECONDS = 240
SILENCE = 30
"""Seconds after the end of a watch in which its end has to be heard of."""
STEADY = 1.0
"""Seconds: a watch that ends sooner, and told of nothing, is in trouble."""
SHORTEST_PAUSE = 0.3
LONGEST_PAUSE = 30.0
ABSENT_PAUSE = 60.0
"""Between looks for what is not there (Kueue), or may not be seen."""
ABSENT = "it is not there"


class Gone(Exception):
    """The API server has no memory back to where a watch wants to go on."""


class Watch:
    """A kind of objects.

    Attributes:
        path: Where the API server has them.
        loaded: Whether they were listed once.
        denied: Why they can't be seen: they are not there (`ABSENT`), or the hub may not. Else "".
        heard: When the API server last said anything, by the monotonic clock.
    """

    def __init__(
        self,
        api: ApiClient,
        path: str,
        told: Callable[[str, Object | None], None],
        log: logging.Logger | logging.LoggerAdapter[Any],
    ) -> None:
        """Not started yet.

        Args:
            api: A client.
            path: Such as `/api/v1/nodes`.
            told: Hears of each object, by its key, that is there or has changed, and of None for
                one that is gone.
            log: Where troubles are told.
        """
        self.path = path
        self.loaded = asyncio.Event()
        self.denied = ""
        self.heard = 0.0
        self._api = api
        self._told = told
        self._log = log
        self._keys: set[str] = set()
        self._troubles = 0

    async def run(self) -> None:
        """List and watch until it is cancelled."""
        while True:
            pause = 0.0
            try:
                version = await self._list()
                while True:
                    version = await self._follow(version)
                    if self._troubles:
                        await self._rest(self._longer())
            except Gone:
                pause = self._longer()
            except ApiException as error:
                pause = self._refused(error)
            except Exception as error:
                # A hub that sees nothing any more would be worse, whatever this is. There is no
                # traceback, as its frames hold what the API server said.
                pause = self._longer()
                self._log.warning("Watching %s: %r; again in %.1f s", self.path, error, pause)
            await self._rest(pause)

    def _longer(self) -> float:
        """The next pause: each is twice the one before, until a watch was steady again."""
        self._troubles += 1
        return min(LONGEST_PAUSE, SHORTEST_PAUSE * 2.0 ** min(self._troubles - 1, 20))

    async def _rest(self, seconds: float) -> None:
        # Not all hubs at once, when an API server comes back.
        await asyncio.sleep(seconds * random.uniform(0.7, 1.0))

    def _refused(self, error: ApiException) -> float:
        if error.status not in {401, 403, 404}:
            pause = self._longer()
            self._log.warning(
                "Watching %s: HTTP %s; again in %.1f s", self.path, error.status, pause
            )
            return pause
        why = ABSENT if error.status == 404 else "the hub may not see it"
        if self.denied != why:
            # Without Kueue in the cluster there are no queues: that is no trouble.
            level = logging.INFO if error.status == 404 else logging.WARNING
            self._log.log(level, "Not watching %s: %s (HTTP %s)", self.path, why, error.status)
        self.denied = why
        self.heard = time.monotonic()
        self._forget(set())
        self.loaded.set()
        return ABSENT_PAUSE

    async def _list(self) -> str:
        found: set[str] = set()
        following = ""
        while True:
            query = [("limit", str(PAGE))]
            if following:
                query.append(("continue", following))
            answer = await self._ask(query, 60)
            async with answer:
                said = json.loads(await answer.read())
            for each in said["items"]:
                found.add(self._take(each))
            following = said["metadata"].get("continue") or ""
            if not following:
                break
            await asyncio.sleep(0)
        self.denied = ""
        self._forget(found)
        self.heard = time.monotonic()
        self.loaded.set()
        version: str = said["metadata"]["resourceVersion"]
        return version

    async def _follow(self, version: str) -> str:
        query = [
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", version),
            ("timeoutSeconds", str(WATCH_SECONDS)),
        ]
        answer = await self._ask(query, WATCH_SECONDS + SILENCE)
        began = self.heard = time.monotonic()
        async with answer:
            async for line in _lines(answer):
                event = json.loads(line)
                version = self._happened(event["type"], event["object"], version)
                self.heard = time.monotonic()
                self._troubles = 0
        if time.monotonic() - began < min(STEADY, WATCH_SECONDS / 2) and self.heard == began:
            self._troubles = max(1, self._troubles)
        else:
            self._troubles = 0
        return version

    def _happened(self, kind: str, found: Object, version: str) -> str:
        if kind == "ERROR":
            if found.get("code") == 410:
                raise Gone
            raise ApiException(status=found.get("code"), reason=found.get("message"))
        newer: str = found["metadata"].get("resourceVersion") or version
        if kind == "DELETED":
            key = _key(found)
            self._keys.discard(key)
            self._told(key, None)
        elif kind != "BOOKMARK":
            self._take(found)
        return newer

    def _take(self, found: Object) -> str:
        key = _key(found)
        self._keys.add(key)
        self._told(key, found)
        return key

    def _forget(self, found: set[str]) -> None:
        """What was there before and is not any more, as a list says."""
        for key in self._keys - found:
            self._told(key, None)
        self._keys = set(found)

    async def _ask(self, query: list[tuple[str, str]], seconds: float) -> aiohttp.ClientResponse:
        return await asked(self._api, self.path, query, seconds=seconds)


async def asked(
    api: ApiClient, path: str, query: Sequence[tuple[str, str]] = (), *, seconds: float = 10
) -> aiohttp.ClientResponse:
    """Ask the API server for what is at a path; whoever asked has to close the answer.

    Args:
        api: A client.
        path: Such as `/api/v1/nodes`.
        query: Parameters.
        seconds: How long it may say nothing.

    Raises:
        Gone: It has no memory back to the version that was asked for.
        ApiException: It refused.
    """
    answer: aiohttp.ClientResponse = await api.call_api(
        path,
        "GET",
        query_params=list(query),
        header_params={"Accept": "application/json"},
        auth_settings=["BearerToken"],
        _preload_content=False,
        _request_timeout=(10, seconds),  # type: ignore[arg-type]  # the types know no pair
    )
    if answer.status != 200:
        async with answer:
            await answer.read()
        if answer.status == 410:
            raise Gone
        raise ApiException(status=answer.status, reason=answer.reason)
    return answer


async def _lines(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The lines of an answer, however long; what comes after the last end of a line is none."""
    rest = b""
    async for part in answer.content.iter_any():
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            if line.strip():
                yield line


def _key(found: Object) -> str:
    meta = found["metadata"]
    return f"{meta.get('namespace', '')}/{meta['name']}"
