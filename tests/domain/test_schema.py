"""The format of a store: new ones are marked, older ones brought up to date, newer ones refused and left as they are."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.adapters.records_sqlite import SqliteRecords
from server.domain import keys, schema
from server.domain.schema import CheckedLate, NewerStore, bring_up_to_date
from server.errors import Unavailable
from server.ports.records import ABSENT, Key, Put, Records
from server.settings import Settings
from server.wiring import build, chosen

NOTE = Key("notes", "one")


@pytest.fixture
def records() -> Iterator[SqliteRecords]:
    records = SqliteRecords(":memory:")
    yield records
    records.close()


def mark(records: Records) -> tuple[int, str]:
    record = records.get(keys.schema())
    assert record is not None
    return record.data["version"], record.data["written_by"]


def step(word: str, made: list[str]) -> schema.Step:
    """Appends its word to a document, once however often it is run."""

    def run(records: Records) -> None:
        made.append(word)
        note = records.get(NOTE)
        if note is not None and word not in note.data["words"]:
            records.write(Put(NOTE, {"words": [*note.data["words"], word]}, note.version))

    return run


def test_a_new_store_is_marked_with_the_format_and_who_wrote_it(records: SqliteRecords) -> None:
    assert bring_up_to_date(records, product="0.1.0") == 0
    assert mark(records) == (schema.VERSION, "0.1.0")


def test_a_store_of_this_format_is_left_as_it_is(records: SqliteRecords) -> None:
    bring_up_to_date(records, product="0.1.0")
    before = list(records.everything())
    assert bring_up_to_date(records, product="0.1.1") == 0
    assert list(records.everything()) == before


@pytest.mark.parametrize("marked", [False, True], ids=["from before the mark", "marked"])
def test_an_older_store_is_brought_up_to_date_step_by_step(records: SqliteRecords, marked: bool) -> None:
    if marked:
        bring_up_to_date(records, product="0.1.0", steps=())
    records.write(Put(NOTE, {"words": []}, ABSENT))
    made: list[str] = []
    steps = [step("second", made), step("third", made)]
    assert bring_up_to_date(records, product="0.3.0", steps=steps) == 2
    assert (mark(records), made) == ((3, "0.3.0"), ["second", "third"])
    assert bring_up_to_date(records, product="0.3.0", steps=steps) == 0
    note = records.get(NOTE)
    assert note is not None and note.data == {"words": ["second", "third"]}


def test_an_upgrade_that_was_cut_goes_on_at_the_step_that_was_not_finished(records: SqliteRecords) -> None:
    made: list[str] = []

    def cut(_: Records) -> None:
        raise Unavailable("The line was cut.", code="records.failed")

    with pytest.raises(Unavailable):
        bring_up_to_date(records, product="0.3.0", steps=[step("second", made), cut])
    assert mark(records) == (2, "0.3.0")
    bring_up_to_date(records, product="0.3.0", steps=[step("second", made), step("third", made)])
    assert (mark(records), made) == ((3, "0.3.0"), ["second", "third"])


def test_a_store_of_a_newer_version_is_refused_in_words_and_left_as_it_is(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, hub="off")
    records = SqliteRecords(settings.records_file)
    records.write(Put(keys.schema(), {"version": schema.VERSION + 1, "written_by": "9.1.0"}, ABSENT))
    before = list(records.everything())
    with pytest.raises(NewerStore, match=r"9\.1\.0 in format 2, .* restore a backup"):
        build(settings)
    assert list(records.everything()) == before
    records.close()


def away(*_: object, **__: object) -> None:
    raise Unavailable("Away.", code="aws.unavailable", retry_after_s=2)


@pytest.fixture
def late(records: SqliteRecords, monkeypatch: pytest.MonkeyPatch) -> Records:
    """Records of a store that was away when the server started, and is there again."""
    with monkeypatch.context() as outage:
        outage.setattr(SqliteRecords, "get", away)
        outage.setattr(chosen, "SqliteRecords", lambda _: records)
        return chosen.records_of(Settings(hub="off"))


def test_a_store_that_was_away_at_the_start_is_looked_at_before_it_is_used(late: Records, records: SqliteRecords) -> None:
    assert records.get(keys.schema()) is None
    late.write(Put(NOTE, {"words": []}, ABSENT))
    assert mark(records)[0] == schema.VERSION
    assert late.page("notes").records == [late.get(NOTE)]


def test_a_newer_store_that_was_away_at_the_start_is_neither_read_nor_written(late: Records, records: SqliteRecords) -> None:
    records.write(Put(keys.schema(), {"version": schema.VERSION + 1, "written_by": "9.1.0"}, ABSENT))
    for use in (lambda: late.get(NOTE), lambda: late.page("notes"), lambda: late.write(Put(NOTE, {"words": []}, ABSENT))):
        with pytest.raises(Unavailable, match=r"9\.1\.0 in format 2") as refused:
            use()
        assert refused.value.code == "records.newer_format"
    assert records.get(NOTE) is None


def test_a_store_that_was_away_is_upgraded_once_before_anything_else(records: SqliteRecords) -> None:
    records.write(Put(NOTE, {"words": []}, ABSENT))
    made: list[str] = []
    late = CheckedLate(records, product="0.2.0", steps=[step("second", made)])
    seen = [late.get(NOTE) for _ in range(3)]
    assert made == ["second"]
    assert [record and record.data for record in seen] == [{"words": ["second"]}] * 3


def test_nobody_waits_long_for_another_one_who_looks(records: SqliteRecords) -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow(_: Records) -> None:
        began.set()
        go_on.wait(60)

    late = CheckedLate(records, product="0.2.0", steps=[slow])
    looking = threading.Thread(target=late.get, args=(NOTE,))
    looking.start()
    try:
        assert began.wait(60)
        asked = time.monotonic()
        with pytest.raises(Unavailable) as refused:
            late.get(NOTE)
        assert (refused.value.code, refused.value.retry_after_s) == ("records.upgrading", 2)
        assert time.monotonic() - asked < 9
    finally:
        go_on.set()
        looking.join()
    assert late.get(NOTE) is None
