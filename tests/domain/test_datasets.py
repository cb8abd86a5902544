"""Datasets: frozen by a hash of what they hold and of how it is read."""

import pytest

from server.errors import Conflict, InvalidInput, NotFound
from shared.wire import (
    Blocker,
    DatasetRequest,
    DocumentPatch,
    Hyperparameters,
    JobRequest,
    LookRequest,
    ReadingOptions,
    SplitByDocument,
    SplitByFraction,
)
from tests.domain.conftest import House

OWNER = "usr-1"


def test_the_same_asked_again_is_the_same_dataset(house: House) -> None:
    documents = [house.document().id, house.document(rows=30).id]
    first = house.datasets.create(OWNER, DatasetRequest(document_ids=documents))
    assert house.datasets.create(OWNER, DatasetRequest(document_ids=documents)).id == first.id
    assert first.num_examples == 50
    others = [
        DatasetRequest(document_ids=documents[::-1]),
        DatasetRequest(document_ids=documents, split=SplitByFraction(fraction=0.2)),
        DatasetRequest(document_ids=documents, split=SplitByFraction(seed=7)),
        DatasetRequest(document_ids=documents[:1], split=SplitByDocument(document_id=documents[1])),
    ]
    assert len({house.datasets.create(OWNER, other).content_sha256 for other in others} | {first.content_sha256}) == 5
    assert len(house.datasets.page(OWNER, limit=10, after=None).data) == 5


def test_a_job_on_documents_makes_their_dataset_and_the_next_one_finds_it(house: House) -> None:
    request = JobRequest(base_model="gpt2-scratch-1m", document_ids=[house.document().id])
    first, second = house.jobs.create(OWNER, request), house.jobs.create(OWNER, request)
    assert first.dataset_id == second.dataset_id
    dataset = house.datasets.get(OWNER, first.dataset_id)
    assert dataset.content_sha256 == first.content_sha256
    third = house.jobs.create(OWNER, JobRequest(base_model="gpt2-scratch-1m", dataset_id=dataset.id))
    assert third.document_ids == first.document_ids


def test_a_dataset_whose_document_is_read_in_another_way_is_another(house: House) -> None:
    document = house.upload(b"name,text\na,first text here\nb,second text here\nc,third one\nd,fourth one\n", "rows.csv")
    dataset = house.datasets.create(OWNER, DatasetRequest(document_ids=[document.id]))
    house.jobs.patch_document(OWNER, document.id, DocumentPatch(reading=ReadingOptions(format="txt")))
    with pytest.raises(Conflict, match="Make the dataset again"):
        house.jobs.create(OWNER, JobRequest(base_model="gpt2-scratch-1m", dataset_id=dataset.id))


def test_a_document_that_a_job_waits_for_is_not_read_in_another_way(house: House) -> None:
    document = house.document()
    house.jobs.create(OWNER, JobRequest(base_model="gpt2-scratch-1m", document_ids=[document.id]))
    with pytest.raises(Conflict, match="uses this document"):
        house.jobs.patch_document(OWNER, document.id, DocumentPatch(reading=ReadingOptions(format="txt")))
    assert house.jobs.patch_document(OWNER, document.id, DocumentPatch(name="Renamed")).name == "Renamed"


def test_validation_on_a_document_of_its_own(house: House) -> None:
    training, validation = house.document().id, house.document(rows=5).id
    dataset = house.datasets.create(OWNER, DatasetRequest(document_ids=[training], split=SplitByDocument(document_id=validation)))
    job = house.jobs.create(OWNER, JobRequest(base_model="gpt2-scratch-1m", dataset_id=dataset.id))
    assert job.resolved["validation_fraction"].value == 0
    assert len(house.looked[0].validation_data) == 1
    with pytest.raises(Conflict, match="uses this document"):
        house.jobs.delete_document(OWNER, validation)
    with pytest.raises(InvalidInput, match="among those to train on"):
        house.datasets.create(OWNER, DatasetRequest(document_ids=[training], split=SplitByDocument(document_id=training)))


def test_the_split_of_a_dataset_is_that_of_its_jobs(house: House) -> None:
    split = SplitByFraction(fraction=0.25, seed=9)
    dataset = house.datasets.create(OWNER, DatasetRequest(document_ids=[house.document().id], split=split))
    resolved = house.jobs.create(OWNER, JobRequest(base_model="gpt2-scratch-1m", dataset_id=dataset.id)).resolved
    assert (resolved["validation_fraction"].value, resolved["seed"].value) == (0.25, 9)


def test_a_run_that_would_learn_nothing_starts_only_when_that_is_wanted(house: House) -> None:
    house.blockers = [Blocker(code="few_steps", message="This run would take 3 optimizer steps; fewer than 10 teach nothing.")]
    document = house.document().id
    with pytest.raises(InvalidInput, match="3 optimizer steps") as refused:
        house.jobs.create(OWNER, JobRequest(base_model="gpt2-scratch-1m", document_ids=[document]))
    assert refused.value.param == "allow_short_run"
    assert [detail.fix for detail in refused.value.details] == ["To start it all the same, send allow_short_run."]
    assert house.jobs.page(OWNER, limit=10, after=None, state=None).data == []
    wanted = JobRequest(base_model="gpt2-scratch-1m", document_ids=[document], allow_short_run=True)
    assert house.jobs.create(OWNER, wanted).state == "queued"


def test_the_look_is_at_the_job_that_would_start(house: House) -> None:
    document = house.document().id
    asked = Hyperparameters(epochs=7, block_size=64, validation_fraction=0.25, seed=3)
    house.jobs.look(OWNER, LookRequest(base_model="gpt2-scratch-1m", document_ids=[document], hyperparameters=asked))
    house.jobs.create(OWNER, JobRequest(base_model="gpt2-scratch-1m", document_ids=[document], hyperparameters=asked))
    (spec,) = house.looked
    assert (spec.settings.epochs, spec.settings.block_size, spec.settings.validation_fraction, spec.settings.seed) == (7, 64, 0.25, 3)
    assert (spec.num_examples, spec.head_characters) == (20, 0)
    assert spec.num_characters > 0


def test_who_names_the_steps_means_few_also_when_looking(house: House) -> None:
    house.blockers = [Blocker(code="few_steps", message="This run would take 3 optimizer steps.")]
    asked = LookRequest(base_model="gpt2-scratch-1m", document_ids=[house.document().id])
    assert [blocker.code for blocker in house.jobs.look(OWNER, asked).blockers] == ["few_steps"]
    three = asked.model_copy(update={"hyperparameters": Hyperparameters(max_steps=3)})
    assert house.jobs.look(OWNER, three).blockers == []


def test_before_a_job_on_large_data_its_beginning_is_looked_at(house: House) -> None:
    row = b'{"text": "' + b"The pump runs all day. " * 100 + b'"}\n'
    document = house.upload(row * (21_000_000 // len(row)), "large.jsonl").id
    request = JobRequest(base_model="gpt2-scratch-1m", document_ids=[document])
    assert house.jobs.create(OWNER, request).state == "queued"
    assert [spec.head_characters > 0 for spec in house.looked] == [True]
    house.blockers = [Blocker(code="all_masked", message="Nothing in these data is learned.")]
    with pytest.raises(InvalidInput, match="Nothing in these data"):
        house.jobs.create(OWNER, request)
    assert [spec.head_characters > 0 for spec in house.looked] == [True, True, False], "the beginning proves nothing about the rest"


def test_exactly_one_of_dataset_and_documents(house: House) -> None:
    for request in ({}, {"dataset_id": "dst-x", "document_ids": ["doc-x"]}):
        with pytest.raises(InvalidInput, match="either"):
            house.jobs.create(OWNER, JobRequest.model_validate({"base_model": "gpt2-scratch-1m", **request}))


def test_somebody_elses_dataset_is_not_there(house: House) -> None:
    dataset = house.datasets.create("usr-2", DatasetRequest(document_ids=[house.document("usr-2").id]))
    for call in (house.datasets.get, house.datasets.delete):
        with pytest.raises(NotFound):
            call(OWNER, dataset.id)
    with pytest.raises(NotFound):
        house.jobs.create(OWNER, JobRequest(base_model="gpt2-scratch-1m", dataset_id=dataset.id))


def test_deleting_a_dataset_leaves_its_documents(house: House) -> None:
    document = house.document().id
    dataset = house.datasets.create(OWNER, DatasetRequest(document_ids=[document]))
    house.datasets.delete(OWNER, dataset.id)
    assert house.documents.get(OWNER, document).id == document
    assert house.datasets.create(OWNER, DatasetRequest(document_ids=[document])).id != dataset.id
