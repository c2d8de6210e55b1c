"""Show what publishing a folder, or new dates, would do; nothing is stored by looking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.comparison import Side, field_changes, file_changes
from jupyter_challenge.core.errors import InvalidChallenge
from jupyter_challenge.core.models import FileChange, FolderProblem, Phrase, PublishPreview, say
from jupyter_challenge.core.validation import load_challenge
from jupyter_challenge.service import drafts
from jupyter_challenge.service.auth import Identity
from jupyter_challenge.service.data_sources import pinned_sources
from jupyter_challenge.service.effects import effects, of_first
from jupyter_challenge.service.publication import Publication
from jupyter_challenge.service.publishing import check_allowed, unpacked
from jupyter_challenge.service.state import Service
from jupyter_challenge.store import challenges
from jupyter_challenge.store.orm import VersionRow, utc_now


def preview(service: Service, identity: Identity, folder: BinaryIO) -> PublishPreview:
    """Say what publishing the zip of a challenge folder would change.

    Mistakes in the folder are part of the answer: they are the asker's own.

    Raises:
        Forbidden: The asker may not publish this challenge.
    """
    with unpacked(service, folder) as root:
        try:
            challenge = load_challenge(root)
            with service.db.read() as session:
                check_allowed(session, identity, challenge.id)
            stored = pinned_sources(service, challenge, root)
            version = drafts.of_folder(drafts.Measured(), identity.name, challenge, root, stored)
        except InvalidChallenge as error:
            problems = [FolderProblem.model_validate(each) for each in error.details["problems"]]
            return PublishPreview(challenge="", problems=problems)
        return Comparison(service, identity, challenge, version, _in_folder(root)).shown()


def _in_folder(root: Path) -> Callable[[str], bytes]:
    def content(path: str) -> bytes:
        return (root / path).read_bytes()

    return content


@dataclass
class Comparison:
    """A version that might be published, beside the one that is current.

    Attributes:
        service: Where.
        identity: Who looks.
        challenge: What the new version says.
        version: The new version; it need not be stored.
        content: Reads a file of the new version.
    """

    service: Service
    identity: Identity
    challenge: Challenge
    version: VersionRow
    content: Callable[[str], bytes]

    def shown(self) -> PublishPreview:
        """Compare it with the current version and say what publishing does."""
        challenge, after, now = self.challenge, self.version, utc_now()
        made = PublishPreview(
            challenge=challenge.id, title=challenge.title, digest=after.digest, new=True
        )
        made.warning_phrases = self._warnings()
        made.warnings = [str(each) for each in made.warning_phrases]
        with self.service.db.read() as session:
            there = challenges.challenge(session, challenge.id)
            if there is None:
                made.effects = of_first(challenge)
                made.files = [
                    FileChange(path=each["path"], change="added", size_after=each["size"])
                    for each in after.manifest
                ]
                return made
            row, before = there
            made.new, made.current = False, before.digest
            made.effects = effects(Publication(session, self.identity, row, before, after, now))
        old = challenges.spec(before)
        labels = [each.data.labels for each in (old, challenge)]
        stored = {each["path"]: each["sha256"] for each in before.manifest}

        def content(side: Side, path: str) -> bytes:
            if side == "before":
                return self.service.blobs.read(stored[path])
            return self.content(path)

        made.fields = field_changes(old, challenge)
        made.files = file_changes(before.manifest, after.manifest, content, labels)
        made.unchanged = _same(before.manifest, after.manifest)
        return made

    def _warnings(self) -> list[Phrase]:
        challenge, now = self.challenge, utc_now()
        found = []
        if self.service.place == "serve":
            ranked = [phase.label for phase in challenge.phases if phase.ranked]
            if ranked:
                found.append(
                    say(
                        "%1: nobody can submit to a ranked phase here, where nothing keeps runs "
                        "away from the labels.",
                        [*ranked],
                    )
                )
        if all(phase.state(now) == "ended" for phase in challenge.phases):
            found.append(say("Every phase has ended by its dates, so nobody can submit."))
        if challenge.data.sample is None:
            found.append(
                say("There is no sample, so nobody can try a notebook before submitting it.")
            )
        if challenge.starter is None:
            found.append(
                say("There is no starter notebook, so participants begin with an empty one.")
            )
        return found


def _same(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> int:
    known = {(each["path"], each["sha256"]) for each in before}
    return sum((each["path"], each["sha256"]) in known for each in after)
