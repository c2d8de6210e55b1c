"""What the stand-in says of runs: as the real answers of a server of version 2.17.0 do.

What is odd there is odd here: `finished_at` is 1970 until the end, an end of a task in the year 1,
a state may be absent, `error` always is, and an empty list is no list at all.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from .records import Experiment, Run

NEVER = "1970-01-01T00:00:00Z"
NO_END = "0001-01-01T00:00:00Z"


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def experiment(found: Experiment) -> dict[str, Any]:
    return {
        "experiment_id": found.id,
        "display_name": found.name,
        "created_at": moment(found.created_at),
        "namespace": found.namespace,
        "storage_state": "AVAILABLE",
        "last_run_created_at": NEVER,
    }


def run(found: Run) -> dict[str, Any]:
    said: dict[str, Any] = {
        "experiment_id": found.experiment.id,
        "run_id": found.id,
        "display_name": found.name,
        "storage_state": "AVAILABLE",
        "pipeline_spec": found.pipeline,
        "runtime_config": {"parameters": found.parameters},
        "service_account": found.account,
        "created_at": moment(found.created_at),
        "scheduled_at": moment(found.created_at),
        "finished_at": moment(found.finished_at) if found.finished_at else NEVER,
        "state": found.state,
        "state_history": [_state(at, state) for at, state in found.history],
        "plugins_output": {},
    }
    if found.state == "":
        del said["state"]
    if not found.parameters:
        del said["runtime_config"]
    if found.tasks:
        said["run_details"] = {"task_details": _tasks(found)}
    return said


def listed(runs: list[Run], total: int, more: str) -> dict[str, Any]:
    said: dict[str, Any] = {"runs": [run(each) for each in runs], "total_size": total}
    if not runs:
        said = {}
    if more:
        said["next_page_token"] = more
    return said


def _state(at: datetime, state: str) -> dict[str, Any]:
    return {"update_time": moment(at), **({"state": state} if state else {})}


def _tasks(found: Run) -> list[dict[str, Any]]:
    """An entry per node of the workflow, unsorted, with names that repeat."""
    nodes = [(found.workflow, found.state), ("root", found.state), ("root-driver", "SUCCEEDED")]
    for name, state in found.tasks.items():
        executor = "SKIPPED" if found.from_cache else state
        nodes += [(name, state), (f"{name}-driver", "SUCCEEDED"), ("executor", executor)]
    began = {name: at for name, (_, at) in found.started.items()}
    # Unsorted, yet the same in each answer.
    named = [(uuid.uuid5(uuid.UUID(found.id), f"{i}"), *node) for i, node in enumerate(nodes)]
    said = [
        {
            "run_id": found.id,
            "task_id": str(id),
            "display_name": name,
            "create_time": moment(found.created_at),
            "start_time": moment(began.get(name, found.created_at)),
            "end_time": moment(found.finished_at) if found.finished_at else NO_END,
            "state": state or "RUNNING",
            "state_history": [_state(found.created_at, state or "RUNNING")],
            "child_tasks": [{"pod_name": f"{found.workflow}-{id.int % 10**10}"}],
        }
        for id, name, state in sorted(named)
    ]
    if not found.cached or found.from_cache or not found.finished_at:
        return said
    # What was kept for the cache is an entry of its own, which has neither name nor state.
    return said + [
        {
            "run_id": found.id,
            "task_id": str(uuid.uuid5(uuid.UUID(found.id), f"kept {name}")),
            **{key: moment(found.finished_at) for key in ("create_time", "start_time", "end_time")},
            "execution_id": str(number),
        }
        for number, name in enumerate(found.tasks, 1)
    ]


def refusal(code: int, message: str) -> dict[str, Any]:
    details = [
        {
            "@type": "type.googleapis.com/google.rpc.Status",
            "code": code,
            "message": message,
        }
    ]
    return {"error": message, "code": code, "message": message, "details": details}
