"""Keep the files with the owner's tokens fresh: one file for each, replaced before it ends.

Clients of storage read them anew when they need to: botocore at each exchange for keys, an EOS
client when the file's time changes. So a file is whole at any moment, its owner's alone, and a file
of its own (not a link): written beside it and put in its place.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from jupyter_challenge.core.errors import ChallengeError, Unavailable
from jupyter_challenge.core.server_variables import KEPT_TOKENS

if TYPE_CHECKING:
    from jupyter_challenge.client.relay import Given
    from jupyter_challenge.core.storage import KeptToken, KeptTokens

_SPARE_PART, _SPARE = 0.3, 30.0
"""What is left of a token's life when it is renewed: this part of it, and this many seconds, but
never more than half. A server whose owner's work takes all of its processor is not in time."""
_FIRST, _LONGEST = 1.0, 60.0
"""Seconds to wait after a failure: at first, and at most."""
_AWAY = 15.0
"""Seconds to wait at most for a relay, hub or provider that is away: it is soon back, mostly, and
the token ends meanwhile."""
_ENDED = 30.0
"""Seconds after which one who is signed out is asked about again."""


def renewed_after(life: float) -> float:
    """Seconds after which a token is renewed that lives for `life` seconds."""
    return life - max(_SPARE_PART * life, min(_SPARE, life / 2))


def asked_again_after(failures: int, *, away: bool, at_least: float = 0) -> float:
    """Seconds after which a token is asked for again.

    Args:
        failures: How often in a row there was none.
        away: Whether somebody did not answer.
        at_least: What whoever answered asked for.
    """
    doubled = _FIRST * 2 ** min(failures - 1, 10)
    return max(at_least, min(_AWAY if away else _LONGEST, doubled))


class Keeping(str, Enum):
    """How a token is."""

    WAITING = "waiting"  # for the first one
    FRESH = "fresh"
    AWAY = "away"  # relay, hub or provider do not answer, and it has ended
    SIGNED_OUT = "signed_out"
    REFUSED = "refused"


@dataclass(frozen=True)
class State:
    """What is known of a token."""

    name: str
    keeping: Keeping = Keeping.WAITING
    until: float = 0
    message: str = ""


class Relay(Protocol):
    """Who gives tokens."""

    async def token(self, name: str) -> Given:
        """Get a token."""

    async def close(self) -> None:
        """Close the connections."""


class TokenKeeper:
    """Keeps the tokens of this server's owner in files, as long as the server runs."""

    def __init__(self, read: Callable[[], tuple[KeptTokens, Relay]], log: logging.Logger) -> None:
        """Keep how to learn what to keep; nothing is read before `start`.

        Args:
            read: What tokens, and who gives them; called in a thread once.
            log: Where failures are told.
        """
        self._read, self._log = read, log
        self._states: dict[str, State] = {}
        self._folder = Path()
        self._relay: Relay | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._asked = asyncio.Event()
        self._changed = asyncio.Event()
        self._answers: Counter[str] = Counter()

    @property
    def states(self) -> list[State]:
        """How the tokens are."""
        now = time.time()
        return [
            replace(state, keeping=Keeping.AWAY)
            if state.keeping is Keeping.FRESH and state.until <= now
            else state
            for state in self._states.values()
        ]

    def start(self) -> None:
        """Begin, in the running loop."""
        self._tasks = [asyncio.create_task(self._begin())]

    async def stop(self) -> None:
        """End; the files stay until the server's memory goes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._relay is not None:
            await self._relay.close()

    async def _begin(self) -> None:
        try:
            told, relay = await asyncio.to_thread(self._read)
            self._folder = Path(told.folder)
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
        except (ValueError, OSError) as error:
            self._log.error("Storage: no tokens are kept: %s", error)
            return
        self._relay = relay
        self._states = {token.name: State(token.name) for token in told.tokens}
        self._tasks += [asyncio.create_task(self._keep(token, relay)) for token in told.tokens]

    async def retry(self, seconds: float = 10) -> list[State]:
        """Ask for all that is not fresh now; how the tokens are then.

        Args:
            seconds: How long to wait for an answer at most.
        """
        missing = [s.name for s in self.states if s.keeping is not Keeping.FRESH]
        before = dict(self._answers)
        self._asked.set()
        self._asked = asyncio.Event()
        over = time.monotonic() + seconds
        while any(self._answers[name] == before.get(name, 0) for name in missing):
            self._changed.clear()
            left = over - time.monotonic()
            if left <= 0:
                break
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)
        return self.states

    async def _keep(self, token: KeptToken, relay: Relay) -> None:
        failures = 0
        while True:
            asked = self._asked
            try:
                given = await relay.token(token.name)
                self._write(token, given.token)
            except ChallengeError as error:
                failures += 1
                wait = asked_again_after(
                    failures,
                    away=isinstance(error, Unavailable),
                    at_least=self._failed(token, error),
                )
            except Exception as error:
                # Not the traceback: a frame of it holds the token.
                self._log.error(
                    "Storage: the token %s was not kept: %s", token.name, type(error).__name__
                )
                self._say(token.name, Keeping.AWAY, "The token could not be written.")
                failures += 1
                wait = asked_again_after(failures, away=False)
            else:
                failures = 0
                wait = max(1.0, renewed_after(given.exp - time.time()))
                self._say(token.name, Keeping.FRESH, until=given.exp)
            self._answers[token.name] += 1
            self._changed.set()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asked.wait(), wait * random.uniform(0.9, 1))

    def _failed(self, token: KeptToken, error: ChallengeError) -> float:
        """Note why there is no new token; the least seconds until one is asked for again."""
        state = self._states[token.name]
        if isinstance(error, Unavailable):
            alive = state.keeping is Keeping.FRESH and state.until > time.time()
            if not alive:
                self._say(token.name, Keeping.AWAY, error.message)
            return float(error.details.get("after", 0))
        ended = error.code == "signed_out"
        keeping = Keeping.SIGNED_OUT if ended else Keeping.REFUSED
        if state.keeping is not keeping:
            self._log.warning("Storage: no token %s: %s", token.name, error.message)
        self._say(token.name, keeping, error.message)
        return _ENDED if ended else _LONGEST

    def _say(self, name: str, keeping: Keeping, message: str = "", until: float = 0) -> None:
        self._states[name] = State(name, keeping, until, message)

    def _write(self, token: KeptToken, text: str) -> None:
        beside = self._folder / f".{token.file}.{os.getpid()}"
        with suppress(FileNotFoundError):
            beside.unlink()  # of one that was killed
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        try:
            with open(descriptor, "w", encoding="ascii") as file:
                file.write(f"{token.prefix}{text}{token.suffix}")
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self._folder / token.file)
        except BaseException:
            with suppress(FileNotFoundError):
                beside.unlink()
            raise


def keeper_of(environment: Mapping[str, str], log: logging.Logger) -> TokenKeeper | None:
    """The keeper that this server's environment asks for, or None.

    Args:
        environment: The hub's `JUPYTERHUB_API_TOKEN`, and what tokens to keep.
        log: Where failures are told.
    """
    told, hub_token = environment.get(KEPT_TOKENS), environment.get("JUPYTERHUB_API_TOKEN")
    if not told or not hub_token:
        return None
    return TokenKeeper(partial(_told, told, hub_token), log)


def _told(told: str, hub_token: str) -> tuple[KeptTokens, Relay]:
    """Read what is to be kept, with libraries that no other server needs for its start."""
    from jupyter_challenge.client.relay import RelayClient
    from jupyter_challenge.core.storage import KeptTokens

    tokens = KeptTokens.model_validate_json(told)
    return tokens, RelayClient(tokens.relay, hub_token)
