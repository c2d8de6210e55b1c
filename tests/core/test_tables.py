import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_challenge.core.challenge import TableFormat
from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.table import TableLimits, class_name
from jupyter_challenge.core.table_formats import read_npz
from jupyter_challenge.core.tables import read_table

CSV, JSON, NPZ, PARQUET = TableFormat.CSV, TableFormat.JSON, TableFormat.NPZ, TableFormat.PARQUET


def save(path: Path, table_format: TableFormat, columns: dict) -> Path:
    """Write the same table as each of the formats would be written by its usual library."""
    if table_format is CSV:
        lines = [",".join(columns)]
        lines += [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
        path.write_text("\n".join(lines) + "\n")
    elif table_format is JSON:
        path.write_text(json.dumps(columns))
    elif table_format is NPZ:
        with path.open("wb") as file:
            np.savez(file, **{name: np.array(values) for name, values in columns.items()})
    else:
        pq.write_table(pa.table(columns), path)
    return path


def failed(path: Path, table_format: TableFormat, columns=("y",), **limits) -> RunFailed:
    with pytest.raises(RunFailed) as found:
        read_table(path, table_format, "id", list(columns), TableLimits(**limits))
    return found.value


@pytest.mark.parametrize("table_format", list(TableFormat), ids=lambda f: f.value)
def test_every_format_means_the_same(tmp_path, table_format):
    columns = {"id": [3, 1, 2], "y": [0.5, 1.0, -2.0], "name": ["a", "ü", "c"], "extra": [1, 2, 3]}
    path = save(tmp_path / "t", table_format, columns)
    table = read_table(path, table_format, "id", ["y", "name"])
    assert table.ids == ["3", "1", "2"]
    assert list(table.columns) == ["y", "name"]
    assert table.columns["y"].numbers(table.ids).tolist() == [0.5, 1.0, -2.0]
    assert table.columns["name"].classes() == ["a", "ü", "c"]
    assert table.columns["y"].classes() == ["0.5", "1", "-2"]
    assert table.take([2, 0]).ids == ["2", "3"]
    assert list(read_table(path, table_format, "id").columns) == ["y", "name", "extra"]


@pytest.mark.parametrize("table_format", list(TableFormat), ids=lambda f: f.value)
def test_common_mistakes_are_named_in_every_format(tmp_path, table_format):
    path = save(tmp_path / "t", table_format, {"key": [1, 2], "y": [1.0, 2.0]})
    error = failed(path, table_format)
    assert error.failure_class is FailureClass.BAD_FORMAT
    assert "no column id" in error.detail and "key, y" in error.detail
    many = save(tmp_path / "m", table_format, {"id": list(range(11)), "y": [0.0] * 11})
    assert failed(many, table_format, rows=10).failure_class is FailureClass.TOO_LARGE
    assert len(read_table(many, table_format, "id", ["y"], TableLimits(rows=11))) == 11
    (tmp_path / "empty").write_bytes(b"")
    assert "is empty" in failed(tmp_path / "empty", table_format).detail
    assert failed(many, table_format, size=5).failure_class is FailureClass.TOO_LARGE
    (tmp_path / "noise").write_bytes(os.urandom(500))
    assert failed(tmp_path / "noise", table_format).failure_class is FailureClass.BAD_FORMAT
    cut = tmp_path / "cut"
    cut.write_bytes(many.read_bytes()[: many.stat().st_size // 2] + b'"')
    assert failed(cut, table_format).failure_class is FailureClass.BAD_FORMAT
    (tmp_path / "link").symlink_to(many)
    with pytest.raises(OSError, match="symbolic"):
        read_table(tmp_path / "link", table_format, "id")


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        pytest.param("id;y\n1;2\n", "bad_format", "semicolons", id="semicolons"),
        pytest.param("id\ty\n1\t2\n", "bad_format", "tabs", id="tabs"),
        pytest.param("id,y\n1,2\n3\n", "bad_format", "line 3", id="short-row"),
        pytest.param("id,y\n1,2,3\n", "bad_format", "line 2", id="long-row"),
        pytest.param("id,y,y\n1,2,3\n", "bad_format", "more than once", id="double-column"),
        pytest.param('id,y\n1,"2\n', "bad_format", "unexpected end", id="open-quote"),
        pytest.param("id,y\n1,2\0\n", "bad_format", "line 2", id="nul"),
        pytest.param(",".join(["id"] * 3000), "too_large", "2000 columns", id="many-columns"),
        pytest.param("id,y\n" + "x" * 200_000, "bad_format", "field larger", id="huge-field"),
    ],
)
def test_csv_mistakes(tmp_path, text, kind, says):
    (tmp_path / "t").write_text(text)
    error = failed(tmp_path / "t", CSV)
    assert error.failure_class.value == kind and says in error.detail


def test_csv_as_spreadsheets_write_it(tmp_path):
    (tmp_path / "t").write_bytes(b'\xef\xbb\xbfid,y\r\n"a,b",1\r\n\r\n"c""d", 2.5 \r\n')
    table = read_table(tmp_path / "t", CSV, "id", ["y"])
    assert table.ids == ["a,b", 'c"d']
    assert table.columns["y"].numbers(table.ids).tolist() == [1.0, 2.5]
    (tmp_path / "t").write_bytes(b"id,y\n\xe4,1\n")
    assert "line 2" in failed(tmp_path / "t", CSV).detail


def test_what_is_no_number_is_named_by_its_id(tmp_path):
    (tmp_path / "t").write_text("id,y\na,1\nb,\nc,1_000\n")
    table = read_table(tmp_path / "t", CSV, "id", ["y"])
    with pytest.raises(RunFailed, match='"1_000" at id c'):
        table.columns["y"].numbers(table.ids)
    empty = table.take([0, 1])
    assert np.isnan(empty.columns["y"].numbers(empty.ids)[1])


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [("1", "1.0", True), ("1", "1e0", True), ("01", "1", True), ("a", "A", False),
     ("True", "1", False), ("nan", "nan", True), ("0.1", "0.10", True), ("-0.0", "0", True),
     ("1_0", "10", False), ("inf", "Infinity", False)],
)  # fmt: skip
def test_numbers_are_the_same_class_however_they_are_written(first, second, same):
    assert (class_name(first) == class_name(second)) is same


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param("3", "list of records", id="a-number"),
        pytest.param('{"id": [1], "y": 2}', "list of records", id="a-scalar-column"),
        pytest.param('[{"id": 1, "y": 2}, 3]', "row 2", id="record-is-a-number"),
        pytest.param('[{"id": 1, "y": 2}, {"id": 2}]', 'row 2 of "t" has no "y"', id="lacks-one"),
        pytest.param('[{"id": 1, "y": [2]}]', "not a list", id="nested"),
        pytest.param('{"id": [1, 2], "y": [1]}', "differ in length", id="ragged"),
        pytest.param("[]", "no column id", id="no-records"),
        pytest.param("[" * 100_000, "not JSON", id="deep"),
        pytest.param('[{"id": 1,\n"y": }]', "line 2", id="syntax"),
        pytest.param('{"id": [1], "y": [' + "9" * 5000 + "]}", "not JSON", id="endless-integer"),
    ],
)
def test_json_mistakes(tmp_path, content, says):
    (tmp_path / "t").write_text(content)
    error = failed(tmp_path / "t", JSON)
    assert error.failure_class is FailureClass.BAD_FORMAT and says in error.detail


def test_json_with_far_too_many_values_is_not_parsed(tmp_path):
    (tmp_path / "t").write_text("[" + "[]," * 200_000 + "[]]")
    assert failed(tmp_path / "t", JSON, rows=10).failure_class is FailureClass.TOO_LARGE


def test_json_numbers_too_large_for_a_float_are_infinite_or_named(tmp_path):
    (tmp_path / "t").write_text('{"id": [1, 2.0, null], "y": [1e400, NaN, 1' + "0" * 400 + "]}")
    table = read_table(tmp_path / "t", JSON, "id", ["y"])
    assert table.ids == ["1", "2", ""]
    assert not np.isfinite(table.columns["y"].numbers(table.ids)[[0, 1, 2]]).any()


class Evil:
    def __reduce__(self):
        return (os.mkdir, ("/tmp/evil-was-unpickled",))


def npz(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return path


def npy(array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def header(shape: str, dtype: str = "<f8") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def test_a_pickle_is_never_opened(tmp_path):
    ids = npy(np.arange(1))
    evil = np.empty(1, dtype=object)
    evil[0] = Evil()
    path = npz(tmp_path / "t", id=ids, y=npy(evil))
    error = failed(path, NPZ)
    assert error.failure_class is FailureClass.BAD_FORMAT and "Python objects" in error.detail
    for name, data in (("raw", pickle.dumps(Evil())), ("alone", npy(evil))):
        (tmp_path / name).write_bytes(data)
        for table_format in TableFormat:
            assert failed(tmp_path / name, table_format)
    assert not Path("/tmp/evil-was-unpickled").exists()


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        pytest.param(header("(100000000000,)"), "too_large", id="many-rows-announced"),
        pytest.param(header("(10, 100000000000)"), "too_large", id="many-columns-announced"),
        pytest.param(header("(10, 1999)", "<U50000"), "too_large", id="wide-texts-announced"),
        pytest.param(header("(3,)"), "bad_format", id="no-data"),
        pytest.param(header("(3,)") + bytes(100), "bad_format", id="too-much-data"),
        pytest.param(header("(-3,)"), "bad_format", id="negative"),
        pytest.param(header("()") + bytes(8), "bad_format", id="no-dimension"),
        pytest.param(header("(1, 1, 1)") + bytes(8), "bad_format", id="three-dimensions"),
        pytest.param(header("(3,)", "<c16") + bytes(48), "bad_format", id="complex"),
        pytest.param(header("(3,)", "|V8") + bytes(24), "bad_format", id="void"),
        pytest.param(header("(3,)", "<M8[s]") + bytes(24), "bad_format", id="times"),
        pytest.param(b"\x93NUMPY\x09\x00" + bytes(50), "bad_format", id="unknown-version"),
        pytest.param(header("__import__('os')"), "bad_format", id="code-in-the-header"),
        pytest.param(b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535, "bad_format", id="deep-header"),
        pytest.param(npy(np.zeros(2)), "bad_format", id="other-length-than-the-id"),
        pytest.param(npy(np.array([["a"]] * 3 + [["b"]])[:, [0, 0]]), "bad_format", id="texts-2d"),
    ],
)
def test_npz_mistakes(tmp_path, member, kind):
    path = npz(tmp_path / "t", id=npy(np.arange(4 if b"U1" in member[:80] else 3)), y=member)
    assert failed(path, NPZ, size=10_000_000).failure_class.value == kind


def test_an_npz_bomb_is_not_unpacked(tmp_path):
    zeros = header("(3,)") + bytes(20_000_000)
    path = npz(tmp_path / "t", id=npy(np.arange(3)), y=zeros)
    assert path.stat().st_size < 1_000_000
    assert failed(path, NPZ).failure_class is FailureClass.BAD_FORMAT


def test_an_npz_with_a_huge_directory_is_not_listed(tmp_path, monkeypatch):
    path = tmp_path / "t"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2_000):
            archive.writestr(f"{number}{'x' * 200}.npy", b"")
    monkeypatch.setattr(zipfile, "ZipInfo", None)  # not one entry may become an object
    with path.open("rb") as file, pytest.raises(RunFailed) as refused:
        read_npz(file, "t", "id", ["y"], TableLimits(columns=100))
    assert refused.value.failure_class is FailureClass.TOO_LARGE


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_npz_arrays_packed_so_that_reading_cannot_be_bounded_are_refused(tmp_path, method):
    path = tmp_path / "t"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("id.npy", npy(np.arange(3)))
        archive.writestr("y.npy", npy(np.arange(3)))
    assert "numpy.savez" in failed(path, NPZ).detail


def test_small_numbers_count_as_the_large_ones_that_they_become(tmp_path):
    path = tmp_path / "t"
    with path.open("wb") as file:
        np.savez_compressed(file, id=np.arange(10_000), y=np.zeros((10_000, 1_500), np.uint8))
    # 15 MB of bytes, 120 MB of float64, where 100 MB are allowed
    assert failed(path, NPZ, size=1_000_000).failure_class is FailureClass.TOO_LARGE


def test_an_npz_with_two_arrays_of_a_name_or_a_locked_one(tmp_path):
    with zipfile.ZipFile(tmp_path / "two", "w") as archive:
        archive.writestr("id.npy", npy(np.arange(3)))
        archive.writestr("y", npy(np.arange(3)))
        archive.writestr("y.npy", npy(np.arange(3) + 1))
    assert "more than once" in failed(tmp_path / "two", NPZ).detail
    data = bytearray(npz(tmp_path / "t", id=npy(np.arange(3)), y=npy(np.arange(3))).read_bytes())
    for at in [i for i in range(len(data)) if data[i : i + 4] == b"PK\x01\x02"]:
        data[at + 8] |= 1  # encrypted, says the directory
    (tmp_path / "locked").write_bytes(data)
    assert failed(tmp_path / "locked", NPZ).failure_class is FailureClass.BAD_FORMAT


@pytest.mark.filterwarnings("ignore:Reading .* required additional header parsing")
def test_a_broken_npz_is_refused_and_breaks_nothing(tmp_path):
    """Whatever bytes are changed, the answer is a table or a refusal."""
    random = np.random.default_rng(0)
    whole = npz(tmp_path / "t", id=npy(np.arange(3)), y=npy(np.arange(3.0))).read_bytes()
    stored = io.BytesIO()
    np.savez(stored, id=np.arange(3), y=np.arange(3.0))
    refused = 0
    for good in (whole, stored.getvalue()):
        for _ in range(1_500):
            data = bytearray(good)
            for at in random.integers(0, len(data), random.integers(1, 4)):
                data[at] = random.integers(0, 256)
            broken = bytes(data[: random.integers(1, len(data))] if random.random() < 0.1 else data)
            try:
                read_npz(io.BytesIO(broken), "t", "id", ["y"], TableLimits(size=10_000))
            except RunFailed:
                refused += 1
    assert 1_000 < refused < 3_000


def test_npz_matrices_are_read_in_either_order(tmp_path):
    matrix = np.arange(6.0).reshape(3, 2)
    for name, array in (("c", matrix), ("f", np.asfortranarray(matrix))):
        with (tmp_path / name).open("wb") as file:
            np.savez(file, id=np.array(["a", "b", "c"]), y=array)
        table = read_table(tmp_path / name, NPZ, "id", ["y"])
        assert table.ids == ["a", "b", "c"]
        assert (table.columns["y"].values == matrix).all()


@pytest.mark.parametrize(
    ("array", "says"),
    [
        pytest.param(pa.array([[1.0], [2.0]]), "list<", id="lists"),
        pytest.param(pa.array([{"a": 1}, {"a": 2}]), "struct<", id="structs"),
        pytest.param(pa.array([b"a", b"b"]), "binary", id="bytes"),
        pytest.param(pa.array([0, 1], pa.timestamp("s")), "timestamp", id="times"),
    ],
)
def test_parquet_types_that_are_no_numbers_or_texts_are_refused(tmp_path, array, says):
    pq.write_table(pa.table({"id": ["a", "b"], "y": array}), tmp_path / "t")
    error = failed(tmp_path / "t", PARQUET)
    assert error.failure_class is FailureClass.BAD_FORMAT and says in error.detail


def test_parquet_with_missing_values_dictionaries_and_float_ids(tmp_path):
    table = pa.table(
        {
            "id": pa.array([1.0, 2.0, 3.5]),
            "y": pa.array([1, None, 3]),
            "c": pa.array(["a", None, "a"]).dictionary_encode(),
            "b": pa.array([True, False, True]),
        }
    )
    pq.write_table(table, tmp_path / "t", row_group_size=2)
    read = read_table(tmp_path / "t", PARQUET, "id")
    assert read.ids == ["1", "2", "3.5"]
    numbers = read.columns["y"].numbers(read.ids)
    assert numbers[0] == 1 and np.isnan(numbers[1]) and numbers[2] == 3
    assert read.columns["c"].classes() == ["a", "", "a"]
    assert read.columns["b"].classes() == ["True", "False", "True"]


def test_a_parquet_bomb_is_not_unpacked(tmp_path):
    rows = 300_000
    table = pa.table({"id": pa.array(range(rows)), "y": pa.array(["x" * 500] * rows)})
    pq.write_table(table, tmp_path / "t", compression="zstd", use_dictionary=["y"])
    assert failed(tmp_path / "t", PARQUET, rows=1000).failure_class is FailureClass.TOO_LARGE
    size = (tmp_path / "t").stat().st_size
    assert size < 5_000_000
    # Dictionary pages make a column tiny on disk and large in memory.
    error = failed(tmp_path / "t", PARQUET, rows=rows, size=5_000_000)
    assert error.failure_class is FailureClass.TOO_LARGE
