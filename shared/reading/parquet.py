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
        if not names:
            yield ReadProblem(None, "The table has no column that could hold text.", True, "Upload one with texts in it.")
            return
        for batch in table.iter_batches(_BATCH_ROWS, columns=names, use_threads=False):
            for row in _rows_of(batch):
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
