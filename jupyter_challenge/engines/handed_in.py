"""What the pods of a run handed in, and what they print before that: logs, result and files."""

from __future__ import annotations

import codecs
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from jupyter_challenge.core.models import LogChunk, StepName
from jupyter_challenge.core.run import EvaluationResult, PodReport, Receipt, ReceiptKind
from jupyter_challenge.engines.base import RunFiles
from jupyter_challenge.engines.cluster_jobs import KINDS, ClusterJobs, Ref, order_of
from jupyter_challenge.engines.judging import Stage
from jupyter_challenge.steps.capped_log import CUT, MOST_LINES, first_lines

CHUNK = 1_000_000
LIVE_BYTES = 2_000_000
"""Bytes that are shown of a log while its step runs; all that was kept is shown once it is over."""

LOGS: dict[StepName, tuple[ReceiptKind, str]] = {
    StepName.PREPARE: ("run", "prepare.log"),
    StepName.RUN: ("run", "run.log"),
    StepName.EVALUATE: ("evaluate", "evaluate.log"),
}


class SealedFiles(Protocol):
    """What pods handed in."""

    def get(self, run_id: str, attempt: int, kind: ReceiptKind) -> Receipt | None:
        """The receipt of a run's attempt, if there is one."""
        ...

    def read(self, digest: str) -> bytes:
        """All of a small file."""
        ...

    def piece(self, digest: str, offset: int, length: int) -> bytes:
        """A part of a file."""
        ...

    def path(self, digest: str) -> Path:
        """A file with the content on this machine, not to be written to."""
        ...


class HandedIn:
    """Reads receipts, and of a step without one what its pod has printed."""

    def __init__(self, sealed: SealedFiles, jobs: ClusterJobs) -> None:
        """Read from there."""
        self._sealed = sealed
        self._jobs = jobs
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def report(self, ref: Ref, kind: ReceiptKind) -> PodReport | None:
        """How a Job's pod says that its step ended; None without a receipt."""
        receipt = self._sealed.get(ref.run_id, ref.attempt, kind)
        if receipt is None:
            return None
        return PodReport.model_validate_json(self._sealed.read(receipt.files["report.json"].digest))

    def log(self, ref: Ref, step: StepName, offset: int) -> LogChunk:
        """A step's log from a byte offset: live from its pod, later what was handed in."""
        kind, name = LOGS[step]
        receipt = self._sealed.get(ref.run_id, ref.attempt, kind)
        cut = False
        stored = receipt.files.get(name) if receipt is not None else None
        if stored is not None:
            data = self._sealed.piece(stored.digest, offset, CHUNK)
            over = offset + len(data) >= stored.size
        else:
            # Of an image's own program the kubelet alone has what it printed.
            look = self._jobs.look(ref, kind)
            printed = self._jobs.printed(look, step, min(offset + CHUNK, LIVE_BYTES))
            printed = first_lines(printed, MOST_LINES)
            data = printed[offset:]
            over = (receipt is not None or look.stage is Stage.OVER) and len(data) < CHUNK
            cut = len(printed) >= LIVE_BYTES or printed.count(b"\n") >= MOST_LINES
        # A character that the piece cuts in two belongs to the next piece.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(data, final=over)
        held = 0 if over else len(decoder.getstate()[0])
        return LogChunk(
            step=step,
            offset=offset,
            next=offset + len(data) - held,
            text=text,
            ended=over,
            truncated=cut or (over and text.endswith(CUT)),
        )

    def result(self, ref: Ref) -> EvaluationResult | None:
        """What the evaluation handed in, if it is a result."""
        receipt = self._sealed.get(ref.run_id, ref.attempt, "evaluate")
        stored = receipt.files.get("result.json") if receipt is not None else None
        if stored is None:
            return None
        try:
            return EvaluationResult.model_validate_json(self._sealed.read(stored.digest))
        except ValidationError:
            return None

    def files(self, ref: Ref) -> RunFiles:
        """The files that were handed in; of a step that could not, what its pod printed."""
        found: dict[str, Path] = {}
        for kind in KINDS:
            receipt = self._sealed.get(ref.run_id, ref.attempt, kind)
            if receipt is not None:
                for name, stored in receipt.files.items():
                    found[name] = self._sealed.path(stored.digest)
        logs = {step: found[name] for step, (_, name) in LOGS.items() if name in found}
        for step in LOGS:
            if step not in logs and (path := self._kept_print(ref, step)) is not None:
                logs[step] = path
        return RunFiles(
            notebook=found.get("executed.ipynb"), predictions=found.get("predictions"), logs=logs
        )

    def forget(self, ref: Ref) -> None:
        """Remove copies of what a run's pods printed."""
        if self._folder is not None:
            shutil.rmtree(Path(self._folder.name, ref.run_id), ignore_errors=True)

    def close(self) -> None:
        """Remove all copies."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _kept_print(self, ref: Ref, step: StepName) -> Path | None:
        look = self._jobs.look(ref, LOGS[step][0])
        order = order_of(look.job)
        cap = order.log if order is not None else CHUNK
        data = self._jobs.printed(look, step, cap + 1)
        if not data:
            return None
        fits = first_lines(data[:cap], MOST_LINES)
        if len(fits) < len(data):
            data = fits + CUT.encode()
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="challenge-logs-")
        path = Path(self._folder.name, ref.run_id, f"{step.value}.log")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path
