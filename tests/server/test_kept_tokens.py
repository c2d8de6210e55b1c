"""Files with the owner's tokens: whole at any moment, nobody else's, renewed in good time."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.client.relay import Given, SignedOut
from jupyter_challenge.core.errors import Forbidden, Unavailable
from jupyter_challenge.core.server_variables import KEPT_TOKENS
from jupyter_challenge.core.storage import KeptTokens
from jupyter_challenge.server.kept_tokens import (
    Keeping,
    TokenKeeper,
    asked_again_after,
    keeper_of,
    renewed_after,
)

LOG = logging.getLogger("test-kept-tokens")


class Relay:
    """A relay that answers one thing after the other, the last one for ever."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked, self.closed = list(answers), 0, False

    async def token(self, name: str) -> Given:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        return Given(f"secret-{self.asked}", time.time() + answer)

    async def close(self) -> None:
        self.closed = True


def keeping(
    folder: Path, relay: Relay, look: Callable[[TokenKeeper], Awaitable[Any]], **said: str
) -> Any:
    """Keep one token and look; what was seen."""
    told = KeptTokens.model_validate(
        {
            "relay": "http://relay",
            "folder": str(folder),
            "tokens": [{"name": "s3", "file": "s3.token", **said}],
        }
    )

    async def all_of_it() -> Any:
        keeper = TokenKeeper(lambda: (told, relay), LOG)
        keeper.start()
        try:
            return await asyncio.wait_for(look(keeper), 20)
        finally:
            await keeper.stop()

    return asyncio.run(all_of_it())


async def first(keeper: TokenKeeper) -> Any:
    while not keeper.states or keeper.states[0].keeping is Keeping.WAITING:
        await asyncio.sleep(0.01)
    return keeper.states[0]


def test_a_token_is_in_a_file_of_the_owners_alone(tmp_path: Path) -> None:
    folder, relay = tmp_path / "run" / "tokens", Relay(60)

    state = keeping(folder, relay, first)

    file = folder / "s3.token"
    assert (state.keeping, file.read_text()) == (Keeping.FRESH, "secret-1")
    assert stat.S_IMODE(file.lstat().st_mode) == 0o400
    assert stat.S_ISREG(file.lstat().st_mode)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert os.listdir(folder) == ["s3.token"]
    assert relay.closed


def test_what_an_eos_client_reads_is_around_it(tmp_path: Path) -> None:
    keeping(tmp_path / "t", Relay(60), first, prefix="oauth2:", suffix=":sso.example.org/me")

    assert (tmp_path / "t/s3.token").read_text() == "oauth2:secret-1:sso.example.org/me"


def test_it_is_renewed_before_it_ends_and_is_whole_at_any_moment(tmp_path: Path) -> None:
    folder = tmp_path / "t"

    async def look(keeper: TokenKeeper) -> set[str]:
        await first(keeper)
        seen, over = set(), time.monotonic() + 4
        while time.monotonic() < over:
            seen.add((folder / "s3.token").read_text())
            assert keeper.states[0].keeping is Keeping.FRESH
            await asyncio.sleep(0)
        return seen

    seen = keeping(folder, Relay(2.5), look)

    assert len(seen) in {3, 4}
    assert all(text.startswith("secret-") for text in seen)


@pytest.mark.parametrize(
    ("life", "after"),
    [
        pytest.param(3600, 2520, id="an hour"),
        pytest.param(300, 210, id="five minutes"),
        pytest.param(60, 30, id="one minute, and half a minute to spare"),
        pytest.param(20, 10, id="too short for that: half of it"),
    ],
)
def test_it_is_renewed_with_time_to_spare(life: float, after: float) -> None:
    assert renewed_after(life) == pytest.approx(after)


def test_what_a_killed_server_left_does_not_matter(tmp_path: Path) -> None:
    left = tmp_path / f".s3.token.{os.getpid()}"
    left.write_text("half")

    keeping(tmp_path, Relay(60), first)

    assert os.listdir(tmp_path) == ["s3.token"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(SignedOut("Sign in."), Keeping.SIGNED_OUT, id="signed-out"),
        pytest.param(Forbidden("Not you."), Keeping.REFUSED, id="refused"),
        pytest.param(Unavailable("Away.", after=3), Keeping.AWAY, id="away"),
    ],
)
def test_it_is_known_why_there_is_no_token(
    tmp_path: Path, error: Exception, expected: Keeping
) -> None:
    state = keeping(tmp_path, Relay(error), first)

    assert (state.keeping, state.message) == (expected, str(error))
    assert not (tmp_path / "s3.token").exists()


def test_who_signed_in_again_has_the_token_at_once(tmp_path: Path) -> None:
    relay = Relay(SignedOut("Sign in."), 60)

    async def look(keeper: TokenKeeper) -> Any:
        await first(keeper)
        return (await keeper.retry())[0]

    assert keeping(tmp_path, relay, look).keeping is Keeping.FRESH
    assert relay.asked == 2


def test_asking_again_says_what_is_still_so(tmp_path: Path) -> None:
    relay = Relay(SignedOut("Sign in."))

    async def look(keeper: TokenKeeper) -> Any:
        await first(keeper)
        before = time.monotonic()
        return (await keeper.retry())[0].keeping, time.monotonic() - before

    keeping_now, seconds = keeping(tmp_path, relay, look)

    assert keeping_now is Keeping.SIGNED_OUT
    assert seconds < 5


def test_a_relay_that_is_away_matters_only_when_the_token_ends(tmp_path: Path) -> None:
    async def look(keeper: TokenKeeper) -> list[Keeping]:
        await first(keeper)
        await asyncio.sleep(1.8)  # renewed at 1.4 s, in vain
        early = keeper.states[0].keeping
        await asyncio.sleep(0.8)
        return [early, keeper.states[0].keeping]

    seen = keeping(tmp_path, Relay(2, Unavailable("Away.")), look)

    assert seen == [Keeping.FRESH, Keeping.AWAY]


def test_who_is_away_for_a_minute_is_not_left_alone_for_another() -> None:
    away = [asked_again_after(nth, away=True) for nth in range(1, 9)]
    refused = [asked_again_after(nth, away=False) for nth in range(1, 9)]

    assert away == [1, 2, 4, 8, 15, 15, 15, 15]
    assert refused == [1, 2, 4, 8, 16, 32, 60, 60]
    assert asked_again_after(3, away=True, at_least=5) == 5
    assert asked_again_after(9, away=True, at_least=30) == 30


def test_no_token_is_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "s3.token").mkdir()  # so that none can be written

    with caplog.at_level(logging.DEBUG):
        state = keeping(tmp_path, Relay(60), first)

    assert state.keeping is Keeping.AWAY
    assert "not kept" in caplog.text
    assert "secret" not in caplog.text
    assert os.listdir(tmp_path) == ["s3.token"]


@pytest.mark.parametrize(
    "environment",
    [{}, {KEPT_TOKENS: "{}"}, {"JUPYTERHUB_API_TOKEN": "t"}],
    ids=["no-hub", "no-hub-token", "no-tokens"],
)
def test_a_server_that_is_told_nothing_keeps_nothing(environment: dict[str, str]) -> None:
    assert keeper_of(environment, LOG) is None


def test_what_is_not_understood_is_told_and_stops_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> list[Any]:
        keeper = keeper_of({KEPT_TOKENS: "{", "JUPYTERHUB_API_TOKEN": "t"}, LOG)
        assert keeper is not None
        keeper.start()
        await asyncio.sleep(0.5)
        states = await keeper.retry(1)
        await keeper.stop()
        return states

    assert asyncio.run(run()) == []
    assert "no tokens are kept" in caplog.text
