"""The way of a pod's platform containers to the gateway, with the token that only they have."""

from __future__ import annotations

import http.client
import os
import re
import tarfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TypeVar, cast
from urllib.parse import urlsplit

from jupyter_challenge.core.names import name_problem
from jupyter_challenge.core.tarball import CHUNK, Packed, pack, pieces_of
from jupyter_challenge.steps.folder import remove

TIMEOUT = 60.0
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 3.0
T = TypeVar("T")


class Refused(Exception):
    """The gateway said no; asking again would not help. `code` is its own word for why."""

    def __init__(self, said: str, code: str = "") -> None:
        """Take what was said."""
        super().__init__(said)
        self.code = code


class _Later(Exception):
    """The gateway cannot answer now."""


class Door:
    """Asks the gateway, again and again while it does not answer."""

    def __init__(self, url: str, token_file: Path, patience: float = 120.0) -> None:
        """Prepare; nothing is sent yet.

        Args:
            url: Address of the gateway.
            token_file: File with the pod's token, read anew each time as it is renewed.
            patience: Seconds for which one thing is asked for.
        """
        self._url = urlsplit(url)
        self._token_file = token_file
        self._patience = patience

    def read(self, path: str) -> bytes:
        """All of a small answer."""
        return self._again(lambda: self._get(path, lambda answer: answer.read()))

    def ask(self, path: str) -> bytes:
        """Ask for something to be done; asking again is harmless."""

        def send() -> bytes:
            connection = self._connection()
            try:
                connection.request("POST", path, headers=self._headers())
                return _accepted(connection.getresponse()).read()
            finally:
                connection.close()

        return self._again(send)

    def save(self, path: str, target: Path) -> None:
        """Write an answer to a file."""

        def copy(answer: http.client.HTTPResponse) -> None:
            with target.open("wb") as file:
                while piece := answer.read(CHUNK):
                    file.write(piece)

        self._again(lambda: self._get(path, copy))

    def unpack(self, path: str, folder: Path, mode: int = 0o440) -> None:
        """Write the files of a tar below a folder, which holds nothing else then."""

        def extract(answer: http.client.HTTPResponse) -> None:
            for child in folder.iterdir():
                remove(child)
            with tarfile.open(fileobj=cast(IO[bytes], answer), mode="r|") as archive:
                extracted(archive, folder, mode)
            while answer.read(CHUNK):
                pass  # what is missing of it shows here

        self._again(lambda: self._get(path, extract))

    def hand_in(self, path: str, files: Sequence[Packed]) -> bytes:
        """Send files as a tar; sending the same again is harmless."""

        def send() -> bytes:
            length, pieces = pack(files)
            connection = self._connection()
            try:
                headers = {**self._headers(), "Content-Length": str(length)}
                connection.request("POST", path, body=pieces, headers=headers)
                return _accepted(connection.getresponse()).read()
            finally:
                connection.close()

        return self._again(send)

    def send(self, path: str, source: Path) -> bytes:
        """Send a file as it is; sending the same again is harmless."""

        def send() -> bytes:
            connection = self._connection()
            try:
                with source.open("rb") as file:
                    length = os.fstat(file.fileno()).st_size
                    headers = {**self._headers(), "Content-Length": str(length)}
                    connection.request("POST", path, body=pieces_of(file, length), headers=headers)
                    return _accepted(connection.getresponse()).read()
            finally:
                connection.close()

        return self._again(send)

    def _get(self, path: str, use: Callable[[http.client.HTTPResponse], T]) -> T:
        connection = self._connection()
        try:
            connection.request("GET", path, headers=self._headers())
            return use(_accepted(connection.getresponse()))
        finally:
            connection.close()

    def _again(self, ask: Callable[[], T]) -> T:
        until, pause = time.monotonic() + self._patience, FIRST_PAUSE
        while True:
            try:
                return ask()
            except (OSError, http.client.HTTPException, tarfile.ReadError, _Later) as error:
                if isinstance(error, OSError) and error.filename is not None:
                    raise  # of a file of ours, such as a full disk
                if time.monotonic() + pause > until:
                    raise
                print(f"The gateway does not answer: {error}", flush=True)
            time.sleep(pause)
            pause = min(LONGEST_PAUSE, 2 * pause)

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT)
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token_file.read_text().strip()}"}


def _accepted(answer: http.client.HTTPResponse) -> http.client.HTTPResponse:
    if answer.status < 300:
        return answer
    said = answer.read(2_000).decode(errors="replace")
    if answer.status >= 500 or answer.status == 429:
        raise _Later(f"{answer.status} {said}")
    found = re.search(r'"code": ?"([a-z_]+)"', said)
    raise Refused(f"{answer.status} {said}", found[1] if found else "")


def extracted(archive: tarfile.TarFile, folder: Path, mode: int) -> None:
    """Write the files of a tar below a folder.

    Raises:
        Refused: There is something else in it than plain files.
    """
    for member in archive:
        _extract(archive, member, folder, mode)


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, mode: int) -> None:
    content = archive.extractfile(member) if member.isreg() else None
    if content is None or name_problem(member.name) is not None:
        raise Refused(f'"{member.name}" is not a plain file')
    target = folder / member.name
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        while piece := content.read(CHUNK):
            file.write(piece)
    target.chmod(mode)
