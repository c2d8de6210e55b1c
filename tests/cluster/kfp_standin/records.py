"""What the stand-in keeps of experiments and runs, and how it finds them again."""

from __future__ import annotations

import json
import operator
import pickle
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

OVER = {"SUCCEEDED", "FAILED"}


class Refused(Exception):
    """What the server answers instead; `code` is gRPC's, `status` HTTP's."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass
class Experiment:
    name: str
    namespace: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_at: datetime = field(default_factory=now)


@dataclass
class Run:
    """A run; `history` are its states so far, the last one is its state.

    `pods` of its pods were made, one more than it was tried again when all is well; `started` says
    in which of them a task was begun last, and when.
    """

    name: str
    experiment: Experiment
    pipeline: dict[str, Any]
    parameters: dict[str, Any]
    account: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_at: datetime = field(default_factory=now)
    finished_at: datetime | None = None
    history: list[tuple[datetime, str]] = field(default_factory=list)
    tasks: dict[str, str] = field(default_factory=dict)
    started: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    terminating: bool = False
    from_cache: bool = False
    tries: int = 0
    pods: int = 0

    @property
    def has_pod(self) -> bool:
        return self.pods > self.tries

    @property
    def done(self) -> list[str]:
        """Tasks that are not run again when the run is tried again."""
        return [name for name, state in self.tasks.items() if state == "SUCCEEDED"]

    @property
    def cached(self) -> bool:
        """Whether each of its tasks may be answered from the cache."""
        tasks = self.pipeline["root"]["dag"]["tasks"].values()
        return all((task.get("cachingOptions") or {}).get("enableCache") for task in tasks)

    @property
    def state(self) -> str:
        return self.history[-1][1]

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def workflow(self) -> str:
        """The name that Argo would give the run's workflow."""
        return f"{self.pipeline['pipelineInfo']['name']}-{self.id[:5]}"

    def becomes(self, state: str) -> None:
        if not self.history or self.state != state:
            self.history.append((now(), state))
        if state in OVER:
            self.finished_at = now()


class Records:
    """All of them, for any thread; in a file that outlives this process, where one is named."""

    def __init__(self, path: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.experiments: dict[str, Experiment] = {}
        self.runs: dict[str, Run] = {}
        self._path = path
        if path is not None and path.exists():
            self.experiments, self.runs = pickle.loads(path.read_bytes())

    def save(self) -> None:
        if self._path is not None:
            with self.lock:
                beside = self._path.with_suffix(".new")
                beside.write_bytes(pickle.dumps((self.experiments, self.runs)))
                beside.replace(self._path)

    def add_experiment(self, name: str, namespace: str) -> Experiment:
        with self.lock:
            if any((e.name, e.namespace) == (name, namespace) for e in self.experiments.values()):
                raise Refused(409, 6, f"Already exist error: experiment {name}")
            made = Experiment(name, namespace)
            self.experiments[made.id] = made
            self.save()
            return made

    def experiment(self, id: str) -> Experiment:
        with self.lock:
            if id not in self.experiments:
                raise Refused(404, 5, f"Experiment {id} not found")
            return self.experiments[id]

    def add(self, run: Run) -> None:
        with self.lock:
            run.becomes("PENDING")
            self.runs[run.id] = run
            self.save()

    def same_before(self, run: Run) -> Run | None:
        """A run that made what this one would make; images are told apart by their names alone."""

        def same(each: Run) -> tuple[Any, ...]:
            return each.experiment.namespace, each.pipeline, each.parameters

        with self.lock:
            for each in self.runs.values():
                if run.cached and each.state == "SUCCEEDED" and same(each) == same(run):
                    return each
        return None

    def run(self, id: str) -> Run:
        with self.lock:
            if id not in self.runs:
                raise Refused(404, 5, f"Run {id} not found")
            return self.runs[id]

    def found_experiments(self, namespace: str, said: str) -> list[Experiment]:
        with self.lock:
            found = list(self.experiments.values())
        wanted = _predicates(said)
        return [
            each
            for each in found
            if each.namespace == namespace
            and _matches(wanted, {"display_name": each.name, "name": each.name})
        ]

    def found_runs(self, namespace: str, said: str, *, newest_first: bool = False) -> list[Run]:
        with self.lock:
            found = list(self.runs.values())
        wanted = _predicates(said)
        return [
            each
            for each in sorted(found, key=lambda run: run.created_at, reverse=newest_first)
            if each.experiment.namespace == namespace
            and _matches(
                wanted,
                {
                    "run_id": each.id,
                    "display_name": each.name,
                    "name": each.name,
                    "state": each.state,
                    "created_at": each.created_at.replace(microsecond=0),
                },
            )
        ]


def _predicates(said: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(said).get("predicates") or [] if said else []
    except ValueError as error:
        raise Refused(400, 3, "Invalid input error: the filter is no JSON") from error
    return [dict(each) for each in found]


_TIMES = {
    "GREATER_THAN_EQUALS": operator.ge,
    "GREATER_THAN": operator.gt,
    "LESS_THAN_EQUALS": operator.le,
    "LESS_THAN": operator.lt,
}


def _matches(predicates: list[dict[str, Any]], values: dict[str, Any]) -> bool:
    for each in predicates:
        key, operation = each.get("key"), each.get("operation")
        if key not in values:
            raise Refused(400, 3, f"Invalid input error: no filter by {key}")
        if operation in _TIMES and key == "created_at":
            at = str(each.get("timestampValue") or each.get("timestamp_value"))
            if not _TIMES[operation](
                values[key], datetime.fromisoformat(at.replace("Z", "+00:00"))
            ):
                return False
            continue
        if operation == "EQUALS":
            wanted = [each.get("stringValue", each.get("string_value"))]
        elif operation == "IN":
            wanted = (each.get("stringValues") or each.get("string_values") or {})["values"]
        else:
            raise Refused(400, 3, f"Invalid input error: no operation {operation}")
        if values[key] not in wanted:
            return False
    return True
