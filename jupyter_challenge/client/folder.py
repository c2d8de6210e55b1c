"""The participant's folder of a challenge: made by `get`, gone on with by the next `get`."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import quote

from jupyter_challenge.client.http import Channel
from jupyter_challenge.core.errors import ChallengeError, Conflict, NotFound, Unavailable
from jupyter_challenge.core.models import ChallengeView, DataFile

Progress = Callable[[str, int, int], None]
DESCRIPTION = "challenge.json"
_PIECE = 1 << 20


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


def read_description(folder: Path) -> dict[str, Any] | None:
    """Read a folder's challenge.json; None where there is none that can be read."""
    try:
        described = json.loads((folder / DESCRIPTION).read_bytes())
    except (OSError, ValueError):
        return None
    return described if isinstance(described, dict) else None


def get(
    channel: Channel,
    view: ChallengeView,
    folder: Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Got:
    """Make or complete the folder; see `Client.get`.

    Raises:
        Conflict: The folder belongs to another challenge.
    """
    described = read_description(folder)
    if described is not None and described.get("challenge") not in (None, view.id):
        raise Conflict(
            f'{folder} is the folder of the challenge "{described["challenge"]}".',
            hint="Name another folder.",
        )
    written: dict[str, dict[str, str]] = dict((described or {}).get("files") or {})
    got = Got(folder)
    for name in ("input", "output", "state"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for file in view.files:
        target = _inside(folder, file.path)
        here = _digest(target) if target.is_file() else None
        known = written.get(file.path, {})
        if file.path == view.starter:
            got.notebook = target
        if here is not None:
            as_written = here == known.get("here")
            if here == file.sha256 or (as_written and known.get("from") == file.sha256):
                continue
            if not as_written:
                if not overwrite:
                    got.kept.append(file.path)
                    continue
                os.replace(target, target.with_name(target.name + ".mine"))
        _fetch(channel, view.id, file, target, progress)
        if file.path == view.starter:
            _claim(target, view)
        written[file.path] = {"from": file.sha256, "here": _digest(target)}
        got.new.append(file.path)
        _describe(folder, view, written)
    _describe(folder, view, written)
    return got


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
    """Say in the starter's metadata that it belongs to the challenge, if it does not yet."""
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


def _inside(folder: Path, path: str) -> Path:
    parts = PurePosixPath(path).parts
    target = folder.joinpath(*parts)
    outside = not parts or path.startswith("/") or ".." in parts or "\\" in path
    if outside or not target.resolve().is_relative_to(folder.resolve()):
        raise ChallengeError(
            f'The challenge names a file outside its folder: "{path}".',
            hint="Tell the organiser; nothing was written there.",
        )
    return target


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _fetch(
    channel: Channel, challenge: str, file: DataFile, target: Path, progress: Progress | None
) -> None:
    """Download a file, going on with what an earlier call had got of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{file.sha256[:12]}.part")
    done = part.stat().st_size if part.is_file() else 0
    if done >= file.size:
        part.unlink(missing_ok=True)
        done = 0
    headers = {"Range": f"bytes={done}-"} if done else {}
    path = f"/challenges/{quote(challenge, safe='')}/files/{quote(file.path)}"
    response, pieces = channel.download(path, headers)
    if done and response.status_code != 206:
        done = 0  # the service sends it all again
    with part.open("ab" if done else "wb") as opened:
        for piece in pieces:
            opened.write(piece)
            done += len(piece)
            if progress is not None:
                progress(file.path, done, file.size)
    if _digest(part) != file.sha256:
        part.unlink()
        raise Unavailable(
            f"{file.path} did not arrive as the challenge has it.", hint="Run `get` again."
        )
    os.replace(part, target)


@contextmanager
def replaced(target: Path) -> Iterator[IO[bytes]]:
    """Write a file beside `target` that takes its place when all is written."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        # mkstemp makes files private; a user's file gets the mode that new files have.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def save(channel: Channel, path: str, target: Path, progress: Progress | None = None) -> Path:
    """Save an attachment; an existing file is replaced only when all has arrived."""
    response, pieces = channel.download(path)
    total = int(response.headers.get("content-length") or 0)
    done = 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with replaced(target) as file:
        for piece in pieces:
            file.write(piece)
            done += len(piece)
            if progress is not None:
                progress(target.name, done, total)
    return target


@contextmanager
def zipped(folder: Path) -> Iterator[IO[bytes]]:
    """Zip a challenge folder: its regular files, no hidden ones and no caches.

    Raises:
        NotFound: There is no such folder.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.", hint="Make one: jupyter challenge create.")
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for path in sorted(folder.rglob("*")):
                parts = path.relative_to(folder).parts
                if any(p.startswith(".") or p == "__pycache__" for p in parts):
                    continue
                if path.is_file():
                    info = zipfile.ZipInfo("/".join(parts))  # the same bytes for the same files
                    info.compress_type = zipfile.ZIP_DEFLATED
                    info.external_attr = 0o644 << 16
                    with (
                        path.open("rb") as source,
                        archive.open(info, "w", force_zip64=True) as target,
                    ):
                        while piece := source.read(_PIECE):
                            target.write(piece)
        file.seek(0)
        yield file
