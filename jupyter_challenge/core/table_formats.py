"""The binary table formats: npz and parquet, with every size looked at before it is believed."""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from jupyter_challenge.core.archive import directory_size
from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.table import (
    Column,
    Numbers,
    Table,
    TableLimits,
    check_columns,
    too_many_columns,
    too_many_rows,
)

UNPACKED_RATIO = 10
_UNPACKED_FREE = 100_000_000
_HEADER = 10_000
_BATCH = 65_536
_DIRECTORY_PER_ARRAY = 1_000
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def _bad(message: str) -> RunFailed:
    return RunFailed(FailureClass.BAD_FORMAT, message)


def _unpacked_limit(limits: TableLimits) -> int:
    return max(_UNPACKED_FREE, UNPACKED_RATIO * limits.size)


def read_npz(
    file: IO[bytes],
    name: str,
    id_column: str,
    columns: Sequence[str] | None,
    limits: TableLimits,
) -> Table:
    """Read arrays of `numpy.savez`; an array of Python objects is refused, never unpickled."""
    try:
        if directory_size(file) > limits.columns * _DIRECTORY_PER_ARRAY:
            raise too_many_columns(name, limits)
        with zipfile.ZipFile(file) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if len(archive.infolist()) > limits.columns:
                raise too_many_columns(name, limits)
            found = [info.filename.removesuffix(".npy") for info in archive.infolist()]
            wanted = check_columns(name, found, id_column, columns)
            left = _unpacked_limit(limits)
            arrays: dict[str, Any] = {}
            for column in [id_column, *wanted]:
                array = _read_array(archive, members[column], name, column, limits, left)
                left -= _in_memory(array.size, array.dtype)
                arrays[column] = array
    except RunFailed:
        raise
    except (
        zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError,
        UnicodeError, OSError, KeyError, SyntaxError, TypeError, OverflowError, RecursionError,
        tokenize.TokenError,
    ) as error:  # fmt: skip
        raise _bad(f'"{name}" is not an npz file that can be read: {error}') from error
    ids = arrays.pop(id_column)
    if ids.ndim != 1:
        raise _bad(f'"{id_column}" of "{name}" must have one dimension, it has {ids.ndim}')
    for column, array in arrays.items():
        if len(array) != len(ids):
            raise _bad(f'"{column}" of "{name}" has {len(array)} rows, "{id_column}" {len(ids)}')
    return Table(
        _texts(ids), {column: Column(column, _values(array)) for column, array in arrays.items()}
    )


def _read_array(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    name: str,
    column: str,
    limits: TableLimits,
    left: int,
) -> Any:
    """Read one array after its header was found harmless."""
    if info.compress_type not in _METHODS:
        raise _bad(f'"{column}" of "{name}" is packed in an unusual way; use numpy.savez')
    with archive.open(info) as file:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            raise _bad(f'"{column}" of "{name}" is of an unknown version of the npy format')
        announced, fortran, dtype = read_header(file, max_header_size=_HEADER)
        shape: list[int] = list(announced)
        if dtype.hasobject:
            raise _bad(
                f'"{column}" of "{name}" holds Python objects; '
                "save plain numbers or texts, such as array.astype(float) or astype(str)"
            )
        if dtype.kind not in "biufU":
            raise _bad(f'"{column}" of "{name}" is of type {dtype}; save numbers or texts')
        if not 1 <= len(shape) <= 2:
            raise _bad(f'"{column}" of "{name}" must have one or two dimensions, it has {shape}')
        if shape[0] > limits.rows:
            raise too_many_rows(name, limits)
        if len(shape) == 2 and shape[1] > limits.columns:
            raise too_many_columns(name, limits)
        size = math.prod(shape) * dtype.itemsize
        if _in_memory(math.prod(shape), dtype) > left:
            raise RunFailed(FailureClass.TOO_LARGE, f'"{column}" of "{name}" has {size} bytes')
        data = file.read(size + 1)
    if len(data) != size:
        raise _bad(f'"{column}" of "{name}" has {len(data)} bytes where {size} are announced')
    array: Any = np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if fortran else "C")
    if array.ndim == 2 and array.shape[1] == 1:
        return array[:, 0]
    return array


def _in_memory(count: int, dtype: Any) -> int:
    """Bytes that the values take, numbers being turned into float64."""
    return count * max(int(dtype.itemsize), 8)


def _texts(array: Any) -> list[str]:
    if array.dtype.kind == "f":
        return [str(int(v)) if float(v).is_integer() else repr(float(v)) for v in array]
    return [str(v) for v in array.tolist()]


def _values(array: Any) -> list[str] | Numbers:
    if array.dtype.kind in "iuf":
        numbers: Numbers = array.astype(np.float64)
        return numbers
    if array.ndim != 1:
        raise _bad("an array of two dimensions must hold numbers")
    return _texts(array)


def read_parquet(
    file: IO[bytes],
    name: str,
    id_column: str,
    columns: Sequence[str] | None,
    limits: TableLimits,
) -> Table:
    """Read columns of numbers, texts and truth values; anything nested or extended is refused."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:  # the base install has no pyarrow
        raise _bad(f'"{name}" is parquet, which needs pyarrow to be installed') from error
    try:
        source = pq.ParquetFile(
            file,
            memory_map=False,
            thrift_string_size_limit=10_000_000,
            thrift_container_size_limit=1_000_000,
        )
        metadata = source.metadata
        if metadata.num_rows > limits.rows:
            raise too_many_rows(name, limits)
        if metadata.num_columns > limits.columns:
            raise too_many_columns(name, limits)
        most = _unpacked_limit(limits)
        groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
        if sum(group.total_byte_size for group in groups) > most:
            raise RunFailed(FailureClass.TOO_LARGE, f'"{name}" unpacks to over {most} bytes')
        schema = source.schema_arrow
        wanted = check_columns(name, schema.names, id_column, columns)
        for column in [id_column, *wanted]:
            _check_type(pa, schema.field(column).type, name, column)
        ids: list[str] = []
        parts: dict[str, list[Any]] = {column: [] for column in wanted}
        size = 0
        for batch in source.iter_batches(batch_size=_BATCH, columns=[id_column, *wanted]):
            size += batch.nbytes
            if size > most:
                raise RunFailed(FailureClass.TOO_LARGE, f'"{name}" unpacks to over {most} bytes')
            if len(ids) + len(batch) > limits.rows:
                raise too_many_rows(name, limits)
            ids += _arrow_texts(pa, batch.column(id_column))
            for column, chunks in parts.items():
                chunks.append(batch.column(column))
    except RunFailed:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise _bad(f'"{name}" is not a parquet file that can be read: {reason}') from error
    return Table(ids, {c: Column(c, _arrow_values(pa, chunks)) for c, chunks in parts.items()})


def _check_type(pa: Any, kind: Any, name: str, column: str) -> None:
    types = pa.types
    inner = kind.value_type if types.is_dictionary(kind) else kind
    good = (
        types.is_integer(inner) or types.is_floating(inner) or types.is_boolean(inner)
        or types.is_string(inner) or types.is_large_string(inner) or types.is_null(inner)
    )  # fmt: skip
    if not good:
        raise _bad(f'"{column}" of "{name}" is of type {kind}; write numbers or texts')


def _arrow_texts(pa: Any, array: Any) -> list[str]:
    """Return texts as the other formats spell them; a missing value is an empty text."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_floating(array.type):
        return [
            "" if v is None else str(int(v)) if float(v).is_integer() else repr(float(v))
            for v in array.to_pylist()
        ]
    return ["" if v is None else str(v) for v in array.to_pylist()]


def _arrow_values(pa: Any, chunks: list[Any]) -> list[str] | Numbers:
    types = pa.types
    first = chunks[0].type if chunks else pa.float64()
    if types.is_dictionary(first):
        first = first.value_type
    if types.is_integer(first) or types.is_floating(first) or types.is_null(first):
        # Element by element where there are nulls: they become NaN in float64.
        arrays = [
            np.array([math.nan if v is None else float(v) for v in chunk.to_pylist()])
            if chunk.null_count or types.is_dictionary(chunk.type)
            else chunk.to_numpy(zero_copy_only=False).astype(np.float64)
            for chunk in chunks
        ]
        numbers: Numbers = np.concatenate(arrays) if arrays else np.empty(0, dtype=np.float64)
        return numbers
    return [text for chunk in chunks for text in _arrow_texts(pa, chunk)]
