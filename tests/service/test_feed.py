"""The change feed: seen at once, by those who may, from any process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy

from jupyter_challenge.core.models import ChangeKind
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.store import changes
from jupyter_challenge.store.database import changed
from tests.service.world import World


def test_without_a_point_it_answers_at_once_with_the_newest(world: World) -> None:
    found = world.user("ana").ask("GET", "/changes")
    assert found["changes"] == []
    assert found["next"] > 0


def kinds(found: Any) -> set[str]:
    return {each["kind"] for each in found["changes"]}


def test_own_objects_and_boards_only(world: World) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    start = ana.ask("GET", "/changes")["next"]
    done = ana.submitted(public=0.5)
    mine = ana.ask("GET", "/changes", params={"after": start, "timeout": 0})
    assert kinds(mine) == {"submission", "board"}
    assert [e["object"] for e in mine["changes"] if e["kind"] == "submission"] == [done["id"]]
    his = ben.ask("GET", "/changes", params={"after": start, "timeout": 0})
    assert kinds(his) == {"board"}
    assert his["next"] == mine["next"]
    organiser = world.admin.ask("GET", "/changes", params={"after": start, "timeout": 0})
    assert kinds(organiser) == {"submission", "board"}


def test_a_hidden_challenge_is_not_mentioned(make_world: Callable[..., World]) -> None:
    world = make_world()
    eve = world.user("eve")
    start = eve.ask("GET", "/changes")["next"]
    world.publish(access={"mode": "invitation", "invited": ["ana"]})
    assert eve.ask("GET", "/changes", params={"after": start, "timeout": 0})["changes"] == []
    ana = world.user("ana").ask("GET", "/changes", params={"after": start, "timeout": 0})
    assert kinds(ana) == {"challenge", "board"}


def test_a_point_that_was_pruned_is_reset(world: World) -> None:
    ana = world.user("ana")
    start = ana.ask("GET", "/changes")["next"]
    ana.submitted(public=0.5)
    with world.embedded.service.db.write() as session:
        assert changes.prune(session, timedelta(0)) > 0
    found = ana.ask("GET", "/changes", params={"after": start, "timeout": 0})
    assert found["reset"] is True
    again = ana.ask("GET", "/changes", params={"after": found["next"], "timeout": 0})
    assert (again["reset"], again["changes"]) == (False, [])


def test_a_point_of_another_database_is_reset(world: World) -> None:
    found = world.user("ana").ask("GET", "/changes", params={"after": 10**9, "timeout": 0})
    assert found["reset"] is True


def test_many_wait_without_a_thread_each(world: World) -> None:
    """More readers wait than any pool has threads, and all of them are woken."""
    readers = 200
    before = threading.active_count()

    async def wait_all() -> tuple[list[Any], int]:
        app = world.embedded.app_for(Identity("ana"))
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://service/api/v1", timeout=60
        ) as http:
            start = (await http.get("/changes")).json()["next"]
            query = {"after": start, "timeout": 50}
            waiting = [asyncio.create_task(http.get("/changes", params=query))
                       for _ in range(readers)]  # fmt: skip
            while len(world.embedded.service.feed._readers) < readers:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            threads = threading.active_count()
            await asyncio.to_thread(world.user("ana").submit, public=0.5)
            return [(await each).json() for each in waiting], threads

    answers, threads = asyncio.run(wait_all())
    assert len(answers) == readers
    assert all(kinds(each) for each in answers)
    assert threads - before < 60
    assert world.embedded.service.feed._readers == set()


def waited(user: Any, after: int, timeout: float = 30) -> Any:
    """What a user is told who waits, so that the answer comes from memory."""
    return user.ask("GET", "/changes", params={"after": after, "timeout": timeout})


def test_who_waits_is_told_what_who_asks_is_told(world: World) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    start = waited(ana, ana.ask("GET", "/changes")["next"], 0.01)["next"]
    done = ana.submitted(public=0.5)
    for user in (ana, ben, world.admin):
        found = waited(user, start)
        assert found == user.ask("GET", "/changes", params={"after": start, "timeout": 0})
    mine = waited(ana, start)
    assert kinds(mine) == {"submission", "board"}
    assert [e["object"] for e in mine["changes"] if e["kind"] == "submission"] == [done["id"]]
    assert kinds(waited(ben, start)) == {"board"}


def test_who_waits_does_not_hear_of_what_is_hidden(make_world: Callable[..., World]) -> None:
    world = make_world()
    ana, eve = world.user("ana"), world.user("eve")
    start = waited(eve, eve.ask("GET", "/changes")["next"], 0.01)["next"]
    world.publish(access={"mode": "invitation", "invited": ["ana"]})
    ana.enter()
    assert waited(eve, start, 0.5)["changes"] == []
    assert kinds(waited(ana, start)) == {"challenge", "board", "entry"}
    # An organiser lets eve in: she hears of it at once, and from then on of the rest.
    world.publish(access={"mode": "invitation", "invited": ["ana", "eve"]})
    told = waited(eve, start)
    assert "challenge" in kinds(told)
    ana.submitted(public=0.5)
    assert kinds(waited(eve, told["next"])) == {"board"}


def test_who_enters_while_they_wait_is_of_the_team_from_then_on(world: World) -> None:
    carl = world.user("carl")
    start = waited(carl, carl.ask("GET", "/changes")["next"], 0.01)["next"]
    world.user("ana").submitted(public=0.5)
    told = waited(carl, start)  # now it is known that carl has no team
    assert kinds(told) == {"board"}
    carl.enter()
    entered = waited(carl, told["next"])
    assert kinds(entered) == {"entry"}
    carl.submit(public=0.5)
    assert "submission" in kinds(waited(carl, entered["next"]))


def test_a_wake_up_of_many_is_a_handful_of_queries(world: World) -> None:
    """Each reader is another user; the database is asked once for all of them."""
    readers = 100
    asked: list[str] = []

    async def wait_all() -> list[Any]:
        async def wait(number: int) -> Any:
            app = world.embedded.app_for(Identity(f"user-{number}"))
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://service/api/v1", timeout=60
            ) as http:
                start = (await http.get("/changes")).json()["next"]
                return (await http.get(f"/changes?after={start}&timeout=50")).json()

        waiting = [asyncio.create_task(wait(number)) for number in range(readers)]
        while len(world.embedded.service.feed._readers) < readers:
            await asyncio.sleep(0.01)
        with world.embedded.service.db.write() as session:
            sqlalchemy.event.listen(
                world.embedded.service.db.engine,
                "before_cursor_execute",
                lambda _c, _k, statement, *_: asked.append(statement),
            )
            changed(session, ChangeKind.BOARD, "tiny", "main")
        return [await each for each in waiting]

    answers = asyncio.run(wait_all())
    assert all(kinds(each) == {"board"} for each in answers)
    assert len([each for each in asked if each.startswith("SELECT")]) < 20


def test_more_news_than_are_kept_in_memory(world: World) -> None:
    ana = world.user("ana")
    start = waited(ana, ana.ask("GET", "/changes")["next"], 0.01)["next"]
    with world.embedded.service.db.write() as session:
        for number in range(1_500):
            changed(session, ChangeKind.BOARD, "tiny", f"phase-{number}")
    seen: set[str] = set()
    while len(seen) < 1_500:
        found = waited(ana, start)
        assert found["changes"], "some were left out"
        seen |= {each["object"] for each in found["changes"]}
        start = found["next"]
    assert waited(ana, start, 0.01)["changes"] == []


ODD = {
    "a wait that is too long": ("after=1&timeout=99", 422),
    "no number": ("after=x&timeout=1", 422),
    "below nothing": ("after=-1&timeout=1", 422),
    "another order": ("timeout=0&after=0", 200),
    "encoded": ("after=%30&timeout=0", 200),
    "more than is known": ("after=0&timeout=0&more=1", 200),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_question_is_answered_like_any_other(world: World, name: str) -> None:
    query, status = ODD[name]
    world.user("ana").ask("GET", f"/changes?{query}", status)


def test_the_quick_answer_is_that_of_the_route(world: World) -> None:
    ana = world.user("ana")
    ana.submitted(public=0.5)
    quick = ana.get("/changes?after=0&timeout=0")
    usual = ana.get("/changes?timeout=0&after=0")
    assert quick.json() == usual.json()
    without = {name: value for name, value in usual.headers.items() if name != "etag"}
    assert dict(quick.headers) == without


WRITER = """
import sys
from jupyter_challenge.core.models import ChangeKind
from jupyter_challenge.store.database import Database, changed
db = Database(sys.argv[1])
with db.write() as session:
    changed(session, ChangeKind.CHALLENGE, "tiny", "tiny")
db.close()
"""


def test_what_another_process_writes_is_seen(
    make_world: Callable[..., World], db_url: str, tmp_path: Path
) -> None:
    world = make_world(db_url=db_url)
    world.publish()

    async def wait() -> Any:
        transport = httpx.ASGITransport(app=world.embedded.app_for(Identity("ana")))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://service/api/v1", timeout=60
        ) as http:
            start = (await http.get("/changes")).json()["next"]
            waiting = asyncio.create_task(
                http.get("/changes", params={"after": start, "timeout": 50})
            )
            done = await asyncio.to_thread(
                subprocess.run, [sys.executable, "-c", WRITER, db_url], check=False
            )
            assert done.returncode == 0
            return (await waiting).json()

    found = asyncio.run(wait())
    assert [(each["kind"], each["object"]) for each in found["changes"]] == [("challenge", "tiny")]


def test_stopping_answers_who_waits(make_world: Callable[..., World]) -> None:
    world = make_world()

    async def wait() -> Any:
        transport = httpx.ASGITransport(app=world.embedded.app_for(Identity("ana")))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://service/api/v1", timeout=60
        ) as http:
            waiting = asyncio.create_task(http.get("/changes", params={"after": 0, "timeout": 50}))
            while not world.embedded.service.feed._readers:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            world.embedded.service.feed.stop()
            return (await waiting).json()

    assert asyncio.run(wait())["changes"] == []
