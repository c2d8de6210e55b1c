"""One consistent copy of everything, made while the service runs; and upgrades of the database.

The copy is a data folder: to restore it, start a service with it as `data_dir`. Folders of
versions are made anew from the blobs, and runs that were at work are started anew.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from jupyter_challenge.core.errors import ChallengeError, Conflict
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.store import copying, schema
from jupyter_challenge.store.blobs import Blobs
from jupyter_challenge.store.database import Database


def backup(config: ChallengeConfig, target: Path) -> Path:
    """Copy database and files into a new folder, which is complete or not there at all.

    Whatever the database is, that of the copy is a SQLite file.

    Returns:
        The folder.

    Raises:
        Conflict: The folder exists and is not empty.
        ChallengeError: There is nothing to copy.
    """
    target = target.expanduser().absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Conflict(
            f"{target} exists already.", hint="Name a new folder; a backup replaces nothing."
        )
    db = Database(config.database_url)
    new = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    try:
        if db.path is not None and not db.path.exists():
            raise ChallengeError(
                f"There is no database at {db.path}.", hint="Check the data folder."
            )
        schema.check(db)
        new.mkdir(parents=True, mode=0o700)
        # The database first: every blob that it names is there before its row is.
        copying.copy_database(db, new / "challenge.db")
        Blobs(config.blob_url or config.root / "blobs").copy_all(new / "blobs")
        if target.exists():
            target.rmdir()
        new.rename(target)
    finally:
        db.close()
        shutil.rmtree(new, ignore_errors=True)
    return target


def upgrade_database(config: ChallengeConfig) -> str:
    """Bring the configured database up to this program's version and say what was done."""
    db = Database(config.database_url)
    try:
        before = schema.revision(db)
    finally:
        db.close()
    copy = schema.upgrade(config.database_url)
    if before == schema.HEAD:
        return f"The database is of version {schema.HEAD} already."
    kept = f"; the copy of before is {copy}" if copy is not None else ""
    return f"The database is of version {schema.HEAD} now{kept}."
