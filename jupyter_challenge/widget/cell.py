"""What all cells have in common: when they look, what they say when they cannot."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Hashable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from traitlets import Dict, Int, Unicode

from jupyter_challenge.core.errors import ChallengeError, Unavailable
from jupyter_challenge.core.models import ChangeKind
from jupyter_challenge.widget.base import INSTALL, LIVE, Base, view_of
from jupyter_challenge.widget.still import cell_html, cell_text
from jupyter_challenge.widget.watch import Watch, watch_of
from jupyter_challenge.widget.words import WORDS

if TYPE_CHECKING:
    import pandas

    from jupyter_challenge.client import Client

_HERE = Path(__file__).parent
# Seconds between two of the still tables that are saved with the notebook: each marks it changed.
_STILL_EVERY = 60.0


class Cell(Base):
    """A view of a board that keeps itself current; `Leaderboard` and `ScoreHistory` are such.

    The thread of its watch writes `state`, which travels to every place that shows the cell.
    """

    _esm = _HERE / "cells.js"
    _css = _HERE / "cells.css"
    state = Dict().tag(sync=True)
    words = Dict(WORDS).tag(sync=True)
    # The id of the widget's model: with it the browser's part finds the model itself.
    own = Unicode().tag(sync=True)
    _view_count = Int(0, allow_none=True).tag(sync=True)

    kinds: ClassVar[frozenset[ChangeKind]] = frozenset(
        {ChangeKind.BOARD, ChangeKind.CHALLENGE, ChangeKind.ENTRY}
    )

    def __init__(
        self,
        challenge: str,
        phase: str | None = None,
        board: Literal["public", "private"] = "public",
        *,
        client: Client | None = None,
    ) -> None:
        """Look once, and from then on whenever something changes."""
        self.challenge, self.phase, self.board = challenge, phase, board
        self._view: Any = None
        self._error: Exception | None = None
        self._good_at: datetime | None = None
        self._writing = threading.RLock()
        self._was_seen = self._missed = False
        self._display = f"jupyter-challenge-{uuid.uuid4().hex}"
        self._displayed = False
        self._still_at, self._still_due = -_STILL_EVERY, False
        self._watch: Watch = watch_of(client)
        self.own = uuid.uuid4().hex
        # Before the widget opens its way to the browser, so that its first words are all there.
        self.refresh()
        super().__init__(**({"model_id": self.own} if LIVE else {}))
        if LIVE:
            self.observe(self._on_view_count, "_view_count")
            self._watch.join(self)

    # --- what users call

    def refresh(self) -> None:
        """Look now; a cell that is live does so by itself."""
        try:
            if self._watch.reachable or not LIVE:
                self._watch.look([self])
            else:
                raise Unavailable(
                    "The challenge service cannot be reached.", hint="It is asked again by itself."
                )
        except ChallengeError as error:
            self.fail(error)

    def to_frame(self) -> pandas.DataFrame:
        """Make a pandas DataFrame of what is shown.

        Raises:
            ChallengeError: Nothing could be read so far.
        """
        if self._view is None:
            raise self._error or Unavailable("Nothing could be read so far.")
        return self._view.to_frame()

    def close(self) -> None:
        """Stop following; what is shown stays."""
        watch = getattr(self, "_watch", None)  # also called for what was never made whole
        if watch is not None:
            watch.leave(self)
        if LIVE and getattr(self, "comm", None) is not None:
            self._save_still()
            super().close()

    # --- what the kinds of cells say

    def ask(self, client: Client) -> Any:
        """Read what is shown."""
        raise NotImplementedError

    def draw(self, view: Any) -> dict[str, Any]:
        """Put what was read into words, columns, rows and shapes."""
        raise NotImplementedError

    # --- what the watch calls

    @property
    def subject(self) -> Hashable:
        """Cells of the same subject show the same."""
        return (type(self), self.challenge, self.phase, self.board)

    @property
    def in_sight(self) -> bool:
        """Whether a view of it is there; before the first one, whether one may come."""
        return not self._was_seen or bool(self._view_count)

    def take(self, view: Any) -> None:
        """Show what was read."""
        with self._writing:
            self._view, self._error = view, None
            self._missed = False
            self.confirm()
            self._write({"kind": type(self).__name__, "notice": None, **self.draw(view)})

    def fail(self, error: Exception) -> None:
        """Say that it could not be read; what was read before stays in sight."""
        said = error if isinstance(error, ChallengeError) else None
        text = said.message if said else f"This cell stopped at {type(error).__name__}: {error}"
        with self._writing:
            self._error = error
            notice = {
                "kind": "offline" if isinstance(error, Unavailable) else "error",
                "text": text,
                "hint": said.hint if said else "",
                "since": self._good_at.isoformat() if self._good_at else None,
            }
            start = {"kind": type(self).__name__, "title": self.challenge, "facts": []}
            self._write({**(self.state or start), "notice": notice})

    def confirm(self) -> None:
        """What is shown is true at this moment."""
        self._good_at = datetime.now(timezone.utc)
        notice = self.state.get("notice")
        if notice and notice["kind"] == "offline" and self._view is not None:
            self._write({**self.state, "notice": None})
        if self._still_due and time.monotonic() - self._still_at > _STILL_EVERY:
            self._save_still()

    def miss(self) -> None:
        """Something changed while nobody could see it."""
        self._missed = True

    # --- how it is shown

    def _write(self, state: dict[str, Any]) -> None:
        if state == self.state:
            return
        with self._writing:
            self.state = state
        self._still_due = self._displayed
        if self._still_due and time.monotonic() - self._still_at > _STILL_EVERY:
            self._save_still()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the browser says; not while the watch's thread writes."""
        with self._writing:
            super().set_state(sync_data)

    def _on_view_count(self, change: Any) -> None:
        self._was_seen = self._was_seen or bool(change.new)
        if self._missed and change.new and self._watch.reachable:
            self.refresh()

    def _repr_html_(self) -> str:
        return cell_html(self.state, "" if LIVE else INSTALL)

    def __repr__(self) -> str:
        """Write the beginning of what is shown."""
        return cell_text(self.state)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        still = {"text/plain": repr(self), "text/html": self._repr_html_()}
        return {**still, **view_of(self)}

    def _ipython_display_(self) -> None:
        # With a name the still table can be brought up to date in the notebook later.
        self._show(update=False)

    def _save_still(self) -> None:
        """Bring the table that is saved with the notebook up to date."""
        if self._displayed:
            self._show(update=True)

    def _show(self, *, update: bool) -> None:
        from IPython.display import display

        self._still_due, self._displayed = False, True
        if update:
            self._still_at = time.monotonic()
        display(self._repr_mimebundle_(), raw=True, display_id=self._display, update=update)
