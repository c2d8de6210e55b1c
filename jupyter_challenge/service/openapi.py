"""The OpenAPI document with an example of every answer, each made by the models themselves."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from pydantic import BaseModel

from jupyter_challenge.core import models as m
from jupyter_challenge.core.challenge import Direction, SubmissionKind, TableFormat
from jupyter_challenge.core.errors import FAILURES, FailureClass
from jupyter_challenge.service.routes import API, Health

_AT = datetime(2026, 11, 21, 12, 30, tzinfo=timezone.utc)
_TEAM = m.TeamRef(id="5d1c0f6e-6b55-4a5c-9d86-0a2f5a0f8f11", name="ana")
_SUBMISSION = "0b9d3a52-6d7e-4f43-9d9c-3f5f0a7f2c14"
_VERSION = "3f1a" * 16
_DIGEST = "9f2c" * 16


def with_examples(document: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document of the routes, completed; the same wherever the service runs."""
    # So that the file changes only when the interface does.
    document["info"]["version"] = "1"
    # It travels as a form field beside the bundle, so that FastAPI does not know of it.
    wanted = m.SubmissionRequest.model_json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"].update(wanted.pop("$defs", {}))
    document["components"]["schemas"]["SubmissionRequest"] = wanted
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            example = EXAMPLES.get(f"{method.upper()} {path.removeprefix(API)}")
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get("application/json")
                if content is None:
                    continue
                shown = _REFUSED if status == "4XX" else example
                if shown is not None:
                    content["example"] = shown.model_dump(mode="json")
    return document


_SCORE = m.ScoreView(
    metric="accuracy",
    label="Accuracy",
    value=0.9667,
    display="0.9667",
    n=30,
    direction=Direction.MAXIMIZE,
    ranked=True,
)
_VERIFICATION = m.VerificationView(
    id="7f0e2c1d-4b7a-4f0e-8a53-91b6f6b0c3de",
    submission=_SUBMISSION,
    challenge="iris",
    by="ola",
    state=m.SubmissionState.SCORED,
    created_at=_AT,
    ended_at=_AT + timedelta(seconds=90),
    verdict="different",
    scores=[
        m.VerifiedScore(
            board="public",
            metric="accuracy",
            label="Accuracy",
            before="0.9667",
            again="0.9333",
            difference=-0.0333,
            same=False,
        )
    ],
)
_METRIC = m.MetricView(
    name="accuracy", label="Accuracy", direction=Direction.MAXIMIZE, precision=4, ranked=True
)
_STANDING = m.StandingView(
    rank=1,
    rank_to=3,
    move=2,
    team=_TEAM,
    mine=True,
    values={"accuracy": 0.9667},
    display={"accuracy": "0.9667"},
    entries=14,
    last_at=_AT,
    submission=_SUBMISSION,
)
_QUOTA = m.QuotaView(
    per_day=5,
    left_today=2,
    total=100,
    left_total=83,
    failures_per_day=5,
    failures_left_today=4,
    concurrent=2,
    active=1,
)
_PHASE = m.PhaseView(
    id="final",
    title="Final",
    state="open",
    starts_at=_AT - timedelta(days=4),
    ends_at=_AT + timedelta(days=3),
    has_private=True,
    reveals_at=_AT + timedelta(days=3),
    public_rows=15,
    private_rows=15,
    quota=_QUOTA,
)
_SUMMARY = m.ChallengeSummary(
    id="iris",
    title="Iris",
    summary="Tell three species of iris apart.",
    tags=["classification"],
    state="open",
    phase=_PHASE,
    entered=True,
    role=m.Role.PARTICIPANT,
    team=_TEAM,
    standing=_STANDING,
    teams=87,
    quota=_QUOTA,
    best=_SCORE,
)
_CHALLENGE = m.ChallengeView(
    **dict(_SUMMARY),
    description="# Iris\n\nFisher's irises.",
    version=_VERSION,
    published_at=_AT - timedelta(days=4),
    phases=[_PHASE],
    metrics=[_METRIC],
    output=m.OutputView(
        file="predictions.csv",
        format=TableFormat.CSV,
        id="id",
        columns=["species"],
        max_size=1_000_000,
    ),
    kinds=[SubmissionKind.NOTEBOOK, SubmissionKind.PREDICTIONS],
    max_files=100,
    max_size=100_000_000,
    limits=m.LimitsView(
        time=600, cpu=2, memory=4_000_000_000, processes=512, disk=2_000_000_000, gpu=0
    ),
    files=[m.DataFile(path="input/train.csv", size=2734, sha256=_DIGEST)],
    starter="model.ipynb",
    baselines=[m.BaselineView(title="One cut")],
    has_sample=True,
)
_STEPS = [
    m.StepView(
        name=name,
        state=m.StepState.SUCCEEDED,
        started_at=_AT,
        ended_at=_AT + timedelta(seconds=1),
    )
    for name in m.StepName
]
_SUBMITTED = m.SubmissionView(
    id=_SUBMISSION,
    number=14,
    challenge="iris",
    challenge_title="Iris",
    version=_VERSION,
    phase="final",
    phase_title="Final",
    team=_TEAM,
    user="ana",
    kind=SubmissionKind.NOTEBOOK,
    name="model.ipynb",
    digest=_DIGEST,
    files=[m.FileView(path="model.ipynb", size=14_212, sha256=_DIGEST)],
    parameters={"n_estimators": 200},
    environment={"kernel": "python3", "language": "python"},
    state=m.SubmissionState.SCORED,
    created_at=_AT,
    started_at=_AT,
    ended_at=_AT + timedelta(seconds=3),
    seconds=2.9,
    engine="local",
    attempt=1,
    steps=_STEPS,
    scores=[_SCORE],
    score=_SCORE,
    best_before=0.9333,
    improved=True,
    rank=1,
    rank_to=3,
    teams=87,
    is_best=True,
    has_notebook=True,
    has_logs=True,
)
_BOARD = m.BoardView(
    challenge="iris",
    title="Iris",
    phase="final",
    phase_title="Final",
    board="public",
    practice=True,
    metrics=[_METRIC],
    rows=[_STANDING],
    total=87,
    next="50",
    mine=_STANDING,
    updated_at=_AT,
)
_HISTORY = m.HistoryView(
    challenge="iris",
    phase="final",
    board="public",
    metric=_METRIC,
    points=[
        m.HistoryPoint(
            submission=_SUBMISSION,
            number=14,
            at=_AT,
            value=0.9667,
            display="0.9667",
            counts=True,
            is_best=True,
        )
    ],
    best=[m.HistoryStep(at=_AT, value=0.9667, display="0.9667")],
    leader=[m.HistoryStep(at=_AT - timedelta(days=1), value=0.9833, display="0.9833")],
)
_REFUSED = m.ErrorResponse(
    error=m.ErrorBody(
        code="quota_exceeded",
        message="All 5 submissions of today are used.",
        hint="There is room again at midnight in the zone Europe/Zurich.",
        details={"quota": "per_day", "next_at": "2026-11-21T23:00:00+00:00"},
    )
)
_PREVIEW = m.PublishPreview(
    challenge="iris",
    title="Iris",
    current=_DIGEST,
    digest=_VERSION,
    effects=[
        m.Effect(
            weight="notice",
            code="end",
            text="Final ends on 2026-12-01 18:00 CET instead of 2026-11-24 18:00 CET.",
            phrase=m.say(
                "%1 ends on %2 instead of %3.",
                "Final",
                m.Moment(at=_AT + timedelta(days=10), text="2026-12-01 18:00 CET"),
                m.Moment(at=_AT + timedelta(days=3), text="2026-11-24 18:00 CET"),
            ),
        )
    ],
    fields=[
        m.FieldChange(
            path="phases[final].end", before="2026-11-24T18:00:00", after="2026-12-01T18:00:00"
        )
    ],
    files=[
        m.FileChange(
            path="challenge.yaml",
            change="changed",
            size_before=2120,
            size_after=2120,
            diff="@@ -31,1 +31,1 @@\n-    end: 2026-11-24T18:00\n+    end: 2026-12-01T18:00",
        )
    ],
    unchanged=11,
)
_BY_SUBMISSION = "/submissions/{submission}"

EXAMPLES: dict[str, BaseModel] = {
    "GET /health": Health(),
    "GET /me": m.Me(
        name="ana",
        display_name="Ana",
        groups=["students"],
        place="embedded",
        practice=True,
        version="0.1.0",
    ),
    "GET /challenges": m.Page[m.ChallengeSummary](items=[_SUMMARY], total=1),
    "POST /challenges": _CHALLENGE,
    "GET /challenges/{challenge}": _CHALLENGE,
    "PATCH /challenges/{challenge}": _CHALLENGE,
    "POST /challenges/preview": _PREVIEW,
    "POST /challenges/{challenge}/dates/preview": _PREVIEW,
    "GET /challenges/{challenge}/overview": m.ChallengeOverview(
        challenge="iris",
        closed=False,
        version=_VERSION,
        number=3,
        published_at=_AT,
        published_by="olga",
        teams=87,
        submissions=412,
        today=31,
        failed_today=4,
        active=2,
        tries=1904,
        failures=[
            m.FailureCount(
                failure_class=FailureClass.WRONG_IDS,
                sentence=FAILURES[FailureClass.WRONG_IDS].sentence,
                fault=FAILURES[FailureClass.WRONG_IDS].fault,
                submissions=12,
                teams=9,
                last_at=_AT,
            )
        ],
    ),
    "GET /challenges/{challenge}/versions/{digest}/changes": m.VersionChanges(
        digest=_VERSION, before=_DIGEST, fields=_PREVIEW.fields, files=_PREVIEW.files
    ),
    "GET /challenges/{challenge}/versions": m.Page[m.VersionView](
        items=[
            m.VersionView(
                digest=_VERSION,
                number=3,
                published_at=_AT,
                published_by="olga",
                current=True,
                submissions=412,
                changed=["dates"],
            )
        ],
        total=1,
    ),
    "GET /challenges/{challenge}/quota": _QUOTA,
    "PUT /challenges/{challenge}/entry": _CHALLENGE,
    "GET /challenges/{challenge}/boards/{phase}/{board}": _BOARD,
    "GET /challenges/{challenge}/history": _HISTORY,
    "POST /challenges/{challenge}/submissions": _SUBMITTED.model_copy(
        update={
            "state": m.SubmissionState.QUEUED,
            "position": 1,
            "steps": [m.StepView(name=name) for name in m.StepName],
            "scores": [],
            "score": None,
            "rank": None,
            "is_best": False,
            "improved": None,
            "started_at": None,
            "ended_at": None,
            "seconds": None,
            "has_notebook": False,
            "has_logs": False,
        }
    ),
    "GET /submissions": m.Page[m.SubmissionView](items=[_SUBMITTED]),
    f"GET {_BY_SUBMISSION}": _SUBMITTED,
    f"POST {_BY_SUBMISSION}/cancel": _SUBMITTED.model_copy(
        update={"state": m.SubmissionState.CANCELLED, "scores": [], "score": None, "rank": None}
    ),
    f"PUT {_BY_SUBMISSION}/selection": _SUBMITTED.model_copy(update={"selected": True}),
    f"DELETE {_BY_SUBMISSION}/selection": _SUBMITTED,
    f"POST {_BY_SUBMISSION}/verify": _VERIFICATION.model_copy(
        update={"state": m.SubmissionState.QUEUED, "ended_at": None, "verdict": None, "scores": []}
    ),
    f"GET {_BY_SUBMISSION}/verifications": m.Page[m.VerificationView](
        items=[_VERIFICATION], total=1
    ),
    f"GET {_BY_SUBMISSION}/logs/{{step}}": m.LogChunk(
        step=m.StepName.RUN, offset=0, next=9, text="cell 3/7\n", ended=False
    ),
    "GET /profiles": m.Page[m.ProfileView](
        items=[
            m.ProfileView(
                id="h100",
                title="H100",
                cpu=16,
                memory=128_000_000_000,
                gpu=1,
                accelerator="NVIDIA H100",
                waiting=3,
                running=2,
                slots=2,
                wait_seconds=1200,
                sentence="One GPU of its own, on a machine that others use too.",
                environments={
                    "python3": m.EnvironmentView(
                        display_name="Python 3",
                        language="python",
                        version="3.11.9",
                        packages={"numpy": "2.1.3", "xgboost": "3.0.0"},
                    )
                },
            )
        ],
        total=1,
    ),
    "GET /changes": m.Changes(
        changes=[
            m.Change(seq=1042, kind=m.ChangeKind.SUBMISSION, challenge="iris", object=_SUBMISSION)
        ],
        next=1042,
    ),
}
