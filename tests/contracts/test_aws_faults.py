"""The AWS adapters while the services fail, throttle, stall, and cut the line after their work: nothing is lost, doubled or halved."""

import hashlib
import io
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.adapters.aws_setup import create_bucket, create_table
from server.adapters.blobs_s3 import S3Blobs
from server.adapters.records_dynamodb import DynamoRecords
from server.errors import NotFound, StaleWrite, Unavailable
from server.ports.records import ABSENT, Delete, Key, Put
from tests import aws_server

COUNTER = Key("count", "all")
LONGEST_S = 12.0
"""Ten seconds until the answer, and some for a busy machine."""


def records_in(name: str) -> DynamoRecords:
    client = aws_server.client("dynamodb")
    create_table(name, client)
    return DynamoRecords(name, client)


def add(records: DynamoRecords, number: int) -> bool:
    """One object and the count of all, in one write. True when the store said yes; False when it said "not now"."""
    while True:
        try:
            found = records.get(COUNTER)
            assert found is not None
            records.write(
                Put(Key("objects", f"{number:05}"), {"n": number}, ABSENT), Put(COUNTER, {"n": found.data["n"] + 1}, found.version)
            )
        except StaleWrite as stale:
            if stale.key != COUNTER:
                raise  # This object is there already: it was written twice.
            continue
        except Unavailable as error:
            assert error.retry_after_s is not None
            return False
        return True


def hold_out(records: DynamoRecords, *, times: int, seed: int, stalls: float) -> dict[str, float]:
    """`times` writes from four threads in bad weather. Returns what was seen; raises when a promise was broken."""
    records.write(Put(COUNTER, {"n": 0}, ABSENT))
    longest = [0.0]

    def one(number: int) -> bool:
        began = time.monotonic()
        said = add(records, number)
        longest[0] = max(longest[0], time.monotonic() - began)
        return said

    with aws_server.storm(seed=seed, stalls=stalls), ThreadPoolExecutor(4) as pool:
        said_yes = list(pool.map(one, range(times)))
    there = set()
    after = None
    while True:
        page = records.page("objects", limit=100, after=after)
        there |= {record.data["n"] for record in page.records}
        if not page.has_more:
            break
        after = page.records[-1].key.sort
    lost = [number for number, yes in enumerate(said_yes) if yes and number not in there]
    counted = records.get(COUNTER).data["n"]
    assert lost == []
    assert counted == len(there), "an object without its count, or a count without its object"
    return {"acknowledged": sum(said_yes), "there": len(there), "longest_s": longest[0]}


def test_no_write_is_lost_doubled_or_halved_in_bad_weather() -> None:
    seen = hold_out(records_in("faults"), times=80, seed=1, stalls=0.0)
    assert seen["acknowledged"] >= 70


@pytest.mark.parametrize("change", [Put(Key("p", "s"), {"n": 2}, 1), Put(Key("p", "s"), {"n": 2}, None), Delete(Key("p", "s"), 1)])
def test_a_write_whose_answer_got_lost_is_recognised_as_done(change: Put | Delete) -> None:
    records = records_in(f"lost-{hashlib.sha256(repr(change).encode()).hexdigest()[:8]}")
    records.write(Put(Key("p", "s"), {"n": 1}, ABSENT))
    troubles = iter(["cut"])
    aws_server.weather = lambda: next(troubles, None)
    try:
        records.write(change)
    finally:
        aws_server.weather = aws_server.calm
    found = records.get(Key("p", "s"))
    if isinstance(change, Delete):
        assert found is None
    else:
        assert found.data == {"n": 2}


def test_a_store_that_stays_away_is_an_error_that_asks_to_come_back_within_ten_seconds() -> None:
    records = records_in("away")
    began = time.monotonic()
    with aws_server.storm(seed=1, errors=1.0), pytest.raises(Unavailable) as raised:
        records.get(COUNTER)
    assert time.monotonic() - began < LONGEST_S
    assert raised.value.retry_after_s


def test_a_table_that_is_not_there_is_said_with_its_remedy() -> None:
    with pytest.raises(Unavailable, match=r"create_tables\.py"):
        DynamoRecords("nowhere", aws_server.client("dynamodb")).get(COUNTER)


def test_blobs_are_whole_or_not_there_in_bad_weather() -> None:
    bucket = "faults"
    create_bucket(bucket, aws_server.ACCESS["AWS_REGION"], aws_server.client("s3"))
    blobs = S3Blobs(bucket, client=aws_server.client("s3"))
    dice = random.Random(2)
    kept: dict[str, set[bytes]] = {}
    with aws_server.storm(seed=3):
        for number in range(30):
            key, data = f"blob-{number % 10}", dice.randbytes(dice.choice([0, 5, 300_000, 9_000_000]))
            try:
                stat = blobs.put(key, io.BytesIO(data))
                assert (stat.size_bytes, stat.sha256) == (len(data), hashlib.sha256(data).hexdigest())
                kept[key] = {data}
            except Unavailable:
                kept.setdefault(key, {b"never there"}).add(data)
    for key, possible in kept.items():
        try:
            assert b"".join(blobs.open(key)) in possible
        except NotFound:
            assert b"never there" in possible


def test_a_missing_bucket_is_said_with_its_remedy() -> None:
    with pytest.raises(Unavailable, match=r"create_tables\.py"):
        S3Blobs("not-there", client=aws_server.client("s3")).put("a", io.BytesIO(b"x"))
