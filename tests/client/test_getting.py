"""`get` of large files: told as it goes on, gone on with after a break, nothing overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from jupyter_challenge.client import Client, getting
from jupyter_challenge.client.getting import GetProgress
from jupyter_challenge.core.errors import StorageFull, Unavailable
from tests.tiny import write_challenge

BIG = "id,x,label\n" + "".join(f"{n},{n},odd\n" for n in range(200_000))
NAME = "input/train.csv"


@pytest.fixture
def big(client: Client, tmp_path: Path) -> Client:
    """A client of a service with a challenge that has a file of 3 MB."""
    organiser = write_challenge(tmp_path / "organiser")
    (organiser / "data/train.csv").write_text(BIG)
    client.publish(organiser)
    client.enter("tiny")
    return client


class Stop(Exception):
    """What a caller raises to end the work."""


def test_a_download_that_was_stopped_goes_on(big: Client, tmp_path: Path) -> None:
    def stop(at: GetProgress) -> None:
        if at.path == NAME and part_of(tmp_path / "mine"):
            raise Stop

    with pytest.raises(Stop):
        big.get("tiny", tmp_path / "mine", progress=stop)
    part = part_of(tmp_path / "mine")
    assert part is not None
    had = part.stat().st_size
    assert 0 < had < len(BIG)

    told: list[GetProgress] = []
    big.get("tiny", tmp_path / "mine", progress=told.append)
    of_it = [at for at in told if at.path == NAME]
    assert of_it[0].done >= had, "it goes on where it was stopped"
    assert (tmp_path / "mine" / NAME).read_text() == BIG
    assert part_of(tmp_path / "mine") is None


def test_progress_counts_all_files_and_only_upwards(big: Client, tmp_path: Path) -> None:
    told: list[GetProgress] = []
    big.get("tiny", tmp_path / "mine", progress=told.append)
    files = big.challenge("tiny").files
    size = sum(file.size for file in files)
    assert {(at.files, at.size) for at in told} == {(len(files), size)}
    assert [at.done for at in told] == sorted(at.done for at in told)
    assert (told[-1].files_done, told[-1].done) == (len(files), size)
    again: list[GetProgress] = []
    big.get("tiny", tmp_path / "mine", progress=again.append)
    assert again[-1].done == size, "what is there already counts"


class Breaks(httpx.BaseTransport):
    """A way to the service on which every answer with a file ends after some bytes."""

    def __init__(self, way: httpx.BaseTransport, after: int) -> None:
        self.way, self.after, self.ranges = way, after, list[str]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.way.handle_request(request)
        if "/files/" not in str(request.url):
            return response
        self.ranges.append(request.headers.get("range", ""))
        inner, left = response.stream, self.after

        class Cut(httpx.SyncByteStream):
            def __iter__(self) -> Iterator[bytes]:
                nonlocal left
                assert isinstance(inner, httpx.SyncByteStream)
                for piece in inner:
                    if left <= 0:
                        raise httpx.ReadError("cut")
                    yield piece[:left]
                    left -= len(piece)

            def close(self) -> None:
                inner.close()  # type: ignore[union-attr]

        return httpx.Response(response.status_code, headers=response.headers, stream=Cut())


def cut(client: Client, monkeypatch: pytest.MonkeyPatch, after: int) -> Breaks:
    """Put a way that breaks between the client and its service, and wait for nothing."""
    http = client._channel._http
    breaks = Breaks(http._transport, after)
    monkeypatch.setattr(http, "_transport", breaks)
    monkeypatch.setattr(getting, "_AGAIN_AFTER", (0.0, 0.0, 0.0))
    return breaks


def test_a_connection_that_breaks_again_and_again_is_survived(
    big: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks = cut(big, monkeypatch, 400_000)
    big.get("tiny", tmp_path / "mine")
    assert (tmp_path / "mine" / NAME).read_text() == BIG
    resumed = [each for each in breaks.ranges if each]
    assert len(resumed) >= 3, "more breaks than it would forgive without progress"
    assert resumed[0] == "bytes=400000-"


def test_a_connection_on_which_nothing_comes_is_given_up(
    big: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut(big, monkeypatch, 0)
    with pytest.raises(Unavailable):
        big.get("tiny", tmp_path / "mine")


def test_a_file_that_appears_meanwhile_is_kept(big: Client, tmp_path: Path) -> None:
    target = tmp_path / "mine" / NAME

    def write(at: GetProgress) -> None:
        if at.path == NAME and part_of(tmp_path / "mine"):
            target.write_text("mine")

    got = big.get("tiny", tmp_path / "mine", progress=write)
    assert got.kept == [NAME]
    assert target.read_text() == "mine"
    assert part_of(tmp_path / "mine") is None


def test_what_you_made_is_never_lost_twice_either(big: Client, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    big.get("tiny", folder)
    for text in ("first", "second"):
        (folder / NAME).write_text(text)
        assert big.get("tiny", folder, overwrite=True).new == [NAME]
    assert (folder / f"{NAME}.mine").read_text() == "first"
    assert (folder / f"{NAME}.mine2").read_text() == "second"


def test_a_part_of_another_version_is_cleared_away(big: Client, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "input").mkdir(parents=True)
    (folder / "input/.train.csv.0123456789ab.part").write_text("old")
    (folder / "input/.train.csv.notes").write_text("mine")
    big.get("tiny", folder)
    left = [path.name for path in (folder / "input").glob(".*")]
    assert left == [".train.csv.notes"]


def test_a_disk_without_room_is_told_before_anything_comes(
    big: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getting, "_KEPT_FREE", 1 << 60)
    with pytest.raises(StorageFull):
        big.get("tiny", tmp_path / "mine")
    assert not (tmp_path / "mine/challenge.json").exists()


def part_of(folder: Path) -> Path | None:
    """What has come so far of the large file, if anything has."""
    return next((p for p in (folder / "input").glob(".train.csv.*.part") if p.stat().st_size), None)
