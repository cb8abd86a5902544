"""What a user may ask of jobs, and what is refused before anything is made."""

import threading

import pytest

from server.errors import Conflict, InvalidInput, NotFound, StorageFull
from shared.job_spec import SPEC_FILE, JobSpec
from shared.wire import JobPatch, JobRequest
from tests.domain.conftest import House

OWNER = "usr-1"


def request(document_id: str, **changes: object) -> JobRequest:
    return JobRequest.model_validate({"base_model": "gpt2-scratch-1m", "document_ids": [document_id], **changes})


def test_a_hundred_submits_with_one_key_make_one_job(house: House) -> None:
    asked = request(house.document().id)
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.append(house.jobs.create(OWNER, asked, idempotency_key="once").id)) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 100
    assert len(set(made)) == 1
    assert len(house.jobs.page(OWNER, limit=100, after=None, state=None).data) == 1


def test_a_key_used_for_another_request_is_refused(house: House) -> None:
    document = house.document().id
    house.jobs.create(OWNER, request(document), idempotency_key="once")
    with pytest.raises(Conflict, match="another request"):
        house.jobs.create(OWNER, request(document, name="Other"), idempotency_key="once")


def test_keys_of_two_users_do_not_meet(house: House) -> None:
    first = house.jobs.create("usr-1", request(house.document("usr-1").id), idempotency_key="same")
    second = house.jobs.create("usr-2", request(house.document("usr-2").id), idempotency_key="same")
    assert first.id != second.id


@pytest.mark.parametrize(
    ("changes", "param", "words"),
    [
        ({"base_model": "gpt5"}, "base_model", "no base model of this name"),
        ({"method": "lora"}, "method", "only train from scratch"),
        ({"hyperparameters": {"block_size": 4096}}, "hyperparameters.block_size", "at most 256 tokens"),
    ],
)
def test_what_could_not_train_is_refused_with_its_field(house: House, changes: dict[str, object], param: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        house.jobs.create(OWNER, request(house.document().id, **changes))
    assert refused.value.param == param
    assert house.jobs.page(OWNER, limit=10, after=None, state=None).data == []


def test_a_model_that_cannot_be_fetched_is_a_clear_word(house: House) -> None:
    with pytest.raises(Conflict, match="does not fetch models") as refused:
        house.jobs.create(OWNER, request(house.document().id, base_model="gpt2-xl"))
    assert refused.value.param == "base_model"


def test_data_too_small_to_split_is_refused_unless_nothing_is_to_be_kept_back(house: House) -> None:
    small = house.document(rows=3).id
    with pytest.raises(InvalidInput, match="holds 3 examples") as refused:
        house.jobs.create(OWNER, request(small))
    assert refused.value.param == "document_ids"
    assert house.jobs.create(OWNER, request(small, hyperparameters={"validation_fraction": 0})).state == "queued"


def test_a_full_disk_is_said_before_anything_is_made(house: House) -> None:
    document = house.document().id
    house.free_bytes = 2000
    with pytest.raises(StorageFull, match="of disk"):
        house.jobs.create(OWNER, request(document))
    assert house.jobs.page(OWNER, limit=10, after=None, state=None).data == []


def test_somebody_elses_document_and_job_are_not_there(house: House) -> None:
    theirs = house.document("usr-2").id
    with pytest.raises(NotFound):
        house.jobs.create(OWNER, request(theirs))
    job = house.jobs.create("usr-2", request(theirs))
    for call in (house.jobs.get, house.jobs.cancel, house.jobs.delete):
        with pytest.raises(NotFound):
            call(OWNER, job.id)
    assert house.jobs.get("usr-2", job.id).state == "queued"


def test_settings_left_at_auto_are_resolved_with_a_reason_and_others_kept(house: House) -> None:
    job = house.jobs.create(OWNER, request(house.document().id, hyperparameters={"learning_rate": 0.003}))
    assert job.resolved["learning_rate"].value == 0.003
    assert job.resolved["learning_rate"].reason == "Set by you."
    assert job.hyperparameters.epochs == "auto"
    assert all(resolved.reason for resolved in job.resolved.values())
    assert house.jobs.forecast(OWNER, request(house.document().id)).resolved["epochs"] == job.resolved["epochs"]


def test_an_accelerator_that_the_machine_lacks_is_refused_with_what_there_is(house: House) -> None:
    document = house.document().id
    with pytest.raises(InvalidInput, match="no cuda on this machine. There is: cpu") as refused:
        house.jobs.create(OWNER, request(document, hyperparameters={"accelerator": "cuda"}))
    assert (refused.value.code, refused.value.param) == ("jobs.no_accelerator", "hyperparameters.accelerator")
    assert house.jobs.create(OWNER, request(document)).resolved["accelerator"].value == "cpu"
    assert (
        house.jobs.create(OWNER, request(document, hyperparameters={"accelerator": "cpu"})).resolved["accelerator"].reason == "Set by you."
    )


def test_a_machine_with_an_accelerator_uses_it_unless_it_is_told_otherwise(house: House) -> None:
    house.accelerators.append("cuda")
    document = house.document().id
    job = house.jobs.create(OWNER, request(document))
    assert job.resolved["accelerator"].value == "cuda"
    spared = house.jobs.create(OWNER, request(document, hyperparameters={"accelerator": "cpu"}))
    assert spared.resolved["accelerator"].value == "cpu"
    house.supervisor.round()
    spec = JobSpec.model_validate_json((house.folder / "runs" / job.id / SPEC_FILE).read_bytes())
    assert spec.settings.accelerator == "cuda"


def test_name_and_note_can_be_changed_and_nothing_else(house: House) -> None:
    job = house.jobs.create(OWNER, request(house.document().id))
    assert house.jobs.patch(OWNER, job.id, JobPatch(note="try a lower rate")).name == job.name
    changed = house.jobs.patch(OWNER, job.id, JobPatch(name="Second try"))
    assert (changed.name, changed.note) == ("Second try", "try a lower rate")


def test_a_waiting_job_is_cancelled_at_once_and_only_once(house: House) -> None:
    job = house.jobs.create(OWNER, request(house.document().id))
    assert house.jobs.cancel(OWNER, job.id).state == "cancelled"
    assert not house.supervisor.round(), "nothing waits any more"
    with pytest.raises(Conflict, match="is cancelled"):
        house.jobs.cancel(OWNER, job.id)


def test_a_document_in_use_is_not_deleted(house: House) -> None:
    document = house.document().id
    job = house.jobs.create(OWNER, request(document))
    with pytest.raises(Conflict, match="uses this document"):
        house.jobs.delete_document(OWNER, document)
    house.jobs.cancel(OWNER, job.id)
    house.jobs.delete_document(OWNER, document)
    with pytest.raises(NotFound):
        house.documents.get(OWNER, document)


def test_a_document_deleted_while_a_job_is_made_leaves_no_job_without_data(house: House) -> None:
    """Both race on the document's version: exactly one of them wins."""
    for _ in range(10):
        document = house.document().id
        outcomes: list[str] = []

        def attempt(what: str, call: object, document: str = document, outcomes: list[str] = outcomes) -> None:
            try:
                call()  # type: ignore[operator]
                outcomes.append(what)
            except (Conflict, NotFound):
                pass

        threads = [
            threading.Thread(target=attempt, args=("create", lambda document=document: house.jobs.create(OWNER, request(document)))),
            threading.Thread(target=attempt, args=("delete", lambda document=document: house.jobs.delete_document(OWNER, document))),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(outcomes) == 1, outcomes


def test_jobs_are_listed_newest_first_in_pages_and_by_state(house: House) -> None:
    document = house.document().id
    ids = [house.jobs.create(OWNER, request(document)).id for _ in range(5)]
    house.jobs.cancel(OWNER, ids[1])
    house.jobs.cancel(OWNER, ids[3])
    first = house.jobs.page(OWNER, limit=2, after=None, state=None)
    assert [job.id for job in first.data] == [ids[4], ids[3]]
    assert first.has_more
    rest = house.jobs.page(OWNER, limit=3, after=ids[3], state=None)
    assert [job.id for job in rest.data] == [ids[2], ids[1], ids[0]]
    assert not rest.has_more
    assert [job.id for job in house.jobs.page(OWNER, limit=1, after=None, state="cancelled").data] == [ids[3]]
    assert [job.id for job in house.jobs.page(OWNER, limit=1, after=ids[3], state="cancelled").data] == [ids[1]]
