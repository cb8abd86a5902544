"""What the SQLite adapter adds to the port's laws: crashes, a full disk, files of another version, and who may read the file."""

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.adapters.records_sqlite import SqliteRecords
from server.errors import StorageFull, Unavailable
from server.ports.records import ABSENT, Key, Put

KEY = Key("p", "s")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.sqlite3"


def test_a_write_that_returned_survives_a_killed_process(file: Path) -> None:
    program = (
        "import os, pathlib, signal, sys\n"
        "from server.adapters.records_sqlite import SqliteRecords\n"
        "from server.ports.records import Key, Put\n"
        "SqliteRecords(pathlib.Path(sys.argv[1])).write(Put(Key('p', 's'), {'n': 1}, 0))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(file)], check=False)
    assert ended.returncode == -9
    records = SqliteRecords(file)
    assert records.get(KEY).data == {"n": 1}
    records.close()


def test_every_commit_is_synced(file: Path) -> None:
    records = SqliteRecords(file)
    with records._writers.lend() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
        assert connection.execute("PRAGMA synchronous").fetchall() == [(2,)]
    records.close()


def test_a_full_disk_is_said_and_leaves_nothing_half_written(file: Path) -> None:
    records = SqliteRecords(file)
    records.write(Put(KEY, {"kept": True}, ABSENT))
    with records._writers.lend() as connection:  # The file may not grow: what SQLite answers then is what it answers on a full disk.
        connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(StorageFull) as refused:
        records.write(Put(KEY, {"kept": False}, 1), Put(Key("p", "large"), {"text": "x" * 300_000}, ABSENT))
    assert refused.value.code == "storage.full"
    assert [record.data for record in records.page("p").records] == [{"kept": True}]
    with records._writers.lend() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    records.write(Put(Key("p", "large"), {"text": "x" * 300_000}, ABSENT))
    records.close()


def test_a_file_of_a_newer_version_is_left_alone(file: Path) -> None:
    with sqlite3.connect(file) as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(ValueError, match="newer version"):
        SqliteRecords(file)


def test_a_file_that_is_no_database_is_refused_without_its_path(file: Path) -> None:
    file.write_text("shopping list\n" * 100)
    with pytest.raises(Unavailable) as refused:
        SqliteRecords(file)
    assert str(file.parent) not in refused.value.message
    assert file.read_text().startswith("shopping list")


def test_a_file_that_somebody_else_holds_for_long_is_an_error_that_asks_to_come_back(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.adapters.records_sqlite._BUSY_TIMEOUT_S", 0.05)
    records = SqliteRecords(file)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable) as refused:
        records.write(Put(KEY, {}, ABSENT))
    assert (refused.value.code, refused.value.retry_after_s) == ("records.busy", 1)
    assert records.get(KEY) is None  # Reading goes on beside a writer.
    other.execute("ROLLBACK")
    records.write(Put(KEY, {}, ABSENT))
    other.close()
    records.close()


def test_only_the_owner_of_the_installation_may_read_the_file(file: Path) -> None:
    records = SqliteRecords(file)
    records.write(Put(KEY, {}, ABSENT))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert modes == dict.fromkeys((file.name, f"{file.name}-wal", f"{file.name}-shm"), 0o600)
    records.close()


def test_many_servers_may_open_a_new_file_at_the_same_time(file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(SqliteRecords, [file] * 8))
    opened[0].write(Put(KEY, {}, ABSENT))
    assert [records.get(KEY).version for records in opened] == [1] * 8
    for records in opened:
        records.close()


def test_a_closed_store_says_so_and_may_be_closed_again(file: Path) -> None:
    records = SqliteRecords(file)
    records.close()
    records.close()
    with pytest.raises(Unavailable):
        records.get(KEY)


def test_what_other_processes_write_and_leave_is_seen_by_one_that_stays(file: Path) -> None:
    program = (
        "import pathlib, sys\n"
        "from server.adapters.records_sqlite import SqliteRecords\n"
        "from server.ports.records import Key, Put\n"
        "records = SqliteRecords(pathlib.Path(sys.argv[1]))\n"
        "records.write(Put(Key('p', sys.argv[2]), {}, 0))\n"
        "records.close()\n"
    )
    stays = SqliteRecords(file)
    stays.write(Put(KEY, {}, ABSENT))
    for name in ("a", "b", "c"):
        # Whoever closes last removes the log. One that took itself for the last would leave the others with a log that nobody else reads.
        subprocess.run([sys.executable, "-c", program, str(file), name], check=True)
        assert stays.get(Key("p", name)) is not None, f"{name} was written, and is not seen"
        stays.write(Put(Key("p", f"{name} again"), {}, ABSENT))
    stays.close()
    again = SqliteRecords(file)
    assert [record.key.sort for record in again.page("p").records] == ["a", "a again", "b", "b again", "c", "c again", "s"]
    again.close()
