"""What organisers do, in Python."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from jupyter_challenge.client import folder as folders
from jupyter_challenge.client.http import Channel
from jupyter_challenge.client.views import Challenge
from jupyter_challenge.core.models import (
    ChallengeOverview,
    PhaseDates,
    PublishPreview,
    VerificationView,
    VersionChanges,
    VersionView,
)

Progress = Callable[[str, int, int], None]
_UNCHANGED: Any = object()


class Organising:
    """The part of the client for those who organise a challenge."""

    _channel: Channel

    def publish(
        self,
        folder: str | os.PathLike[str],
        looked: PublishPreview | None = None,
        max_size: int | None = None,
    ) -> Challenge:
        """Publish a challenge folder as a new version; the same content again changes nothing.

        Args:
            folder: The folder that holds challenge.yaml.
            looked: What `preview` said; if the folder or the challenge changed since, nothing is
                published.
            max_size: Bytes that the folder may hold.

        Raises:
            InvalidChallenge: `details["problems"]` lists every mistake.
            Conflict: It is not what was looked at any more.
        """
        said = {"digest": looked.digest, "instead_of": looked.current} if looked else {}
        with folders.zipped(Path(folder), max_size) as archive:
            return self._channel.ask(
                Challenge,
                "POST",
                "/challenges",
                files={"folder": ("challenge.zip", archive, "application/zip")},
                data={key: value for key, value in said.items() if value},
            )

    def preview(
        self, folder: str | os.PathLike[str], max_size: int | None = None
    ) -> PublishPreview:
        """Say what publishing a folder would change, or what is wrong with it; stores nothing."""
        with folders.zipped(Path(folder), max_size) as archive:
            files = {"folder": ("challenge.zip", archive, "application/zip")}
            return self._channel.ask(PublishPreview, "POST", "/challenges/preview", files=files)

    def overview(self, challenge: str) -> ChallengeOverview:
        """Read a challenge in numbers, and how its runs fail."""
        return self._channel.ask(ChallengeOverview, "GET", _at(challenge, "overview"))

    def versions(self, challenge: str) -> list[VersionView]:
        """List the published versions, newest first."""
        return self._channel.pages(VersionView, _at(challenge, "versions"), {})

    def version_changes(self, challenge: str, digest: str) -> VersionChanges:
        """Say what a version changed of the one before it."""
        path = _at(challenge, "versions", digest, "changes")
        return self._channel.ask(VersionChanges, "GET", path)

    def make_current(self, challenge: str, version: VersionView | str) -> Challenge:
        """Make an older version the current one again, as publishing its folder again would.

        Args:
            challenge: Id of the challenge.
            version: One of `versions()`, or its digest.
        """
        digest = version if isinstance(version, str) else version.digest
        return self._channel.ask(Challenge, "PATCH", _at(challenge), json={"version": digest})

    def set_dates(
        self,
        challenge: str,
        phase: str,
        *,
        starts_at: datetime | None = _UNCHANGED,
        ends_at: datetime | None = _UNCHANGED,
        reveals_at: datetime | Literal["end", "never"] | None = _UNCHANGED,
    ) -> Challenge:
        """Give a phase other dates, as a new version; what is left out stays, None is no date.

        Raises:
            InvalidChallenge: The dates cannot be meant, such as an end before the start.
        """
        given = {"starts_at": starts_at, "ends_at": ends_at, "reveals_at": reveals_at}
        said = {key: value for key, value in given.items() if value is not _UNCHANGED}
        dates = PhaseDates.model_validate({"id": phase, **said})
        wanted = {"phases": [dates.model_dump(mode="json", exclude_unset=True)]}
        return self._channel.ask(Challenge, "PATCH", _at(challenge), json=wanted)

    def dates(self, challenge: str) -> list[PhaseDates]:
        """Read the dates of all phases, as `set_dates` takes them."""
        from jupyter_challenge.core.dates import dates_of
        from jupyter_challenge.core.validation import read_challenge

        version = self._channel.ask(Challenge, "GET", _at(challenge)).version
        _, pieces = self._channel.download(_at(challenge, "versions", version, "challenge.yaml"))
        text = b"".join(pieces).decode("utf-8-sig")
        return [dates_of(phase) for phase in read_challenge(text).phases]

    def close_challenge(self, challenge: str, closed: bool = True) -> Challenge:
        """Close a challenge to new submissions, or open it again."""
        return self._channel.ask(Challenge, "PATCH", _at(challenge), json={"closed": closed})

    def verify(self, submission: str) -> VerificationView:
        """Have a scored submission run again; it counts nowhere, and its team does not see it.

        `wait(verification.id)` waits for it, `verifications(submission)` says what came of it.
        """
        path = f"/submissions/{quote(submission, safe='')}/verify"
        return self._channel.ask(VerificationView, "POST", path)

    def verifications(self, submission: str) -> list[VerificationView]:
        """What came of running a submission again, the newest first."""
        path = f"/submissions/{quote(submission, safe='')}/verifications"
        return self._channel.pages(VerificationView, path, {})

    def export(
        self, challenge: str, path: str | os.PathLike[str], progress: Progress | None = None
    ) -> Path:
        """Save all submissions, scores, predictions and notebooks of a challenge as a zip."""
        return folders.save(self._channel, _at(challenge, "export"), Path(path), progress)


def _at(*parts: str) -> str:
    return "/challenges" + "".join("/" + quote(part, safe="") for part in parts)
