"""The domain on real parts: SQLite, the disk, child processes. Only the trainer is a stand-in, and a real process all the same."""

import json
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.adapters.blobs_disk import DiskBlobs
from server.adapters.clock_system import SystemClock
from server.adapters.inspector_process import InspectorProcess
from server.adapters.launch_local import LocalLauncher
from server.adapters.records_sqlite import SqliteRecords
from server.background.supervisor import Supervisor
from server.domain.datasets.looks import Looks
from server.domain.datasets.service import Datasets
from server.domain.documents.service import Documents
from server.domain.documents.uploads import Uploads
from server.domain.documents.usage import Room
from server.domain.jobs.lifecycle import Folders, Lifecycle
from server.domain.jobs.progress import RunReaders
from server.domain.jobs.service import Jobs
from server.domain.models.catalogue import BaseModels
from server.domain.models.tuned import TunedModels
from server.settings import REPOSITORY
from shared.look_spec import LookSpec
from shared.wire import Blocker, Document, Look

# Stands in for the trainer: reads the spec, says what a trainer says, and leaves what the file `script` beside the records asks for.
TRAINER = """
import hashlib, json, pathlib, sys, time
sys.path.insert(0, {repository!r})
from shared.job_spec import JobSpec
spec_file = pathlib.Path(sys.argv[2])
folder = spec_file.parent
spec = JobSpec.model_validate_json(spec_file.read_text())
script = json.loads(pathlib.Path({script!r}).read_text())
seq = 0
def say(type, **fields):
    global seq
    seq += 1
    line = json.dumps(dict(seq=seq, at="2026-11-22T10:00:00Z", run_id=spec.run_id, type=type, **fields))
    with (folder / "events.jsonl").open("a") as events:
        events.write(line + "\\n")
def leave(status):
    (folder / "exit.json").write_text(json.dumps(dict(run_id=spec.run_id, status=status, at="2026-11-22T10:00:00Z")))
    sys.exit(status)
print("trainer of", spec.job_id, flush=True)
say("stage", stage="train", message="Training")
say("progress", step=1, num_steps=2, epoch=0.5, loss=3.0, learning_rate=1e-3, grad_norm=1.0, tokens_per_s=100.0,
    eta_s=1.0, elapsed_s=1.0, memory_bytes=1)
if script["do"] == "wait":
    time.sleep(60)
if script["do"] == "crash":
    print("Killed by something", flush=True)
    sys.exit(9)
if script["do"] == "fail":
    say("failed", code="nan_loss", message="The loss is not a number.", cause="Too high a rate.", fix="Use 1e-4.")
    leave(1)
artifacts = []
for path, data in {{"model/config.json": b"{{}}", "model/model.safetensors": b"weights", "adapter/adapter_config.json": b"{{}}"}}.items():
    file = folder / path
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data)
    artifacts.append(dict(path=path, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest()))
if script["do"] == "lie":
    (folder / "model" / "model.safetensors").write_bytes(b"other")
say("done", step=0 if script["do"] == "nothing" else 2, train_loss=2.0, validation_loss_before=4.0, validation_loss=2.0,
    num_training_tokens=500, num_parameters=1000, seconds=10.0, tokens_per_s=100.0, peak_memory_bytes=1, chat=True, artifacts=artifacts)
leave(0)
"""


class House:
    """The services of one installation, by hand and not by `wiring`, with a trainer that does as it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.free_bytes = 10**12
        self.script = folder / "script.json"
        self.trainer_will("succeed")
        (folder / "standin.py").write_text(textwrap.dedent(TRAINER.format(repository=str(REPOSITORY), script=str(self.script))))
        self.records = SqliteRecords(folder / "records.sqlite3")
        self.blobs = DiskBlobs(folder / "blobs")
        self.clock = SystemClock()
        self.quota_bytes = 10**10
        self.room = Room(
            self.records,
            max_upload_bytes=40_000_000,
            quota_bytes=self.quota_bytes,
            free_bytes=lambda: self.free_bytes,
            min_free_bytes=1000,
        )
        samples = REPOSITORY / "shared" / "samples"
        self.documents = Documents(self.records, self.blobs, self.clock, InspectorProcess(REPOSITORY), self.room, samples_folder=samples)
        self.uploads = Uploads(self.records, self.blobs, self.clock, self.documents)
        self.datasets = Datasets(self.records, self.clock, self.documents)
        self.blockers: list[Blocker] = []
        self.looked: list[LookSpec] = []
        self.looks = Looks(self.blobs, self.look_with, base_models_folder=folder / "bases", own_models_folder=folder / "own")
        self.base_models = BaseModels(
            base_models_folder=folder / "bases", own_models_folder=folder / "own", hub_off=True, hub_reachable=lambda: False
        )
        self.tuned_models = TunedModels(self.records, self.blobs, folder / "fetched-models")
        readers = RunReaders()
        self.jobs = Jobs(
            self.records,
            self.clock,
            self.documents,
            self.datasets,
            self.looks,
            self.base_models,
            readers,
            runs_folder=folder / "runs",
            free_bytes=lambda: self.free_bytes,
            min_free_bytes=1000,
        )
        self.launcher = LocalLauncher(folder, programs={"train": "standin", "generate": "standin"})
        self.lifecycle = Lifecycle(
            self.records,
            self.blobs,
            self.clock,
            self.launcher,
            self.documents,
            self.tuned_models,
            readers,
            folders=Folders(folder / "runs", folder / "bases", folder / "own"),
            trainer_threads=None,
        )
        self.supervisor = Supervisor(self.lifecycle)

    def look_with(self, spec: LookSpec) -> Look:
        """Stands in for the program with the tokenizers: finds what the test put into `blockers`."""
        self.looked.append(spec)
        counts = dict.fromkeys(
            [
                "num_examples",
                "num_validation_examples",
                "num_tokens",
                "num_trained_tokens",
                "longest",
                "num_longer_than_block",
                "num_empty",
                "num_all_masked",
                "num_exact_duplicates",
                "num_near_duplicates",
                "num_leaked",
                "num_steps",
            ],
            0,
        )
        nothing = {"histogram": [], "examples": [], "duplicates": [], "leaked": [], "personal_data": {"emails": 0, "phones": 0, "cards": 0}}
        return Look.model_validate({"base_model": spec.base_model, **counts, **nothing, "blockers": self.blockers})

    def trainer_will(self, do: str) -> None:
        """succeed, fail, crash, wait, lie (about a file) or nothing (and call it success)."""
        self.script.write_text(json.dumps({"do": do}))

    def document(self, owner: str = "usr-1", rows: int = 20) -> Document:
        lines = "".join(json.dumps({"prompt": f"Question {row}?", "completion": f"Answer {row}."}) + "\n" for row in range(rows))
        return self.upload(lines.encode(), "pairs.jsonl", owner)

    def upload(self, content: bytes, filename: str, owner: str = "usr-1") -> Document:
        with tempfile.TemporaryFile() as file:
            file.write(content)
            return self.documents.add(owner, file, filename=filename)

    def watch_until(self, done: Callable[[], bool], rounds: int = 600) -> None:
        """Lets the supervisor look again and again until something is so."""
        for _ in range(rounds):
            self.supervisor.round()
            if done():
                return
            time.sleep(0.02)
        raise AssertionError("it never came to be")

    def close(self) -> None:
        for run in self.lifecycle.runs():
            if run.handle is not None:
                self.launcher.stop(run.handle, grace_s=0)
        self.records.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()
