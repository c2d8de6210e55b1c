"""The client: what one can do with challenges, in Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from jupyter_challenge.client import folder as folders
from jupyter_challenge.client import getting, handing_in
from jupyter_challenge.client.following import follow_log, wait_for
from jupyter_challenge.client.http import Channel
from jupyter_challenge.client.organising import Organising
from jupyter_challenge.client.views import Board, Challenge, History, Rows, Submission
from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.models import (
    ChallengeSummary,
    Changes,
    LogChunk,
    Me,
    ProfileView,
    QuotaView,
    StepName,
    SubmissionRequest,
)

Progress = Callable[[str, int, int], None]


class Client(Organising):
    """A client of the service; made by `connect()`, closed by `close()` or `with`.

    Every method raises the `ChallengeError` that the service answered with.
    """

    def __init__(self, channel: Channel, owned: ExitStack) -> None:
        """Take over a channel and what has to be stopped with it."""
        self._channel = channel
        self._owned = owned

    def __enter__(self) -> Client:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """Name where the client is connected to."""
        return f"<Client of {self._channel.where}>"

    def close(self) -> None:
        """Close connections, and stop the service if it runs in this process; runs go on."""
        self._owned.close()

    def me(self) -> Me:
        """Who I am to the service, and how the service runs."""
        return self._channel.ask(Me, "GET", "/me")

    def challenges(self, state: str | None = None, q: str | None = None) -> Rows[ChallengeSummary]:
        """List the challenges that I may see; `state` is soon, open or ended."""
        return Rows(self._channel.pages(ChallengeSummary, "/challenges", {"state": state, "q": q}))

    def challenge(self, challenge: str) -> Challenge:
        """Read a challenge."""
        return self._channel.ask(Challenge, "GET", _at("challenges", challenge))

    def enter(self, challenge: str, terms_digest: str | None = None) -> Challenge:
        """Enter a challenge; `terms_digest` names the terms that were read and accepted."""
        path = _at("challenges", challenge, "entry")
        return self._channel.ask(Challenge, "PUT", path, json={"terms_digest": terms_digest})

    def get(
        self,
        challenge: str,
        folder: str | os.PathLike[str] | None = None,
        *,
        overwrite: bool = False,
        progress: getting.Watch | None = None,
    ) -> getting.Got:
        """Make the participant's folder: input/, output/, state/, the starter, challenge.json.

        What is there and right is left alone, so a second call goes on where the first was
        broken off. Files that you changed are kept and named in the answer's `kept`.

        Args:
            challenge: Id of the challenge.
            folder: Where; a folder named like the challenge when left out.
            overwrite: Take the challenge's file also where you changed yours; yours is kept
                beside it with the ending `.mine`.
            progress: Called with a `GetProgress` as it goes on; what it raises ends the work, and
                the next call goes on from there.
        """
        view = self.challenge(challenge)
        target = Path(folder) if folder is not None else Path(view.id)
        return getting.get(self._channel, view, target, overwrite=overwrite, progress=progress)

    def inspect(
        self,
        path: str | os.PathLike[str],
        files: Sequence[str] | None = None,
        challenge: str | None = None,
    ) -> handing_in.Inspection:
        """Say what would travel with a notebook or predictions file, and what stands against it.

        With `challenge` its limits count, and the columns of the predictions that it asks for.
        """
        view = self.challenge(challenge) if challenge is not None else None
        return handing_in.inspect(Path(path), files=files, view=view)

    def submit(
        self,
        path: str | os.PathLike[str],
        challenge: str | None = None,
        phase: str | None = None,
        files: Sequence[str] | None = None,
        parameters: Mapping[str, Any] | None = None,
        is_try: bool = False,
        note: str = "",
        profile: str | None = None,
        idempotency_key: str | None = None,
    ) -> Submission:
        """Hand in a notebook or a predictions file.

        Args:
            path: An `.ipynb` file is a notebook, anything else a predictions file.
            challenge: Read from the notebook's metadata or from challenge.json when left out.
            phase: The current phase when left out.
            files: Files that travel with it, relative to its folder; those of the notebook's
                metadata when left out.
            parameters: Values for the cell tagged `parameters`.
            is_try: Run on the public sample instead, outside quota and board.
            note: What you want to remember about it.
            profile: Compute profile.
            idempotency_key: The same key never submits twice; made up when left out.

        Raises:
            InvalidSubmission: The file cannot be handed in; the message says why.
            QuotaExceeded: `details["next_at"]` says when there is room again.
        """
        view, sent, bundle = handing_in.prepare(
            Path(path), files=files, challenge=challenge, challenge_of=self.challenge
        )
        request = SubmissionRequest(
            kind=sent.kind,
            phase=phase,
            entry=sent.entry,
            is_try=is_try,
            parameters=handing_in.as_given(parameters or {}, Path(path)),
            environment=sent.environment if sent.kind is SubmissionKind.NOTEBOOK else {},
            pod=handing_in.own_pod() if sent.kind is SubmissionKind.NOTEBOOK else None,
            profile=profile,
            note=note,
        )
        return self._hand_in(view.id, request, bundle, idempotency_key)

    def submit_image(
        self,
        image: str,
        challenge: str,
        phase: str | None = None,
        is_try: bool = False,
        note: str = "",
        profile: str | None = None,
        idempotency_key: str | None = None,
    ) -> Submission:
        """Hand in a container image: its own program is run, with the challenge's folders.

        Args:
            image: With its registry and its digest, as `registry.example.org/model@sha256:…`.
            challenge: Id of the challenge; it has to take containers.
            phase: The current phase when left out.
            is_try: Run on the public sample instead, outside quota and board.
            note: What you want to remember about it.
            profile: Compute profile.
            idempotency_key: The same key never submits twice; made up when left out.

        Raises:
            InvalidSubmission: The image can't be handed in; the message says why.
            QuotaExceeded: `details["next_at"]` says when there is room again.
        """
        sent, bundle = handing_in.prepare_image(image)
        request = SubmissionRequest(
            kind=sent.kind,
            phase=phase,
            entry=sent.entry,
            image=sent.image,
            is_try=is_try,
            profile=profile,
            note=note,
        )
        return self._hand_in(challenge, request, bundle, idempotency_key)

    def _hand_in(
        self, challenge: str, request: SubmissionRequest, bundle: bytes, key: str | None
    ) -> Submission:
        return self._channel.ask(
            Submission,
            "POST",
            _at("challenges", challenge, "submissions"),
            headers={"Idempotency-Key": key or handing_in.new_key()},
            data={"request": request.model_dump_json()},
            files={"bundle": ("bundle.zip", bundle, "application/zip")},
        )

    def try_out(self, path: str | os.PathLike[str], **options: Any) -> Submission:
        """Run a notebook on the public sample: full logs, no quota, not on the board."""
        return self.submit(path, is_try=True, **options)

    def quota(self, challenge: str, phase: str | None = None) -> QuotaView:
        """Say what my team has left."""
        path = _at("challenges", challenge, "quota")
        return self._channel.ask(QuotaView, "GET", path, params={"phase": phase})

    def profiles(
        self, challenge: str | None = None, kernel: str | None = None
    ) -> list[ProfileView]:
        """List the compute profiles that I may choose from, each with its queue and its kernels.

        `kernel` reads the packages of that kernel alone.
        """
        params = {"challenge": challenge, "kernel": kernel}
        return self._channel.pages(ProfileView, "/profiles", params)

    def submissions(
        self,
        challenge: str | None = None,
        *,
        phase: str | None = None,
        team: Literal["mine", "all"] = "mine",
        state: str | None = None,
        tries: bool | None = False,
        limit: int | None = None,
    ) -> Rows[Submission]:
        """List submissions, newest first; all teams' only for organisers.

        `tries` says whether tries are left out (False), alone (True) or among them (None).
        """
        params = {
            "challenge": challenge,
            "phase": phase,
            "team": team,
            "state": state,
            "tries": None if tries is None else str(tries).lower(),
        }
        return Rows(self._channel.pages(Submission, "/submissions", params, limit))

    def submission(self, id: str) -> Submission:
        """Read a submission."""
        return self._channel.ask(Submission, "GET", _at("submissions", id))

    def wait(
        self,
        id: str,
        on_change: Callable[[Submission], None] | None = None,
        timeout: float | None = None,
    ) -> Submission:
        """Wait until a submission is over.

        Args:
            id: The submission.
            on_change: Called with the submission now and whenever it changed.
            timeout: Seconds; no limit when left out.

        Raises:
            TimeoutError: It is not over after `timeout`.
        """
        return wait_for(self, id, on_change, timeout)

    def log(self, id: str, step: StepName | str, offset: int = 0) -> LogChunk:
        """Read a piece of a step's log."""
        path = _at("submissions", id, "logs", StepName(step).value)
        return self._channel.ask(LogChunk, "GET", path, params={"offset": offset})

    def logs(self, id: str, step: StepName | str = "run", follow: bool = True) -> Iterator[str]:
        """Read a step's log piece by piece; with `follow` until the step is over."""
        return follow_log(self, id, StepName(step), follow)

    def cancel(self, id: str) -> Submission:
        """Cancel a submission that is not over."""
        return self._channel.ask(Submission, "POST", _at("submissions", id, "cancel"))

    def select(self, id: str) -> Submission:
        """Choose a submission to count in the end, where the phase lets teams choose."""
        return self._channel.ask(Submission, "PUT", _at("submissions", id, "selection"))

    def unselect(self, id: str) -> Submission:
        """Take the choice back."""
        return self._channel.ask(Submission, "DELETE", _at("submissions", id, "selection"))

    def leaderboard(
        self,
        challenge: str,
        board: Literal["public", "private"] = "public",
        phase: str | None = None,
        limit: int | None = 100,
        q: str | None = None,
    ) -> Board:
        """Read a board: the first `limit` rows, or all with None."""
        path = _at("challenges", challenge, "boards", phase or self.challenge(challenge).phase.id)
        rows: list[Any] = []
        cursor: str | None = None
        while True:
            size = 200 if limit is None else min(limit - len(rows), 200)
            params = {"cursor": cursor, "limit": size, "q": q}
            page = self._channel.ask(Board, "GET", f"{path}/{board}", params=params)
            rows += page.rows
            cursor = page.next
            if cursor is None or not page.rows or (limit is not None and len(rows) >= limit):
                return page.model_copy(update={"rows": rows, "offset": 0})

    def history(
        self,
        challenge: str,
        phase: str | None = None,
        board: Literal["public", "private"] = "public",
    ) -> History:
        """Read how my team's scores and the leader's came to be; the current phase by default."""
        path = _at("challenges", challenge, "history")
        params = {"phase": phase, "board": board}
        return self._channel.ask(History, "GET", path, params=params)

    def notebook(self, id: str, path: str | os.PathLike[str]) -> Path:
        """Save the notebook as it ran."""
        return folders.save(self._channel, _at("submissions", id, "notebook"), Path(path))

    def bundle(self, id: str, path: str | os.PathLike[str]) -> Path:
        """Save what was handed in, as a zip."""
        return folders.save(self._channel, _at("submissions", id, "bundle"), Path(path))

    def predictions(self, id: str, path: str | os.PathLike[str]) -> Path:
        """Save the predictions."""
        return folders.save(self._channel, _at("submissions", id, "predictions"), Path(path))

    def changes(self, after: int | None = None, timeout: float = 0) -> Changes:
        """Read the change feed, waiting up to `timeout` seconds; without `after` its end."""
        params = {"after": after, "timeout": timeout if after is not None else None}
        return self._channel.ask(Changes, "GET", "/changes", params=params, timeout=timeout + 30)


def _at(*parts: str) -> str:
    return "".join("/" + quote(part, safe="") for part in parts)
