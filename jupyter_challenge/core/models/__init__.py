"""What travels on the wire, in the service, the client, the CLI and, by OpenAPI, the front end.

Times are UTC with a zone. Sizes are bytes. A score is shown as `display`, never re-rounded.
"""

from jupyter_challenge.core.models.base import (
    ErrorBody,
    ErrorResponse,
    FileView,
    Me,
    Page,
    Role,
    TeamRef,
    Wire,
)
from jupyter_challenge.core.models.boards import (
    BoardView,
    HistoryPoint,
    HistoryStep,
    HistoryView,
    MetricView,
    StandingView,
)
from jupyter_challenge.core.models.challenges import (
    ChallengeSummary,
    ChallengeView,
    DataFile,
    EntryRequest,
    LimitsView,
    OutputView,
    PhaseView,
    QuotaView,
    VersionView,
)
from jupyter_challenge.core.models.feed import Change, ChangeKind, Changes
from jupyter_challenge.core.models.organising import (
    ChallengeOverview,
    ChallengeRequest,
    DatesRequest,
    Effect,
    FailureCount,
    FieldChange,
    FileChange,
    FolderProblem,
    PhaseDates,
    PublishPreview,
    VersionChanges,
)
from jupyter_challenge.core.models.profiles import EnvironmentView, ProfileView
from jupyter_challenge.core.models.runs import FailureView, LogChunk, StepName, StepState, StepView
from jupyter_challenge.core.models.submissions import (
    TERMINAL,
    ScoreView,
    SubmissionRequest,
    SubmissionState,
    SubmissionView,
)

__all__ = [
    "BoardView",
    "ChallengeOverview",
    "ChallengeRequest",
    "ChallengeSummary",
    "ChallengeView",
    "Change",
    "ChangeKind",
    "Changes",
    "DataFile",
    "DatesRequest",
    "Effect",
    "EntryRequest",
    "EnvironmentView",
    "ErrorBody",
    "ErrorResponse",
    "FailureCount",
    "FailureView",
    "FieldChange",
    "FileChange",
    "FileView",
    "FolderProblem",
    "HistoryPoint",
    "HistoryStep",
    "HistoryView",
    "LimitsView",
    "LogChunk",
    "Me",
    "MetricView",
    "OutputView",
    "Page",
    "PhaseDates",
    "PhaseView",
    "ProfileView",
    "PublishPreview",
    "QuotaView",
    "Role",
    "ScoreView",
    "StandingView",
    "StepName",
    "StepState",
    "StepView",
    "SubmissionRequest",
    "SubmissionState",
    "SubmissionView",
    "TERMINAL",
    "TeamRef",
    "VersionChanges",
    "VersionView",
    "Wire",
]
