"""A small HTTP server that lists, watches, makes and deletes as a Kubernetes API server does.

It stands in for one where no cluster is at hand, and has the bad luck that a test wants: versions
that are forgotten, lines in pieces, connections that break, answers that refuse. What a real
cluster does is tested on a real one, in tests/cluster.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

Object = dict[str, Any]
Kind = str
"""Where objects of a kind are in all namespaces, such as /api/v1/pods."""
Key = tuple[str, str]

_PATH = re.compile(
    r"(?P<group>/api/v1|/apis/[^/]+/[^/]+)(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<kind>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<more>[^/]+))?"
)


def now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class ClusterApi:
    """Objects by kind, and what happened to them, in the order of versions.

    Attributes:
        url: Where it answers.
        asked: The path and the query of each question so far.
        refuses: The status with which it answers for a path.
        says: What it answers for a path, whatever it is.
        admits: Says of what is to be made with which status and message it is refused, if it is.
        made: Hears of each object that was made by a request.
        piece: Into how small pieces it cuts the lines of a watch; 0 for whole lines.
        bookmarks: Seconds between bookmarks.
        hangs_up: Whether it ends each watch as soon as it has begun; see `hang_up`.
        gone: With which status a watch from a forgotten version is answered; a real API server
            says it by 200 and an event, or by 410.
    """

    url: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)
    says: dict[str, Any] = field(default_factory=dict)
    admits: Callable[[Object], tuple[int, str] | None] = lambda found: None
    made: Callable[[Kind, Object], None] = lambda kind, found: None
    piece: int = 0
    bookmarks: float = 60.0
    hangs_up: bool = False
    gone: int = 200
    _version: int = 1
    _oldest: int = 1
    _objects: dict[Kind, dict[Key, Object]] = field(default_factory=dict)
    _happened: list[tuple[int, Kind, str, Object]] = field(default_factory=list)
    _pages: dict[str, tuple[list[Object], str]] = field(default_factory=dict)
    _tokens: Iterator[int] = field(default_factory=itertools.count)
    _watching: dict[asyncio.Event, web.Request] = field(default_factory=dict)

    def put(self, kind: Kind, found: Mapping[str, Any]) -> Object:
        """An object is there, or has changed."""
        meta = {"uid": str(uuid.uuid4()), "creationTimestamp": now(), **found["metadata"]}
        objects = self._objects.setdefault(kind, {})
        key = meta.get("namespace", ""), meta["name"]
        before = objects.get(key)
        if before is not None and "uid" not in found["metadata"]:
            meta["uid"] = before["metadata"]["uid"]
        self._version += 1
        stored = {**found, "metadata": {**meta, "resourceVersion": str(self._version)}}
        objects[key] = stored
        self._tell(kind, "ADDED" if before is None else "MODIFIED", stored)
        return stored

    def remove(self, kind: Kind, name: str, namespace: str = "") -> Object:
        """An object is gone."""
        self._version += 1
        found = self._objects[kind].pop((namespace, name))
        found = {**found, "metadata": {**found["metadata"], "resourceVersion": str(self._version)}}
        self._tell(kind, "DELETED", found)
        return found

    def objects(self, kind: Kind) -> list[Object]:
        """What there is of a kind."""
        return list(self._objects.get(kind, {}).values())

    def forget(self) -> None:
        """Know no more of what happened until now, nor of lists that were begun."""
        self._version += 1
        self._oldest = self._version
        self._happened.clear()
        self._pages.clear()

    def drop(self) -> int:
        """Break the connections of all watches off; say how many there were."""
        watching = dict(self._watching)
        for woken, request in watching.items():
            if request.transport is not None:
                request.transport.abort()
            woken.set()
        return len(watching)

    def hang_up(self) -> None:
        """End all watches as they end by themselves, and from now on as soon as they begin."""
        self.hangs_up = True
        for woken in self._watching:
            woken.set()

    def counted(self, path: str, *, watch: bool) -> int:
        """How often a path was asked for, to list or to watch."""
        return sum(at == path and ("watch" in query) is watch for at, query in self.asked)

    @property
    def watches(self) -> int:
        """How many watches there are now."""
        return len(self._watching)

    def kubeconfig(self, path: Path) -> Path:
        """Write the file that leads here."""
        said = {
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{"name": "it", "cluster": {"server": self.url}}],
            "users": [{"name": "it", "user": {"token": "ours"}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        }  # fmt: skip
        path.write_text(yaml.safe_dump(said))
        return path

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as an API server does."""
        self.asked.append((request.path, dict(request.query)))
        if request.path in self.refuses:
            return _refusal(self.refuses[request.path])
        if request.path in self.says:
            return web.json_response(self.says[request.path])
        path = _PATH.fullmatch(request.path)
        if path is None:
            return _refusal(404)
        kind = f"{path['group']}/{path['kind']}"
        key = path["namespace"] or "", path["name"] or ""
        if request.method == "POST":
            return self._make(kind, path["namespace"] or "", await request.json())
        if path["name"] is None:
            if "watch" in request.query:
                return await self._watch(request, kind, path["namespace"] or "")
            return self._list(request, kind, path["namespace"] or "")
        if key not in self._objects.get(kind, {}):
            return _refusal(404)
        if request.method == "DELETE":
            return web.json_response(self.remove(kind, path["name"], path["namespace"] or ""))
        return web.json_response(self._objects[kind][key])

    def _make(self, kind: Kind, namespace: str, found: Object) -> web.Response:
        refused = self.admits(found)
        if refused is not None:
            return _refusal(*refused)
        meta = {**found["metadata"], "namespace": namespace}
        if (namespace, meta["name"]) in self._objects.get(kind, {}):
            return _refusal(409)
        status = {"phase": "Pending"} if kind == "/api/v1/pods" else {}
        stored = self.put(kind, {**found, "metadata": meta, "status": status})
        self.made(kind, stored)
        return web.json_response(stored, status=201)

    def _list(self, request: web.Request, kind: Kind, namespace: str) -> web.Response:
        following = request.query.get("continue", "")
        if following and following not in self._pages:
            return _refusal(410)
        if following:
            items, version = self._pages.pop(following)
        else:
            items = [each for each in self.objects(kind) if _meant(request, each, namespace)]
            version = str(self._version)
        limit = int(request.query.get("limit", len(items) or 1))
        meta = {"resourceVersion": version}
        if len(items) > limit:
            token = f"page-{next(self._tokens)}"
            self._pages[token] = items[limit:], version
            meta["continue"] = token
        return web.json_response({"metadata": meta, "items": items[:limit]})

    async def _watch(self, request: web.Request, kind: Kind, namespace: str) -> web.StreamResponse:
        since = int(request.query.get("resourceVersion") or self._version)
        if since < self._oldest and self.gone != 200:
            return _refusal(self.gone)
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        if since < self._oldest:
            status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
            await self._say(answer, {"type": "ERROR", "object": status})
        else:
            woken = asyncio.Event()
            self._watching[woken] = request
            try:
                with suppress(ConnectionError):
                    await self._follow(answer, request, woken, (kind, namespace), since)
            finally:
                del self._watching[woken]
        return answer

    async def _follow(
        self,
        answer: web.StreamResponse,
        request: web.Request,
        woken: asyncio.Event,
        what: tuple[Kind, str],
        since: int,
    ) -> None:
        until = asyncio.get_running_loop().time() + int(request.query.get("timeoutSeconds", 300))
        while (left := until - asyncio.get_running_loop().time()) > 0 and not self.hangs_up:
            if request.transport is None or request.transport.is_closing():
                return
            woken.clear()
            for version, kind, happened, found in self._since(since):
                since = version
                if kind == what[0] and _meant(request, found, what[1]):
                    await self._say(answer, {"type": happened, "object": found})
            try:
                await asyncio.wait_for(woken.wait(), min(left, self.bookmarks))
            except asyncio.TimeoutError:
                if "allowWatchBookmarks" not in request.query:
                    continue
                meta = {"resourceVersion": str(self._version), "creationTimestamp": None}
                await self._say(answer, {"type": "BOOKMARK", "object": {"metadata": meta}})

    def _since(self, version: int) -> list[tuple[int, Kind, str, Object]]:
        found = []
        for each in reversed(self._happened):
            if each[0] <= version:
                break
            found.append(each)
        return found[::-1]

    async def _say(self, answer: web.StreamResponse, event: Object) -> None:
        line = json.dumps(event).encode() + b"\n"
        size = self.piece or len(line)
        for at in range(0, len(line), size):
            await answer.write(line[at : at + size])
            if self.piece:
                await asyncio.sleep(0.001)

    def _tell(self, kind: Kind, happened: str, found: Object) -> None:
        self._happened.append((self._version, kind, happened, found))
        for each in self._watching:
            each.set()


def _meant(request: web.Request, found: Object, namespace: str) -> bool:
    meta = found["metadata"]
    wanted = [pair.split("=") for pair in request.query.get("labelSelector", "").split(",") if pair]
    labels = meta.get("labels") or {}
    return namespace in {"", meta.get("namespace")} and all(labels.get(k) == v for k, v in wanted)


def _refusal(status: int, message: str = "refused") -> web.Response:
    said = {"kind": "Status", "status": "Failure", "code": status, "message": message}
    return web.json_response(said, status=status)


@asynccontextmanager
async def cluster_api(api: ClusterApi | None = None, port: int = 0) -> AsyncIterator[ClusterApi]:
    """Serve in the loop that runs, on a free port of loopback."""
    api = api or ClusterApi()
    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/{path:.*}", api.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield api
    finally:
        api.drop()
        await runner.cleanup()


@contextmanager
def cluster_api_beside() -> Iterator[tuple[ClusterApi, Callable[[Callable[[], Any]], Any]]]:
    """Serve in a thread; yield it, and what does something in that thread and waits for it."""
    api, started, ends = ClusterApi(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with cluster_api(api):
            started.set()
            await ends.wait()

    async def called(what: Callable[[], Any]) -> Any:
        return what()

    def there(what: Callable[[], Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(called(what), loop).result(10)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert started.wait(10)
        yield api, there
    finally:
        loop.call_soon_threadsafe(ends.set)
        thread.join(10)
        loop.close()
