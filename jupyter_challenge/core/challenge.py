"""A challenge as its organiser writes it: `challenge.yaml`, as pydantic models.

The models check what can be checked in the text alone; `load_challenge` also checks the files
it names. Sizes are bytes and durations seconds once loaded; in YAML they may be written as
`"2 GB"` and `"10 min"`.
"""

from __future__ import annotations

from datetime import datetime, timezone
from enum import Enum
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from jupyter_challenge.core.challenge_data import Data
from jupyter_challenge.core.challenge_parts import FileName, Part, RelativePath, Slug
from jupyter_challenge.core.units import Duration, Size


class SubmissionKind(str, Enum):
    """What a team may hand in."""

    NOTEBOOK = "notebook"
    PREDICTIONS = "predictions"
    CONTAINER = "container"


class TableFormat(str, Enum):
    """Formats of predictions and labels; all of them data only, none of them can hold code."""

    CSV = "csv"
    PARQUET = "parquet"
    NPZ = "npz"
    JSON = "json"


class Output(Part):
    """The predictions file that a run must leave in $CHALLENGE_OUTPUT."""

    file: FileName = Field(default="predictions.csv", description="Name in the output folder.")
    format: TableFormat | None = Field(
        default=None, description="Taken from the file's ending when left out."
    )
    id: str = Field(default="id", description="Column (or array) that names the test row.")
    prediction: str | list[str] = Field(
        default="prediction", description="Column or columns with the predictions."
    )
    extra_ids: Literal["error", "ignore"] = Field(
        default="error", description="What to do with ids that are not in the test data."
    )
    ordered: bool = Field(
        default=False, description="Whether rows must be in the order of the test data."
    )
    max_size: Size = Field(default=100_000_000, description="Largest predictions file.")

    @property
    def table_format(self) -> TableFormat:
        """The format, from `format` or from the file's ending."""
        return self.format or TableFormat(self.file.rsplit(".", 1)[-1].lower())

    @property
    def columns(self) -> list[str]:
        """The prediction columns as a list."""
        return [self.prediction] if isinstance(self.prediction, str) else list(self.prediction)

    @model_validator(mode="after")
    def _known_format(self) -> Output:
        suffix = self.file.rsplit(".", 1)[-1].lower()
        if self.format is None and suffix not in {f.value for f in TableFormat}:
            raise ValueError(
                f'cannot tell the format of "{self.file}"; '
                "add `format: csv` (or parquet, npz, json)"
            )
        return self


class SubmissionRules(Part):
    """What a team hands in."""

    kinds: list[SubmissionKind] = Field(
        default=[SubmissionKind.NOTEBOOK, SubmissionKind.PREDICTIONS],
        min_length=1,
        description="What may be handed in.",
    )
    output: Output = Field(default_factory=Output)
    max_files: int = Field(default=100, ge=0, description="Files that may travel with a notebook.")
    max_size: Size = Field(default=100_000_000, description="All files of a submission together.")


class Direction(str, Enum):
    """Which way is better."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"


class MetricSpec(Part):
    """One metric of the challenge: built in by name, or a key of the organiser's `evaluate`."""

    name: Slug | Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        description="Built-in metric, or a key that the evaluator returns."
    )
    title: str | None = Field(default=None, description="Column title; the name when left out.")
    direction: Direction | None = Field(
        default=None, description="Needed for metrics of an evaluator; built-ins know theirs."
    )
    bounds: tuple[float | None, float | None] | None = Field(
        default=None, description="[lowest, highest] possible value; outside is invalid."
    )
    precision: int = Field(default=4, ge=0, le=15, description="Decimals that rank and are shown.")
    ranked: bool = Field(default=False, description="Whether this metric decides the rank.")
    options: dict[str, Any] = Field(
        default_factory=dict, description="Options of a built-in metric, such as average: macro."
    )

    @property
    def label(self) -> str:
        """What the column is called."""
        return self.title or self.name.replace("_", " ")


class Evaluator(Part):
    """The organiser's own evaluation: `evaluate(labels, predictions) -> dict`."""

    file: RelativePath = Field(default="evaluate.py", description="Python file in the folder.")
    function: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*$")] = Field(
        default="evaluate", description="Function in that file."
    )


class Quota(Part):
    """How much a team may submit in a phase; `None` is no limit."""

    per_day: int | None = Field(default=None, ge=0, description="Accepted a day, in the zone.")
    total: int | None = Field(default=None, ge=0, description="Accepted in the whole phase.")
    failures_per_day: int | None = Field(
        default=None, ge=0, description="Own failures a day; they do not use the quota above."
    )
    concurrent: int = Field(default=2, ge=1, description="Queued or running at a time.")


class Split(Part):
    """Public and private part of the labels."""

    public: float = Field(gt=0, lt=1, description="Share of the test rows on the public board.")
    stratify: str | bool = Field(
        default=True, description="Keep class shares alike: true, false, or a column of the labels."
    )
    seed: int = Field(default=0, description="Seed of the split; the same seed, the same split.")


class Feedback(str, Enum):
    """What a participant sees of a run besides its score."""

    FULL = "full"
    CLASS_ONLY = "class_only"


class CountingRule(str, Enum):
    """Which submission of a team stands on the board."""

    BEST_PUBLIC = "best_public"
    LAST = "last"
    SELECTED = "selected"


class Counting(Part):
    """Which submissions count: on the private board; the public board shows the best public."""

    rule: CountingRule = CountingRule.BEST_PUBLIC
    max_selected: int = Field(
        default=2, ge=1, le=10, description="For rule `selected`: up to so many."
    )


class TieRule(str, Enum):
    """What happens when ranked scores are equal at the declared precision."""

    SHARED = "shared"
    EARLIEST = "earliest"


def _zoned(value: datetime | None, zone: str) -> datetime | None:
    if value is None or value.tzinfo is not None:
        return value
    return value.replace(tzinfo=ZoneInfo(zone))


class Phase(Part):
    """A time window with its own limits, split and visibility."""

    id: Slug = Field(description="Short name in addresses and commands.")
    title: str | None = Field(
        default=None, description="What people read; made of the id when left out."
    )
    start: datetime | None = Field(default=None, description="Open from the start when left out.")
    end: datetime | None = Field(default=None, description="Never ends when left out.")
    zone: str = Field(default="UTC", description="Zone of times without one, and of the day.")
    ranked: bool = Field(
        default=False, description="Ranked phases run only where runs are isolated from labels."
    )
    quota: Quota = Field(default_factory=Quota)
    split: Split | None = Field(default=None, description="Left out: one public board over all.")
    reveal: Literal["end", "never"] | datetime = Field(
        default="end", description="When the private board opens: end, never, or a time."
    )
    feedback: Feedback | None = Field(
        default=None, description="class_only where the test data is hidden, else full."
    )
    counting: Counting = Field(default_factory=Counting)
    ties: TieRule = TieRule.SHARED

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(
                f'"{value}" is not a time zone; write for example Europe/Zurich or UTC'
            ) from error
        return value

    @model_validator(mode="after")
    def _ordered_times(self) -> Phase:
        start, end = self.starts_at, self.ends_at
        if start and end and end <= start:
            raise ValueError("the phase ends before it starts: `end` must be after `start`")
        if self.reveal == "end" and self.split and end is None:
            raise ValueError(
                "a private board that is revealed at the end needs an `end`; "
                "or write `reveal: never` or a time"
            )
        return self

    @property
    def label(self) -> str:
        """What people call the phase."""
        return self.title or self.id.replace("-", " ").capitalize()

    @property
    def starts_at(self) -> datetime | None:
        """Start with a zone."""
        return _zoned(self.start, self.zone)

    @property
    def ends_at(self) -> datetime | None:
        """End with a zone."""
        return _zoned(self.end, self.zone)

    @property
    def reveals_at(self) -> datetime | None:
        """When the private board opens, with a zone; None for never."""
        if self.split is None or self.reveal == "never":
            return None
        return self.ends_at if self.reveal == "end" else _zoned(self.reveal, self.zone)

    def revealed(self, now: datetime) -> bool:
        """Whether the private board is open at `now`."""
        at = self.reveals_at
        return at is not None and now >= at

    def state(self, now: datetime) -> Literal["soon", "open", "ended"]:
        """Where `now` is in the window."""
        if self.starts_at and now < self.starts_at:
            return "soon"
        if self.ends_at and now >= self.ends_at:
            return "ended"
        return "open"


class Limits(Part):
    """What one run may use."""

    time: Duration = Field(default=600, description="Wall time of a whole run.")
    cpu: float = Field(default=2, gt=0, description="Cores.")
    memory: Size = Field(default=4_000_000_000, description="Memory of all processes together.")
    processes: int = Field(default=512, ge=1, description="Processes at a time.")
    disk: Size = Field(default=2_000_000_000, description="Written in the run's folders.")
    gpu: int = Field(default=0, ge=0, description="GPUs.")
    log: Size = Field(default=10_000_000, description="Log kept of each step.")
    notebook: Size = Field(default=50_000_000, description="Executed notebook with its outputs.")


class Access(Part):
    """Who may see and enter the challenge."""

    mode: Literal["open", "group", "invitation"] = Field(
        default="open", description="Everybody, members of `groups`, or those `invited`."
    )
    groups: list[str] = Field(default_factory=list, description="For mode group.")
    invited: list[str] = Field(default_factory=list, description="User names, for invitation.")
    organisers: list[str] = Field(
        default_factory=list, description="User or group:NAME who may manage it besides the author."
    )


class Baseline(Part):
    """A submission of the organiser's that shows what is easily reached.

    With both sources the predictions are what the notebook has made: they are handed in, so that
    nobody has to wait for it or to install what it needs.
    """

    title: str = Field(description="What people read on the board.")
    notebook: RelativePath | None = Field(default=None, description="Notebook that is submitted.")
    predictions: RelativePath | None = Field(
        default=None, description="Predictions file that is submitted, instead of a notebook."
    )
    shared: bool = Field(default=False, description="Whether participants get the notebook.")

    @model_validator(mode="after")
    def _a_source(self) -> Baseline:
        if self.notebook is None and self.predictions is None:
            raise ValueError("a baseline needs a `notebook`, a `predictions` file, or both")
        if self.shared and self.notebook is None:
            raise ValueError("only a baseline's notebook can be `shared`")
        return self

    @property
    def entry(self) -> str:
        """What is handed in."""
        return str(self.predictions or self.notebook)


class Challenge(Part):
    """A challenge: what `challenge.yaml` says."""

    id: Slug = Field(description="Short name in addresses and commands.")
    title: Annotated[str, StringConstraints(min_length=1, max_length=120)] = Field(
        description="What people read."
    )
    summary: Annotated[str, StringConstraints(max_length=300)] = Field(
        default="", description="One sentence for lists."
    )
    description: RelativePath = Field(default="README.md", description="Markdown file.")
    terms: RelativePath | None = Field(
        default=None, description="Markdown file that teams accept when they enter."
    )
    tags: list[str] = Field(default_factory=list, description="Words to search for.")
    data: Data
    submission: SubmissionRules = Field(default_factory=SubmissionRules)
    evaluator: Evaluator | None = Field(
        default=None, description="Own evaluation; metrics then name keys of what it returns."
    )
    metrics: list[MetricSpec] = Field(min_length=1)
    phases: list[Phase] = Field(min_length=1)
    limits: Limits = Field(default_factory=Limits)
    profiles: list[str] = Field(
        default_factory=list, description="Allowed compute profiles; any when left out."
    )
    access: Access = Field(default_factory=Access)
    starter: RelativePath | None = Field(default=None, description="Notebook to begin with.")
    baselines: list[Baseline] = Field(default_factory=list)

    @model_validator(mode="after")
    def _unique_names(self) -> Challenge:
        for what, names in (
            ("metric", [m.name for m in self.metrics]),
            ("phase", [p.id for p in self.phases]),
        ):
            double = {name for name in names if names.count(name) > 1}
            if double:
                raise ValueError(f"{what} named twice: {', '.join(sorted(double))}")
        if sum(m.ranked for m in self.metrics) > 1:
            raise ValueError("only one metric may be `ranked: true`")
        return self

    @property
    def ranked_metric(self) -> MetricSpec:
        """The metric that decides the rank: the one marked, else the first."""
        return next((m for m in self.metrics if m.ranked), self.metrics[0])

    def phase(self, phase_id: str) -> Phase | None:
        """The phase of that id."""
        return next((p for p in self.phases if p.id == phase_id), None)

    def current_phase(self, now: datetime | None = None) -> Phase:
        """The open phase that ends first, else the next to come, else the last to have ended."""
        now = now or datetime.now(timezone.utc)
        far = datetime.max.replace(tzinfo=timezone.utc)
        near = datetime.min.replace(tzinfo=timezone.utc)
        for state, key, last in (
            ("open", lambda p: p.ends_at or far, False),
            ("soon", lambda p: p.starts_at or far, False),
            ("ended", lambda p: p.ends_at or near, True),
        ):
            of_state = sorted((p for p in self.phases if p.state(now) == state), key=key)
            if of_state:
                return of_state[-1] if last else of_state[0]
        return self.phases[0]

    def feedback(self, phase: Phase) -> Feedback:
        """What participants see of runs in the phase."""
        if phase.feedback is not None:
            return phase.feedback
        return Feedback.CLASS_ONLY if self.data.test_is_hidden else Feedback.FULL
