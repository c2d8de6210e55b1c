"""Get a challenge's files into the participant's folder; a second call goes on where one ended."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import quote

from jupyter_challenge.client.folder import DESCRIPTION, read_description, replaced
from jupyter_challenge.client.http import Channel
from jupyter_challenge.core.errors import ChallengeError, Conflict, StorageFull, Unavailable
from jupyter_challenge.core.models import ChallengeView, DataFile

_PIECE = 1 << 20
# Pauses before a broken download goes on, in seconds; from the first again once something came.
_AGAIN_AFTER = (0.5, 1.0, 2.0, 4.0, 8.0)
# What a download leaves free on the disk.
_KEPT_FREE = 64 << 20


@dataclass(frozen=True)
class GetProgress:
    """How far `get` is.

    Attributes:
        path: The file that is looked at or fetched now.
        files: Files of the challenge.
        files_done: Files that are there and right, or yours and kept.
        size: Bytes of all files.
        done: Bytes that are there.
    """

    path: str
    files: int
    files_done: int
    size: int
    done: int


Watch = Callable[[GetProgress], None]


@dataclass
class Got:
    """What `get` did.

    Attributes:
        folder: The participant's folder.
        notebook: The starter notebook in it.
        new: Paths that were written.
        kept: Paths that you changed and that were therefore left as they are, although the
            challenge now has something else there.
    """

    folder: Path
    notebook: Path | None = None
    new: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


@dataclass
class _Wanted:
    """A file that is to be fetched, and what lies in its place now."""

    file: DataFile
    target: Path
    here: str | None
    changed: bool


class _Tally:
    """Counts what is there and tells it; what `watch` raises ends the work."""

    def __init__(self, view: ChallengeView, watch: Watch | None) -> None:
        self._files, self._size = len(view.files), sum(file.size for file in view.files)
        self._watch = watch
        self._before = self._files_done = 0

    def at(self, path: str, done: int = 0) -> None:
        """Tell that `done` bytes of a file are there."""
        if self._watch is not None:
            there = self._before + done
            self._watch(GetProgress(path, self._files, self._files_done, self._size, there))

    def finished(self, file: DataFile) -> None:
        """Count a whole file and tell it."""
        self._before += file.size
        self._files_done += 1
        self.at(file.path)


def get(
    channel: Channel,
    view: ChallengeView,
    folder: Path,
    *,
    overwrite: bool = False,
    progress: Watch | None = None,
) -> Got:
    """Make or complete the folder; see `Client.get`.

    Raises:
        Conflict: The folder belongs to another challenge, or one is published from it.
        StorageFull: The disk has no room for what is missing.
    """
    from jupyter_challenge.core.template import refuse_inside_challenge

    refuse_inside_challenge(folder)
    described = read_description(folder)
    if described is not None and described.get("challenge") not in (None, view.id):
        raise Conflict(
            f'{folder} is the folder of the challenge "{described["challenge"]}".',
            hint="Name another folder.",
        )
    written: dict[str, dict[str, str]] = dict((described or {}).get("files") or {})
    got, tally = Got(folder), _Tally(view, progress)
    for name in ("input", "output", "state"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    missing = []
    for file in view.files:
        target = inside(folder, file.path)
        if file.path == view.starter:
            got.notebook = target
        watch = partial(tally.at, file.path)
        here = _digest(target, watch) if target.is_file() else None
        known = written.get(file.path, {})
        as_written = here is not None and here == known.get("here")
        if here == file.sha256 or (as_written and known.get("from") == file.sha256):
            tally.finished(file)
        elif here is not None and not as_written and not overwrite:
            got.kept.append(file.path)
            tally.finished(file)
        else:
            missing.append(_Wanted(file, target, here, here is not None and not as_written))
    _check_room(folder, missing)
    for each in missing:
        if _fetch(channel, view, each, tally):
            written[each.file.path] = {"from": each.file.sha256, "here": _digest(each.target)}
            got.new.append(each.file.path)
            _describe(folder, view, written)
        else:
            got.kept.append(each.file.path)
        tally.finished(each.file)
    _describe(folder, view, written)
    return got


def inside(folder: Path, path: str) -> Path:
    """Return the place of a challenge's file in the participant's folder.

    Raises:
        ChallengeError: It would be elsewhere.
    """
    parts = PurePosixPath(path).parts
    target = folder.joinpath(*parts)
    outside = not parts or path.startswith("/") or ".." in parts or "\\" in path
    if outside or not target.resolve().is_relative_to(folder.resolve()):
        raise ChallengeError(
            f'The challenge names a file outside its folder: "{path}".',
            hint="Tell the organiser; nothing was written there.",
        )
    return target


def _check_room(folder: Path, missing: list[_Wanted]) -> None:
    needed = sum(
        each.file.size - (part.stat().st_size if (part := _part(each)).is_file() else 0)
        for each in missing
    )
    free = shutil.disk_usage(folder).free
    if missing and needed + _KEPT_FREE > free:
        raise StorageFull(
            f"The files need {needed / 1e9:.1f} GB more, and {free / 1e9:.1f} GB are free.",
            hint="Free some space or name a folder on another disk, then get them again.",
        )


def _part(wanted: _Wanted) -> Path:
    """Where a file lies while it is fetched; that of another version has another name."""
    target = wanted.target
    return target.with_name(f".{target.name}.{wanted.file.sha256[:12]}.part")


def _fetch(channel: Channel, view: ChallengeView, wanted: _Wanted, tally: _Tally) -> bool:
    """Download a file and put it in its place; False where you put something else there meanwhile.

    Raises:
        Unavailable: The connection broke too often, or what came is not the challenge's file.
    """
    file, target, part = wanted.file, wanted.target, _part(wanted)
    target.parent.mkdir(parents=True, exist_ok=True)
    _forget_other_versions(part, target)
    _download(channel, view.id, file, part, tally)
    if _digest(part, partial(tally.at, file.path, file.size)) != file.sha256:
        part.unlink()
        raise Unavailable(
            f"{file.path} did not arrive as the challenge has it.", hint="Run `get` again."
        )
    # It may have taken hours: what is there now need not be what was there then.
    if target.exists() and (_digest(target) if target.is_file() else "") != wanted.here:
        part.unlink()
        return False
    if wanted.changed:
        os.replace(target, _mine(target))
    os.replace(part, target)
    if "/" not in file.path and file.path.endswith(".ipynb"):
        _claim(target, view)
    return True


def _download(channel: Channel, challenge: str, file: DataFile, part: Path, tally: _Tally) -> None:
    """Bring all of a file into its part, going on with what is there whenever it breaks off."""
    done = part.stat().st_size if part.is_file() else 0
    if done > file.size:
        part.unlink()
        done = 0
    if not file.size:
        part.touch()
    pauses, furthest = iter(_AGAIN_AFTER), done
    while done < file.size:
        tally.at(file.path, done)
        try:
            _append(channel, challenge, file, part, tally)
            if part.stat().st_size < file.size:
                raise Unavailable(
                    f"{file.path} ended too soon.", hint="Run `get` again: it goes on."
                )
        except StorageFull:
            raise
        except Unavailable:
            if part.is_file() and part.stat().st_size > furthest:
                pauses, furthest = iter(_AGAIN_AFTER), part.stat().st_size
            if (pause := next(pauses, None)) is None:
                raise
            time.sleep(pause)
        done = part.stat().st_size if part.is_file() else 0


def _append(channel: Channel, challenge: str, file: DataFile, part: Path, tally: _Tally) -> None:
    done = part.stat().st_size if part.is_file() else 0
    headers = {"Range": f"bytes={done}-"} if done else {}
    path = f"/challenges/{quote(challenge, safe='')}/files/{quote(file.path)}"
    response, pieces = channel.download(path, headers)
    with closing(pieces):
        if done and response.status_code != 206:
            done = 0  # the service sends it all again
        with part.open("ab" if done else "wb") as opened:
            for piece in pieces:
                _write(opened, piece)
                done += len(piece)
                if done > file.size:
                    raise Unavailable(
                        f"{file.path} is not as long as the challenge says.",
                        hint="Get the files again; if that does not help, tell the organisers.",
                    )
                tally.at(file.path, done)


def _write(opened: IO[bytes], piece: bytes) -> None:
    try:
        opened.write(piece)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StorageFull(
            "The disk is full.", hint="Free some space, then get the files again: it goes on."
        ) from error


def _forget_other_versions(part: Path, target: Path) -> None:
    start, end = f".{target.name}.", ".part"
    for other in target.parent.iterdir():
        middle = other.name[len(start) : -len(end)]
        ours = other.name.startswith(start) and other.name.endswith(end) and len(middle) == 12
        if ours and other != part:
            other.unlink()


def _mine(target: Path) -> Path:
    """A free name beside a file, for what the user had made of it."""
    mine, number = target.with_name(f"{target.name}.mine"), 1
    while mine.exists():
        number += 1
        mine = target.with_name(f"{target.name}.mine{number}")
    return mine


def _describe(folder: Path, view: ChallengeView, written: dict[str, dict[str, str]]) -> None:
    """Write challenge.json, whole: what `task`, the next `get` and a submission need to know."""
    text = json.dumps(
        {
            "challenge": view.id,
            "title": view.title,
            "version": view.version,
            "output": view.output.model_dump(mode="json"),
            "files": written,
        },
        indent=1,
        sort_keys=True,
    )
    with replaced(folder / DESCRIPTION) as file:
        file.write(text.encode() + b"\n")


def _claim(notebook: Path, view: ChallengeView) -> None:
    """Say in a notebook's metadata that it belongs to the challenge, if it does not yet."""
    try:
        content = json.loads(notebook.read_bytes())
        ours = content["metadata"].setdefault("jupyter_challenge", {})
        if ours.get("challenge") == view.id:
            return
        ours["challenge"] = view.id
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # not a notebook; submitting it will say so
    with replaced(notebook) as file:
        file.write(json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")


def _digest(file: Path, watch: Callable[[], None] | None = None) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            digest.update(piece)
            if watch is not None:
                watch()
    return digest.hexdigest()
