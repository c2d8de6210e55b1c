import io
import struct
import zipfile
from pathlib import Path

import pytest

from jupyter_challenge.core.archive import check_archive, unpack_archive
from jupyter_challenge.core.errors import ChallengeError, InvalidSubmission, TooLarge

LIMITS = {"max_files": 20, "max_size": 1_000_000}


def write(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def nested() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(50_000_000))
    return buffer.getvalue()


def test_plain_files_and_folders_come_out_as_they_were(tmp_path):
    path = write(
        tmp_path / "a.zip", ("b/c.txt", b"deep"), ("b/", b""), ("a.txt", b"top"),
        ("inner.zip", nested()), method=zipfile.ZIP_DEFLATED,
    )  # fmt: skip
    checked = check_archive(path, **LIMITS)
    views = unpack_archive(path, tmp_path / "out", **LIMITS)
    assert views == checked
    assert [v.path for v in views] == ["a.txt", "b/c.txt", "inner.zip"]
    assert (tmp_path / "out" / "b" / "c.txt").read_bytes() == b"deep"
    # A zip in a zip is a file like any other: its 50 MB of zeros stay packed.
    assert (tmp_path / "out" / "inner.zip").stat().st_size < 100_000


@pytest.mark.parametrize(
    ("members", "says"),
    [
        pytest.param([("../evil", b"")], "part", id="zip-slip"),
        pytest.param([("a/../../evil", b"")], "part", id="zip-slip-inside"),
        pytest.param([("/tmp/evil", b"")], "absolute", id="absolute"),
        pytest.param([("C:evil", b"")], "drive", id="drive"),
        pytest.param([("a\\..\\evil", b"")], "backslash", id="backslash"),
        pytest.param([("a//b", b"")], "part", id="empty-part"),
        pytest.param([("x" * 300, b"")], "too long", id="long-name"),
        pytest.param([("a\nb", b"")], "control", id="newline"),
        pytest.param([(special("l", 0o120777), b"/etc/passwd")], "link", id="symbolic-link"),
        pytest.param([(special("d", 0o020666), b"")], "special", id="device"),
        pytest.param([(special("p", 0o010666), b"")], "special", id="pipe"),
        pytest.param([(special("l/", 0o120777), b"")], "link", id="link-named-as-folder"),
        pytest.param([("A.txt", b"1"), ("a.txt", b"2")], "both", id="case"),
        pytest.param([("\u00e9", b"1"), ("e\u0301", b"2")], "both", id="unicode-spelling"),
        pytest.param([("a", b"1"), ("a/b", b"2")], "both", id="file-and-folder"),
    ],
)
def test_what_is_not_plain_is_refused_and_nothing_is_written(tmp_path, members, says):
    path = write(tmp_path / "a.zip", ("good.txt", b"good"), *members)
    with pytest.raises(InvalidSubmission, match=says):
        check_archive(path, **LIMITS)
    with pytest.raises(InvalidSubmission, match=says):
        unpack_archive(path, tmp_path / "deep" / "out", **LIMITS)
    assert list((tmp_path / "deep" / "out").iterdir()) == []
    assert not (tmp_path / "evil").exists() and not (tmp_path / "deep" / "evil").exists()


def test_duplicate_names_are_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        path = write(tmp_path / "a.zip", ("a", b"1"), ("a", b"2"))
    with pytest.raises(InvalidSubmission, match="both"):
        check_archive(path, **LIMITS)


def test_a_name_that_is_cut_at_a_nul_is_refused(tmp_path):
    path = write(tmp_path / "a.zip", ("a.txtXb", b"1"))
    path.write_bytes(path.read_bytes().replace(b"a.txtXb", b"a.txt\0b"))
    with pytest.raises(InvalidSubmission, match="control"):
        check_archive(path, **LIMITS)


def test_encrypted_files_are_refused(tmp_path):
    path = write(tmp_path / "a.zip", ("a", b"1"))
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    struct.pack_into("<H", data, entry + 8, 1)
    path.write_bytes(data)
    with pytest.raises(InvalidSubmission, match="encrypted"):
        check_archive(path, **LIMITS)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "not a zip", id="empty"),
        pytest.param(b"hello", "not a zip", id="text"),
        pytest.param(b"PK\x05\x06" + bytes(10), "not a zip", id="cut-off"),
    ],
)
def test_what_is_no_zip_is_refused(tmp_path, data, says):
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(InvalidSubmission, match=says):
        check_archive(tmp_path / "a.zip", **LIMITS)


def test_damaged_content_is_refused_and_nothing_stays(tmp_path):
    path = write(tmp_path / "a.zip", ("one", b"1" * 1000), ("two", b"2" * 1000))
    path.write_bytes(path.read_bytes().replace(b"2222", b"2922"))
    with pytest.raises(InvalidSubmission, match="CRC"):
        unpack_archive(path, tmp_path / "out", **LIMITS)
    assert list((tmp_path / "out").iterdir()) == []


def test_limits_of_number_and_size(tmp_path):
    path = write(tmp_path / "a.zip", *[(f"f{i}", b"12345") for i in range(4)])
    assert len(check_archive(path, max_files=4, max_size=20)) == 4
    with pytest.raises(TooLarge, match="3 files"):
        check_archive(path, max_files=3, max_size=20)
    with pytest.raises(TooLarge, match="more than"):
        unpack_archive(path, tmp_path / "out", max_files=4, max_size=19)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_bomb_is_stopped_by_its_ratio_and_by_its_size(tmp_path):
    path = write(tmp_path / "a.zip", ("zeros", bytes(30_000_000)), method=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 50_000
    with pytest.raises(TooLarge, match="200 times"):
        check_archive(path, max_files=1, max_size=10**9)
    with pytest.raises(TooLarge, match="more than 1 MB"):
        check_archive(path, **LIMITS)


def test_a_bomb_that_lies_about_its_size_gets_no_further(tmp_path):
    path = write(tmp_path / "a.zip", ("zeros", bytes(30_000_000)), method=zipfile.ZIP_DEFLATED)
    data = path.read_bytes().replace(struct.pack("<L", 30_000_000), struct.pack("<L", 100))
    path.write_bytes(data)
    with pytest.raises(ChallengeError):
        unpack_archive(path, tmp_path / "out", **LIMITS)
    assert list((tmp_path / "out").iterdir()) == []


def test_files_that_overlap_are_refused(tmp_path):
    path = write(tmp_path / "a.zip", ("aaaa", b"1" * 50_000), ("bbbb", b"1" * 50_000))
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<L", data, second + 42, 0)  # both point at the first
    path.write_bytes(data)
    with pytest.raises(InvalidSubmission, match="overlap"):
        check_archive(path, **LIMITS)


def test_a_huge_directory_is_refused_before_it_is_read(tmp_path):
    path = write(tmp_path / "a.zip", *[(f"folder{i:05}/" + "x" * 200, b"") for i in range(1000)])
    with pytest.raises(TooLarge, match="more than 2 files"):
        check_archive(path, max_files=2, max_size=10)


def test_a_link_in_place_of_the_zip_is_not_followed(tmp_path):
    write(tmp_path / "a.zip", ("a", b"1"))
    (tmp_path / "b.zip").symlink_to(tmp_path / "a.zip")
    with pytest.raises(OSError, match="symbolic"):
        check_archive(tmp_path / "b.zip", **LIMITS)
