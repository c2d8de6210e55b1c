"""Everything of a challenge in one zip, for its organisers."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from typing import IO, Any

from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.boards import harmless
from jupyter_challenge.service.seeing import manage
from jupyter_challenge.service.state import Service
from jupyter_challenge.store import audit, challenges, runs, scores, submissions
from jupyter_challenge.store.orm import RunRow, SubmissionRow

_EPOCH = (1980, 1, 1, 0, 0, 0)


def export(service: Service, identity: Identity, challenge_id: str) -> IO[bytes]:
    """Write submissions, scores, audit, bundles, notebooks, predictions and logs into a zip.

    Returns:
        An open temporary file, at its beginning.
    """
    with service.db.read() as session:
        seen = manage(session, identity, challenge_id)
        rows = list(submissions.of_challenge(session, challenge_id))
        ids = [row.id for row in rows]
        latest, scored = {}, {}
        for start in range(0, len(ids), 500):
            latest.update(runs.latest(session, ids[start : start + 500]))
            scored.update(scores.of_submissions(session, ids[start : start + 500]))
        teams = challenges.teams(session, {row.team_id for row in rows})
        lines = audit.lines(session, challenge_id)
    # It is handed to the response, which closes it.
    file = tempfile.TemporaryFile(dir=service.config.root)  # noqa: SIM115
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as out:
            _write(out, "challenge.json", json.dumps(seen.version.spec, indent=2).encode())
            table, writer = _table(
                "id", "number", "is_try", "team", "user", "phase", "version", "kind", "entry",
                "state", "fault", "failure", "created_at", "started_at", "ended_at", "note",
                "verifies",
            )  # fmt: skip
            for row in rows:
                run = latest.get(row.id)
                failure = (run.failure or {}).get("failure_class", "") if run else ""
                writer.writerow(
                    [
                        row.id, row.number, row.is_try, harmless(teams[row.team_id].name),
                        harmless(row.user), row.phase, row.version, row.kind, harmless(row.entry),
                        row.state, row.fault or "", failure, row.created_at.isoformat(),
                        row.started_at.isoformat() if row.started_at else "",
                        row.ended_at.isoformat() if row.ended_at else "", harmless(row.note),
                        row.verifies or "",
                    ]
                )  # fmt: skip
            _write(out, "submissions.csv", table.getvalue().encode())
            table, writer = _table(
                "submission", "run", "board", "metric", "evaluator", "value", "stderr", "n"
            )
            for row in rows:
                for score in scored.get(row.id, []):
                    writer.writerow(
                        [
                            row.id, score.run_id, score.board, score.metric, score.evaluator,
                            repr(score.value), "" if score.stderr is None else repr(score.stderr),
                            "" if score.n is None else score.n,
                        ]
                    )  # fmt: skip
            _write(out, "scores.csv", table.getvalue().encode())
            noted = [
                {
                    "at": line.at.isoformat(),
                    "user": line.user,
                    "action": line.action,
                    "object": line.object,
                    "details": line.details,
                }
                for line in lines
            ]
            _write(out, "audit.json", json.dumps(noted, indent=2).encode())
            for row in rows:
                _add_files(service, out, row, latest.get(row.id))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _add_files(
    service: Service, out: zipfile.ZipFile, row: SubmissionRow, run: RunRow | None
) -> None:
    folder = f"submissions/{row.id}"
    digests = {"bundle.zip": row.bundle}
    if run is not None:
        if run.notebook:
            digests["notebook.ipynb"] = run.notebook
        if run.predictions:
            digests["predictions"] = run.predictions
        if run.samples:
            digests["evaluation.json"] = run.samples
        digests.update({f"{step}.log": digest for step, digest in run.logs.items()})
    for name, digest in digests.items():
        if service.blobs.size(digest) is None:
            continue
        with out.open(zipfile.ZipInfo(f"{folder}/{name}", _EPOCH), "w") as target:
            for piece in service.blobs.stream(digest):
                target.write(piece)


def _write(out: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    out.writestr(info, content)


def _table(*columns: str) -> tuple[io.StringIO, Any]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    return text, writer
