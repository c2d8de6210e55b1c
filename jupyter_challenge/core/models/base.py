"""What every model of the wire has in common, who asks, and how a request is refused."""

from __future__ import annotations

from enum import Enum
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class Wire(BaseModel):
    """A model of the wire; servers may add fields, clients ignore those they do not know."""

    model_config = ConfigDict(extra="ignore")


class Role(str, Enum):
    """What somebody is in a challenge."""

    PARTICIPANT = "participant"
    ORGANISER = "organiser"
    ADMIN = "admin"


class Me(Wire):
    """Who asks, and where they are."""

    name: str
    display_name: str = ""
    groups: list[str] = []
    admin: bool = False
    place: Literal["embedded", "serve", "cluster"] = Field(description="How the service runs.")
    practice: bool = Field(description="Whether scores are the user's own word (nothing isolated).")
    version: str


class ErrorBody(Wire):
    """A refused request."""

    code: str = Field(description="For programs.", examples=["quota_exceeded"])
    message: str = Field(description="What happened and where.")
    hint: str = Field(default="", description="What to do next.")
    details: dict[str, Any] = {}


class ErrorResponse(Wire):
    """Body of every answer with a status of 400 or more."""

    error: ErrorBody


class Page(Wire, Generic[T]):
    """One page of a list; `next` is the cursor of the following page."""

    items: list[T]
    next: str | None = None
    total: int | None = None


class FileView(Wire):
    """A file that travelled with a submission, or that a challenge hands out."""

    path: str
    size: int
    sha256: str


class TeamRef(Wire):
    """A team by id and name."""

    id: str
    name: str
