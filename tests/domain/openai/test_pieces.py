"""Files in pieces of any size: nothing stays behind, nothing is made twice, and what was announced counts as long as it may come."""

import io
import threading
from datetime import timedelta

import pytest

from server.domain.documents.pieces import Pieces
from server.domain.jobs.uses import Uses
from server.errors import Conflict, InvalidInput, NotFound, RefusedFile
from tests.domain.conftest import House

OWNER = "usr-1"
TEXT = b"The lamp was lit at dusk, and the keeper wrote it down. " * 400


@pytest.fixture
def pieces(house: House) -> Pieces:
    return Pieces(house.records, house.blobs, house.clock, house.documents)


def opened(pieces: Pieces, *, size: int = len(TEXT), expires_after_s: int | None = None) -> str:
    return pieces.open(OWNER, filename="long.txt", size_bytes=size, file_expires_after_s=expires_after_s).id


def sent(pieces: Pieces, upload_id: str, content: bytes) -> str:
    return pieces.add(OWNER, upload_id, io.BytesIO(content)).id


def stored_files(house: House) -> int:
    return sum(path.is_file() for path in (house.folder / "blobs").rglob("*"))


def test_pieces_of_any_size_make_the_file_in_the_order_that_is_told(house: House, pieces: Pieces) -> None:
    upload = opened(pieces)
    assert house.documents.room.usage(OWNER).storage_bytes == len(TEXT), "what was announced counts"
    second, first = sent(pieces, upload, TEXT[7:]), sent(pieces, upload, TEXT[:7])
    sent(pieces, upload, b"never asked for")
    done = pieces.complete(OWNER, upload, [first, second], md5=None)
    assert done.document_id is not None
    assert b"".join(house.documents.content(OWNER, done.document_id)[1]) == TEXT
    assert stored_files(house) == 1, "the pieces are gone, the one that was not asked for as well"
    assert house.documents.room.usage(OWNER).storage_bytes == len(TEXT), "and it is not counted twice"
    assert pieces.complete(OWNER, upload, [first, second], md5=None) == done


def test_two_who_complete_at_once_make_one_document(house: House, pieces: Pieces) -> None:
    upload = opened(pieces)
    piece = sent(pieces, upload, TEXT)
    ended: list[object] = []

    def complete() -> None:
        try:
            ended.append(pieces.complete(OWNER, upload, [piece], md5=None).document_id)
        except Conflict as refused:
            ended.append(refused.code)

    threads = [threading.Thread(target=complete) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one for one in ended if one != "uploads.being_read"}) == 1
    assert len(house.documents.page(OWNER, limit=10, after=None).data) == 1


@pytest.mark.parametrize(
    ("size", "code"), [(len(TEXT) + 1, "uploads.wrong_size"), (len(TEXT) - 1, "uploads.wrong_size"), (10, "uploads.wrong_size")]
)
def test_what_is_not_what_was_announced_is_refused(pieces: Pieces, size: int, code: str) -> None:
    upload = opened(pieces, size=size)
    with pytest.raises(InvalidInput) as refused:
        pieces.complete(OWNER, upload, [sent(pieces, upload, TEXT)], md5=None)
    assert refused.value.code == code


def test_pieces_are_named_once_and_are_this_uploads(pieces: Pieces) -> None:
    upload, other = opened(pieces), opened(pieces)
    piece, foreign = sent(pieces, upload, TEXT), sent(pieces, other, TEXT)
    for named in ([piece, piece], [foreign], ["prt-none"]):
        with pytest.raises(InvalidInput) as refused:
            pieces.complete(OWNER, upload, named, md5=None)
        assert refused.value.code in {"uploads.no_such_part", "uploads.wrong_size"}


def test_a_file_that_is_refused_leaves_its_pieces(house: House, pieces: Pieces) -> None:
    broken = b'{"prompt": "a", "completion": "b"}\n{"prompt": 1\n'
    upload = pieces.open(OWNER, filename="rows.jsonl", size_bytes=len(broken), file_expires_after_s=None).id
    piece = sent(pieces, upload, broken)
    for _ in range(2):
        with pytest.raises(RefusedFile):
            pieces.complete(OWNER, upload, [piece], md5=None)
    assert pieces.cancel(OWNER, upload).state == pieces.cancel(OWNER, upload).state == "cancelled"
    assert stored_files(house) == 0 and house.documents.room.usage(OWNER).storage_bytes == 0


def test_after_an_hour_it_is_over_and_swept(house: House, pieces: Pieces, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = opened(pieces)
    piece = sent(pieces, upload, TEXT)
    later = house.clock.now() + timedelta(hours=1, seconds=1)
    monkeypatch.setattr(house.clock, "now", lambda: later)
    with pytest.raises(Conflict) as over:
        pieces.complete(OWNER, upload, [piece], md5=None)
    assert over.value.code == "uploads.not_pending"
    opened(pieces)
    assert stored_files(house) == 0
    with pytest.raises(NotFound):
        pieces.cancel(OWNER, upload)


def test_nothing_stays_of_who_leaves(house: House, pieces: Pieces) -> None:
    for _ in range(3):
        sent(pieces, opened(pieces), TEXT)
    while pieces.remove_some(OWNER):
        pass
    assert stored_files(house) == 0 and house.documents.room.usage(OWNER).storage_bytes == 0


def test_a_file_may_expire_and_goes_when_nothing_needs_it(house: House, pieces: Pieces) -> None:
    upload = opened(pieces, expires_after_s=3600)
    document_id = pieces.complete(OWNER, upload, [sent(pieces, upload, TEXT)], md5=None).document_id
    assert document_id is not None
    uses = Uses(house.records, house.documents, house.tuned_models, house.evaluation_store)
    now = house.clock.now()
    uses.delete_expired(now + timedelta(minutes=59))
    assert house.documents.get(OWNER, document_id).expires_at is not None
    uses.delete_expired(now + timedelta(minutes=61))
    with pytest.raises(NotFound):
        house.documents.get(OWNER, document_id)
    uses.delete_expired(now + timedelta(minutes=62))
