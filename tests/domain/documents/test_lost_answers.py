"""A store that is far away may do its work although its answer gets lost: a document is there whole, or not at all."""

from collections.abc import Callable
from typing import Any

import pytest

from server.errors import Unavailable
from tests.domain.conftest import House

OWNER = "usr-1"


def away(*_: object, **__: object) -> Any:
    raise Unavailable("Away.", code="aws.unavailable", retry_after_s=2)


def and_then_away(work: Callable[..., Any]) -> Callable[..., Any]:
    def cut(*words: Any) -> Any:
        work(*words)
        away()

    return cut


def bytes_kept(house: House) -> list[str]:
    return [key for key in house.blobs.everything() if key.startswith("documents/")]


def test_a_document_whose_record_was_written_is_there(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.records, "write", and_then_away(house.records.write))
    document = house.document(OWNER)
    assert b"".join(house.documents.content(OWNER, document.id)[1]).startswith(b'{"prompt"')


def test_a_document_whose_record_was_not_written_leaves_no_bytes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.records, "write", away)
    with pytest.raises(Unavailable):
        house.document(OWNER)
    assert bytes_kept(house) == []


def test_bytes_stay_where_nobody_can_say_whether_a_record_names_them(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as outage:
        outage.setattr(house.records, "write", and_then_away(house.records.write))
        outage.setattr(house.documents._documents, "get", away)
        with pytest.raises(Unavailable):
            house.document(OWNER)
    (document,) = house.documents.page(OWNER, limit=10, after=None).data
    assert len(b"".join(house.documents.content(OWNER, document.id)[1])) == document.size_bytes
