"""Make a run ready before the service itself is imported.

A command that submits has two things to wait for: its own imports and those of the run. On two
cores they go on side by side.
"""

from __future__ import annotations

import fcntl
import os

from jupyter_challenge.engines.base import Engine
from jupyter_challenge.service.config import ChallengeConfig


def engine_ahead(config: ChallengeConfig) -> Engine | None:
    """Make the local engine with one child ready, for a process that ends after one run.

    Called by the client before it starts the service. Closing the engine dismisses the child if
    it was not needed.

    Returns:
        None where another process looks after the runs, or nobody can tell.
    """
    if config.db_url and not config.db_url.startswith("sqlite"):
        return None
    config.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    if _is_owned(os.fspath(config.root / "owner.lock")):
        return None
    from jupyter_challenge.engines.local import LocalEngine

    engine = LocalEngine(config.runs_dir, warm=True)
    engine.prepare_standby()
    engine.warm = False  # none is made ready after the run
    return engine


def _is_owned(lock: str) -> bool:
    """Whether a process holds the lock of the data folder now."""
    try:
        file = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # Shared: two that only look do not take each other for an owner.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False
