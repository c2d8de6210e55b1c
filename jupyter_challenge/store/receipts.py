"""Receipts: what each pod of a run handed in, sealed once and for all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from jupyter_challenge.core.errors import Conflict
from jupyter_challenge.core.run import Receipt, ReceiptKind, Stored
from jupyter_challenge.store.database import Database, Session
from jupyter_challenge.store.orm import ReceiptRow, utc_now


def get(session: Session, run_id: str, attempt: int, kind: ReceiptKind) -> Receipt | None:
    """The receipt of a run's attempt, if there is one."""
    row = session.get(ReceiptRow, (run_id, attempt, kind), populate_existing=True)
    return _receipt(row) if row is not None else None


def seal(
    db: Database,
    run_id: str,
    attempt: int,
    kind: ReceiptKind,
    *,
    namespace: str,
    pod_uid: str,
    files: Mapping[str, Stored],
) -> Receipt:
    """Seal what a pod handed in: the first one wins, the same again changes nothing.

    Raises:
        Conflict: Something else was sealed before.
    """
    digest = digest_of(files)
    row = ReceiptRow(
        run_id=run_id,
        attempt=attempt,
        kind=kind,
        namespace=namespace,
        pod_uid=pod_uid,
        at=utc_now(),
        files={name: stored.model_dump() for name, stored in files.items()},
        digest=digest,
    )
    try:
        with db.write() as session:
            found = get(session, run_id, attempt, kind)
            if found is None:
                session.add(row)
                session.flush()
                found = _receipt(row)
    except IntegrityError:
        # Another process sealed one between our look and our row.
        with db.read() as session:
            found = get(session, run_id, attempt, kind)
        if found is None:
            raise
    if found.digest != digest:
        raise Conflict(
            "Another output of this attempt was sealed before.",
            hint="One output of an attempt counts: the first.",
        )
    return found


def digest_of(files: Mapping[str, Stored]) -> str:
    """The sha256 of names and digests, whatever their order."""
    said = {name: stored.digest for name, stored in files.items()}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _receipt(row: ReceiptRow) -> Receipt:
    files: dict[str, Any] = row.files
    return Receipt(
        run_id=row.run_id,
        attempt=row.attempt,
        kind="evaluate" if row.kind == "evaluate" else "run",
        namespace=row.namespace,
        pod_uid=row.pod_uid,
        at=row.at,
        files={name: Stored.model_validate(each) for name, each in files.items()},
        digest=row.digest,
    )
