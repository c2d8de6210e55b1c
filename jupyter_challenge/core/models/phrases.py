"""Sentences that the service makes and that each user reads in their own language."""

from __future__ import annotations

import re
from datetime import datetime

from pydantic import Field

from jupyter_challenge.core.models.base import Wire

_PLACE = re.compile(r"%(\d)")


class Moment(Wire):
    """A point in time; each user reads it in their own zone."""

    at: datetime
    text: str = Field(description="As the challenge's zone says it.")


class Phrase(Wire):
    """A sentence in English, with places for its values, so that it can be said otherwise."""

    text: str = Field(description="In English; %1 is the first value.")
    plural: str | None = Field(
        default=None, description="What it is unless the first value is 1; that is a number."
    )
    values: list[PhraseValue] = []

    def __str__(self) -> str:
        """In English, whole."""
        many = self.plural is not None and self.values[0] != 1
        text = self.plural if many and self.plural is not None else self.text
        return _PLACE.sub(lambda place: _said(self.values[int(place[1]) - 1]), text)


# Parts of a list are joined as the language does it.
PhraseValue = int | float | str | Moment | Phrase | list[str | Phrase]
Phrase.model_rebuild()


def say(text: str, *values: PhraseValue) -> Phrase:
    """Make a phrase; its text is found by scripts/messages.py when it is written here in full."""
    return Phrase(text=text, values=list(values))


def say_n(text: str, plural: str, number: int, *values: PhraseValue) -> Phrase:
    """Make a phrase that depends on a number, its %1."""
    return Phrase(text=text, plural=plural, values=[number, *values])


def _said(value: PhraseValue) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return value.text if isinstance(value, Moment) else str(value)
