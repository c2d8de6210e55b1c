"""What travels into a run and out of it: values that the steps, the engines and the service share.

`engines.base` hands these names on to whoever talks to an engine.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from jupyter_challenge.core.challenge import (
    Evaluator,
    Limits,
    MetricSpec,
    Output,
    SubmissionKind,
)
from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import StepName, StepState

MOST_STATE = 1_000_000_000
"""Bytes of `$CHALLENGE_STATE` that outlive a run's pod at most."""

MOST_HEADERS = 50_000_000


def most_state(limits: Limits) -> int:
    """Bytes of `$CHALLENGE_STATE` that are kept of a run that has to make way."""
    return min(limits.disk, MOST_STATE)


def most_kept(limits: Limits) -> int:
    """Bytes of the tar in which they travel."""
    return most_state(limits) + MOST_HEADERS


class Spec(BaseModel):
    """A value that is fixed once made."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InputMount(Spec):
    """A file or folder of the challenge that a run sees under input/."""

    source: Path = Field(description="Absolute, on this machine; chosen by the service.")
    target: str = Field(description="Path under input/, such as train or test.csv.")


class VolumeMount(Spec):
    """A file or folder on a cluster's volume that a run sees under input/, read-only."""

    claim: str
    path: str = Field(description="On the volume.")
    target: str = Field(description="Path under input/, such as train or test.csv.")


class ImageFile(Spec):
    """A file or folder in a container image that a run gets a copy of."""

    path: str = Field(description="In the image, from its root.")
    target: str = Field(description="Path under input/, such as train or test.csv.")


class ImageFiles(Spec):
    """What of a container image a run sees under input/."""

    image: str = Field(description="With its digest.")
    size: int = Field(description="Bytes that the copies have at most.")
    files: list[ImageFile]


class EvaluationSpec(Spec):
    """How predictions become scores. Only the evaluate step is given this.

    `boards` maps public/private to the label rows that count there: None is every row, else the
    path of a JSON list of ids. `evaluator_file` is set for an organiser's own function.
    """

    labels: Path
    output: Output
    metrics: list[MetricSpec]
    evaluator: Evaluator | None = None
    evaluator_file: Path | None = None
    boards: dict[Literal["public", "private"], Path | None]
    digest: str = Field(description="Evaluator version: digest of evaluator, metrics and labels.")


class RunSpec(Spec):
    """Everything a run is given. Paths were chosen by the service, never by participants."""

    run_id: str
    submission_id: str
    challenge_id: str
    is_try: bool = False
    # Never told to a machine that runs participants' code: what is verified must not notice.
    is_verification: bool = Field(default=False, exclude=True)
    kind: SubmissionKind
    bundle: Path = Field(description="Zip with the notebook or predictions and declared files.")
    entry: str = Field(description="Path of the notebook or predictions file in the bundle.")
    parameters: dict[str, Any] = {}
    inputs: list[InputMount]
    volumes: list[VolumeMount] = []
    data_image: ImageFiles | None = None
    evaluation: EvaluationSpec
    limits: Limits
    attempt: int = 1
    team_id: str = ""
    image: str | None = Field(
        default=None, description="Image with a digest; that of the configuration when left out."
    )
    profile: str = Field(default="", description="The compute profile that was chosen.")
    data_size: int = Field(default=0, description="Bytes of the inputs and of the submission.")

    def without_evaluation(self) -> RunSpec:
        """The same without how it is scored: what a machine may know that runs participant code.

        Of the evaluation only the shape of the output stays.
        """
        return self.model_copy(
            update={
                "evaluation": EvaluationSpec(
                    labels=Path("/nonexistent"),
                    output=self.evaluation.output,
                    metrics=[],
                    boards={},
                    digest="",
                )
            }
        )


class RunFailure(Spec):
    """Why a run failed, with what only those see who may see everything."""

    failure_class: FailureClass
    step: StepName | None = None
    cell: int | None = Field(default=None, description="Failing code cell, counted from 1.")
    cell_index: int | None = Field(default=None, description="Index in the notebook's cells.")
    detail: str = ""

    @field_validator("detail")
    @classmethod
    def _storable(cls, detail: str) -> str:
        """Every text that a notebook raises can be stored and sent, halves of characters too."""
        return detail.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


class MetricResult(Spec):
    """One metric on one board, as the evaluator found it."""

    value: float
    stderr: float | None = None
    n: int | None = None


class EvaluationResult(Spec):
    """What the evaluate step wrote: board -> metric -> result."""

    digest: str
    boards: dict[Literal["public", "private"], dict[str, MetricResult]]
    per_sample: dict[str, dict[str, float]] | None = Field(
        default=None, description="metric -> id -> value; the organiser's alone."
    )


ReceiptKind = Literal["run", "evaluate"]


class Stored(Spec):
    """A file that was stored: its sha256 and its size in bytes."""

    digest: str
    size: int


class Receipt(Spec):
    """What a pod of a run handed in, sealed by the gateway."""

    run_id: str
    attempt: int
    kind: ReceiptKind
    namespace: str
    pod_uid: str
    at: datetime
    files: dict[str, Stored] = Field(description="By name, such as predictions or run.log.")
    digest: str


class FollowedStep(Spec):
    """How a step is that a pod of Kubeflow Pipelines follows: all that such a pod is told.

    What it is told anybody may read who reaches that server: ids, and nothing of what was scored.
    """

    submission: str
    attempt: int
    challenge: str
    state: StepState
    over: bool = Field(description="Whether there is nothing more to follow.")
    well: bool = Field(default=False, description="Whether the step has done what it is for.")


class PodReport(Spec):
    """What the platform's container in a pod says of the step beside it."""

    ended: bool = Field(description="Whether the step came to its own end.")
    failure: RunFailure | None = None
