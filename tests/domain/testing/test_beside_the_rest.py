"""Evaluations among jobs, models and documents: begun by a job's end, in nobody's way, and gone with what they are about."""

import pytest

from server.domain import keys
from server.errors import Conflict
from server.ports.records import Change, Put
from shared.wire import EvaluationRequest
from tests.domain.conftest import House
from tests.domain.testing_material import OWNER, ended, evaluation, job_request, question_set, train, tuned_model


class Dies(Exception):
    pass


def test_a_job_that_names_a_test_set_is_tested_exactly_once(house: House) -> None:
    tests = question_set(house)
    job = train(house, test_set_id=tests.id)
    (begun,) = house.evaluations.page(OWNER, limit=10, after=None).data
    assert (begun.id, begun.job_id, begun.tuned_model_ids) == (job.evaluation_id, job.id, [job.tuned_model])
    assert ended(house, begun).state == "succeeded"
    house.another_supervisor().round()
    assert len(house.evaluations.page(OWNER, limit=10, after=None).data) == 1


def test_a_server_that_dies_as_the_job_ends_begins_its_test_all_the_same(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = question_set(house)
    write = house.records.write

    died = []

    def dying(*changes: Change) -> None:
        if any(isinstance(change, Put) and change.data.get("state") == "succeeded" for change in changes):
            died.append(True)
            raise Dies
        write(*changes)

    job = house.jobs.create(OWNER, job_request(house, test_set_id=tests.id))
    monkeypatch.setattr(house.records, "write", dying)
    house.watch_until(lambda: bool(died))
    assert not house.evaluations.page(OWNER, limit=10, after=None).data
    monkeypatch.setattr(house.records, "write", write)
    house.watch_until(lambda: house.jobs.get(OWNER, job.id).state == "succeeded")
    assert len(house.evaluations.page(OWNER, limit=10, after=None).data) == 1


def test_a_job_whose_test_set_is_gone_succeeds_without_a_test(house: House) -> None:
    tests = question_set(house)
    house.trainer_will("wait")
    job = house.jobs.create(OWNER, job_request(house, test_set_id=tests.id))
    house.watch_until(lambda: house.jobs.get(OWNER, job.id).state == "running")
    house.evaluations.delete_test_set(OWNER, tests.id)
    house.trainer_will("succeed")
    house.jobs.cancel(OWNER, job.id, wait=False)
    house.watch_until(lambda: house.jobs.get(OWNER, job.id).state == "cancelled")
    house.jobs.retry(OWNER, job.id)
    house.watch_until(lambda: house.jobs.get(OWNER, job.id).state == "succeeded")
    assert not house.evaluations.page(OWNER, limit=10, after=None).data


def test_what_a_test_needs_is_not_taken_from_it_and_what_is_deleted_takes_its_tests_along(house: House) -> None:
    job, tests = train(house), question_set(house)
    model = str(job.tuned_model)
    house.examiner_will("wait")
    made = evaluation(house, model, tests)
    with pytest.raises(Conflict, match="tests this model"):
        house.jobs.delete_model(OWNER, model)
    house.test_until(lambda: bool(house.tests_of(made.id)))
    with pytest.raises(Conflict, match="looks for its items"):
        house.jobs.delete_document(OWNER, job.document_ids[0])
    with pytest.raises(Conflict, match="uses this test set"):
        house.evaluations.delete_test_set(OWNER, tests.id)
    house.evaluations.cancel(OWNER, made.id)
    ended(house, made)
    house.examiner_will("succeed")
    second = ended(house, evaluation(house, model, tests))
    used = house.room.usage(OWNER).storage_bytes
    house.evaluations.delete(OWNER, second.id)
    assert house.room.usage(OWNER).storage_bytes < used
    house.jobs.delete_model(OWNER, model)
    assert not house.evaluations.page(OWNER, limit=10, after=None).data
    house.evaluations.delete_test_set(OWNER, tests.id)
    assert not list((house.folder / "blobs").rglob("test-items/*/*"))
    assert not [record for record in house.records.page(keys.collection_partition(OWNER)).records if "evaluation" in record.key.sort]


def test_a_training_that_is_no_more_is_told_and_not_hidden(house: House) -> None:
    job, tests = train(house), question_set(house)
    house.jobs.delete(OWNER, job.id)
    done = ended(house, evaluation(house, str(job.tuned_model), tests))
    assert done.results is not None
    assert not done.results.leakage_checked


def test_the_same_key_gives_the_same_test(house: House) -> None:
    request = EvaluationRequest(test_set_id=question_set(house).id, tuned_model_ids=[tuned_model(house)])
    first = house.evaluations.create(OWNER, request, idempotency_key="one")
    assert house.evaluations.create(OWNER, request, idempotency_key="one").id == first.id
    with pytest.raises(Conflict, match="another request"):
        house.evaluations.create(OWNER, request.model_copy(update={"name": "Other"}), idempotency_key="one")
