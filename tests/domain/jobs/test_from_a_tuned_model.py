"""Going on from a tuned model: it is a base like any other, and is not deleted while a job starts from it."""

import json
import struct
from pathlib import Path

import pytest

from server.errors import Conflict, InvalidInput
from shared.wire import JobChanges, JobRequest
from tests.domain.conftest import House

OWNER = "usr-1"


def tuned(house: House) -> str:
    """A tuned model whose files can be read as a model's."""
    request = JobRequest(base_model="gpt2-scratch-1m", document_ids=[house.document(OWNER).id], name="First")
    job_id = house.jobs.create(OWNER, request).id
    house.watch_until(lambda: house.jobs.get(OWNER, job_id).state == "succeeded")
    model_id = str(house.jobs.get(OWNER, job_id).tuned_model)
    folder = house.tuned_models.local_folder(house.tuned_models.stored(OWNER, model_id).value)
    assert folder is not None
    make_readable(folder)
    return model_id


def make_readable(folder: Path) -> None:
    header = json.dumps({"weight": {"dtype": "F32", "shape": [1000, 1000], "data_offsets": [0, 4_000_000]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4_000_000))
    (folder / "config.json").write_text(json.dumps({"model_type": "gpt2", "n_positions": 128}))


def test_a_job_goes_on_from_a_tuned_model(house: House) -> None:
    model_id = tuned(house)
    request = JobRequest(base_model=model_id, document_ids=[house.document(OWNER).id], name="Second")
    assert house.jobs.forecast(OWNER, request).method == "lora"
    job = house.jobs.create(OWNER, request)
    assert (job.base_model, job.method, job.resolved["block_size"].value) == (model_id, "lora", 128)
    house.watch_until(lambda: house.jobs.get(OWNER, job.id).state == "succeeded")
    spec = json.loads((house.folder / "runs" / job.id / "spec.json").read_text())
    assert (Path(spec["base_folder"]) / "config.json").exists()
    again = house.tuned_models.get(OWNER, str(house.jobs.get(OWNER, job.id).tuned_model))
    assert again.id.startswith("ft:gpt2-scratch-1m:")
    assert again.base_model == model_id


def test_a_model_that_a_live_job_starts_from_is_not_deleted(house: House) -> None:
    model_id = tuned(house)
    job = house.jobs.create(OWNER, JobRequest(base_model=model_id, document_ids=[house.document(OWNER).id]))
    house.jobs.pause(OWNER, job.id)
    with pytest.raises(Conflict, match="starts from this model"):
        house.jobs.delete_model(OWNER, model_id)
    house.jobs.cancel(OWNER, job.id)
    house.jobs.delete_model(OWNER, model_id)
    house.jobs.retry(OWNER, job.id)
    house.supervisor.round()
    failed = house.jobs.get(OWNER, job.id)
    assert failed.error is not None
    assert (failed.state, failed.error.code) == ("failed", "model.not_found")


def test_nobody_elses_tuned_model_is_a_base(house: House) -> None:
    model_id = tuned(house)
    with pytest.raises(InvalidInput) as refused:
        house.jobs.create("usr-2", JobRequest(base_model=model_id, document_ids=[house.document("usr-2").id]))
    assert refused.value.param == "base_model"


def test_a_clone_changes_what_is_named_and_nothing_else(house: House) -> None:
    document = house.document(OWNER).id
    asked = {"epochs": 3, "seed": 9}
    request = JobRequest.model_validate(
        {"base_model": "gpt2-scratch-1m", "document_ids": [document], "name": "First", "note": "why", "hyperparameters": asked}
    )
    original = house.jobs.create(OWNER, request)
    clone = house.jobs.clone(OWNER, original.id, JobChanges.model_validate({"hyperparameters": {"seed": 10}}))
    assert (clone.name, clone.note, clone.cloned_from, clone.dataset_id) == ("First again", "why", original.id, original.dataset_id)
    assert (clone.hyperparameters.epochs, clone.hyperparameters.seed, clone.hyperparameters.learning_rate) == (3, 10, "auto")
    other = house.document(OWNER, rows=31).id
    moved = house.jobs.clone(OWNER, original.id, JobChanges(document_ids=[other], name="Other data"))
    assert (moved.document_ids, moved.name) == ([other], "Other data")
