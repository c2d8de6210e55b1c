"""What the parts of a `challenge.yaml` are made of."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints


def _parse_path(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    path = PurePosixPath(value)
    if not value or path.is_absolute() or ".." in path.parts or "\\" in value or "\0" in value:
        raise ValueError(f'"{value}" must be a path inside the challenge folder')
    return str(path)


RelativePath = Annotated[str, BeforeValidator(_parse_path)]
Slug = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$", max_length=63)
]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]


class Part(BaseModel):
    """A part of a challenge; unknown keys are mistakes, not comments."""

    model_config = ConfigDict(extra="forbid", frozen=True)
