"""The records port on SQLite: one file, one table, write-ahead logging, every commit on the disk before `write` returns.

Safe to call from any thread. One connection writes, a few read; each is lent to one thread at a time.
"""

import contextlib
import json
import os
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any, Final, Literal

from server.errors import LlmTunerError, StaleWrite, StorageFull, Unavailable
from server.ports.records import ABSENT, Change, Delete, Json, Key, Page, Put, Record, check

_SCHEMA_VERSION: Final = 1
_SCHEMA: Final = """
    CREATE TABLE documents (
        partition TEXT NOT NULL,
        sort      TEXT NOT NULL,
        version   INTEGER NOT NULL,
        data      TEXT NOT NULL,
        PRIMARY KEY (partition, sort)
    ) STRICT
"""
_NUM_READERS: Final = 4
_BUSY_TIMEOUT_S: Final = 10.0
_LAST_CHARACTER: Final = "\U0010ffff"
_FULL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class SqliteRecords:
    """`path` is a file that is made when missing, or ":memory:" for records that live as long as this object.

    Raises `ValueError` for a file that a newer version of the product wrote, `StorageFull` and `Unavailable` like every call.
    """

    def __init__(self, path: Path | Literal[":memory:"]) -> None:
        self._writers = _Connections()
        self._readers = _Connections()
        with _translated():
            self._writers.add(_open(path))
            with self._writers.lend() as connection:
                _migrate(connection)
            if path == ":memory:":
                self._readers = self._writers  # A second connection would see an empty database of its own.
            else:
                for _ in range(_NUM_READERS):
                    self._readers.add(_open(path))

    def get(self, key: Key) -> Record | None:
        rows = self._read("SELECT version, data FROM documents WHERE partition = ? AND sort = ?", (key.partition, key.sort))
        return Record(key, rows[0][0], json.loads(rows[0][1])) if rows else None

    def page(self, partition: str, *, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False) -> Page:
        if limit < 1:
            raise ValueError(f"a page has at least one document, not {limit}")
        # One bound on each side, so that SQLite seeks to `after` and never walks over what was already paged through.
        # Python orders strings by code point, which is the order of their UTF-8 bytes.
        conditions, values = ["partition = ?"], [partition]
        beyond = _first_beyond(prefix)
        if newest_first and after is not None and (beyond is None or after < beyond):
            beyond = after
        if beyond is not None:
            conditions, values = [*conditions, "sort < ?"], [*values, beyond]
        if not newest_first and after is not None and after >= prefix:
            conditions, values = [*conditions, "sort > ?"], [*values, after]
        else:
            conditions, values = [*conditions, "sort >= ?"], [*values, prefix]
        where, order = " AND ".join(conditions), "DESC" if newest_first else "ASC"
        rows = self._read(
            f"SELECT sort, version, data FROM documents WHERE {where} ORDER BY sort {order} LIMIT ?",  # noqa: S608 - our own words only
            (*values, limit + 1),
        )
        records = [Record(Key(partition, sort), version, json.loads(data)) for sort, version, data in rows[:limit]]
        return Page(records, has_more=len(rows) > limit)

    def write(self, *changes: Change) -> None:
        check(changes)
        encoded = [(change, _encode(change.data) if isinstance(change, Put) else "") for change in changes]
        with _translated(), self._writers.lend() as connection, _transaction(connection):
            for change, data in encoded:
                _apply(connection, change, data)

    def close(self) -> None:
        self._readers.close()
        self._writers.close()

    def _read(self, statement: str, values: Sequence[str | int]) -> list[tuple[Any, ...]]:
        # All rows at once: a half-read statement would hold its snapshot, and the next read would miss newer writes.
        with _translated(), self._readers.lend() as connection:
            return connection.execute(statement, values).fetchall()


class _Connections:
    """A set of connections, lent in the order of asking: whoever reads in a tight loop cannot keep a writer waiting for ever."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._free: list[sqlite3.Connection] = []
        self._waiting: deque[SimpleQueue[sqlite3.Connection]] = deque()
        self._size = 0

    def add(self, connection: sqlite3.Connection) -> None:
        self._size += 1
        self._give(connection)

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        connection = self._take()
        try:
            yield connection
        finally:
            self._give(connection)

    def close(self) -> None:
        """Waits for what is lent. Later calls raise `Unavailable`."""
        for connection in [self._take() for _ in range(self._size)]:
            connection.close()
            self._give(connection)

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._free:
                return self._free.pop()
            ticket: SimpleQueue[sqlite3.Connection] = SimpleQueue()
            self._waiting.append(ticket)
        return ticket.get()

    def _give(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().put(connection)
            else:
                self._free.append(connection)


def _open(path: Path | Literal[":memory:"]) -> sqlite3.Connection:
    if isinstance(path, Path) and not path.exists():
        # Made here and not by SQLite, for its mode: the records hold password hashes. The log beside it takes the same mode.
        # Only when it is missing: to close any descriptor of a file is, in POSIX, to drop all locks that the process has on it, SQLite's
        # among them. Another process would then take itself for the last one, and delete the log under our hands.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    with _transaction(connection):
        found = connection.execute("PRAGMA user_version").fetchall()[0][0]
        if found > _SCHEMA_VERSION:
            raise ValueError("the data folder was written by a newer version of LLM Tuner; start that version, or name another data folder")
        if found < 1:
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    # IMMEDIATE takes the write lock before the first read, so that no other process can write between a check and its change.
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # On some failures, a full disk among them, SQLite has rolled back already.
            connection.execute("ROLLBACK")
        raise


def _apply(connection: sqlite3.Connection, change: Change, data: str) -> None:
    key = (change.key.partition, change.key.sort)
    rows = connection.execute("SELECT version FROM documents WHERE partition = ? AND sort = ?", key).fetchall()
    version = rows[0][0] if rows else ABSENT
    if change.expect is not None and change.expect != version:
        raise StaleWrite(change.key)
    if isinstance(change, Delete):
        connection.execute("DELETE FROM documents WHERE partition = ? AND sort = ?", key)
    else:
        connection.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)", (*key, version + 1, data))


def _encode(data: Json) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _first_beyond(prefix: str) -> str | None:
    """The smallest text greater than everything that begins with `prefix`; None when nothing is."""
    kept = prefix.rstrip(_LAST_CHARACTER)
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)  # Surrogates are no characters.


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _meaning(error) from error


def _meaning(error: sqlite3.Error) -> LlmTunerError:
    # A "database is closed" carries no code.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code in _FULL:
        return StorageFull("The disk of this installation is full. Delete what is not needed, or make room on it.", code="storage.full")
    if code & 0xFF in _BUSY:
        return Unavailable("The records are busy. Try again in a moment.", code="records.busy", retry_after_s=1)
    return Unavailable("The records cannot be read or written now. Try again; the operator's log says more.", code="records.failed")
