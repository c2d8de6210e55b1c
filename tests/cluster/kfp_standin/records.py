"""What the stand-in keeps of experiments and runs, and how it finds them again."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
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
    """A run; `history` are its states so far, the last one is its state."""

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
    terminating: bool = False

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
    """All of them, for any thread."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.experiments: dict[str, Experiment] = {}
        self.runs: dict[str, Run] = {}

    def add_experiment(self, name: str, namespace: str) -> Experiment:
        with self.lock:
            if any((e.name, e.namespace) == (name, namespace) for e in self.experiments.values()):
                raise Refused(409, 6, f"Already exist error: experiment {name}")
            made = Experiment(name, namespace)
            self.experiments[made.id] = made
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

    def found_runs(self, namespace: str, said: str) -> list[Run]:
        with self.lock:
            found = list(self.runs.values())
        wanted = _predicates(said)
        return [
            each
            for each in sorted(found, key=lambda run: run.created_at)
            if each.experiment.namespace == namespace
            and _matches(
                wanted,
                {
                    "run_id": each.id,
                    "display_name": each.name,
                    "name": each.name,
                    "state": each.state,
                },
            )
        ]


def _predicates(said: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(said).get("predicates") or [] if said else []
    except ValueError as error:
        raise Refused(400, 3, "Invalid input error: the filter is no JSON") from error
    return [dict(each) for each in found]


def _matches(predicates: list[dict[str, Any]], values: dict[str, str]) -> bool:
    for each in predicates:
        key, operation = each.get("key"), each.get("operation")
        if key not in values:
            raise Refused(400, 3, f"Invalid input error: no filter by {key}")
        if operation == "EQUALS":
            wanted = [each.get("stringValue", each.get("string_value"))]
        elif operation == "IN":
            wanted = (each.get("stringValues") or each.get("string_values") or {})["values"]
        else:
            raise Refused(400, 3, f"Invalid input error: no operation {operation}")
        if values[key] not in wanted:
            return False
    return True
