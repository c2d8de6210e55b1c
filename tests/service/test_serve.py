"""`serve`: loopback, tokens, practice only."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from jupyter_challenge.core.errors import NotSignedIn, Unavailable
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.serve import serve, signed_in_app
from jupyter_challenge.service.tokens import Tokens
from jupyter_challenge.store import schema
from jupyter_challenge.store.database import Database
from tests.service.folders import zipped
from tests.service.world import World
from tests.service.world import client as client_of
from tests.tiny import write_challenge


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", ""])
def test_only_loopback_is_served(tmp_path: Path, host: str) -> None:
    with pytest.raises(Unavailable, match="loopback"):
        serve(ChallengeConfig(data_dir=str(tmp_path)), host=host, port=0)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"Port {port} of 127.0.0.1 is taken"):
            serve(ChallengeConfig(data_dir=str(tmp_path)), port=port)


@pytest.fixture
def tokens(db_url: str) -> Iterator[Tokens]:
    db = Database(db_url)
    schema.prepare(db)
    yield Tokens(db)
    db.close()


class TestTokens:
    def test_are_kept_as_digests(self, tokens: Tokens, db_url: str) -> None:
        token = tokens.add("ana", groups=["class"], admin=True)
        engine = sa.create_engine(db_url)
        with engine.connect() as connection:
            (row,) = connection.execute(sa.text("SELECT * FROM account")).all()
        engine.dispose()
        assert token not in str(row)
        who = tokens.identity(f"Bearer {token}")
        assert who is not None
        assert (who.name, who.groups, who.admin) == ("ana", frozenset({"class"}), True)

    def test_a_new_one_takes_the_place_of_the_old(self, tokens: Tokens) -> None:
        old, new = tokens.add("ana"), tokens.add("ana")
        with pytest.raises(NotSignedIn):
            tokens.identity(f"Bearer {old}")
        assert tokens.identity(f"bearer {new}") is not None
        assert tokens.names() == ["ana"]
        assert tokens.remove("ana")
        with pytest.raises(NotSignedIn):
            tokens.identity(f"Bearer {new}")

    @pytest.mark.parametrize("header", ["Bearer ", "Bearer x", "Basic eDp5", "token x", ""])
    def test_anything_else_is_refused(self, tokens: Tokens, header: str) -> None:
        tokens.add("ana")
        assert tokens.known(header) is None
        with pytest.raises(NotSignedIn):
            tokens.identity(header)


def test_a_token_that_another_process_replaced_is_refused(
    make_world: Callable[..., World], db_url: str
) -> None:
    world = make_world(place="serve", db_url=db_url)
    other = Database(db_url)
    with contextlib.closing(other), client_of(signed_in_app(world.embedded)) as http:
        old = Tokens(other).add("ana")
        http.headers["Authorization"] = f"Bearer {old}"
        assert http.get("/me").json()["name"] == "ana"
        new = Tokens(other).add("ana")
        world.until(lambda: http.get("/me").status_code == 401, patience=10)
        http.headers["Authorization"] = f"Bearer {new}"
        assert http.get("/me").json()["name"] == "ana"


@pytest.fixture
def served(make_world: Callable[..., World]) -> Iterator[Callable[[str], httpx.Client]]:
    """Clients with a token, by name."""
    world = make_world(place="serve")
    app = signed_in_app(world.embedded)
    tokens = world.embedded.service.tokens
    made: list[httpx.Client] = []

    def client(name: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {tokens.add(name, admin=name == 'root')}"}
        if name == "nobody":
            headers = {}
        made.append(client_of(app))
        made[-1].headers.update(headers)
        return made[-1]

    client.world = world  # type: ignore[attr-defined]
    yield client
    for each in made:
        each.close()


def test_a_token_says_who_it_is(served: Callable[[str], httpx.Client]) -> None:
    found = served("ana").get("/me", headers={"x-forwarded-user": "root"}).json()
    assert (found["name"], found["admin"], found["place"]) == ("ana", False, "serve")
    assert found["practice"] is True
    assert served("nobody").get("/me").status_code == 401
    unknown = served("nobody").get("/me", headers={"Authorization": "Bearer x"})
    assert unknown.json()["error"]["code"] == "not_signed_in"


def test_ranked_phases_are_refused_and_practice_is_not(
    served: Callable[[str], httpx.Client],
) -> None:
    world: World = served.world  # type: ignore[attr-defined]
    world.publish(phases=[{"id": "main", "ranked": True}, {"id": "practice"}])
    ana = world.user("ana")
    ana.enter()
    for is_try in (False, True):
        error = ana.submit(409, public=1, request={"phase": "main", "is_try": is_try})["error"]
        assert error["code"] == "ranked_needs_isolation"
    assert ana.quota()["blocked"]["code"] == "ranked_needs_isolation"
    assert ana.submitted(public=1, request={"phase": "practice"})["state"] == "scored"


def test_embedded_a_ranked_phase_is_practice_and_says_so(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    challenge = world.publish(phases=[{"id": "main", "ranked": True}])
    assert challenge["practice"] is True
    assert challenge["phase"]["ranked"] is False
    ana = world.user("ana")
    ana.enter()
    assert ana.submitted(public=1)["state"] == "scored"
    assert ana.board()["practice"] is True


SERVE = """
import sys
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.serve import serve
serve(ChallengeConfig(data_dir=sys.argv[1], warm=False), port=0,
      say=lambda text: print(text, flush=True))
"""


def test_a_real_server_on_a_real_port(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        words = server.stdout.readline()
        address = next(word for word in words.split() if word.startswith("http://")).rstrip(",")
        assert address.startswith("http://127.0.0.1:")
        written = Path(server.stdout.readline().strip().rsplit(" ", 1)[-1].rstrip("."))
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        token = written.read_text().strip()
        with httpx.Client(base_url=f"{address}/api/v1", trust_env=False, timeout=30) as http:
            assert http.get("/health").json() == {"status": "ok"}
            assert http.get("/me").status_code == 401
            http.headers["Authorization"] = f"Bearer {token}"
            assert http.get("/me").json()["admin"] is True
            folder = write_challenge(tmp_path / "tiny")
            made = http.post("/challenges", files={"folder": ("f.zip", zipped(folder))})
            assert made.status_code == 201
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait(timeout=30) in {0, -signal.SIGTERM}
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
        if server.stdout is not None:
            server.stdout.close()
