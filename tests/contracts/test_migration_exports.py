"""A person's export is the same before a migration to AWS, on AWS on an empty machine, and after the way back."""

import hashlib
import io
import os
import shutil
import tempfile
import zipfile
from pathlib import Path

import pytest

from server import wiring
from server.domain.collection import Collection
from server.domain.jobs.states import StoredJob
from server.domain.models.tuned import StoredModel
from server.operating import migrate
from server.settings import Settings
from shared.checkpoints import CheckedFile, CheckpointManifest
from shared.trainer_events import Artifact, LogEvent
from shared.wire import Hyperparameters
from tests import aws_server

JOB = "job-1"


def services_over(home: Path, **settings: str) -> wiring.Services:
    return wiring.build(Settings(home=home, hub="off", signing_secret="x" * 40, **settings))  # type: ignore[arg-type]


def filled(services: wiring.Services) -> str:
    """A user with a document, a failed job that left a log and a checkpoint, and a model. The user's id."""
    user = services.accounts.register("ada@example.org", "a long pass phrase").session.user.id
    services.errands.wait()
    with tempfile.TemporaryFile() as file:
        file.write(b"A first paragraph.\n\nAnother one.\n")
        document = services.documents.add(user, file, filename="notes.txt")
    now = services.clock.now()
    job = StoredJob(
        id=JOB,
        owner=user,
        name="A job",
        note="",
        state="failed",
        base_model="gpt2-scratch-1m",
        dataset_id="dst-1",
        document_ids=[document.id],
        content_sha256="0" * 64,
        method="scratch",
        hyperparameters=Hyperparameters(),
        resolved={},
        num_runs=1,
        created_at=now,
    )
    jobs = Collection(services.records, StoredJob, kind="job", noun="job")
    folder = services.settings.runs_folder / JOB
    model = leave_a_run(folder, user)
    services.tuned_models.take_in(model, folder)
    services.records.write(jobs.adding(user, JOB, job), *services.tuned_models.adding(model))
    shutil.rmtree(folder / "model")
    return user


def leave_a_run(folder: Path, user: str) -> StoredModel:
    place = folder / "checkpoints" / "step-00000007"
    for made in (place, folder / "model"):
        made.mkdir(parents=True)
    state = os.urandom(9_000_000)
    (place / "state.safetensors").write_bytes(state)
    files = {"state.safetensors": CheckedFile(size_bytes=len(state), sha256=hashlib.sha256(state).hexdigest())}
    at = "2026-11-22T10:00:00Z"
    facts = {
        "job_id": JOB,
        "run_id": "run",
        "fence": 1,
        "step": 7,
        "created_at": at,
        "validation_loss": 2.5,
        "threads": 1,
        "fingerprint": "f",
    }
    (place / "manifest.json").write_text(
        CheckpointManifest.model_validate({**facts, "fingerprint": "f", "files": files}).sealed().model_dump_json()
    )
    events = [LogEvent.model_validate({"seq": n, "at": at, "run_id": "run", "message": f"Line {n}"}) for n in range(50)]
    (folder / "events.jsonl").write_text("".join(event.model_dump_json() + "\n" for event in events))
    (folder / "fence").write_text("1\n")
    weights = os.urandom(10_000)
    (folder / "model" / "model.safetensors").write_bytes(weights)
    artifact = Artifact(path="model/model.safetensors", size_bytes=len(weights), sha256=hashlib.sha256(weights).hexdigest())
    return StoredModel.model_validate(
        {
            "key": "mdl-1",
            "id": "ft:gpt2:ada:model:12345678",
            "owner": user,
            "name": "A model",
            "base_model": "gpt2-scratch-1m",
            "method": "scratch",
            "job_id": JOB,
            "chat": False,
            "num_parameters": 1,
            "validation_loss_before": None,
            "validation_loss": None,
            "num_training_tokens": 1,
            "created_at": at,
            "files": [artifact],
        }
    )


def export_of(services: wiring.Services, user: str) -> dict[str, str]:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(services.export.archive(user))))
    return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def test_exports_are_the_same_there_and_back(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_aws = aws_server.stores("exports")
    for name, value in on_aws.items():
        monkeypatch.setenv(f"LLM_TUNER_{name.upper()}", value)
    local = {"records": "sqlite", "blobs": "disk"}
    first = services_over(tmp_path / "first", **local)
    user = filled(first)
    wanted = export_of(first, user)
    assert len(wanted) >= 9
    checkpoints = first.jobs.checkpoints(user, JOB)
    first.records.close()

    assert migrate.main(["aws", "--data", str(tmp_path / "first")]) == 0
    there = services_over(tmp_path / "there", **on_aws)
    assert export_of(there, user) == wanted
    assert there.jobs.checkpoints(user, JOB) == checkpoints

    assert migrate.main(["local", "--data", str(tmp_path / "second")]) == 0
    second = services_over(tmp_path / "second", **local)
    assert export_of(second, user) == wanted
    assert second.jobs.checkpoints(user, JOB) == checkpoints
    assert [one.folder.exists() for one in [second.jobs.checkpoint(user, JOB, "7")]] == [True]
    assert not [key for key in second.blobs.everything() if key.startswith("runs/")]  # type: ignore[attr-defined]
    second.records.close()


def test_a_migration_that_was_cut_among_the_runs_goes_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_aws = aws_server.stores("exports")
    for name, value in on_aws.items():
        monkeypatch.setenv(f"LLM_TUNER_{name.upper()}", value)
    first = services_over(tmp_path / "first", records="sqlite", blobs="disk")
    user = filled(first)
    wanted = export_of(first, user)
    first.records.close()
    runs_to_aws = migrate._runs_to_aws

    def cut(*words: object) -> int:
        left = iter([None] * 6)
        aws_server.weather = lambda: next(left, "error")
        return int(runs_to_aws(*words))

    with monkeypatch.context() as trouble:
        trouble.setattr(migrate, "_runs_to_aws", cut)
        try:
            assert migrate.main(["aws", "--data", str(tmp_path / "first")]) == 1
        finally:
            aws_server.weather = aws_server.calm
    assert migrate.main(["aws", "--data", str(tmp_path / "first")]) == 0
    assert export_of(services_over(tmp_path / "there", **on_aws), user) == wanted
