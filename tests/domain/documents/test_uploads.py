"""Files that come in parts: nothing is lost by a cut line, nothing wrong becomes a document, nothing stays behind."""

import io
import json
import threading
from datetime import timedelta

import pytest

from server.domain.documents import uploads as module
from server.errors import Conflict, InvalidInput, NotFound, RefusedFile, StorageFull
from shared.wire import DocumentPatch, JobRequest, Mapping, ReadingOptions, Upload, UploadRequest
from tests.domain.conftest import House

OWNER = "usr-1"
PART = module.PART_BYTES


def prose(num_bytes: int) -> bytes:
    sentence = b"The lamp was lit at dusk, and the keeper wrote it down. "
    return (sentence * (num_bytes // len(sentence) + 1))[:num_bytes]


def announce(house: House, content: bytes, filename: str = "long.txt") -> Upload:
    return house.uploads.open(OWNER, UploadRequest(filename=filename, size_bytes=len(content)))


def send(house: House, upload: Upload, content: bytes, number: int) -> Upload:
    part = content[(number - 1) * PART : number * PART]
    return house.uploads.put_part(OWNER, upload.id, number, io.BytesIO(part), len(part))


def stored_files(house: House) -> int:
    return sum(path.is_file() for path in (house.folder / "blobs").rglob("*"))


def test_parts_in_any_order_make_the_file_to_the_byte(house: House) -> None:
    content = prose(2 * PART + 12_345)
    upload = announce(house, content)
    for number in (3, 1, 2, 1):
        upload = send(house, upload, content, number)
    assert upload.received == [1, 2, 3]
    document = house.uploads.complete(OWNER, upload.id, ReadingOptions())
    assert b"".join(house.documents.content(OWNER, document.id)[1]) == content
    assert stored_files(house) == 1, "the parts are gone"
    with pytest.raises(NotFound):
        house.uploads.get(OWNER, upload.id)


def test_parts_sent_at_once_are_all_counted(house: House) -> None:
    content = prose(4 * PART)
    upload = announce(house, content)
    threads = [threading.Thread(target=send, args=(house, upload, content, number)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert house.uploads.get(OWNER, upload.id).received == [1, 2, 3, 4]


def test_an_upload_with_parts_missing_is_not_completed(house: House) -> None:
    content = prose(PART + 1)
    upload = announce(house, content)
    send(house, upload, content, 1)
    with pytest.raises(Conflict, match="1 of 2 parts have not come yet, the first of them part 2"):
        house.uploads.complete(OWNER, upload.id, ReadingOptions())


@pytest.mark.parametrize(("number", "size"), [(1, PART - 1), (2, 2), (3, 1), (0, 1)])
def test_a_part_that_does_not_belong_is_refused(house: House, number: int, size: int) -> None:
    upload = announce(house, prose(PART + 1))
    with pytest.raises(InvalidInput):
        house.uploads.put_part(OWNER, upload.id, number, io.BytesIO(b"x" * size), size)


def test_a_refused_file_stays_and_can_be_completed_in_another_way(house: House) -> None:
    content = b'{"text": "one"}\n{broken\n{"text": "three"}\n'
    upload = announce(house, content, "half.jsonl")
    send(house, upload, content, 1)
    with pytest.raises(RefusedFile, match="Line 2"):
        house.uploads.complete(OWNER, upload.id, ReadingOptions())
    problems = b"".join(house.uploads.problems(OWNER, upload.id)).decode()
    assert "2" in problems.splitlines()[1]
    document = house.uploads.complete(OWNER, upload.id, ReadingOptions(leave_out_bad=True))
    assert document.num_examples == 2
    assert document.num_problems == 1
    assert "2" in b"".join(house.documents.problems(OWNER, document.id)).decode().splitlines()[1]


def test_completing_twice_at_once_makes_one_document(house: House) -> None:
    content = prose(200_000)
    upload = announce(house, content)
    send(house, upload, content, 1)
    outcomes: list[str] = []

    def complete() -> None:
        try:
            outcomes.append(house.uploads.complete(OWNER, upload.id, ReadingOptions()).id)
        except (Conflict, NotFound):
            outcomes.append("refused")

    threads = [threading.Thread(target=complete) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome == "refused" for outcome in outcomes) == [False, True, True, True]
    assert len(house.documents.page(OWNER, limit=10, after=None).data) == 1


def test_an_upload_whose_reader_died_with_its_server_can_be_completed_later(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = announce(house, b"A short text of some words.")
    send(house, upload, b"A short text of some words.", 1)
    house.uploads._claim(OWNER, house.uploads._stored(OWNER, upload.id))  # noqa: SLF001 - the server dies after this
    with pytest.raises(Conflict, match="being read already"):
        house.uploads.complete(OWNER, upload.id, ReadingOptions())
    today = house.clock.now()
    monkeypatch.setattr(house.clock, "now", lambda: today + timedelta(minutes=11))
    assert house.uploads.complete(OWNER, upload.id, ReadingOptions()).num_examples == 1


def test_what_is_announced_counts_against_the_quota(house: House) -> None:
    house.room._quota_bytes = 100_000  # noqa: SLF001 - a small quota in the middle of a test
    upload = announce(house, prose(60_000))
    assert house.room.usage(OWNER).storage_bytes == 60_000
    with pytest.raises(StorageFull, match="Delete documents"):
        announce(house, prose(60_000))
    send(house, upload, prose(60_000), 1)
    house.uploads.complete(OWNER, upload.id, ReadingOptions())
    assert house.room.usage(OWNER).storage_bytes == 60_000
    assert house.uploads.open("usr-2", UploadRequest(filename="other.txt", size_bytes=60_000)).received == []


def test_an_aborted_upload_leaves_nothing(house: House) -> None:
    content = prose(PART + 1)
    upload = announce(house, content)
    send(house, upload, content, 1)
    house.uploads.abort(OWNER, upload.id)
    assert stored_files(house) == 0
    assert house.room.usage(OWNER).storage_bytes == 0


def test_an_upload_left_for_a_day_is_removed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    content = prose(1000)
    upload = announce(house, content)
    send(house, upload, content, 1)
    today = house.clock.now()
    monkeypatch.setattr(house.clock, "now", lambda: today + timedelta(hours=25))
    with pytest.raises(NotFound, match="more than a day"):
        house.uploads.get(OWNER, upload.id)
    house.uploads.open(OWNER, UploadRequest(filename="next.txt", size_bytes=5))
    assert stored_files(house) == 0


def test_somebody_elses_upload_is_not_there(house: House) -> None:
    upload = announce(house, b"some text")
    for call in (house.uploads.get, house.uploads.abort, house.uploads.problems):
        with pytest.raises(NotFound):
            call("usr-2", upload.id)
    with pytest.raises(NotFound):
        house.uploads.put_part("usr-2", upload.id, 1, io.BytesIO(b"some text"), 9)


def test_the_same_content_is_recognised(house: House) -> None:
    first = house.upload(b"A short text about nothing.", "one.txt")
    again = house.upload(b"A short text about nothing.", "two.txt")
    assert (first.duplicate_of, again.duplicate_of) == (None, first.id)
    house.jobs.delete_document(OWNER, first.id)
    assert house.upload(b"A short text about nothing.", "three.txt").duplicate_of is None


def test_columns_that_nobody_understands_can_be_explained(house: House) -> None:
    content = "".join(f"colour {row},a long answer {row}\n" for row in range(12))
    document = house.upload(b"farbe,antwort\n" + content.encode(), "farben.csv")
    assert document.status == "needs_mapping"
    assert [column.name for column in document.columns] == ["farbe", "antwort"]
    with pytest.raises(InvalidInput, match="not understood yet"):
        house.jobs.create(OWNER, job_on(document.id))
    mapping = Mapping(shape="prompt_completion", columns={"prompt": "farbe", "completion": "antwort"})
    mapped = house.jobs.patch_document(OWNER, document.id, mapped_as(mapping))
    assert (mapped.status, mapped.num_examples) == ("ready", 12)
    segments = house.documents.preview(OWNER, document.id, limit=1).data[0].segments
    assert "a long answer 0" in "".join(segment.text for segment in segments if segment.trains)
    assert house.jobs.create(OWNER, job_on(document.id)).state == "queued"


def job_on(document_id: str) -> JobRequest:
    return JobRequest(base_model="gpt2-scratch-1m", document_ids=[document_id])


def mapped_as(mapping: Mapping) -> DocumentPatch:
    return DocumentPatch(reading=ReadingOptions(mapping=mapping))


def test_json_of_another_shape_keeps_its_rows(house: House) -> None:
    rows = [{"frage": f"Why {row}?", "antwort": f"Because {row}."} for row in range(3)]
    document = house.upload("\n".join(json.dumps(row) for row in rows).encode(), "fragen.jsonl")
    assert document.status == "needs_mapping"
