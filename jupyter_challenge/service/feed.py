"""The change feed: one notifier per process, in which any number of readers wait.

Readers wait on futures of their own event loop; no thread waits for them. What other processes
write is seen by one watching thread (`store.watch`).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass

from jupyter_challenge.core.models import Change, ChangeKind, Changes
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.state import see_all
from jupyter_challenge.store import changes
from jupyter_challenge.store.database import Database

MAX_WAIT = 55.0
_PAGE = 500


@dataclass(frozen=True)
class _Reader:
    loop: asyncio.AbstractEventLoop
    woken: asyncio.Event


class Feed:
    """Wakes readers when something was committed, here or in another process."""

    def __init__(self, db: Database) -> None:
        """Begin without readers."""
        self._db = db
        self._readers: set[_Reader] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def wake(self) -> None:
        """Let every reader look again; called from any thread, returns at once."""
        with self._lock:
            readers = list(self._readers)
        for reader in readers:
            # A loop that was closed has no readers any more.
            with contextlib.suppress(RuntimeError):
                reader.loop.call_soon_threadsafe(reader.woken.set)

    def stop(self) -> None:
        """Answer every reader now, so that none holds up the end of the process."""
        self._stopped = True
        self.wake()

    async def wait(self, identity: Identity, after: int | None, timeout: float) -> Changes:
        """What changed after a point, as soon as there is something.

        Args:
            identity: Who asks; only what they may see is told.
            after: `next` of the answer before; None asks for the newest point, at once.
            timeout: Seconds after which nothing is an answer too.
        """
        loop = asyncio.get_running_loop()
        if after is None:
            return Changes(changes=[], next=await asyncio.to_thread(self._newest))
        reader = _Reader(loop, asyncio.Event())
        deadline = loop.time() + max(0.0, min(timeout, MAX_WAIT))
        with self._lock:
            self._readers.add(reader)
        try:
            while True:
                reader.woken.clear()
                found = await asyncio.to_thread(self._read, identity, after)
                left = deadline - loop.time()
                if found.changes or found.reset or left <= 0 or self._stopped:
                    return found
                after = found.next
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(reader.woken.wait(), left)
        finally:
            with self._lock:
                self._readers.discard(reader)

    def _newest(self) -> int:
        with self._db.read() as session:
            return changes.newest(session)

    def _read(self, identity: Identity, after: int) -> Changes:
        with self._db.read() as session:
            newest = changes.newest(session)
            if after > newest or (after < newest and changes.oldest(session) > after + 1):
                return Changes(changes=[], next=newest, reset=True)
            rows = changes.after(session, after, _PAGE) if after < newest else []
            if not rows:
                return Changes(changes=[], next=after)
            seen = see_all(session, identity)
            visible = {each.row.id for each in seen}
            teams = {each.team.id for each in seen if each.team is not None}
            organised = {each.row.id for each in seen if each.manages}
            found: dict[tuple[str, str], Change] = {}
            for row in rows:
                if changes.wanted(row, teams, visible, organised):
                    # Only the newest line about an object matters.
                    found.pop((row.kind, row.object), None)
                    found[row.kind, row.object] = Change(
                        seq=row.seq,
                        kind=ChangeKind(row.kind),
                        challenge=row.challenge_id,
                        object=row.object,
                    )
            return Changes(changes=list(found.values()), next=rows[-1].seq)
