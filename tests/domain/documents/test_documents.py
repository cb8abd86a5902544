"""Uploads: taken whole or refused with a reason, and nothing half made stays behind."""

import hashlib
from pathlib import Path

import pytest

from server.errors import InvalidInput, NotFound, StorageFull, TooLarge
from tests.domain.conftest import House

OWNER = "usr-1"


def kept_files(house: House) -> list[Path]:
    return [path for path in (house.folder / "blobs").rglob("*") if path.is_file()]


def test_an_upload_is_kept_to_the_byte(house: House) -> None:
    content = b'{"text": "one"}\n{"text": "two"}\n'
    document = house.upload(content, "notes.jsonl")
    assert (document.format, document.num_examples, document.shapes) == ("jsonl", 2, {"text": 2})
    assert document.sha256 == hashlib.sha256(content).hexdigest()
    assert document.name == "notes"
    assert b"".join(house.documents.content(OWNER, document.id)[1]) == content


def test_the_preview_shows_what_is_learned_and_what_is_only_read(house: House) -> None:
    document = house.upload(b'{"prompt": "Why?", "completion": "Because."}\n', "why.jsonl")
    example = house.documents.preview(OWNER, document.id, limit=5).data[0]
    read = "".join(segment.text for segment in example.segments if not segment.trains)
    learned = "".join(segment.text for segment in example.segments if segment.trains)
    assert "Why?" in read
    assert "Because." in learned
    assert "Why?" not in learned


def test_long_examples_are_cut_in_the_preview_and_say_so(house: House) -> None:
    document = house.upload(b'{"text": "' + b"word " * 5000 + b'"}\n', "long.jsonl")
    example = house.documents.preview(OWNER, document.id, limit=1).data[0]
    assert example.truncated
    assert sum(len(segment.text) for segment in example.segments) < 2_100


@pytest.mark.parametrize(
    ("content", "filename", "words"),
    [
        (b"", "empty.txt", "empty"),
        (b"  \n\n ", "blank.txt", "white space"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "picture.txt", "PNG"),
        (b"\0\1\2\3" * 100, "binary.txt", "not text|binary"),
        (b'{"text": "a"}\n{"text": "b"}\n{"text": }\n', "broken.jsonl", "Line 3"),
        (b"[" * 100_000, "deep.json", "nested|deep"),
        (b'{"prompt": "a", "completion": {"b": 5}}\n', "object.jsonl", "completion"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_and_leaves_nothing(house: House, content: bytes, filename: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        house.upload(content, filename)
    assert refused.value.param == "file"
    assert refused.value.details
    assert kept_files(house) == []
    assert house.documents.page(OWNER, limit=10, after=None).data == []


def test_every_broken_line_is_named_at_once(house: House) -> None:
    lines = [b'{"text": "fine"}' if number % 2 else b"{broken" for number in range(10)]
    with pytest.raises(InvalidInput) as refused:
        house.upload(b"\n".join(lines), "half.jsonl")
    assert [detail.line for detail in refused.value.details] == [1, 3, 5, 7, 9]


def test_limits_are_said_with_what_to_do(house: House) -> None:
    with pytest.raises(TooLarge, match="LLM_TUNER_MAX_UPLOAD_BYTES"):
        house.upload(b"x" * 40_000_001, "large.txt")
    house.free_bytes = 1_001
    with pytest.raises(StorageFull, match="not enough room"):
        house.upload(b"some text", "small.txt")
    assert kept_files(house) == []


@pytest.mark.parametrize("filename", ["../../etc/passwd.txt", "C:\\x\\y.txt", "--format=json", "a\nb\0.txt", "", "x" * 900 + ".txt"])
def test_a_file_name_is_only_a_word(house: House, filename: str) -> None:
    document = house.upload(b"Some honest prose about nothing in particular.", filename)
    assert document.format == "txt"
    assert "/" not in document.filename
    assert document.filename.isprintable()
    assert len(document.filename) <= 200


def test_somebody_elses_document_is_not_there(house: House) -> None:
    theirs = house.document("usr-2").id
    for call in (house.documents.get, house.documents.content):
        with pytest.raises(NotFound):
            call(OWNER, theirs)
    with pytest.raises(NotFound):
        house.jobs.delete_document(OWNER, theirs)
    assert house.documents.get("usr-2", theirs).id == theirs


def test_deleting_removes_the_bytes(house: House) -> None:
    document = house.document()
    house.jobs.delete_document(OWNER, document.id)
    assert kept_files(house) == []
