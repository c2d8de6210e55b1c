"""The change feed: one notifier per process, in which any number of readers wait.

A reader waits on a future of its own event loop; no thread waits for it, and it costs no query.
One thread reads what was committed, once for all readers, finds out who may see it, and wakes
those alone. What other processes write is seen by the watching thread (`store.watch`).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field

from jupyter_challenge.core.models import Change, ChangeKind, Changes
from jupyter_challenge.service.audience import Audience, Line
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.seeing import see_all
from jupyter_challenge.store import changes
from jupyter_challenge.store.database import Database

MAX_WAIT = 55.0
_PAGE = 500
# Lines in memory: who was away for longer is answered from the database.
_KEEP = 1_000


@dataclass(frozen=True)
class _Head:
    """The newest lines; those after `start` are all here."""

    newest: int
    start: int
    lines: tuple[Line, ...] = ()
    changes: dict[int, Change] = field(default_factory=dict)

    def after(self, seq: int) -> list[Line]:
        """The lines after one, oldest first."""
        found = []
        for line in reversed(self.lines):
            if line.seq <= seq:
                break
            found.append(line)
        return found[::-1]


@dataclass(eq=False)
class _Reader:
    identity: Identity
    after: int
    loop: asyncio.AbstractEventLoop
    woken: asyncio.Future[None]


class Feed:
    """Wakes readers when something was committed that they may see, here or elsewhere."""

    def __init__(self, db: Database) -> None:
        """Begin without readers, and without a thread before there is one."""
        self._db = db
        self._audience = Audience(db)
        self._head: _Head | None = None
        self._readers: set[_Reader] = set()
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._news = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def wake(self) -> None:
        """Have what was committed read; called from any thread, returns at once."""
        self._news.set()

    def stop(self) -> None:
        """Answer every reader now, so that none holds up the end of the process."""
        self._stopped = True
        self._news.set()
        with self._lock:
            thread, readers = self._thread, list(self._readers)
        _wake(readers)
        if thread is not None:
            thread.join(timeout=10)

    async def wait(self, identity: Identity, after: int | None, timeout: float) -> Changes:
        """What changed after a point, as soon as there is something.

        Args:
            identity: Who asks; only what they may see is told.
            after: `next` of the answer before; None asks for the newest point, at once.
            timeout: Seconds after which nothing is an answer too.
        """
        if after is None:
            return Changes(changes=[], next=await asyncio.to_thread(self._newest))
        if timeout <= 0:
            return await asyncio.to_thread(self._read, identity, after)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(timeout, MAX_WAIT)
        head = self._head
        if head is None:
            head = await asyncio.to_thread(self._follow)
        while True:
            if after > head.newest:
                # Told by another process, of which we have not heard yet; or of another database.
                head = await asyncio.to_thread(self._follow)
            if not head.start <= after <= head.newest:
                found = await asyncio.to_thread(self._read, identity, after)
            else:
                lines = head.after(after)
                visible = self._visible(identity, lines)
                if visible is None:
                    await asyncio.to_thread(self._audience.learn, [identity.name], lines)
                    visible = self._visible(identity, lines)
                found = _told(head, visible or [])
            left = deadline - loop.time()
            if found.changes or found.reset or left <= 0 or self._stopped:
                return found
            after = found.next
            head = await self._news_after(head, identity, after, left)

    async def _news_after(
        self, head: _Head, identity: Identity, after: int, timeout: float
    ) -> _Head:
        """Wait until there are lines for a user; the head as it is then, or after the timeout."""
        loop = asyncio.get_running_loop()
        reader = _Reader(identity, after, loop, loop.create_future())
        with self._lock:
            if self._head is not None and self._head is not head:
                return self._head
            self._readers.add(reader)
            if self._thread is None and not self._stopped:
                self._thread = threading.Thread(
                    target=self._run, name="jupyter-challenge-feed", daemon=True
                )
                self._thread.start()
        timer = loop.call_later(timeout, _done, reader.woken)
        try:
            if not self._stopped:
                await reader.woken
        finally:
            timer.cancel()
            with self._lock:
                self._readers.discard(reader)
        return self._head or head

    def _run(self) -> None:
        """Read what was committed whenever there is news, and wake those whom it is for."""
        while not self._stopped:
            self._news.wait()
            self._news.clear()
            # A database that is away for a moment comes back, and then there is news again.
            with contextlib.suppress(Exception):
                before, head = self._head, self._follow()
                new = head.after(before.newest if before is not None else head.start)
                if new:
                    self._tell(new)

    def _tell(self, new: list[Line]) -> None:
        with self._lock:
            readers = list(self._readers)
        unknown = {
            reader.identity.name
            for reader in readers
            if self._visible(reader.identity, new) is None
        }
        if unknown:
            self._audience.learn(unknown, new)
        # Whoever is still unknown looks for themselves.
        _wake([r for r in readers if self._visible(r.identity, new) != []])

    def _visible(self, identity: Identity, lines: list[Line]) -> list[Line] | None:
        """Those lines that a user may see; None where that is not known yet."""
        found = []
        for line in lines:
            may = self._audience.may_see(identity, line)
            if may is None:
                return None
            if may:
                found.append(line)
        return found

    def _follow(self) -> _Head:
        """Read the lines that were written since the head was read."""
        with self._reading, self._db.read() as session:
            head = self._head
            newest = changes.newest(session)
            if head is None or newest < head.newest:
                head = _Head(newest, newest)
            elif newest > head.newest:
                rows = changes.after(session, head.newest, _KEEP + 1)
                new = [Line(r.seq, r.kind, r.challenge_id, r.object, r.team_id) for r in rows]
                # Before others see the lines, what the lines change is known.
                self._audience.follow(session, new)
                lines = (*head.lines, *new)
                kept = lines[-_KEEP:]
                start = lines[-_KEEP - 1].seq if len(lines) > _KEEP else head.start
                known = head.changes
                head = _Head(
                    new[-1].seq if new else head.newest,
                    start,
                    kept,
                    {line.seq: known.get(line.seq) or _change(line) for line in kept},
                )
                if head.newest < newest:
                    self._news.set()
            with self._lock:
                self._head = head
            return head

    def _newest(self) -> int:
        with self._db.read() as session:
            return changes.newest(session)

    def _read(self, identity: Identity, after: int) -> Changes:
        """The same from the database alone."""
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
            lines = [
                Line(row.seq, row.kind, row.challenge_id, row.object, row.team_id)
                for row in rows
                if changes.wanted(row, teams, visible, organised)
            ]
            return _told(_Head(rows[-1].seq, after), lines)


def _change(line: Line) -> Change:
    return Change(
        seq=line.seq, kind=ChangeKind(line.kind), challenge=line.challenge, object=line.object
    )


def _told(head: _Head, lines: list[Line]) -> Changes:
    """What is said of some lines; of those about one object only the newest matters."""
    found: dict[tuple[str, str], Change] = {}
    for line in lines:
        found.pop((line.kind, line.object), None)
        found[line.kind, line.object] = head.changes.get(line.seq) or _change(line)
    return Changes(changes=list(found.values()), next=head.newest)


def _wake(readers: list[_Reader]) -> None:
    """Wake readers, by one call for each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for reader in readers:
        by_loop.setdefault(reader.loop, []).append(reader.woken)
    for loop, woken in by_loop.items():
        # A loop that was closed has no readers any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_all_done, woken)


def _all_done(woken: list[asyncio.Future[None]]) -> None:
    for each in woken:
        _done(each)


def _done(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
