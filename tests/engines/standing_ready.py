"""Whether a child stands ready; only a test and a benchmark wait for that."""

from __future__ import annotations

import select

from jupyter_challenge.engines.local import LocalEngine


def standby_ready(engine: LocalEngine, timeout: float = 0.0) -> bool:
    """Whether it has prepared all that can be prepared; waits up to `timeout` seconds."""
    child = engine._standby
    if child is None or not child.alive:
        return False
    return bool(select.select([child._socket], [], [], timeout)[0]) and child.alive
