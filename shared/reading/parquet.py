"""Parquet: rows in batches, through a reader that never holds more than one batch; lists and structs become lists and dictionaries."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from shared.reading.examples import ReadProblem, quoted
from shared.reading.shaping import Row

if TYPE_CHECKING:
    import pyarrow

MAX_COLUMNS = 1_000
_BATCH_ROWS = 64
_MAX_METADATA_BYTES = 64 << 20
_NO_TEXT = ReadProblem(None, "The table has no column that could hold text.", True, "Upload one with texts in it.")
_FIX = "Write the table again and upload it whole."


def read_parquet(file: BinaryIO) -> Iterator[Row | ReadProblem]:
    import pyarrow
    from pyarrow import parquet

    pyarrow.set_memory_pool(pyarrow.system_memory_pool())  # the others reserve more address space than this process may have
    pyarrow.set_cpu_count(1)
    number = 0
    try:
        file.seek(0)
        table = parquet.ParquetFile(
            file,
            buffer_size=1 << 16,
            pre_buffer=False,
            thrift_string_size_limit=_MAX_METADATA_BYTES,
            thrift_container_size_limit=1_000_000,
        )
        schema = table.schema_arrow
        if len(schema) > MAX_COLUMNS:
            message = f"The table has {len(schema):,} columns; at most {MAX_COLUMNS:,} are read."
            yield ReadProblem(None, message, True, "Keep only those to learn from.")
            return
        names = [field.name for field in schema if not _is_binary(field.type)]
        only_bytes = not any(_may_hold_text(field.type) for field in schema)  # as older writers store texts
        if only_bytes and not any(_is_binary(field.type) for field in schema):
            yield _NO_TEXT
            return
        for batch in table.iter_batches(_BATCH_ROWS, columns=schema.names if only_bytes else names, use_threads=False):
            try:
                readable = _readable(batch)
            except pyarrow.ArrowInvalid:
                if number:
                    raise
                yield _NO_TEXT
                return
            for row in _rows_of(readable):
                number += 1
                yield (number, row) if isinstance(row, dict) else _bad_row(number, row)
    except MemoryError:  # one of Arrow's is both
        raise
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, OverflowError) as error:
        where = f"Row {number + 1}: from here on the Parquet table" if number else "The Parquet table"
        yield ReadProblem(number + 1 if number else None, f"{where} cannot be read ({_reason(error)}).", True, _FIX)


def _is_binary(kind: "pyarrow.DataType") -> bool:
    from pyarrow import types

    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


def _may_hold_text(kind: "pyarrow.DataType") -> bool:
    from pyarrow import types

    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or types.is_nested(kind)
        or types.is_dictionary(kind)
    )


def _readable(batch: "pyarrow.RecordBatch") -> "pyarrow.RecordBatch":
    """Bytes as texts, and times to the microsecond, because Python knows no finer ones. Raises ArrowInvalid for bytes that are no text."""
    import pyarrow

    columns = []
    for column in batch.columns:
        kind = column.type
        if _is_binary(kind):
            column = column.cast(pyarrow.large_binary()).cast(pyarrow.large_string())
        elif pyarrow.types.is_temporal(kind) and getattr(kind, "unit", None) == "ns":
            column = column.cast(_to_the_microsecond(kind), safe=False)
        columns.append(column)
    return pyarrow.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _to_the_microsecond(kind: "pyarrow.DataType") -> "pyarrow.DataType":
    import pyarrow

    if pyarrow.types.is_timestamp(kind):
        return pyarrow.timestamp("us", kind.tz)
    return pyarrow.duration("us") if pyarrow.types.is_duration(kind) else pyarrow.time64("us")


def _rows_of(batch: "pyarrow.RecordBatch") -> Iterator[dict[str, Any] | str]:
    try:
        yield from batch.to_pylist()
    except (UnicodeDecodeError, ValueError, OverflowError):  # one cell is enough: look for it
        for index in range(batch.num_rows):
            yield _row(batch.slice(index, 1))


def _row(batch: "pyarrow.RecordBatch") -> dict[str, Any] | str:
    try:
        return batch.to_pylist()[0]  # type: ignore[no-any-return]
    except UnicodeDecodeError:
        return "a text that is not valid UTF-8"
    except (ValueError, OverflowError):
        return "a value that is out of range, such as a date"


def _bad_row(number: int, reason: str) -> ReadProblem:
    return ReadProblem(number, f"Row {number}: {reason}.", True, "Mend or remove that row.", skippable=True)


def _reason(error: Exception) -> str:
    """The first line of what the library says, without what it says of itself."""
    text = str(error).partition("\n")[0].strip() or type(error).__name__
    return quoted(text[:120])[1:-1]
