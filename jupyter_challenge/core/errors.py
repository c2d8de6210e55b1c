"""What can go wrong, in two families: refused requests and failed runs.

A refused request is a `ChallengeError`: it has an HTTP status, a code for programs, a sentence
and a hint for people. A failed run has one `FailureClass` of a closed vocabulary, so that a
participant always learns the kind of failure even where a phase hides every other detail.
"""

# ruff: noqa: N818 - these are named after what they say, as on the wire

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar


class ChallengeError(Exception):
    """A request that was refused; `message` says what and where, `hint` what to do next.

    `details` is JSON-serialisable and travels to the client as it is.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"

    def __init__(self, message: str, *, hint: str = "", **details: Any) -> None:
        """Make an error of a sentence, a hint and details."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class NotSignedIn(ChallengeError):
    """Nobody is signed in, or the token is not known (401)."""

    status = 401
    code = "not_signed_in"


class Forbidden(ChallengeError):
    """The user is known and may not do this (403)."""

    status = 403
    code = "forbidden"


class NotFound(ChallengeError):
    """There is no such thing, or the user may not know that there is (404)."""

    status = 404
    code = "not_found"


class Conflict(ChallengeError):
    """The state of the object does not allow this (409)."""

    status = 409
    code = "conflict"


class DataMissing(Conflict):
    """The challenge's data is no longer what was published (409)."""

    code = "data_missing"


class NotEntered(Conflict):
    """The team has not entered the challenge, so it has to accept the terms first (409)."""

    code = "not_entered"


class PhaseClosed(Conflict):
    """The phase has not started or has ended (409)."""

    code = "phase_closed"


class RankedNeedsIsolation(Conflict):
    """A ranked phase was asked to run where nothing isolates runs (409)."""

    code = "ranked_needs_isolation"


class QuotaExceeded(ChallengeError):
    """A quota is used up (429); `details["next_at"]` is when there is room again, if ever."""

    status = 429
    code = "quota_exceeded"


class TooLarge(ChallengeError):
    """What was sent is over a size limit (413)."""

    status = 413
    code = "too_large"


class InvalidSubmission(ChallengeError):
    """What was handed in cannot be accepted as a submission (422)."""

    status = 422
    code = "invalid_submission"


class InvalidChallenge(ChallengeError):
    """A challenge folder has mistakes (422); `details["problems"]` lists every one of them."""

    status = 422
    code = "invalid_challenge"


class InvalidProfiles(ChallengeError):
    """The compute profiles have mistakes (422); `details["problems"]` lists every one of them."""

    status = 422
    code = "invalid_profiles"


class InvalidStorage(ChallengeError):
    """A hub's storage has mistakes (422); `details["problems"]` lists every one of them."""

    status = 422
    code = "invalid_storage"


class Unavailable(ChallengeError):
    """The service cannot answer now (503)."""

    status = 503
    code = "unavailable"


class UpgradeNeeded(Unavailable):
    """The database is of another version than the program (503)."""

    code = "upgrade_needed"


class StorageFull(Unavailable):
    """The disk or the object store is full (507)."""

    status = 507
    code = "storage_full"


class Fault(str, Enum):
    """Whose doing a failed run is; only the participant's own failures count in a quota."""

    PARTICIPANT = "participant"
    ORGANISER = "organiser"
    PLATFORM = "platform"


class FailureClass(str, Enum):
    """Why a run failed: a closed vocabulary, the same on every engine."""

    CELL_ERROR = "cell_error"
    NO_KERNEL = "no_kernel"
    KERNEL_DIED = "kernel_died"
    CONTAINER_FAILED = "container_failed"
    OUT_OF_MEMORY = "out_of_memory"
    TIME_LIMIT = "time_limit"
    DISK_FULL = "disk_full"
    PROCESS_LIMIT = "process_limit"
    OUTPUT_LIMIT = "output_limit"
    NETWORK_DISABLED = "network_disabled"
    NO_PREDICTIONS = "no_predictions"
    UNSAFE_OUTPUT = "unsafe_output"
    BAD_FORMAT = "bad_format"
    WRONG_IDS = "wrong_ids"
    TOO_LARGE = "too_large"
    INVALID_SCORE = "invalid_score"
    EVALUATOR_ERROR = "evaluator_error"
    DATA_MISSING = "data_missing"
    IMAGE_UNAVAILABLE = "image_unavailable"
    NO_CAPACITY = "no_capacity"
    PREEMPTED = "preempted"
    OUTPUT_LOST = "output_lost"
    PLATFORM_ERROR = "platform_error"


@dataclass(frozen=True)
class FailureText:
    """What people read about a failure class.

    Attributes:
        sentence: What happened, in one sentence.
        hint: What to do next, in one sentence.
        fault: Whose doing it is.
    """

    sentence: str
    hint: str
    fault: Fault


_P, _O, _X = Fault.PARTICIPANT, Fault.ORGANISER, Fault.PLATFORM

FAILURES: dict[FailureClass, FailureText] = {
    FailureClass.CELL_ERROR: FailureText(
        "A cell of the notebook raised an error.",
        "Restart the kernel, run all cells and mend the cell that stops; Try shows it here too.",
        _P,
    ),
    FailureClass.NO_KERNEL: FailureText(
        "The notebook asks for a kernel that is not installed where runs take place.",
        "Choose an installed kernel in the notebook's toolbar, save, and submit again.",
        _P,
    ),
    FailureClass.KERNEL_DIED: FailureText(
        "The kernel stopped while a cell was running.",
        "Look for a crash in a compiled library, an exit() call or too much memory.",
        _P,
    ),
    FailureClass.CONTAINER_FAILED: FailureText(
        "The container ended with an error, or its program could not be started.",
        "Read its log; run the image as user 1000 with a read-only root and no network.",
        _P,
    ),
    FailureClass.OUT_OF_MEMORY: FailureText(
        "The run used more memory than its limit.",
        "Load less at once or use smaller types; the limit is on the challenge's Rules page.",
        _P,
    ),
    FailureClass.TIME_LIMIT: FailureText(
        "The run took longer than its time limit.",
        "Train less or save a trained model and load it; the limit is on the Rules page.",
        _P,
    ),
    FailureClass.DISK_FULL: FailureText(
        "The run wrote more to disk than its limit.",
        "Write fewer or smaller files; the limit is on the challenge's Rules page.",
        _P,
    ),
    FailureClass.PROCESS_LIMIT: FailureText(
        "The run started more processes than its limit.",
        "Lower n_jobs, num_workers or the like.",
        _P,
    ),
    FailureClass.OUTPUT_LIMIT: FailureText(
        "The notebook printed or displayed more than a run may keep.",
        "Print less: log every hundredth line, close progress bars, do not display whole tables.",
        _P,
    ),
    FailureClass.NETWORK_DISABLED: FailureText(
        "The notebook needed the network, which runs do not have.",
        "Put what it downloads beside the notebook and declare it as a file that travels.",
        _P,
    ),
    FailureClass.NO_PREDICTIONS: FailureText(
        "The run ended without writing the predictions file.",
        "Write it into $CHALLENGE_OUTPUT (./output in Lab) under the name that the challenge asks.",
        _P,
    ),
    FailureClass.UNSAFE_OUTPUT: FailureText(
        "The output folder holds something else than plain files.",
        "Write the predictions as a regular file: no symbolic or hard link, device or pipe.",
        _P,
    ),
    FailureClass.BAD_FORMAT: FailureText(
        "The predictions file could not be read as the challenge asks.",
        "Compare it with the format on the challenge's About page, or Try it on the sample.",
        _P,
    ),
    FailureClass.WRONG_IDS: FailureText(
        "The ids in the predictions are not those of the test data.",
        "Predict every test row exactly once and keep its id.",
        _P,
    ),
    FailureClass.TOO_LARGE: FailureText(
        "The predictions are larger than the challenge allows.",
        "Write one row per test id and only the columns that are asked for.",
        _P,
    ),
    FailureClass.INVALID_SCORE: FailureText(
        "The score is not a finite number, so the submission is not ranked.",
        "Look for NaN, infinite or constant predictions.",
        _P,
    ),
    FailureClass.EVALUATOR_ERROR: FailureText(
        "The challenge's own evaluation failed.",
        "This is not yours to mend: the organiser sees the reason, and it costs no quota.",
        _O,
    ),
    FailureClass.DATA_MISSING: FailureText(
        "The challenge's data could not be put in place.",
        "This is not yours to mend: tell the organiser; it costs no quota.",
        _O,
    ),
    FailureClass.IMAGE_UNAVAILABLE: FailureText(
        "The image of the run could not be pulled.",
        "Check the image's name and digest, or choose one that the challenge allows.",
        _P,
    ),
    FailureClass.NO_CAPACITY: FailureText(
        "No machine of the chosen compute profile could take the run.",
        "Submit again later or choose another profile; it costs no quota.",
        _X,
    ),
    FailureClass.PREEMPTED: FailureText(
        "The run had to give way and could not be resumed in time.",
        "Submit again; keep checkpoints in $CHALLENGE_STATE; it costs no quota.",
        _X,
    ),
    FailureClass.OUTPUT_LOST: FailureText(
        "The run ended but its output did not arrive.",
        "Submit again; it costs no quota.",
        _X,
    ),
    FailureClass.PLATFORM_ERROR: FailureText(
        "The run was stopped by a fault outside the notebook.",
        "Submit again; it costs no quota. If it happens twice, tell the admin.",
        _X,
    ),
}


class RunFailed(Exception):
    """A step of a run failed; steps raise it, the program around a step records it.

    Attributes:
        failure_class: What kind of failure it is.
        detail: One sentence with the particulars (file, row, column), for those who may see it.
        step: Step that failed, by name, where whoever raises it knows.
        cell: Failing code cell, counted from 1.
        cell_index: Index of that cell in the notebook's cells.
    """

    def __init__(
        self,
        failure_class: FailureClass,
        detail: str = "",
        *,
        step: str | None = None,
        cell: int | None = None,
        cell_index: int | None = None,
    ) -> None:
        """Make a failure of a class and its particulars."""
        super().__init__(f"{failure_class.value}: {detail}" if detail else failure_class.value)
        self.failure_class = failure_class
        self.detail = detail
        self.step = step
        self.cell = cell
        self.cell_index = cell_index
