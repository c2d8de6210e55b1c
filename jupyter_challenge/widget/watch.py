"""One thread per process and service that keeps all cells current.

It waits in the service's change feed, so an idle cell costs one open request and nothing else,
and a cell is told of a change while the kernel's main thread is busy.
"""

from __future__ import annotations

import logging
import threading
import time
from asyncio import CancelledError
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from jupyter_challenge.core.errors import ChallengeError, Unavailable
from jupyter_challenge.core.models import ChangeKind

if TYPE_CHECKING:
    from jupyter_challenge.client import Client

_log = logging.getLogger(__name__)

# Seconds: how long one request waits for news, how long after a look the next may follow, after
# how long everything is read again without news (phases begin and end by the clock), and the
# pauses while the service cannot be reached.
_WAIT = 25.0
_REST = 1.0
_READ_ALL = 300.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


class Watched(Protocol):
    """What the thread keeps current."""

    challenge: str
    kinds: ClassVar[frozenset[ChangeKind]]

    @property
    def subject(self) -> Hashable:
        """Cells of the same subject are shown what was asked once."""

    @property
    def in_sight(self) -> bool:
        """Whether anybody can see it."""

    def ask(self, client: Client) -> Any:
        """Read what is shown."""

    def take(self, view: Any) -> None:
        """Show what was read."""

    def fail(self, error: Exception) -> None:
        """Say that it could not be read."""

    def confirm(self) -> None:
        """What is shown is still true."""

    def miss(self) -> None:
        """Something changed while nobody could see it."""


class Watch:
    """Looks after the cells of one service."""

    def __init__(self, connect: Callable[[], Client], *, owns: bool = True) -> None:
        """Begin without cells; `connect` is called when the first one comes."""
        self._connect = connect
        self._owns = owns
        self._client: Client | None = None
        self._cells: set[Watched] = set()
        self._lock = threading.RLock()
        self._left = threading.Event()
        self.thread: threading.Thread | None = None
        self.reachable = True

    def client(self) -> Client:
        """The client that all cells share."""
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def join(self, cell: Watched) -> None:
        """Keep a cell current from now on."""
        with self._lock:
            self._cells.add(cell)
            self._left.clear()
            if self.thread is None:
                self.thread = threading.Thread(
                    target=self._run, name="jupyter-challenge-cells", daemon=True
                )
                self.thread.start()

    def leave(self, cell: Watched) -> None:
        """Forget a cell; the thread ends after the last one."""
        with self._lock:
            self._cells.discard(cell)
            if not self._cells:
                self._left.set()
                self._close()

    def look(self, cells: Iterable[Watched]) -> None:
        """Read and show cells now, each subject once.

        Raises:
            Unavailable: The service cannot be reached; the other cells would fail as well.
        """
        subjects: dict[Hashable, list[Watched]] = {}
        for cell in cells:
            subjects.setdefault(cell.subject, []).append(cell)
        for same in subjects.values():
            try:
                view = same[0].ask(self.client())
            except Unavailable:
                raise
            except ChallengeError as error:
                for cell in same:
                    cell.fail(error)
            else:
                for cell in same:
                    cell.take(view)

    def _close(self) -> None:
        client, self._client = self._client, None
        # Closing ends the request that waits for news.
        if client is not None and self._owns:
            client.close()

    def _over(self) -> bool:
        with self._lock:
            if self._cells:
                return False
            self._close()
            self.thread = None
            return True

    def _run(self) -> None:
        after: int | None = None
        read_all = 0.0
        pause = _FIRST_PAUSE
        while not self._over():
            client: Client | None = None
            try:
                client = self.client()
                if after is None or time.monotonic() - read_all > _READ_ALL:
                    # The feed's end is read first, so that no change can fall between.
                    after = client.changes().next
                    self._look(list(self._cells))
                    read_all = time.monotonic()
                after = self._follow(client, after)
                self.reachable, pause = True, _FIRST_PAUSE
            except (Exception, CancelledError) as error:
                with self._lock:
                    if client is not self._client:  # closed meanwhile, on purpose
                        continue
                if not isinstance(error, ChallengeError):
                    _log.debug("cells could not be read", exc_info=True)
                self.reachable, after = False, None
                for cell in list(self._cells):
                    cell.fail(_told(error))
                self._left.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _follow(self, client: Client, after: int) -> int | None:
        """Wait for news and show them; return from where to go on."""
        found = client.changes(after, _WAIT)
        cells = list(self._cells)
        for cell in cells:
            cell.confirm()
        news = {(change.challenge, change.kind) for change in found.changes}
        touched = [c for c in cells if any((c.challenge, kind) in news for kind in c.kinds)]
        if touched or found.reset:
            self._look(touched)
            self._left.wait(_REST)
        return None if found.reset else found.next

    def _look(self, cells: list[Watched]) -> None:
        for cell in cells:
            if not cell.in_sight:
                cell.miss()
        self.look([cell for cell in cells if cell.in_sight])


def _told(error: BaseException) -> Exception:
    """A request that was ended with its service says nothing by itself."""
    if isinstance(error, Exception):
        return error
    return Unavailable("The connection to the challenge service was closed.")


_watches: dict[Hashable, Watch] = {}
_watches_lock = threading.Lock()


def watch_of(client: Client | None = None) -> Watch:
    """The watch of a client; without one that of the service `connect()` leads to."""
    from jupyter_challenge.client import connect
    from jupyter_challenge.client.configuration import load_config

    key: Hashable
    if client is not None:
        given = client
        key, made = id(client), lambda: Watch(lambda: given, owns=False)
    else:
        config = load_config()
        key = config.address or str(config.data_dir)
        # The runs are looked after by Jupyter's server, not by whoever shows a board.
        made = lambda: Watch(lambda: connect(config=config, runs=False))  # noqa: E731
    with _watches_lock:
        if key not in _watches:
            _watches[key] = made()
        return _watches[key]
