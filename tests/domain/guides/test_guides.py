"""Guides: taken apart, corrected, and learned from in the words of the tests."""

import json
import tempfile

import pytest

from server.errors import Conflict, InvalidInput, NotFound
from shared.score_question import score_prompt
from shared.wire import Guide, GuideDatasetRequest, JobRequest, ScoredItemPatch, ScoredItemRequest
from tests.domain.conftest import House
from tests.domain.testing_material import OWNER

GUIDE = """# How to mark log entries

An entry earns points for the wind, the glass and the lamp. Chatter earns nothing.

## Example 1

The wind blew from the north at 12 knots and the lamp was trimmed.

Score: 7/10

## Example 2

It was a long night and the cat slept on the stairs.

Score: 1/10
"""


def guide_of(house: House, text: str = GUIDE, filename: str = "marking.md") -> Guide:
    with tempfile.TemporaryFile() as file:
        file.write(text.encode())
        return house.guides.add(OWNER, file, filename=filename, name=None, description="For keepers.")


def learned(house: House, dataset_documents: list[str]) -> list[dict[str, str]]:
    (document_id,) = dataset_documents
    return [json.loads(line) for line in b"".join(house.documents.content(OWNER, document_id)[1]).splitlines()]


def test_a_guide_is_taken_apart_into_prose_and_scored_items(house: House) -> None:
    guide = guide_of(house)
    assert (guide.name, guide.num_scored_items, guide.lowest_score, guide.highest_score, guide.score_step) == ("marking", 2, 0, 10, 1)
    items = house.guides.scored_items(OWNER, guide.id, limit=5, after=None).data
    assert [(item.score, item.out_of, item.origin) for item in items] == [(7, 10, "found"), (1, 10, "found")]
    assert items[0].text == "The wind blew from the north at 12 knots and the lamp was trimmed."
    assert (items[0].prompt, items[0].completion) == (score_prompt(items[0].text), "7")
    assert house.guides.scored_items(OWNER, guide.id, limit=1, after=items[0].id).data == items[1:]
    prose = " ".join(passage.text for passage in house.guides.passages(OWNER, guide.id, limit=10, after=None).data)
    assert "Chatter earns nothing" in prose
    assert "blew from the north" not in prose


def test_a_table_of_scored_texts_is_a_guide(house: House) -> None:
    guide = guide_of(house, "text,score\nA first entry.,7\nA second entry.,3/10\nNo score here.,\n", "marks.csv")
    assert (guide.num_passages, guide.num_scored_items) == (0, 2)


def test_corrections_are_kept_beside_what_was_found(house: House) -> None:
    guide = guide_of(house)
    first, second = house.guides.scored_items(OWNER, guide.id, limit=5, after=None).data
    changed = house.guides.patch_item(OWNER, guide.id, first.id, ScoredItemPatch(score=8))
    assert (changed.score, changed.found_score, changed.corrected) == (8, 7, True)
    assert house.guides.patch_item(OWNER, guide.id, second.id, ScoredItemPatch(dropped=True)).dropped
    added = house.guides.add_item(OWNER, guide.id, ScoredItemRequest(text="The glass stood at 29.", score=3))
    assert (added.origin, added.found_text) == ("added", None)
    now = house.guides.get(OWNER, guide.id)
    assert (now.num_scored_items, now.num_dropped, now.num_corrected) == (2, 1, 2)
    assert not house.guides.patch_item(OWNER, guide.id, second.id, ScoredItemPatch(dropped=False)).dropped
    with pytest.raises(NotFound):
        house.guides.patch_item(OWNER, guide.id, "found-9", ScoredItemPatch(score=1))
    assert len(list((house.folder / "blobs" / "guides").rglob("*"))) == 4, "an old edition was left behind"


def test_prose_and_items_are_learned_together_as_they_are_now(house: House) -> None:
    guide = guide_of(house)
    request = GuideDatasetRequest(guide_ids=[guide.id])
    first = house.guides.dataset(OWNER, request)
    rows = learned(house, first.document_ids)
    assert {"prompt": score_prompt("It was a long night and the cat slept on the stairs."), "completion": "1"} in rows
    assert any("Chatter earns nothing" in row.get("text", "") for row in rows)
    assert house.guides.dataset(OWNER, request).id == first.id
    house.guides.patch_item(OWNER, guide.id, "found-2", ScoredItemPatch(score=0.5))
    second = house.guides.dataset(OWNER, request)
    assert [row["completion"] for row in learned(house, second.document_ids) if "completion" in row] == ["7", "0.5"]
    assert len(house.documents.page(OWNER, limit=10, after=None).data) == 2, "what was made of the earlier items is gone"


def test_a_guide_of_prose_alone_is_learned_as_it_is(house: House) -> None:
    guide = guide_of(house, "Always warm the pot. Never let it stand.\n", "tea.txt")
    assert house.guides.dataset(OWNER, GuideDatasetRequest(guide_ids=[guide.id])).document_ids == [guide.document_id]


def test_guides_and_other_documents_are_learned_together(house: House) -> None:
    guide, document = guide_of(house), house.document(OWNER)
    made = house.guides.dataset(OWNER, GuideDatasetRequest(guide_ids=[guide.id], document_ids=[document.id, document.id]))
    assert len(made.document_ids) == 2
    assert made.document_ids[-1] == document.id
    assert made.name == f"{guide.name}, {document.name}"
    with pytest.raises(NotFound):
        house.guides.dataset(OWNER, GuideDatasetRequest(guide_ids=[guide.id], document_ids=["doc-unknown"]))


def test_a_guide_with_nothing_in_it_is_refused_and_leaves_nothing(house: House) -> None:
    with pytest.raises(InvalidInput) as refused:
        guide_of(house, "date,amount\n1 May,3\n", "sales.csv")
    assert refused.value.code == "guides.nothing_to_learn"
    assert not house.documents.page(OWNER, limit=10, after=None).data


def test_a_guide_goes_with_its_documents_unless_a_job_learns_from_it(house: House) -> None:
    guide = guide_of(house)
    dataset = house.guides.dataset(OWNER, GuideDatasetRequest(guide_ids=[guide.id]))
    with pytest.raises(Conflict, match="belongs to the training guide"):
        house.jobs.delete_document(OWNER, guide.document_id)
    job = house.jobs.create(OWNER, JobRequest(base_model="gpt2-scratch-1m", dataset_id=dataset.id, allow_short_run=True))
    with pytest.raises(Conflict):
        house.guides.delete(OWNER, guide.id)
    house.jobs.cancel(OWNER, job.id, wait=False)
    house.guides.delete(OWNER, guide.id)
    assert not house.documents.page(OWNER, limit=10, after=None).data
    assert not [path for path in (house.folder / "blobs").rglob("*") if path.is_file()]
