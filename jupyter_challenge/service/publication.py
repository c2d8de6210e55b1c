"""A version that takes the place of another, and how its effects are said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.models import Effect, Moment, Phrase, say
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.store import challenges
from jupyter_challenge.store.database import Session
from jupyter_challenge.store.orm import ChallengeRow, VersionRow

Weight = Literal["calm", "notice", "grave"]


@dataclass(frozen=True)
class Publication:
    """A version that takes the place of another."""

    session: Session
    identity: Identity
    row: ChallengeRow
    before: VersionRow
    after: VersionRow
    now: datetime

    @property
    def old(self) -> Challenge:
        """What the challenge says."""
        return challenges.spec(self.before)

    @property
    def new(self) -> Challenge:
        """What it would say."""
        return Challenge.model_validate(self.after.spec)


def effect(weight: Weight, code: str, phrase: Phrase) -> Effect:
    """Say an effect, in English and to be said otherwise."""
    return Effect(weight=weight, code=code, text=str(phrase), phrase=phrase)


def listed(names: Sequence[str]) -> list[str | Phrase]:
    """Names, as a value of a phrase."""
    return [*names]


def moment(at: datetime | None) -> Moment | Phrase:
    """A date, as a value of a phrase."""
    if at is None:
        return say("the beginning")
    return Moment(at=at, text=f"{at:%Y-%m-%d %H:%M} {at.tzname() or ''}".strip())
