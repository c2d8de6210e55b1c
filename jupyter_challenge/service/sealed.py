"""What the pods of runs handed in, as the cluster's engine asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jupyter_challenge.core.run import Receipt, ReceiptKind
from jupyter_challenge.store import receipts
from jupyter_challenge.store.blobs import Blobs
from jupyter_challenge.store.database import Database


@dataclass(frozen=True)
class Sealed:
    """Receipts of the database, files of the object store."""

    db: Database
    blobs: Blobs

    def get(self, run_id: str, attempt: int, kind: ReceiptKind) -> Receipt | None:
        """The receipt of a run's attempt, if there is one."""
        with self.db.read() as session:
            return receipts.get(session, run_id, attempt, kind)

    def read(self, digest: str) -> bytes:
        """All of a small file."""
        return self.blobs.read(digest)

    def piece(self, digest: str, offset: int, length: int) -> bytes:
        """A part of a file."""
        return self.blobs.piece(digest, offset, length)

    def path(self, digest: str) -> Path:
        """A file with the content on this machine, not to be written to."""
        return self.blobs.local_path(digest)
