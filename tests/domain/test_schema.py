"""The format of a store: new ones are marked, older ones brought up to date, newer ones refused and left as they are."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.adapters.records_sqlite import SqliteRecords
from server.domain import keys, schema
from server.domain.schema import NewerStore, bring_up_to_date
from server.errors import Unavailable
from server.ports.records import ABSENT, Key, Put, Records
from server.settings import Settings
from server.wiring import build

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
