"""The kinds of machine that runs are offered, as they travel."""

from __future__ import annotations

from pydantic import Field

from jupyter_challenge.core.models.base import Wire


class EnvironmentView(Wire):
    """What a kernel has where runs are made; `version` and `packages` only where it could say."""

    display_name: str = ""
    language: str = ""
    version: str | None = None
    packages: dict[str, str] = Field(default={}, description="Version by name.")
    problem: str = Field(default="", description="Why the kernel could not be asked.")


class ProfileView(Wire):
    """A compute profile with its queue, as it is for the asker now."""

    id: str
    title: str
    cpu: float = Field(description="Cores that a run may use.")
    memory: int = Field(description="Bytes that a run may use.")
    gpu: int = 0
    accelerator: str = Field(default="", description="Kind of the accelerators, if any.")
    default: bool = False
    waiting: int = Field(default=0, description="Submissions and tries in the queue.")
    running: int = 0
    slots: int | None = Field(default=None, description="Runs at once; null where not known.")
    wait_seconds: float | None = Field(
        default=None,
        description="How long a submission of the asker's would wait now; null where nobody can "
        "say yet. A guess from the median duration of the challenge's last runs.",
    )
    sentence: str = Field(default="", description="What a run gets, and what it does not.")
    environments: dict[str, EnvironmentView] = Field(
        default={}, description="By name of the kernel that runs can have."
    )
