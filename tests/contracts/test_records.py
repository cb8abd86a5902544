"""The laws of the records port, run on every adapter. A new adapter adds one entry to `ADAPTERS`."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.adapters.aws_setup import create_table
from server.adapters.records_dynamodb import DynamoRecords
from server.adapters.records_sqlite import SqliteRecords
from server.errors import StaleWrite
from server.ports.records import ABSENT, MAX_CHANGES, MAX_DOCUMENT_BYTES, MAX_PARTITION_BYTES, MAX_SORT_BYTES, Delete, Key, Put, Records
from tests import aws_server


def dynamo(folder: Path) -> DynamoRecords:
    """A table for each folder, so that opening it twice gives the same records."""
    table = f"test-{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
    client = aws_server.client("dynamodb")
    create_table(table, client)
    return DynamoRecords(table, client)


ADAPTERS: dict[str, Callable[[Path], Records]] = {
    "sqlite file": lambda folder: SqliteRecords(folder / "records.sqlite3"),
    "sqlite memory": lambda folder: SqliteRecords(":memory:"),
    "dynamodb": dynamo,
}
DURABLE = ["sqlite file", "dynamodb"]
KEY = Key("user#1", "profile")


@pytest.fixture(params=ADAPTERS)
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Records]:
    opened = ADAPTERS[request.param](tmp_path)
    yield opened
    opened.close()


def put_all(records: Records, *sorts: str, partition: str = "p") -> None:
    for sort in sorts:
        records.write(Put(Key(partition, sort), {"sort": sort}, ABSENT))


def sorts_of(records: Records, partition: str = "p", **asked) -> list[str]:
    return [record.key.sort for record in records.page(partition, **asked).records]


# --- one document -----------------------------------------------------------------------------------------------------


def test_what_was_never_written_is_not_there(records: Records) -> None:
    assert records.get(KEY) is None


def test_a_document_comes_back_as_it_was_written(records: Records) -> None:
    data = {"text": "naïve ☃ 🐍 \x00 end", "float": 0.1, "large": 2**70, "none": None, "list": [1, {"deep": [True]}], "": "empty name"}
    records.write(Put(KEY, data, ABSENT))
    found = records.get(KEY)
    assert found is not None
    assert (found.key, found.data) == (KEY, data)


def test_the_version_is_one_at_first_and_rises_by_one(records: Records) -> None:
    versions = []
    for expected in (ABSENT, 1, None):
        records.write(Put(KEY, {}, expected))
        versions.append(records.get(KEY).version)
    assert versions == [1, 2, 3]


def test_changing_what_get_returned_changes_nothing_stored(records: Records) -> None:
    records.write(Put(KEY, {"list": [1]}, ABSENT))
    records.get(KEY).data["list"].append(2)
    assert records.get(KEY).data == {"list": [1]}


def test_deleted_is_absent_and_may_be_written_anew(records: Records) -> None:
    records.write(Put(KEY, {}, ABSENT))
    records.write(Delete(KEY, 1))
    assert records.get(KEY) is None
    records.write(Put(KEY, {}, ABSENT))
    assert records.get(KEY).version == 1


def test_deleting_what_is_not_there_is_fine_when_anything_is_expected(records: Records) -> None:
    records.write(Delete(KEY, None))
    assert records.get(KEY) is None


# --- conditions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [Put(KEY, {"new": 1}, ABSENT), Put(KEY, {"new": 1}, 1), Put(KEY, {"new": 1}, 3), Delete(KEY, ABSENT), Delete(KEY, 1)],
    ids=["put on a taken key", "put on an old version", "put on a version to come", "delete of nothing", "delete of an old version"],
)
def test_an_expectation_that_does_not_hold_refuses_the_write(records: Records, change: Put | Delete) -> None:
    records.write(Put(KEY, {}, ABSENT))
    records.write(Put(KEY, {"kept": 1}, 1))
    with pytest.raises(StaleWrite) as refused:
        records.write(change)
    assert refused.value.key == KEY
    assert (records.get(KEY).version, records.get(KEY).data) == (2, {"kept": 1})


@pytest.mark.parametrize("change", [Put(KEY, {}, 1), Delete(KEY, 1)], ids=["put", "delete"])
def test_a_version_of_what_is_not_there_does_not_hold(records: Records, change: Put | Delete) -> None:
    with pytest.raises(StaleWrite):
        records.write(change)
    assert records.get(KEY) is None


def test_a_write_applies_all_of_its_changes_or_none(records: Records) -> None:
    put_all(records, "kept", "taken")
    with pytest.raises(StaleWrite) as refused:
        records.write(Put(Key("p", "new"), {}, ABSENT), Delete(Key("p", "kept"), 1), Put(Key("p", "taken"), {}, ABSENT))
    assert refused.value.key == Key("p", "taken")
    assert sorts_of(records) == ["kept", "taken"]
    records.write(Put(Key("p", "new"), {}, ABSENT), Delete(Key("p", "kept"), 1), Put(Key("other", "taken"), {}, ABSENT))
    assert sorts_of(records) == ["new", "taken"]


def test_after_a_refused_write_the_next_one_goes_through(records: Records) -> None:
    with pytest.raises(StaleWrite):
        records.write(Delete(KEY, 7))
    records.write(Put(KEY, {}, ABSENT))
    assert records.get(KEY).version == 1


# --- pages ------------------------------------------------------------------------------------------------------------

# In the order of their UTF-8 bytes, which is neither alphabetical nor that of UTF-16.
ORDERED = ["A", "Z", "a", "a#", "a#1", "a#10", "a#2", "aa", "b", "é", "z" * 3, "～", "\U0001f40d", "\U0010ffff"]
ORDERED.sort(key=str.encode)


def test_a_page_is_in_the_order_of_utf8_bytes_or_its_reverse(records: Records) -> None:
    put_all(records, *sorted(ORDERED, key=hash))
    assert sorts_of(records) == ORDERED
    assert sorts_of(records, newest_first=True) == ORDERED[::-1]


def test_a_page_holds_one_partition(records: Records) -> None:
    put_all(records, "x", partition="p")
    put_all(records, "y", partition="p#")
    put_all(records, "z", partition="P")
    assert sorts_of(records, "p") == ["x"]
    assert sorts_of(records, "nobody") == []


@pytest.mark.parametrize("newest_first", [False, True], ids=["oldest first", "newest first"])
@pytest.mark.parametrize("prefix", ["", "a", "a#", "a#1", "b", "nothing", "\U0010ffff", "\ud7ff"])
@pytest.mark.parametrize("after", [None, "A", "a#", "a#1", "a#11", "b", "\U0010ffff"])
def test_prefix_and_after_choose_what_a_page_holds(records: Records, prefix: str, after: str | None, newest_first: bool) -> None:
    put_all(records, *ORDERED)
    expected = [sort for sort in ORDERED if sort.startswith(prefix)]
    if newest_first:
        expected = [sort for sort in expected[::-1] if after is None or sort.encode() < after.encode()]
    else:
        expected = [sort for sort in expected if after is None or sort.encode() > after.encode()]
    assert sorts_of(records, prefix=prefix, after=after, newest_first=newest_first) == expected


@pytest.mark.parametrize("newest_first", [False, True], ids=["oldest first", "newest first"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_paging_with_after_gives_everything_once(records: Records, limit: int, newest_first: bool) -> None:
    wanted = [f"job#{number:03}" for number in range(7)]
    put_all(records, "job", *wanted, "joc", "joba")
    seen: list[str] = []
    while True:
        page = records.page("p", prefix="job#", after=seen[-1] if seen else None, limit=limit, newest_first=newest_first)
        assert len(page.records) <= limit
        seen += [record.key.sort for record in page.records]
        if not page.has_more:
            break
    assert seen == (wanted[::-1] if newest_first else wanted)


def test_has_more_is_false_on_a_page_that_is_exactly_full(records: Records) -> None:
    put_all(records, "a", "b")
    assert not records.page("p", limit=2).has_more
    assert records.page("p", limit=1).has_more


def test_a_page_has_versions_and_data(records: Records) -> None:
    records.write(Put(KEY, {"n": 1}, ABSENT))
    records.write(Put(KEY, {"n": 2}, 1))
    [record] = records.page(KEY.partition).records
    assert (record.key, record.version, record.data) == (KEY, 2, {"n": 2})


def test_a_document_that_stays_is_never_skipped_while_others_come_and_go(records: Records) -> None:
    put_all(records, "b", "d", "f", "h")
    first = sorts_of(records, limit=2)
    records.write(Delete(Key("p", "d"), None), Put(Key("p", "a"), {}, ABSENT), Put(Key("p", "e"), {}, ABSENT))
    assert first + sorts_of(records, after=first[-1]) == ["b", "d", "e", "f", "h"]


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [Put(Key("p", str(number)), {}, None) for number in range(MAX_CHANGES + 1)],
        [Put(KEY, {}, None), Delete(KEY, None)],
        [Put(Key("", "s"), {}, None)],
        [Put(Key("p", ""), {}, None)],
        [Put(Key("é" * (MAX_PARTITION_BYTES // 2 + 1), "s"), {}, None)],
        [Put(Key("p", "é" * (MAX_SORT_BYTES // 2 + 1)), {}, None)],
        [Put(Key("p", "\ud800"), {}, None)],
        [Put(KEY, {"text": "é" * (MAX_DOCUMENT_BYTES // 2)}, None)],
        [Put(Key("p", str(number)), {"text": "x" * (MAX_DOCUMENT_BYTES - 20)}, None) for number in range(10)],
        [Put(KEY, {"text": "\ud800"}, None)],
        [Put(KEY, {"loss": float("nan")}, None)],
        [Put(KEY, {"deep": [{"loss": float("-inf")}]}, None)],
        [Put(KEY, {"deep": {1: "a number as a name"}}, None)],
        [Put(KEY, {"bytes": b"x"}, None)],
    ],
    ids=[
        "no change", "too many changes", "one key twice", "empty partition", "empty sort key", "long partition", "long sort key",
        "surrogate in a key", "large document", "large write", "surrogate in a value", "NaN", "infinity", "name that is no string", "bytes",
    ],
)  # fmt: skip
def test_what_some_adapter_could_not_store_is_refused_by_all(records: Records, changes: list[Put | Delete]) -> None:
    with pytest.raises(ValueError):
        records.write(Put(Key("p", "beside"), {}, None), *changes) if changes else records.write()
    assert records.page("p").records == []
    assert records.get(KEY) is None


def test_the_largest_document_and_the_longest_keys_are_taken(records: Records) -> None:
    key = Key("p" * MAX_PARTITION_BYTES, "s" * MAX_SORT_BYTES)
    data = {"text": "x" * (MAX_DOCUMENT_BYTES - len('{"text": ""}'))}
    records.write(Put(key, data, ABSENT), *(Put(Key("many", str(number)), {}, ABSENT) for number in range(MAX_CHANGES - 1)))
    assert records.get(key).data == data


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_of_nothing_is_a_mistake_of_the_caller(records: Records, limit: int) -> None:
    with pytest.raises(ValueError):
        records.page("p", limit=limit)


# --- threads ----------------------------------------------------------------------------------------------------------


def test_of_many_writers_with_the_same_expectation_exactly_one_wins(records: Records) -> None:
    records.write(Put(KEY, {"winner": None}, ABSENT))
    together = threading.Barrier(8)

    def attempt(name: int) -> bool:
        together.wait()
        try:
            records.write(Put(KEY, {"winner": name}, 1))
        except StaleWrite:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(attempt, range(8)))
    assert won.count(True) == 1
    assert records.get(KEY).data == {"winner": won.index(True)}


def add_ten(records: Records) -> None:
    for _ in range(10):
        while True:
            found = records.get(KEY)
            try:
                records.write(Put(KEY, {"n": found.data["n"] + 1}, found.version))
                break
            except StaleWrite:
                continue


def test_increments_from_many_threads_are_all_counted(records: Records) -> None:
    records.write(Put(KEY, {"n": 0}, ABSENT))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_ten, [records] * 4))
    assert records.get(KEY).data == {"n": 40}


def test_a_read_sees_every_write_that_returned_before_it(records: Records) -> None:
    stop = threading.Event()
    written = [0]
    failures: list[tuple[int, int]] = []

    def read() -> None:
        while not stop.is_set():
            at_least = written[0]
            found = records.get(KEY)
            if found is not None and found.data["n"] < at_least:
                failures.append((found.data["n"], at_least))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1, 51):
        records.write(Put(KEY, {"n": number}, None))
        written[0] = number
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert records.get(KEY).data == {"n": 50}


def test_nobody_sees_half_of_a_write_when_it_has_returned(records: Records) -> None:
    """Nor while it goes on, in a single document; two documents of one write may appear one after the other (see the port's laws)."""
    left, right = Key("p", "left"), Key("p", "right")
    records.write(Put(left, {"n": 0}, ABSENT), Put(right, {"n": 0}, ABSENT))
    stop = threading.Event()
    backwards: list[tuple[list[int], list[int]]] = []

    def read() -> None:
        before = [0, 0]
        while not stop.is_set():
            seen = [record.data["n"] for record in records.page("p").records]
            if any(now < then for now, then in zip(seen, before, strict=True)):
                backwards.append((before, seen))
            before = seen

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(50):
        records.write(Put(left, {"n": number}, None), Put(right, {"n": number}, None))
        assert [record.data["n"] for record in records.page("p").records] == [number, number]
    stop.set()
    reader.join()
    assert backwards == []


# --- after a restart --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("adapter", DURABLE)
def test_what_was_written_is_there_after_reopening(adapter: str, tmp_path: Path) -> None:
    first = ADAPTERS[adapter](tmp_path)
    first.write(Put(KEY, {"n": 1}, ABSENT))
    first.write(Put(KEY, {"n": 2}, 1))
    first.close()
    second = ADAPTERS[adapter](tmp_path)
    assert (second.get(KEY).version, second.get(KEY).data) == (2, {"n": 2})
    second.close()


@pytest.mark.parametrize("adapter", DURABLE)
def test_two_servers_on_one_store_see_and_refuse_each_other(adapter: str, tmp_path: Path) -> None:
    first, second = ADAPTERS[adapter](tmp_path), ADAPTERS[adapter](tmp_path)
    first.write(Put(KEY, {"by": "first"}, ABSENT))
    with pytest.raises(StaleWrite):
        second.write(Put(KEY, {"by": "second"}, ABSENT))
    assert second.get(KEY).data == {"by": "first"}
    first.close()
    second.close()


@pytest.mark.parametrize("adapter", DURABLE)
def test_servers_that_write_at_the_same_moment_wait_for_each_other(adapter: str, tmp_path: Path) -> None:
    servers = [ADAPTERS[adapter](tmp_path) for _ in range(4)]
    servers[0].write(Put(KEY, {"n": 0}, ABSENT))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_ten, servers))
    assert servers[0].get(KEY).data == {"n": 40}
    for server in servers:
        server.close()


def test_a_document_may_say_when_nobody_needs_it_any_more(records: Records) -> None:
    """Until somebody removes it, it is there as any other."""
    soon, ago = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(days=1)
    records.write(Put(KEY, {"n": 1}, ABSENT, soon))
    records.write(Put(KEY, {"n": 2}, 1, soon), Put(Key("p", "other"), {}, ABSENT, ago))
    found = records.get(KEY)
    assert found is not None
    assert (found.version, found.data) == (2, {"n": 2})
