"""The tables. Every time is UTC with a zone, every id a uuid in text, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def utc_now() -> datetime:
    """The time now, UTC with a zone."""
    return datetime.now(timezone.utc)


class UtcDateTime(TypeDecorator[datetime]):
    """A time with a zone; SQLite, which keeps none, is given UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse times without a zone and turn the others into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value}")
        value = value.astimezone(timezone.utc)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every time back as UTC with a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=timezone.utc)
        return value.astimezone(timezone.utc)


# SQLite counts up by itself only in a column of exactly this type.
AutoInteger = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """Parent of all tables; constraints are named, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcDateTime(),
        float: Double(),
        dict[str, Any]: JSON(),
        list[dict[str, Any]]: JSON(),
        list[str]: JSON(),
    }


class ChallengeRow(Base):
    """A challenge; what it says is in its current version."""

    __tablename__ = "challenge"

    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    owner: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
    current: Mapped[str] = mapped_column(String(64))
    closed: Mapped[bool] = mapped_column(default=False)


class VersionRow(Base):
    """A published version, never changed; `digest` is that of its manifest.

    `spec` is the whole `Challenge`, `manifest` the files of the folder as path, size and sha256.
    `layout` says where a version's folder holds what, `evaluators` maps a phase to the digest of
    what decides its scores, `splits` maps a phase to the blobs with the ids of its boards.
    """

    __tablename__ = "version"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    challenge_id: Mapped[str] = mapped_column(ForeignKey("challenge.id"), index=True)
    number: Mapped[int]
    published_at: Mapped[datetime]
    published_by: Mapped[str] = mapped_column(String(255))
    spec: Mapped[dict[str, Any]]
    manifest: Mapped[list[dict[str, Any]]]
    layout: Mapped[dict[str, Any]]
    evaluators: Mapped[dict[str, Any]]
    splits: Mapped[dict[str, Any]]
    description: Mapped[str] = mapped_column(Text)
    terms: Mapped[str] = mapped_column(Text)
    terms_digest: Mapped[str | None] = mapped_column(String(64))


class TeamRow(Base):
    """Who competes in one challenge; quotas and ranks are the team's."""

    __tablename__ = "team"
    __table_args__ = (UniqueConstraint("challenge_id", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    challenge_id: Mapped[str] = mapped_column(ForeignKey("challenge.id"))
    name: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]


class MemberRow(Base):
    """A user in a team; nobody is in two teams of a challenge."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("challenge_id", "user"),)

    team_id: Mapped[str] = mapped_column(ForeignKey("team.id"), primary_key=True)
    user: Mapped[str] = mapped_column(String(255), primary_key=True)
    challenge_id: Mapped[str] = mapped_column(ForeignKey("challenge.id"))
    joined_at: Mapped[datetime]


class EntryRow(Base):
    """A team's entry: which terms it accepted. Its row is the lock under which quotas are taken."""

    __tablename__ = "entry"

    team_id: Mapped[str] = mapped_column(ForeignKey("team.id"), primary_key=True)
    challenge_id: Mapped[str] = mapped_column(ForeignKey("challenge.id"), index=True)
    user: Mapped[str] = mapped_column(String(255))
    terms_digest: Mapped[str | None] = mapped_column(String(64))
    entered_at: Mapped[datetime]
    last_number: Mapped[int] = mapped_column(default=0)
    last_try: Mapped[int] = mapped_column(default=0)


class SubmissionRow(Base):
    """What a team handed in; only its state changes, and a terminal state never does.

    `fault` and `failure` are set on failed ones, `started_at` once a run really began: `fault` and
    it decide what a quota counts. `best_before`, `score` are the team's ranked public values at
    scoring. `image` has a digest: that of a container or of a hub's server, else what the
    configuration's image was when the submission first ran; None until that is known.

    `is_try` is true of all that counts nowhere: tries, and what `verifies` another submission.
    """

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("team_id", "is_try", "number"),
        Index("ix_submission_quota", "team_id", "phase", "is_try", "created_at"),
        Index("ix_submission_challenge", "challenge_id", "created_at"),
        Index("ix_submission_state", "state"),
        Index("ix_submission_failure", "challenge_id", "failure"),
        Index("ix_submission_verifies", "verifies"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    challenge_id: Mapped[str] = mapped_column(ForeignKey("challenge.id"))
    team_id: Mapped[str] = mapped_column(ForeignKey("team.id"))
    user: Mapped[str] = mapped_column(String(255))
    version: Mapped[str] = mapped_column(ForeignKey("version.digest"))
    phase: Mapped[str] = mapped_column(String(63))
    number: Mapped[int]
    is_try: Mapped[bool]
    kind: Mapped[str] = mapped_column(String(16))
    entry: Mapped[str] = mapped_column(Text)
    bundle: Mapped[str] = mapped_column(String(64))
    files: Mapped[list[dict[str, Any]]]
    parameters: Mapped[dict[str, Any]]
    environment: Mapped[dict[str, Any]]
    profile: Mapped[str | None] = mapped_column(String(63))
    note: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(16))
    cancel: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    fault: Mapped[str | None] = mapped_column(String(16))
    score: Mapped[float | None]
    best_before: Mapped[float | None]
    failure: Mapped[str | None] = mapped_column(String(32))
    image: Mapped[str | None] = mapped_column(Text)
    verifies: Mapped[str | None] = mapped_column(String(36))

    @property
    def sampled(self) -> bool:
        """Whether it is run on the public sample: a try is, what verifies another never."""
        return self.is_try and self.verifies is None


class RunRow(Base):
    """One execution of a submission on an engine.

    A run is `waiting` until the loop claims it, then what its engine says. `cleared` is false as
    long as the engine may still hold something of it. `kept` is a tar of $CHALLENGE_STATE as it was
    when the run last had to make way, which it did `interruptions` times. `queued_at` is since when
    it waits for its turn, here or in a queue of the engine's; `waited` are the seconds that it did
    before, all together. `holder` is the service that follows it until
    `held_until`, where several share a database.
    """

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("submission_id", "attempt"),
        Index("ix_run_cleared", "cleared", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"))
    attempt: Mapped[int]
    engine: Mapped[str] = mapped_column(String(32))
    handle: Mapped[dict[str, Any] | None]
    state: Mapped[str] = mapped_column(String(16))
    cleared: Mapped[bool] = mapped_column(default=False)
    steps: Mapped[list[dict[str, Any]]]
    failure: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    notebook: Mapped[str | None] = mapped_column(String(64))
    predictions: Mapped[str | None] = mapped_column(String(64))
    samples: Mapped[str | None] = mapped_column(String(64))
    kept: Mapped[str | None] = mapped_column(String(64))
    interruptions: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime | None]
    waited: Mapped[float] = mapped_column(default=0.0)
    logs: Mapped[dict[str, Any]]
    holder: Mapped[str | None] = mapped_column(String(36))
    held_until: Mapped[datetime | None]


class ReceiptRow(Base):
    """What a pod of a run handed in, sealed: one per run, attempt and kind, never changed.

    `files` maps a name to digest and size of a blob, `digest` is that of all of them.
    """

    __tablename__ = "receipt"

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    namespace: Mapped[str] = mapped_column(String(63))
    pod_uid: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime]
    files: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))


class PipelineRow(Base):
    """A run that Kubeflow Pipelines conducts: which of its runs that is, and what was said so far.

    `order` is what the run's Jobs are made from, `asked` maps a step to the time at which its pod
    asked for its Job. `ended_at` and `why` say that the service itself had the pipeline ended.
    """

    __tablename__ = "pipeline"

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    kfp_run: Mapped[str] = mapped_column(String(64), unique=True)
    order: Mapped[dict[str, Any]]
    asked: Mapped[dict[str, Any]]
    begun: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    why: Mapped[dict[str, Any] | None]


class ScoreRow(Base):
    """One finite number; unique, so that scoring twice changes nothing."""

    __tablename__ = "score"
    __table_args__ = (UniqueConstraint("run_id", "board", "metric", "evaluator"),)

    id: Mapped[int] = mapped_column(AutoInteger, primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"))
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), index=True)
    board: Mapped[str] = mapped_column(String(8))
    metric: Mapped[str] = mapped_column(String(63))
    evaluator: Mapped[str] = mapped_column(String(64))
    value: Mapped[float]
    stderr: Mapped[float | None]
    n: Mapped[int | None]
    created_at: Mapped[datetime]


class StandingRow(Base):
    """A team's counting scores on a board, kept in the transaction that stores a score.

    `evaluator` is part of the key: scores of different evaluations never stand beside each other.
    `seq` is the change that wrote the row last.
    """

    __tablename__ = "standing"
    __table_args__ = (
        Index("ix_standing_seq", "challenge_id", "phase", "board", "evaluator", "seq"),
    )

    challenge_id: Mapped[str] = mapped_column(ForeignKey("challenge.id"), primary_key=True)
    phase: Mapped[str] = mapped_column(String(63), primary_key=True)
    board: Mapped[str] = mapped_column(String(8), primary_key=True)
    evaluator: Mapped[str] = mapped_column(String(64), primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("team.id"), primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"))
    value: Mapped[float]
    metrics: Mapped[dict[str, Any]]
    entries: Mapped[int]
    reached_at: Mapped[datetime]
    last_at: Mapped[datetime]
    seq: Mapped[int] = mapped_column(BigInteger)


class StandingLogRow(Base):
    """How a standing came to be: a row whenever another submission began to count."""

    __tablename__ = "standing_log"
    __table_args__ = (
        Index("ix_standing_log_board", "challenge_id", "phase", "board", "evaluator", "at"),
    )

    id: Mapped[int] = mapped_column(AutoInteger, primary_key=True)
    challenge_id: Mapped[str] = mapped_column(ForeignKey("challenge.id"))
    phase: Mapped[str] = mapped_column(String(63))
    board: Mapped[str] = mapped_column(String(8))
    evaluator: Mapped[str] = mapped_column(String(64))
    team_id: Mapped[str] = mapped_column(ForeignKey("team.id"))
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"))
    metrics: Mapped[dict[str, Any]]
    reached_at: Mapped[datetime]
    at: Mapped[datetime]


class SelectionRow(Base):
    """A submission that its team chose to count."""

    __tablename__ = "selection"
    __table_args__ = (Index("ix_selection_team", "team_id", "phase"),)

    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("team.id"))
    phase: Mapped[str] = mapped_column(String(63))
    user: Mapped[str] = mapped_column(String(255))
    selected_at: Mapped[datetime]


class ChangeRow(Base):
    """A line of the change feed. Without `team_id` everybody who may see the challenge sees it."""

    __tablename__ = "change"
    # Pruning must never lead to a number being given out twice.
    __table_args__ = {"sqlite_autoincrement": True}

    seq: Mapped[int] = mapped_column(AutoInteger, primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    challenge_id: Mapped[str] = mapped_column(String(63))
    object: Mapped[str] = mapped_column(String(255))
    team_id: Mapped[str | None] = mapped_column(String(36))


class IdempotencyRow(Base):
    """A key that a team used once, and what came of it."""

    __tablename__ = "idempotency"

    team_id: Mapped[str] = mapped_column(ForeignKey("team.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    body: Mapped[str] = mapped_column(String(64))
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"))
    created_at: Mapped[datetime]


class AccountRow(Base):
    """Who may sign in to `serve`. `sha256` is the digest of their token, which is kept nowhere."""

    __tablename__ = "account"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(255))
    groups: Mapped[list[str]]
    admin: Mapped[bool]
    made_at: Mapped[datetime]


class AuditRow(Base):
    """Who did what; rows are only ever added, which the database itself enforces."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_challenge", "challenge_id", "id"),)

    id: Mapped[int] = mapped_column(AutoInteger, primary_key=True)
    at: Mapped[datetime]
    user: Mapped[str] = mapped_column(String(255))
    action: Mapped[str] = mapped_column(String(32))
    challenge_id: Mapped[str] = mapped_column(String(63))
    object: Mapped[str] = mapped_column(String(255))
    details: Mapped[dict[str, Any]]


AUDIT_GUARDS: dict[str, list[str]] = {
    "sqlite": [
        f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$",
        "CREATE TRIGGER audit_guard BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
    ],
}

for _dialect, _statements in AUDIT_GUARDS.items():
    for _statement in _statements:
        event.listen(
            AuditRow.__table__,
            "after_create",
            DDL(_statement).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]
        )
