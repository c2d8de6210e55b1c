"""The loop that makes what is stored come true: start runs, follow them, score them, end them.

One thread per process. On SQLite it is at work in one process per database; on PostgreSQL in all
of them, each with the runs that it holds a lease of. It keeps nothing in memory that matters:
whoever takes over reads the same rows and goes on.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from datetime import datetime, timedelta

from jupyter_challenge.core import fairness
from jupyter_challenge.core.errors import FailureClass, StorageFull, Unavailable
from jupyter_challenge.core.models import SubmissionState
from jupyter_challenge.engines.base import (
    EvaluationResult,
    EvaluationSpec,
    NoMachine,
    NotNow,
    RunFailure,
    RunHandle,
    RunState,
    RunStatus,
)
from jupyter_challenge.service import keeping, profiles, same_image, scoring
from jupyter_challenge.service.observing import ids
from jupyter_challenge.service.state import Service
from jupyter_challenge.service.uploads import remove_abandoned
from jupyter_challenge.service.versions import run_spec
from jupyter_challenge.service.waiting import in_line
from jupyter_challenge.store import challenges, changes, runs, submissions
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.leases import RENEW_SECONDS, Leases
from jupyter_challenge.store.orm import RunRow, SubmissionRow, utc_now
from jupyter_challenge.store.ownership import Ownership

log = logging.getLogger("jupyter_challenge")

ACTIVE_SECONDS = 0.04
IDLE_SECONDS = 5.0
TOLD_SECONDS = 0.3
"""Between two turns while runs are at work and the engine wakes the loop when there is news."""

TAKEOVER_SECONDS = 0.5
ELSEWHERE_SECONDS = 1.0
"""Between two turns while others hold runs, whose leases may run out."""

PRUNE_SECONDS = 600.0
NOT_NOW = timedelta(minutes=10)
"""How long a run is asked for that the engine cannot start yet."""

MAX_ERRORS = 25
"""Errors in a row while one run is looked at, after which it is given up."""


class Reconciler:
    """The loop of one process; `wake()` it when there may be something to do."""

    def __init__(self, service: Service) -> None:
        """Prepare; nothing runs before `start()`."""
        self._service = service
        self._ownership = Ownership(service.config.root / "owner.lock")
        self._leases = None if service.db.is_sqlite else Leases(service.db)
        self._woken = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="jupyter-challenge-reconcile", daemon=True
        )
        self._renewing = threading.Thread(
            target=self._renew, name="jupyter-challenge-leases", daemon=True
        )
        self._errors: dict[str, int] = {}
        self._asked: dict[str, float] = {}
        self._elsewhere = False
        self._followed = 0
        self._told = False
        self._pruned = time.monotonic()
        self.owns = False
        self.turned_at = time.monotonic()

    def start(self) -> None:
        """Begin."""
        self.turned_at = time.monotonic()
        self._thread.start()
        if self._leases is not None:
            self._renewing.start()

    @property
    def still(self) -> float:
        """Seconds since the loop's last turn, also where it has died; 0 if it never began."""
        return 0.0 if self._thread.ident is None else time.monotonic() - self.turned_at

    def wake(self) -> None:
        """Look again now; called from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """End the loop and let another process take over; runs go on."""
        self._stop.set()
        self._woken.set()
        for thread in (self._thread, self._renewing):
            if thread.is_alive():
                thread.join(timeout=30)
        if self._leases is not None and not self._thread.is_alive():
            with contextlib.suppress(Exception):  # then they run out
                self._leases.release()

    def _renew(self) -> None:
        """Keep this process's leases, however long a turn takes."""
        assert self._leases is not None
        while not self._stop.wait(RENEW_SECONDS):
            try:
                self._leases.renew()
            except Unavailable as error:
                log.warning("%s", error.message)
            except Exception:
                log.exception("The leases could not be renewed; it is tried again.")

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._woken.clear()
                self.turned_at = time.monotonic()
                wait = TAKEOVER_SECONDS
                try:
                    if self._leases is not None or self._ownership.take():
                        began = time.monotonic()
                        busy = self.step()
                        self.owns = True
                        self._service.observer.turned(time.monotonic() - began, self._followed)
                        idle = ELSEWHERE_SECONDS if self._elsewhere else IDLE_SECONDS
                        active = TOLD_SECONDS if self._told else ACTIVE_SECONDS
                        wait = active if busy else idle
                        if not busy and not self._woken.is_set():
                            self._make_ready()
                except StorageFull as error:
                    log.error("%s %s", error.message, error.hint)
                    wait = IDLE_SECONDS
                except Unavailable as error:
                    log.warning("%s", error.message)
                    wait = 1.0
                except Exception:
                    log.exception("The loop failed; it goes on.")
                    wait = 1.0
                self._woken.wait(wait)
        finally:
            self.owns = False
            self._ownership.release()

    def _make_ready(self) -> None:
        """Have the engine get ready for the next run, where it can, once nothing else is to do."""
        if self._service.config.warm:
            self._service.engine.prepare_standby()

    def step(self) -> bool:
        """Do everything that can be done now.

        Returns:
            Whether runs are at work, so that it should be called again soon.
        """
        if self._leases is not None:
            self._leases.take()
        with self._service.db.read() as session:
            found = runs.open_runs(session)
        news = self._news()
        self._told = news is not None
        at_work = elsewhere = 0
        waiting = []
        for run, submission in found:
            if run.state == runs.WAITING:
                waiting.append((run, submission))
                continue
            if not self._holds(run):
                elsewhere += 1
                continue
            if not self._due(run, submission, news):
                at_work += 1
                continue
            try:
                at_work += self._follow(run, submission)
                self._errors.pop(run.id, None)
            except Exception as error:
                if isinstance(error, Unavailable) and not isinstance(error, StorageFull):
                    raise  # of all runs alike: none is to blame, and all go on when it is back
                self._errors[run.id] = self._errors.get(run.id, 0) + 1
                log.exception("Run %s could not be followed.", run.id, extra=ids(submission, run))
                at_work += 1
                if self._errors[run.id] >= MAX_ERRORS and not isinstance(error, StorageFull):
                    self._give_up(run, submission, error)
        self._elsewhere, self._followed = elsewhere > 0, at_work
        at_work += self._start_next(waiting, at_work + elsewhere, found)
        if time.monotonic() - self._pruned > PRUNE_SECONDS:
            self._pruned = time.monotonic()
            with self._service.db.write() as session:
                changes.prune(session)
            remove_abandoned(self._service)
            open_now = {run.id for run, _ in found}
            self._asked = {key: at for key, at in self._asked.items() if key in open_now}
        return at_work > 0

    def _start_next(
        self,
        waiting: list[tuple[RunRow, SubmissionRow]],
        at_work: int,
        found: list[tuple[RunRow, SubmissionRow]],
    ) -> int:
        free = self._service.config.parallel_runs - at_work
        if free <= 0 or not waiting:
            return 0
        running = [
            submission.team_id
            for run, submission in found
            if submission.state == SubmissionState.RUNNING.value and submission.verifies is None
        ]
        order = fairness.next_order([in_line(submission) for _, submission in waiting], running)
        by_submission = {submission.id: run for run, submission in waiting}
        for each in order[:free]:
            self._claim(by_submission[each.id].id)
        return min(free, len(order))

    def _news(self) -> set[str] | None:
        """The runs that the engine has news of; None where it does not say."""
        news = self._service.engine.news()
        if news is None:
            self._asked.clear()
        return news

    def _due(self, run: RunRow, submission: SubmissionRow, news: set[str] | None) -> bool:
        """Whether the engine is asked for a run in this turn, and remember that it was."""
        now = time.monotonic()
        # What the service itself has to do does not wait for news.
        quiet = run.handle is not None and submission.cancel is None and run.ended_at is None
        if news is not None and quiet and run.id not in news:
            asked = self._asked.get(run.id)
            if asked is not None and now - asked < self._service.engine.quiet:
                return False
        if news is not None:
            self._asked[run.id] = now
        return True

    def _holds(self, run: RunRow) -> bool:
        """Whether this process is the one that follows a run."""
        return self._leases is None or run.holder == self._leases.holder

    def _locked(
        self, session: Session, run: RunRow
    ) -> tuple[RunRow, SubmissionRow] | tuple[None, None]:
        """A run and its submission as they are now, locked; nothing if another process took over.

        The submission first: who ended the run before had it locked, and is waited for.
        """
        submission = submissions.get(session, run.submission_id, lock=True)
        row = runs.get(session, run.id)
        if row is None or submission is None or not self._holds(row):
            return None, None
        return row, submission

    def _claim(self, run_id: str) -> None:
        """Say in the database that the run starts, then start it: never the other way round."""
        with self._service.db.write() as session:
            most = self._service.config.parallel_runs
            if self._leases is not None and not self._leases.claiming(session, most):
                return
            run = runs.get(session, run_id)
            submission = submissions.get(session, run.submission_id, lock=True) if run else None
            if run is None or submission is None or run.state != runs.WAITING:
                return
            if submission.state != SubmissionState.QUEUED.value:
                run.cleared = True  # cancelled while it waited
                return
            now, waits = utc_now(), self._service.engine.queues
            runs.claim(run, submission, session, now, waits=waits)
            waited = None if waits else runs.turn_came(run, now)
            if self._leases is not None:
                self._leases.give(session, run)
        self._service.observer.claimed(run, submission)
        self._service.observer.waited(run, submission, waited)
        self._start(run, submission)

    def _start(self, run: RunRow, submission: SubmissionRow) -> None:
        """Start a claimed run, or find it where it was started before a crash."""
        engine = self._service.engine
        with self._service.db.read() as session:
            version = challenges.version(session, submission.version)
            now = runs.get(session, run.id)
        assert version is not None
        if now is None or not self._holds(now):
            return
        try:
            handle = engine.find(run.id)
            if handle is None:
                handle = engine.start(run_spec(self._service, version, submission, run))
        except Unavailable:
            raise
        except Exception as error:
            soon = run.claimed_at is None or utc_now() < run.claimed_at + NOT_NOW
            if isinstance(error, NotNow) and soon:
                return  # asked again at the next look
            log.exception("Run %s could not be started.", run.id, extra=ids(submission, run))
            nowhere = isinstance(error, NoMachine)
            failure = RunFailure(
                failure_class=FailureClass.NO_CAPACITY if nowhere else FailureClass.PLATFORM_ERROR,
                detail=f"The run could not be started: {type(error).__name__}: {error}",
            )
            self._end_failed(run, failure, cleared=True)
            return
        with self._service.db.write() as session:
            row = runs.get(session, run.id)
            if row is not None:
                runs.started(row, engine.name, handle.model_dump(mode="json"))
        if row is not None and row.cleared:
            engine.forget(handle)  # who took over meanwhile did not know of it
        self._service.observer.started(run, submission)

    def _follow(self, run: RunRow, submission: SubmissionRow) -> bool:
        """Look after one claimed run; true while it is at work."""
        engine = self._service.engine
        if run.handle is None:
            if SubmissionState(submission.state).terminal or run.ended_at is not None:
                self._clear(run, engine.find(run.id))
                return False
            self._start(run, submission)
            return True
        handle = RunHandle.model_validate(run.handle)
        if SubmissionState(submission.state).terminal or run.ended_at is not None:
            self._clear(run, handle)
            return False
        if submission.cancel is not None:
            engine.cancel(handle)
            self._end(run, engine.status(handle), handle, cancelled=True)
            return False
        status = same_image.held_to(submission, engine.status(handle))
        if not status.state.terminal:
            if not status.queued and self._is_late(run, submission, status):
                engine.cancel(handle)
                failure = RunFailure(
                    failure_class=FailureClass.TIME_LIMIT,
                    detail="The service ended the run, long after its time limit.",
                )
                status = status.model_copy(update={"state": RunState.FAILED, "failure": failure})
            else:
                self._note(run, submission, status)
                return True
        self._end(run, status, handle, cancelled=False)
        return False

    def _is_late(self, run: RunRow, submission: SubmissionRow, status: RunStatus) -> bool:
        began = status.started_at or run.claimed_at
        if began is None or utc_now() < began + timedelta(seconds=1):
            return False
        with self._service.db.read() as session:
            version = challenges.version(session, submission.version)
        if version is None:
            return False
        limits = challenges.spec(version).limits
        limit = limits.time
        # Where runs wait for a node, the engine knows how long, and nothing has begun before.
        allowance = self._service.engine.allowance(limits)
        if allowance is not None:
            if status.started_at is None:
                return False
            limit = allowance
        return utc_now() > began + timedelta(seconds=limit + self._service.config.deadline_grace)

    def _note(self, run: RunRow, submission: SubmissionRow, status: RunStatus) -> None:
        """Store how far a run is and in which image, if that is news."""
        steps = [step.model_dump(mode="json") for step in status.steps] or run.steps
        known = (run.steps, run.state) == (steps, status.state.value)
        if known and not same_image.is_news(submission, status):
            return
        waited = None
        with self._service.db.write() as session:
            row, owner = self._locked(session, run)
            if row is None or owner is None or row.ended_at is not None:
                return
            now = utc_now()
            if status.queued:
                runs.waits_again(row, owner, now)
            elif status.state is RunState.RUNNING:
                runs.began(owner, now)
                waited = runs.turn_came(row, now, status.started_at)
            same_image.note(owner, status)
            row.steps, row.state = steps, status.state.value
            row.started_at = status.started_at
            submissions.note_change(session, owner)
        self._service.observer.waited(row, owner, waited)

    def _end(self, run: RunRow, status: RunStatus, handle: RunHandle, *, cancelled: bool) -> None:
        """Keep what the run left, then store how it ended, all at once."""
        service = self._service
        with service.db.read() as session:
            submission = submissions.get(session, run.submission_id)
            version = challenges.version(session, submission.version) if submission else None
        assert submission is not None
        assert version is not None
        kept = keeping.keep(service, handle)
        spec = run_spec(service, version, submission, run).evaluation
        result = None
        failure = status.failure
        if not cancelled and status.state is RunState.SUCCEEDED:
            result = service.engine.result(handle)
            failure = scoring.check_result(
                result, spec, own_evaluator=challenges.spec(version).evaluator is not None
            )
            if failure is None and result is not None and result.per_sample:
                kept.samples = service.blobs.put_bytes(result.model_dump_json().encode())
        elif not cancelled and failure is None:
            failure = RunFailure(
                failure_class=FailureClass.PLATFORM_ERROR, detail="The run ended without a word."
            )
        with service.db.write() as session:
            row, owner = self._locked(session, run)
            if row is None or owner is None:
                return
            waited = None
            ends = row.ended_at is None and not SubmissionState(owner.state).terminal
            now = status.ended_at or utc_now()
            cancelled = cancelled or owner.cancel is not None
            if ends:
                keeping.note(row, kept, status)
                same_image.note(owner, status)
                if status.started_at is not None:  # seen for the first time when it was over
                    runs.began(owner, status.started_at)
                    waited = runs.turn_came(row, now, status.started_at)
                _store_end(session, owner, row, cancelled, failure, result, spec, now)
        service.observer.waited(row, owner, waited)
        if ends:
            outcome = "cancelled" if cancelled else "scored"
            if failure is not None and not cancelled:
                outcome = failure.failure_class.value
            gpus = profiles.gpus(service, owner.profile, challenges.spec(version).limits)
            service.observer.ended(row, owner, outcome, now, gpus)
        self._clear(run, handle)

    def _end_failed(self, run: RunRow, failure: RunFailure, *, cleared: bool) -> None:
        with self._service.db.write() as session:
            row, owner = self._locked(session, run)
            if row is None or owner is None or row.ended_at is not None:
                return
            if owner.cancel is not None:
                scoring.end_cancelled(session, owner, row, utc_now())
            else:
                scoring.end_failed(session, owner, row, failure, utc_now())
            row.cleared = cleared
            outcome = "cancelled" if owner.cancel is not None else failure.failure_class.value
        self._service.observer.ended(row, owner, outcome, utc_now(), 0)

    def _give_up(self, run: RunRow, submission: SubmissionRow, error: Exception) -> None:
        self._errors.pop(run.id, None)
        failure = RunFailure(
            failure_class=FailureClass.PLATFORM_ERROR,
            detail=f"The run could not be followed: {type(error).__name__}: {error}",
        )
        try:
            if run.handle is not None:
                self._service.engine.cancel(RunHandle.model_validate(run.handle))
            self._end_failed(run, failure, cleared=True)
        except Exception:
            log.exception("Run %s could not be given up.", run.id, extra=ids(submission, run))

    def _clear(self, run: RunRow, handle: RunHandle | None) -> None:
        """Have the engine forget a run whose end is stored."""
        if handle is not None:
            try:
                self._service.engine.forget(handle)
            except (NotNow, Unavailable):
                return  # it stays to be cleared, and nobody else has to wait for that
        with self._service.db.write() as session:
            row = runs.get(session, run.id)
            if row is not None:
                row.cleared = True


def _store_end(
    session: Session,
    submission: SubmissionRow,
    run: RunRow,
    cancelled: bool,
    failure: RunFailure | None,
    result: EvaluationResult | None,
    spec: EvaluationSpec,
    now: datetime,
) -> None:
    if cancelled:
        scoring.end_cancelled(session, submission, run, now)
    elif failure is not None or result is None:
        assert failure is not None
        scoring.end_failed(session, submission, run, failure, now)
    else:
        scoring.end_scored(session, submission, run, result, spec, now)
