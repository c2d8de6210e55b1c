"""Keep what a run left behind: executed notebook, predictions and logs, as blobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from jupyter_challenge.engines.base import RunHandle, RunStatus
from jupyter_challenge.service.state import Service
from jupyter_challenge.store.orm import RunRow


@dataclass
class Kept:
    """Digests of what was kept."""

    notebook: str | None = None
    predictions: str | None = None
    samples: str | None = None
    logs: dict[str, str] = field(default_factory=dict)


def keep(service: Service, handle: RunHandle) -> Kept:
    """Store the files that the engine names; what is not there is not kept."""
    files = service.engine.files(handle)
    kept = Kept(
        notebook=_put(service, files.notebook), predictions=_put(service, files.predictions)
    )
    for step, path in files.logs.items():
        digest = _put(service, path)
        if digest is not None:
            kept.logs[step.value] = digest
    return kept


def note(run: RunRow, kept: Kept, status: RunStatus) -> None:
    """Write down what was kept and how the run ended."""
    run.notebook, run.predictions, run.samples = kept.notebook, kept.predictions, kept.samples
    run.logs = dict(kept.logs)
    run.steps = [step.model_dump(mode="json") for step in status.steps] or run.steps
    run.started_at = status.started_at or run.started_at


def _put(service: Service, path: Path | None) -> str | None:
    if path is None or not path.is_file():
        return None
    return service.blobs.put_file(path)[0]
