"""Where a challenge's data is: in its folder, on a cluster's volume, in a store, in an image."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator, model_validator

from jupyter_challenge.core.challenge_parts import Part, RelativePath
from jupyter_challenge.core.images import HOW_TO_PIN, pinned
from jupyter_challenge.core.units import Size


class SampleData(Part):
    """Public data with labels that a Try is run on instead of the hidden test data."""

    test: RelativePath = Field(description="File or folder that stands in for input/test.")
    labels: RelativePath = Field(description="Labels of the sample; public.")


class VolumeData(Part):
    """Data that is on a cluster's volume instead of in the folder; runs see it read-only."""

    claim: Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$")] = Field(
        max_length=253,
        description="Name of the persistent volume claim in the namespace of the challenge's runs.",
    )
    train: RelativePath | None = Field(
        default=None, description="File or folder on the volume, seen as input/train."
    )
    test: RelativePath | None = Field(
        default=None, description="File or folder on the volume, seen as input/test."
    )


class S3Data(Part):
    """Data that is in an S3 store instead of in the folder; a version names each object."""

    prefix: Annotated[str, StringConstraints(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[^\s]*$")] = (
        Field(max_length=1000, description="Where it is: s3://bucket/folder.")
    )
    train: RelativePath | None = Field(
        default=None, description="Object, or all below it, seen as input/train."
    )
    test: RelativePath | None = Field(
        default=None, description="Object, or all below it, seen as input/test."
    )


class ImageData(Part):
    """Data that is in a container image instead of in the folder; every run gets a copy."""

    name: str = Field(
        description="The image with its registry and digest: registry.example.org/data@sha256:…."
    )
    size: Size = Field(description="How much the files that are named here are at most.")
    train: RelativePath | None = Field(
        default=None, description="File or folder in the image, seen as input/train."
    )
    test: RelativePath | None = Field(
        default=None, description="File or folder in the image, seen as input/test."
    )

    @field_validator("name")
    @classmethod
    def _pinned(cls, name: str) -> str:
        try:
            return pinned(name)
        except ValueError as error:
            raise ValueError(f"{error}; {HOW_TO_PIN}") from error

    @field_validator("train", "test")
    @classmethod
    def _a_part(cls, path: str | None) -> str | None:
        if path == ".":
            raise ValueError("it is all of the image; name a file or a folder in it")
        return path


class Data(Part):
    """What participants see under input/ and what only the evaluator sees."""

    train: RelativePath | None = Field(
        default=None, description="File or folder, seen as input/train."
    )
    test: RelativePath | None = Field(
        default=None, description="File or folder, seen as input/test."
    )
    labels: RelativePath = Field(description="Hidden labels of the test data; never handed out.")
    sample: SampleData | None = Field(
        default=None, description="Public sample with labels, for Try."
    )
    hide_test: bool = Field(
        default=False,
        description="Whether input/test is seen by runs only and not handed out by `get`.",
    )
    volume: VolumeData | None = Field(
        default=None, description="Large data on a volume, on a cluster."
    )

    s3: S3Data | None = Field(default=None, description="Large data in an S3 store, on a cluster.")
    image: ImageData | None = Field(
        default=None, description="Data in a container image, on a cluster."
    )

    @model_validator(mode="after")
    def _each_once(self) -> Data:
        for name in ("train", "test"):
            places = (self, self.volume, self.s3, self.image)
            named = [each for each in places if getattr(each, name, None)]
            if len(named) > 1:
                raise ValueError(
                    f"{name} is named twice: in the folder, on a volume, in a store or in an "
                    "image; leave one of them out"
                )
            if name == "test" and not named:
                raise ValueError("name the test data: `test: data/test`")
        return self

    @property
    def test_is_hidden(self) -> bool:
        """Whether participants get the test data by `get`; what is not in the folder they don't."""
        return self.hide_test or self.test is None
