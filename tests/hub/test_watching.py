"""A watch against a server that speaks the protocol, with all the bad luck that there is."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from kubernetes_asyncio.client import ApiClient, Configuration

from jupyter_challenge.hub import watching
from jupyter_challenge.hub.watching import Watch
from tests.hub.cluster_api import ClusterApi, cluster_api

PODS = "/api/v1/pods"
LOG = logging.getLogger("tests.watching")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """As patient as a test is."""
    monkeypatch.setattr(watching, "ABSENT_PAUSE", 0.1)
    monkeypatch.setattr(watching, "SHORTEST_PAUSE", 0.05)


class Seen:
    """What was told, and what there is by that."""

    def __init__(self) -> None:
        self.there: dict[str, dict[str, Any]] = {}
        self.told: list[tuple[str, str]] = []

    def __call__(self, key: str, found: dict[str, Any] | None) -> None:
        self.told.append((key, "gone" if found is None else found.get("said", "")))
        if found is None:
            del self.there[key]  # only what was there can be gone
        else:
            self.there[key] = found


def pod(name: str, said: str = "") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "hub"}, "said": said}


async def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not get true"
        await asyncio.sleep(0.005)


@asynccontextmanager
async def watched(api: ClusterApi, path: str = PODS) -> AsyncIterator[tuple[Watch, Seen]]:
    seen = Seen()
    async with ApiClient(Configuration(host=api.url)) as client:
        watch = Watch(client, path, seen, LOG)
        task = asyncio.create_task(watch.run())
        try:
            yield watch, seen
        finally:
            assert not task.done(), "a watch goes on whatever happens"
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def run(test: Callable[[ClusterApi], Awaitable[None]]) -> None:
    async def served() -> None:
        async with cluster_api() as api:
            await test(api)

    asyncio.run(served())


def test_what_is_there_comes_in_pages_and_what_happens_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "PAGE", 2)

    async def test(api: ClusterApi) -> None:
        for number in range(5):
            api.put(PODS, pod(f"p{number}"))
        async with watched(api) as (watch, seen):
            await asyncio.wait_for(watch.loaded.wait(), 10)
            assert set(seen.there) == {f"hub/p{number}" for number in range(5)}
            await until(lambda: api.watches == 1)
            api.put(PODS, pod("p1", "changed"))
            api.put(PODS, pod("p9", "new"))
            api.remove(PODS, "p0", "hub")
            await until(lambda: len(seen.told) == 8)
            assert seen.told[5:] == [("hub/p1", "changed"), ("hub/p9", "new"), ("hub/p0", "gone")]
            lists = [query for path, query in api.asked if path == PODS and "watch" not in query]
            assert [query["limit"] for query in lists] == ["2", "2", "2"]
            assert ["continue" in query for query in lists] == [False, True, True]

    run(test)


def test_lines_in_pieces_are_put_together() -> None:
    async def test(api: ClusterApi) -> None:
        api.piece = 7
        async with watched(api) as (_, seen):
            await until(lambda: api.watches == 1)
            api.put(PODS, pod("p1", "ä" * 50))
            api.put(PODS, pod("p2", "two"))
            await until(lambda: len(seen.told) == 2)
            assert seen.told == [("hub/p1", "ä" * 50), ("hub/p2", "two")]

    run(test)


def test_a_line_of_a_megabyte_is_a_line() -> None:
    async def test(api: ClusterApi) -> None:
        async with watched(api) as (_, seen):
            await until(lambda: api.watches == 1)
            api.put(PODS, pod("large", "x" * 1_000_000))
            await until(lambda: "hub/large" in seen.there)
            assert len(seen.there["hub/large"]["said"]) == 1_000_000

    run(test)


def test_a_bookmark_is_where_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "WATCH_SECONDS", 1)

    async def test(api: ClusterApi) -> None:
        api.bookmarks = 0.2
        api.put(PODS, pod("p1"))
        async with watched(api) as (watch, seen):
            await until(lambda: api.watches == 1)
            for _ in range(3):  # of no concern to it: only a bookmark says how far it is
                api.put("/api/v1/nodes", {"metadata": {"name": "n1"}})
            heard = watch.heard
            await until(lambda: api.counted(PODS, watch=True) == 2)
            assert watch.heard > heard
            versions = [query["resourceVersion"] for _, query in api.asked if "watch" in query]
            assert int(versions[1]) == int(versions[0]) + 3
            assert api.counted(PODS, watch=False) == 1
            assert list(seen.there) == ["hub/p1"]

    run(test)


@pytest.mark.parametrize("status", [200, 410], ids=["by an event", "by its status"])
def test_a_version_that_is_forgotten_means_a_new_list(status: int) -> None:
    async def test(api: ClusterApi) -> None:
        api.gone = status
        api.put(PODS, pod("stays"))
        api.put(PODS, pod("goes"))
        async with watched(api) as (_, seen):
            await until(lambda: api.watches == 1)
            api.hang_up()
            await until(lambda: api.watches == 0)
            api.remove(PODS, "goes", "hub")
            api.put(PODS, pod("comes"))
            api.forget()
            api.hangs_up = False
            await until(lambda: set(seen.there) == {"hub/stays", "hub/comes"})
            assert seen.told.count(("hub/goes", "gone")) == 1
            await until(lambda: api.watches == 1)

    run(test)


def test_a_list_that_is_forgotten_halfway_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "PAGE", 1)

    async def test(api: ClusterApi) -> None:
        for name in ("a", "b", "c"):
            api.put(PODS, pod(name))
        answer = api.answer

        async def forgetful(request: Any) -> Any:
            if "continue" in request.query and api.counted(PODS, watch=False) == 2:
                api.forget()
            return await answer(request)

        api.answer = forgetful  # type: ignore[method-assign]
        async with cluster_api(api), watched(api) as (watch, seen):
            await asyncio.wait_for(watch.loaded.wait(), 10)
            assert set(seen.there) == {"hub/a", "hub/b", "hub/c"}
            assert sum("continue" not in query for _, query in api.asked) >= 2

    run(test)


def test_after_a_broken_connection_nothing_is_missed() -> None:
    async def test(api: ClusterApi) -> None:
        api.put(PODS, pod("p1"))
        async with watched(api) as (_, seen):
            for number in range(3):
                await until(lambda: api.watches == 1)
                assert api.drop() == 1
                api.put(PODS, pod(f"new-{number}"))
                await until(lambda n=number: f"hub/new-{n}" in seen.there)  # type: ignore[misc]
            assert seen.told.count(("hub/new-0", "gone")) == 0

    run(test)


def test_a_server_that_ends_each_watch_at_once_is_not_asked_without_a_pause() -> None:
    async def test(api: ClusterApi) -> None:
        api.hangs_up = True
        async with watched(api) as (watch, _):
            await asyncio.wait_for(watch.loaded.wait(), 10)
            await asyncio.sleep(1.0)
            asked = api.counted(PODS, watch=True)
            assert 1 < asked < 12
            api.hangs_up = False
            await until(lambda: api.watches == 1)

    run(test)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_may_not_be_seen_is_looked_for_again(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def test(api: ClusterApi) -> None:
        api.put(PODS, pod("p1"))
        api.refuses[PODS] = status
        async with watched(api) as (watch, seen):
            await asyncio.wait_for(watch.loaded.wait(), 10)  # forms do not wait for what is not
            assert watch.denied and not seen.told
            await until(lambda: api.counted(PODS, watch=False) == 3)
            api.refuses.clear()
            await until(lambda: "hub/p1" in seen.there)
            assert watch.denied == ""
            api.refuses[PODS] = status
            api.drop()
            await until(lambda: not seen.there)
            assert watch.denied

    run(test)
    said = [each for each in caplog.records if "Not watching" in each.message]
    assert len(said) == 2  # once for each time that it began
    assert all((each.levelname == "INFO") is (status == 404) for each in said)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_takes_nothing_away(status: int) -> None:
    async def test(api: ClusterApi) -> None:
        api.put(PODS, pod("p1"))
        async with watched(api) as (watch, seen):
            await until(lambda: api.watches == 1)
            api.refuses[PODS] = status
            api.drop()
            before = len(api.asked)
            await until(lambda: len(api.asked) > before + 1)
            assert list(seen.there) == ["hub/p1"] and watch.denied == ""
            api.refuses.clear()
            api.put(PODS, pod("p2"))
            await until(lambda: "hub/p2" in seen.there)

    run(test)


def test_an_answer_that_is_none_is_asked_for_again(caplog: pytest.LogCaptureFixture) -> None:
    async def test(api: ClusterApi) -> None:
        api.says[PODS] = {"kind": "PodList"}  # neither items nor a version
        async with watched(api) as (watch, seen):
            await until(lambda: len(api.asked) > 1)
            assert not watch.loaded.is_set()
            api.says.clear()
            api.put(PODS, pod("p1"))
            await until(lambda: "hub/p1" in seen.there)

    run(test)
    assert "Watching /api/v1/pods" in caplog.text


def test_a_server_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "WATCH_SECONDS", 1)
    monkeypatch.setattr(watching, "SILENCE", 1)

    async def test(api: ClusterApi) -> None:
        api.put(PODS, pod("p1"))
        answer = api.answer
        silent = True

        async def mute(request: Any) -> Any:
            if silent and "watch" in request.query:
                api.asked.append((request.path, dict(request.query)))
                await asyncio.sleep(60)
            return await answer(request)

        api.answer = mute  # type: ignore[method-assign]
        async with cluster_api(api), watched(api) as (_, seen):
            await until(lambda: api.counted(PODS, watch=True) == 2)
            silent = False
            await until(lambda: api.watches == 1)
            assert list(seen.there) == ["hub/p1"]

    run(test)
