"""Getting a challenge's folder: a job of this server's, which one starts, watches and cancels."""

from __future__ import annotations

import asyncio
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_challenge.core.errors import ChallengeError, Conflict, NotFound
from jupyter_challenge.server.base import ChallengeHandler, named
from jupyter_challenge.server.paths import beneath, root_of, server_path

if TYPE_CHECKING:
    from jupyter_challenge.client.forwarding import Upstream
    from jupyter_challenge.client.getting import GetProgress, Got

# A small folder is answered at once, within so many seconds.
_AT_ONCE = 1.0
# Downloads at a time, and jobs that are over and can still be asked for.
_MOST = 8
_REMEMBERED = 50


class _Cancelled(Exception):
    """Somebody cancelled the job."""


class GetJob:
    """One folder that is made or completed, in a thread of its own."""

    def __init__(self, challenge: str, folder: Path, root: Path) -> None:
        """Describe a job; nothing happens yet."""
        self.id = uuid.uuid4().hex
        self.challenge = challenge
        self.folder = folder
        self.over = asyncio.Event()
        self.error: BaseException | None = None
        self._root = root
        self._loop = asyncio.get_running_loop()
        self._cancelled = threading.Event()
        self._progress: GetProgress | None = None
        self._got: Got | None = None

    @property
    def state(self) -> str:
        """One of running, done, failed and cancelled; the last three stay."""
        if not self.over.is_set():
            return "running"
        if self._got is not None:
            return "done"
        return "cancelled" if isinstance(self.error, _Cancelled) else "failed"

    async def start(self, upstream: Upstream) -> None:
        """Begin.

        Raises:
            Unavailable: The service could not be started.
        """
        client = await upstream.streaming_client()

        def work() -> None:
            got = error = None
            try:
                with client:
                    got = client.get(self.challenge, self.folder, progress=self._watch)
            except Exception as caught:
                error = caught
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._end, got, error)

        # A daemon: a download that hangs must not keep the server from ending.
        threading.Thread(target=work, name=f"get-{self.challenge}", daemon=True).start()

    def fail(self, error: BaseException) -> None:
        """Say that it could not begin."""
        self._end(None, error)

    def cancel(self) -> None:
        """End it soon; what has arrived stays for the next time."""
        self._cancelled.set()

    def as_json(self) -> dict[str, Any]:
        """What the browser is told."""
        at, got = self._progress, self._got
        told: dict[str, Any] = {
            "job": self.id,
            "challenge": self.challenge,
            "folder": server_path(self._root, self.folder),
            "state": self.state,
            "path": at.path if at else "",
            "files": at.files if at else 0,
            "files_done": at.files_done if at else 0,
            "size": at.size if at else 0,
            "done": at.done if at else 0,
            "notebook": None,
            "new": got.new if got else [],
            "kept": got.kept if got else [],
            "error": None,
        }
        if got is not None and got.notebook is not None:
            told["notebook"] = server_path(self._root, got.notebook)
        if self.state == "failed":
            told["error"] = self._told_error()
        return told

    def _told_error(self) -> dict[str, Any]:
        error = self.error
        if isinstance(error, ChallengeError):
            return {
                "code": error.code,
                "message": error.message,
                "hint": error.hint,
                "details": error.details,
            }
        text = f"The folder could not be made: {error}."
        return {"code": "internal", "message": text, "hint": "", "details": {}}

    def _watch(self, progress: GetProgress) -> None:
        self._progress = progress
        if self._cancelled.is_set():
            raise _Cancelled

    def _end(self, got: Got | None, error: BaseException | None) -> None:
        self._got, self.error = got, error
        self.over.set()


class GetJobs:
    """The jobs of this server, for as long as it runs."""

    def __init__(self, upstream: Upstream) -> None:
        """Begin without any."""
        self._upstream = upstream
        self._jobs: dict[str, GetJob] = {}

    def all(self) -> list[GetJob]:
        """Jobs, the newest last."""
        return list(self._jobs.values())

    def find(self, id: str) -> GetJob:
        """Return a job.

        Raises:
            NotFound: It is not known, or was over long ago.
        """
        if id not in self._jobs:
            raise NotFound("There is no such download.", hint="Start it again: it goes on.")
        return self._jobs[id]

    async def begin(self, challenge: str, folder: Path, root: Path) -> GetJob:
        """Start a job; where the same one is under way, return that.

        Raises:
            Conflict: The folder is being made for another challenge, or too much is under way.
        """
        running = [job for job in self.all() if not job.over.is_set()]
        for job in running:
            if job.folder == folder and job.challenge == challenge:
                return job
            if job.folder == folder:
                raise Conflict(
                    f'The folder is being made for the challenge "{job.challenge}".',
                    hint="Choose another folder, or wait until it is done.",
                )
        if len(running) >= _MOST:
            raise Conflict(
                f"{len(running)} downloads are under way.", hint="Wait for one or cancel one."
            )
        job = GetJob(challenge, folder, root)
        self._jobs[job.id] = job
        try:
            await job.start(self._upstream)
        except BaseException as error:
            job.fail(error)  # somebody else may wait for it by now
            del self._jobs[job.id]
            raise
        for old in [each for each in self.all() if each.over.is_set()][:-_REMEMBERED]:
            del self._jobs[old.id]
        return job

    def stop(self) -> None:
        """End all of them soon."""
        for job in self.all():
            job.cancel()


class _JobsHandler(ChallengeHandler):
    def initialize(self, upstream: Upstream, jobs: GetJobs) -> None:  # type: ignore[override]
        """Called by Tornado for each request."""
        super().initialize(upstream)
        self.jobs = jobs


class GetHandler(_JobsHandler):
    """`/jupyter-challenge/get`."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Make the participant's folder, or complete it; files that were changed are kept.

        What is done within a second is answered with 201; else 202 names the job to ask for.
        """
        asked = self.body_object()
        challenge = named(asked, "challenge")
        root = root_of(self.contents_manager)
        folder = beneath(root, asked.get("folder") or challenge)
        job = await self.jobs.begin(challenge, folder, root)
        await _wait(job, _AT_ONCE)
        if job.state == "failed" and job.error is not None:
            raise job.error
        self.answer(job.as_json(), 201 if job.state == "done" else 202)

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List what is under way."""
        under_way = [job.as_json() for job in self.jobs.all() if not job.over.is_set()]
        self.answer({"items": under_way})


class GetJobHandler(_JobsHandler):
    """`/jupyter-challenge/get/<job>`."""

    @web.authenticated
    @authorized
    async def get(self, id: str) -> None:
        """Say how far a job is."""
        self.answer(self.jobs.find(id).as_json())

    @web.authenticated
    @authorized
    async def delete(self, id: str) -> None:
        """Cancel a job; what has arrived stays for the next time."""
        job = self.jobs.find(id)
        job.cancel()
        await _wait(job, _AT_ONCE)
        self.answer(job.as_json())


async def _wait(job: GetJob, seconds: float) -> None:
    try:
        await asyncio.wait_for(job.over.wait(), seconds)
    except asyncio.TimeoutError:
        return
