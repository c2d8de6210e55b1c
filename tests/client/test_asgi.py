"""The transport, against real Starlette apps."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from jupyter_challenge.client.asgi import AppTransport

noticed = threading.Event()


async def echo(request: Request) -> Response:
    return JSONResponse(
        {
            "path": request.url.path,
            "raw": request.scope["raw_path"].decode(),
            "query": request.url.query,
            "method": request.method,
            "body": (await request.body()).decode(),
            "client": request.client.host if request.client else None,
        }
    )


async def many(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(500):
            yield b"x" * 1000

    return StreamingResponse(pieces())


async def endless(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
                await asyncio.sleep(0)
        finally:
            noticed.set()

    return StreamingResponse(pieces())


async def breaks_off(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"begun"
        raise RuntimeError("and gone")

    return StreamingResponse(pieces())


async def slow(request: Request) -> Response:
    await asyncio.sleep(60)
    return Response()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    routes = [
        Route("/echo/{rest:path}", echo, methods=["GET", "POST", "DELETE"]),
        *(Route(f"/{f.__name__}", f) for f in (many, endless, breaks_off, slow)),
    ]
    with httpx.Client(transport=AppTransport(Starlette(routes=routes)), base_url="http://a") as c:
        yield c


def test_a_request_arrives_whole(client: httpx.Client) -> None:
    got = client.post("/echo/a%2Fb", params={"q": "ä b"}, content=b"z" * 100_000).json()
    assert got["raw"] == "/echo/a%2Fb"
    assert got["path"] == "/echo/a/b"
    assert got["query"] == "q=%C3%A4%20b" or got["query"] == "q=%C3%A4+b"
    assert (got["method"], len(got["body"]), got["client"]) == ("POST", 100_000, "127.0.0.1")


def test_a_long_answer_comes_in_pieces(client: httpx.Client) -> None:
    with client.stream("GET", "/many") as response:
        sizes = [len(piece) for piece in response.iter_raw()]
    assert sum(sizes) == 500_000
    assert len(sizes) == 500


def test_an_answer_that_nobody_reads_is_ended(client: httpx.Client) -> None:
    noticed.clear()
    with client.stream("GET", "/endless") as response:
        next(response.iter_raw())
    assert noticed.wait(10)


def test_an_app_that_breaks_off_is_a_lost_connection(client: httpx.Client) -> None:
    with pytest.raises(httpx.TransportError, match="and gone"):
        client.get("/breaks_off")


def test_an_app_that_breaks_before_it_answers() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("out of order")

    with (
        httpx.Client(transport=AppTransport(app), base_url="http://a") as client,
        pytest.raises(httpx.TransportError, match="out of order"),
    ):
        client.get("/")


def test_an_app_that_takes_too_long(client: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout):
        client.get("/slow", timeout=0.05)


def test_threads_may_share_a_client(client: httpx.Client) -> None:
    sizes: list[int] = []
    threads = [
        threading.Thread(target=lambda: sizes.append(len(client.get("/many").content)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [500_000] * 8


def test_closing_leaves_no_thread_and_may_be_repeated() -> None:
    before = threading.active_count()
    transport = AppTransport(Starlette(routes=[Route("/slow", slow)]))
    client = httpx.Client(transport=transport, base_url="http://a")
    with pytest.raises(httpx.ReadTimeout):
        client.get("/slow", timeout=0.05)
    client.close()
    transport.close()
    assert threading.active_count() == before
