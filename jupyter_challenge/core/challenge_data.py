"""Where a challenge's data is: in its folder, on a cluster's volume, in an S3 store."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from jupyter_challenge.core.challenge_parts import Part, RelativePath


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

    @model_validator(mode="after")
    def _each_once(self) -> Data:
        for name in ("train", "test"):
            named = [each for each in (self, self.volume, self.s3) if getattr(each, name, None)]
            if len(named) > 1:
                raise ValueError(
                    f"{name} is named twice: in the folder, on a volume or in a store; "
                    "leave one of them out"
                )
            if name == "test" and not named:
                raise ValueError("name the test data: `test: data/test`")
        return self

    @property
    def test_is_hidden(self) -> bool:
        """Whether participants get the test data by `get`; what is not in the folder they don't."""
        return self.hide_test or self.test is None
